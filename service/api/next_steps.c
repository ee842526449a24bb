/* Owns what a resource says of its own next steps. */
#include "api/next_steps.h"

#include <stdio.h>
#include <string.h>

#include "api/process.h"

static bool may_call(const struct call *call, const struct operation *operation)
{
	if (!operation->scopes)
		return true;
	for (const char *const *scope = operation->scopes; *scope; scope++)
		if (process_has_scope(call->caller_scopes, *scope))
			return true;
	return false;
}

static void put_value(json_t *value, struct text *ret_text);

static void put_members(json_t *object, struct text *ret_text)
{
	const char *key;
	json_t *member;
	char mark = '{';

	json_object_foreach (object, key, member) {
		text_putc(ret_text, mark);
		text_put_json(ret_text, key, strlen(key));
		text_putc(ret_text, ':');
		put_value(member, ret_text);
		mark = ',';
	}
	text_puts(ret_text, mark == '{' ? "{}" : "}");
}

static void put_items(json_t *array, struct text *ret_text)
{
	size_t index;
	json_t *item;

	text_putc(ret_text, '[');
	json_array_foreach (array, index, item) {
		if (index)
			text_putc(ret_text, ',');
		put_value(item, ret_text);
	}
	text_putc(ret_text, ']');
}

/* Not json_dumps(), which keeps a table of what it is in: that was a quarter of a whole GET here.
 */
static void put_value(json_t *value, struct text *ret_text)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_members(value, ret_text);
		return;
	case JSON_ARRAY:
		put_items(value, ret_text);
		return;
	case JSON_STRING:
		text_put_json(ret_text, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		text_printf(ret_text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL:
		text_printf(ret_text, "%.17g", json_real_value(value));
		return;
	case JSON_TRUE:
		text_puts(ret_text, "true");
		return;
	case JSON_FALSE:
		text_puts(ret_text, "false");
		return;
	case JSON_NULL:
		text_puts(ret_text, "null");
		return;
	}
}

/* A step is taken by an operation, which has scopes before the step has one beyond them. */
static void judge_scopes(const struct call *call, json_t *step)
{
	const char *id = json_string_value(json_object_get(step, "operation"));
	const struct operation *operation = contract_find(call->api->contract, id);
	char detail[200];

	if (!operation || may_call(call, operation))
		return;
	snprintf(detail, sizeof(detail), "The caller's key has no scope of the operation %s.",
	    operation->id);
	json_object_set_new(step, "allowed", json_false());
	json_array_append_new(json_object_get(step, "missing"),
	    json_pack("{s:s, s:s}", "code", "scope", "detail", detail));
}

static json_t *steps_of(const struct call *call, const char *state, const json_t *facts)
{
	json_t *steps = process_next_steps(
	    call->endpoint->subject->process, state, facts, call->today, call->caller_scopes);
	size_t index;
	json_t *step;

	json_array_foreach (steps, index, step)
		judge_scopes(call, step);
	return steps;
}

void next_steps_put(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text)
{
	if (part != LIST_JSON_ROW || !call->endpoint->subject || !rows_has(rows, "_facts"))
		return;
	const char *text = rows_text(rows, row, "_facts");
	CLEANUP(json_decref) json_t *facts = text ? json_loads(text, 0, NULL) : NULL;
	const char *state = rows_text(rows, row, "state");
	CLEANUP(json_decref) json_t *steps = steps_of(call, state ? state : "", facts);
	text_puts(ret_text, ",\"next_steps\":");
	if (steps)
		put_value(steps, ret_text);
	else
		text_puts(ret_text, "[]");
}

void next_steps_complete(const struct call *call, struct text *body)
{
	if (!call->endpoint->subject || !strstr(text_string(body), "\"_facts\""))
		return;
	CLEANUP(json_decref) json_t *answer = json_loads(text_string(body), 0, NULL);
	const json_t *facts = json_object_get(answer, "_facts");
	if (!facts)
		return;
	const char *state = json_string_value(json_object_get(answer, "state"));
	json_object_set_new(answer, "next_steps", steps_of(call, state ? state : "", facts));
	json_object_del(answer, "_facts");
	CLEANUP(free) char *written = json_dumps(answer, JSON_COMPACT);
	if (!written)
		return;
	text_clear(body);
	text_puts(body, written);
}
