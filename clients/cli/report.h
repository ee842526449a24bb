/* What goes to standard error: sentences and problems, free of anything that commands a terminal.
 */
#pragma once

#include "cli/exit_codes.h"
#include "lib/text.h"

/* "cspr: <sentence>" */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the sentence and gives EXIT_USAGE, so that a command can `return` it. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A problem with title, detail, every fault, and the request's id. */
void report_put_problem(const struct cspr_problem *problem, bool colour, struct text *text);
/*
 * Says what an answer other than success was, and with `key` how to repeat the call; gives the
 * exit status.
 */
int report_answer(const struct cspr_response *response, const char *key);
/* The same for a call without an answer. */
int report_failure(const struct cspr *cspr, enum cspr_error error, const char *key);
