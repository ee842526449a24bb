/* Owns when a circuit opens, is tried and closes. */
#include "domain/circuit.h"

#include <assert.h>

#define SECOND INT64_C(1000)
#define FIRST_WAIT (10 * SECOND)
#define STATUTORY_WAIT (60 * SECOND)
#define ORDINARY_WAIT (15 * STATUTORY_WAIT)
#define ASKED_WAIT (60 * STATUTORY_WAIT)

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t wait_after(int trials, bool statutory, int asked, uint32_t random, int scale_percent)
{
	int64_t most = statutory ? STATUTORY_WAIT : ORDINARY_WAIT;
	int64_t wait = FIRST_WAIT;

	for (int i = 0; i < trials && wait < most; i++)
		wait *= 2;
	wait = least(wait, most);
	wait = wait * 8 / 10 + (wait * 4 / 10 * (int64_t)random >> 32);
	wait = wait * scale_percent / 100;
	int64_t asked_wait = least(asked * SECOND, ASKED_WAIT);
	return asked_wait > wait ? asked_wait : wait;
}

enum circuit_change circuit_judge(struct circuit *circuit, const struct circuit_news *news,
    bool statutory, int64_t now, uint32_t random, int scale_percent)
{
	bool was_open = circuit->opened_at != 0;

	assert(scale_percent >= 1 && scale_percent <= 100);
	if (news->delivered) {
		*circuit = (struct circuit){.failures = news->failures};
		return was_open ? CIRCUIT_CLOSES : CIRCUIT_STAYS;
	}
	if (news->failures == 0)
		return CIRCUIT_STAYS;
	circuit->failures += news->failures;
	if (!was_open && circuit->failures < CIRCUIT_FAILURES)
		return CIRCUIT_STAYS;
	if (was_open)
		circuit->trials++;
	else
		*circuit = (struct circuit){.failures = circuit->failures, .opened_at = now};
	circuit->trial_at = now + wait_after(circuit->trials, statutory, news->retry_after_seconds,
	                              random, scale_percent);
	return was_open ? CIRCUIT_STAYS : CIRCUIT_OPENS;
}
