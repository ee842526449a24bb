#!/usr/bin/env python3
"""Refuses two layers with a symbol of the same name: check_symbols.py BUILD_DIRECTORY.

Static libraries with the same symbol link without a word, and the wrong function runs.
"""
import collections
import pathlib
import subprocess
import sys


def main():
    owners = collections.defaultdict(set)
    libraries = sorted(pathlib.Path(sys.argv[1]).glob("service/*/lib*.a"))
    if len(libraries) < 7:
        sys.exit(f"only {len(libraries)} layers are built")
    for library in libraries:
        # Thin archives name their objects relative to themselves.
        listed = subprocess.run(["nm", "-g", "--defined-only", library.name], cwd=library.parent,
                                capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            words = line.split()
            if len(words) == 3 and words[1] in "TDBR":
                owners[words[2]].add(library.name)
    shared = {name: found for name, found in owners.items()
              if len(found) > 1 and not name.startswith("__")}
    for name, found in sorted(shared.items()):
        print(f"{name} is in {', '.join(sorted(found))}", file=sys.stderr)
    sys.exit(1 if shared else 0)


main()
