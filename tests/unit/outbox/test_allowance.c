/* Owns the tests of how many deliveries an endpoint may have under way. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "outbox/allowance.h"

static void name(int number, char ret_id[37])
{
	snprintf(ret_id, 37, "00000000-0000-0000-0000-%012d", number);
}

static void take(struct allowances *allowances, const char *id)
{
	allowance_taken(
	    allowances, &(struct allowance_claim){.partnership_id = "p", .endpoint_id = id}, 0);
}

static void end(struct allowances *allowances, const char *id, bool delivered)
{
	allowance_ended(allowances, id, delivered, 0);
}

/* What may be claimed for an endpoint; ALLOWANCE_START when it is not listed. */
static int claimable(struct allowances *allowances, const char *id)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(65536);
	CLEANUP(text_finish) struct text numbers = TEXT_INIT(65536);

	allowance_list(allowances, 0, &ids, &numbers);
	const char *found = strstr(text_string(&ids), id);
	if (!found)
		return ALLOWANCE_START;
	const char *at = text_string(&numbers) + 1;
	for (long before = (found - text_string(&ids) - 1) / 37; before > 0; before--)
		at = strchr(at, ',') + 1;
	return (int)strtol(at, NULL, 10);
}

static int claimable_in_all(struct allowances *allowances)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(65536);
	CLEANUP(text_finish) struct text numbers = TEXT_INIT(65536);
	int sum = 0;

	allowance_list(allowances, 0, &ids, &numbers);
	char *at = numbers.data + 1;
	while (*at && *at != '}') {
		sum += (int)strtol(at, &at, 10);
		at += *at == ',';
	}
	return sum;
}

Test(allowance, starts_small_and_grows_with_every_success_up_to_its_most)
{
	static struct allowances allowances;
	char id[37];

	name(1, id);
	cr_assert_eq(claimable(&allowances, id), ALLOWANCE_START);
	for (int i = 1; i <= 2 * ALLOWANCE_MOST; i++) {
		take(&allowances, id);
		end(&allowances, id, true);
		int most = ALLOWANCE_START + i < ALLOWANCE_MOST ? ALLOWANCE_START + i : ALLOWANCE_MOST;
		cr_assert_eq(claimable(&allowances, id), most);
	}
}

Test(allowance, counts_what_is_under_way)
{
	static struct allowances allowances;
	char id[37];

	name(1, id);
	take(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), ALLOWANCE_START - 1);
	take(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), 0);
}

Test(allowance, is_one_after_a_failure_until_it_succeeds)
{
	static struct allowances allowances;
	char id[37];

	name(1, id);
	for (int i = 0; i < 40; i++) {
		take(&allowances, id);
		end(&allowances, id, true);
	}
	take(&allowances, id);
	end(&allowances, id, false);
	cr_assert_eq(claimable(&allowances, id), 1);
	take(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), 0);
	end(&allowances, id, true);
	cr_assert_eq(claimable(&allowances, id), 2);
}

Test(allowance, keeps_half_of_the_slots_from_all_failing_endpoints_together)
{
	static struct allowances allowances;
	char id[37];

	for (int i = 0; i < 600; i++) {
		name(i, id);
		take(&allowances, id);
		end(&allowances, id, false);
	}
	cr_assert_eq(claimable_in_all(&allowances), SLOTS / 2);
	for (int i = 0; i < 100; i++) {
		name(i, id);
		take(&allowances, id);
	}
	cr_assert_eq(claimable_in_all(&allowances), SLOTS / 2 - 100);
}

Test(allowance, passes_over_no_failing_endpoint_for_ever)
{
	static struct allowances allowances;
	static bool served[600];
	char id[37];

	for (int i = 0; i < 600; i++) {
		name(i, id);
		take(&allowances, id);
		end(&allowances, id, false);
	}
	for (int round = 0; round < 600; round++) {
		CLEANUP(text_finish) struct text ids = TEXT_INIT(65536);
		CLEANUP(text_finish) struct text numbers = TEXT_INIT(65536);
		allowance_list(&allowances, 0, &ids, &numbers);
		/* A failing endpoint gets none or one: numbers stand at every second place. */
		for (size_t i = 0; i < 600; i++)
			if (numbers.data[1 + 2 * i] == '1')
				served[strtol(ids.data + 1 + 37 * i + 24, NULL, 10)] = true;
	}
	for (int i = 0; i < 600; i++)
		cr_expect(served[i], "%d", i);
}

Test(allowance, forgets_idle_endpoints_and_none_that_has_something_under_way)
{
	static struct allowances allowances;
	char id[37];
	char busy[37];

	name(999999, busy);
	take(&allowances, busy);
	for (int i = 0; i < 3 * ALLOWANCE_ENTRIES; i++) {
		name(i, id);
		take(&allowances, id);
		end(&allowances, id, false);
	}
	cr_assert_leq(allowances.count, ALLOWANCE_ENTRIES);
	end(&allowances, busy, true);
}

Test(allowance, catches_up_slowly_with_what_has_waited_for_long)
{
	static struct allowances allowances = {.catch_up_rate = 3};
	struct allowance_claim claim = {.partnership_id = "p", .waited_ms = CATCH_UP_AFTER_MS};
	char id[37];

	name(1, id);
	claim.endpoint_id = id;
	for (int i = 0; i < 50; i++) {
		take(&allowances, id);
		end(&allowances, id, true);
	}
	cr_assert_gt(claimable(&allowances, id), 3);
	allowance_taken(&allowances, &claim, 0);
	cr_assert_eq(claimable(&allowances, id), 2);
	for (int i = 0; i < 2; i++)
		allowance_taken(&allowances, &claim, 0);
	cr_assert_eq(claimable(&allowances, id), 0);
	for (int i = 0; i < 3; i++)
		end(&allowances, id, true);
	cr_assert_eq(claimable(&allowances, id), 0, "none until the time for the next has come");
}

Test(allowance, has_news_of_failures_and_of_what_succeeds_after_them)
{
	static struct allowances allowances;
	struct allowance_entry *entry = &allowances.entries[0];
	char id[37];

	name(1, id);
	take(&allowances, id);
	end(&allowances, id, true);
	cr_assert_not(allowance_has_news(entry), "nothing has failed");
	for (int i = 0; i < 2; i++) {
		take(&allowances, id);
		allowance_ended(&allowances, id, false, 7);
	}
	cr_assert(allowance_has_news(entry));
	cr_assert_eq(entry->news.failures, 2);
	cr_assert_eq(entry->news.retry_after_seconds, 7);
	entry->news = (struct circuit_news){0};
	entry->troubled = true;
	take(&allowances, id);
	end(&allowances, id, true);
	cr_assert(allowance_has_news(entry));
	cr_assert(entry->news.delivered);
	cr_assert_eq(entry->news.failures, 0);
}
