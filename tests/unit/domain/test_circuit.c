/* Owns the tests of when a circuit opens, is tried and closes. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/circuit.h"

#define NOW INT64_C(1700000000000)
#define MIDDLE UINT32_C(0x80000000)

static enum circuit_change fail(struct circuit *circuit, int failures, bool statutory, int64_t now)
{
	return circuit_judge(
	    circuit, &(struct circuit_news){.failures = failures}, statutory, now, MIDDLE, 100);
}

static enum circuit_change succeed(struct circuit *circuit, int failures_after)
{
	return circuit_judge(circuit,
	    &(struct circuit_news){.delivered = true, .failures = failures_after}, true, NOW, MIDDLE,
	    100);
}

Test(circuit, opens_once_after_as_many_failures_one_after_the_other)
{
	struct circuit circuit = {0};

	for (int i = 1; i < CIRCUIT_FAILURES; i++)
		cr_assert_eq(fail(&circuit, 1, true, NOW), CIRCUIT_STAYS);
	cr_assert_eq(circuit.opened_at, 0);
	cr_assert_eq(fail(&circuit, 1, true, NOW), CIRCUIT_OPENS);
	cr_assert_eq(circuit.opened_at, NOW);
	cr_assert_gt(circuit.trial_at, NOW);
	cr_assert_eq(fail(&circuit, 1, true, NOW + 1), CIRCUIT_STAYS);
	cr_assert_eq(circuit.opened_at, NOW, "it is still the same outage");
}

Test(circuit, opens_at_once_when_many_fail_together)
{
	struct circuit circuit = {0};

	cr_assert_eq(fail(&circuit, 32, false, NOW), CIRCUIT_OPENS);
}

Test(circuit, counts_anew_after_a_success)
{
	struct circuit circuit = {0};

	for (int round = 0; round < 3; round++) {
		cr_assert_eq(fail(&circuit, CIRCUIT_FAILURES - 1, true, NOW), CIRCUIT_STAYS);
		cr_assert_eq(succeed(&circuit, 0), CIRCUIT_STAYS);
		cr_assert_eq(circuit.failures, 0);
	}
	cr_assert_eq(succeed(&circuit, 3), CIRCUIT_STAYS);
	cr_assert_eq(circuit.failures, 3, "what failed after the success counts");
}

Test(circuit, closes_with_the_first_success_and_only_then)
{
	struct circuit circuit = {0};

	(void)fail(&circuit, CIRCUIT_FAILURES, true, NOW);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(fail(&circuit, 1, true, NOW + i), CIRCUIT_STAYS);
	cr_assert_eq(succeed(&circuit, 0), CIRCUIT_CLOSES);
	cr_assert_eq(circuit.opened_at, 0);
	cr_assert_eq(circuit.trial_at, 0);
	cr_assert_eq(circuit.trials, 0);
	cr_assert_eq(succeed(&circuit, 0), CIRCUIT_STAYS);
}

Test(circuit, is_not_moved_by_no_news)
{
	struct circuit circuit = {.failures = 9, .trials = 2, .opened_at = NOW, .trial_at = NOW + 5};

	cr_assert_eq(fail(&circuit, 0, true, NOW), CIRCUIT_STAYS);
	cr_assert_eq(circuit.trials, 2);
	cr_assert_eq(circuit.trial_at, NOW + 5);
}

Test(circuit, is_tried_ever_more_seldom_up_to_a_minute_in_law_and_a_quarter_of_an_hour_else)
{
	static const int64_t seconds[] = {10, 20, 40, 80, 160, 320, 640, 900, 900};

	for (int statutory = 0; statutory <= 1; statutory++) {
		struct circuit circuit = {0};
		for (size_t i = 0; i < ARRAY_LENGTH(seconds); i++) {
			(void)fail(&circuit, CIRCUIT_FAILURES, statutory, NOW);
			int64_t wanted = statutory && seconds[i] > 60 ? 60 : seconds[i];
			cr_expect_eq(circuit.trial_at - NOW, wanted * 1000, "%zu: %lld", i,
			    (long long)(circuit.trial_at - NOW));
		}
	}
}

Test(circuit, spreads_its_trials_and_follows_the_scale)
{
	static const struct {
		uint32_t random;
		int scale;
		int64_t least, most;
	} rows[] = {{0, 100, 8000, 8000}, {UINT32_MAX, 100, 11990, 12000}, {MIDDLE, 1, 100, 100}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct circuit circuit = {0};
		(void)circuit_judge(&circuit, &(struct circuit_news){.failures = CIRCUIT_FAILURES}, true,
		    NOW, rows[i].random, rows[i].scale);
		cr_expect_geq(circuit.trial_at - NOW, rows[i].least);
		cr_expect_leq(circuit.trial_at - NOW, rows[i].most);
	}
}

Test(circuit, waits_as_long_as_the_receiver_asks_up_to_an_hour)
{
	static const struct {
		int asked;
		int64_t seconds;
	} rows[] = {{1, 10}, {120, 120}, {86400, 3600}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct circuit circuit = {0};
		(void)circuit_judge(&circuit,
		    &(struct circuit_news){
		        .failures = CIRCUIT_FAILURES, .retry_after_seconds = rows[i].asked},
		    true, NOW, MIDDLE, 100);
		cr_expect_eq(circuit.trial_at - NOW, rows[i].seconds * 1000);
	}
}
