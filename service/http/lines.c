/* Owns the way from the cells of a sheet to the members of its lines. */
#include "http/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/body.h"

#define POINTER_BYTES 200

/* ---- Cells ---- */

static bool has_type(const json_t *member, const char *wanted)
{
	const json_t *types = json_object_get(member, "type");
	const char *single = json_string_value(types);
	size_t index;
	json_t *type;

	if (single)
		return strcmp(single, wanted) == 0;
	json_array_foreach (types, index, type)
		if (strcmp(json_string_value(type), wanted) == 0)
			return true;
	return false;
}

static json_t *trimmed(const char *text, size_t length)
{
	while (length && isspace((unsigned char)text[0])) {
		text++;
		length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return json_stringn(text, length);
}

static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t length = strcspn(text, ";");
		json_t *item = trimmed(text, length);
		if (json_string_length(item))
			json_array_append(list, item);
		json_decref(item);
		text += length;
		text += *text == ';';
	}
	return list;
}

/* Digits up to that character, which is passed over; false when there are none, or too many. */
static bool take_number(const char **cursor, char stop, int *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)**cursor))
		return false;
	long number = strtol(*cursor, &end, 10);
	if (*end != stop || number > 9999)
		return false;
	*cursor = stop ? end + 1 : end;
	*ret_number = (int)number;
	return true;
}

/* 31/01/2024 as 2024-01-31, which the schema judges, as it does whatever else stands there. */
static json_t *day_of(const char *text)
{
	int day;
	int month;
	int year;
	const char *cursor = text;
	char written[40];

	if (!take_number(&cursor, '/', &day) || !take_number(&cursor, '/', &month) ||
	    !take_number(&cursor, '\0', &year) || day < 1 || day > 99 || month < 1 || month > 99 ||
	    year < 1000)
		return json_string(text);
	snprintf(written, sizeof(written), "%04d-%02d-%02d", year, month, day);
	return json_string(written);
}

static json_t *number_of(const char *text)
{
	char *end;

	errno = 0;
	long long number = strtoll(text, &end, 10);
	return *end || errno ? json_string(text) : json_integer(number);
}

/* NULL where nothing is said. */
static json_t *value_of(const json_t *member, const char *cell)
{
	CLEANUP(json_decref) json_t *plain = trimmed(cell, strlen(cell));
	const char *text = json_string_value(plain);
	const char *format = json_string_value(json_object_get(member, "format"));

	if (!*text)
		return has_type(member, "null") ? json_null() : NULL;
	if (has_type(member, "array"))
		return list_of(text);
	if (has_type(member, "integer"))
		return number_of(text);
	return format && strcmp(format, "date") == 0 ? day_of(text) : json_incref(plain);
}

/* ---- Lines ---- */

static void put_pointer(json_int_t line, const char *name, struct text *ret_pointer)
{
	text_printf(ret_pointer, "/%lld", (long long)line);
	if (name)
		text_printf(ret_pointer, "/%s", name);
}

static void fault(
    json_int_t line, const char *name, const char *code, const char *why, struct problem *problem)
{
	CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);

	put_pointer(line, name, &pointer);
	problem_add(problem, PROBLEM_INVALID, text_string(&pointer), code, "%s", why);
}

/* The names of the columns: null for those that nobody knows, which are faults, and "" for none. */
static json_t *heading_of(
    const struct operation *operation, const json_t *first, struct problem *problem)
{
	json_int_t line = json_integer_value(json_object_get(first, "line"));
	json_t *heading = json_array();
	size_t index;
	json_t *cell;

	json_array_foreach (json_object_get(first, "cells"), index, cell) {
		json_t *name = trimmed(json_string_value(cell), json_string_length(cell));
		bool is_known = json_object_get(operation->columns, json_string_value(name));
		bool is_again = false;
		for (size_t i = 0; i < json_array_size(heading); i++)
			is_again = is_again || json_equal(json_array_get(heading, i), name);
		if (!is_known && json_string_length(name))
			fault(line, NULL, "unknown_column", "A column of the heading is not known.", problem);
		if (is_known && is_again)
			fault(line, json_string_value(name), "duplicate", "The column stands twice.", problem);
		if (is_known || json_string_length(name) == 0)
			json_array_append(heading, name);
		else
			json_array_append_new(heading, json_null());
		json_decref(name);
	}
	return heading;
}

static json_t *members_of(const struct operation *operation, const json_t *heading,
    const json_t *line, struct problem *problem)
{
	json_t *members = json_object();
	size_t index;
	json_t *cell;

	json_array_foreach (json_object_get(line, "cells"), index, cell) {
		const json_t *column = json_array_get(heading, index);
		const char *name = json_string_value(column);
		const char *text = json_string_value(cell);
		bool is_beside = index >= json_array_size(heading) || (name && !*name);
		if (is_beside && *text)
			fault(json_integer_value(json_object_get(line, "line")), NULL, "no_column",
			    "A cell stands below no heading.", problem);
		json_t *value =
		    name && *name ? value_of(json_object_get(operation->columns, name), text) : NULL;
		if (value)
			json_object_set_new(members, name, value);
	}
	return members;
}

json_t *lines_of(const struct operation *operation, const json_t *table, struct problem *problem)
{
	CLEANUP(json_decref) json_t *heading = heading_of(operation, json_array_get(table, 0), problem);
	json_t *lines = json_array();
	size_t index;
	json_t *line;

	json_array_foreach (table, index, line) {
		CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);
		if (index == 0)
			continue;
		json_t *members = members_of(operation, heading, line, problem);
		put_pointer(json_integer_value(json_object_get(line, "line")), NULL, &pointer);
		body_check_characters(members, text_string(&pointer), problem);
		schema_check(operation->line, members, text_string(&pointer), problem);
		json_array_append_new(lines,
		    json_pack("{s:O, s:o}", "line", json_object_get(line, "line"), "cells", members));
	}
	return json_pack("{s:o}", "lines", lines);
}
