#!/usr/bin/env python3
"""Bundles the OpenAPI document's YAML files into one JSON text, plain or as a C file.

    bundle_openapi.py ENTRY.yaml OUT.c SYMBOL [--depfile FILE]
    bundle_openapi.py ENTRY.yaml --json OUT.json [--depfile FILE]

Path items are put where they are referred to; schemas, parameters and responses of other files
become components of the one document. YAML is read by the rules of version 1.2, so that `on`,
`no` and 2024-06-30 stay the words that they look like.
"""

import argparse
import json
import os
import re
import sys

import yaml

# Whose components a file's top-level names become, by its folder or its name.
KINDS = {
    'schemas': 'schemas',
    'parameters': 'parameters',
    'problems': 'responses',
    'responses': 'responses',
    'headers': 'headers',
    'request_bodies': 'requestBodies',
    'security': 'securitySchemes',
}
# What stands under these is data and never refers to anything.
DATA_KEYS = {'default', 'const', 'enum', 'example', 'examples'}
# The keys below these are names that somebody chose, `default` or `example` among them.
NAME_MAPS = {'properties', 'patternProperties', '$defs', 'content', 'responses', 'headers',
             'schemas', 'parameters', 'requestBodies', 'securitySchemes'}


KEY_TAGS = {f'tag:yaml.org,2002:{name}' for name in ('str', 'int', 'merge')}


class Refusal(Exception):
    """The document is wrong, and where."""


class Loader(yaml.SafeLoader):
    """YAML 1.2 core scalars; a key that stands twice is refused."""

    yaml_implicit_resolvers = {}

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            where = f'{key.start_mark.name}:{key.start_mark.line + 1}'
            if key.tag not in KEY_TAGS:
                raise Refusal(f'{where}: a key must be a word or a number')
            if key.value in seen:
                raise Refusal(f'{where}: the key "{key.value}" stands twice')
            seen.add(key.value)
        return node

    def construct_mapping(self, node, deep=False):
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


def resolve_scalar(tag, pattern, first):
    Loader.add_implicit_resolver(f'tag:yaml.org,2002:{tag}', re.compile(pattern), list(first))


resolve_scalar('merge', r'^<<$', '<')
resolve_scalar('bool', r'^(?:true|false)$', 'tf')
resolve_scalar('null', r'^(?:~|null|)$', ['~', 'n', ''])
resolve_scalar('int', r'^(?:0|-?[1-9][0-9]*)$', '-0123456789')
resolve_scalar('float', r'^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$', '-0123456789')


def escape(name):
    return name.replace('~', '~0').replace('/', '~1')


def unescape(step):
    return step.replace('~1', '/').replace('~0', '~')


class Bundle:
    def __init__(self, entry):
        self.entry = os.path.abspath(entry)
        self.root = os.path.dirname(self.entry)
        self.files = {}
        self.origins = {}  # (kind, name) -> (file, bundled content)
        self.document = None

    def label(self, path):
        return os.path.relpath(path, self.root)

    def load(self, path):
        if path not in self.files:
            with open(path, encoding='utf-8') as stream:
                loader = Loader(stream)
                loader.name = self.label(path)
                try:
                    content = loader.get_single_data()
                finally:
                    loader.dispose()
            if not isinstance(content, dict):
                raise Refusal(f'{self.label(path)}: an object is needed')
            self.files[path] = content
        return self.files[path]

    def locate(self, name, current):
        """A file that `current` refers to: beside it, or counted from the entry."""
        for folder in (os.path.dirname(current), self.root):
            path = os.path.normpath(os.path.join(folder, name))
            if os.path.isfile(path):
                return path
        raise Refusal(f'{self.label(current)}: there is no file {name}')

    def follow(self, path, steps, current):
        value = self.load(path)
        for step in steps:
            if isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            elif isinstance(value, dict) and step in value:
                value = value[step]
            else:
                where = '/'.join(steps)
                raise Refusal(f'{self.label(current)}: {self.label(path)} has no {where}')
        return value

    def split(self, reference, current):
        name, hash_sign, pointer = reference.partition('#')
        if not hash_sign or (pointer and not pointer.startswith('/')) or '://' in name:
            raise Refusal(f'{self.label(current)}: the reference {reference} is not understood')
        path = self.locate(name, current) if name else current
        steps = [unescape(step) for step in pointer.split('/')[1:]]
        if not name and steps[:1] == ['components'] and 'components' not in self.load(path):
            path = self.entry
        return path, steps

    def kind_of(self, path, current):
        parts = self.label(path).split(os.sep)
        first = os.path.splitext(parts[0])[0]
        if first not in KINDS:
            raise Refusal(f'{self.label(current)}: {self.label(path)} holds no components')
        return KINDS[first]

    def rewrite(self, reference, current):
        """The reference as it is spelt in the bundle; what it names is collected."""
        path, steps = self.split(reference, current)
        self.follow(path, steps, current)
        if path == self.entry:
            return '#' + ''.join('/' + escape(step) for step in steps)
        if not steps:
            raise Refusal(f'{self.label(current)}: the reference {reference} names a whole file')
        kind = self.kind_of(path, current)
        self.collect(kind, steps[0], path)
        return f'#/components/{kind}/' + '/'.join(escape(step) for step in steps)

    def collect(self, kind, name, path):
        known = self.origins.get((kind, name))
        if known and known[0] == path:
            return
        if known is None:
            self.origins[(kind, name)] = (path, None)
        content = self.inline(self.load(path)[name], path)
        if known and known[1] != content:
            raise Refusal(f'{self.label(path)}: {kind} {name} is another one than that of '
                          f'{self.label(known[0])}')
        if known is None:
            self.origins[(kind, name)] = (path, content)

    def inline(self, value, current, names=False):
        """A copy with its references rewritten; `names` says that the keys are no keywords."""
        if isinstance(value, list):
            return [self.inline(item, current) for item in value]
        if not isinstance(value, dict):
            return value
        copy = {}
        for key, member in value.items():
            if names:
                copy[key] = self.inline(member, current)
            elif key == '$ref' and isinstance(member, str):
                copy[key] = self.rewrite(member, current)
            elif key in DATA_KEYS:
                copy[key] = member
            else:
                copy[key] = self.inline(member, current, names=key in NAME_MAPS)
        return copy

    def path_item(self, item, template):
        if set(item) != {'$ref'}:
            return self.inline(item, self.entry)
        path, steps = self.split(item['$ref'], self.entry)
        found = self.follow(path, steps, self.entry)
        if not isinstance(found, dict) or '$ref' in found:
            raise Refusal(f'{self.label(self.entry)}: {template} does not lead to a path item')
        return self.inline(found, path)

    def build(self):
        source = self.load(self.entry)
        document = {}
        for key, value in source.items():
            if key == 'paths':
                document[key] = {template: self.path_item(item, template)
                                 for template, item in (value or {}).items()}
            else:
                document[key] = self.inline(value, self.entry)
        self.add_components(document)
        return document

    def add_components(self, document):
        components = document.setdefault('components', {})
        for (kind, name), (path, content) in sorted(self.origins.items()):
            own = components.setdefault(kind, {})
            if name in own and own[name] != content and \
                    own[name] != {'$ref': f'#/components/{kind}/{escape(name)}'}:
                raise Refusal(f'{self.label(path)}: {kind} {name} is another one than that of '
                              f'{self.label(self.entry)}')
            own[name] = content


def c_literal(data):
    """Lines of a C string literal; octal escapes, since hexadecimal ones have no end."""
    line = []
    width = 0
    for byte in data:
        if byte in b'"\\?':  # a ? may be part of a trigraph
            piece = '\\' + chr(byte)
        elif 0x20 <= byte < 0x7f:
            piece = chr(byte)
        else:
            piece = f'\\{byte:03o}'
        line.append(piece)
        width += len(piece)
        if width > 90:
            yield ''.join(line)
            line, width = [], 0
    yield ''.join(line)


def write_c(text, symbol, stream):
    stream.write('/* The OpenAPI document as one JSON text; made by tools/bundle_openapi.py. */\n')
    stream.write(f'#include <stddef.h>\n\nextern const char {symbol}[];\n')
    stream.write(f'extern const size_t {symbol}_length;\n\nconst char {symbol}[] =\n')
    for line in c_literal(text.encode('utf-8')):
        stream.write(f'\t"{line}"\n')
    stream.write(f'\t;\nconst size_t {symbol}_length = sizeof({symbol}) - 1;\n')


def write_depfile(path, target, sources):
    def quote(name):
        return name.replace('\\', '\\\\').replace(' ', '\\ ').replace('$', '$$')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(quote(target) + ': ' + ' '.join(quote(name) for name in sources) + '\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('entry')
    parser.add_argument('out', nargs='?')
    parser.add_argument('symbol', nargs='?')
    parser.add_argument('--json')
    parser.add_argument('--depfile')
    options = parser.parse_args()
    if bool(options.json) == bool(options.out) or bool(options.out) != bool(options.symbol):
        parser.error('either OUT.c and SYMBOL or --json OUT.json is needed')

    bundle = Bundle(options.entry)
    try:
        document = bundle.build()
    except (Refusal, yaml.YAMLError, OSError) as fault:
        sys.exit(f'bundle_openapi: {fault}')
    text = json.dumps(document, ensure_ascii=False, separators=(',', ':'), allow_nan=False)
    out = options.json or options.out
    with open(out, 'w', encoding='utf-8') as stream:
        if options.json:
            stream.write(text + '\n')
        else:
            write_c(text, options.symbol, stream)
    if options.depfile:
        write_depfile(options.depfile, out, bundle.files)


if __name__ == '__main__':
    main()
