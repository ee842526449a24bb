/* Owns what a judged step adds to a transaction. */
#include "api/writing.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "store/statements.h"

void writing_finish(struct writing *writing)
{
	json_decref(writing->resource);
	json_decref(writing->facts);
	json_decref(writing->record);
	json_decref(writing->body);
	json_decref(writing->effects);
	json_decref(writing->put);
}

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static struct act act_of(const struct call *call, const struct writing *writing)
{
	return (struct act){
	    .facts = writing->facts,
	    .body = writing->body,
	    .record = writing->record,
	    .today = call->today,
	};
}

bool writing_judge(const struct call *call, struct writing *writing, struct problem *problem)
{
	const struct process *process = writing->subject->process;
	const char *state = writing->resource ? member(writing->resource, "state") : "";
	const struct act act = act_of(call, writing);

	if (!process_find(process, writing->operation, writing->to_wanted, state ? state : "",
	        &writing->step, problem))
		return false;
	if (!writing->to_wanted)
		writing->step = process_choose(process, writing->step, state ? state : "", &act);
	return process_judge(process, writing->step, &act, call->caller_scopes, problem);
}

static struct date effect_day(const struct writing *writing, const char *name, struct date today)
{
	const struct act act = {.facts = writing->facts, .body = writing->body};
	struct date day = name ? act_date(&act, name) : today;

	/* The day of the step itself is today where it is left out. */
	return name && strcmp(name, "on") == 0 && !date_is_set(day) ? today : day;
}

static void put_member(json_t *object, const char *name, const char *value)
{
	if (value)
		json_object_set_new(object, name, json_string(value));
}

static json_t *effect_base(const struct writing *writing, const struct clock_effect *effect)
{
	static const char *const changes[] = {
	    [CLOCK_STARTS] = "start",
	    [CLOCK_CORRECTED] = "correct",
	    [CLOCK_COMPLETES] = "complete",
	    [CLOCK_LAPSES] = "lapse",
	};
	const json_t *source = effect->of_the_record ? writing->body : writing->facts;
	json_t *made = json_object();

	put_member(made, "change", changes[effect->change]);
	put_member(made, "kind", effect->kind);
	put_member(made, "subject", writing->subject->process->resource);
	put_member(made, "subject_id", writing->resource_id);
	put_member(made, "resource_id", effect->of_the_record ? writing->record_id : NULL);
	put_member(made, "incident_id", member(writing->facts, "incident_id"));
	put_member(made, "agency_id", member(source, "agency_id"));
	put_member(made, "owner", member(source, "owner"));
	return made;
}

/* The day that was agreed for an effect's clock; DATE_NONE where the policy counts it. */
static struct date agreed_day(const struct writing *writing, const struct clock_effect *effect,
    struct date day, struct date today)
{
	struct date due_on = effect->due ? effect_day(writing, effect->due, today) : DATE_NONE;
	const json_t *months = effect->months ? json_object_get(writing->facts, effect->months) : NULL;

	if (date_is_set(due_on) || !json_is_integer(months))
		return due_on;
	return date_add_months(day, (int)json_integer_value(months));
}

static bool add_effect(const struct call *call, const struct rulebook *rulebook,
    const struct writing *writing, const struct clock_effect *effect, json_t *effects,
    struct problem *problem)
{
	const struct act act = act_of(call, writing);
	struct date day = effect_day(writing, effect->day, call->today);
	bool starts = effect->change == CLOCK_STARTS || effect->change == CLOCK_CORRECTED;
	CLEANUP(json_decref) json_t *made = effect_base(writing, effect);

	if (!date_is_set(day) || (effect->applies && !effect->applies(&act)))
		return true;
	if (effect->change == CLOCK_COMPLETES)
		put_member(made, "completed_on", date_format(day).text);
	if (starts) {
		struct date due_on = agreed_day(writing, effect, day, call->today);
		CLEANUP(json_decref) json_t *counted = NULL;
		if (effect->due && !date_is_set(due_on))
			return true;
		if (!duties_count(rulebook, effect->kind, day, due_on, &counted, problem))
			return false;
		json_object_update(made, counted);
	}
	json_array_append_new(effects, TAKE(made));
	return true;
}

static bool count_clocks(const struct call *call, const struct rulebook *rulebook,
    struct writing *writing, struct problem *problem)
{
	for (size_t i = 0; i < EFFECTS_MAX && writing->step->effects[i].change; i++) {
		const struct clock_effect *effect = &writing->step->effects[i];
		if (effect->when && !json_is_true(json_object_get(writing->facts, effect->when)))
			continue;
		if (!add_effect(call, rulebook, writing, effect, writing->effects, problem))
			return false;
	}
	return true;
}

/* The day of the step that only the rulebook can count, as a member of what is written. */
static bool put_earliest(const struct call *call, const struct rulebook *rulebook,
    const struct writing *writing, json_t *record, struct problem *problem)
{
	const struct earliest_day *earliest = &writing->step->earliest;
	struct date done_on;
	struct date day;

	if (!earliest->member)
		return true;
	const struct clock_policy *policy = rulebook_policy(rulebook, earliest->kind);
	if (!policy || policy->length >= 0)
		return problem_fail(
		    problem, PROBLEM_INTERNAL, "the clock %s does not count backwards", earliest->kind);
	done_on = effect_day(writing, earliest->day, call->today);
	if (!clock_earliest_start(policy, &rulebook->calendar,
	        date_is_set(done_on) ? done_on : call->today, &day, problem))
		return false;
	put_member(record, earliest->member, date_format(day).text);
	return true;
}

bool writing_count(const struct call *call, const struct rulebook *rulebook,
    struct writing *writing, struct problem *problem)
{
	writing->effects = json_array();
	writing->put = json_copy((json_t *)writing->said);
	return count_clocks(call, rulebook, writing, problem) &&
	       put_earliest(call, rulebook, writing, writing->put, problem);
}

static void add_log(const struct call *call, struct batch *batch, const struct writing *writing)
{
	struct bindings bindings = {0};
	struct date on = effect_day(writing, "on", call->today);
	struct date_text on_text = date_format(on);
	const char *state = writing->resource ? member(writing->resource, "state") : "";

	if (!writing->step->to)
		return;
	bind_text(&bindings, "subject", writing->subject->process->resource);
	bind_text(&bindings, "subject_id", writing->resource_id);
	bind_text(&bindings, "operation", writing->step->operation);
	bind_text(&bindings, "from_state", state);
	bind_text(&bindings, "to_state", writing->step->to);
	bind_text(&bindings, "happened_on", on_text.text);
	bind_text(&bindings, "reason", member(writing->said, "reason"));
	duties_add_json(batch, &SQL_TRANSITION_INSERT, &bindings, "evidence", writing->said);
}

static const char *recipients_of(const struct call *call, const struct writing *writing)
{
	const struct step *step = writing->step;
	const struct act act = act_of(call, writing);

	return step->recipients && (!step->tells || step->tells(&act)) ? step->recipients : "{}";
}

static void put_carried(const struct writing *writing, json_t *data)
{
	const struct act act = {.facts = writing->facts, .body = writing->body};

	for (const char *const *name = writing->step->carries; *name; name++) {
		struct date day = act_date(&act, *name);
		if (date_is_set(day))
			put_member(data, *name, date_format(day).text);
	}
}

/* Ids, states and dates, and nothing of the case (data class P1). */
static void add_event(struct call *call, struct batch *batch, const struct writing *writing)
{
	const char *resource = writing->subject->process->resource;
	const char *type = writing->step->event;
	char made_type[80];
	char id_member[80];
	CLEANUP(text_finish) struct text link = TEXT_INIT(700);
	CLEANUP(json_decref) json_t *data = json_object();

	snprintf(made_type, sizeof(made_type), "%s.updated", resource);
	snprintf(id_member, sizeof(id_member), "%s_id", resource);
	call_link(call, writing->subject->path, &link);
	text_puts(&link, writing->resource_id);
	put_member(data, id_member, writing->resource_id);
	put_member(data, "record_id", writing->record_id);
	put_member(data, "incident_id", member(writing->facts, "incident_id"));
	put_member(
	    data, "state", writing->step->to ? writing->step->to : member(writing->resource, "state"));
	put_member(data, "link", text_string(&link));
	put_carried(writing, data);
	struct event event = {
	    .type = type ? type : made_type,
	    .incident_id = member(writing->facts, "incident_id"),
	    .recipients = recipients_of(call, writing),
	    .data = data,
	};
	duties_add_event(&event, writing->event_id.text, batch);
}

void writing_put_incidents(const struct writing *writing, json_t *ids)
{
	json_t *incident_id = json_object_get(writing->facts, "incident_id");

	if (json_is_string(incident_id))
		json_array_append(ids, incident_id);
	json_array_extend(ids, json_object_get(writing->resource, "incident_ids"));
	json_array_extend(ids, json_object_get(writing->body, "incident_ids"));
}

void writing_add_lock(struct batch *batch, const json_t *incident_ids)
{
	struct bindings bindings = {0};

	if (json_array_size(incident_ids))
		duties_add_json(batch, &SQL_INCIDENTS_LOCK, &bindings, "incident_ids", incident_ids);
}

void writing_bind(const struct call *call, const struct writing *writing,
    struct writing_numbers *ret_numbers, struct bindings *bindings)
{
	snprintf(ret_numbers->version, sizeof(ret_numbers->version), "%lld",
	    (long long)json_integer_value(json_object_get(writing->resource, "version")));
	snprintf(ret_numbers->record_version, sizeof(ret_numbers->record_version), "%lld",
	    (long long)json_integer_value(json_object_get(writing->record, "version")));
	ret_numbers->today = date_format(call->today);
	bind_text(bindings, writing->subject->id_name, writing->resource_id);
	bind_text(bindings, "version", ret_numbers->version);
	bind_text(bindings, "record_version", ret_numbers->record_version);
	bind_text(bindings, "record_id", writing->record_id);
	bind_text(bindings, "event_id", writing->event_id.text);
	bind_text(bindings, "to", writing->step->to);
	bind_text(bindings, "today", ret_numbers->today.text);
	if (writing->record_name)
		bind_text(bindings, writing->record_name, writing->record_id);
}

void writing_add(struct call *call, struct batch *batch, const struct writing *writing,
    struct bindings *bindings)
{
	struct bindings none = {0};

	if (!writing->is_new_resource)
		batch_add(batch, writing->subject->advance, bindings);
	if (writing->write)
		duties_add_json(batch, writing->write, bindings, "record", writing->put);
	add_log(call, batch, writing);
	if (json_array_size(writing->effects))
		duties_add_json(batch, &SQL_CLOCKS_APPLY, &none, "effects", writing->effects);
	add_event(call, batch, writing);
}
