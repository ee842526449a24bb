/* Owns the step of a process, from the reading of its facts to the transaction that takes it. */
#include "api/process.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/writing.h"
#include "store/statements.h"

#define RESOURCE_BYTES ((size_t)2 * 1024 * 1024)

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

/* Where what was made is found: below the list that it was posted to, or as the resource. */
static void put_location(const struct call *call, const struct writing *writing, char ret[300])
{
	ret[0] = '\0';
	if (writing->is_new_record && call->endpoint->record)
		snprintf(ret, 300, "%s/%s", call->request->path, writing->record_id);
	else if (writing->is_new_record)
		snprintf(ret, 300, "%s%s", writing->subject->path, writing->resource_id);
}

static bool write_all(struct call *call, const struct rulebook *rulebook, struct writing *writing,
    struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(json_decref) json_t *incident_ids = json_array();
	struct writing_numbers numbers;
	char location[300];
	int status = writing->is_new_record ? 201 : 200;

	if (!writing_count(call, rulebook, writing, problem) ||
	    !call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	call_bind(call, &arguments);
	writing_bind(call, writing, &numbers, &arguments.bindings);
	put_location(call, writing, location);
	call_claim(call, &batch);
	writing_put_incidents(writing, incident_ids);
	writing_add_lock(&batch, incident_ids);
	writing_add(call, &batch, writing, &arguments.bindings);
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
	writing->operation = call->endpoint->operation_id;
	writing->write = call->endpoint->write;
	writing->record_name = call->endpoint->record;
	writing->said = call->request->json;
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
	return writing_judge(call, writing, problem) && write_all(call, rulebook, writing, problem);
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
