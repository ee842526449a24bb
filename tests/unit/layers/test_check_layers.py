#!/usr/bin/env python3
"""Holds tools/check_layers.py to small trees that break one law each.

    test_check_layers.py PATH_OF_CHECK_LAYERS
"""
import os
import subprocess
import sys
import tempfile
import unittest

CHECK = os.path.abspath(sys.argv.pop(1))
OWNS = '/* Owns a thing for this test. */\n'


def check(files):
    """Writes the files to a new tree and gives (exit status, lines of faults)."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True,
                              check=False)
    return done.returncode, done.stdout.splitlines()


class Layers(unittest.TestCase):
    def assert_sound(self, path, text):
        self.assertEqual(check({path: OWNS + text}), (0, []), f'{path}: {text}')

    def assert_fault(self, path, text, line, part):
        status, faults = check({path: OWNS + text})
        self.assertEqual(status, 1, f'{path}: {text}')
        self.assertEqual(len(faults), 1, faults)
        self.assertTrue(faults[0].startswith(f'{path}:{line}: '), faults)
        self.assertIn(part, faults[0])

    def test_each_layer_includes_what_it_may(self):
        allowed = {'base': 'base', 'contract': 'base contract', 'domain': 'base domain',
                   'store': 'base domain store', 'http': 'base contract http',
                   'api': 'base contract domain store http outbox api',
                   'outbox': 'base domain store outbox'}
        for layer, others in allowed.items():
            for other in 'base contract domain store http api outbox'.split():
                text = f'#include "{other}/thing.h"\n'
                with self.subTest(layer=layer, other=other):
                    if other in others.split():
                        self.assert_sound(f'service/{layer}/thing.c', text)
                    else:
                        self.assert_fault(f'service/{layer}/thing.c', text, 2, layer)

    def test_the_composition_root_includes_all(self):
        self.assert_sound('service/app.c', '#include "api/api.h"\n#include "outbox/outbox.h"\n')

    def test_an_angle_bracket_is_no_way_round(self):
        self.assert_fault('service/base/thing.c', '\n#  include <store/store.h>\n', 3, 'base may')

    def test_a_library_stays_in_its_layer(self):
        for header, home in (('libpq-fe.h', 'store/pool.c'), ('ulfius.h', 'http/server.c'),
                             ('microhttpd.h', 'http/server.c'), ('curl/curl.h', 'outbox/send.c'),
                             ('gnutls/crypto.h', 'base/digest.c')):
            text = f'#include <{header}>\n'
            with self.subTest(header=header):
                self.assert_sound(f'service/{home}', text)
                self.assert_fault('service/api/thing.c', text, 2, 'is included here')
                self.assert_fault('service/app.c', text, 2, 'is included here')
        self.assert_sound('service/base/ed25519.c', '#include <gnutls/abstract.h>\n')
        self.assert_sound('service/base/certificate.c', '#include <gnutls/x509.h>\n')
        self.assert_fault('service/base/ids.c', '#include <gnutls/crypto.h>\n', 2, 'GnuTLS')

    def test_clients_and_service_do_not_meet(self):
        for header in ('base/text.h', 'domain/date.h', 'service/base/text.h'):
            self.assert_fault('clients/cli/thing.c', f'#include "{header}"\n', 2, 'clients never')
        self.assert_fault('service/api/thing.c', '#include "lib/cspr.h"\n', 2, 'never includes')
        self.assert_fault('clients/cli/thing.c', '#include <libpq-fe.h>\n', 2, 'libpq')
        self.assert_fault('clients/cli/thing.c', '#include <curl/curl.h>\n', 2, 'libcurl')
        self.assert_sound('clients/lib/thing.c', '#include <curl/curl.h>\n')
        self.assert_fault('clients/cli/thing.c', '#include "../x.h"\n', 2, 'climbs')

    def test_library_code_does_not_log(self):
        for path in ('service/store/thing.c', 'service/contract/thing.c'):
            self.assert_fault(path, '#include "base/log.h"\n', 2, 'never logs')
        self.assert_sound('service/outbox/thing.c', '#include "base/log.h"\n')

    def test_domain_is_pure(self):
        self.assert_fault('service/domain/thing.c', '#include "base/ids.h"\n', 2, 'pure')
        self.assert_fault('service/domain/thing.c', 'x = time(NULL);\n', 2, 'time()')
        self.assert_sound('service/domain/thing.c', 'x = take_time(NULL);\n')
        self.assert_sound('service/store/thing.c', 'x = time(NULL);\n')

    def test_banned_functions_are_found_in_code_only(self):
        for name in ('sprintf', 'strcpy', 'strcat', 'strtok', 'atoi', 'gets', 'alloca', 'gmtime',
                     'localtime'):
            with self.subTest(name=name):
                for top in ('service/base', 'clients/lib', 'tests/unit/base'):
                    self.assert_fault(f'{top}/thing.c', f'\n\t{name} (a);\n', 3, f'{name}()')
                self.assert_sound('service/base/thing.c',
                                  f'/* {name}(a)\n {name}(b) */\nx = "{name}(a)"; y{name}(a);\n')
        self.assert_sound('service/base/thing.c', 'snprintf(a);\ngmtime_r(a);\nfgets(a);\n')

    def test_goto_and_typedefs_are_found(self):
        self.assert_fault('service/base/thing.c', '\n\tgoto done;\n', 3, 'goto')
        self.assert_fault('service/base/thing.h', 'typedef struct x y;\n', 2, 'typedef struct')

    def test_what_is_cleaned_up_has_a_value_from_its_beginning(self):
        self.assert_fault('service/base/thing.c', '\tCLEANUP(free) char *text;\n', 2, 'CLEANUP')
        self.assert_sound('service/base/thing.c', '\tCLEANUP(free) char *text = NULL;\n')

    def test_a_line_after_a_long_comment_keeps_its_number(self):
        self.assert_fault('service/base/thing.c', '/*\n\n\n*/\nchar *x = "\\"/*";\natoi(x);\n', 7,
                          'atoi')

    def test_a_file_has_600_lines_at_most(self):
        self.assert_sound('service/base/thing.c', '\n' * 599)
        self.assert_fault('service/base/thing.c', '\n' * 600, 601, '601 lines')

    def test_a_file_says_what_it_owns(self):
        self.assertEqual(check({'service/base/a.h': '/*\n * Owns a thing or two.\n */\n'}), (0, []))
        for text in ('#include <stdio.h>\n', '', '\n/* Owns a thing. */\n', '/* thing.c */\n',
                     '/*\n *\n */\n'):
            status, faults = check({'service/base/a.c': text})
            self.assertEqual(status, 1, text)
            self.assertEqual(len(faults), 1, faults)
            self.assertIn('service/base/a.c:1: ', faults[0])

    def test_unfinished_work_is_found(self):
        self.assert_fault('service/base/thing.c', '/* ' + 'TO' + 'DO: later */\n', 2, 'an issue')

    def test_all_faults_are_told_in_the_order_of_the_files(self):
        status, faults = check({
            'service/store/b.c': OWNS + '#include "http/http.h"\natoi(x);\n',
            'clients/lib/a.c': OWNS + '#include "base/text.h"\n',
            'tests/unit/c.c': OWNS,
        })
        self.assertEqual(status, 1)
        self.assertEqual([fault.split(' ')[0] for fault in faults],
                         ['service/store/b.c:2:', 'service/store/b.c:3:', 'clients/lib/a.c:2:'])

    def test_a_tree_without_sources_is_no_success(self):
        self.assertEqual(check({'README.md': 'Nothing here.\n'}), (2, []))


if __name__ == '__main__':
    unittest.main()
