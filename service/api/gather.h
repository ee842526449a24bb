/*
 * Reads of a resource that come while the database is asked for others of its kind wait for it, and
 * are then asked for together, when one key asks for them all: the database takes a quarter of the
 * time for each of sixteen of what it takes for one, most of which is spent on who asks and on how.
 *
 * Threads: everything may be called by any thread; what was read is shared by those who asked.
 */
#pragma once

#include "api/call.h"

struct gather;

/* `connections` is how many requests may use the database at once. */
MUST_CHECK bool gather_create(
    size_t connections, struct gather **ret_gather, struct problem *problem);
/* Nobody may read any more. */
void gather_destroy(struct gather *gather);
/* Appends what Prometheus is told. */
void gather_measure(struct gather *gather, struct text *ret_metrics);

/* One resource out of what was read together. */
struct sight {
	struct shared *shared;
	const struct rows *rows;
	size_t row;               /* the number of rows when there is no such resource */
	const struct rows *inner; /* NULL when the endpoint has none */
	size_t inner_first, inner_count;
};
void sight_finish(struct sight *sight);
DEFINE_VALUE_CLEANUP(struct sight, sight_finish)

/*
 * Reads what the path of `call` names by the endpoint's statements, and notes who calls, as
 * call_run() does. The endpoint says `gathers`.
 */
MUST_CHECK bool gather_read(struct call *call, struct sight *ret_sight, struct problem *problem);
