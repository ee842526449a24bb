/* What the dispatcher's thread counts and others read at any time. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/text.h"
#include "outbox/verdict.h"

struct counters {
	_Atomic int64_t attempts[VERDICT_STATES];
	_Atomic int64_t stale; /* ended, but somebody else held the delivery by then */
	_Atomic int64_t under_way;
	_Atomic int64_t lag_ms;
	atomic_bool connected;
};

/* Appends them as Prometheus text. */
void counters_put(struct counters *counters, struct text *ret_metrics);
