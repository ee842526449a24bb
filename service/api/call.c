/* Owns the steps that every handler shares: the caller, the batch, repeated requests, the audit. */
#include "api/call.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/next_steps.h"
#include "api/process.h"
#include "store/statements.h"

#define ARRAY_BYTES 4096
#define TRIES 20
#define PATH_BYTES 1024 /* no keyed operation has a path of this length */

void arguments_finish(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->array_count; i++)
		text_finish(&arguments->arrays[i]);
}

/* "a,b" as PostgreSQL's {"a","b"}. Values were checked against enums or patterns before. */
static const char *put_array(struct arguments *arguments, const char *value)
{
	struct text *array = &arguments->arrays[arguments->array_count++];

	*array = TEXT_INIT(ARRAY_BYTES);
	text_puts(array, "{\"");
	for (; *value; value++) {
		if (*value == ',')
			text_puts(array, "\",\"");
		else if (*value == '"' || *value == '\\')
			text_printf(array, "\\%c", *value);
		else
			text_putc(array, *value);
	}
	text_puts(array, "\"}");
	return text_string(array);
}

/* The name that a statement has for a parameter. */
static const char *bound_name(struct arguments *arguments, const char *name)
{
	const char *bracket = strchr(name, '[');

	if (!bracket || arguments->name_count == ARRAY_LENGTH(arguments->names))
		return name;
	char *made = arguments->names[arguments->name_count++];
	snprintf(made, sizeof(arguments->names[0]), "%.*s_%.*s", (int)(bracket - name), name,
	    (int)strcspn(bracket + 1, "]"), bracket + 1);
	return made;
}

void call_bind(const struct call *call, struct arguments *ret_arguments)
{
	const struct request *request = call->request;

	*ret_arguments = (struct arguments){.today = date_format(call->today)};
	bind_text(&ret_arguments->bindings, "today", ret_arguments->today.text);
	/* What the request does not name is SQL's null. */
	for (size_t i = 0; i < request->operation->parameter_count; i++) {
		const struct parameter *parameter = &request->operation->parameters[i];
		if (parameter->place == IN_HEADER)
			continue;
		const char *value = request_argument(request, parameter->name);
		if (parameter->list && value &&
		    ret_arguments->array_count < ARRAY_LENGTH(ret_arguments->arrays))
			value = put_array(ret_arguments, value);
		bind_text(&ret_arguments->bindings, bound_name(ret_arguments, parameter->name), value);
	}
}

bool call_begin(struct call *call, enum batch_end end, const struct rulebook *rulebook,
    struct batch *ret_batch, struct problem *problem)
{
	struct bindings bindings = {0};

	if (!batch_begin(call->lease, end, ret_batch, problem))
		return false;
	bind_text(&bindings, "key_hash", call->key_hash);
	bind_text(&bindings, "scopes", call->scopes->any);
	bind_text(&bindings, "whole_scopes", call->scopes->whole);
	bind_text(&bindings, "rulebook", rulebook ? rulebook->version : NULL);
	/* For the audit chain, which reading does not add to. */
	bind_text(&bindings, "request_id", end == BATCH_READ ? NULL : call->request->request_id);
	batch_add(ret_batch, &SQL_AUTHENTICATE, &bindings);
	return true;
}

bool call_run(struct call *call, struct batch *batch, struct problem *problem)
{
	if (!batch_run(batch, problem))
		return false;
	call_take_caller(call, batch);
	return true;
}

void call_take_caller(struct call *call, const struct batch *batch)
{
	/* The id of the key, a space, its scopes. */
	const char *caller = rows_text(batch_rows(batch, 0), 0, "caller");
	const char *scopes = caller ? strchr(caller, ' ') : NULL;
	snprintf(call->actor_id, sizeof(call->actor_id), "%.36s", caller ? caller : "");
	snprintf(call->caller_scopes, sizeof(call->caller_scopes), "%s", scopes ? scopes + 1 : "{}");
}

bool call_refuse(struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct problem of_caller = {0};

	if (call_begin(call, BATCH_READ, rulebook, &batch, &of_caller) &&
	    call_run(call, &batch, &of_caller))
		return false;
	problem_finish(problem);
	*problem = of_caller;
	return false;
}

bool call_is_dry(const struct call *call)
{
	return request_flag(call->request, "dry_run");
}

enum batch_end call_end(const struct call *call)
{
	return call_is_dry(call) ? BATCH_ROLLBACK : BATCH_COMMIT;
}

bool call_rulebook(struct call *call, struct rulebook **ret_rulebook, struct problem *problem)
{
	*ret_rulebook = rulebook_find(call->api->rulebooks, call->key_hash);
	if (*ret_rulebook)
		return true;

	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings none = {0};
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_RULEBOOK_GET, &none);
	if (!call_run(call, &batch, problem))
		return false;
	return rulebook_store(
	    call->api->rulebooks, call->key_hash, batch_rows(&batch, number), ret_rulebook, problem);
}

bool call_rules_changed(const struct call *call)
{
	if (strcmp(lease_sqlstate(call->lease), "CS900") != 0)
		return false;
	rulebook_drop(call->api->rulebooks, call->key_hash);
	return true;
}

bool call_was_overtaken(const struct call *call)
{
	return strcmp(lease_sqlstate(call->lease), "CS412") == 0;
}

bool call_try_again(bool raced, int *tries, struct problem *problem)
{
	if (!raced)
		return false;
	problem_finish(problem);
	if (++*tries < TRIES)
		return true;
	problem->retry_after = 1;
	return problem_set(problem, PROBLEM_BUSY, "Others keep changing what this one needs.");
}

/* Method and path, as the scope of a key; bounded, so a long path goes in as its hash. */
static void bind_key(const struct call *call, struct bindings *bindings, char scope[96])
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX];
	const struct request *request = call->request;
	char path[PATH_BYTES];
	size_t length = 0;

	/* Ids may be written in either case and mean the same. */
	for (; request->path[length] && length < sizeof(path); length++)
		path[length] = (char)tolower((unsigned char)request->path[length]);
	digest_sha256(path, length, digest);
	hex_encode(digest, sizeof(digest), hex);
	snprintf(scope, 96, "%.16s %s", request->operation->method, hex);
	bind_text(bindings, "idempotency_operation", scope);
	bind_text(bindings, "idempotency_key", request_argument(request, "Idempotency-Key"));
}

bool call_is_kept(const struct call *call)
{
	return request_argument(call->request, "Idempotency-Key") && !call_is_dry(call);
}

void call_claim(struct call *call, struct batch *batch)
{
	struct bindings bindings = {0};
	char scope[96];

	if (!call_is_kept(call))
		return;
	bind_key(call, &bindings, scope);
	bind_text(&bindings, "body_sha256", call->body_sha256);
	batch_add(batch, &SQL_IDEMPOTENCY_CLAIM, &bindings);
}

static long version_of(const char *body)
{
	CLEANUP(json_decref) json_t *parsed = json_loads(body, 0, NULL);

	return (long)json_integer_value(json_object_get(parsed, "version"));
}

/*
 * Whether the caller may still see what the kept answer tells of: since then it may have been kept
 * from the caller's agency. The row says how it is found: `parent`, else the resource of its steps.
 */
static bool check_still_seen(struct call *call, const char *body, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(json_decref) json_t *answer = json_loads(body, 0, NULL);
	const struct subject *subject = call->endpoint->subject;
	const struct statement *get = call->endpoint->parent;

	if (!get && !subject)
		return true;
	call_bind(call, &arguments);
	/* What was made new has its id in the answer alone. */
	if (subject && !request_argument(call->request, subject->id_name))
		bind_text(&arguments.bindings, subject->id_name,
		    json_string_value(json_object_get(answer, "id")));
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, get ? get : subject->get, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	return rows_count(batch_rows(&batch, number)) > 0 ||
	       problem_set(
	           problem, PROBLEM_NOT_FOUND, "There is no such %s.", call->endpoint->resource);
}

bool call_replay(struct call *call, struct problem *problem)
{
	if (strcmp(lease_sqlstate(call->lease), "CS001") != 0)
		return false;

	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	char scope[96];
	problem_finish(problem);
	bind_key(call, &bindings, scope);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_IDEMPOTENCY_GET, &bindings);
	if (!call_run(call, &batch, problem))
		return false;

	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) != 1 || !rows_text(rows, 0, "status")) {
		problem->retry_after = 1;
		return problem_set(problem, PROBLEM_IDEMPOTENCY_IN_PROGRESS,
		    "A request with this Idempotency-Key is still running.");
	}
	if (strcmp(rows_text(rows, 0, "body_sha256"), call->body_sha256) != 0)
		return problem_set(problem, PROBLEM_IDEMPOTENCY_MISMATCH,
		    "This Idempotency-Key was used before with another body.");

	if (!check_still_seen(call, rows_text(rows, 0, "body"), problem))
		return false;

	struct reply *reply = call->reply;
	const char *location = rows_text(rows, 0, "location");
	reply->status = (int)rows_number(rows, 0, "status");
	text_puts(&reply->body, rows_text(rows, 0, "body"));
	next_steps_complete(call, &reply->body);
	reply_header(reply, "Idempotency-Replayed", "true");
	if (location)
		reply_header(reply, "Location", "%s", location);
	call_tag(call, version_of(text_string(&reply->body)));
	return true;
}

bool call_by_rules(struct call *call,
    bool (*serve)(
        struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem),
    void *context, struct problem *problem)
{
	for (int tries = 0;;) {
		CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;
		if (!call_rulebook(call, &rulebook, problem))
			return false;
		if (serve(call, rulebook, context, problem) || call_replay(call, problem))
			return true;
		if (!call_try_again(call_rules_changed(call), &tries, problem))
			return false;
	}
}

bool call_replay_first(struct call *call, bool *ret_replayed, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};

	*ret_replayed = false;
	if (!call_begin(call, BATCH_ROLLBACK, NULL, &batch, problem))
		return false;
	call_claim(call, &batch);
	if (call_run(call, &batch, problem))
		return true;
	*ret_replayed = call_replay(call, problem);
	return *ret_replayed;
}

bool call_judged(struct call *call, bool (*serve)(struct call *call, struct problem *problem),
    struct problem *problem)
{
	bool replayed;

	if (!call_replay_first(call, &replayed, problem))
		return false;
	if (replayed)
		return true;
	for (int tries = 0;;) {
		if (serve(call, problem) || call_replay(call, problem))
			return true;
		bool raced = call_was_overtaken(call) || call_rules_changed(call);
		if (!call_try_again(raced, &tries, problem))
			return false;
	}
}

void call_audit(struct call *call, struct batch *batch, const char *resource_id)
{
	call_audit_of(call, batch, call->endpoint->resource, resource_id);
}

void call_audit_of(
    struct call *call, struct batch *batch, const char *resource, const char *resource_id)
{
	struct bindings bindings = {0};

	bind_text(&bindings, "action", call->endpoint->operation_id);
	bind_text(&bindings, "resource", resource);
	bind_text(&bindings, "resource_id", resource_id);
	bind_text(&bindings, "outcome", "done");
	bind_text(&bindings, "code", NULL);
	bind_text(&bindings, "body_sha256", call->body_sha256[0] ? call->body_sha256 : NULL);
	batch_add(batch, &SQL_AUDIT_APPEND, &bindings);
}

size_t call_keep(struct call *call, struct batch *batch, const struct statement *plain,
    const struct statement *stored, struct bindings *bindings, int status, const char *location)
{
	char scope[96];
	char status_text[16];

	if (!call_is_kept(call))
		return batch_add(batch, plain, bindings);
	snprintf(status_text, sizeof(status_text), "%d", status);
	bind_key(call, bindings, scope);
	bind_text(bindings, "reply_status", status_text);
	bind_text(bindings, "reply_location", location);
	return batch_add(batch, stored, bindings);
}

void call_answer(struct call *call, const struct batch *batch, size_t number, int status,
    const char *location, long version)
{
	const struct rows *rows = batch_rows(batch, number);
	struct reply *reply = call->reply;

	reply->status = call_is_dry(call) ? 200 : status;
	if (call_is_kept(call)) {
		text_puts(&reply->body, rows_text(rows, 0, "body"));
		next_steps_complete(call, &reply->body);
	} else {
		rows_put_open_object(rows, 0, &reply->body);
		next_steps_put(call, NULL, rows, 0, LIST_JSON_ROW, &reply->body);
		text_putc(&reply->body, '}');
	}
	if (location && location[0] && !call_is_dry(call))
		reply_header(reply, "Location", "%s", location);
	if (version == VERSION_OF_ANSWER)
		version = version_of(text_string(&reply->body));
	call_tag(call, version);
}

bool call_if_match(const struct call *call, long *ret_version, struct problem *problem)
{
	const char *tag = request_argument(call->request, "If-Match");
	char *end = NULL;

	/* A list or "*" would mean "whatever it is by now"; a change is made to what was read. */
	if (tag && tag[0] == '"') {
		long version = strtol(tag + 1, &end, 10);
		/* As we write it: neither a sign nor a space or zero in front. */
		if (tag[1] >= '1' && tag[1] <= '9' && strcmp(end, "\"") == 0) {
			*ret_version = version;
			return true;
		}
	}
	return problem_set(
	    problem, PROBLEM_STALE, "If-Match must be the one ETag that the resource was read with.");
}

bool call_check_version(const struct call *call, const json_t *resource, struct problem *problem)
{
	long version = 0;

	if (!call_if_match(call, &version, problem))
		return false;
	if (version != json_integer_value(json_object_get(resource, "version")))
		return problem_set(
		    problem, PROBLEM_STALE, "The resource has changed since it was read; read it again.");
	return true;
}

void reply_version(struct reply *reply, long version)
{
	reply_header(reply, "ETag", "\"%ld\"", version);
}

void call_tag(struct call *call, long version)
{
	struct reply *reply = call->reply;
	unsigned char digest[DIGEST_BYTES];
	char hex[33];
	char tag[48];

	if (version == VERSION_OF_CONTENT) {
		digest_sha256(reply->body.data, reply->body.length, digest);
		hex_encode(digest, 16, hex);
		snprintf(tag, sizeof(tag), "\"%s\"", hex);
	} else {
		snprintf(tag, sizeof(tag), "\"%ld\"", version);
	}
	reply_header(reply, "ETag", "%s", tag);
	const char *known = request_argument(call->request, "If-None-Match");
	if (known && strcmp(known, tag) == 0) {
		reply->status = 304;
		text_clear(&reply->body);
	}
}

void call_link(const struct call *call, const char *path, struct text *ret_link)
{
	text_puts(ret_link, call->api->settings->public_url);
	text_puts(ret_link, path);
}
