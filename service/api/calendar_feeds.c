/*
 * Owns calendar feeds. A secret is kept as an HMAC under the pepper, as API keys are; the one
 * answer that holds it is made after the answer that is kept for repetitions.
 */
#include "api/calendar_feeds.h"

#include <stdio.h>
#include <string.h>

#include "api/deadline_events.h"
#include "api/duties.h"
#include "base/ids.h"
#include "store/statements.h"

#define SECRET_BYTES 32
#define DAYS_AHEAD 400
#define EVENTS_MAX "1000"
#define PATH "/calendar.ics?secret="

static void hash_secret(const struct call *call, const char *secret, char ret_hash[DIGEST_HEX])
{
	const char *pepper = call->api->settings->pepper;
	unsigned char digest[DIGEST_BYTES];

	digest_hmac_sha256(pepper, strlen(pepper), secret, strlen(secret), digest);
	hex_encode(digest, sizeof(digest), ret_hash);
}

/* What reads deadlines: a feed's key has to be one that lists them. */
static void bind_reading(const struct call *call, struct bindings *bindings)
{
	const struct operation *list = contract_find(call->api->contract, "listDeadlines");
	const struct scopes *scopes = &call->api->scopes[list->index];

	bind_text(bindings, "scopes", scopes->any);
	bind_text(bindings, "whole_scopes", scopes->whole);
	bind_text(bindings, "request_id", call->request->request_id);
}

/* ---- Making and ending ---- */

/* Authenticates once more, as one who lists deadlines: a feed without would show nothing. */
static void require_reading(const struct call *call, struct batch *batch)
{
	struct bindings bindings = {0};

	bind_reading(call, &bindings);
	bind_text(&bindings, "key_hash", call->key_hash);
	bind_text(&bindings, "rulebook", NULL);
	batch_add(batch, &SQL_AUTHENTICATE, &bindings);
}

static bool put_url(struct call *call, const char *secret, struct problem *problem)
{
	CLEANUP(text_finish) struct text url = TEXT_INIT(1000);
	struct text *body = &call->reply->body;
	CLEANUP(json_decref) json_t *feed = json_loads(text_string(body), 0, NULL);

	call_link(call, PATH, &url);
	text_puts(&url, secret);
	json_object_set_new(feed, "url", json_string(text_string(&url)));
	json_object_set_new(feed, "url_note",
	    json_string("Keep it as a password: whoever has it sees the deadlines. It is not shown "
	                "again."));
	CLEANUP(free) char *text = feed ? json_dumps(feed, JSON_COMPACT) : NULL;
	if (!text)
		return problem_fail(problem, PROBLEM_INTERNAL, "a calendar feed was not JSON");
	text_clear(body);
	text_puts(body, text);
	return true;
}

bool calendar_feeds_create(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(text_finish) struct text secret = TEXT_INIT(64);
	struct bindings bindings = {0};
	struct uuid id = uuid_new();
	unsigned char random[SECRET_BYTES];
	char hash[DIGEST_HEX];
	char location[80];

	random_bytes(random, sizeof(random));
	base64url_encode(random, sizeof(random), &secret);
	hash_secret(call, text_string(&secret), hash);
	snprintf(location, sizeof(location), "/v1/calendar-feeds/%s", id.text);
	bind_text(&bindings, "feed_id", id.text);
	bind_text(&bindings, "secret_hash", hash);
	if (!call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	require_reading(call, &batch);
	call_claim(call, &batch);
	duties_add_json(&batch, &SQL_CALENDAR_FEED_INSERT, &bindings, "feed", call->request->json);
	call_audit(call, &batch, id.text);
	size_t answer = call_keep(call, &batch, &SQL_CALENDAR_FEED_MADE, &SQL_CALENDAR_FEED_MADE_STORED,
	    &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return call_replay(call, problem);
	call_answer(call, &batch, answer, 201, location, VERSION_OF_ANSWER);
	return call_is_dry(call) || put_url(call, text_string(&secret), problem);
}

static bool find_feed(struct call *call, const struct bindings *bindings, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};

	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_CALENDAR_FEED_GET, bindings);
	if (!call_run(call, &batch, problem))
		return false;
	return rows_count(batch_rows(&batch, number)) > 0 ||
	       problem_set(problem, PROBLEM_NOT_FOUND, "There is no such calendar feed.");
}

bool calendar_feeds_revoke(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	struct bindings *bindings = &arguments.bindings;
	const char *id = request_argument(call->request, "feed_id");
	char location[80];

	snprintf(location, sizeof(location), "/v1/calendar-feeds/%s", id);
	call_bind(call, &arguments);
	if (!find_feed(call, bindings, problem) ||
	    !call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	call_claim(call, &batch);
	batch_add(&batch, &SQL_CALENDAR_FEED_REVOKE, bindings);
	call_audit(call, &batch, id);
	size_t answer = call_keep(call, &batch, &SQL_CALENDAR_FEED_GET, &SQL_CALENDAR_FEED_GET_STORED,
	    bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return call_replay(call, problem);
	call_answer(call, &batch, answer, 201, location, VERSION_OF_ANSWER);
	return true;
}

/* ---- The calendar ---- */

static bool read_feed(struct call *call, const char *secret, struct batch *ret_batch,
    size_t *ret_events, struct problem *problem)
{
	struct bindings bindings = {0};
	struct date_text today = date_format(call->today);
	struct date_text until = date_format((struct date){call->today.days + DAYS_AHEAD});
	char hash[DIGEST_HEX];

	hash_secret(call, secret, hash);
	bind_reading(call, &bindings);
	bind_text(&bindings, "secret_hash", hash);
	bind_text(&bindings, "as_of", today.text);
	bind_text(&bindings, "until", until.text);
	bind_text(&bindings, "limit", EVENTS_MAX);
	if (!pool_lease(call->api->pool, &call->lease, problem) ||
	    !batch_begin(call->lease, BATCH_READ, ret_batch, problem))
		return false;
	batch_add(ret_batch, &SQL_CALENDAR_FEED_OPEN, &bindings);
	*ret_events = batch_add(ret_batch, &SQL_CALENDAR_FEED_DEADLINES, &bindings);
	return batch_run(ret_batch, problem);
}

bool calendar_feeds_show(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	const char *secret = request_argument(call->request, "secret");
	size_t events;

	if (!read_feed(call, secret ? secret : "", &batch, &events, problem))
		return false;
	const struct rows *feed = batch_rows(&batch, 0);
	const char *actor = rows_text(feed, 0, "key_id");
	if (!actor)
		return problem_set(problem, PROBLEM_NOT_FOUND, "Nothing is found at this path.");
	snprintf(call->actor_id, sizeof(call->actor_id), "%s", actor);
	const struct rows *rows = batch_rows(&batch, events);
	call->reply->status = 200;
	reply_header(call->reply, "Cache-Control", "private, no-cache");
	deadline_events_put(
	    call, rows_text(feed, 0, "label"), rows, rows_count(rows), &call->reply->body);
	if (call->reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a calendar outgrew its limit");
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}
