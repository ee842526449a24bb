#!/usr/bin/env python3
"""Turns the SQL of db/ into C, so that no statement stands in a C string.

    embed_sql.py statements --source DIR --c FILE --h FILE [--depfile FILE] [--prefix NAME]
    embed_sql.py migrations --source DIR --c FILE [--depfile FILE]
    embed_sql.py pgbench    --source DIR --output DIR

A query file holds named blocks:

    -- role: dispatch                      (optional, first lines of the file; api when absent)
    -- name: incident_get
    -- One incident with its children.
    -- $1 incident_id (a uuid), $2 limit
    SELECT …;

`{{other_block}}` stands for another block's text without its final semicolon. A comment line
`-- fragment` marks a block that is only ever included. A comment line `-- stored` adds the
statement <name>_stored, which keeps the block's one row as the reply for its Idempotency-Key. A
stored block may have a column `_etag`, which is kept beside the body.

The directory itself is in the dependency file, so that a new .sql file starts a rebuild.
"""
import argparse
import os
import re
import sys

ROLES = ('api', 'dispatch', 'admin', 'session', 'migrate')
TAB = '\t'
PARAMETERS_MAX = 64  # BINDINGS_MAX in store.h
STORED_PARAMETERS = ('idempotency_operation', 'idempotency_key', 'reply_status', 'reply_location')

TOKEN = re.compile(r"""
      (?P<line_comment>--[^\n]*)
    | (?P<block_comment>/\*)
    | (?P<escape_string>\b[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<identifier>"(?:[^"]|"")*")
    | (?P<dollar>(?<![\w$])\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$)
    | (?P<include>\{\{[^{}]*\}\})
    | (?P<parameter>(?<![\w$])\$\d+)
    | (?P<space>\s+)
    | (?P<word>\w+)
    | (?P<other>.)
    """, re.X | re.S)
BLOCK_COMMENT = re.compile(r'/\*|\*/')


class Refusal(Exception):
    """Something in the SQL breaks a rule; the text names the file and the block."""


def tokens(text):
    """Yields (kind, text); block comments nest, as PostgreSQL's do."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        kind = match.lastgroup if match.lastgroup != 'tag' else 'dollar'
        end = match.end()
        if kind == 'block_comment':
            depth = 1
            while depth:
                edge = BLOCK_COMMENT.search(text, end)
                if not edge:
                    raise Refusal('a /* comment is not closed')
                depth += 1 if edge.group() == '/*' else -1
                end = edge.end()
        elif kind == 'other' and match.group() in '\'"':
            raise Refusal('a quote is not closed')
        yield kind, text[position:end]
        position = end


def strip(text):
    """Drops comments and indentation; what stands in quotes is kept as it is."""
    kept = []
    for kind, part in tokens(text):
        if kind in ('line_comment', 'block_comment'):
            part = ' '
        elif kind == 'space':
            part = '\n' if '\n' in part else ' '
        if part in ' \n' and kept and kept[-1] in ' \n':
            kept[-1] = '\n' if '\n' in part + kept[-1] else ' '
        else:
            kept.append(part)
    return ''.join(kept).strip()


def bare(text, keep=()):
    """The text with what is quoted replaced by a space, for looking at keywords."""
    quoted = {'string', 'escape_string', 'identifier', 'dollar'} - set(keep)
    return ''.join(' ' if kind in quoted else part for kind, part in tokens(text))


class Block:
    def __init__(self, name, role, path):
        self.name = name
        self.role = role
        self.path = path
        self.parameters = {}
        self.stored = False
        self.fragment = False
        self.lines = []
        self.sql = None

    def refuse(self, why):
        raise Refusal(f'{self.path}: {self.name}: {why}')

    def read_parameters(self, comment):
        """`$1 incident_id (a uuid), $2 limit` into the names of the parameters."""
        plain = re.sub(r'\([^()]*(\)|$)', '', comment).strip(' ,.;')
        for part in plain.split(','):
            match = re.fullmatch(r'\s*\$([1-9]\d*)\s+([a-z][a-z0-9_]*)\s*', part)
            if not match:
                self.refuse(f'cannot read the parameter comment "{comment}"')
            number, name = int(match[1]), match[2]
            if number in self.parameters:
                self.refuse(f'${number} is named twice')
            if name in self.parameters.values():
                self.refuse(f'two parameters are called {name}')
            self.parameters[number] = name

    def finish(self):
        """Takes the lines apart: leading comments, then SQL."""
        body = []
        for line in self.lines:
            comment = re.match(r'\s*--\s?(.*?)\s*$', line)
            if not comment or body:
                if line.strip() or body:
                    body.append(line)
            elif comment[1] == 'stored':
                self.stored = True
            elif comment[1] == 'fragment':
                self.fragment = True
            elif comment[1].startswith('$'):
                self.read_parameters(comment[1])
        try:
            text = strip('\n'.join(body))
        except Refusal as refusal:
            self.refuse(str(refusal))
        text = re.sub(r';\s*$', '', text)
        if not text:
            self.refuse('has no SQL')
        kinds = [kind for kind, part in tokens(text) if kind == 'other' and part == ';']
        if kinds:
            self.refuse('holds more than one statement')
        if re.search(r'\b(SELECT(\s+(ALL|DISTINCT))?|RETURNING)\s+\*', bare(text), re.I):
            self.refuse('names no columns: * is not allowed')
        self.sql = text


def read_blocks(paths):
    blocks = {}
    for path in paths:
        with open(path, encoding='utf-8') as file:
            lines = file.read().splitlines()
        role, block = 'api', None
        for number, line in enumerate(lines, 1):
            name = re.match(r'--\s*name:\s*(.*?)\s*$', line)
            if name:
                if not re.fullmatch(r'[a-z][a-z0-9_]*', name[1]):
                    raise Refusal(f'{path}:{number}: "{name[1]}" is no name for a block')
                if name[1] in blocks:
                    raise Refusal(f'{path}: {name[1]}: there is such a block in '
                                  f'{blocks[name[1]].path}')
                block = blocks[name[1]] = Block(name[1], role, path)
            elif block:
                block.lines.append(line)
            elif re.match(r'--\s*role:', line):
                role = line.split(':', 1)[1].strip()
                if role not in ROLES:
                    raise Refusal(f'{path}:{number}: the role {role} is unknown')
            elif line.strip() and not line.startswith('--'):
                raise Refusal(f'{path}:{number}: SQL stands before the first "-- name:"')
    for block in blocks.values():
        block.finish()
    return blocks


def expand(block, blocks, inside=()):
    """The block's text with everything it includes."""
    if block.name in inside:
        block.refuse('includes itself: ' + ' → '.join(inside + (block.name,)))

    def included(match):
        name = match[1].strip()
        if name not in blocks:
            block.refuse(f'includes {{{{{name}}}}}, which does not exist')
        other = blocks[name]
        for number, parameter in other.parameters.items():
            if block.parameters.get(number) != parameter:
                block.refuse(f'includes {name}, whose ${number} is {parameter}; here ${number} is '
                             f'{block.parameters.get(number, "not named")}')
        return expand(other, blocks, inside + (block.name,))

    return ''.join(re.sub(r'\{\{(.*)\}\}', included, part) if kind == 'include' else part
                   for kind, part in tokens(block.sql))


def check_parameters(block, sql):
    used = {int(part[1:]) for kind, part in tokens(sql) if kind == 'parameter'}
    for number in sorted(used - set(block.parameters)):
        block.refuse(f'${number} has no name')
    for number in sorted(set(block.parameters) - used):
        block.refuse(f'${number} {block.parameters[number]} is not used')
    if used and max(used) != len(used):
        block.refuse('the numbers of the parameters have a gap')
    if len(used) > PARAMETERS_MAX:
        block.refuse(f'has more than {PARAMETERS_MAX} parameters')


def stored_statement(block, sql, parameters):
    """The block's row, kept as the reply within the same transaction."""
    plain = bare(sql)
    if re.search(r'\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bUPDATE\s+[\w.]+(\s+AS\s+\w+)?\s+SET\b',
                 plain, re.I):
        block.refuse('a stored block reads; it cannot write')
    clash = set(STORED_PARAMETERS) & set(parameters)
    if clash:
        block.refuse(f'the parameter {min(clash)} belongs to the stored form')
    count = len(parameters)
    if count + len(STORED_PARAMETERS) > PARAMETERS_MAX:
        block.refuse(f'its stored form has more than {PARAMETERS_MAX} parameters')
    # Columns whose alias begins with "_" are for the program, as in rows_put_object(). "_facts" is
    # kept, because what the program makes of it is made anew for each answer.
    named = bare(sql, keep=('identifier',))
    body, etag = 'row_to_json(r)::text', re.search(r'\bAS\s+("_etag"|_etag\b)', named, re.I)
    if re.search(r'\bAS\s+"?_\w', named, re.I):
        body = ("(\nSELECT '{' || string_agg(to_json(member.key)::text || ':' || "
                "member.value::text, ',' ORDER BY member.ordinality) || '}'\n"
                'FROM json_each(row_to_json(r)) WITH ORDINALITY AS member(key, value, ordinality)\n'
                "WHERE left(member.key, 1) <> '_' OR member.key = '_facts'\n)")
    text = (f'UPDATE idempotency AS kept\n'
            f'SET status = ${count + 3}::integer,\n'
            f'body = response.body,\n'
            + ('etag = response.etag,\n' if etag else '') +
            f'location = ${count + 4}::text\n'
            f'FROM (\nSELECT {body} AS body'
            + (',\nr._etag::text AS etag' if etag else '') +
            f'\nFROM (\n{sql}\n) AS r\n) AS response\n'
            f'WHERE kept.partnership_id = tenant()\n'
            f"AND kept.key_id = nullif(current_setting('app.key_id', true), '')::uuid\n"
            f'AND kept.operation = ${count + 1}::text\n'
            f'AND kept.key = ${count + 2}::text\n'
            f'RETURNING kept.body' + (', kept.etag' if etag else ''))
    return text, parameters + list(STORED_PARAMETERS)


def statements_of(blocks):
    """[(name, role, sql, parameter names)] of everything that can be prepared."""
    ready = []
    for block in blocks.values():
        sql = expand(block, blocks)
        if block.fragment:
            continue
        check_parameters(block, sql)
        parameters = [block.parameters[number] for number in sorted(block.parameters)]
        ready.append((block.name, block.role, sql, parameters))
        if block.stored:
            name = block.name + '_stored'
            if name in blocks:
                block.refuse(f'there is a block {name} already')
            ready.append((name, block.role, *stored_statement(block, sql, parameters)))
    return ready


def c_string(text, indent):
    """One literal a line; everything that C could misread is escaped."""
    def escaped(line):
        line = line.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?')
        return ''.join(c if ' ' <= c <= '~' else ''.join(f'\\{b:03o}' for b in c.encode())
                       for c in line)
    lines = text.split('\n')
    return '\n'.join(f'{indent}"{escaped(line)}' + ('"' if last else '\\n"')
                     for line, last in ((l, i == len(lines) - 1) for i, l in enumerate(lines)))


def statements_c(statements, prefix, header):
    parts = [f'/* The statements of db/queries. Generated by tools/embed_sql.py. */\n'
             f'#include "{header}"\n']
    for name, _, sql, parameters in statements:
        names = ''.join(f'"{parameter}", ' for parameter in parameters)
        parts.append(f'const struct statement SQL_{name.upper()} = {{\n'
                     f'\t.name = "{name}",\n'
                     f'\t.sql =\n{c_string(sql, TAB * 2)},\n'
                     f'\t.parameters = (const char *const[]){{{names}NULL}},\n'
                     f'}};\n')
    for role in ROLES:
        rows = ''.join(f'\t&SQL_{name.upper()},\n'
                       for name, its_role, _, _ in statements if its_role == role)
        parts.append(f'const struct statement *const {prefix}_{role}[] = {{\n{rows}\tNULL,\n}};\n')
    return '\n'.join(parts)


def statements_h(statements, prefix):
    lines = ['/* The statements of db/queries. Generated by tools/embed_sql.py. */', '#pragma once',
             '', '#include "store/store.h"', '']
    lines += [f'extern const struct statement SQL_{name.upper()};' for name, *_ in statements]
    lines += ['', '/* What a connection of each kind prepares; NULL-terminated. */']
    lines += [f'extern const struct statement *const {prefix}_{role}[];' for role in ROLES]
    return '\n'.join(lines) + '\n'


def read_migrations(paths):
    migrations = []
    for path in paths:
        name = os.path.basename(path)
        match = re.fullmatch(r'(\d{4})_[a-z0-9_]+\.sql', name)
        if not match:
            raise Refusal(f'{path}: a migration is called NNNN_name.sql')
        if int(match[1]) != len(migrations) + 1:
            raise Refusal(f'{path}: number {len(migrations) + 1:04d} was expected next; migrations '
                          'are numbered without gaps')
        with open(path, encoding='utf-8') as file:
            migrations.append((int(match[1]), name, file.read()))
    return migrations


def migrations_c(migrations):
    rows = ''.join(f'\t{{\n\t\t.number = {number},\n\t\t.name = "{name}",\n'
                   f'\t\t.sql =\n{c_string(sql, TAB * 3)},\n\t}},\n'
                   for number, name, sql in migrations)
    return ('/* The migrations of db/migrations. Generated by tools/embed_sql.py. */\n'
            '#include "store/migrate.h"\n\n'
            f'const struct migration migrations[] = {{\n{rows}\t{{.sql = NULL}},\n}};\n')


def pgbench_text(sql, parameters):
    """Parameters become pgbench variables; a colon in a literal must not look like one."""
    parts = []
    for kind, part in tokens(sql):
        if kind == 'parameter':
            part = ':' + parameters[int(part[1:]) - 1]
        elif kind in ('string', 'escape_string') and re.search(r':\w', part):
            opening = part[:part.index("'")]
            part = '(' + re.sub(r':(?=\w)', f":' || {opening}'", part) + ')'
        parts.append(part)
    return ''.join(parts) + ';\n'


def write(path, text):
    """Leaves an unchanged file alone, so that nothing is built again for it."""
    try:
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    except OSError:
        pass
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description='Embeds SQL in C.')
    parser.add_argument('what', choices=('statements', 'migrations', 'pgbench'))
    parser.add_argument('--source', required=True, help='directory of the .sql files')
    parser.add_argument('--c')
    parser.add_argument('--h')
    parser.add_argument('--depfile')
    parser.add_argument('--header', default='store/statements.h', help='as the C file includes it')
    parser.add_argument('--prefix', default='statements', help='what the lists are called')
    parser.add_argument('--output', help='directory for pgbench')
    options = parser.parse_args()
    paths = sorted(os.path.join(options.source, name) for name in os.listdir(options.source)
                   if name.endswith('.sql') and not name.startswith('.'))

    if options.what == 'migrations':
        write(options.c, migrations_c(read_migrations(paths)))
    else:
        statements = statements_of(read_blocks(paths))
        if options.what == 'statements':
            write(options.c, statements_c(statements, options.prefix, options.header))
            write(options.h, statements_h(statements, options.prefix))
        else:
            os.makedirs(options.output, exist_ok=True)
            for name, _, sql, parameters in statements:
                write(os.path.join(options.output, name + '.sql'), pgbench_text(sql, parameters))
    if options.depfile:
        outputs = ' '.join(path for path in (options.c, options.h) if path)
        needed = ' '.join(path.replace(' ', '\\ ') for path in [options.source, *paths])
        with open(options.depfile, 'w', encoding='utf-8') as file:
            file.write(f'{outputs}: {needed}\n')


if __name__ == '__main__':
    try:
        main()
    except Refusal as refusal:
        sys.exit(f'embed_sql: {refusal}')
