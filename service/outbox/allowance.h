/*
 * How many deliveries an endpoint may have under way at once, so that those that hang do not take
 * the slots of those that work: an endpoint starts small, grows with every success, and is down to
 * one after a failure; all failing ones together never get more than half of the slots. What has
 * been waiting for long is caught up with slowly (domain/pace.h). What ends at an endpoint is kept
 * until its circuit has been judged by it. Pure; times are milliseconds of any one clock.
 */
#pragma once

#include "base/text.h"
#include "domain/circuit.h"
#include "domain/pace.h"

/* Deliveries under way in one process. */
#define SLOTS 512
/* Of these, to others than recipients in law: however slow those are, they never hold all. */
#define SLOTS_ORDINARY 384
#define ALLOWANCE_START 2
#define ALLOWANCE_MOST 128
/* A failing endpoint is remembered although nothing is under way; this many are. */
#define ALLOWANCE_ENTRIES 1024
/* What was due for as long as this is caught up with slowly, until nothing waits longer than that.
 */
#define CATCH_UP_AFTER_MS (INT64_C(10) * 60 * 1000)
#define CAUGHT_UP_WITHIN_MS (INT64_C(60) * 1000)

struct allowance_entry {
	char endpoint_id[37];
	char partnership_id[37];
	bool failing;
	bool catching_up;
	bool troubled; /* its circuit is open or has failures, so that a success is news */
	int most;
	int under_way;
	struct pace pace;
	struct circuit_news news;
};

struct allowances {
	int catch_up_rate; /* a second, at first; 0 is as 1 */
	size_t count;
	size_t turn;
	struct allowance_entry entries[ALLOWANCE_ENTRIES];
};

/* What a claim says of a delivery. */
struct allowance_claim {
	const char *partnership_id;
	const char *endpoint_id;
	int64_t waited_ms; /* how long it had been due */
	bool troubled;
};

void allowance_taken(
    struct allowances *allowances, const struct allowance_claim *claim, int64_t now);
void allowance_ended(struct allowances *allowances, const char *endpoint_id, bool delivered,
    int retry_after_seconds);
/*
 * What may be claimed now for each endpoint that differs from ALLOWANCE_START, as two PostgreSQL
 * arrays of one length: ids and numbers.
 */
void allowance_list(
    struct allowances *allowances, int64_t now, struct text *ret_ids, struct text *ret_numbers);
/* Whether something has ended since by which this endpoint's circuit is to be judged. */
bool allowance_has_news(const struct allowance_entry *entry);
