"""Reads YAML files and refuses a key that stands twice in one mapping, which YAML drops silently."""
import sys

import yaml


class StrictLoader(yaml.SafeLoader):
    pass


def mapping(loader, node):
    seen = set()
    for key_node, _ in node.value:
        key = key_node.value
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def main():
    faults = 0
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as file:
                list(yaml.load_all(file, StrictLoader))
        except yaml.YAMLError as error:
            faults += 1
            print(f"{path}: {error}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
