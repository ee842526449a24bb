/* Owns the tests of how many deliveries an endpoint may have under way. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "outbox/allowance.h"

static void name(int number, char ret_id[37])
{
	snprintf(ret_id, 37, "00000000-0000-0000-0000-%012d", number);
}

/* What may be claimed for an endpoint; ALLOWANCE_START when it is not listed. */
static int claimable(struct allowances *allowances, const char *id)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(65536);
	CLEANUP(text_finish) struct text numbers = TEXT_INIT(65536);

	allowance_list(allowances, &ids, &numbers);
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

	allowance_list(allowances, &ids, &numbers);
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
	for (int i = 1; i <= 100; i++) {
		allowance_taken(&allowances, id);
		allowance_ended(&allowances, id, true);
		int most = ALLOWANCE_START + i < ALLOWANCE_MOST ? ALLOWANCE_START + i : ALLOWANCE_MOST;
		cr_assert_eq(claimable(&allowances, id), most);
	}
}

Test(allowance, counts_what_is_under_way)
{
	static struct allowances allowances;
	char id[37];

	name(1, id);
	allowance_taken(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), ALLOWANCE_START - 1);
	allowance_taken(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), 0);
}

Test(allowance, is_one_after_a_failure_until_it_succeeds)
{
	static struct allowances allowances;
	char id[37];

	name(1, id);
	for (int i = 0; i < 40; i++) {
		allowance_taken(&allowances, id);
		allowance_ended(&allowances, id, true);
	}
	allowance_taken(&allowances, id);
	allowance_ended(&allowances, id, false);
	cr_assert_eq(claimable(&allowances, id), 1);
	allowance_taken(&allowances, id);
	cr_assert_eq(claimable(&allowances, id), 0);
	allowance_ended(&allowances, id, true);
	cr_assert_eq(claimable(&allowances, id), 2);
}

Test(allowance, keeps_half_of_the_slots_from_all_failing_endpoints_together)
{
	static struct allowances allowances;
	char id[37];

	for (int i = 0; i < 600; i++) {
		name(i, id);
		allowance_taken(&allowances, id);
		allowance_ended(&allowances, id, false);
	}
	cr_assert_eq(claimable_in_all(&allowances), SLOTS / 2);
	for (int i = 0; i < 100; i++) {
		name(i, id);
		allowance_taken(&allowances, id);
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
		allowance_taken(&allowances, id);
		allowance_ended(&allowances, id, false);
	}
	for (int round = 0; round < 600; round++) {
		CLEANUP(text_finish) struct text ids = TEXT_INIT(65536);
		CLEANUP(text_finish) struct text numbers = TEXT_INIT(65536);
		allowance_list(&allowances, &ids, &numbers);
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
	allowance_taken(&allowances, busy);
	for (int i = 0; i < 3 * ALLOWANCE_ENTRIES; i++) {
		name(i, id);
		allowance_taken(&allowances, id);
		allowance_ended(&allowances, id, false);
	}
	cr_assert_leq(allowances.count, ALLOWANCE_ENTRIES);
	allowance_ended(&allowances, busy, true);
}
