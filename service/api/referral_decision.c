/*
 * Owns the threshold decision of a referral: one transaction writes the decision, the referral's
 * end and, where the criteria are met, the new incident with its duty, clocks and event.
 */
#include "api/referral_decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/duties.h"
#include "api/incident_write.h"
#include "api/process.h"
#include "base/ids.h"
#include "store/statements.h"

#define REFERRAL_BYTES ((size_t)2 * 1024 * 1024)

struct decision {
	const struct step *step;
	const json_t *body;
	json_t *referral; /* as it is stored */
	json_t *facts;    /* what the step is judged by */
	json_t *similar;  /* array of {id, local_ref}: what the new incident may be instead */
	struct incident_draft draft; /* the new incident, when there is one */
	bool makes_incident;
	struct uuid id;
	char version[24];
};

static void decision_finish(struct decision *decision)
{
	json_decref(decision->referral);
	json_decref(decision->facts);
	json_decref(decision->similar);
	incident_draft_finish(&decision->draft);
}
DEFINE_VALUE_CLEANUP(struct decision, decision_finish)

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* The incident that the decision leads to, or NULL. */
static const char *incident_id_of(const struct decision *decision)
{
	return decision->makes_incident ? decision->draft.id.text
	                                : member(decision->body, "incident_id");
}

static bool take_json(const char *text, json_t **ret_json, struct problem *problem)
{
	*ret_json = json_loads(text ? text : "", 0, NULL);
	return *ret_json || problem_fail(problem, PROBLEM_INTERNAL, "a row was not JSON");
}

static json_t *similar_of(const struct rows *rows)
{
	json_t *similar = json_array();

	for (size_t row = 0; row < rows_count(rows); row++)
		json_array_append_new(similar, json_pack("{s:s, s:s}", "id", rows_text(rows, row, "id"),
		                                   "local_ref", rows_text(rows, row, "local_ref")));
	return similar;
}

static bool take_referral(
    const struct rows *rows, struct decision *decision, struct problem *problem)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(REFERRAL_BYTES);

	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such referral.");
	rows_put_object(rows, 0, &text);
	if (!take_json(text_string(&text), &decision->referral, problem) ||
	    !take_json(rows_text(rows, 0, "_facts"), &decision->facts, problem))
		return false;
	json_object_set(
	    decision->facts, "received_on", json_object_get(decision->referral, "received_on"));
	snprintf(decision->version, sizeof(decision->version), "%lld",
	    (long long)json_integer_value(json_object_get(decision->referral, "version")));
	return true;
}

/* The referral, the partners, the incident to join, and what the new one may be instead. */
static bool read_all(struct call *call, struct decision *decision, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	json_t *agencies = NULL;
	CLEANUP(json_decref) json_t *empty = json_object();
	const json_t *incident = json_object_get(decision->body, "incident");

	bind_text(&bindings, "referral_id", request_argument(call->request, "referral_id"));
	bind_text(&bindings, "incident_id", member(decision->body, "incident_id"));
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t referral = batch_add(&batch, &SQL_REFERRAL_GET, &bindings);
	size_t partners = batch_add(&batch, &SQL_AGENCY_KINDS, &bindings);
	size_t joined = batch_add(&batch, &SQL_INCIDENT_EXISTS, &bindings);
	size_t similar = duties_add_json(
	    &batch, &SQL_REFERRAL_SIMILAR, &bindings, "incident", incident ? incident : empty);
	if (!call_run(call, &batch, problem) ||
	    !take_referral(batch_rows(&batch, referral), decision, problem) ||
	    !take_json(rows_text(batch_rows(&batch, partners), 0, "agencies"), &agencies, problem))
		return false;
	json_object_set_new(decision->facts, "agencies", agencies);
	json_object_set_new(decision->facts, "incident_is_there",
	    json_boolean(rows_count(batch_rows(&batch, joined)) > 0));
	decision->similar = similar_of(batch_rows(&batch, similar));
	return true;
}

static bool judge(struct call *call, struct decision *decision, struct problem *problem)
{
	const struct process *process = call->endpoint->subject->process;
	const struct act act = {
	    .facts = decision->facts,
	    .body = decision->body,
	    .today = call->today,
	};

	return process_find(process, call->endpoint->operation_id, member(decision->body, "outcome"),
	           member(decision->referral, "state"), &decision->step, problem) &&
	       process_judge(process, decision->step, &act, call->caller_scopes, problem);
}

static bool is_named(const json_t *ids, const char *id)
{
	size_t index;
	json_t *named;

	json_array_foreach (ids, index, named) {
		if (strcmp(json_string_value(named), id) == 0)
			return true;
	}
	return false;
}

/* The same incident must not be counted twice: whoever makes a new one has looked at the others. */
static bool check_similar(const struct decision *decision, struct problem *problem)
{
	const json_t *distinct = json_object_get(decision->body, "distinct_from");
	CLEANUP(json_decref) json_t *missing = json_array();
	size_t index;
	json_t *similar;

	json_array_foreach (decision->similar, index, similar) {
		if (!is_named(distinct, member(similar, "id")))
			json_array_append_new(missing, json_pack("{s:s, s:O}", "code", "similar_incident",
			                                   "detail", json_object_get(similar, "local_ref")));
	}
	if (json_array_size(missing) == 0)
		return true;
	problem->missing = TAKE(missing);
	return problem_set(problem, PROBLEM_CONFLICT,
	    "There are similar incidents: join one of them, or name each in distinct_from.");
}

/* What the referral says, under the names that an incident has for it. */
static json_t *incident_of(const struct decision *decision)
{
	static const struct {
		const char *from;
		const char *to;
	} fields[] = {
	    {"incident_date", "incident_date"},
	    {"aware_on", "aware_on"},
	    {"received_on", "referral_received_on"},
	    {"nature", "nature"},
	    {"abuse_neglect_status", "abuse_neglect_status"},
	    {"la_of_incident", "la_of_incident"},
	    {"location_type", "location_type"},
	    {"summary", "narrative"},
	    {"immediate_actions", "immediate_actions"},
	    {"children", "children"},
	};
	const json_t *over = json_object_get(decision->body, "incident");
	CLEANUP(json_decref) json_t *copy = json_deep_copy(over);
	json_t *incident = json_object();

	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		json_t *value = json_object_get(decision->referral, fields[i].from);
		if (value && !json_is_null(value))
			json_object_set_new(incident, fields[i].to, json_deep_copy(value));
	}
	/* An instant of awareness decides the day, unless the body has both. */
	if (json_is_string(json_object_get(over, "aware_at")))
		json_object_del(incident, "aware_on");
	json_object_update(incident, copy);
	return incident;
}

/* The referral lists the child most harmed first; the statistics take it where nobody says other.
 */
static void mark_index_child(json_t *incident)
{
	json_t *children = json_object_get(incident, "children");
	json_t *first = json_array_get(children, 0);
	size_t index;
	json_t *child;

	json_array_foreach (children, index, child) {
		if (json_is_true(json_object_get(child, "index_child")))
			return;
	}
	if (first)
		json_object_set_new(first, "index_child", json_true());
}

/* Faults of the incident are found below the body's member of that name. */
static void rebase_faults(struct problem *problem)
{
	size_t index;
	json_t *fault;

	json_array_foreach (problem->errors, index, fault) {
		const char *pointer = member(fault, "pointer");
		char moved[200];
		snprintf(moved, sizeof(moved), "/incident%s", pointer ? pointer : "");
		json_object_set_new(fault, "pointer", json_string(moved));
	}
}

static bool draft_incident(struct call *call, const struct rulebook *rulebook,
    struct decision *decision, struct problem *problem)
{
	CLEANUP(json_decref) json_t *incident = incident_of(decision);
	bool drafted = false;

	mark_index_child(incident);
	if (!member(incident, "nature"))
		problem_add(problem, PROBLEM_INVALID, "/nature", "required",
		    "Neither the referral nor the decision says what happened.");
	else
		drafted = incident_draft(call, rulebook, incident, &decision->draft, problem);
	if (!drafted)
		rebase_faults(problem);
	return drafted;
}

static void add_event(struct call *call, struct batch *batch, const struct decision *decision)
{
	CLEANUP(text_finish) struct text link = TEXT_INIT(700);
	const char *referral_id = member(decision->referral, "id");
	const char *incident_id = incident_id_of(decision);
	CLEANUP(json_decref) json_t *data = json_object();
	struct event event = {
	    .type = decision->step->event,
	    .incident_id = incident_id,
	    .recipients = "{}",
	    .data = data,
	};

	call_link(call, call->endpoint->subject->path, &link);
	text_puts(&link, referral_id);
	json_object_set_new(data, "referral_id", json_string(referral_id));
	json_object_set_new(data, "record_id", json_string(decision->id.text));
	json_object_set_new(data, "state", json_string(decision->step->to));
	json_object_set_new(data, "link", json_string(text_string(&link)));
	if (incident_id)
		json_object_set_new(data, "incident_id", json_string(incident_id));
	duties_add_event(&event, uuid_new().text, batch);
}

static void add_log(struct call *call, struct batch *batch, const struct decision *decision)
{
	struct bindings bindings = {0};

	bind_text(&bindings, "subject", call->endpoint->subject->process->resource);
	bind_text(&bindings, "subject_id", member(decision->referral, "id"));
	bind_text(&bindings, "operation", decision->step->operation);
	bind_text(&bindings, "from_state", member(decision->referral, "state"));
	bind_text(&bindings, "to_state", decision->step->to);
	bind_text(&bindings, "happened_on", member(decision->body, "decided_on"));
	bind_text(&bindings, "reason", member(decision->body, "rationale"));
	duties_add_json(batch, &SQL_TRANSITION_INSERT, &bindings, "evidence", decision->body);
}

/*
 * Another decision may have made a similar incident since this one was judged: then it begins
 * again, and finds it.
 */
static void add_similar_check(struct batch *batch, const struct decision *decision)
{
	struct bindings bindings = {0};
	const json_t *distinct = json_object_get(decision->body, "distinct_from");
	CLEANUP(json_decref) json_t *none = json_array();
	CLEANUP(free) char *named = json_dumps(json_is_array(distinct) ? distinct : none, JSON_COMPACT);

	bind_text(&bindings, "referral_id", member(decision->referral, "id"));
	bind_text(&bindings, "distinct_from", named);
	batch_add(batch, &SQL_REFERRAL_SIMILAR_WAIT, &bindings);
	duties_add_json(batch, &SQL_REFERRAL_SIMILAR_CHECK, &bindings, "incident",
	    json_object_get(decision->body, "incident"));
}

static void add_rows(struct call *call, struct batch *batch, const struct decision *decision,
    struct bindings *bindings)
{
	bind_text(bindings, "incident_id", incident_id_of(decision));
	if (decision->makes_incident) {
		add_similar_check(batch, decision);
		incident_add(call, batch, &decision->draft);
	} else if (incident_id_of(decision)) {
		batch_add(batch, &SQL_INCIDENT_LOCK, bindings);
	}
	bind_text(bindings, "referral_id", member(decision->referral, "id"));
	bind_text(bindings, "decision_id", decision->id.text);
	bind_text(bindings, "version", decision->version);
	bind_text(bindings, "to", decision->step->to);
	bind_text(bindings, "made_incident", decision->makes_incident ? "true" : "false");
	bind_text(bindings, "decided_on", member(decision->body, "decided_on"));
	batch_add(batch, call->endpoint->subject->advance, bindings);
	batch_add(batch, &SQL_REFERRAL_DECIDE, bindings);
	duties_add_json(batch, &SQL_REFERRAL_DECISION_INSERT, bindings, "record", decision->body);
	add_log(call, batch, decision);
	add_event(call, batch, decision);
	call_audit(call, batch, member(decision->referral, "id"));
}

static bool write_all(struct call *call, const struct rulebook *rulebook,
    const struct decision *decision, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	char location[200];

	if (!call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	snprintf(location, sizeof(location), "%s%s/decisions/%s", call->endpoint->subject->path,
	    member(decision->referral, "id"), decision->id.text);
	call_claim(call, &batch);
	add_rows(call, &batch, decision, &bindings);
	size_t answer = call_keep(
	    call, &batch, call->endpoint->statement, call->endpoint->stored, &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, 1);
	return true;
}

static bool decide_once(struct call *call, struct problem *problem)
{
	CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;
	CLEANUP(decision_finish)
	struct decision decision = {
	    .body = call->request->json,
	    .makes_incident = json_is_object(json_object_get(call->request->json, "incident")),
	    .id = uuid_new(),
	};

	if (!call_rulebook(call, &rulebook, problem) || !read_all(call, &decision, problem) ||
	    !judge(call, &decision, problem))
		return false;
	if (decision.makes_incident &&
	    (!draft_incident(call, rulebook, &decision, problem) || !check_similar(&decision, problem)))
		return false;
	return write_all(call, rulebook, &decision, problem);
}

bool referral_decision_create(struct call *call, struct problem *problem)
{
	return call_judged(call, decide_once, problem);
}
