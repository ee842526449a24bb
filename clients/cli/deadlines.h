/* How near a deadline is to being missed. */
#pragma once

#include "cli/json.h"

enum deadline_state {
	DEADLINE_CALM,
	DEADLINE_AT_RISK, /* running, with at most one working day left */
	DEADLINE_BREACHED,
};

/* Of one row of listDeadlines. `today` is YYYY-MM-DD, for clocks that do not count working days. */
enum deadline_state deadline_state_of(const json_t *row, const char *today);
