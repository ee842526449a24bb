/* What the dispatcher's thread counts and others read at any time. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/text.h"
#include "outbox/queue.h"

struct counters {
	_Atomic int64_t attempts[VERDICT_STATES];
	_Atomic int64_t stale; /* ended, but somebody else held the delivery by then */
	_Atomic int64_t under_way;
	_Atomic int64_t
	    claiming;         /* as many as are asked for and may be ours, until the answer is there */
	_Atomic int64_t held; /* claimed, and not settled */
	_Atomic int64_t lag_ms;
	_Atomic int64_t oldest_statutory_ms;
	_Atomic int64_t oldest_other_ms;
	_Atomic int64_t at_risk;
	_Atomic int64_t circuits_open;
	atomic_bool connected;
};

/* How the queue stood when it was measured last. */
void counters_set_state(struct counters *counters, const struct queue_state *state);
/* Appends them as Prometheus text. */
void counters_put(struct counters *counters, struct text *ret_metrics);
