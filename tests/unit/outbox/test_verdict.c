/* Owns the tests of what follows from an attempt. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "outbox/verdict.h"

static struct verdict of(struct attempt attempt)
{
	return verdict_of(&attempt, 0x80000000u, 100);
}

Test(verdict, is_delivered_for_2xx_alone)
{
	for (int status = 100; status <= 599; status++) {
		struct verdict verdict =
		    of((struct attempt){.status = status, .complete = true, .number = 1});
		cr_expect_eq(
		    verdict.state == VERDICT_DELIVERED, status >= 200 && status <= 299, "%d", status);
	}
}

Test(verdict, is_another_attempt_when_the_answer_broke_off_or_never_came)
{
	cr_assert_eq(of((struct attempt){.status = 200, .number = 1}).state, VERDICT_PENDING);
	cr_assert_eq(of((struct attempt){.status = 0, .number = 1}).state, VERDICT_PENDING);
}

Test(verdict, gives_an_ordinary_endpoint_ten_attempts)
{
	for (int number = 1; number <= 9; number++) {
		struct verdict verdict =
		    of((struct attempt){.status = 500, .complete = true, .number = number});
		cr_expect_eq(verdict.state, VERDICT_PENDING, "%d", number);
		cr_expect_gt(verdict.delay_ms, 0, "%d", number);
	}
	cr_assert_eq(
	    of((struct attempt){.status = 500, .complete = true, .number = 10}).state, VERDICT_FAILED);
}

Test(verdict, never_gives_up_a_recipient_in_law)
{
	static const int numbers[] = {1, 9, 10, 11, 100, 10000};

	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		struct verdict verdict =
		    of((struct attempt){.status = 500, .number = numbers[i], .statutory = true});
		cr_expect_eq(verdict.state, VERDICT_PENDING, "%d", numbers[i]);
		cr_expect_leq(verdict.delay_ms, 29LL * 3600 * 1000, "%d", numbers[i]);
	}
}

Test(verdict, pauses_an_ordinary_endpoint_that_is_gone_and_no_recipient_in_law)
{
	struct attempt gone = {.status = 410, .complete = true, .number = 1};

	cr_assert(of(gone).pause);
	gone.statutory = true;
	cr_assert_not(of(gone).pause);
	cr_assert_eq(of(gone).state, VERDICT_PENDING);
	cr_assert_not(of((struct attempt){.status = 404, .complete = true, .number = 1}).pause);
}

Test(verdict, waits_as_long_as_the_receiver_asks)
{
	struct attempt busy = {
	    .status = 429, .complete = true, .number = 1, .retry_after_seconds = 3600};

	cr_assert_geq(of(busy).delay_ms, 3600LL * 1000);
}
