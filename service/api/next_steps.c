/* Owns what a resource says of its own next steps. */
#include "api/next_steps.h"

#include <string.h>

#include "api/process.h"

static bool may_call(const void *context, const char *id)
{
	const struct call *call = context;
	const struct operation *operation = contract_find(call->api->contract, id);

	if (!operation || !operation->scopes)
		return true;
	for (const char *const *scope = operation->scopes; *scope; scope++)
		if (process_has_scope(call->caller_scopes, *scope))
			return true;
	return false;
}

static void put_steps(
    const struct call *call, const char *state, const json_t *facts, struct text *ret_text)
{
	const struct onlooker onlooker = {
	    .scopes = call->caller_scopes, .may_call = may_call, .context = call};

	text_puts(ret_text, ",\"next_steps\":");
	process_put_next_steps(call->endpoint->subject->process, state ? state : "", facts, call->today,
	    &onlooker, ret_text);
}

void next_steps_put(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text)
{
	if (part != LIST_JSON_ROW || !call->endpoint->subject || !rows_has(rows, "_facts"))
		return;
	const char *text = rows_text(rows, row, "_facts");
	CLEANUP(json_decref) json_t *facts = text ? json_loads(text, 0, NULL) : NULL;
	put_steps(call, rows_text(rows, row, "state"), facts, ret_text);
}

void next_steps_complete(const struct call *call, struct text *body)
{
	if (!call->endpoint->subject || !strstr(text_string(body), "\"_facts\""))
		return;
	CLEANUP(json_decref) json_t *answer = json_loads(text_string(body), 0, NULL);
	CLEANUP(json_decref) json_t *facts = json_incref(json_object_get(answer, "_facts"));
	if (!facts)
		return;
	json_object_del(answer, "_facts");
	CLEANUP(free) char *written = json_dumps(answer, JSON_COMPACT);
	if (!written)
		return;
	/* All but the brace that ends it: the steps are its last member. */
	text_clear(body);
	text_append(body, written, strlen(written) - 1);
	put_steps(call, json_string_value(json_object_get(answer, "state")), facts, body);
	text_putc(body, '}');
}
