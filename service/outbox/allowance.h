/*
 * How many deliveries an endpoint may have under way at once, so that those that hang do not take
 * the slots of those that work: an endpoint starts small, grows with every success, and is down to
 * one after a failure; all failing ones together never get more than half of the slots. Pure.
 */
#pragma once

#include "base/text.h"

/* Deliveries under way in one process. */
#define SLOTS 256
#define ALLOWANCE_START 2
#define ALLOWANCE_MOST 32
/* A failing endpoint is remembered although nothing is under way; this many are. */
#define ALLOWANCE_ENTRIES 1024

struct allowance_entry {
	char endpoint_id[37];
	bool failing;
	int most;
	int under_way;
};

struct allowances {
	size_t count;
	size_t turn;
	struct allowance_entry entries[ALLOWANCE_ENTRIES];
};

void allowance_taken(struct allowances *allowances, const char *endpoint_id);
void allowance_ended(struct allowances *allowances, const char *endpoint_id, bool delivered);
/*
 * What may be claimed now for each endpoint that differs from ALLOWANCE_START, as two PostgreSQL
 * arrays of one length: ids and numbers.
 */
void allowance_list(struct allowances *allowances, struct text *ret_ids, struct text *ret_numbers);
