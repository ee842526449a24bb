/* Owns the making of replies. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/http.h"

#define RETRY_SECONDS 5

void reply_init(struct reply *reply)
{
	memset(reply, 0, offsetof(struct reply, headers));
	reply->body = TEXT_INIT(REPLY_BYTES);
	snprintf(reply->media_type, sizeof(reply->media_type), "application/json");
}

void reply_finish(struct reply *reply)
{
	text_finish(&reply->body);
	if (reply->later.finish)
		reply->later.finish(reply->later.context);
	reply->later = (struct later){0};
}

static bool is_printable(const char *value)
{
	for (; *value; value++)
		if (*value < 0x20 || *value > 0x7e)
			return false;
	return true;
}

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
	if (reply->header_count == REPLY_HEADERS_MAX) {
		log_event(LOG_ERROR, "header_left_out", LOG_TEXT("name", name), LOG_TEXT("why", "count"));
		return;
	}

	char *value = reply->headers[reply->header_count].value;
	size_t room = sizeof(reply->headers[0].value);
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(value, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room || !is_printable(value)) {
		log_event(LOG_ERROR, "header_left_out", LOG_TEXT("name", name), LOG_TEXT("why", "value"));
		return;
	}
	reply->headers[reply->header_count++].name = name;
}

static void add_problem_headers(
    struct reply *reply, const struct request *request, const struct problem *problem)
{
	if (reply->status == 401)
		reply_header(reply, "WWW-Authenticate", "Bearer realm=\"cspr\"%s",
		    request->token ? ", error=\"invalid_token\"" : "");
	if (reply->status == 429 || reply->status == 503)
		reply_header(reply, "Retry-After", "%d",
		    problem->retry_after > 0 ? problem->retry_after : RETRY_SECONDS);
}

void reply_problem(
    struct reply *reply, const struct request *request, const struct problem *problem)
{
	reply->status = problem_status(problem->kind);
	reply->header_count = 0;
	text_clear(&reply->body);
	snprintf(reply->media_type, sizeof(reply->media_type), "application/problem+json");
	snprintf(reply->code, sizeof(reply->code), "%s", problem_slug(problem->kind));
	snprintf(reply->cause, sizeof(reply->cause), "%s", problem->cause);
	add_problem_headers(reply, request, problem);

	CLEANUP(json_decref) json_t *json = problem_json(problem, request->path, request->request_id);
	CLEANUP(free) char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (body)
		text_puts(&reply->body, body);
}
