/*
 * The request target: path and query, split first and decoded afterwards, so that an escaped
 * delimiter never acts as one.
 */
#pragma once

#include "base/problem.h"
#include "contract/contract.h"

#define TARGET_BYTES 8192
#define QUERY_PAIRS_MAX 64

struct query_pair {
	const char *name;
	const char *value;
};

struct target {
	char *memory;     /* all else points into it */
	const char *path; /* as it was sent */
	const char *segments[SEGMENTS_MAX];
	size_t segment_count; /* more than SEGMENTS_MAX: deeper than anything we have */
	struct query_pair pairs[QUERY_PAIRS_MAX];
	size_t pair_count;
};

/*
 * Takes the target of a request line apart. Refused: more than TARGET_BYTES, raw or escaped
 * control characters, bad escapes, what is not UTF-8, an escaped slash, empty and dot segments.
 * A plus sign in the query is a space. The scheme and authority of the absolute form are dropped.
 */
MUST_CHECK bool target_parse(const char *raw, struct target *ret_target, struct problem *problem);
void target_finish(struct target *target);
DEFINE_VALUE_CLEANUP(struct target, target_finish)
