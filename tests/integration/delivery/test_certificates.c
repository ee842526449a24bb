/*
 * Owns the stories of endpoints with a client certificate and authorities of their own, from the
 * proposal to a receiver that demands them. Its certificates are made on the spot.
 */
#include <stdio.h>
#include <string.h>

#include "endpoints.h"
#include "support/tls.h"

TestSuite(certificate, .timeout = 120);

/* A service, two administrators, and a receiver that only lets our client in. */
struct play {
	struct scene scene;
	struct service service;
	struct administrators administrators;
	struct identity authority;
	struct identity leaf;
	struct identity client;
	struct tls_receiver receiver;
	char url[64];
};

static void play_open(struct play *play, const char *priority)
{
	static const struct wanted authority = {.from = -10, .until = 10};
	static const struct wanted leaf = {"127.0.0.1", .from = -1, .until = 1};
	static const struct wanted client = {.name = "cspr.example.org", .from = -1, .until = 1};

	scene_open(&play->scene);
	service_start(&play->scene.database, NULL, &play->service);
	administrators_open(&play->scene, &play->service, &play->administrators);
	play->authority = identity_make(&authority, NULL);
	play->leaf = identity_make(&leaf, &play->authority);
	play->client = identity_make(&client, &play->authority);
	play->receiver.priority = priority;
	play->receiver.of_clients = &play->authority;
	tls_receiver_open(&play->receiver, &play->leaf);
	snprintf(play->url, sizeof(play->url), "https://127.0.0.1:%u/hook", play->receiver.port);
}

static void play_close(struct play *play)
{
	service_stop(&play->service);
	tls_receiver_close(&play->receiver);
	identity_finish(&play->client);
	identity_finish(&play->leaf);
	identity_finish(&play->authority);
	administrators_finish(&play->administrators);
	scene_close(&play->scene);
}
DEFINE_VALUE_CLEANUP(struct play, play_close)

/* The member `ca_bundle`, in an object with what else is said. */
static json_t *with_bundle(const struct play *play, json_t *members)
{
	CLEANUP(free) char *bundle = identity_certificate(&play->authority);

	json_object_set_new(members, "ca_bundle", json_string(bundle));
	return members;
}

static json_t *with_certificate(const struct play *play, json_t *members)
{
	CLEANUP(free) char *certificate = identity_certificate(&play->client);
	CLEANUP(free) char *key = identity_key(&play->client);

	json_object_set_new(members, "client_certificate",
	    json_pack("{s:s, s:s}", "certificate", certificate, "key", key));
	return members;
}

static json_t *for_incidents(void)
{
	return json_of("{'event_types': ['incident.created']}");
}

/* The proof of the endpoint's one delivery, once it was tried so often. */
static void read_proof(const struct play *play, const struct endpoint *endpoint, int attempts,
    struct answer *ret_answer)
{
	CLEANUP(free)
	char *id = sql_text(&play->scene.database,
	    "SELECT id FROM delivery WHERE endpoint_id = $1::uuid", endpoint->id, NULL);

	wait_attempts(&play->scene, id, attempts);
	get(&play->scene, &play->service, ret_answer, "/v1/deliveries/%s", id);
}

static void expect_fault(const struct answer *proof, const char *why)
{
	cr_expect_str_eq(answer_text(proof, "/state"), "pending");
	cr_expect(json_is_null(answer_at(proof, "/attempt_list/0/status")));
	cr_expect_str_eq(answer_text(proof, "/attempt_list/0/address"), "127.0.0.1");
	cr_expect(
	    strstr(answer_text(proof, "/attempt_list/0/error"), why), "%s", text_string(&proof->body));
	cr_expect(strstr(answer_text(proof, "/story/1"), why), "%s", answer_text(proof, "/story/1"));
}

static void expect_delivered(const struct answer *proof, int attempts)
{
	char last[40];

	snprintf(last, sizeof(last), "/attempt_list/%d/status", attempts - 1);
	cr_expect_str_eq(answer_text(proof, "/state"), "delivered");
	cr_expect_eq(answer_number(proof, "/attempts"), attempts);
	cr_expect_eq(answer_number(proof, last), 200);
	cr_expect(strstr(text_string(&proof->body), "was answered 200"));
}

/* Who called is who was approved, and the interface names it by the same digest. */
static void expect_client(const struct play *play, const struct endpoint *endpoint)
{
	CLEANUP(answer_finish) struct answer shown = {0};
	char expected[FINGERPRINT_BYTES];
	char ours[100];

	identity_fingerprint(&play->client, expected);
	get(&play->scene, &play->service, &shown, "/v1/webhook-endpoints/%s", endpoint->id);
	snprintf(ours, sizeof(ours), "%s", answer_text(&shown, "/client_certificate/sha256"));
	cr_expect_str_eq(play->receiver.last_client, expected);
	cr_expect_str_eq(ours, expected);
	cr_expect_null(strstr(text_string(&shown.body), "PRIVATE KEY"));
}

/* The proof of the first attempt at an endpoint with the receiver's authorities and a certificate
 * for us. */
static void try_first(struct play *play, struct endpoint *endpoint, struct answer *proof)
{
	endpoint_propose(&play->administrators, play->url,
	    with_certificate(play, with_bundle(play, for_incidents())), endpoint);
	endpoint_approve(&play->administrators, endpoint);
	free(incident_create(&play->scene, &play->service, SERIOUS_HARM));
	read_proof(play, endpoint, 1, proof);
}

Test(certificate, of_an_endpoint_is_shown_to_a_receiver_that_demands_it)
{
	CLEANUP(play_close) struct play play = {0};
	CLEANUP(answer_finish) struct answer proof = {0};
	struct endpoint endpoint;

	play_open(&play, "NORMAL");
	try_first(&play, &endpoint, &proof);
	expect_delivered(&proof, 1);
	cr_expect_eq(play.receiver.calls, 1);
	cr_expect(strstr(play.receiver.last_call, "\"incident.created\""));
	expect_client(&play, &endpoint);
}

/* In TLS 1.3 the client hears of it only after it has begun to speak. */
static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL"};

Test(certificate, that_is_missing_is_named_by_the_attempt_until_another_key_approves_one)
{
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		CLEANUP(play_close) struct play play = {0};
		CLEANUP(answer_finish) struct answer before = {0};
		CLEANUP(answer_finish) struct answer after = {0};
		struct endpoint endpoint;

		play_open(&play, versions[i]);
		endpoint_propose(
		    &play.administrators, play.url, with_bundle(&play, for_incidents()), &endpoint);
		endpoint_approve(&play.administrators, &endpoint);
		free(incident_create(&play.scene, &play.service, SERIOUS_HARM));
		read_proof(&play, &endpoint, 1, &before);
		expect_fault(&before, "TLS was broken off: ");
		expect_fault(&before, "; this endpoint has no client certificate");
		cr_expect_eq(play.receiver.calls, 0);

		endpoint_change(&play.administrators, &endpoint, with_certificate(&play, json_object()));
		hurry(&play.scene, answer_text(&before, "/id"), 1);
		read_proof(&play, &endpoint, 2, &after);
		expect_delivered(&after, 2);
		expect_client(&play, &endpoint);
	}
}

Test(certificate, that_a_receiver_does_not_take_is_told_with_its_alert)
{
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		CLEANUP(play_close) struct play play = {0};
		CLEANUP(answer_finish) struct answer proof = {0};
		struct endpoint endpoint;

		play_open(&play, versions[i]);
		identity_finish(&play.client);
		play.client =
		    identity_make(&(struct wanted){.name = "other.example.org", .until = 1}, NULL);
		try_first(&play, &endpoint, &proof);
		expect_fault(&proof, "TLS was broken off: ");
		expect_fault(&proof, "; this endpoint has a client certificate");
		cr_expect_eq(play.receiver.calls, 0);
	}
}

/* As the end of a receiver that breaks off looks where its reset is here before its alert is read.
 */
Test(certificate, is_told_of_after_a_reset_without_an_alert)
{
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		CLEANUP(play_close) struct play play = {.receiver.resets = true};
		CLEANUP(answer_finish) struct answer proof = {0};
		struct endpoint endpoint;

		play_open(&play, versions[i]);
		try_first(&play, &endpoint, &proof);
		expect_fault(&proof, "TLS was broken off: ");
		expect_fault(&proof, "; this endpoint has a client certificate");
	}
}

Test(certificate, of_a_receiver_counts_by_the_endpoints_own_authorities_only)
{
	CLEANUP(play_close) struct play play = {0};
	CLEANUP(answer_finish) struct answer before = {0};
	CLEANUP(answer_finish) struct answer after = {0};
	struct endpoint endpoint;

	play_open(&play, "NORMAL");
	endpoint_propose(
	    &play.administrators, play.url, with_certificate(&play, for_incidents()), &endpoint);
	endpoint_approve(&play.administrators, &endpoint);
	free(incident_create(&play.scene, &play.service, SERIOUS_HARM));
	read_proof(&play, &endpoint, 1, &before);
	expect_fault(&before, "its authority is not one that counts here");
	cr_expect_eq(play.receiver.bytes, 0);

	endpoint_change(&play.administrators, &endpoint, with_bundle(&play, json_object()));
	hurry(&play.scene, answer_text(&before, "/id"), 1);
	read_proof(&play, &endpoint, 2, &after);
	expect_delivered(&after, 2);
	expect_client(&play, &endpoint);
}
