/* Owns how a fact is read from an incident's JSON, and what "not asked" means for it. */
#include "domain/incident_facts.h"

#include <string.h>

const char *fact_text(const json_t *object, const char *field)
{
	const char *text = json_string_value(json_object_get(object, field));

	return text ? text : "";
}

bool fact_is(const json_t *object, const char *field, const char *code)
{
	return strcmp(fact_text(object, field), code) == 0;
}

bool fact_is_asked(const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);

	return value && !json_is_null(value);
}

bool fact_is_true(const json_t *object, const char *field)
{
	return json_is_true(json_object_get(object, field));
}

struct date fact_date(const json_t *object, const char *field)
{
	struct date date;

	return date_parse(fact_text(object, field), &date) ? date : DATE_NONE;
}

static enum severity severity_of(const json_t *object)
{
	static const struct {
		const char *code;
		enum severity severity;
	} natures[] = {
	    {"child_death", SEVERITY_DEATH},
	    {"serious_harm", SEVERITY_HARM},
	    {"other", SEVERITY_OTHER},
	    {"none", SEVERITY_NONE},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(natures); i++)
		if (fact_is(object, "nature", natures[i].code))
			return natures[i].severity;
	return SEVERITY_NOT_ASKED;
}

enum severity incident_severity(const json_t *incident)
{
	return severity_of(incident);
}

enum severity child_severity(const json_t *incident, size_t index)
{
	const json_t *children = json_object_get(incident, "children");
	const json_t *child = json_array_get(children, index);
	enum severity own = severity_of(child);
	bool stands_for_incident = fact_is_true(child, "index_child") || json_array_size(children) == 1;

	return own == SEVERITY_NOT_ASKED && stands_for_incident ? severity_of(incident) : own;
}

enum severity children_severity(const json_t *incident)
{
	enum severity most = SEVERITY_NOT_ASKED;

	for (size_t i = 0; i < json_array_size(json_object_get(incident, "children")); i++) {
		enum severity severity = child_severity(incident, i);
		if (severity > most)
			most = severity;
	}
	return most;
}

bool incident_has_death(const json_t *incident)
{
	return severity_of(incident) == SEVERITY_DEATH || children_severity(incident) == SEVERITY_DEATH;
}

int child_age(const json_t *child)
{
	const json_t *years = json_object_get(child, "age_years");

	if (fact_is_true(child, "unborn"))
		return AGE_NOT_KNOWN;
	if (json_is_integer(years))
		return (int)json_integer_value(years);
	return json_is_integer(json_object_get(child, "age_days")) ? 0 : AGE_NOT_KNOWN;
}

bool child_is_looked_after(const json_t *child)
{
	return fact_is(child, "lac_status", "current") || fact_is(child, "csc_status", "lac");
}

bool child_is_care_leaver(const json_t *child)
{
	return fact_is_true(child, "care_leaver") || fact_is(child, "csc_status", "care_leaver");
}

bool child_is_not_looked_after(const json_t *child)
{
	bool denied = fact_is(child, "lac_status", "none") || fact_is(child, "lac_status", "previous");

	return denied && !child_is_looked_after(child);
}

bool child_is_not_adult_care_leaver(const json_t *child)
{
	int age = child_age(child);
	bool denied = json_is_false(json_object_get(child, "care_leaver"));

	return (denied && !child_is_care_leaver(child)) ||
	       (age != AGE_NOT_KNOWN && (age < 18 || age > 24));
}
