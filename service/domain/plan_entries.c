/* Owns the reading of a plan's body into entries. */
#include "domain/plan_entries.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan_fields.h"

#define POINTER_BYTES 200

static enum plan_kind kind_of(const json_t *entry)
{
	return json_integer_value(json_object_get(entry, "kind")) == PLAN_ACTION ? PLAN_ACTION
	                                                                         : PLAN_RECOMMENDATION;
}

void plan_entry_fault(const json_t *entry, bool is_sheet, const char *member, const char *code,
    const char *why, struct problem *problem)
{
	CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);
	enum plan_kind kind = kind_of(entry);

	text_puts(&pointer, json_string_value(json_object_get(entry, "pointer")));
	if (is_sheet && strcmp(member, "id") == 0)
		text_printf(&pointer, "/%s_id", plan_kind_name(kind));
	else
		text_printf(&pointer, "/%s", is_sheet ? plan_column(kind, member) : member);
	problem_add(problem, PROBLEM_INVALID, text_string(&pointer), code, "%s", why);
}

static json_t *new_entry(enum plan_kind kind, const char *pointer, json_t *id)
{
	json_t *entry = json_pack("{s:i, s:s, s:{}}", "kind", kind, "pointer", pointer, "says");

	if (json_is_string(id))
		json_object_set(entry, "id", id);
	return entry;
}

/* ---- JSON ---- */

static json_t *entry_of_json(enum plan_kind kind, json_t *object, const char *pointer)
{
	json_t *entry = new_entry(kind, pointer, json_object_get(object, "id"));
	json_t *says = json_object_get(entry, "says");
	json_t *revision = json_object_get(object, "due_revision");

	for (size_t i = 0; i < plan_field_count; i++) {
		json_t *value = json_object_get(object, plan_fields[i].member);
		if (plan_fields[i].kind == kind && value)
			json_object_set(says, plan_fields[i].member, value);
	}
	/* A member that has no such value there is said to have none by GET. */
	if (revision)
		json_object_set(entry, "due_revision", revision);
	return entry;
}

static void read_actions(const json_t *list, const char *base, const json_t *place, json_t *actions)
{
	size_t index;
	json_t *object;

	json_array_foreach (list, index, object) {
		CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);
		text_printf(&pointer, "%s/actions/%zu", base, index);
		json_t *entry = entry_of_json(PLAN_ACTION, object, text_string(&pointer));
		if (place)
			json_object_set(entry, "of", (json_t *)place);
		json_array_append_new(actions, entry);
	}
}

static void read_json(const json_t *body, json_t *recommendations, json_t *actions)
{
	size_t index;
	json_t *object;

	json_array_foreach (json_object_get(body, "recommendations"), index, object) {
		CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);
		CLEANUP(json_decref) json_t *place = json_integer((json_int_t)index);
		text_printf(&pointer, "/recommendations/%zu", index);
		json_array_append_new(
		    recommendations, entry_of_json(PLAN_RECOMMENDATION, object, text_string(&pointer)));
		read_actions(json_object_get(object, "actions"), text_string(&pointer), place, actions);
	}
	read_actions(json_object_get(body, "actions"), "", NULL, actions);
}

/* ---- Sheets ---- */

static json_t *entry_of_line(enum plan_kind kind, const json_t *cells, const char *pointer)
{
	const char *id_column = kind == PLAN_ACTION ? "action_id" : "recommendation_id";
	json_t *entry = new_entry(kind, pointer, json_object_get(cells, id_column));
	json_t *says = json_object_get(entry, "says");

	for (size_t i = 0; i < plan_field_count; i++) {
		const struct plan_field *field = &plan_fields[i];
		json_t *value = field->column ? json_object_get(cells, field->column) : NULL;
		if (field->kind == kind && value)
			json_object_set(says, field->member, value);
	}
	return entry;
}

static void put_revision_of_line(const json_t *cells, json_t *entry)
{
	json_t *reason = json_object_get(cells, "due_reason");
	json_t *approved_by = json_object_get(cells, "due_approved_by");

	if (!reason && !approved_by)
		return;
	json_object_set_new(entry, "due_revision",
	    json_pack("{s:O*, s:O*}", "reason", reason, "approved_by", approved_by));
}

/* Something is said; an empty cell that may be null is not. */
static bool says_something(const json_t *entry)
{
	const char *member;
	json_t *value;

	if (json_object_get(entry, "id"))
		return true;
	json_object_foreach (json_object_get(entry, "says"), member, value)
		if (!json_is_null(value))
			return true;
	return false;
}

static bool is_same_one(const json_t *some, const json_t *other)
{
	const json_t *id = json_object_get(some, "id");
	const json_t *other_id = json_object_get(other, "id");
	const json_t *number = json_object_get(json_object_get(some, "says"), "number");
	const json_t *other_number = json_object_get(json_object_get(other, "says"), "number");

	if (id && other_id)
		return json_equal(id, other_id);
	return number && other_number && json_equal(number, other_number);
}

/* The lines of one recommendation say the same of it, or nothing. */
static void join(json_t *first, const json_t *entry, struct problem *problem)
{
	json_t *says = json_object_get(first, "says");
	const char *member;
	json_t *value;

	json_object_foreach (json_object_get(entry, "says"), member, value) {
		const json_t *before = json_object_get(says, member);
		if (!before)
			json_object_set(says, member, value);
		else if (!json_equal(before, value))
			plan_entry_fault(entry, true, member, "differs",
			    "An earlier line says something else of this recommendation.", problem);
	}
	if (!json_object_get(first, "id") && json_object_get(entry, "id"))
		json_object_set(first, "id", json_object_get(entry, "id"));
}

/* The place of the line's recommendation, or -1. */
static json_int_t place_of(json_t *entry, json_t *recommendations, struct problem *problem)
{
	size_t index;
	json_t *known;

	if (!says_something(entry))
		return -1;
	json_array_foreach (recommendations, index, known) {
		if (is_same_one(known, entry)) {
			join(known, entry, problem);
			return (json_int_t)index;
		}
	}
	json_array_append(recommendations, entry);
	return (json_int_t)json_array_size(recommendations) - 1;
}

static void read_lines(
    const json_t *lines, json_t *recommendations, json_t *actions, struct problem *problem)
{
	size_t index;
	json_t *line;

	json_array_foreach (lines, index, line) {
		const json_t *cells = json_object_get(line, "cells");
		char pointer[24];
		snprintf(pointer, sizeof(pointer), "/%lld",
		    (long long)json_integer_value(json_object_get(line, "line")));
		CLEANUP(json_decref) json_t *of = entry_of_line(PLAN_RECOMMENDATION, cells, pointer);
		json_int_t place = place_of(of, recommendations, problem);
		CLEANUP(json_decref) json_t *action = entry_of_line(PLAN_ACTION, cells, pointer);
		if (!says_something(action))
			continue;
		put_revision_of_line(cells, action);
		if (place >= 0)
			json_object_set_new(action, "of", json_integer(place));
		json_array_append(actions, action);
	}
}

void plan_entries_read(const json_t *body, bool is_sheet, json_t *recommendations, json_t *actions,
    struct problem *problem)
{
	if (is_sheet)
		read_lines(json_object_get(body, "lines"), recommendations, actions, problem);
	else
		read_json(body, recommendations, actions);
}
