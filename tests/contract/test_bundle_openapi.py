#!/usr/bin/env python3
"""What tools/bundle_openapi.py makes of a document in pieces, and what it refuses."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / 'tools' / 'bundle_openapi.py'
ENTRY = """
openapi: 3.1.0
paths:
  /v1/things: {$ref: 'paths/things.yaml#/things'}
"""


class Bundling(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write('cspr.yaml', ENTRY)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def run_tool(self, *arguments):
        return subprocess.run([sys.executable, TOOL, self.root / 'cspr.yaml', *arguments],
                              capture_output=True, text=True, check=False)

    def bundle(self):
        out = self.root / 'out.json'
        result = self.run_tool('--json', out)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(out.read_text(encoding='utf-8'))

    def assert_refused(self, *words):
        result = self.run_tool('--json', self.root / 'out.json')
        self.assertNotEqual(result.returncode, 0)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertNotIn('Traceback', result.stderr)
        self.assertFalse((self.root / 'out.json').exists())

    def test_collects_what_is_referred_to_through_any_number_of_files(self):
        self.write('paths/things.yaml', """
things:
  parameters: [{$ref: 'parameters.yaml#/Limit'}]
  get: {responses: {default: {$ref: '../problems.yaml#/Problem'}}}
""")
        self.write('parameters.yaml', "Limit: {schema: {$ref: 'schemas/a.yaml#/Limit'}}\n")
        self.write('problems.yaml', "Problem: {schema: {$ref: 'schemas/b.yaml#/B/properties/c'}}\n")
        self.write('schemas/a.yaml', "Limit: {type: integer}\nUnused: {type: 'null'}\n")
        self.write('schemas/b.yaml', """
B: {properties: {c: {$ref: '#/B'}, 'd/e': {$ref: 'a.yaml#/Limit'}}}
""")
        document = self.bundle()
        item = document['paths']['/v1/things']
        self.assertEqual(item['parameters'], [{'$ref': '#/components/parameters/Limit'}])
        self.assertEqual(item['get']['responses']['default'],
                         {'$ref': '#/components/responses/Problem'})
        components = document['components']
        self.assertEqual(set(components['schemas']), {'Limit', 'B'})
        self.assertEqual(components['responses']['Problem']['schema'],
                         {'$ref': '#/components/schemas/B/properties/c'})
        self.assertEqual(components['schemas']['B']['properties']['c'],
                         {'$ref': '#/components/schemas/B'})

    def test_reads_words_as_words(self):
        self.write('paths/things.yaml', """
things:
  get: {on: 2024-06-30, no: yes, at: 12:30, 200: [null, ~, true, 1, -2.5, 010, 0x1f, 1_000]}
""")
        self.assertEqual(self.bundle()['paths']['/v1/things']['get'], {
            'on': '2024-06-30', 'no': 'yes', 'at': '12:30',
            '200': [None, None, True, 1, -2.5, '010', '0x1f', '1_000']})

    def test_follows_merge_keys(self):
        self.write('paths/things.yaml', """
base: &base {a: 1, b: 2}
things: {get: {<<: *base, b: 3}}
""")
        self.assertEqual(self.bundle()['paths']['/v1/things']['get'], {'a': 1, 'b': 3})

    def test_leaves_data_alone(self):
        self.write('paths/things.yaml', """
things: {get: {schema: {default: {$ref: nowhere}, enum: [{$ref: 1}]}, example: [{$ref: x}]}}
""")
        self.assertEqual(self.bundle()['paths']['/v1/things']['get']['schema']['default'],
                         {'$ref': 'nowhere'})
        self.assertEqual(self.bundle()['paths']['/v1/things']['get']['example'], [{'$ref': 'x'}])

    def test_tells_names_from_keywords(self):
        self.write('paths/things.yaml', """
things: {get: {schema: {properties: {example: {$ref: 'schemas/a.yaml#/A'},
                                     properties: {default: {$ref: x}}}}}}
""")
        self.write('schemas/a.yaml', 'A: {type: string}\n')
        properties = self.bundle()['paths']['/v1/things']['get']['schema']['properties']
        self.assertEqual(properties['example'], {'$ref': '#/components/schemas/A'})
        self.assertEqual(properties['properties'], {'default': {'$ref': 'x'}})

    def test_refuses_keys_that_stand_twice(self):
        self.write('paths/things.yaml', 'things:\n  get: {}\n  get: {}\n')
        self.assert_refused('paths/things.yaml:3', '"get" stands twice')
        self.write('paths/things.yaml', 'things:\n  200: {}\n  "200": {}\n')
        self.assert_refused('"200" stands twice')

    def test_refuses_two_schemas_of_one_name(self):
        self.write('paths/things.yaml', """
things: {get: {a: {$ref: 'schemas/a.yaml#/A'}, b: {$ref: 'schemas/b.yaml#/A'}}}
""")
        self.write('schemas/a.yaml', 'A: {type: string}\n')
        self.write('schemas/b.yaml', 'A: {type: integer}\n')
        self.assert_refused('schemas A is another one')
        self.write('schemas/b.yaml', 'A: {type: string}\n')
        self.bundle()

    def test_refuses_references_that_lead_nowhere(self):
        for reference, words in (('schemas/none.yaml#/A', 'no file'),
                                 ('schemas/a.yaml#/B', 'has no B'),
                                 ('schemas/a.yaml', 'not understood'),
                                 ('schemas/a.yaml#', 'whole file'),
                                 ('paths/things.yaml#/things', 'holds no components'),
                                 ('https://example.org/a.yaml#/A', 'not understood')):
            self.write('schemas/a.yaml', 'A: {type: string}\n')
            self.write('paths/things.yaml', f"things: {{get: {{$ref: '{reference}'}}}}\n")
            self.assert_refused(words)

    def test_writes_c_that_means_the_same_and_names_its_sources(self):
        self.write('paths/things.yaml', 'things: {summary: "é ??/ \\\\ \\" \\n 9"}\n')
        out, program = self.root / 'out.c', self.root / 'program'
        result = self.run_tool(out, 'document', '--depfile', self.root / 'out.d')
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(out, 'a', encoding='utf-8') as stream:
            stream.write('#include <stdio.h>\nint main(void)\n'
                         '{ fwrite(document, 1, document_length, stdout); return 0; }\n')
        subprocess.run(['cc', '-Wall', '-Werror', '-o', program, out], check=True)
        made = subprocess.run([program], capture_output=True, check=True).stdout
        self.assertEqual(json.loads(made), self.bundle())
        dependencies = (self.root / 'out.d').read_text(encoding='utf-8')
        self.assertIn('cspr.yaml', dependencies)
        self.assertIn('paths/things.yaml', dependencies)


if __name__ == '__main__':
    unittest.main()
