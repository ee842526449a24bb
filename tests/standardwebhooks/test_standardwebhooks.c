/*
 * What csprd sends, judged by the official package of the Standard Webhooks specification. Without
 * CSPR_TEST_NODE_PACKAGES, where ./dev test has installed it, the executable counts as skipped.
 */
#include <criterion/hooks.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "endpoints.h"

#define SKIPPED 77
#define SIX_MINUTES INT64_C(360)

/* One call as the receiver of DfE got it, and the scene that it came from. */
struct captured {
	struct scene scene;
	const struct received *call;
	json_t *question; /* for verify.js */
};

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	const char *packages = getenv("CSPR_TEST_NODE_PACKAGES");

	(void)tests;
	if (packages && *packages)
		return;
	fputs("standardwebhooks: the npm package is not installed, so nothing is verified here\n",
	    stderr);
	exit(SKIPPED);
}

static const char *const header_names[] = {
    "webhook-id", "webhook-timestamp", "webhook-signature", "content-type"};

static json_t *question_about(const struct received *call, const char *secret)
{
	json_t *headers = json_object();

	for (size_t i = 0; i < ARRAY_LENGTH(header_names); i++) {
		CLEANUP(free) char *value = received_header(call, header_names[i]);
		json_object_set_new(headers, header_names[i], json_string(value));
	}
	return json_pack("{s:s, s:o, s:s%}", "secret", secret, "headers", headers, "body", call->body,
	    call->body_length);
}

static void capture_finish(struct captured *captured)
{
	json_decref(captured->question);
	scene_close(&captured->scene);
}
DEFINE_VALUE_CLEANUP(struct captured, capture_finish)

/* `change` is a statement that is run before anything is sent, or NULL. */
static void capture(struct captured *ret_captured, const char *change)
{
	struct service service;

	scene_open(&ret_captured->scene);
	if (change)
		sql_run(&ret_captured->scene.database, change, NULL);
	service_start(&ret_captured->scene.database, NULL, &service);
	free(incident_accept(&ret_captured->scene, &service));
	wait_all_delivered(&ret_captured->scene);
	service_stop(&service);
	ret_captured->call = receiver_call(ret_captured->scene.receivers[DFE], 0);
	ret_captured->question = question_about(ret_captured->call, recipient_secrets[DFE]);
}

/* What the package says of it, without the newline (free()). */
static char *answer_to(const json_t *question)
{
	const char *const arguments[] = {
	    "/usr/bin/env", "node", environment_value("CSPR_TEST_VERIFY"), NULL};
	const struct setting settings[] = {
	    {"NODE_PACKAGES", environment_value("CSPR_TEST_NODE_PACKAGES")}, {NULL, NULL}};
	CLEANUP(free) char *input = json_dumps(question, JSON_COMPACT);
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, settings, input, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	return strndup(text_string(&outcome.output), strcspn(text_string(&outcome.output), "\n"));
}

Test(official_package, verifies_what_csprd_sends)
{
	CLEANUP(capture_finish) struct captured captured = {0};

	capture(&captured, NULL);
	CLEANUP(free) char *answer = answer_to(captured.question);
	cr_assert_str_eq(answer, "verified incident.notified");
}

Test(official_package, refuses_it_under_another_secret)
{
	CLEANUP(capture_finish) struct captured captured = {0};

	capture(&captured, NULL);
	json_object_set_new(captured.question, "secret", json_string(recipient_secrets[PANEL]));
	CLEANUP(free) char *answer = answer_to(captured.question);
	cr_assert_str_eq(answer, "refused: No matching signature found");
}

Test(official_package, refuses_a_body_that_was_changed_on_its_way)
{
	CLEANUP(capture_finish) struct captured captured = {0};

	capture(&captured, NULL);
	CLEANUP(free) char *body = strdup(captured.call->body);
	char *kind = strstr(body, "serious_incident");
	cr_assert_not_null(kind);
	kind[0] = 'S';
	json_object_set_new(captured.question, "body", json_string(body));
	CLEANUP(free) char *answer = answer_to(captured.question);
	cr_assert_str_eq(answer, "refused: No matching signature found");
}

Test(official_package, refuses_a_timestamp_that_is_old_or_was_changed)
{
	CLEANUP(capture_finish) struct captured captured = {0};

	capture(&captured, NULL);
	json_object_set_new(captured.question, "shift", json_integer(SIX_MINUTES));
	CLEANUP(free) char *old = answer_to(captured.question);
	cr_assert_str_eq(old, "refused: Message timestamp too old");
	json_object_set_new(captured.question, "shift", json_integer(-SIX_MINUTES));
	CLEANUP(free) char *early = answer_to(captured.question);
	cr_assert_str_eq(early, "refused: Message timestamp too new");

	/* Brought up to date by somebody without the secret, it fits no signature. */
	json_t *headers = json_object_get(captured.question, "headers");
	CLEANUP(free) char *timestamp = received_header(captured.call, "webhook-timestamp");
	char later[24];
	snprintf(later, sizeof(later), "%" PRId64, (int64_t)strtoll(timestamp, NULL, 10) + SIX_MINUTES);
	json_object_set_new(headers, "webhook-timestamp", json_string(later));
	json_object_set_new(captured.question, "shift", json_integer(SIX_MINUTES));
	CLEANUP(free) char *answer = answer_to(captured.question);
	cr_assert_str_eq(answer, "refused: No matching signature found");
}

Test(official_package, verifies_with_the_old_and_the_new_secret_while_one_is_being_replaced)
{
	CLEANUP(capture_finish) struct captured captured = {0};
	const enum recipient accepted[] = {DFE, PANEL};

	capture(&captured,
	    "UPDATE webhook_endpoint AS e SET previous_secret_sealed = p.secret_sealed,"
	    " previous_secret_until = now() + interval '1 hour'"
	    " FROM webhook_endpoint AS p WHERE e.recipient = 'dfe' AND p.recipient = 'panel'");
	for (size_t i = 0; i < ARRAY_LENGTH(accepted); i++) {
		json_object_set_new(
		    captured.question, "secret", json_string(recipient_secrets[accepted[i]]));
		CLEANUP(free) char *answer = answer_to(captured.question);
		cr_assert_str_eq(answer, "verified incident.notified");
	}
	json_object_set_new(captured.question, "secret", json_string(recipient_secrets[OFSTED]));
	CLEANUP(free) char *answer = answer_to(captured.question);
	cr_assert_str_eq(answer, "refused: No matching signature found");
}

static bool package_verifies(const struct received *call, const char *secret)
{
	CLEANUP(json_decref) json_t *question = question_about(call, secret);
	CLEANUP(free) char *answer = answer_to(question);

	cr_assert(strcmp(answer, "verified ping") == 0 ||
	              strcmp(answer, "refused: No matching signature found") == 0,
	    "%s", answer);
	return strcmp(answer, "verified ping") == 0;
}

/* A ping to the endpoint, as it arrived; `number` counts them from 0. */
static const struct received *pinged(const struct administrators *administrators,
    const struct endpoint *endpoint, struct receiver *receiver, size_t number)
{
	free(endpoint_ping(administrators, endpoint));
	wait_calls(receiver, number + 1);
	return receiver_call(receiver, number);
}

Test(official_package, verifies_v1_and_openssl_v1a_before_during_and_after_a_rotation)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(administrators_finish) struct administrators administrators = {0};
	struct service service;
	struct endpoint before;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	administrators_open(&scene, &service, &administrators);
	struct receiver *receiver = scene.receivers[DFE];
	endpoint_propose(
	    &administrators, receiver_url(receiver), json_of("{'signatures': ['v1', 'v1a']}"), &before);
	const struct received *first = pinged(&administrators, &before, receiver, 0);
	cr_assert(package_verifies(first, before.secret));
	cr_assert_eq(openssl_verifies(first, before.public_key), 1);

	struct endpoint after = before;
	endpoint_rotate(&administrators, 168, &after);
	const struct received *during = pinged(&administrators, &after, receiver, 1);
	cr_assert(package_verifies(during, before.secret));
	cr_assert(package_verifies(during, after.secret));
	cr_assert_eq(openssl_verifies(during, before.public_key), 1);
	cr_assert_eq(openssl_verifies(during, after.public_key), 1);

	/* As if the grace had passed. */
	sql_run(&scene.database,
	    "UPDATE webhook_endpoint SET previous_secret_until = now()"
	    " WHERE previous_secret_until > now()",
	    NULL);
	const struct received *last = pinged(&administrators, &after, receiver, 2);
	cr_assert_not(package_verifies(last, before.secret));
	cr_assert(package_verifies(last, after.secret));
	cr_assert_eq(openssl_verifies(last, before.public_key), 0);
	cr_assert_eq(openssl_verifies(last, after.public_key), 1);
	service_stop(&service);
}

Test(libcspr, verifies_what_the_official_package_signs)
{
	static const char body[] = "{\"type\":\"webhook.test\",\"data\":{\"name\":\"caf\u00e9\"}}";
	char timestamp[24];
	const char *secret = recipient_secrets[OFSTED];

	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)time(NULL));
	CLEANUP(json_decref)
	json_t *question = json_pack("{s:s, s:s, s:{s:s, s:I}}", "secret", secret, "body", body, "sign",
	    "id", "msg_1", "timestamp", (json_int_t)strtoll(timestamp, NULL, 10));
	CLEANUP(free) char *signature = answer_to(question);
	struct cspr_webhook webhook = {
	    .id = "msg_1",
	    .timestamp = timestamp,
	    .signature = signature,
	    .body = body,
	    .body_length = strlen(body),
	};
	cr_assert_eq(cspr_verify_webhook(&secret, 1, &webhook, 300, CSPR_NOW), CSPR_WEBHOOK_VALID);
	webhook.id = "msg_2";
	cr_assert_eq(cspr_verify_webhook(&secret, 1, &webhook, 300, CSPR_NOW), CSPR_WEBHOOK_UNSIGNED);
}
