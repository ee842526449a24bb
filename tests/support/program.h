/* Child processes of the tests, which end with the test that started them. */
#pragma once

#include "support/support.h"

/* PATH, the sanitizers' options, then each list; a later value of a name replaces an earlier one.
 */
char **environment_make(const struct setting *const lists[], size_t count) MUST_CHECK;
void environment_destroy(char **variables);
DEFINE_CLEANUP(char **, environment_destroy)

/* Descriptors for stdin, stdout and stderr; -1 is /dev/null. Returns the child's id. */
pid_t child_start(const char *const arguments[], char *const variables[], const int streams[3]);
/* Waits for the end; the exit status, 128 + signal, or -1 when it still runs after the seconds. */
int child_wait(pid_t child, double seconds);
