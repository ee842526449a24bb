/* Owns the colour of an action on a day. */
#include "domain/action_rag.h"

#include <string.h>

#include "domain/process.h"

static struct date day_of(const json_t *facts, const char *name)
{
	const char *text = json_string_value(json_object_get(facts, name));
	struct date date;

	return text && date_parse(text, &date) ? date : DATE_NONE;
}

const char *action_rag(const json_t *facts, struct date today)
{
	const char *state = json_string_value(json_object_get(facts, "state"));
	struct date due_on = day_of(facts, "due_on");
	struct date amber_until = day_of(facts, "amber_until");
	bool is_undone = state && process_has_word("not_started in_progress", state);

	if (!state || !date_is_set(due_on))
		return NULL;
	if (strcmp(state, "not_accepted") == 0 || (is_undone && due_on.days < today.days))
		return "red";
	if (strcmp(state, "closed_assured") == 0)
		return "blue";
	if (process_has_word("closed_unverified superseded", state))
		return "grey";
	if (json_is_true(json_object_get(facts, "is_revised")))
		return "amber";
	if (!is_undone)
		return "green";
	if (!date_is_set(amber_until))
		return NULL;
	return due_on.days <= amber_until.days ? "amber" : "green";
}
