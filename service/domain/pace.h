/*
 * How fast an endpoint catches up with what has been waiting for long: slowly at first, faster with
 * each success, slower after a failure, and from a point on without a limit. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Beyond this many a second there is no limit any more. */
#define PACE_MOST 1000

struct pace {
	double rate;   /* a second; 0: there is no limit */
	double tokens; /* what may be taken now */
	int64_t at;    /* when the tokens were counted, in milliseconds of any clock */
};

/* Begins a catch-up with `start` (1 or more) a second, the first of them at once. */
void pace_begin(struct pace *pace, int start, int64_t now);
/* How many may begin now. */
int pace_allows(struct pace *pace, int64_t now);
/* One has begun. */
void pace_taken(struct pace *pace);
/* One has ended: the rate doubles in about ten seconds of successes, and halves with a failure. */
void pace_ended(struct pace *pace, int start, bool delivered);
