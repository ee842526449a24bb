/* Owns the rules of sending again. */
#include "api/resends.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "store/statements.h"

/* How much of a recovery is made in one transaction. */
#define RECOVERY_PART "1000"

static bool refuse(struct problem *problem, const char *code, const char *detail)
{
	problem_set(problem, PROBLEM_CONFLICT, "This cannot be sent again yet: %s", detail);
	problem->missing = json_pack("[{s:s, s:s}]", "code", code, "detail", detail);
	return false;
}

static bool check_endpoint(const char *state, bool paused_will_do, struct problem *problem)
{
	char detail[160];

	if (strcmp(state, "active") == 0 || (paused_will_do && strcmp(state, "paused") == 0))
		return true;
	snprintf(detail, sizeof(detail), "The endpoint is %s; nothing is sent to it.", state);
	return refuse(problem, "endpoint_active", detail);
}

static bool check_resend(const struct rows *rows, struct problem *problem)
{
	const char *state = rows_text(rows, 0, "state");
	const char *waits_for = rows_text(rows, 0, "waits_for");
	char detail[160];

	if (!check_endpoint(rows_text(rows, 0, "endpoint_state"), false, problem))
		return false;
	if (strcmp(state, "pending") != 0)
		return true;
	if (waits_for) {
		snprintf(detail, sizeof(detail),
		    "Delivery %s comes before it in its incident; send that one again.", waits_for);
		return refuse(problem, "earlier_delivered", detail);
	}
	return !rows_flag(rows, 0, "is_under_way") ||
	       refuse(
	           problem, "not_under_way", "It is under way, or due within two minutes by itself.");
}

static bool read_delivery(struct call *call, char ret_state[16], struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_DELIVERY_FOR_RESEND, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such delivery.");
	snprintf(ret_state, 16, "%s", rows_text(rows, 0, "state"));
	return check_resend(rows, problem);
}

static bool resend(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	const char *id = request_argument(call->request, "delivery_id");
	char was_state[16];
	char location[80];

	if (!read_delivery(call, was_state, problem))
		return false;
	call_bind(call, &arguments);
	bind_text(&arguments.bindings, "was_state", was_state);
	snprintf(location, sizeof(location), "/v1/deliveries/%s", id);
	if (!call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	call_claim(call, &batch);
	batch_add(&batch, &SQL_DELIVERY_RESEND, &arguments.bindings);
	call_audit(call, &batch, id);
	size_t answer = call_keep(call, &batch, &SQL_DELIVERY_GET, &SQL_DELIVERY_GET_STORED,
	    &arguments.bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, VERSION_OF_ANSWER);
	return true;
}

bool resends_create(struct call *call, struct problem *problem)
{
	return call_judged(call, resend, problem);
}

/* ---- Recoveries ---- */

static bool is_rehearsal(const struct call *call)
{
	return call_is_dry(call) || json_is_true(json_object_get(call->request->json, "dry_run"));
}

static bool check_span(const json_t *body, struct problem *problem)
{
	const char *since = json_string_value(json_object_get(body, "since"));
	const char *until = json_string_value(json_object_get(body, "until"));

	/* Both in UTC and of one form, by the document; a fraction only comes behind. */
	if (!until || strncmp(since, until, strlen("2024-01-01T00:00:00")) < 0)
		return true;
	return problem_add(
	    problem, PROBLEM_INVALID, "/until", "span_is_empty", "The time ends before it begins.");
}

static bool check_recovery(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	call_bind(call, &arguments);
	if (!check_span(call->request->json, problem))
		return call_refuse(call, NULL, problem);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_RECOVERY_ENDPOINT, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such webhook endpoint.");
	return check_endpoint(rows_text(rows, 0, "state"), true, problem);
}

static bool recover(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	const json_t *body = call->request->json;
	const char *until = json_string_value(json_object_get(body, "until"));
	const struct instant_text now = instant_format(clock_milliseconds());
	bool rehearsal = is_rehearsal(call);
	struct bindings *bindings = &arguments.bindings;

	if (!check_recovery(call, problem))
		return false;
	call_bind(call, &arguments);
	bind_text(bindings, "since", json_string_value(json_object_get(body, "since")));
	bind_text(bindings, "until", until ? until : now.text);
	bind_text(bindings, "limit", RECOVERY_PART);
	bind_text(bindings, "rehearse", rehearsal ? "true" : "false");
	if (!call_begin(call, rehearsal ? BATCH_ROLLBACK : BATCH_COMMIT, NULL, &batch, problem))
		return false;
	call_claim(call, &batch);
	/* First, so that the entry stands for what was done and not for what was asked. */
	size_t answer = call_keep(call, &batch, &SQL_RECOVERY_RUN, &SQL_RECOVERY_RUN_STORED, bindings,
	    rehearsal ? 200 : 201, NULL);
	call_audit(call, &batch, request_argument(call->request, "webhook_endpoint_id"));
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, rehearsal ? 200 : 201, NULL, VERSION_OF_ANSWER);
	return true;
}

bool recoveries_create(struct call *call, struct problem *problem)
{
	return call_judged(call, recover, problem);
}
