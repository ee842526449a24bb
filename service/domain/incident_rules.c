/* Owns the rules of an incident as a whole: a table, one row and one small function a rule. */
#include "domain/incident_rules.h"

#include <stdio.h>
#include <string.h>

#include "domain/child_rules.h"
#include "domain/incident_facts.h"

/* The same as maxItems of an incident's children in openapi/schemas. */
#define CHILDREN_MAX 50

static struct date london_date(const json_t *incident, const char *field)
{
	int64_t milliseconds;

	if (!instant_parse(fact_text(incident, field), &milliseconds))
		return DATE_NONE;
	return date_in_london(milliseconds);
}

/* A statutory date, or London's date of an instant: fields ending in _at are instants. */
static struct date date_of(const json_t *incident, const char *field)
{
	size_t length = strlen(field);
	bool instant = length > 3 && strcmp(field + length - 3, "_at") == 0;

	return instant ? london_date(incident, field) : fact_date(incident, field);
}

static bool is_before(struct date date, struct date other)
{
	return date_is_set(date) && date_is_set(other) && date.days < other.days;
}

/* The first day on which the incident may have happened, as far as the record tells. */
static struct date earliest_day(const json_t *incident)
{
	struct date date = fact_date(incident, "incident_date");
	bool by_month = fact_is(incident, "date_precision", "month");
	bool by_year = fact_is(incident, "date_precision", "year");
	int year;
	int month;
	int day;

	if (fact_is(incident, "date_precision", "unknown"))
		return DATE_NONE;
	if (!date_is_set(date) || (!by_month && !by_year))
		return date;
	date_to_civil(date, &year, &month, &day);
	return date_from_civil(year, by_year ? 1 : month, 1);
}

static bool is_unusable_date(const json_t *incident, const char *field, struct date today)
{
	return fact_is_asked(incident, field) && !date_is_set(date_of(incident, field));
}

static bool is_in_the_future(const json_t *incident, const char *field, struct date today)
{
	return is_before(today, date_of(incident, field));
}

static bool is_before_the_incident(const json_t *incident, const char *field, struct date today)
{
	return is_before(date_of(incident, field), earliest_day(incident));
}

/* With both fields the date is judged; that the instant disagrees has a rule of its own. */
static bool is_instant_before_the_incident(
    const json_t *incident, const char *field, struct date today)
{
	return !fact_is_asked(incident, "aware_on") && is_before_the_incident(incident, field, today);
}

static bool is_aware_missing(const json_t *incident, const char *field, struct date today)
{
	return !fact_is_asked(incident, "aware_on") && !fact_is_asked(incident, "aware_at");
}

static bool is_disagreeing_with_instant(
    const json_t *incident, const char *field, struct date today)
{
	struct date on = fact_date(incident, "aware_on");
	struct date at = london_date(incident, "aware_at");

	return date_is_set(on) && date_is_set(at) && on.days != at.days;
}

static bool is_date_missing(const json_t *incident, const char *field, struct date today)
{
	return !fact_is_asked(incident, field) && !fact_is(incident, "date_precision", "unknown");
}

static bool is_end_before_start(const json_t *incident, const char *field, struct date today)
{
	return is_before(fact_date(incident, field), fact_date(incident, "incident_date"));
}

static bool is_end_missing(const json_t *incident, const char *field, struct date today)
{
	return fact_is(incident, "date_precision", "range") && !fact_is_asked(incident, field);
}

static bool is_end_without_range(const json_t *incident, const char *field, struct date today)
{
	return fact_is_asked(incident, field) && fact_is_asked(incident, "date_precision") &&
	       !fact_is(incident, "date_precision", "range");
}

static bool is_time_without_date(const json_t *incident, const char *field, struct date today)
{
	bool exact =
	    !fact_is_asked(incident, "date_precision") || fact_is(incident, "date_precision", "exact");

	return fact_is_asked(incident, field) && !(exact && fact_is_asked(incident, "incident_date"));
}

static bool is_death_fact_without_death(
    const json_t *incident, const char *field, struct date today)
{
	bool states_nothing =
	    fact_is(incident, field, "not_applicable") || fact_is(incident, field, "not_known");

	return fact_is_asked(incident, field) && !states_nothing && !incident_has_death(incident);
}

/*
 * An incident may be more serious than what its children's records say so far: a death after the
 * first notification reaches the incident and the child one after the other.
 */
static bool is_less_serious_than_a_child(
    const json_t *incident, const char *field, struct date today)
{
	enum severity own = incident_severity(incident);

	return own != SEVERITY_NOT_ASKED && own < children_severity(incident);
}

/* The two deaths that are notified whether or not abuse or neglect is known or suspected. */
static bool has_death_notified_regardless(const json_t *incident)
{
	const json_t *children = json_object_get(incident, "children");

	for (size_t i = 0; i < json_array_size(children); i++) {
		const json_t *child = json_array_get(children, i);
		if (child_severity(incident, i) == SEVERITY_DEATH &&
		    (child_is_looked_after(child) || child_is_care_leaver(child)))
			return true;
	}
	return false;
}

static bool is_abuse_status_not_allowed(
    const json_t *incident, const char *field, struct date today)
{
	bool by_section_16c = fact_is(incident, "notifying_basis", "in_area") ||
	                      fact_is(incident, "notifying_basis", "outside_england_normally_resident");

	return fact_is(incident, field, "not_known_or_suspected") && by_section_16c &&
	       !has_death_notified_regardless(incident);
}

static bool is_subtype_against_status(const json_t *incident, const char *field, struct date today)
{
	bool denied = fact_is(incident, "abuse_neglect_status", "not_known_or_suspected");
	bool asserted = fact_is(incident, "abuse_neglect_status", "known") ||
	                fact_is(incident, "abuse_neglect_status", "suspected");

	return (denied && fact_is(incident, field, "abuse_neglect")) ||
	       (asserted && fact_is(incident, field, "no_abuse_neglect"));
}

/* True when each record of somebody who died denies what the basis claims, or nobody died. */
static bool is_denied_by_all_who_died(const json_t *incident, bool (*denies)(const json_t *child))
{
	const json_t *children = json_object_get(incident, "children");
	bool denied = !incident_has_death(incident);

	for (size_t i = 0; i < json_array_size(children); i++) {
		if (child_severity(incident, i) != SEVERITY_DEATH)
			continue;
		if (!denies(json_array_get(children, i)))
			return false;
		denied = true;
	}
	return denied;
}

static bool is_basis_without_looked_after_death(
    const json_t *incident, const char *field, struct date today)
{
	return fact_is(incident, field, "lac_death") &&
	       is_denied_by_all_who_died(incident, child_is_not_looked_after);
}

static bool is_basis_without_care_leaver_death(
    const json_t *incident, const char *field, struct date today)
{
	return fact_is(incident, field, "care_leaver_death") &&
	       is_denied_by_all_who_died(incident, child_is_not_adult_care_leaver);
}

static bool is_without_children(const json_t *incident, const char *field, struct date today)
{
	return json_array_size(json_object_get(incident, field)) == 0;
}

/* A single child of which nothing was said is the index child; incident_rules_complete() says so.
 */
/*
 * The schema bounds what one message names. Several add up, and nothing is ever deleted: an
 * incident that grew without end could not be read any more, nor notified.
 */
static bool has_too_many_children(const json_t *incident, const char *field, struct date today)
{
	return json_array_size(json_object_get(incident, field)) > CHILDREN_MAX;
}

static bool is_without_index_child(const json_t *incident, const char *field, struct date today)
{
	const json_t *children = json_object_get(incident, field);
	size_t count = json_array_size(children);

	for (size_t i = 0; i < count; i++)
		if (fact_is_true(json_array_get(children, i), "index_child"))
			return false;
	return count > 1 || (count == 1 && fact_is_asked(json_array_get(children, 0), "index_child"));
}

#define OUT_OF_RANGE                                                                               \
	"date_out_of_range", is_unusable_date, "Dates are real days of the years 1900 to 2199."
#define IN_THE_FUTURE                                                                              \
	"date_in_future", is_in_the_future, "A date that states what happened is not in the future."
#define BEFORE_THE_INCIDENT                                                                        \
	"aware_before_incident", is_before_the_incident,                                               \
	    "Nobody becomes aware of an incident before it happens; for a range its start counts, "    \
	    "for "                                                                                     \
	    "a month or a year the first day."

static const struct {
	const char *field;
	const char *code;
	bool (*is_broken)(const json_t *incident, const char *field, struct date today);
	const char *sentence;
} rules[] = {
    {"incident_date", OUT_OF_RANGE},
    {"incident_date_to", OUT_OF_RANGE},
    {"aware_on", OUT_OF_RANGE},
    {"aware_at", OUT_OF_RANGE},
    {"partnership_aware_on", OUT_OF_RANGE},
    {"referral_received_on", OUT_OF_RANGE},
    {"death_date", OUT_OF_RANGE},
    {"incident_date", IN_THE_FUTURE},
    {"incident_date_to", IN_THE_FUTURE},
    {"aware_on", IN_THE_FUTURE},
    {"aware_at", IN_THE_FUTURE},
    {"partnership_aware_on", IN_THE_FUTURE},
    {"referral_received_on", IN_THE_FUTURE},
    {"death_date", IN_THE_FUTURE},
    {"aware_on", "aware_on_required", is_aware_missing,
        "The 5 working days of the notification run from the day the local authority became aware "
        "(Working Together 2023, chapter 5), so aware_on or aware_at is needed."},
    {"aware_on", "aware_at_disagrees", is_disagreeing_with_instant,
        "aware_on is the date in London at aware_at; leave one of the two out or make them agree."},
    {"aware_on", BEFORE_THE_INCIDENT},
    {"aware_at", "aware_before_incident", is_instant_before_the_incident,
        "Nobody becomes aware of an incident before it happens; for a range its start counts, for "
        "a month or a year the first day."},
    {"partnership_aware_on", BEFORE_THE_INCIDENT},
    {"referral_received_on", BEFORE_THE_INCIDENT},
    {"incident_date", "incident_date_required", is_date_missing,
        "An incident has a date unless date_precision is unknown."},
    {"incident_date_to", "incident_date_to_before_start", is_end_before_start,
        "The end of a range is not before its start, incident_date."},
    {"incident_date_to", "incident_date_to_required", is_end_missing,
        "A range has an end; with one day only, date_precision is exact."},
    {"incident_date_to", "incident_date_to_without_range", is_end_without_range,
        "incident_date_to is the end of a range, so date_precision is range."},
    {"incident_time", "incident_time_without_date", is_time_without_date,
        "A time belongs to one day, so incident_date is given and date_precision is exact."},
    {"death_date", "death_before_incident", is_before_the_incident,
        "A death that an incident led to is not before the incident; for a range its start "
        "counts, for a month or a year the first day."},
    {"death_date", "death_facts_without_death", is_death_fact_without_death,
        "A date of death is given only when the nature of the incident or of a child is "
        "child_death."},
    {"death_subtype", "death_facts_without_death", is_death_fact_without_death,
        "A subtype of death is given only when the nature of the incident or of a child is "
        "child_death."},
    {"death_subtype", "death_subtype_contradicts", is_subtype_against_status,
        "death_subtype and abuse_neglect_status say the opposite of each other."},
    {"nature", "nature_not_most_serious", is_less_serious_than_a_child,
        "The nature of an incident is the most serious of its children's: child_death, then "
        "serious_harm, then other."},
    {"abuse_neglect_status", "abuse_status_not_allowed", is_abuse_status_not_allowed,
        "A notification under Children Act 2004 s16C(1) needs abuse or neglect known or suspected; "
        "not_known_or_suspected goes with the death of a looked-after child or of a care leaver, "
        "or with no notifying_basis."},
    {"notifying_basis", "lac_death_basis_contradicts", is_basis_without_looked_after_death,
        "The basis lac_death needs the death of a looked-after child."},
    {"notifying_basis", "care_leaver_basis_contradicts", is_basis_without_care_leaver_death,
        "The basis care_leaver_death needs the death of a care leaver aged 18 to 24; below 18 the "
        "ordinary criteria apply."},
    {"children", "children_required", is_without_children,
        "An incident has at least one child; one not named or identified has a record all the "
        "same."},
    {"children", "too_many_children", has_too_many_children,
        "An incident has at most 50 children, however many messages name them."},
    {"children", "index_child", is_without_index_child,
        "Exactly one child is the index child, whose characteristics the DfE counts; none is "
        "marked."},
};

bool incident_rules_check(const json_t *incident, struct date today, struct problem *problem)
{
	const json_t *children = json_object_get(incident, "children");
	bool sound = true;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		if (!rules[i].is_broken(incident, rules[i].field, today))
			continue;
		char pointer[64];
		snprintf(pointer, sizeof(pointer), "/%s", rules[i].field);
		sound =
		    problem_add(problem, PROBLEM_INVALID, pointer, rules[i].code, "%s", rules[i].sentence);
	}
	for (size_t i = 0; i < json_array_size(children); i++)
		if (!child_rules_check(children, i, today, problem))
			sound = false;
	return sound;
}

void incident_rules_complete(json_t *incident)
{
	json_t *children = json_object_get(incident, "children");
	json_t *only = json_array_size(children) == 1 ? json_array_get(children, 0) : NULL;
	struct date aware_on = london_date(incident, "aware_at");

	if (!fact_is_asked(incident, "aware_on") && date_is_set(aware_on))
		json_object_set_new(incident, "aware_on", json_string(date_format(aware_on).text));
	if (!fact_is_asked(incident, "date_precision") && fact_is_asked(incident, "incident_date"))
		json_object_set_new(incident, "date_precision",
		    json_string(fact_is_asked(incident, "incident_date_to") ? "range" : "exact"));
	if (only && !fact_is_asked(only, "index_child"))
		json_object_set_new(only, "index_child", json_true());
}
