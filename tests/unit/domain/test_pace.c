/* Owns the tests of how fast an endpoint catches up. */
#include <criterion/criterion.h>

#include <limits.h>

#include "domain/pace.h"

#define START 10
#define SECOND INT64_C(1000)

/* Takes all that is allowed in each tenth of a second, and lets it succeed; how many. */
static int run(struct pace *pace, int64_t *now, int seconds)
{
	int taken = 0;

	for (int64_t end = *now + seconds * SECOND; *now < end && pace->rate > 0; *now += 100) {
		int allowed = pace_allows(pace, *now);
		for (int i = 0; i < allowed; i++) {
			pace_taken(pace);
			pace_ended(pace, START, true);
		}
		taken += allowed;
	}
	return taken;
}

Test(pace, is_no_limit_where_nothing_has_begun)
{
	struct pace pace = {0};

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pace_allows(&pace, i), INT_MAX);
		pace_taken(&pace);
		pace_ended(&pace, START, i % 2);
	}
}

Test(pace, begins_slowly_and_doubles_in_about_ten_seconds)
{
	struct pace pace;
	int64_t now = 5000;

	pace_begin(&pace, START, now);
	int first = run(&pace, &now, 1);
	cr_assert_geq(first, START);
	cr_assert_leq(first, 2 * START + 2);
	(void)run(&pace, &now, 9);
	cr_assert_geq(pace.rate, 1.5 * START);
	cr_assert_leq(pace.rate, 3 * START);
}

Test(pace, comes_to_have_no_limit_while_everything_succeeds)
{
	struct pace pace;
	int64_t now = 0;

	pace_begin(&pace, START, now);
	(void)run(&pace, &now, 600);
	cr_assert_eq(pace_allows(&pace, now), INT_MAX);
	cr_assert_lt(now, 120 * SECOND);
}

Test(pace, gives_no_more_than_a_second_of_what_was_not_used)
{
	struct pace pace;

	pace_begin(&pace, START, 0);
	cr_assert_eq(pace_allows(&pace, 3600 * SECOND), START);
}

Test(pace, halves_with_a_failure_and_never_falls_below_its_start)
{
	struct pace pace;

	pace_begin(&pace, START, 0);
	pace.rate = 100;
	pace_ended(&pace, START, false);
	cr_assert_eq((int)pace.rate, 50);
	for (int i = 0; i < 10; i++)
		pace_ended(&pace, START, false);
	cr_assert_eq((int)pace.rate, START);
}

Test(pace, takes_what_is_under_way_from_what_is_allowed)
{
	struct pace pace;

	pace_begin(&pace, START, 0);
	for (int left = START; left > 0; left--) {
		cr_assert_eq(pace_allows(&pace, 0), left);
		pace_taken(&pace);
	}
	cr_assert_eq(pace_allows(&pace, 0), 0);
	cr_assert_eq(pace_allows(&pace, 100), 1);
}
