/* Owns the reading of JSON bodies. */
#include "http/body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/characters.h"

#define POINTER_BYTES 1024

/*
 * Counts without building: brackets outside of texts are depth; each opening bracket and each comma
 * announces one value more. An empty container counts one too many, which only tightens the limit.
 */
static bool within_limits(const char *bytes, size_t length, struct problem *problem)
{
	size_t depth = 0, nodes = 1;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];
		if (quoted) {
			if (byte == '\\')
				i++;
			else if (byte == '"')
				quoted = false;
			continue;
		}
		if (byte == '"')
			quoted = true;
		else if (byte == '[' || byte == '{')
			depth++;
		else if ((byte == ']' || byte == '}') && depth > 0)
			depth--;
		nodes += byte == '[' || byte == '{' || byte == ',';
		if (depth > BODY_DEPTH_MAX)
			return problem_set(problem, PROBLEM_MALFORMED_BODY,
			    "The body is nested more than %d levels deep.", BODY_DEPTH_MAX);
		if (nodes > BODY_NODES_MAX)
			return problem_set(problem, PROBLEM_MALFORMED_BODY, "The body has more than %d values.",
			    BODY_NODES_MAX);
	}
	return true;
}

static const char *reason_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		return "a key stands twice in one object";
	case json_error_invalid_utf8:
		return "the text is not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a text has a NUL character";
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "something follows the value";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "the text is not JSON";
	}
}

bool body_parse(const char *bytes, size_t length, json_t **ret_json, struct problem *problem)
{
	json_error_t error;

	if (!within_limits(bytes, length, problem))
		return false;
	json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json)
		return problem_set(problem, PROBLEM_MALFORMED_BODY, "Line %d, column %d: %s.", error.line,
		    error.column, reason_of(&error));
	*ret_json = json;
	return true;
}

/* Appends one step of a JSON Pointer (RFC 6901). */
static void put_step(struct text *pointer, const char *key, size_t length)
{
	text_putc(pointer, '/');
	for (size_t i = 0; i < length; i++) {
		if (key[i] == '~')
			text_puts(pointer, "~0");
		else if (key[i] == '/')
			text_puts(pointer, "~1");
		else
			text_putc(pointer, key[i]);
	}
}

/* Takes steps off again; a pointer that had become too long fits once more. */
static void shorten(struct text *pointer, size_t length)
{
	pointer->failed = false;
	pointer->length = length;
	if (pointer->data)
		pointer->data[length] = '\0';
}

static void add_forbidden(const struct text *pointer, const char *what, struct problem *problem)
{
	problem_add(problem, PROBLEM_INVALID, pointer->failed ? "" : text_string(pointer),
	    "forbidden_character",
	    "The %s has a control character or one that changes the direction of text.", what);
}

static void scan(const json_t *json, struct text *pointer, struct problem *problem);

static void scan_step(const json_t *value, const char *key, size_t length, struct text *pointer,
    struct problem *problem)
{
	size_t start = pointer->length;

	put_step(pointer, key, length);
	scan(value, pointer, problem);
	shorten(pointer, start);
}

static void scan(const json_t *json, struct text *pointer, struct problem *problem)
{
	if (json_is_string(json)) {
		if (!text_is_clean(json_string_value(json), json_string_length(json)))
			add_forbidden(pointer, "text", problem);
		else if (text_is_blank(json_string_value(json), json_string_length(json)))
			problem_add(problem, PROBLEM_INVALID, pointer->failed ? "" : text_string(pointer),
			    "blank_text", "The text shows nothing; leave the field out, or say something.");
		return;
	}
	if (json_is_array(json)) {
		size_t size = json_array_size(json);
		for (size_t i = 0; i < size; i++) {
			char step[24];
			int length = snprintf(step, sizeof(step), "%zu", i);
			scan_step(json_array_get(json, i), step, (size_t)length, pointer, problem);
		}
		return;
	}
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)json, key, value) {
		if (text_is_clean(key, strlen(key)))
			scan_step(value, key, strlen(key), pointer, problem);
		else
			add_forbidden(pointer, "name of a field", problem);
	}
}

void body_check_characters(const json_t *json, const char *base, struct problem *problem)
{
	CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_BYTES);

	text_puts(&pointer, base);
	scan(json, &pointer, problem);
}

static bool charset_is_utf8(const char *parameters)
{
	while (*parameters) {
		parameters += strspn(parameters, "; \t");
		size_t length = strcspn(parameters, ";");
		if (strncasecmp(parameters, "charset=", 8) == 0) {
			const char *value = parameters + 8;
			value += *value == '"';
			if (strncasecmp(value, "utf-8", 5) != 0)
				return false;
			value += 5;
			value += *value == '"';
			if (*value != '\0' && !strchr("; \t", *value))
				return false;
		}
		parameters += length;
	}
	return true;
}

static bool is_type(const char *content_type, const char *wanted)
{
	size_t length = strcspn(content_type, "; \t");

	return length == strlen(wanted) && strncasecmp(content_type, wanted, length) == 0 &&
	       charset_is_utf8(content_type + length);
}

bool body_check_type(const struct operation *operation, const char *content_type,
    bool *ret_is_sheet, struct problem *problem)
{
	*ret_is_sheet = content_type && operation->line && is_type(content_type, "text/csv");
	if (*ret_is_sheet || (content_type && is_type(content_type, operation->body_type)))
		return true;
	return problem_set(problem, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "The body must be %s%s in UTF-8.",
	    operation->body_type, operation->line ? " or text/csv" : "");
}
