/* Owns the judgement of steps; the tables of steps are in the files that are called after them. */
#include "domain/process.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool process_has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length) {
		bool begins = at == words || at[-1] == ' ';
		if (begins && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

bool process_has_scope(const char *scopes, const char *scope)
{
	size_t length = strlen(scope);

	for (const char *at = scopes; (at = strstr(at, scope)); at += length) {
		bool begins = at > scopes && strchr("{,\"", at[-1]);
		if (begins && at[length] && strchr("},\"", at[length]))
			return true;
	}
	return false;
}

static bool leads(const struct step *step, const char *operation, const char *to)
{
	if (strcmp(step->operation, operation) != 0)
		return false;
	return !to || (step->to && strcmp(step->to, to) == 0);
}

static bool starts_from(const struct step *step, const char *state)
{
	return state[0] ? process_has_word(step->from, state) : step->from[0] == '\0';
}

bool process_find(const struct process *process, const char *operation, const char *to,
    const char *state, const struct step **ret_step, struct problem *problem)
{
	CLEANUP(json_decref) json_t *missing = json_array();

	for (size_t i = 0; i < process->step_count; i++) {
		const struct step *step = &process->steps[i];
		if (!leads(step, operation, to))
			continue;
		if (starts_from(step, state)) {
			*ret_step = step;
			return true;
		}
		char detail[400];
		snprintf(detail, sizeof(detail), "This goes from: %s.", step->from);
		json_array_append_new(missing, json_pack("{s:s, s:s}", "code", "state", "detail", detail));
	}
	problem->missing = TAKE(missing);
	if (to)
		return problem_set(problem, PROBLEM_CONFLICT, "A %s that is '%s' cannot become '%s'.",
		    process->noun, state, to);
	return problem_set(
	    problem, PROBLEM_CONFLICT, "A %s that is '%s' does not allow this.", process->noun, state);
}

const struct step *process_choose(const struct process *process, const struct step *found,
    const char *state, const struct act *act)
{
	for (const struct step *step = found; step < process->steps + process->step_count; step++) {
		if (leads(step, found->operation, NULL) && starts_from(step, state) &&
		    (!step->when || step->when(act)))
			return step;
	}
	return found;
}

static bool is_there(const struct need *need, const struct act *act)
{
	if (need->is_there)
		return need->is_there(act);
	const json_t *value = json_object_get(need->is_evidence ? act->body : act->facts, need->code);
	return need->is_evidence ? value && !json_is_null(value) : json_is_true(value);
}

static json_t *told(const struct need *need)
{
	return json_pack("{s:s, s:s}", "code", need->code, "detail", need->sentence);
}

static bool check_needs(const struct process *process, const struct step *step,
    const struct act *act, struct problem *problem)
{
	CLEANUP(json_decref) json_t *missing = json_array();

	for (const struct need *const *need = step->needs; *need; need++)
		if (!is_there(*need, act))
			json_array_append_new(missing, told(*need));
	if (json_array_size(missing) == 0)
		return true;
	const char *first = json_string_value(json_object_get(json_array_get(missing, 0), "detail"));
	problem_set(
	    problem, PROBLEM_CONFLICT, "The %s does not allow this yet: %s", process->noun, first);
	problem->missing = TAKE(missing);
	return false;
}

bool process_judge(const struct process *process, const struct step *step, const struct act *act,
    const char *scopes, struct problem *problem)
{
	if (step->role && !process_has_scope(scopes, step->role))
		return problem_set(
		    problem, PROBLEM_FORBIDDEN, "The API key needs the scope %s for this.", step->role);
	if (step->check && !step->check(act, problem))
		return false;
	return check_needs(process, step, act, problem);
}

/* ---- What can come next ---- */

static void put_need(const char *code, const char *sentence, struct text *ret_text)
{
	text_puts(ret_text, "{\"code\":");
	text_put_json(ret_text, code, strlen(code));
	text_puts(ret_text, ",\"detail\":");
	text_put_json(ret_text, sentence, strlen(sentence));
	text_putc(ret_text, '}');
}

/* The first that is missing also says that the step is not allowed. */
static void put_missing(
    const char *code, const char *sentence, bool *ret_allowed, struct text *ret_text)
{
	text_puts(ret_text, *ret_allowed ? ",\"allowed\":false,\"missing\":[" : ",");
	*ret_allowed = false;
	put_need(code, sentence, ret_text);
}

/* A step is taken by an operation, which has scopes before the step has one beyond them. */
static void put_missing_scopes(const struct step *step, const struct onlooker *onlooker,
    bool *ret_allowed, struct text *ret_text)
{
	char detail[200];

	if (step->role && !process_has_scope(onlooker->scopes, step->role)) {
		snprintf(detail, sizeof(detail), "The caller's key has not the scope %s.", step->role);
		put_missing("scope", detail, ret_allowed, ret_text);
	}
	if (!onlooker->may_call(onlooker->context, step->operation)) {
		snprintf(detail, sizeof(detail), "The caller's key has no scope of the operation %s.",
		    step->operation);
		put_missing("scope", detail, ret_allowed, ret_text);
	}
}

static void put_evidence(const struct step *step, struct text *ret_text)
{
	const char *mark = "";

	text_puts(ret_text, ",\"evidence\":[");
	for (const struct need *const *need = step->needs; *need; need++) {
		if (!(*need)->is_evidence)
			continue;
		text_puts(ret_text, mark);
		put_need((*need)->code, (*need)->sentence, ret_text);
		mark = ",";
	}
	text_putc(ret_text, ']');
}

static void put_step(const struct step *step, const struct act *act,
    const struct onlooker *onlooker, struct text *ret_text)
{
	bool allowed = true;

	text_puts(ret_text, "{\"to\":");
	text_put_json(ret_text, step->to, strlen(step->to));
	text_puts(ret_text, ",\"operation\":");
	text_put_json(ret_text, step->operation, strlen(step->operation));
	for (const struct need *const *need = step->needs; *need; need++)
		if (!(*need)->is_evidence && !is_there(*need, act))
			put_missing((*need)->code, (*need)->sentence, &allowed, ret_text);
	put_missing_scopes(step, onlooker, &allowed, ret_text);
	text_puts(ret_text, allowed ? ",\"allowed\":true,\"missing\":[]" : "]");
	put_evidence(step, ret_text);
	text_putc(ret_text, '}');
}

void process_put_next_steps(const struct process *process, const char *state, const json_t *facts,
    struct date today, const struct onlooker *onlooker, struct text *ret_text)
{
	const struct act act = {.facts = facts, .today = today};
	const char *mark = "";

	text_putc(ret_text, '[');
	for (size_t i = 0; i < process->step_count; i++) {
		const struct step *step = &process->steps[i];
		if (!step->to || !state[0] || !starts_from(step, state))
			continue;
		text_puts(ret_text, mark);
		put_step(step, &act, onlooker, ret_text);
		mark = ",";
	}
	text_putc(ret_text, ']');
}

bool act_fact(const struct act *act, const char *name)
{
	return json_is_true(json_object_get(act->facts, name));
}

struct date act_date(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);
	struct date date;

	if (!value)
		value = json_object_get(act->facts, name);
	const char *text = json_string_value(value);
	return text && date_parse(text, &date) ? date : DATE_NONE;
}

const char *act_text(const struct act *act, const char *name)
{
	const char *text = json_string_value(json_object_get(act->body, name));

	return text ? text : "";
}

bool act_check_not_future(const struct act *act, const char *name, struct problem *problem)
{
	struct date date = act_date(act, name);
	char pointer[80];

	if (!date_is_set(date) || date.days <= act->today.days)
		return true;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	return problem_add(problem, PROBLEM_INVALID, pointer, "date_in_future",
	    "What has happened cannot lie in the future.");
}

bool act_check_order(const struct act *act, const char *earlier, const char *later,
    const char *sentence, struct problem *problem)
{
	struct date first = act_date(act, earlier);
	struct date second = act_date(act, later);
	char pointer[80];

	if (!date_is_set(first) || !date_is_set(second) || first.days <= second.days)
		return true;
	snprintf(pointer, sizeof(pointer), "/%s", later);
	return problem_add(problem, PROBLEM_INVALID, pointer, "dates_out_of_order", "%s", sentence);
}
