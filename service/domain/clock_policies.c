/* Owns the table of policies. */
#include "domain/clock_policies.h"

#include <string.h>

#include "domain/incident_facts.h"

/* The first of a kind is what partnerships start with (default_clock_policy in db/migrations). */
static const struct policy_choice choices[] = {
    {{"rapid_review", "notification_sent", "notification sent to the Panel", UNIT_WORKING_DAY, 15,
         "Working Together 2023 chapter 5; Panel guidance"},
        NULL},
    {{"rapid_review", "referral_received", "referral received by the business unit",
         UNIT_WORKING_DAY, 15, "local procedure of the partnership"},
        "referral_received_on"},
    {{"rapid_review", "aware_of_incident", "local authority became aware", UNIT_WORKING_DAY, 15,
         "Working Together 2018 chapter 4"},
        "aware_on"},
    {{"lcspr", "decision_to_initiate", "decision to initiate the review", UNIT_MONTH, 6,
         "Working Together 2023 chapter 5"},
        NULL},
    {{"lcspr", "panel_concurrence", "Panel agreed with the decision", UNIT_MONTH, 6,
         "local procedure of the partnership"},
        NULL},
};

size_t policy_choice_count(void)
{
	return ARRAY_LENGTH(choices);
}

const struct policy_choice *policy_choice_at(size_t index)
{
	return &choices[index];
}

const struct policy_choice *policy_choice_find(const char *kind, const char *basis)
{
	for (size_t i = 0; i < ARRAY_LENGTH(choices); i++)
		if (strcmp(choices[i].policy.kind, kind) == 0 &&
		    (!basis || strcmp(choices[i].policy.basis, basis) == 0))
			return &choices[i];
	return NULL;
}

struct date policy_start_day(
    struct clock_policy *policy, const json_t *incident, struct date event_day)
{
	const struct policy_choice *choice = policy_choice_find(policy->kind, policy->basis);

	if (!choice || !choice->day)
		return event_day;
	struct date day = fact_date(incident, choice->day);
	if (date_is_set(day))
		return day;
	*policy = policy_choice_find(policy->kind, NULL)->policy;
	return event_day;
}
