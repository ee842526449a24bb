/*
 * Owns the order in which a request is examined. What is wrong before its operation is known is
 * answered here; what is wrong afterwards goes along as the fault, so that callers are
 * authenticated before they learn anything about the operation.
 */
#include "http/exchange.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

#include "base/ids.h"
#include "base/log.h"
#include "http/accept.h"
#include "http/body.h"
#include "http/csv.h"
#include "http/headers.h"
#include "http/lines.h"
#include "http/parameters.h"
#include "http/send.h"
#include "http/target.h"

struct exchange {
	const struct exchange_options *options;
	const struct _u_request *message;
	struct connection *connection;
	struct headers headers;
	struct target target;
	struct arguments arguments;
	struct request request;
	struct problem problem;
	struct uuid made_id;
	char allow[64];
	bool close;
	struct waiter *waiter; /* has the answer later, or NULL */
};

static int64_t now_microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum MHD_Result collect(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	headers_add(context, name, value);
	return MHD_YES;
}

static void identify(struct exchange *exchange)
{
	const char *id = headers_get(&exchange->headers, "X-Request-ID");

	if (id && request_id_is_sound(id) && headers_count(&exchange->headers, "X-Request-ID") == 1) {
		exchange->request.request_id = id;
		return;
	}
	exchange->made_id = uuid_new();
	exchange->request.request_id = exchange->made_id.text;
}

static size_t body_limit(const struct exchange *exchange)
{
	return (size_t)exchange->options->http->settings->body_bytes;
}

static bool check_size(struct exchange *exchange)
{
	size_t limit = body_limit(exchange);

	if (headers_content_length(&exchange->headers) <= limit &&
	    exchange->message->binary_body_length <= limit)
		return true;
	return problem_set(&exchange->problem, PROBLEM_BODY_TOO_LARGE,
	    "A body may have %zu bytes at the most.", limit);
}

/* What makes it unclear where the request ends, or would. */
static bool check_frame(struct exchange *exchange, const char *target)
{
	struct problem of_target = {0};
	bool readable = false;

	if (target)
		readable = target_parse(target, &exchange->target, &of_target);
	else
		problem_fail(&of_target, PROBLEM_UNAVAILABLE, "no memory for a request target");
	if (readable)
		exchange->request.path = exchange->target.path;
	if (!headers_guard(&exchange->headers, exchange->message->http_protocol, &exchange->problem)) {
		exchange->close = true;
		return false;
	}
	if (!readable) {
		exchange->problem = of_target;
		return false;
	}
	return check_size(exchange);
}

/* Tells HEAD from GET nowhere but in the log: libmicrohttpd leaves the body out. */
static bool find_operation(struct exchange *exchange)
{
	const char *method = exchange->message->http_verb;
	const struct target *target = &exchange->target;

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	if (target->segment_count <= SEGMENTS_MAX)
		exchange->request.operation = contract_match(exchange->options->http->contract, method,
		    target->segments, target->segment_count, exchange->arguments.list,
		    &exchange->arguments.count, exchange->allow);
	if (exchange->request.operation)
		return true;
	exchange->arguments.count = 0;
	if (exchange->allow[0] == '\0')
		return problem_set(&exchange->problem, PROBLEM_NOT_FOUND, "Nothing is found at this path.");
	return problem_set(&exchange->problem, PROBLEM_METHOD_NOT_ALLOWED,
	    "This path has the methods %s.", exchange->allow);
}

static bool choose_answer_type(struct exchange *exchange)
{
	static const char *const usual[] = {"application/json", NULL};
	const char *const *types = exchange->request.operation->answer_types;
	const char *accept = headers_get(&exchange->headers, "Accept");

	/* An operation whose answers have no body can always be answered. */
	if (!types || !types[0]) {
		exchange->request.answer_type = usual[0];
		return true;
	}
	exchange->request.answer_type = accept_choose(accept, types);
	if (exchange->request.answer_type)
		return true;
	exchange->request.answer_type = types[0];
	return problem_set(&exchange->problem, PROBLEM_NOT_ACCEPTABLE, "The answer can be %s%s%s.",
	    types[0], types[1] ? " or " : "", types[1] ? types[1] : "");
}

static bool read_json(struct exchange *exchange, struct problem *of_body)
{
	struct request *request = &exchange->request;
	const struct _u_request *message = exchange->message;

	if (!body_parse(message->binary_body, message->binary_body_length, &request->json, of_body))
		return false;
	body_check_characters(request->json, "", &exchange->problem);
	schema_check(request->operation->body, request->json, "", &exchange->problem);
	return true;
}

static bool read_sheet(struct exchange *exchange, struct problem *of_body)
{
	struct request *request = &exchange->request;
	const struct _u_request *message = exchange->message;
	CLEANUP(json_decref) json_t *table = NULL;

	if (!csv_parse(message->binary_body, message->binary_body_length, request->operation->lines_max,
	        &table, of_body))
		return false;
	request->json = lines_of(request->operation, table, &exchange->problem);
	return true;
}

/* The body's own fault; the parameters' faults, when there are any, stay the problem. */
static void check_body(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const struct operation *operation = request->operation;
	struct problem *problem = &exchange->problem;
	struct problem of_body = {0};

	if (!operation->body && headers_have_body(&exchange->headers)) {
		problem_set(&of_body, PROBLEM_MALFORMED_REQUEST, "This operation takes no body.");
	} else if (exchange->message->binary_body_length == 0) {
		if (operation->body_required)
			problem_set(&of_body, PROBLEM_MALFORMED_BODY, "This operation needs a body of type %s.",
			    operation->body_type);
	} else if (body_check_type(operation, headers_get(&exchange->headers, "Content-Type"),
	               &request->is_sheet, &of_body) &&
	           (request->is_sheet ? read_sheet(exchange, &of_body)
	                              : read_json(exchange, &of_body))) {
		request->body = exchange->message->binary_body;
		request->body_length = exchange->message->binary_body_length;
	}
	if (of_body.kind == PROBLEM_NONE)
		return;
	if (problem->kind == PROBLEM_NONE)
		*problem = of_body;
	else
		problem_add(problem, of_body.kind, "", "body", "%s", of_body.detail);
}

static void check_content(struct exchange *exchange)
{
	if (!choose_answer_type(exchange))
		return;
	parameters_check(exchange->request.operation, &exchange->target, &exchange->headers,
	    &exchange->arguments, &exchange->problem);
	check_body(exchange);
}

/* The waiter takes over what looks; without room for it the problem is the answer. */
static void wait_for_answer(struct exchange *exchange, struct reply *reply)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct later later = reply->later;

	reply->later = (struct later){0};
	if (!waiting_take(
	        exchange->options->waiting, exchange->connection, &later, &exchange->waiter, &problem))
		reply_problem(reply, &exchange->request, &problem);
}

static void serve(struct exchange *exchange, struct reply *reply)
{
	const struct http_options *http = exchange->options->http;
	struct request *request = &exchange->request;

	check_content(exchange);
	request->arguments = exchange->arguments.list;
	request->argument_count = exchange->arguments.count;
	request->fault = &exchange->problem;
	http->serve(http->context, request, reply);
	if (reply->later.look)
		wait_for_answer(exchange, reply);
	if (reply->status >= 200 && reply->status <= 599 && !reply->body.failed)
		return;
	CLEANUP(problem_finish) struct problem problem = {0};
	problem_fail(&problem, PROBLEM_INTERNAL, "%s",
	    reply->body.failed ? "the answer does not fit" : "the handler gave no answer");
	reply_problem(reply, request, &problem);
}

/* Leaves out what the client made up: a strange method is only "other". */
static const char *method_shown(const char *method)
{
	static const char *const known[] = {
	    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		if (strcmp(known[i], method) == 0)
			return known[i];
	return "other";
}

static void record(const struct exchange *exchange, const struct reply *reply, int64_t microseconds)
{
	const struct operation *operation = exchange->request.operation;

	metrics_count(exchange->options->metrics, operation, reply->status, microseconds);
	log_event(reply->status >= 500 ? LOG_ERROR : LOG_INFO, "request",
	    LOG_TEXT("method", method_shown(exchange->message->http_verb)),
	    LOG_TEXT("operation", operation ? operation->id : "unmatched"),
	    LOG_NUMBER("status", reply->status), LOG_NUMBER("microseconds", microseconds),
	    LOG_TEXT("request_id", exchange->request.request_id), LOG_TEXT("actor_id", reply->actor_id),
	    LOG_TEXT("code", reply->code), LOG_TEXT("cause", reply->cause));
}

static void finish(struct exchange *exchange)
{
	json_decref(exchange->request.json);
	target_finish(&exchange->target);
	problem_finish(&exchange->problem);
}

void exchange_answer(const struct exchange_options *options, struct connection *connection,
    const struct _u_request *message, struct _u_response *ret_response)
{
	int64_t started = now_microseconds();
	struct exchange exchange;
	CLEANUP(reply_finish) struct reply reply = {0};

	reply_init(&reply);
	memset(&exchange, 0, sizeof(exchange));
	exchange.options = options;
	exchange.message = message;
	exchange.connection = connection;
	exchange.request.path = "";
	MHD_get_connection_values(connection->handle, MHD_HEADER_KIND, collect, &exchange.headers);
	identify(&exchange);
	exchange.request.token = headers_bearer_token(&exchange.headers);

	if (check_frame(&exchange, connection->target) && find_operation(&exchange)) {
		serve(&exchange, &reply);
	} else {
		reply_problem(&reply, &exchange.request, &exchange.problem);
		if (exchange.allow[0])
			reply_header(&reply, "Allow", "%s%s", exchange.allow,
			    strstr(exchange.allow, "GET") ? ", HEAD" : "");
	}

	int64_t microseconds = now_microseconds() - started;
	const struct sending sending = {
	    .request_id = exchange.request.request_id,
	    .traceparent = headers_get(&exchange.headers, "traceparent"),
	    .microseconds = microseconds,
	    .close = exchange.close || connections_draining(connection->table),
	    .waiter = exchange.waiter,
	};
	record(&exchange, &reply, microseconds);
	send_reply(&sending, &reply, ret_response);
	finish(&exchange);
}
