/* Owns the questions of the form, in its order, and when each needs an answer. */
#include "domain/notification_form.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/incident_facts.h"
#include "domain/notifiability.h"

struct question {
	const char *question;
	const char *field; /* of the incident or the child; NULL: who somebody is, which is not held */
	/* Whether the form needs it; NULL: it takes it and goes on without. */
	bool (*is_needed)(const json_t *incident, const json_t *child);
	const char *note;
};

static bool always(const json_t *incident, const json_t *child)
{
	return true;
}

static bool for_a_death(const json_t *incident, const json_t *child)
{
	return incident_has_death(incident);
}

static bool for_a_harm(const json_t *incident, const json_t *child)
{
	return children_severity(incident) == SEVERITY_HARM ||
	       incident_severity(incident) == SEVERITY_HARM;
}

static bool for_a_dated_incident(const json_t *incident, const json_t *child)
{
	return !fact_is(incident, "date_precision", "unknown");
}

static bool for_a_range(const json_t *incident, const json_t *child)
{
	return fact_is(incident, "date_precision", "range");
}

static bool has_looked_after_child(const json_t *incident)
{
	size_t index;
	json_t *child;

	json_array_foreach (json_object_get(incident, "children"), index, child) {
		if (child_is_looked_after(child))
			return true;
	}
	return false;
}

static bool for_a_looked_after_child(const json_t *incident, const json_t *child)
{
	return child ? child_is_looked_after(child) : has_looked_after_child(incident);
}

static bool for_a_looked_after_death(const json_t *incident, const json_t *child)
{
	return incident_has_death(incident) && has_looked_after_child(incident);
}

static bool for_a_placement_elsewhere(const json_t *incident, const json_t *child)
{
	return child_is_looked_after(child) && fact_is_true(child, "placed_out_of_area");
}

static bool for_a_plan(const json_t *incident, const json_t *child)
{
	return fact_is(child, "cp_plan", "current") || fact_is(child, "cp_plan", "previous");
}

static bool for_the_born(const json_t *incident, const json_t *child)
{
	return !fact_is_true(child, "unborn");
}

static bool for_the_unborn(const json_t *incident, const json_t *child)
{
	return fact_is_true(child, "unborn");
}

static bool for_an_age_not_told_in_days(const json_t *incident, const json_t *child)
{
	return for_the_born(incident, child) && !fact_is_asked(child, "age_days");
}

#define AT_HAND "Not kept here; have it at hand before the form is opened."

static const struct question notifier[] = {
    {"Name and role of the person who notifies", NULL, NULL, AT_HAND},
    {"Telephone number of the person who notifies", NULL, NULL, AT_HAND},
    {"Email address of the person who notifies", NULL, NULL, AT_HAND},
};

static const struct question notification[] = {
    {"Kind of notification", "duty", always,
        "A serious incident is followed by a rapid review; the other two are not."},
    {"Your own reference", "local_ref", always, NULL},
    {"Why this authority notifies", "notifying_basis", always, NULL},
    {"Is abuse or neglect known or suspected?", "abuse_neglect_status", always, NULL},
    {"Date on which the local authority became aware", "aware_on", always,
        "The 5 working days count from it."},
    {"Time at which the local authority became aware", "aware_at", NULL, NULL},
    {"Who became aware", "aware_by", NULL, "A role or team."},
    {"Date on which the partnership became aware", "partnership_aware_on", NULL, NULL},
};

static const struct question incident_questions[] = {
    {"Nature of the incident", "nature", always, NULL},
    {"Date of the incident", "incident_date", for_a_dated_incident, NULL},
    {"Last day of the incident", "incident_date_to", for_a_range, NULL},
    {"How exactly the date is known", "date_precision", NULL, NULL},
    {"Time of the incident", "incident_time", NULL, "If it is known."},
    {"Type of location", "location_type", always, NULL},
    {"Local authority where it happened", "la_of_incident", always, "Its GSS code."},
    {"Local authority where the child normally lives", "la_of_residence", always, "Its GSS code."},
    {"Local authority that looks after the child", "la_responsible", for_a_looked_after_child,
        "Its GSS code."},
    {"Date of death", "death_date", for_a_death, NULL},
    {"Cause of death", "cause_of_death", for_a_death, NULL},
    {"Was the death of the looked-after child from abuse or neglect?", "death_subtype",
        for_a_looked_after_death, NULL},
    {"Kinds of harm", "harm_types", for_a_harm, NULL},
    {"What happened", "narrative", always, "Names are added on the form, where it asks for them."},
    {"What was done at once", "immediate_actions", always, NULL},
    {"Was the risk to other children considered?", "other_children_at_risk_considered", always,
        NULL},
    {"Suspected perpetrators", "suspected_perpetrators", NULL, NULL},
    {"Interest of the media", "media_interest", NULL, NULL},
    {"Appeal of the police", "police_appeal", NULL, NULL},
};

static const struct question child_questions[] = {
    {"Name", NULL, NULL, AT_HAND},
    {"Date of birth", NULL, NULL, AT_HAND},
    {"Address and postcode", NULL, NULL, AT_HAND},
    {"Unique pupil number and NHS number", NULL, NULL, AT_HAND},
    {"Is the child unnamed or not identified?", "unnamed", NULL,
        "The form takes a notification without a name."},
    {"Part in the incident", "role", always, NULL},
    {"What happened to the child", "nature", NULL, "The incident's nature where it is not told."},
    {"Is it an unborn child?", "unborn", NULL, NULL},
    {"Expected date of delivery", "expected_on", for_the_unborn, NULL},
    {"Age in years", "age_years", for_an_age_not_told_in_days, NULL},
    {"Age in days", "age_days", NULL, "Under one year."},
    {"Sex", "sex", for_the_born, NULL},
    {"Ethnicity", "ethnicity", for_the_born, "DfE's code."},
    {"Disabilities", "disabilities", for_the_born, "DfE's codes."},
    {"Mental health condition", "mental_health_condition", for_the_born, NULL},
    {"Autism", "autism", NULL, NULL},
    {"Special educational needs", "send_status", NULL, NULL},
    {"Known to any agency?", "known_to_any_agency", always, NULL},
    {"Standing with children's social care", "csc_status", always, NULL},
    {"Child protection plan", "cp_plan", for_the_born, NULL},
    {"Category of the plan", "cp_category", for_a_plan, "DfE's code."},
    {"Start of the plan", "cp_started_on", for_a_plan, NULL},
    {"End of the plan", "cp_ended_on", NULL, NULL},
    {"Looked after?", "lac_status", for_the_born, NULL},
    {"Legal status", "legal_status", for_a_looked_after_child, "DfE's code."},
    {"Placement", "placement_type", for_a_looked_after_child, "DfE's code."},
    {"Provider of the placement", "placement_provider", for_a_looked_after_child, "DfE's code."},
    {"Placed outside the responsible authority's area?", "placed_out_of_area",
        for_a_looked_after_child, NULL},
    {"Local authority where the child was placed", "host_la", for_a_placement_elsewhere,
        "Its GSS code."},
    {"Education", "education_status", for_the_born, NULL},
    {"Further circumstances", "flags", NULL, NULL},
};

static const struct question documents[] = {
    {"Documents to attach", NULL, NULL, AT_HAND},
};

/* What a section is asked of, and where its answers stand in the incident. */
struct place {
	const json_t *incident;
	const json_t *child; /* NULL: the incident's own */
	size_t index;        /* of the child */
};

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *answer(
    const char *question, json_t *field, json_t *value, const char *state, const char *note)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:o}", "question", question, "field", field, "value",
	    value, "state", state, "note", text_or_null(note));
}

static void add_missing(const struct place *place, const struct question *question, json_t *missing)
{
	char code[64];
	char detail[200];

	if (place->child)
		snprintf(code, sizeof(code), "child_%zu_%s", place->index + 1, question->field);
	else
		snprintf(code, sizeof(code), "%s", question->field);
	if (place->child)
		snprintf(detail, sizeof(detail), "The form asks of child %zu: %s.", place->index + 1,
		    question->question);
	else
		snprintf(detail, sizeof(detail), "The form asks: %s.", question->question);
	json_array_append_new(missing, json_pack("{s:s, s:s}", "code", code, "detail", detail));
}

static json_t *answer_to(
    const struct place *place, const struct question *question, json_t *missing)
{
	const json_t *source = place->child ? place->child : place->incident;
	char pointer[80];

	if (!question->field)
		return answer(question->question, json_null(), json_null(), "not_held", question->note);
	if (place->child)
		snprintf(pointer, sizeof(pointer), "/children/%zu/%s", place->index, question->field);
	else
		snprintf(pointer, sizeof(pointer), "/%s", question->field);
	bool is_answered = fact_is_asked(source, question->field);
	bool is_needed = question->is_needed && question->is_needed(place->incident, place->child);
	if (is_needed && !is_answered)
		add_missing(place, question, missing);
	json_t *value = json_object_get(source, question->field);
	return answer(question->question, json_string(pointer),
	    is_answered ? json_incref(value) : json_null(),
	    is_answered ? "answered"
	    : is_needed ? "missing"
	                : "not_needed",
	    question->note);
}

static void add_section(const char *name, const struct place *place,
    const struct question questions[], size_t count, json_t *sections, json_t *missing)
{
	json_t *answers = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(answers, answer_to(place, &questions[i], missing));
	json_array_append_new(sections, json_pack("{s:s, s:o}", "section", name, "answers", answers));
}

/* One line a child, of what was asked: "Child 5: role victim, age_years 3". */
static void describe(const json_t *child, size_t index, struct text *text)
{
	static const char *const fields[] = {"role", "nature", "age_years", "age_days", "expected_on",
	    "sex", "ethnicity", "csc_status", "cp_plan", "lac_status", "placement_type"};
	const char *separator = ": ";

	text_printf(text, "%sChild %zu", text->length ? "\n" : "", index + 1);
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		if (!fact_is_asked(child, fields[i]))
			continue;
		const json_t *value = json_object_get(child, fields[i]);
		text_printf(text, "%s%s ", separator, fields[i]);
		if (json_is_integer(value))
			text_printf(text, "%lld", (long long)json_integer_value(value));
		else
			text_puts(text, fact_text(child, fields[i]));
		separator = ", ";
	}
}

static void add_children(const json_t *incident, json_t *sections, json_t *missing)
{
	const json_t *children = json_object_get(incident, "children");
	CLEANUP(text_finish) struct text further = TEXT_INIT((size_t)64 * 1024);
	size_t index;
	json_t *child;

	json_array_foreach (children, index, child) {
		char name[32];
		struct place place = {incident, child, index};
		if (index >= FORM_CHILDREN_MAX) {
			describe(child, index, &further);
			continue;
		}
		snprintf(name, sizeof(name), "child_%zu", index + 1);
		add_section(
		    name, &place, child_questions, ARRAY_LENGTH(child_questions), sections, missing);
	}
	json_t *told = answer("Further children", json_string("/children"),
	    further.length ? json_string(text_string(&further)) : json_null(),
	    further.length ? "answered" : "not_needed",
	    "The form has room for four; further ones are told as text.");
	json_array_append_new(
	    sections, json_pack("{s:s, s:[o]}", "section", "further_children", "answers", told));
}

static void add_duty(const json_t *incident, json_t *missing)
{
	struct duty_decision decision = notifiability_decide(incident);

	if (decision.duty == DUTY_NONE)
		json_array_append_new(missing,
		    json_pack("{s:s, s:s}", "code", decision.rule, "detail", decision.explanation));
}

json_t *notification_form(const json_t *incident)
{
	const struct place place = {.incident = incident};
	json_t *sections = json_array();
	json_t *missing = json_array();

	add_duty(incident, missing);
	add_section("notifier", &place, notifier, ARRAY_LENGTH(notifier), sections, missing);
	add_section(
	    "notification", &place, notification, ARRAY_LENGTH(notification), sections, missing);
	add_section("incident", &place, incident_questions, ARRAY_LENGTH(incident_questions), sections,
	    missing);
	add_children(incident, sections, missing);
	add_section("documents", &place, documents, ARRAY_LENGTH(documents), sections, missing);
	return json_pack("{s:o, s:b, s:o}", "sections", sections, "complete",
	    json_array_size(missing) == 0, "missing", missing);
}
