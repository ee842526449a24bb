/*
 * The command line as a shell runs it, against the service of the stage. Each executable has a
 * STAGE(); each test has a scratch directory of its own, which is also where cspr looks for
 * profiles. What the functions give lives until the test ends.
 *
 * Every run is watched for one thing: neither the caller's token nor a webhook secret that a test
 * has made may stand in what it prints.
 */
#pragma once

#include <criterion/criterion.h>

#include "support/support.h"

#define ALL_SCOPES                                                                                 \
	"incidents:read incidents:write notifications:read notifications:write deadlines:read "        \
	"calendar:read deliveries:read webhooks:read partnership:read audit:read "                     \
	"reports:read"

struct ran {
	int status;
	const char *output;
	const char *errors;
	json_t *json; /* the output, or NULL when it is not JSON */
};

/* For TestSuite(…, .init = scratch_make, .fini = scratch_remove). */
void scratch_make(void);
void scratch_remove(void);
/* A path in the scratch directory. */
const char *scratch_path(const char *name);
/* The same, with a new file of that content there. */
const char *scratch_file(const char *name, const char *content);

const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* JSON written with ' in place of ". */
const char *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Today in London, and so many days on. */
const char *day(int offset);

/* Whose token the runs from here on have, at first north's council's; NULL is none. */
void as(const char *token);
/* A variable of the environment of the runs from here on; NULL takes it away. */
void with(const char *name, const char *value);
/* The standard input of the next run. */
void give(const char *input);
/* A secret that no run may print. */
void never_print(const char *secret);

/* `cspr WORD…`; the last one is NULL. */
const struct ran *run(const char *word, ...) __attribute__((sentinel));
/* Any program in the same environment, its path first. */
const struct ran *run_program(const char *path, ...) __attribute__((sentinel));
/* `cspr WORD…` in the background; its process id, for child_wait(). */
pid_t start(const char *output, const char *word, ...) __attribute__((sentinel));

/* A value of the output by JSON Pointer; gives up when it is none, or no string. */
json_t *value_at(const struct ran *ran, const char *pointer);
const char *text_at(const struct ran *ran, const char *pointer);
size_t count_lines(const char *text);

/* A serious harm that became known on 8 January 2024, for -f. */
const char *incident_body(void);
/* Records it with the command line; its id. */
const char *incident_made(void);

#define expect_status(ran, wanted)                                                                 \
	cr_assert_eq(                                                                                  \
	    (ran)->status, (wanted), "status %d: %s%s", (ran)->status, (ran)->output, (ran)->errors)
#define expect_has(text, part) cr_assert(strstr((text), (part)), "no \"%s\" in: %s", (part), (text))
#define expect_lacks(text, part)                                                                   \
	cr_assert_not(strstr((text), (part)), "\"%s\" in: %s", (part), (text))
