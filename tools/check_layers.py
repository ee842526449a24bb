#!/usr/bin/env python3
"""Checks the laws of the tree that a compiler does not: who may include whom, which layer may see
which library, banned functions, the length of files, and that each says what it owns.

    check_layers.py [ROOT]

Prints `file:line: what is wrong` for every fault and exits with 1 when there is one. To allow a
layer something new, change the tables below and say why in an ADR.
"""
import os
import re
import sys

LINES_MAX = 600

# Arrows never point up: each layer of service/ with the layers it may include.
LAYERS = {
    'base': set(),
    'contract': {'base'},
    'domain': {'base'},
    'store': {'base', 'domain'},
    'http': {'base', 'contract'},
    'outbox': {'base', 'domain', 'store'},
    'api': {'base', 'contract', 'domain', 'http', 'outbox', 'store'},
}
# The composition root, service/*.c, puts all of them together.
ROOT_LAYERS = set(LAYERS)

# A library's headers, and the only places that may include them (tests may include any).
LIBRARIES = (
    ('libpq', re.compile(r'^(libpq|pg_config|postgres_ext|postgresql/)'), ('service/store/',)),
    ('ulfius', re.compile(r'^(ulfius|u_|yder|orcania|microhttpd)'),
     ('service/http/', 'clients/cli/')),
    ('libcurl', re.compile(r'^curl/'), ('service/outbox/', 'clients/lib/')),
    ('GnuTLS', re.compile(r'^gnutls/'), ('service/base/certificate.c', 'service/base/digest.c', 'service/base/ed25519.c', 'clients/')),
)

# Library code never logs: these alone may include base/log.h.
MAY_LOG = ('service/base/log.c', 'service/http/', 'service/api/', 'service/outbox/',
           'service/app.c', 'service/main.c', 'tests/')

BANNED = re.compile(r'\b(v?sprintf|strcpy|strcat|strtok|ato[ifl]|atoll|gets|alloca|gmtime|localtime)'
                    r'\s*\(')
# What is released at the end of a scope must be something from its beginning.
UNFILLED = re.compile(r'\s*CLEANUP\(\w+\)[^=]*;')
BANNED_WORDS = re.compile(r'^\s*(goto\b|typedef\s+(?:struct|enum|union)\b)')
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX)\b')

# domain is pure: no I/O, no clock, no environment, no chance.
IMPURE_HEADERS = {'base/ids.h', 'base/settings.h', 'base/log.h', 'unistd.h', 'fcntl.h', 'pthread.h'}
IMPURE = re.compile(r'\b(fopen|fread|fwrite|printf|fprintf|puts|open|read|write|time|clock|'
                    r'clock_gettime|gettimeofday|gmtime_r|localtime_r|mktime|getenv|setenv|rand|'
                    r'random|getrandom)\s*\(')

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
COMMENT_OR_STRING = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_comments_and_strings(text):
    """The code alone, with the same lines."""
    return COMMENT_OR_STRING.sub(lambda found: '\n' * found.group().count('\n') or ' ', text)


def layer_of(path):
    """The layer of a file below service/, or None for the composition root."""
    parts = path.split('/')
    return parts[1] if len(parts) > 2 else None


def check_include(path, header):
    """What is wrong with one include, as a list of sentences."""
    faults = []
    first = header.split('/')[0] if '/' in header else None
    for name, pattern, places in LIBRARIES:
        if not path.startswith('tests/') and pattern.match(header) and \
                not path.startswith(places):
            faults.append(f'{name} is included here; only {" and ".join(places)} may')
    if header == 'base/log.h' and not path.startswith(MAY_LOG):
        faults.append('library code never logs')
    if '..' in header.split('/'):
        faults.append(f'"{header}" climbs out of its folder')
    if path.startswith('clients/') and (first in LAYERS or first == 'service'):
        faults.append(f'clients never include service/, but this includes {header}')
    if path.startswith('service/'):
        faults += check_service_include(path, header, first)
    return faults


def check_service_include(path, header, first):
    layer = layer_of(path)
    if layer is not None and layer not in LAYERS:
        return [f'service/{layer} is no layer']
    if first in ('cli', 'lib', 'clients') or header == 'cspr.h':
        return [f'service/ never includes clients/, but this includes {header}']
    faults = []
    allowed = ROOT_LAYERS if layer is None else LAYERS[layer] | {layer}
    if first in LAYERS and first not in allowed:
        may = ', '.join(sorted(LAYERS[layer])) or 'nothing of ours'
        faults.append(f'{layer} may include {may}, but this includes {header}')
    if layer == 'domain' and header in IMPURE_HEADERS:
        faults.append(f'domain is pure, but this includes {header}')
    return faults


def says_what_it_owns(lines):
    """The first line opens a comment, and there or on the next one stand at least three words."""
    if not lines or not lines[0].startswith('/*'):
        return False
    first = lines[0][2:].strip(' */')
    return len((first or ' '.join(lines[1:2])).split()) >= 3


def check_text(path, text):
    """Yields (line, sentence) for each fault of a file."""
    lines = text.splitlines()
    code = without_comments_and_strings(text).splitlines()
    if not says_what_it_owns(lines):
        yield 1, 'the first line does not say what the file owns'
    if len(lines) > LINES_MAX:
        yield LINES_MAX + 1, f'{len(lines)} lines; {LINES_MAX} are the most'
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            for fault in check_include(path, include.group(1)):
                yield number, fault
        if UNFINISHED.search(line):
            yield number, f'{UNFINISHED.search(line).group()} is an issue, not a comment'
    for number, line in enumerate(code, 1):
        for found in BANNED.finditer(line):
            yield number, f'{found.group(1)}() is banned'
        if UNFILLED.match(line):
            yield number, 'a variable with a CLEANUP() has no value yet'
        word = BANNED_WORDS.match(line)
        if word:
            yield number, f'"{" ".join(word.group(1).split())}" is banned'
        if path.startswith('service/domain/'):
            for found in IMPURE.finditer(line):
                yield number, f'domain is pure, but this calls {found.group(1)}()'


def source_files(root):
    """Paths of all C files below service/, clients/ and tests/, relative to the root, in order."""
    for top in ('service', 'clients', 'tests'):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    yield os.path.relpath(os.path.join(folder, name), root)


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))
    faults = 0
    files = 0
    for path in source_files(root):
        files += 1
        with open(os.path.join(root, path), encoding='utf-8') as file:
            for line, fault in check_text(path, file.read()):
                print(f'{path}:{line}: {fault}')
                faults += 1
    if not files:
        print(f'{root}: there is no source file here', file=sys.stderr)
        return 2
    print(f'{files} files checked, faults: {faults}', file=sys.stderr)
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
