/*
 * The policies among which a partnership chooses, and the day from which each counts. Pure. What a
 * partnership has chosen are rows of clock_policy.
 * Sources: Working Together 2018 and 2023, chapter 5; the Panel's guidance, by which the rapid
 * review is due 15 working days after the notification; partnerships' own procedures count from the
 * referral.
 */
#pragma once

#include "base/cleanup.h"
#include "domain/clock.h"

struct policy_choice {
	struct clock_policy policy;
	/* The member of the incident that has the day; NULL: the day of the event that starts it. */
	const char *day;
};

size_t policy_choice_count(void);
const struct policy_choice *policy_choice_at(size_t index);
/* NULL when the kind has no such basis. */
const struct policy_choice *policy_choice_find(const char *kind, const char *basis);

/*
 * The day from which an incident's clock counts by the policy. `event_day` is that of the event
 * which starts it by the law's own reading, the first choice of the kind; where the incident does
 * not have the day that the policy wants, `policy` becomes that first choice, so that a clock names
 * the policy it was counted by.
 */
struct date policy_start_day(
    struct clock_policy *policy, const json_t *incident, struct date event_day);
