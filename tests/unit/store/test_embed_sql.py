"""What tools/embed_sql.py makes of query files and migrations, and what it refuses."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = os.environ.get('EMBED_SQL') or str(
    pathlib.Path(__file__).resolve().parents[3] / 'tools/embed_sql.py')


class Embedding(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.source = self.root / 'sql'
        self.source.mkdir()

    def put(self, name, text):
        (self.source / name).write_text(text, encoding='utf-8')

    def run_tool(self, what, *options):
        return subprocess.run([sys.executable, TOOL, what, '--source', self.source, *options],
                              capture_output=True, text=True, check=False)

    def statements(self):
        result = self.run_tool('statements', '--c', self.root / 's.c', '--h', self.root / 's.h',
                               '--depfile', self.root / 's.d')
        self.assertEqual(result.stderr, '')
        return (self.root / 's.c').read_text(), (self.root / 's.h').read_text()

    def pgbench(self, name):
        result = self.run_tool('pgbench', '--output', self.root / 'bench')
        self.assertEqual(result.stderr, '')
        return (self.root / 'bench' / f'{name}.sql').read_text()

    def refused(self, text, why):
        self.put('q.sql', text)
        result = self.run_tool('statements', '--c', self.root / 's.c', '--h', self.root / 's.h')
        self.assertNotEqual(result.returncode, 0, text)
        self.assertIn(why, result.stderr)
        self.assertFalse((self.root / 's.c').exists())


class Statements(Embedding):
    def test_a_block_becomes_a_statement_with_the_names_of_its_parameters(self):
        self.put('q.sql', '-- name: note_get\n-- One note.\n-- $1 note_id (a uuid, ours), $2 limit\n'
                          '-- $3 after\nSELECT n.id\nFROM note AS n -- why\nWHERE n.id = $1::uuid\n'
                          'AND $3::text > $2;\n')
        code, header = self.statements()
        self.assertIn('extern const struct statement SQL_NOTE_GET;', header)
        self.assertIn('{"note_id", "limit", "after", NULL}', code)
        self.assertIn('"AND $3::text > $2"', code)
        self.assertNotIn('why', code)

    def test_the_role_line_decides_the_list(self):
        self.put('a.sql', '-- name: one\nSELECT 1 AS x;\n')
        self.put('b.sql', '-- About deliveries.\n-- role: dispatch\n\n-- name: two\nSELECT 2 AS x;\n')
        code, _ = self.statements()
        self.assertIn('statements_api[] = {\n\t&SQL_ONE,\n\tNULL,\n}', code)
        self.assertIn('statements_dispatch[] = {\n\t&SQL_TWO,\n\tNULL,\n}', code)
        self.assertIn('statements_admin[] = {\n\tNULL,\n}', code)

    def test_comments_go_and_what_is_quoted_stays(self):
        self.put('q.sql', "-- name: one\nSELECT '-- $9 /*' AS a, /* x /* y */ z */ \"--\" AS b,\n"
                          "$tag$ -- kept; $tag$ AS c, E'\\'--' AS d, 'é??/' AS e;\n")
        code, _ = self.statements()
        self.assertIn("'-- $9 /*' AS a", code)
        self.assertIn('\\"--\\" AS b', code)
        self.assertIn('$tag$ -- kept; $tag$', code)
        self.assertIn("E'\\\\'--' AS d", code)
        self.assertIn("'\\303\\251\\?\\?/' AS e", code)
        self.assertNotIn(' z ', code)

    def test_a_block_includes_another_across_files_and_levels(self):
        self.put('a.sql', '-- name: outer\n-- $1 id, $2 more\n'
                          'SELECT r.x FROM ({{ middle }}) AS r WHERE $2;\n')
        self.put('b.sql', '-- name: middle\n-- $1 id\nSELECT x FROM ({{inner}}) AS i WHERE $1;\n\n'
                          '-- name: inner\n-- fragment\nSELECT 1 AS x;\n')
        code, header = self.statements()
        self.assertIn('(SELECT 1 AS x)', code)
        self.assertNotIn('SQL_INNER', header)

    def test_the_dependency_file_names_the_directory_for_new_files(self):
        self.put('q.sql', '-- name: one\nSELECT 1 AS x;\n')
        self.statements()
        needed = (self.root / 's.d').read_text()
        self.assertIn(f': {self.source} {self.source}/q.sql', needed)

    def test_what_has_not_changed_is_not_written_again(self):
        self.put('q.sql', '-- name: one\nSELECT 1 AS x;\n')
        self.statements()
        before = (self.root / 's.c').stat().st_ino, (self.root / 's.c').stat().st_mtime_ns
        self.statements()
        self.assertEqual(before, ((self.root / 's.c').stat().st_ino,
                                  (self.root / 's.c').stat().st_mtime_ns))

    def test_refusals(self):
        name = '-- name: one\n'
        for text, why in (
                (name + 'SELECT $1 AS x;', '$1 has no name'),
                (name + '-- $1 a\nSELECT 1 AS x;', '$1 a is not used'),
                (name + '-- $1 a\n-- $3 b\nSELECT $1, $3;', 'have a gap'),
                (name + '-- $1 a, $1 b\nSELECT $1;', 'named twice'),
                (name + '-- $1 a, $2 a\nSELECT $1, $2;', 'two parameters are called a'),
                (name + '-- $1 the id\nSELECT $1;', 'cannot read the parameter comment'),
                (name + 'SELECT 1 AS x;\n' + name + 'SELECT 2 AS x;', 'there is such a block'),
                (name + 'SELECT r.x FROM ({{none}}) AS r;', 'includes {{none}}, which does not exist'),
                (name + '{{one}}', 'includes itself'),
                (name + '-- $1 a\nSELECT $1, ({{two}});\n-- name: two\n-- $1 b\nSELECT $1;',
                 'whose $1 is b; here $1 is a'),
                (name + '-- $1 a\nSELECT ({{two}}) AS x;\n-- name: two\nSELECT $1;', '$1'),
                (name + 'SELECT * FROM note;', '* is not allowed'),
                (name + 'SELECT DISTINCT\n* FROM note;', '* is not allowed'),
                (name + 'DELETE FROM note RETURNING *;', '* is not allowed'),
                (name + 'SELECT 1 AS x; SELECT 2 AS y;', 'more than one statement'),
                (name + "SELECT 'open;", 'a quote is not closed'),
                (name + 'SELECT 1 /* open', 'comment is not closed'),
                (name + '-- nothing\n', 'has no SQL'),
                ('-- name: One\nSELECT 1;', 'is no name for a block'),
                ('-- role: owner\n' + name + 'SELECT 1;', 'the role owner is unknown'),
                ('SELECT 1;\n' + name + 'SELECT 1;', 'before the first'),
                (name + '-- stored\nDELETE FROM note RETURNING id;', 'it cannot write'),
                (name + '-- stored\nWITH x AS (UPDATE a.note AS n SET id = 1 RETURNING id) '
                        'SELECT id FROM x;', 'it cannot write'),
                (name + '-- stored\n-- $1 reply_status\nSELECT $1 AS x;', 'reply_status belongs'),
                (name + '-- stored\nSELECT 1 AS x;\n-- name: one_stored\nSELECT 1 AS x;',
                 'there is a block one_stored already'),
        ):
            with self.subTest(text=text):
                self.refused(text, why)

    def test_counting_all_rows_and_multiplying_are_no_select_star(self):
        self.put('q.sql', '-- name: one\nSELECT count(*) AS n, 2 * 3 AS x FROM note;\n')
        self.statements()


class StoredStatements(Embedding):
    def test_the_added_parameters_follow_those_of_the_block(self):
        self.put('q.sql', '-- name: note_get\n-- stored\n-- $1 note_id\n'
                          'SELECT n.id\nFROM note AS n\nWHERE n.id = $1;\n')
        code, header = self.statements()
        self.assertIn('SQL_NOTE_GET_STORED', header)
        self.assertIn('{"note_id", "idempotency_operation", "idempotency_key", "reply_status", '
                      '"reply_location", NULL}', code)
        for part in ('UPDATE idempotency AS kept', 'SET status = $4::integer',
                     'location = $5::text', 'kept.operation = $2::text', 'kept.key = $3::text',
                     'row_to_json(r)::text AS body', 'RETURNING kept.body'):
            self.assertIn(part, code)

    def test_columns_for_the_program_do_not_enter_the_body(self):
        for alias in ('_etag', '"_etag"'):
            with self.subTest(alias=alias):
                self.put('q.sql', '-- name: note_get\n-- stored\n'
                                  f'SELECT n.id, n.version AS {alias}\nFROM note AS n;\n')
                code, _ = self.statements()
                self.assertIn("left(member.key, 1) <> '_'", code)
                self.assertIn('etag = response.etag', code)
                self.assertIn('RETURNING kept.body, kept.etag', code)

    def test_a_literal_that_looks_like_an_alias_changes_nothing(self):
        self.put('q.sql', "-- name: note_get\n-- stored\nSELECT ' AS _etag' AS id;\n")
        code, _ = self.statements()
        self.assertIn('row_to_json(r)::text AS body', code)


class Pgbench(Embedding):
    def test_parameters_become_variables_and_literals_never_do(self):
        self.put('q.sql', "-- name: one\n-- $1 first_id, $2 b\n"
                          "SELECT $1::uuid AS a, to_char(now(), 'HH24:MI') AS b, '$2' AS c, $2 AS d;\n")
        self.assertEqual(self.pgbench('one'),
                         "SELECT :first_id::uuid AS a, to_char(now(), ('HH24:' || 'MI')) AS b, "
                         "'$2' AS c, :b AS d;\n")


class Migrations(Embedding):
    def migrations(self):
        return self.run_tool('migrations', '--c', self.root / 'm.c')

    def test_they_stand_in_order_and_whole(self):
        self.put('0002_b.sql', 'SELECT 2; -- kept\n')
        self.put('0001_a.sql', 'SELECT 1;\n')
        self.assertEqual(self.migrations().stderr, '')
        code = (self.root / 'm.c').read_text()
        self.assertLess(code.index('0001_a.sql'), code.index('0002_b.sql'))
        self.assertIn('"SELECT 2; -- kept\\n"', code)

    def test_gaps_twins_and_odd_names_are_refused(self):
        for names, why in ((('0002_a.sql',), '0001 was expected next'),
                           (('0001_a.sql', '0003_b.sql'), '0002 was expected next'),
                           (('0001_a.sql', '0001_b.sql'), '0002 was expected next'),
                           (('1_a.sql',), 'is called NNNN_name.sql')):
            with self.subTest(names=names):
                for file in self.source.iterdir():
                    file.unlink()
                for name in names:
                    self.put(name, 'SELECT 1;\n')
                result = self.migrations()
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(why, result.stderr)


if __name__ == '__main__':
    unittest.main()
