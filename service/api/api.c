/* Owns the way of a request: who calls, which handler, and the record of what was refused. */
#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "api/call.h"
#include "api/gather.h"
#include "api/operations.h"
#include "base/crash.h"
#include "base/ids.h"
#include "store/statements.h"

static bool bind_operations(struct api *api, struct problem *problem)
{
	CLEANUP(text_finish) struct text faults = TEXT_INIT(300);

	for (size_t i = 0; i < operation_count; i++) {
		const struct operation *operation =
		    contract_find(api->contract, operations[i].operation_id);
		if (!operation)
			text_printf(&faults, " %s has no operation;", operations[i].operation_id);
		else
			api->endpoints[operation->index] = &operations[i];
	}
	for (size_t i = 0; i < contract_operation_count(api->contract); i++)
		if (!api->endpoints[i])
			text_printf(&faults, " %s has no handler;", contract_operation(api->contract, i)->id);
	if (faults.length || faults.failed)
		return problem_set(problem, PROBLEM_INTERNAL,
		    "The OpenAPI document and the handlers differ:%s", text_string(&faults));
	return true;
}

bool api_create(const struct settings *settings, struct api **ret_api, struct problem *problem)
{
	CLEANUP(api_destroy) struct api *api = calloc(1, sizeof(*api));
	struct pool_options options = {
	    .url = settings->database_url,
	    .role = "cspr_api",
	    .application_name = "cspr-api",
	    .size = (size_t)settings->database_connections,
	    .statements = statements_api,
	};

	if (!api)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	api->settings = settings;
	if (!rulebook_cache_create(&api->rulebooks))
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	if (!pool_create(&options, &api->pool, problem))
		return false;
	if (!gather_create(options.size, &api->gather, problem))
		return false;
	pool_warm(api->pool);
	*ret_api = TAKE(api);
	return true;
}

static bool is_own(const char *scope)
{
	const char *end = strrchr(scope, '_');

	return end && strcmp(end, "_own") == 0;
}

static void put_scopes(
    const struct operation *operation, bool with_own, char ret_array[SCOPES_OF_OPERATION])
{
	CLEANUP(text_finish) struct text array = TEXT_INIT(SCOPES_OF_OPERATION - 1);

	text_putc(&array, '{');
	for (const char *const *scope = operation->scopes; scope && *scope; scope++)
		if (with_own || !is_own(*scope))
			text_printf(&array, "%s\"%s\"", array.length > 1 ? "," : "", *scope);
	text_putc(&array, '}');
	snprintf(ret_array, SCOPES_OF_OPERATION, "%s", text_string(&array));
}

bool api_bind(struct api *api, const struct contract *contract, struct problem *problem)
{
	api->contract = contract;
	size_t count = contract_operation_count(contract);
	api->endpoints = calloc(count + 1, sizeof(struct endpoint *));
	api->scopes = calloc(count + 1, sizeof(*api->scopes));
	if (!api->endpoints || !api->scopes)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct operation *operation = contract_operation(contract, i);
		put_scopes(operation, true, api->scopes[operation->index].any);
		put_scopes(operation, false, api->scopes[operation->index].whole);
	}
	return bind_operations(api, problem);
}

void api_measure(struct api *api, struct text *ret_metrics)
{
	text_printf(ret_metrics,
	    "# HELP cspr_database_waiting Requests that wait for a connection to the database.\n"
	    "# TYPE cspr_database_waiting gauge\ncspr_database_waiting %zu\n",
	    pool_waiting(api->pool));
	gather_measure(api->gather, ret_metrics);
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	pool_destroy(api->pool);
	rulebook_cache_destroy(api->rulebooks);
	gather_destroy(api->gather);
	free(api->endpoints);
	free(api->scopes);
	free(api);
}

void api_set_receipts(struct api *api, const struct api_receipts *receipts)
{
	api->receipts = *receipts;
}

static bool is_write(const struct call *call)
{
	return strcmp(call->request->operation->method, "GET") != 0;
}

/* What stands in the audit trail: refused writes, and reads without the scope. */
static bool is_recorded(const struct call *call, enum problem_kind kind)
{
	int status = problem_status(kind);

	if (status >= 500 || status == 401)
		return false;
	return is_write(call) || kind == PROBLEM_FORBIDDEN;
}

/* Appends the refusal to the caller's chain. A trail that cannot be written turns it into a 503. */
static bool record_refusal(struct call *call, struct problem *refusal)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "key_hash", call->key_hash);
	bind_text(&bindings, "request_id", call->request->request_id);
	bind_text(&bindings, "action", call->endpoint->operation_id);
	bind_text(&bindings, "resource", call->endpoint->resource);
	bind_text(&bindings, "resource_id", NULL);
	for (size_t i = 0; i < call->request->argument_count; i++)
		if (call->request->arguments[i].parameter->place == IN_PATH)
			bind_text(&bindings, "resource_id", call->request->arguments[i].value);
	bind_text(&bindings, "outcome", "refused");
	bind_text(&bindings, "code", problem_slug(refusal->kind));
	bind_text(&bindings, "body_sha256", call->body_sha256[0] ? call->body_sha256 : NULL);

	bool begun = batch_begin(call->lease, BATCH_COMMIT, &batch, &problem);
	if (begun) {
		batch_add(&batch, &SQL_IDENTIFY, &bindings);
		batch_add(&batch, &SQL_AUDIT_APPEND, &bindings);
	}
	if (begun && batch_run(&batch, &problem))
		return true;
	problem_finish(refusal);
	*refusal = problem;
	problem = (struct problem){0};
	return false;
}

/* The request's own fault, moved out of it. */
static bool take_fault(const struct request *request, struct problem *problem)
{
	*problem = *request->fault;
	*request->fault = (struct problem){0};
	return false;
}

static bool serve_caller(struct call *call, struct problem *problem)
{
	const struct request *request = call->request;
	unsigned char digest[DIGEST_BYTES];

	if (!request->token)
		return problem_set(
		    problem, PROBLEM_UNAUTHENTICATED, "Send the API key as 'Authorization: Bearer <key>'.");
	digest_hmac_sha256(call->api->settings->pepper, strlen(call->api->settings->pepper),
	    request->token, strlen(request->token), digest);
	hex_encode(digest, sizeof(digest), call->key_hash);
	if (request->body) {
		digest_sha256(request->body, request->body_length, digest);
		hex_encode(digest, sizeof(digest), call->body_sha256);
	}
	bool gathers = call->endpoint->gathers && request->fault->kind == PROBLEM_NONE;
	if (!gathers && !pool_lease(call->api->pool, &call->lease, problem))
		return false;
	if (request->fault->kind != PROBLEM_NONE) {
		take_fault(request, problem);
		return call_refuse(call, NULL, problem);
	}
	return call->endpoint->serve(call, problem);
}

/* In tests: what leaves the service is what the document says, or it is a fault of ours. */
static bool check_answer(const struct call *call, struct problem *problem)
{
	const struct reply *reply = call->reply;
	bool is_json = strcmp(reply->media_type, "application/json") == 0;
	CLEANUP(json_decref)
	json_t *body = is_json ? json_loads(text_string(&reply->body), JSON_DECODE_ANY, NULL) : NULL;

	return operation_check_answer(call->request->operation, reply->status,
	    reply->body.length ? reply->media_type : NULL, body, problem);
}

void api_serve(void *context, const struct request *request, struct reply *reply)
{
	struct api *api = context;
	CLEANUP(problem_finish) struct problem problem = {0};
	struct call call = {
	    .api = api,
	    .request = request,
	    .reply = reply,
	    .endpoint = api->endpoints[request->operation->index],
	    .scopes = &api->scopes[request->operation->index],
	    .today = date_in_london(clock_milliseconds()),
	};
	bool served;

	snprintf(reply->media_type, sizeof(reply->media_type), "%s", request->answer_type);
	if (request->operation->open)
		served = request->fault->kind == PROBLEM_NONE || call.endpoint->judges_faults
		             ? call.endpoint->serve(&call, &problem)
		             : take_fault(request, &problem);
	else
		served = serve_caller(&call, &problem);

	if (served && api->settings->check_responses && !reply->later.look)
		served = check_answer(&call, &problem);
	if (!served && call.lease && is_recorded(&call, problem.kind))
		record_refusal(&call, &problem);
	if (call.lease)
		pool_return(call.lease);
	if (served && is_write(&call))
		crash_point("after_commit_before_answer");
	if (!served)
		reply_problem(reply, request, &problem);
	snprintf(reply->actor_id, sizeof(reply->actor_id), "%s", call.actor_id);
}
