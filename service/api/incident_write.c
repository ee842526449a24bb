/* Owns the transaction in which an incident is created or changed. */
#include "api/incident_write.h"

#include <stdio.h>
#include <string.h>

#include "api/next_steps.h"
#include "store/statements.h"

#define INCIDENT_BYTES ((size_t)4 * 1024 * 1024)

bool incident_read(struct call *call, const struct statement *statement,
    const struct bindings *bindings, json_t **ret_incident, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(text_finish) struct text text = TEXT_INIT(INCIDENT_BYTES);

	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, statement, bindings);
	if (!call_run(call, &batch, problem))
		return false;
	if (rows_count(batch_rows(&batch, number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such incident.");
	rows_put_object(batch_rows(&batch, number), 0, &text);
	*ret_incident = json_loads(text_string(&text), 0, NULL);
	return *ret_incident || problem_fail(problem, PROBLEM_INTERNAL, "an incident was not JSON");
}

bool incident_read_by_path(struct call *call, json_t **ret_incident, struct problem *problem)
{
	struct bindings bindings = {0};

	bind_text(&bindings, "incident_id", request_argument(call->request, "incident_id"));
	return incident_read(call, &SQL_INCIDENT_GET, &bindings, ret_incident, problem);
}

static void give_ids(json_t *children)
{
	size_t index;
	json_t *child;

	json_array_foreach (children, index, child) {
		if (!json_object_get(child, "id"))
			json_object_set_new(child, "id", json_string(uuid_new().text));
	}
}

static void set_duty(json_t *incident, const struct duty_decision *decision)
{
	json_object_set_new(incident, "duty", json_string(duty_name(decision->duty)));
	json_object_set_new(incident, "duty_rule", json_string(decision->rule));
}

void incident_draft_finish(struct incident_draft *draft)
{
	json_decref(draft->row);
	json_decref(draft->children);
	duties_finish(&draft->duties);
}

bool incident_draft(struct call *call, const struct rulebook *rulebook, json_t *incident,
    struct incident_draft *ret_draft, struct problem *problem)
{
	*ret_draft = (struct incident_draft){.id = uuid_new()};
	if (!duties_assess(call, rulebook, incident, &ret_draft->duties, problem))
		return false;
	ret_draft->row = json_copy(incident);
	set_duty(ret_draft->row, &ret_draft->duties.decision);
	json_object_del(ret_draft->row, "children");
	ret_draft->children = json_incref(json_object_get(incident, "children"));
	give_ids(ret_draft->children);
	return true;
}

void incident_add(struct call *call, struct batch *batch, const struct incident_draft *draft)
{
	struct bindings bindings = {0};
	CLEANUP(json_decref) json_t *data = duties_event(call, draft->id.text);
	struct event event = {.type = "incident.created", .incident_id = draft->id.text, .data = data};

	bind_text(&bindings, "incident_id", draft->id.text);
	duties_add_json(batch, &SQL_INCIDENT_INSERT, &bindings, "incident", draft->row);
	if (json_array_size(draft->children))
		duties_add_json(batch, &SQL_CHILDREN_INSERT, &bindings, "children", draft->children);
	if (json_array_size(draft->duties.clocks))
		duties_add_json(batch, &SQL_CLOCKS_INSERT, &bindings, "clocks", draft->duties.clocks);
	duties_add_event(&event, uuid_new().text, batch);
}

static bool create_once(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	json_t *incident = context;
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(incident_draft_finish) struct incident_draft draft = {0};
	struct bindings bindings = {0};
	char location[80];

	if (!incident_draft(call, rulebook, incident, &draft, problem))
		return call_refuse(call, rulebook, problem);
	if (!call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	snprintf(location, sizeof(location), "/v1/incidents/%s", draft.id.text);
	bind_text(&bindings, "incident_id", draft.id.text);
	call_claim(call, &batch);
	incident_add(call, &batch, &draft);
	call_audit(call, &batch, draft.id.text);
	size_t answer = call_keep(
	    call, &batch, &SQL_INCIDENT_GET, &SQL_INCIDENT_GET_STORED, &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, 1);
	return true;
}

bool incident_create(struct call *call, json_t *incident, struct problem *problem)
{
	return call_by_rules(call, create_once, incident, problem);
}

/* The child of that id in the merged incident, or NULL. */
static json_t *find_child(const json_t *incident, const char *id)
{
	size_t index;
	json_t *child;

	json_array_foreach (json_object_get(incident, "children"), index, child) {
		const char *child_id = json_string_value(json_object_get(child, "id"));
		if (child_id && strcmp(child_id, id) == 0)
			return child;
	}
	return NULL;
}

/* One child takes the mark of the index child; whoever had it gives it up. */
static void move_index(json_t *merged, const json_t *to, json_t *cleared)
{
	size_t index;
	json_t *child;

	json_array_foreach (json_object_get(merged, "children"), index, child) {
		if (child == to || !json_is_true(json_object_get(child, "index_child")))
			continue;
		json_object_set_new(child, "index_child", json_false());
		json_t *id = json_object_get(child, "id");
		if (id)
			json_array_append_new(cleared, json_pack("{s:O, s:b}", "id", id, "index_child", 0));
	}
}

/* The incident as it would be. Children that lose the index mark are listed in `cleared`. */
static json_t *merge(const struct incident_change *change, json_t *cleared)
{
	json_t *merged = json_deep_copy(change->current);
	json_t *children = json_object_get(merged, "children");
	size_t index;
	json_t *item;

	if (change->patch) {
		json_object_update(merged, (json_t *)change->patch);
		/* A new instant decides the date, unless the patch has both. */
		if (json_is_string(json_object_get(change->patch, "aware_at")) &&
		    !json_object_get(change->patch, "aware_on"))
			json_object_del(merged, "aware_on");
	}
	json_array_foreach (change->child_patches, index, item) {
		json_t *child = find_child(merged, json_string_value(json_object_get(item, "id")));
		json_object_update(child, item);
		if (json_is_true(json_object_get(item, "index_child")))
			move_index(merged, child, cleared);
	}
	json_array_foreach (change->new_children, index, item) {
		if (json_is_true(json_object_get(item, "index_child")))
			move_index(merged, NULL, cleared);
		json_array_append(children, item);
	}
	return merged;
}

/* The members that differ from the stored ones, children apart. */
static json_t *difference(const json_t *merged, const json_t *current)
{
	json_t *changed = json_object();
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)merged, key, value) {
		if (strcmp(key, "children") != 0 && !json_equal(value, json_object_get(current, key)))
			json_object_set(changed, key, value);
	}
	return changed;
}

/* Faults of the child that the body is point into the body, not into the incident. */
static void rebase_faults(struct problem *problem, const char *base)
{
	size_t index;
	json_t *fault;
	size_t length = base ? strlen(base) : 0;

	if (!base)
		return;
	json_array_foreach (problem->errors, index, fault) {
		const char *pointer = json_string_value(json_object_get(fault, "pointer"));
		if (pointer && strncmp(pointer, base, length) == 0)
			json_object_set_new(fault, "pointer", json_string(pointer + length));
	}
}

static void add_children(struct batch *batch, const char *incident_id,
    const struct incident_change *change, const json_t *cleared)
{
	struct bindings bindings = {0};

	bind_text(&bindings, "incident_id", incident_id);
	/* The index of index children allows one at any moment: first off, then on. */
	if (json_array_size(cleared))
		duties_add_json(batch, &SQL_CHILDREN_PATCH, &bindings, "children", cleared);
	if (json_array_size(change->child_patches))
		duties_add_json(batch, &SQL_CHILDREN_PATCH, &bindings, "children", change->child_patches);
	if (json_array_size(change->new_children))
		duties_add_json(batch, &SQL_CHILDREN_INSERT, &bindings, "children", change->new_children);
}

static void add_change(struct call *call, struct batch *batch, const char *incident_id,
    long version, const json_t *patch, const struct duties *duties, const json_t *review)
{
	struct bindings bindings = {0};
	char version_text[24];
	CLEANUP(json_decref) json_t *data = duties_event(call, incident_id);
	struct event event = {.type = "incident.updated", .incident_id = incident_id, .data = data};

	snprintf(version_text, sizeof(version_text), "%ld", version);
	bind_text(&bindings, "incident_id", incident_id);
	bind_text(&bindings, "version", version_text);
	duties_add_json(batch, &SQL_INCIDENT_PATCH, &bindings, "incident", patch);
	duties_add_json(batch, &SQL_CLOCKS_RECONCILE, &bindings, "clocks", duties->clocks);
	/* A clock that counts from a day of the incident follows the day while it is open. */
	if (review)
		duties_add_json(batch, &SQL_CLOCK_CORRECT, &bindings, "clock", review);
	duties_add_event(&event, uuid_new().text, batch);
}

static void put_location(const struct incident_change *change, const char *incident_id,
    const char *id, char ret_location[160])
{
	ret_location[0] = '\0';
	if (change->collection)
		snprintf(ret_location, 160, "/v1/incidents/%s/%s/%s", incident_id, change->collection, id);
}

/* Reads the answer without writing: what was asked for is so already. */
static bool answer_unchanged(
    struct call *call, const struct incident_change *change, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "incident_id", json_string_value(json_object_get(change->current, "id")));
	bind_text(&bindings, change->id_name, change->id);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, change->answer, &bindings);
	if (!call_run(call, &batch, problem))
		return false;
	call->reply->status = change->status;
	rows_put_open_object(batch_rows(&batch, number), 0, &call->reply->body);
	next_steps_put(call, NULL, batch_rows(&batch, number), 0, LIST_JSON_ROW, &call->reply->body);
	text_putc(&call->reply->body, '}');
	reply_version(call->reply, (long)rows_number(batch_rows(&batch, number), 0, "version"));
	return true;
}

static bool write_change(struct call *call, const struct rulebook *rulebook,
    struct incident_change *change, const json_t *merged, const json_t *cleared,
    const struct duties *duties, struct problem *problem)
{
	CLEANUP(json_decref) json_t *patch = difference(merged, change->current);
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	const char *incident_id = json_string_value(json_object_get(change->current, "id"));
	long version = (long)json_integer_value(json_object_get(change->current, "version"));
	const char *id =
	    change->id
	        ? change->id
	        : json_string_value(json_object_get(json_array_get(change->new_children, 0), "id"));
	CLEANUP(json_decref) json_t *review = NULL;
	char location[160];

	if (!duties_recount(rulebook, "rapid_review", merged, &review, problem) ||
	    !call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	put_location(change, incident_id, id, location);
	call_claim(call, &batch);
	add_change(call, &batch, incident_id, version, patch, duties, review);
	add_children(&batch, incident_id, change, cleared);
	call_audit(call, &batch, incident_id);
	bind_text(&bindings, "incident_id", incident_id);
	bind_text(&bindings, change->id_name, id);
	size_t answer = call_keep(
	    call, &batch, change->answer, change->answer_stored, &bindings, change->status, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, change->status, location, VERSION_OF_ANSWER);
	return true;
}

static bool is_in_state(const struct incident_change *change, const char *state)
{
	const char *present = json_string_value(json_object_get(change->current, "state"));

	return present && strcmp(present, state) == 0;
}

/* What was ended stays as it was when it ended. */
static bool check_open(const struct incident_change *change, struct problem *problem)
{
	if (!is_in_state(change, "withdrawn") && !is_in_state(change, "closed"))
		return true;
	problem->missing = json_pack("[{s:s, s:s}]", "code", "incident_is_open", "detail",
	    "An incident that is withdrawn or closed is not changed; reopen it first.");
	return problem_set(problem, PROBLEM_CONFLICT, "The incident is %s.",
	    json_string_value(json_object_get(change->current, "state")));
}

static bool apply_once(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	struct incident_change *change = context;
	CLEANUP(duties_finish) struct duties duties = {0};
	CLEANUP(json_decref) json_t *cleared = json_array();
	CLEANUP(json_decref) json_t *merged = merge(change, cleared);

	if (!duties_assess(call, rulebook, merged, &duties, problem)) {
		rebase_faults(problem, change->fault_base);
		return call_refuse(call, rulebook, problem);
	}
	set_duty(merged, &duties.decision);
	CLEANUP(json_decref) json_t *patch = difference(merged, change->current);
	if (json_object_size(patch) == 0 && !json_array_size(change->new_children) &&
	    !json_array_size(change->child_patches))
		return answer_unchanged(call, change, problem);
	if (!check_open(change, problem))
		return false;
	/* It was decided not to notify: no correction starts the clock again, reopening does. */
	if (is_in_state(change, "not_notified"))
		json_array_clear(duties.clocks);
	return write_change(call, rulebook, change, merged, cleared, &duties, problem);
}

bool incident_apply(struct call *call, struct incident_change *change, struct problem *problem)
{
	give_ids(change->new_children);
	return call_by_rules(call, apply_once, change, problem);
}

bool incident_has(const json_t *stored, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)patch, key, value) {
		const json_t *present = json_object_get(stored, key);
		if (!json_equal(value, present ? present : json_null()))
			return false;
	}
	return true;
}
