/*
 * Owns the making and changing of webhook endpoints. A secret is put into the answer after the
 * answer that is kept for repetitions, so that it is shown once and kept sealed only.
 */
#include "api/webhook_endpoints.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/webhook_terms.h"
#include "api/writing.h"
#include "domain/webhook_endpoint_process.h"
#include "outbox/sign.h"
#include "store/statements.h"

#define RESOURCE_BYTES ((size_t)256 * 1024)

/* A secret and a signing key, new or given, and what is kept of them. */
struct fresh {
	char secret[WEBHOOK_SECRET_MAX];
	char *secret_sealed; /* hexadecimal; owned, as the next one */
	char *key_sealed;
	char public_key[WEBHOOK_KEY_MAX];
};

static void fresh_finish(struct fresh *fresh)
{
	explicit_bzero(fresh->secret, sizeof(fresh->secret));
	free(fresh->secret_sealed);
	free(fresh->key_sealed);
}
DEFINE_VALUE_CLEANUP(struct fresh, fresh_finish)

/* `given` is the caller's own secret, or NULL. */
static bool make_secret(
    const struct call *call, const char *given, struct fresh *fresh, struct problem *problem)
{
	if (given && !webhook_secret_is_valid(given))
		return problem_add(problem, PROBLEM_INVALID, "/secret", "webhook_secret",
		    "A webhook secret is whsec_ and the base64 of 24 to 64 bytes.");
	if (given)
		snprintf(fresh->secret, sizeof(fresh->secret), "%s", given);
	else
		webhook_secret_new(fresh->secret);
	return webhook_seal(call, fresh->secret, &fresh->secret_sealed, problem);
}

static bool make_key(const struct call *call, struct fresh *fresh, struct problem *problem)
{
	char key[WEBHOOK_KEY_MAX];

	if (!webhook_key_new(key, fresh->public_key))
		return problem_fail(problem, PROBLEM_INTERNAL, "a signing key cannot be made");
	bool sealed = webhook_seal(call, key, &fresh->key_sealed, problem);
	explicit_bzero(key, sizeof(key));
	return sealed;
}

static void bind_fresh(const struct fresh *fresh, struct bindings *bindings)
{
	bind_text(bindings, "secret_sealed", fresh->secret_sealed);
	bind_text(bindings, "signing_key_sealed", fresh->key_sealed);
	bind_text(bindings, "public_key", fresh->key_sealed ? fresh->public_key : NULL);
}

static bool wants_key(const json_t *body)
{
	size_t index;
	json_t *item;

	json_array_foreach (json_object_get(body, "signatures"), index, item)
		if (strcmp(json_string_value(item), "v1a") == 0)
			return true;
	return false;
}

/* ---- What all of them do ---- */

static bool read_endpoint(struct call *call, struct writing *writing, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text text = TEXT_INIT(RESOURCE_BYTES);

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, writing->subject->get, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such webhook endpoint.");
	rows_put_object(rows, 0, &text);
	writing->resource = json_loads(text_string(&text), 0, NULL);
	writing->facts = json_loads(rows_text(rows, 0, "_facts"), 0, NULL);
	if (!writing->resource || !writing->facts)
		return problem_fail(problem, PROBLEM_INTERNAL, "a webhook endpoint was not JSON");
	writing->resource_id = json_string_value(json_object_get(writing->resource, "id"));
	return true;
}

static bool read_room(struct call *call, struct writing *writing, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	char most[24];

	snprintf(most, sizeof(most), "%zu", call->request->operation->most);
	bind_text(&bindings, "most", most);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_WEBHOOK_ENDPOINT_ROOM, &bindings);
	if (!call_run(call, &batch, problem))
		return false;
	writing->facts = json_loads(rows_text(batch_rows(&batch, number), 0, "_facts"), 0, NULL);
	return writing->facts || problem_fail(problem, PROBLEM_INTERNAL, "facts were not JSON");
}

/* Reads it, where it is there already, and judges what is to be done with it. */
static bool open_writing(struct call *call, struct writing *writing, struct problem *problem)
{
	writing->subject = call->endpoint->subject;
	writing->operation = call->endpoint->operation_id;
	writing->write = call->endpoint->write;
	writing->event_id = uuid_new();
	if (writing->is_new_resource) {
		writing->new_id = uuid_new();
		writing->resource_id = writing->new_id.text;
		if (!read_room(call, writing, problem))
			return false;
	} else if (!read_endpoint(call, writing, problem)) {
		return false;
	}
	if (request_argument(call->request, "If-Match") &&
	    !call_check_version(call, writing->resource, problem))
		return false;
	writing->body = writing->resource ? json_deep_copy(writing->resource) : json_object();
	if (call->request->json)
		json_object_update(writing->body, call->request->json);
	return writing_judge(call, writing, problem);
}

/* Of a rotation; left out it is what the document says. */
static long long grace_hours(const struct call *call)
{
	const json_t *said = json_object_get(call->request->json, "grace_hours");
	const json_t *member =
	    contract_body_member(call->api->contract, call->request->operation, "grace_hours");

	return json_integer_value(said ? said : json_object_get(member, "default"));
}

/* One transaction; `terms` and `fresh` may be empty. */
static bool write_all(struct call *call, struct writing *writing, const struct webhook_terms *terms,
    const struct fresh *fresh, int status, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	struct bindings *bindings = &arguments.bindings;
	struct uuid change_id = uuid_new();
	struct writing_numbers numbers;
	char location[80] = "";
	char grace[24];

	if (!writing_count(call, NULL, writing, problem) ||
	    !call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	snprintf(grace, sizeof(grace), "%lld", grace_hours(call));
	if (status == 201)
		snprintf(location, sizeof(location), "/v1/webhook-endpoints/%s", writing->resource_id);
	call_bind(call, &arguments);
	writing_bind(call, writing, &numbers, bindings);
	bind_fresh(fresh, bindings);
	bind_text(bindings, "change_id", change_id.text);
	bind_text(bindings, "grace_hours", grace);
	call_claim(call, &batch);
	webhook_terms_add(&batch, terms);
	if (fresh->key_sealed && !fresh->secret_sealed)
		batch_add(&batch, &SQL_WEBHOOK_ENDPOINT_GIVE_KEY, bindings);
	writing_add(call, &batch, writing, bindings);
	if (!writing->is_new_resource && json_object_get(terms->said, "name"))
		duties_add_json(&batch, &SQL_WEBHOOK_ENDPOINT_RENAME, bindings, "record", terms->said);
	call_audit(call, &batch, writing->resource_id);
	size_t answer = call_keep(call, &batch, call->endpoint->statement, call->endpoint->stored,
	    bindings, status, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, status, location, VERSION_OF_ANSWER);
	return true;
}

/* In the answer alone; what is kept for repetitions has none. */
static bool put_secret(struct call *call, const char *secret, struct problem *problem)
{
	struct text *body = &call->reply->body;

	if (call_is_dry(call))
		return true;
	CLEANUP(json_decref) json_t *answer = json_loads(text_string(body), 0, NULL);
	json_object_set_new(answer, "secret", json_string(secret));
	json_object_set_new(answer, "secret_note",
	    json_string("Keep it as a password: calls are signed with it. It is not shown again."));
	CLEANUP(free) char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	if (!text)
		return problem_fail(problem, PROBLEM_INTERNAL, "a webhook endpoint was not JSON");
	text_clear(body);
	text_puts(body, text);
	return true;
}

/* Judged before what is sent is looked at closely; faults of both are told together. */
static bool prepare(struct call *call, struct writing *writing, struct webhook_terms *terms,
    struct problem *problem)
{
	bool judged = open_writing(call, writing, problem);

	if (!judged && problem->kind != PROBLEM_INVALID)
		return false;
	bool read = webhook_terms_read(call, terms, problem);
	writing->said = terms->said;
	return judged && read;
}

/* ---- Operations ---- */

static bool create(struct call *call, struct problem *problem)
{
	CLEANUP(writing_finish)
	struct writing writing = {.is_new_record = true, .is_new_resource = true};
	CLEANUP(webhook_terms_finish) struct webhook_terms terms = {0};
	CLEANUP(fresh_finish) struct fresh fresh = {0};
	const json_t *body = call->request->json;
	const char *given = json_string_value(json_object_get(body, "secret"));
	bool prepared = prepare(call, &writing, &terms, problem);

	if (!prepared && problem->kind != PROBLEM_INVALID)
		return false;
	bool made = make_secret(call, given, &fresh, problem);
	if (!prepared || !made || (wants_key(body) && !make_key(call, &fresh, problem)))
		return false;
	return write_all(call, &writing, &terms, &fresh, 201, problem) &&
	       put_secret(call, fresh.secret, problem);
}

bool webhook_endpoints_create(struct call *call, struct problem *problem)
{
	return call_judged(call, create, problem);
}

static bool patch(struct call *call, struct problem *problem)
{
	CLEANUP(writing_finish) struct writing writing = {0};
	CLEANUP(webhook_terms_finish) struct webhook_terms terms = {0};
	CLEANUP(fresh_finish) struct fresh fresh = {0};

	if (!prepare(call, &writing, &terms, problem) ||
	    (wants_key(call->request->json) && !make_key(call, &fresh, problem)))
		return false;
	const char *state = json_string_value(json_object_get(writing.resource, "state"));
	bool is_proposed = strcmp(state, "proposed") == 0;
	if (json_array_size(json_object_get(terms.said, "members")))
		writing.write = is_proposed ? &SQL_WEBHOOK_ENDPOINT_REWRITE : &SQL_WEBHOOK_ENDPOINT_PROPOSE;
	return write_all(call, &writing, &terms, &fresh, 200, problem);
}

bool webhook_endpoints_patch(struct call *call, struct problem *problem)
{
	return call_judged(call, patch, problem);
}

/* What is not said is an empty object, which the log of steps keeps. */
static bool write_plain(struct call *call, struct writing *writing, const struct fresh *fresh,
    int status, struct problem *problem)
{
	CLEANUP(webhook_terms_finish) struct webhook_terms none = {.said = json_object()};

	writing->said = none.said;
	return write_all(call, writing, &none, fresh, status, problem);
}

static bool retire(struct call *call, struct problem *problem)
{
	CLEANUP(writing_finish) struct writing writing = {0};
	const struct fresh none = {0};

	if (!open_writing(call, &writing, problem) || !write_plain(call, &writing, &none, 200, problem))
		return false;
	if (!call_is_dry(call)) {
		call->reply->status = 204;
		text_clear(&call->reply->body);
	}
	return true;
}

bool webhook_endpoints_delete(struct call *call, struct problem *problem)
{
	return call_judged(call, retire, problem);
}

static bool rotate(struct call *call, struct problem *problem)
{
	CLEANUP(writing_finish) struct writing writing = {0};
	CLEANUP(fresh_finish) struct fresh fresh = {0};
	const char *given = json_string_value(json_object_get(call->request->json, "secret"));

	if (!open_writing(call, &writing, problem) || !make_secret(call, given, &fresh, problem) ||
	    !make_key(call, &fresh, problem))
		return false;
	return write_plain(call, &writing, &fresh, 201, problem) &&
	       put_secret(call, fresh.secret, problem);
}

bool webhook_endpoints_rotate(struct call *call, struct problem *problem)
{
	return call_judged(call, rotate, problem);
}

/* A ping changes nothing of the endpoint: it is an event for it alone. */
static bool ping(struct call *call, struct problem *problem)
{
	CLEANUP(writing_finish) struct writing writing = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text link = TEXT_INIT(700);
	struct bindings *bindings = &arguments.bindings;
	struct instant_text at = instant_format(clock_milliseconds());
	struct uuid delivery_id = uuid_new();
	char location[80];

	if (!open_writing(call, &writing, problem) ||
	    !call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	snprintf(location, sizeof(location), "/v1/deliveries/%s", delivery_id.text);
	call_link(call, writing.subject->path, &link);
	text_puts(&link, writing.resource_id);
	call_bind(call, &arguments);
	bind_text(bindings, "event_id", writing.event_id.text);
	bind_text(bindings, "delivery_id", delivery_id.text);
	bind_text(bindings, "at", at.text);
	bind_text(bindings, "link", text_string(&link));
	call_claim(call, &batch);
	batch_add(&batch, &SQL_WEBHOOK_ENDPOINT_PING, bindings);
	call_audit(call, &batch, writing.resource_id);
	size_t answer = call_keep(
	    call, &batch, call->endpoint->statement, call->endpoint->stored, bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, VERSION_OF_CONTENT);
	return true;
}

bool webhook_endpoints_ping(struct call *call, struct problem *problem)
{
	return call_judged(call, ping, problem);
}
