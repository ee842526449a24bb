/* Owns the schedule of delivery attempts. */
#include "domain/retry.h"

#include <assert.h>
#include <stddef.h>

#include "base/cleanup.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* How long after each failed attempt; the first attempt itself is made at once. */
static const int64_t waits[] = {
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
};

static_assert(ARRAY_LENGTH(waits) == RETRY_ATTEMPTS - 1, "a wait between any two attempts");

/* Spread from 80 % to 120 %, so that what failed together does not come back together. */
static int64_t spread(int64_t wait, uint32_t random)
{
	return wait * 8 / 10 + (wait * 4 / 10 * (int64_t)random >> 32);
}

int64_t retry_delay(
    int attempts, bool statutory, int retry_after_seconds, uint32_t random, int scale_percent)
{
	assert(attempts >= 1 && scale_percent >= 1 && scale_percent <= 100);
	if (attempts >= RETRY_ATTEMPTS && !statutory)
		return -1;

	int64_t wait = attempts < RETRY_ATTEMPTS ? waits[attempts - 1] : DAY;
	int64_t delay = spread(wait, random) * scale_percent / 100;
	int64_t asked = retry_after_seconds * SECOND;
	if (asked > DAY)
		asked = DAY;
	/* What the receiver asked for is not shortened by the scale. */
	return asked > delay ? asked : delay;
}
