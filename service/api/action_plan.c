/* Owns the plan of a review: reading it, and the one transaction of all that a put plan changes. */
#include "api/action_plan.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/sheet.h"
#include "api/writing.h"
#include "base/ids.h"
#include "domain/action_plan.h"
#include "store/statements.h"

#define ROW_BYTES ((size_t)2 * 1024 * 1024)
#define COLUMNS_MAX 100
/* What each writes is about seven statements of the batch's BATCH_MAX. */
#define STEPS_MAX 500

struct plan {
	json_t *review;
	json_t *recommendations;
	json_t *actions;
	json_t *agencies;
};

static void plan_finish(struct plan *plan)
{
	json_decref(plan->review);
	json_decref(plan->recommendations);
	json_decref(plan->actions);
	json_decref(plan->agencies);
}
DEFINE_VALUE_CLEANUP(struct plan, plan_finish)

static const char *text_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- Reading ---- */

/* The rows as objects, with their facts where they have any. */
static json_t *objects_of(const struct rows *rows)
{
	json_t *objects = json_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		CLEANUP(text_finish) struct text text = TEXT_INIT(ROW_BYTES);
		rows_put_object(rows, i, &text);
		json_t *object = json_loadb(text_string(&text), text.length, 0, NULL);
		if (!object || text.failed) {
			json_decref(object);
			json_decref(objects);
			return NULL;
		}
		if (rows_has(rows, "_facts"))
			json_object_set_new(
			    object, "_facts", json_loads(rows_text(rows, i, "_facts"), 0, NULL));
		json_array_append_new(objects, object);
	}
	return objects;
}

static bool read_plan(struct call *call, struct plan *ret_plan, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t review = batch_add(&batch, &SQL_ACTION_PLAN_REVIEW, &arguments.bindings);
	size_t recommendations =
	    batch_add(&batch, &SQL_ACTION_PLAN_RECOMMENDATIONS, &arguments.bindings);
	size_t actions = batch_add(&batch, &SQL_ACTION_PLAN_ACTIONS, &arguments.bindings);
	size_t agencies = batch_add(&batch, &SQL_ACTION_PLAN_AGENCIES, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	CLEANUP(json_decref) json_t *reviews = objects_of(batch_rows(&batch, review));
	ret_plan->review = json_incref(json_array_get(reviews, 0));
	ret_plan->recommendations = objects_of(batch_rows(&batch, recommendations));
	ret_plan->actions = objects_of(batch_rows(&batch, actions));
	ret_plan->agencies = objects_of(batch_rows(&batch, agencies));
	if (!reviews || !ret_plan->recommendations || !ret_plan->actions || !ret_plan->agencies)
		return problem_fail(problem, PROBLEM_INTERNAL, "a part of a plan was not JSON");
	return ret_plan->review || problem_set(problem, PROBLEM_NOT_FOUND, "There is no such review.");
}

/* ---- Showing ---- */

static void drop_facts(json_t *list)
{
	size_t index;
	json_t *item;

	json_array_foreach (list, index, item)
		json_object_del(item, "_facts");
}

/* The plan's actions of one recommendation, or of none. */
static json_t *actions_of(const struct plan *plan, const json_t *recommendation_id)
{
	json_t *found = json_array();
	size_t index;
	json_t *action;

	json_array_foreach (plan->actions, index, action) {
		const json_t *of = json_object_get(action, "recommendation_id");
		bool is_of = recommendation_id ? json_equal(of, recommendation_id) : json_is_null(of);
		if (is_of)
			json_array_append(found, action);
	}
	return found;
}

static json_t *plan_json(const struct plan *plan)
{
	size_t index;
	json_t *recommendation;

	json_array_foreach (plan->recommendations, index, recommendation)
		json_object_set_new(
		    recommendation, "actions", actions_of(plan, json_object_get(recommendation, "id")));
	return json_pack("{s:O, s:O, s:O, s:O, s:O, s:o}", "review_id",
	    json_object_get(plan->review, "id"), "version", json_object_get(plan->review, "version"),
	    "reference", json_object_get(plan->review, "reference"), "title",
	    json_object_get(plan->review, "title"), "recommendations", plan->recommendations, "actions",
	    actions_of(plan, NULL));
}

/* In the columns that PUT takes. */
static void put_sheet(const struct call *call, const struct plan *plan, struct text *ret_text)
{
	const struct operation *put = contract_find(call->api->contract, "putReviewActionPlan");
	const char *columns[COLUMNS_MAX + 1] = {NULL};
	CLEANUP(json_decref)
	json_t *lines = action_plan_lines(plan->recommendations, plan->actions);
	size_t count = 0;
	const char *name;
	json_t *column;

	json_object_foreach ((json_t *)put->columns, name, column)
		if (count < COLUMNS_MAX)
			columns[count++] = name;
	sheet_put(lines, columns, ret_text);
}

bool action_plan_show(struct call *call, struct problem *problem)
{
	CLEANUP(plan_finish) struct plan plan = {0};
	struct reply *reply = call->reply;

	if (!read_plan(call, &plan, problem))
		return false;
	drop_facts(plan.recommendations);
	drop_facts(plan.actions);
	reply->status = 200;
	if (strcmp(reply->media_type, "text/csv") == 0) {
		put_sheet(call, &plan, &reply->body);
	} else {
		CLEANUP(json_decref) json_t *shown = plan_json(&plan);
		CLEANUP(free) char *written = json_dumps(shown, JSON_COMPACT);
		text_puts(&reply->body, written ? written : "{}");
	}
	if (reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a plan outgrew its limit");
	reply_version(reply, (long)json_integer_value(json_object_get(plan.review, "version")));
	return true;
}

/* ---- Judging ---- */

struct steps {
	size_t count;
	struct writing *writings; /* of the outcome's steps, by their places */
};

static void steps_finish(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		writing_finish(&steps->writings[i]);
	free(steps->writings);
}
DEFINE_VALUE_CLEANUP(struct steps, steps_finish)

static const struct endpoint *endpoint_of(const struct call *call, const char *operation_id)
{
	return call->api->endpoints[contract_find(call->api->contract, operation_id)->index];
}

/* An action of a recommendation that is made with it names it. */
static void name_recommendation(
    const json_t *outcome_steps, const struct steps *steps, json_t *step)
{
	const json_t *of = json_object_get(step, "of");

	for (size_t i = 0; of && i < steps->count; i++)
		if (json_equal(json_object_get(json_array_get(outcome_steps, i), "ref"), of))
			json_object_set_new(json_object_get(step, "said"), "recommendation_id",
			    json_string(steps->writings[i].resource_id));
}

static void fill_writing(const struct call *call, json_t *step, struct writing *ret_writing)
{
	const struct endpoint *endpoint = endpoint_of(call, text_at(step, "operation"));
	json_t *stored = json_object_get(step, "stored");

	*ret_writing = (struct writing){
	    .subject = endpoint->subject,
	    .operation = endpoint->operation_id,
	    .write = endpoint->write,
	    .is_new_record = !stored,
	    .is_new_resource = !stored,
	    .said = json_object_get(step, "said"),
	    .resource = json_incref(stored),
	    .facts = json_incref(json_object_get(step, "facts")),
	    .body = json_incref(json_object_get(step, "body")),
	    .new_id = uuid_new(),
	    .event_id = uuid_new(),
	};
	/* The room of the list of writings is not moved any more. */
	ret_writing->resource_id = stored ? text_at(stored, "id") : ret_writing->new_id.text;
}

/* Each step's faults, all of them; only what cannot be told by a line ends it. */
static bool judge_steps(const struct call *call, const struct rulebook *rulebook,
    const json_t *outcome_steps, struct steps *steps, struct problem *faults,
    struct problem *problem)
{
	size_t index;
	json_t *step;

	steps->writings = calloc(json_array_size(outcome_steps) + 1, sizeof(*steps->writings));
	if (!steps->writings)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	json_array_foreach (outcome_steps, index, step) {
		struct problem judged = {0};
		struct writing *writing = &steps->writings[index];
		name_recommendation(outcome_steps, steps, step);
		fill_writing(call, step, writing);
		steps->count++;
		if (writing_judge(call, writing, &judged) &&
		    writing_count(call, rulebook, writing, &judged))
			continue;
		if (problem_status(judged.kind) >= 500 || judged.kind == PROBLEM_FORBIDDEN) {
			*problem = judged;
			return false;
		}
		action_plan_put_faults(step, &judged, faults);
	}
	return true;
}

static bool check_scopes(
    const struct call *call, const json_t *outcome_steps, struct problem *problem)
{
	size_t index;
	json_t *step;

	json_array_foreach (outcome_steps, index, step)
		if (strcmp(text_at(step, "kind"), "recommendation") == 0 &&
		    !process_has_scope(call->caller_scopes, "recommendations:write"))
			return problem_set(problem, PROBLEM_FORBIDDEN,
			    "The API key needs the scope recommendations:write to change recommendations.");
	return true;
}

/* ---- Writing ---- */

static void add_review(const struct call *call, const struct plan *plan, struct batch *batch)
{
	struct bindings bindings = {0};
	char version[24];

	snprintf(version, sizeof(version), "%lld",
	    (long long)json_integer_value(json_object_get(plan->review, "version")));
	bind_text(&bindings, "review_id", text_at(plan->review, "id"));
	bind_text(&bindings, "version", version);
	bind_text(&bindings, "to", NULL);
	batch_add(batch, &SQL_REVIEW_ADVANCE, &bindings);
}

/* The review goes on to its next version, so that of two plans put at once one is stale. */
static bool write_steps(struct call *call, const struct rulebook *rulebook, const struct plan *plan,
    const struct steps *steps, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(json_decref) json_t *incident_ids = json_array();

	if (!call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	json_array_extend(incident_ids, json_object_get(plan->review, "incident_ids"));
	for (size_t i = 0; i < steps->count; i++)
		writing_put_incidents(&steps->writings[i], incident_ids);
	writing_add_lock(&batch, incident_ids);
	add_review(call, plan, &batch);
	for (size_t i = 0; i < steps->count; i++) {
		const struct writing *writing = &steps->writings[i];
		struct bindings bindings = {0};
		struct writing_numbers numbers;
		writing_bind(call, writing, &numbers, &bindings);
		writing_add(call, &batch, writing, &bindings);
		call_audit_of(call, &batch, writing->subject->process->resource, writing->resource_id);
	}
	call_audit(call, &batch, text_at(plan->review, "id"));
	return call_run(call, &batch, problem);
}

/* ---- The answer ---- */

/* What was made has its id, unless nothing is kept. */
static void put_ids(const struct call *call, const struct steps *steps, json_t *would_create)
{
	size_t made = 0;

	for (size_t i = 0; i < steps->count && !call_is_dry(call); i++)
		if (steps->writings[i].is_new_resource)
			json_object_set_new(json_array_get(would_create, made++), "id",
			    json_string(steps->writings[i].resource_id));
}

static bool answer(struct call *call, const struct plan *plan, const struct plan_outcome *outcome,
    bool was_written, const json_t *faults, struct problem *problem)
{
	struct reply *reply = call->reply;
	json_int_t version = json_integer_value(json_object_get(plan->review, "version"));
	CLEANUP(json_decref) json_t *none = json_array();
	CLEANUP(json_decref)
	json_t *told = json_pack("{s:b, s:O, s:O, s:O, s:O, s:O}", "dry_run", call_is_dry(call),
	    "would_create", outcome->would_create, "would_change", outcome->would_change, "unchanged",
	    outcome->unchanged, "left_alone", outcome->left_alone, "faults",
	    faults ? (json_t *)faults : none);
	CLEANUP(free) char *written = json_dumps(told, JSON_COMPACT);

	reply->status = 200;
	text_puts(&reply->body, written ? written : "{}");
	if (reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "an answer outgrew its limit");
	reply_version(reply, (long)version + (was_written && !call_is_dry(call)));
	return true;
}

static bool put_once(struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(plan_finish) struct plan plan = {0};
	CLEANUP(plan_outcome_finish) struct plan_outcome outcome = {0};
	CLEANUP(steps_finish) struct steps steps = {0};
	CLEANUP(problem_finish) struct problem faults = {0};

	if (!read_plan(call, &plan, problem) || !call_check_version(call, plan.review, problem))
		return false;
	const struct known_plan known = {
	    .review = plan.review,
	    .recommendations = plan.recommendations,
	    .actions = plan.actions,
	    .agencies = plan.agencies,
	    .today = call->today,
	};
	action_plan_compare(&known, call->request->json, call->request->is_sheet, &outcome, &faults);
	if (!check_scopes(call, outcome.steps, problem))
		return false;
	if (json_array_size(outcome.steps) > STEPS_MAX)
		return problem_add(problem, PROBLEM_INVALID, "", "too_many",
		    "A plan changes %d parts at once at the most.", STEPS_MAX);
	if (!judge_steps(call, rulebook, outcome.steps, &steps, &faults, problem))
		return false;
	if (faults.kind != PROBLEM_NONE && call_is_dry(call))
		return answer(call, &plan, &outcome, false, faults.errors, problem);
	if (faults.kind != PROBLEM_NONE) {
		*problem = faults;
		faults = (struct problem){0};
		return false;
	}
	if (steps.count && !write_steps(call, rulebook, &plan, &steps, problem))
		return false;
	put_ids(call, &steps, outcome.would_create);
	return answer(call, &plan, &outcome, steps.count > 0, NULL, problem);
}

bool action_plan_put(struct call *call, struct problem *problem)
{
	/* Again while others change the plan's parts or the rules between the reading and the writing.
	 */
	for (int tries = 0;;) {
		CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;
		if (!call_rulebook(call, &rulebook, problem))
			return false;
		if (put_once(call, rulebook, problem))
			return true;
		bool raced = call_was_overtaken(call) || call_rules_changed(call);
		if (!call_try_again(raced, &tries, problem))
			return false;
	}
}
