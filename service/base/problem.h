/*
 * A problem: why something was refused or failed, in the shape of RFC 9457. Functions that can
 * fail take one as their last parameter, return false and leave it filled. They never log it.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

enum problem_kind {
	PROBLEM_NONE = 0,
#define PROBLEM(kind, status, slug, title) PROBLEM_##kind,
#include "base/problems.def"
#undef PROBLEM
	PROBLEM_KINDS
};

struct problem {
	enum problem_kind kind;
	char detail[320]; /* for the caller: never bodies, names or what PostgreSQL said */
	char cause[320];  /* for the log only: which part failed and how; never case facts */
	json_t *errors;   /* array of {pointer, code, detail}, or NULL */
	json_t *missing;  /* array of {code, detail} for a refused state change, or NULL */
	int retry_after;  /* seconds, for 429 and 503; 0 is none */
};

void problem_finish(struct problem *problem);
DEFINE_VALUE_CLEANUP(struct problem, problem_finish)

/* Fills the problem and returns false, so that a caller can `return problem_set(…)`. */
bool problem_set(struct problem *problem, enum problem_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As problem_set(), with a cause that goes to the log and not to the caller. */
bool problem_fail(struct problem *problem, enum problem_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * Adds one fault to `errors`: the JSON Pointer (or parameter name), a code in lower snake case,
 * and a sentence that names the rule. The first fault sets `kind`; later ones leave it. Returns
 * false. Beyond 100 faults further ones are dropped, and the last says so.
 */
bool problem_add(struct problem *problem, enum problem_kind kind, const char *pointer,
    const char *code, const char *format, ...) __attribute__((format(printf, 5, 6)));

int problem_status(enum problem_kind kind);
const char *problem_slug(enum problem_kind kind);
const char *problem_title(enum problem_kind kind);
/* The body for application/problem+json; a new reference. */
json_t *problem_json(const struct problem *problem, const char *instance, const char *request_id);
