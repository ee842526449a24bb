/* Owns the step of a process, from the reading of its facts to the transaction that takes it. */
#include "api/process.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "base/ids.h"
#include "store/statements.h"

#define RESOURCE_BYTES ((size_t)2 * 1024 * 1024)

struct writing {
	const struct subject *subject;
	const struct step *step;
	bool is_new_record;
	bool is_new_resource;
	const char *to_wanted; /* a transition's, else NULL */
	json_t *resource;      /* as it is stored; NULL when it is new */
	json_t *facts;
	json_t *record; /* what is changed, as it is stored; or NULL */
	json_t *body;   /* the request's, over the record that it changes */
	struct uuid new_id;
	struct uuid event_id;
	const char *record_id;   /* of the record, or NULL when the step has none */
	const char *resource_id; /* of the resource */
};

static void writing_finish(struct writing *writing)
{
	json_decref(writing->resource);
	json_decref(writing->facts);
	json_decref(writing->record);
	json_decref(writing->body);
}
DEFINE_VALUE_CLEANUP(struct writing, writing_finish)

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool take_row(const struct rows *rows, json_t **ret_row, struct problem *problem)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(RESOURCE_BYTES);

	rows_put_object(rows, 0, &text);
	*ret_row = json_loads(text_string(&text), 0, NULL);
	return *ret_row || problem_fail(problem, PROBLEM_INTERNAL, "a resource was not JSON");
}

/* Facts of what the request names, over those of the resource. */
static bool add_facts(struct writing *writing, const struct rows *rows, struct problem *problem)
{
	const char *text = rows_text(rows, 0, "_facts");
	CLEANUP(json_decref) json_t *facts = text ? json_loads(text, 0, NULL) : NULL;

	if (!facts)
		return problem_fail(problem, PROBLEM_INTERNAL, "a request has no facts");
	json_object_update(writing->facts, facts);
	return true;
}

/* What there is: the resource with its facts, and the record that is to be changed. */
static bool read_all(struct call *call, struct writing *writing, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	const struct endpoint *endpoint = call->endpoint;
	bool changes_record = endpoint->record && !writing->is_new_record;

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t resource_number = batch_add(&batch, writing->subject->get, &arguments.bindings);
	size_t record_number =
	    changes_record ? batch_add(&batch, endpoint->statement, &arguments.bindings) : 0;
	size_t facts_number = endpoint->facts ? duties_add_json(&batch, endpoint->facts,
	                                            &arguments.bindings, "record", call->request->json)
	                                      : 0;
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *resource = batch_rows(&batch, resource_number);
	if (rows_count(resource) == 0)
		return problem_set(
		    problem, PROBLEM_NOT_FOUND, "There is no such %s.", writing->subject->process->noun);
	const char *facts = rows_text(resource, 0, "_facts");
	writing->facts = facts ? json_loads(facts, 0, NULL) : NULL;
	if (!writing->facts)
		return problem_fail(problem, PROBLEM_INTERNAL, "a resource has no facts");
	if (endpoint->facts && !add_facts(writing, batch_rows(&batch, facts_number), problem))
		return false;
	if (!take_row(resource, &writing->resource, problem))
		return false;
	writing->resource_id = member(writing->resource, "id");
	if (!changes_record)
		return true;
	if (rows_count(batch_rows(&batch, record_number)) == 0)
		return problem_set(
		    problem, PROBLEM_NOT_FOUND, "There is no such %s.", call->endpoint->resource);
	if (!take_row(batch_rows(&batch, record_number), &writing->record, problem))
		return false;
	writing->record_id = member(writing->record, "id");
	return true;
}

/* A new resource has the facts of what it is to follow from, where its row says how to read them.
 */
static bool read_for_new(struct call *call, struct writing *writing, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	const struct statement *facts = call->endpoint->facts;

	call_bind(call, &arguments);
	writing->facts = json_object();
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number =
	    facts ? duties_add_json(&batch, facts, &arguments.bindings, "record", call->request->json)
	          : 0;
	if (!call_run(call, &batch, problem))
		return false;
	return !facts || add_facts(writing, batch_rows(&batch, number), problem);
}

static void merge_body(struct call *call, struct writing *writing)
{
	/* What is put in place of a part of the resource stands for itself. */
	bool is_put = strcmp(call->request->operation->method, "PUT") == 0;
	const json_t *stored = writing->is_new_record         ? NULL
	                       : writing->record              ? writing->record
	                       : writing->to_wanted || is_put ? NULL
	                                                      : writing->resource;

	writing->body = stored ? json_deep_copy(stored) : json_object();
	json_object_update(writing->body, call->request->json);
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

static bool judge(struct call *call, struct writing *writing, struct problem *problem)
{
	const struct process *process = writing->subject->process;
	const char *state = writing->resource ? member(writing->resource, "state") : "";
	const struct act act = act_of(call, writing);

	if (!process_find(process, call->endpoint->operation_id, writing->to_wanted, state ? state : "",
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
    const struct writing *writing, json_t *effects, struct problem *problem)
{
	for (size_t i = 0; i < EFFECTS_MAX && writing->step->effects[i].change; i++) {
		const struct clock_effect *effect = &writing->step->effects[i];
		if (effect->when && !json_is_true(json_object_get(writing->facts, effect->when)))
			continue;
		if (!add_effect(call, rulebook, writing, effect, effects, problem))
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
	bind_text(&bindings, "reason", member(call->request->json, "reason"));
	duties_add_json(batch, &SQL_TRANSITION_INSERT, &bindings, "evidence", call->request->json);
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

/*
 * The incidents of the resource, those that it is to have, and the one that orders its event. They
 * are held before anything else is written: a step of an incident goes on to what belongs to it,
 * and that one's steps back to the incident.
 */
static void add_lock(struct batch *batch, const struct writing *writing)
{
	struct bindings bindings = {0};
	json_t *incident_id = json_object_get(writing->facts, "incident_id");
	CLEANUP(json_decref) json_t *ids = json_array();

	if (json_is_string(incident_id))
		json_array_append(ids, incident_id);
	json_array_extend(ids, json_object_get(writing->resource, "incident_ids"));
	json_array_extend(ids, json_object_get(writing->body, "incident_ids"));
	if (json_array_size(ids))
		duties_add_json(batch, &SQL_INCIDENTS_LOCK, &bindings, "incident_ids", ids);
}

/* The step's own rows: the resource's next version, and the record. */
static void add_rows(struct call *call, struct batch *batch, const struct writing *writing,
    const json_t *record, struct bindings *bindings)
{
	const struct endpoint *endpoint = call->endpoint;

	if (!writing->is_new_resource)
		batch_add(batch, writing->subject->advance, bindings);
	if (endpoint->write)
		duties_add_json(batch, endpoint->write, bindings, "record", record);
}

struct numbers {
	char version[24];
	char record_version[24];
	struct date_text today;
};

static void bind_all(const struct call *call, const struct writing *writing,
    struct numbers *ret_numbers, struct bindings *bindings)
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
	if (call->endpoint->record)
		bind_text(bindings, call->endpoint->record, writing->record_id);
}

/* Where what was made is found: below the list that it was posted to, or as the resource. */
static void put_location(const struct call *call, const struct writing *writing, char ret[300])
{
	ret[0] = '\0';
	if (writing->is_new_record && call->endpoint->record)
		snprintf(ret, 300, "%s/%s", call->request->path, writing->record_id);
	else if (writing->is_new_record)
		snprintf(ret, 300, "%s%s", writing->subject->path, writing->resource_id);
}

static bool write_all(struct call *call, const struct rulebook *rulebook,
    const struct writing *writing, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(json_decref) json_t *effects = json_array();
	CLEANUP(json_decref) json_t *record = json_copy(call->request->json);
	struct bindings none = {0};
	struct numbers numbers;
	char location[300];
	int status = writing->is_new_record ? 201 : 200;

	if (!count_clocks(call, rulebook, writing, effects, problem) ||
	    !put_earliest(call, rulebook, writing, record, problem) ||
	    !call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	call_bind(call, &arguments);
	bind_all(call, writing, &numbers, &arguments.bindings);
	put_location(call, writing, location);
	call_claim(call, &batch);
	add_lock(&batch, writing);
	add_rows(call, &batch, writing, record, &arguments.bindings);
	add_log(call, &batch, writing);
	if (json_array_size(effects))
		duties_add_json(&batch, &SQL_CLOCKS_APPLY, &none, "effects", effects);
	add_event(call, &batch, writing);
	call_audit(call, &batch, writing->record_id ? writing->record_id : writing->resource_id);
	size_t answer = call_keep(call, &batch, call->endpoint->statement, call->endpoint->stored,
	    &arguments.bindings, status, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, status, location, VERSION_OF_ANSWER);
	return true;
}

static bool write_once(struct call *call, struct writing *writing, struct problem *problem)
{
	CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;

	if (!call_rulebook(call, &rulebook, problem))
		return false;
	writing->event_id = uuid_new();
	if (writing->is_new_record) {
		writing->new_id = uuid_new();
		writing->record_id = call->endpoint->record ? writing->new_id.text : NULL;
	}
	if (writing->is_new_resource)
		writing->resource_id = writing->new_id.text;
	if (!(writing->is_new_resource ? read_for_new(call, writing, problem)
	                               : read_all(call, writing, problem)))
		return false;
	const json_t *versioned = writing->record ? writing->record : writing->resource;
	if (request_argument(call->request, "If-Match") &&
	    !call_check_version(call, versioned, problem))
		return false;
	merge_body(call, writing);
	return judge(call, writing, problem) && write_all(call, rulebook, writing, problem);
}

/* Again while others change the resource or the rules between the reading and the writing. */
static bool write_step(struct call *call, const struct writing *kind, struct problem *problem)
{
	for (int tries = 0;;) {
		CLEANUP(writing_finish) struct writing writing = *kind;
		if (write_once(call, &writing, problem) || call_replay(call, problem))
			return true;
		bool raced = call_was_overtaken(call) || call_rules_changed(call);
		if (!call_try_again(raced, &tries, problem))
			return false;
	}
}

bool process_create(struct call *call, struct problem *problem)
{
	const struct subject *subject = call->endpoint->subject;
	const struct writing kind = {
	    .subject = subject,
	    .is_new_record = true,
	    .is_new_resource = !request_argument(call->request, subject->id_name),
	};
	bool replayed;

	if (!call_replay_first(call, &replayed, problem))
		return false;
	return replayed || write_step(call, &kind, problem);
}

bool process_change(struct call *call, struct problem *problem)
{
	const struct writing kind = {.subject = call->endpoint->subject};

	return write_step(call, &kind, problem);
}

bool process_transition(struct call *call, struct problem *problem)
{
	const struct writing kind = {
	    .subject = call->endpoint->subject,
	    .to_wanted = member(call->request->json, "to"),
	};

	return write_step(call, &kind, problem);
}
