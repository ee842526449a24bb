/* Owns the stories of what an endpoint is sent: its signatures, its headers, its payload. */
#include <string.h>

#include "endpoints.h"

TestSuite(endpoint, .timeout = 120);

/* A scene with a service that delivers, two administrators and a receiver of an endpoint's own. */
struct play {
	struct scene scene;
	struct service service;
	struct administrators administrators;
	struct receiver *receiver;
};

static void play_open(struct play *play)
{
	scene_open(&play->scene);
	service_start(&play->scene.database, NULL, &play->service);
	administrators_open(&play->scene, &play->service, &play->administrators);
	play->receiver = receiver_start();
}

static void play_close(struct play *play)
{
	service_stop(&play->service);
	administrators_finish(&play->administrators);
	receiver_stop(play->receiver);
	scene_close(&play->scene);
}
DEFINE_VALUE_CLEANUP(struct play, play_close)

static void propose(const struct play *play, json_t *members, struct endpoint *ret_endpoint)
{
	endpoint_propose(&play->administrators, receiver_url(play->receiver), members, ret_endpoint);
}

/* Sends a ping and gives the call that arrived. */
static const struct received *pinged(const struct play *play, const struct endpoint *endpoint)
{
	size_t before = receiver_count(play->receiver);
	CLEANUP(free) char *id = endpoint_ping(&play->administrators, endpoint);

	wait_calls(play->receiver, before + 1);
	const struct received *call = receiver_call(play->receiver, before);
	cr_assert(has_id(call, id));
	return call;
}

Test(endpoint, that_is_only_proposed_is_tried_by_a_ping_and_gets_nothing_else)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint endpoint;

	play_open(&play);
	propose(
	    &play, json_of("{'event_types': ['incident.created', 'incident.notified']}"), &endpoint);
	free(incident_accept(&play.scene, &play.service));
	wait_calls(play.scene.receivers[DFE], 1);
	const struct received *call = pinged(&play, &endpoint);
	cr_assert_not_null(strstr(call->body, "\"ping\""), "%s", call->body);
	cr_assert_eq(verdict_of(call, endpoint.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(receiver_count(play.receiver), 1);
	cr_assert_eq(
	    sql_number(&play.scene.database,
	        "SELECT count(*) FROM delivery WHERE endpoint_id = $1::uuid", endpoint.id, NULL),
	    1);
	/* One that asks to be left alone is not paused, because it would be resumed unapproved. */
	receiver_answer(play.receiver, 410, NULL, "");
	CLEANUP(free) char *refused = endpoint_ping(&play.administrators, &endpoint);
	wait_attempts(&play.scene, refused, 1);
	CLEANUP(free)
	char *state = sql_text(&play.scene.database,
	    "SELECT state FROM webhook_endpoint WHERE id = $1::uuid", endpoint.id, NULL);
	cr_assert_str_eq(state, "proposed");
}

Test(endpoint, sends_its_own_headers_with_each_call)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint endpoint;

	play_open(&play);
	propose(&play,
	    json_of("{'headers': [{'name': 'X-Api-Key', 'value': 'otter lantern'},"
	            " {'name': 'X-Empty', 'value': ''}]}"),
	    &endpoint);
	const struct received *call = pinged(&play, &endpoint);
	CLEANUP(free) char *key = received_header(call, "X-Api-Key");
	CLEANUP(free) char *empty = received_header(call, "X-Empty");
	cr_assert_str_eq(key, "otter lantern");
	cr_assert_str_eq(empty, "");
	endpoint_approve(&play.administrators, &endpoint);
	endpoint_change(&play.administrators, &endpoint, json_of("{'headers': []}"));
	CLEANUP(free) char *gone = received_header(pinged(&play, &endpoint), "X-Api-Key");
	cr_assert_null(gone);
	CLEANUP(free) char *log = service_log(&play.service);
	cr_assert_null(strstr(log, "otter"));
}

static void expect_signatures(const struct received *call, size_t count)
{
	cr_assert_eq(signatures_of(call, "v1"), count);
	cr_assert_eq(signatures_of(call, "v1a"), count);
}

Test(endpoint, is_signed_by_both_keys_during_a_rotation_and_by_the_new_one_after)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint before;
	struct endpoint after;

	play_open(&play);
	propose(&play, json_of("{'signatures': ['v1', 'v1a']}"), &before);
	const struct received *first = pinged(&play, &before);
	expect_signatures(first, 1);
	cr_assert_eq(verdict_of(first, before.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(openssl_verifies(first, before.public_key), 1);

	after = before;
	endpoint_rotate(&play.administrators, 24, &after);
	const struct received *during = pinged(&play, &after);
	expect_signatures(during, 2);
	cr_assert_eq(verdict_of(during, before.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(verdict_of(during, after.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(openssl_verifies(during, before.public_key), 1);
	cr_assert_eq(openssl_verifies(during, after.public_key), 1);
	CLEANUP(free) char *header = received_header(during, "webhook-signature");
	cr_assert(strncmp(header, "v1,", 3) == 0 && strstr(header, " v1,") < strstr(header, " v1a,"));

	/* As if the grace had passed. */
	sql_run(&play.scene.database,
	    "UPDATE webhook_endpoint SET previous_secret_until = now() - interval '1 second'"
	    " WHERE id = $1::uuid",
	    after.id, NULL);
	const struct received *last = pinged(&play, &after);
	expect_signatures(last, 1);
	cr_assert_eq(verdict_of(last, before.secret), CSPR_WEBHOOK_UNSIGNED);
	cr_assert_eq(verdict_of(last, after.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(openssl_verifies(last, before.public_key), 0);
	cr_assert_eq(openssl_verifies(last, after.public_key), 1);
}

Test(endpoint, has_one_signature_of_each_kind_at_once_after_a_rotation_without_grace)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint endpoint;

	play_open(&play);
	propose(&play, json_of("{'signatures': ['v1', 'v1a']}"), &endpoint);
	endpoint_rotate(&play.administrators, 0, &endpoint);
	const struct received *call = pinged(&play, &endpoint);
	expect_signatures(call, 1);
	cr_assert_eq(verdict_of(call, endpoint.secret), CSPR_WEBHOOK_VALID);
	cr_assert_eq(openssl_verifies(call, endpoint.public_key), 1);
}

Test(endpoint, that_did_not_ask_for_ed25519_has_none_until_it_is_approved)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint endpoint;

	play_open(&play);
	propose(&play, json_of("{}"), &endpoint);
	endpoint_approve(&play.administrators, &endpoint);
	cr_assert_eq(signatures_of(pinged(&play, &endpoint), "v1a"), 0);
	endpoint_change(&play.administrators, &endpoint, json_of("{'signatures': ['v1', 'v1a']}"));
	CLEANUP(free)
	char *key = sql_text(&play.scene.database,
	    "SELECT public_key FROM webhook_endpoint WHERE id = $1::uuid", endpoint.id, NULL);
	cr_assert_eq(openssl_verifies(pinged(&play, &endpoint), key), 1);
}

/* Without the timestamp header everything that an attempt carries is the same. */
static void expect_same_bytes(const struct received *one, const struct received *other)
{
	cr_assert_eq(one->body_length, other->body_length);
	cr_assert_eq(memcmp(one->body, other->body, one->body_length), 0);
}

Test(endpoint, with_a_summary_has_coded_facts_and_the_same_bytes_on_each_attempt)
{
	CLEANUP(play_close) struct play play = {0};
	struct endpoint endpoint;

	play_open(&play);
	propose(
	    &play, json_of("{'event_types': ['incident.created'], 'payload': 'summary'}"), &endpoint);
	endpoint_approve(&play.administrators, &endpoint);
	receiver_answer_next(play.receiver, 503, NULL, "");
	receiver_answer_next(play.receiver, 503, NULL, "");
	free(incident_create(&play.scene, &play.service, SERIOUS_HARM));
	wait_calls(play.receiver, 1);
	/* What the endpoint wants by then does not change what this delivery carries. */
	endpoint_change(&play.administrators, &endpoint, json_of("{'payload': 'thin'}"));
	CLEANUP(free)
	char *delivery = sql_text(&play.scene.database,
	    "SELECT id FROM delivery WHERE endpoint_id = $1::uuid", endpoint.id, NULL);
	hurry(&play.scene, delivery, 1);
	hurry(&play.scene, delivery, 2);
	wait_calls(play.receiver, 3);

	const struct received *call = receiver_call(play.receiver, 0);
	CLEANUP(json_decref) json_t *body = json_loadb(call->body, call->body_length, 0, NULL);
	const json_t *data = json_object_get(body, "data");
	const json_t *summary = json_object_get(data, "summary");
	CLEANUP(json_decref)
	json_t *children = json_of("[{'role': 'victim', 'nature': 'serious_harm',"
	                           " 'age_band': 'under_1'}]");
	cr_assert_str_eq(json_string_value(json_object_get(summary, "nature")), "serious_harm");
	cr_assert(json_equal(json_object_get(summary, "children"), children));
	cr_assert_null(strstr(call->body, NARRATIVE_CANARY));
	cr_assert_null(strstr(call->body, "la_of_"));
	expect_same_bytes(call, receiver_call(play.receiver, 1));
	expect_same_bytes(call, receiver_call(play.receiver, 2));

	free(incident_create(&play.scene, &play.service, SERIOUS_HARM));
	wait_calls(play.receiver, 4);
	cr_assert_null(strstr(receiver_call(play.receiver, 3)->body, "summary"));
}
