/* Owns the tests of the policies among which a partnership chooses. */
#include <string.h>

#include <criterion/criterion.h>

#include "domain/clock_policies.h"

static const struct date notified_on = {20000};

static struct clock_policy chosen(const char *basis)
{
	return policy_choice_find("rapid_review", basis)->policy;
}

Test(clock_policies, are_told_apart_by_kind_and_basis)
{
	cr_assert_str_eq(policy_choice_find("rapid_review", NULL)->policy.basis, "notification_sent");
	cr_assert_str_eq(policy_choice_find("lcspr", NULL)->policy.basis, "decision_to_initiate");
	cr_assert_null(policy_choice_find("lcspr", "notification_sent"));
	cr_assert_null(policy_choice_find("sin", NULL));
	for (size_t i = 0; i < policy_choice_count(); i++)
		cr_assert_gt(policy_choice_at(i)->policy.length, 0);
}

Test(clock_policies, count_from_the_day_that_their_basis_names)
{
	CLEANUP(json_decref)
	json_t *incident =
	    json_pack("{s:s, s:s}", "aware_on", "2024-01-08", "referral_received_on", "2024-01-09");
	static const struct {
		const char *basis;
		const char *day;
	} rows[] = {{"aware_of_incident", "2024-01-08"}, {"referral_received", "2024-01-09"}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct clock_policy policy = chosen(rows[i].basis);
		struct date day = policy_start_day(&policy, incident, notified_on);
		cr_expect_str_eq(date_format(day).text, rows[i].day);
		cr_expect_str_eq(policy.basis, rows[i].basis);
	}
	struct clock_policy policy = chosen("notification_sent");
	cr_expect_eq(policy_start_day(&policy, incident, notified_on).days, notified_on.days);
}

Test(clock_policies, name_the_laws_own_where_the_incident_lacks_the_day)
{
	CLEANUP(json_decref) json_t *incident = json_pack("{s:s}", "aware_on", "2024-01-08");
	struct clock_policy policy = chosen("referral_received");

	cr_assert_eq(policy_start_day(&policy, incident, notified_on).days, notified_on.days);
	cr_assert_str_eq(policy.basis, "notification_sent");
}
