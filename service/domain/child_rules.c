/* Owns the rules of one child's record: a table, one row and one small function a rule. */
#include "domain/child_rules.h"

#include <stdio.h>

#include "domain/incident_facts.h"

static bool is_second_index(const json_t *children, size_t index)
{
	if (!fact_is_true(json_array_get(children, index), "index_child"))
		return false;
	for (size_t i = 0; i < index; i++)
		if (fact_is_true(json_array_get(children, i), "index_child"))
			return true;
	return false;
}

static bool is_unborn_with(const json_t *children, size_t index, const char *field)
{
	const json_t *child = json_array_get(children, index);

	return fact_is_true(child, "unborn") && fact_is_asked(child, field);
}

static bool is_unborn_with_years(const json_t *children, size_t index)
{
	return is_unborn_with(children, index, "age_years");
}

static bool is_unborn_with_days(const json_t *children, size_t index)
{
	return is_unborn_with(children, index, "age_days");
}

static bool is_unborn_without_expected_date(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return fact_is_true(child, "unborn") && !fact_is_asked(child, "expected_on");
}

static bool is_born_with_expected_date(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return !fact_is_true(child, "unborn") && fact_is_asked(child, "expected_on");
}

static bool has_unusable_expected_date(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return fact_is_asked(child, "expected_on") && !date_is_set(fact_date(child, "expected_on"));
}

static bool has_days_beyond_the_first_year(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);
	const json_t *days = json_object_get(child, "age_days");

	return json_is_integer(days) && (json_integer_value(days) > 365 || child_age(child) > 0);
}

static bool is_care_leaver_of_another_age(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);
	int age = child_age(child);

	return child_is_care_leaver(child) && age != AGE_NOT_KNOWN && (age < 16 || age > 24);
}

static bool is_adult_looked_after(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return child_is_looked_after(child) && child_age(child) >= 18;
}

static bool contradicts_looked_after(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return fact_is(child, "csc_status", "lac") &&
	       (fact_is(child, "lac_status", "none") || fact_is(child, "lac_status", "previous"));
}

static bool contradicts_protection_plan(const json_t *children, size_t index)
{
	const json_t *child = json_array_get(children, index);

	return fact_is(child, "csc_status", "cp_plan") &&
	       (fact_is(child, "cp_plan", "none") || fact_is(child, "cp_plan", "previous"));
}

static const struct {
	const char *field;
	const char *code;
	bool (*is_broken)(const json_t *children, size_t index);
	const char *sentence;
} rules[] = {
    {"index_child", "index_child", is_second_index,
        "Exactly one child is the index child, whose characteristics the DfE counts; another child "
        "before this one is marked already."},
    {"age_years", "unborn_age", is_unborn_with_years,
        "An unborn child has no age; expected_on stands in its place."},
    {"age_days", "unborn_age", is_unborn_with_days,
        "An unborn child has no age; expected_on stands in its place."},
    {"expected_on", "expected_on_required", is_unborn_without_expected_date,
        "An unborn child has an expected date of delivery."},
    {"expected_on", "expected_on_not_unborn", is_born_with_expected_date,
        "An expected date of delivery is given for an unborn child only."},
    {"expected_on", "date_out_of_range", has_unusable_expected_date,
        "Dates are real days of the years 1900 to 2199."},
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

bool child_rules_check(const json_t *children, size_t index, struct problem *problem)
{
	bool sound = true;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		if (!rules[i].is_broken(children, index))
			continue;
		char pointer[64];
		snprintf(pointer, sizeof(pointer), "/children/%zu/%s", index, rules[i].field);
		sound =
		    problem_add(problem, PROBLEM_INVALID, pointer, rules[i].code, "%s", rules[i].sentence);
	}
	return sound;
}
