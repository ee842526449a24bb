/* Owns what a resource says of its own next steps. */
#include "api/next_steps.h"

#include <string.h>

#include "api/process.h"

static json_t *steps_of(const struct call *call, const char *state, const json_t *facts)
{
	return process_next_steps(
	    call->endpoint->subject->process, state, facts, call->today, call->caller_scopes);
}

void next_steps_put(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text)
{
	if (part != LIST_JSON_ROW || !call->endpoint->subject || !rows_has(rows, "_facts"))
		return;
	const char *state = rows_text(rows, row, "state");
	const char *text = rows_text(rows, row, "_facts");
	CLEANUP(json_decref) json_t *facts = text ? json_loads(text, 0, NULL) : NULL;
	CLEANUP(json_decref) json_t *steps = steps_of(call, state ? state : "", facts);
	CLEANUP(free) char *written = json_dumps(steps, JSON_COMPACT);
	text_puts(ret_text, ",\"next_steps\":");
	text_puts(ret_text, written ? written : "[]");
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
