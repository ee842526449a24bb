/* Owns the tests of the delivery schedule. */
#include <inttypes.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/retry.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define MIDDLE UINT32_C(0x80000000) /* neither shorter nor longer */

Test(retry, follows_the_published_schedule)
{
	static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

	cr_assert_eq(ARRAY_LENGTH(seconds), RETRY_ATTEMPTS - 1);
	for (int i = 0; i < (int)ARRAY_LENGTH(seconds); i++)
		for (int statutory = 0; statutory <= 1; statutory++)
			cr_expect_eq(retry_delay(i + 1, statutory, 0, MIDDLE, 100), seconds[i] * SECOND,
			    "after %d", i + 1);
}

Test(retry, ends_after_ten_attempts_unless_the_law_needs_the_delivery)
{
	cr_expect_eq(retry_delay(10, false, 0, MIDDLE, 100), -1);
	cr_expect_eq(retry_delay(11, false, 30, MIDDLE, 100), -1);
	cr_expect_eq(retry_delay(10, true, 0, MIDDLE, 100), 24 * HOUR);
	cr_expect_eq(retry_delay(1000000, true, 0, MIDDLE, 100), 24 * HOUR);
}

Test(retry, spreads_by_a_fifth_either_way_and_no_further)
{
	for (int attempts = 1; attempts <= 12; attempts++) {
		int64_t middle = retry_delay(attempts, true, 0, MIDDLE, 100);
		int64_t least = retry_delay(attempts, true, 0, 0, 100);
		int64_t most = retry_delay(attempts, true, 0, UINT32_MAX, 100);
		cr_expect_eq(least, middle * 8 / 10, "after %d: %" PRId64, attempts, least);
		cr_expect_eq(most, middle * 12 / 10 - 1, "after %d: %" PRId64, attempts, most);
	}
}

Test(retry, waits_as_long_as_the_receiver_asks_up_to_a_day)
{
	static const struct {
		int attempts;
		int asked;
		int scale;
		int64_t delay;
	} rows[] = {
	    {1, 60, 100, 60 * SECOND}, {1, 3, 100, 5 * SECOND}, /* never sooner than the schedule */
	    {1, 86400, 100, 24 * HOUR}, {1, 86401, 100, 24 * HOUR}, {1, INT32_MAX, 100, 24 * HOUR},
	    {1, -5, 100, 5 * SECOND},
	    {1, 60, 1, 60 * SECOND}, /* the scale shortens the schedule, not the request */
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int64_t delay = retry_delay(rows[i].attempts, false, rows[i].asked, MIDDLE, rows[i].scale);
		cr_expect_eq(delay, rows[i].delay, "asked %d: %" PRId64, rows[i].asked, delay);
	}
}

Test(retry, is_shortened_by_the_scale)
{
	cr_expect_eq(retry_delay(1, false, 0, MIDDLE, 1), 50);
	cr_expect_eq(retry_delay(2, false, 0, MIDDLE, 10), 30 * SECOND);
	cr_expect_eq(retry_delay(9, false, 0, MIDDLE, 50), 12 * HOUR);
	cr_expect_eq(retry_delay(10, false, 0, MIDDLE, 1), -1);
}
