/* What follows from an attempt. Pure. Source: the interface's rules for webhooks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How a delivery stands after an attempt, as the database has it. */
enum verdict_state { VERDICT_PENDING, VERDICT_DELIVERED, VERDICT_FAILED, VERDICT_STATES };

struct attempt {
	int status;              /* of the answer; 0 when there was none */
	bool complete;           /* the answer came to its end, or was longer than we read */
	int retry_after_seconds; /* as the receiver asks, 0 when it does not */
	int number;              /* this attempt's, from 1 */
	bool statutory;          /* the endpoint belongs to a recipient in law */
};

struct verdict {
	enum verdict_state state;
	int64_t delay_ms; /* until the next attempt, for VERDICT_PENDING */
	bool pause;       /* the endpoint asks not to be called again (410) */
};

/*
 * 2xx alone is success; 3xx is not followed and fails. 410 pauses an ordinary endpoint, never one
 * of a recipient in law, whose deliveries never come to an end by themselves either.
 */
struct verdict verdict_of(const struct attempt *attempt, uint32_t random, int scale_percent);
const char *verdict_state_name(enum verdict_state state);
