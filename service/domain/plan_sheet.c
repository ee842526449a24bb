/* Owns the lines that a plan has as a sheet, and where the faults of its steps belong. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/action_plan.h"
#include "domain/plan_fields.h"

/* ---- Lines ---- */

/* Under its column, in the order of openapi/schemas/action_plan.yaml, which the caller has. */
static void put_fields(json_t *line, const json_t *resource, enum plan_kind kind)
{
	for (size_t i = 0; i < plan_field_count; i++) {
		const struct plan_field *field = &plan_fields[i];
		json_t *value = json_object_get(resource, field->member);
		if (field->kind == kind && field->column && field->treatment != PLAN_AGENCIES && value)
			json_object_set(line, field->column, value);
	}
}

static json_t *names_of(const json_t *agencies, const char *member)
{
	json_t *names = json_array();
	size_t index;
	json_t *agency;

	json_array_foreach (agencies, index, agency) {
		json_t *name = json_object_get(agency, member);
		if (json_is_string(name))
			json_array_append(names, name);
	}
	return names;
}

/* What the leads have become, where any of them has. */
static void put_leads_now(json_t *line, const json_t *leads)
{
	CLEANUP(json_decref) json_t *then = names_of(leads, "agency_name");
	CLEANUP(json_decref) json_t *now = names_of(leads, "current_agency_name");

	if (!json_equal(then, now))
		json_object_set(line, "lead_agencies_now", now);
}

static void put_action(json_t *line, const json_t *action)
{
	static const char *const worked_out[] = {"rag", "evidence_count", "last_assurance_on",
	    "last_assurance_outcome", "next_assurance_on", "completed_on", "closed_on"};
	const json_t *leads = json_object_get(action, "leads");
	size_t revisions = json_array_size(json_object_get(action, "due_revisions"));

	put_fields(line, action, PLAN_ACTION);
	json_object_set_new(line, "lead_agencies", names_of(leads, "agency_name"));
	put_leads_now(line, leads);
	if (revisions)
		json_object_set_new(line, "due_revisions", json_integer((json_int_t)revisions));
	for (size_t i = 0; i < ARRAY_LENGTH(worked_out); i++)
		json_object_set(line, worked_out[i], json_object_get(action, worked_out[i]));
	json_object_set(line, "action_id", json_object_get(action, "id"));
}

static json_t *line_of(const json_t *recommendation)
{
	json_t *line = json_object();

	if (!recommendation)
		return line;
	put_fields(line, recommendation, PLAN_RECOMMENDATION);
	json_object_set_new(line, "addressed_to",
	    names_of(json_object_get(recommendation, "addressee_agencies"), "agency_name"));
	json_object_set(line, "recommendation_id", json_object_get(recommendation, "id"));
	return line;
}

static size_t put_lines(const json_t *recommendation, const json_t *actions, json_t *lines)
{
	const json_t *id = json_object_get(recommendation, "id");
	size_t count = 0;
	size_t index;
	json_t *action;

	json_array_foreach (actions, index, action) {
		const json_t *of = json_object_get(action, "recommendation_id");
		if (id ? !of || !json_equal(id, of) : json_is_string(of))
			continue;
		json_t *line = line_of(recommendation);
		put_action(line, action);
		json_array_append_new(lines, line);
		count++;
	}
	return count;
}

json_t *action_plan_lines(const json_t *recommendations, const json_t *actions)
{
	json_t *lines = json_array();
	size_t index;
	json_t *recommendation;

	json_array_foreach (recommendations, index, recommendation)
		if (put_lines(recommendation, actions, lines) == 0)
			json_array_append_new(lines, line_of(recommendation));
	put_lines(NULL, actions, lines);
	return lines;
}

/* ---- Faults ---- */

static void put_fault(const json_t *step, const json_t *judged, struct problem *problem)
{
	CLEANUP(text_finish) struct text pointer = TEXT_INIT(200);
	bool is_sheet = json_is_true(json_object_get(step, "is_sheet"));
	bool is_action = strcmp(json_string_value(json_object_get(step, "kind")), "action") == 0;
	const char *member = json_string_value(json_object_get(judged, "pointer"));

	member += *member == '/';
	text_puts(&pointer, json_string_value(json_object_get(step, "pointer")));
	if (*member)
		text_printf(&pointer, "/%s",
		    is_sheet ? plan_column(is_action ? PLAN_ACTION : PLAN_RECOMMENDATION, member) : member);
	problem_add(problem, PROBLEM_INVALID, text_string(&pointer),
	    json_string_value(json_object_get(judged, "code")), "%s",
	    json_string_value(json_object_get(judged, "detail")));
}

void action_plan_put_faults(const json_t *step, struct problem *judged, struct problem *problem)
{
	size_t index;
	json_t *item;

	json_array_foreach (judged->errors, index, item)
		put_fault(step, item, problem);
	json_array_foreach (judged->missing, index, item) {
		json_object_set_new(item, "pointer", json_string(""));
		put_fault(step, item, problem);
	}
	if (json_array_size(judged->errors) == 0 && json_array_size(judged->missing) == 0)
		problem_add(problem, PROBLEM_INVALID, json_string_value(json_object_get(step, "pointer")),
		    "conflict", "%s", judged->detail);
	problem_finish(judged);
}
