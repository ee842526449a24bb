/* Owns the rules of one child's record: a table, one row and one small function a rule. */
#include "domain/child_rules.h"

#include <stdio.h>

#include "domain/incident_facts.h"

struct subject {
	const json_t *children;
	const json_t *child; /* the one at `index` */
	size_t index;
	const char *field; /* the one that the rule is about */
	struct date today;
};

static bool is_second_index(const struct subject *subject)
{
	if (!fact_is_true(subject->child, "index_child"))
		return false;
	for (size_t i = 0; i < subject->index; i++)
		if (fact_is_true(json_array_get(subject->children, i), "index_child"))
			return true;
	return false;
}

static bool is_unborn_with_age(const struct subject *subject)
{
	return fact_is_true(subject->child, "unborn") && fact_is_asked(subject->child, subject->field);
}

static bool is_unborn_without_expected_date(const struct subject *subject)
{
	return fact_is_true(subject->child, "unborn") && !fact_is_asked(subject->child, subject->field);
}

static bool is_born_with_expected_date(const struct subject *subject)
{
	return !fact_is_true(subject->child, "unborn") && fact_is_asked(subject->child, subject->field);
}

static bool is_unusable_date(const struct subject *subject)
{
	return fact_is_asked(subject->child, subject->field) &&
	       !date_is_set(fact_date(subject->child, subject->field));
}

static bool is_in_the_future(const struct subject *subject)
{
	struct date date = fact_date(subject->child, subject->field);

	return date_is_set(date) && date.days > subject->today.days;
}

static bool is_plan_ended_before_it_started(const struct subject *subject)
{
	struct date started = fact_date(subject->child, "cp_started_on");
	struct date ended = fact_date(subject->child, "cp_ended_on");

	return date_is_set(started) && date_is_set(ended) && ended.days < started.days;
}

static bool has_days_beyond_the_first_year(const struct subject *subject)
{
	const json_t *days = json_object_get(subject->child, "age_days");

	return json_is_integer(days) &&
	       (json_integer_value(days) > 365 || child_age(subject->child) > 0);
}

static bool is_care_leaver_of_another_age(const struct subject *subject)
{
	int age = child_age(subject->child);

	return child_is_care_leaver(subject->child) && age != AGE_NOT_KNOWN && (age < 16 || age > 24);
}

static bool is_adult_looked_after(const struct subject *subject)
{
	return child_is_looked_after(subject->child) && child_age(subject->child) >= 18;
}

/* The status with social care says that it is so, and the field that it is not or no longer. */
static bool contradicts_status(const struct subject *subject, const char *status)
{
	return fact_is(subject->child, "csc_status", status) &&
	       (fact_is(subject->child, subject->field, "none") ||
	           fact_is(subject->child, subject->field, "previous"));
}

static bool contradicts_looked_after(const struct subject *subject)
{
	return contradicts_status(subject, "lac");
}

static bool contradicts_protection_plan(const struct subject *subject)
{
	return contradicts_status(subject, "cp_plan");
}

#define OUT_OF_RANGE                                                                               \
	"date_out_of_range", is_unusable_date, "Dates are real days of the years 1900 to 2199."
#define IN_THE_FUTURE                                                                              \
	"date_in_future", is_in_the_future, "A date that states what happened is not in the future."

static const struct {
	const char *field;
	const char *code;
	bool (*is_broken)(const struct subject *subject);
	const char *sentence;
} rules[] = {
    {"index_child", "index_child", is_second_index,
        "Exactly one child is the index child, whose characteristics the DfE counts; another child "
        "before this one is marked already."},
    {"age_years", "unborn_age", is_unborn_with_age,
        "An unborn child has no age; expected_on stands in its place."},
    {"age_days", "unborn_age", is_unborn_with_age,
        "An unborn child has no age; expected_on stands in its place."},
    {"expected_on", "expected_on_required", is_unborn_without_expected_date,
        "An unborn child has an expected date of delivery."},
    {"expected_on", "expected_on_not_unborn", is_born_with_expected_date,
        "An expected date of delivery is given for an unborn child only."},
    {"expected_on", OUT_OF_RANGE},
    {"cp_started_on", OUT_OF_RANGE},
    {"cp_ended_on", OUT_OF_RANGE},
    {"cp_started_on", IN_THE_FUTURE},
    {"cp_ended_on", IN_THE_FUTURE},
    {"cp_ended_on", "cp_ended_before_start", is_plan_ended_before_it_started,
        "A child protection plan does not end before it starts."},
    {"age_days", "age_days_beyond_first_year", has_days_beyond_the_first_year,
        "An age in days, 0 to 365, is given below one year only, and then age_years is 0."},
    {"age_years", "care_leaver_age", is_care_leaver_of_another_age,
        "A care leaver is 16 to 24 years old."},
    {"age_years", "looked_after_age", is_adult_looked_after,
        "A looked-after child is under 18; the age is the one at the incident."},
    {"lac_status", "lac_status_contradicts", contradicts_looked_after,
        "A child whose csc_status is lac is looked after, so lac_status is current."},
    {"cp_plan", "cp_plan_contradicts", contradicts_protection_plan,
        "A child whose csc_status is cp_plan has a child protection plan, so cp_plan is current."},
};

bool child_rules_check(
    const json_t *children, size_t index, struct date today, struct problem *problem)
{
	struct subject subject = {
	    .children = children,
	    .child = json_array_get(children, index),
	    .index = index,
	    .today = today,
	};
	bool sound = true;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		subject.field = rules[i].field;
		if (!rules[i].is_broken(&subject))
			continue;
		char pointer[64];
		snprintf(pointer, sizeof(pointer), "/children/%zu/%s", index, rules[i].field);
		sound =
		    problem_add(problem, PROBLEM_INVALID, pointer, rules[i].code, "%s", rules[i].sentence);
	}
	return sound;
}
