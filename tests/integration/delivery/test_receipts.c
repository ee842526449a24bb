/* What recipients say of what was delivered: in their answer, or by a call that they sign. */
#include "scene.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"

#define REFERENCE "SIN-2024-00017"
#define DEEP "[[[[[[[[[[[[[[[[[[[["
#define NESTED DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP

/* A receipt that says that it came a moment ago; free(). */
static char *receipt_body(const char *reference)
{
	char now[32];
	char *body = NULL;
	time_t seconds = time(NULL);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (asprintf(&body, "{\"acknowledged\":{\"reference\":\"%s\",\"received_at\":\"%s\"}}",
	        reference, now) < 0)
		give_up("no memory");
	return body;
}

/* The signed call of a recipient; what is NULL is not sent. */
static int acknowledge(const struct service *service, const char *id, time_t at, const char *secret,
    const char *body, struct answer *ret_answer)
{
	CLEANUP(text_finish) struct text key = TEXT_INIT(100);
	CLEANUP(text_finish) struct text material = TEXT_INIT(10000);
	CLEANUP(text_finish) struct text lines = TEXT_INIT(1000);
	unsigned char digest[DIGEST_BYTES];
	char id_line[120];
	char at_line[60];
	const char *headers[] = {id_line, at_line, NULL, NULL};

	snprintf(id_line, sizeof(id_line), "webhook-id: %s", id);
	snprintf(at_line, sizeof(at_line), "webhook-timestamp: %lld", (long long)at);
	if (secret) {
		cr_assert(base64_decode(secret + 6, strlen(secret) - 6, &key));
		text_printf(&material, "%s.%lld.%s", id, (long long)at, body);
		digest_hmac_sha256(
		    text_string(&key), key.length, text_string(&material), material.length, digest);
		text_puts(&lines, "webhook-signature: v1a,AAAA v1,");
		base64_encode(digest, sizeof(digest), &lines);
		headers[2] = text_string(&lines);
	}
	http_call(service,
	    &(struct call){
	        .method = "POST", .path = "/acknowledgements", .headers = headers, .body = body},
	    ret_answer);
	return ret_answer->status;
}

static int64_t acknowledgements(const struct scene *scene)
{
	return sql_number(&scene->database, "SELECT count(*) FROM acknowledgement", NULL);
}

static void expect_acknowledged(
    const struct scene *scene, const struct service *service, const char *notification)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free)
	char *incident = sql_text(&scene->database,
	    "SELECT incident_id FROM notification WHERE id = $1::uuid", notification, NULL);

	get(scene, service, &answer, "/v1/notifications/%s", notification);
	cr_assert_str_eq(answer_text(&answer, "/recipients/0/acknowledgements/0/reference"), REFERENCE);
	cr_assert_str_eq(answer_text(&answer, "/recipients/0/acknowledgements/0/channel"), "webhook");
	answer_finish(&answer);
	get(scene, service, &answer, "/v1/incidents/%s", incident);
	cr_assert_str_eq(answer_text(&answer, "/dfe_sin_ref"), REFERENCE);
	answer_finish(&answer);
	get(scene, service, &answer, "/v1/incidents/%s/proof", incident);
	cr_assert_str_eq(answer_text(&answer, "/data/0/standing"), "acknowledged");
	cr_assert_eq(sql_number(&scene->database,
	                 "SELECT count(*) FROM event WHERE type = 'notification.acknowledged'", NULL),
	    1);
	cr_assert_eq(sql_number(&scene->database,
	                 "SELECT count(*) FROM audit_entry WHERE action = 'delivery.acknowledged'"
	                 " AND outcome = 'done'",
	                 NULL),
	    1);
}

Test(receipt, in_the_answer_acknowledges_and_delivered_alone_does_not)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	struct service service;

	scene_open(&scene);
	receiver_answer(scene.receivers[DFE], 200, "Content-Type: application/json\r\n", body);
	receiver_answer(scene.receivers[OFSTED], 200, NULL, "{\"status\":\"ok\"}");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	wait_all_delivered(&scene);
	cr_assert(sql_holds_within(
	    &scene.database, PATIENCE, "SELECT count(*) > 0 FROM acknowledgement", NULL));
	expect_acknowledged(&scene, &service, id);
	cr_assert_eq(acknowledgements(&scene), 1);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_str_eq(answer_text(&answer, "/acknowledged/came_as"), "answer");
	cr_assert_str_eq(answer_text(&answer, "/acknowledged/reference"), REFERENCE);
	service_stop(&service);
}

Test(receipt, without_a_time_came_when_it_was_answered)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	receiver_answer(scene.receivers[DFE], 200, NULL, "{\"acknowledged\":{\"reference\":\"R\"}}");
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	cr_assert(sql_holds_within(&scene.database, PATIENCE,
	    "SELECT count(*) > 0 FROM delivery_receipt AS r JOIN delivery_attempt AS a"
	    " ON a.delivery_id = r.delivery_id WHERE r.received_at ="
	    " a.started_at + a.duration_ms * interval '1 millisecond'",
	    NULL));
	service_stop(&service);
}

/* Whatever else a 2xx says is no receipt, and harms nothing. */
Test(receipt, is_not_what_is_only_like_one)
{
	static const char *const bodies[] = {
	    "{\"acknowledged\":true}",
	    "{\"acknowledged\":{\"reference\":\"R\",\"received_at\":null}}",
	    "{\"acknowledged\":{\"reference\":7,\"received_at\":\"2024-01-01T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"R\",\"received_at\":\"yesterday\"}}",
	    "{\"acknowledged\":{\"reference\":\"R\",\"received_at\":\"2024-02-31T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"R\",\"received_at\":\"2001-01-01T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"R\",\"received_at\":\"2999-01-01T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"\",\"received_at\":\"2024-01-01T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"<b>\",\"received_at\":\"2024-01-01T00:00:00Z\"}}",
	    "{\"acknowledged\":{\"reference\":\"R\"",
	    "[\"acknowledged\"]",
	    "\"acknowledged\"",
	    "{\"acknowledged\":{\"reference\":\"R\\u0000\"}}",
	    "{\"acknowledged\":{\"reference\":1e999999}}",
	    "{\"acknowledged\":{\"reference\":\"R\\ud800\"}}",
	    "{\"acknowledged\":" NESTED NESTED NESTED NESTED,
	};
	char count[24];
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	snprintf(count, sizeof(count), "%zu", ARRAY_LENGTH(bodies));
	scene_open(&scene);
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
		receiver_answer_next(scene.receivers[DFE], 200, NULL, bodies[i]);
	service_start(&scene.database, NULL, &service);
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
		free(incident_accept(&scene, &service));
	wait_all_delivered(&scene);
	cr_assert(sql_holds_within(&scene.database, PATIENCE,
	    "SELECT count(*) = $1::integer FROM delivery_attempt WHERE receipt_read", count, NULL));
	cr_assert_eq(acknowledgements(&scene), 0);
	service_stop(&service);
}

Test(receipt, is_taken_by_a_signed_call_once)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	CLEANUP(free) char *other = receipt_body("SIN-OTHER");
	const char *secret = recipient_secrets[DFE];
	struct service service;
	time_t now = time(NULL);
	CLEANUP(free) char *id = NULL;
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, &id);

	cr_assert_eq(acknowledge(&service, delivery, now, secret, body, &answer), 200, "%s",
	    text_string(&answer.body));
	cr_assert_str_eq(answer_text(&answer, "/reference"), REFERENCE);
	answer_finish(&answer);
	/* Said again, or heard and said by another: nothing more comes of it. */
	cr_assert_eq(acknowledge(&service, delivery, now, secret, body, &answer), 200);
	answer_finish(&answer);
	expect_acknowledged(&scene, &service, id);
	cr_assert_eq(acknowledge(&service, delivery, now, secret, other, &answer), 409);
	answer_finish(&answer);
	cr_assert_eq(acknowledgements(&scene), 1);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_str_eq(answer_text(&answer, "/acknowledged/came_as"), "signed_call");
	service_stop(&service);
}

Test(receipt, without_the_endpoint_s_own_signature_is_401_whatever_else)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	const char *secret = recipient_secrets[DFE];
	static const char absent[] = "00000000-0000-4000-8000-000000000000";
	struct service service;
	time_t now = time(NULL);
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, NULL);

	const struct {
		const char *id;
		time_t at;
		const char *secret;
		const char *body;
	} refused[] = {
	    {delivery, now, NULL, body},
	    {delivery, now, recipient_secrets[OFSTED], body},
	    {delivery, now - 600, secret, body},
	    {delivery, now + 600, secret, body},
	    {absent, now, secret, body},
	    {"x' OR true", now, secret, body},
	    {delivery, now, NULL, "{\"acknowledged\":1}"},
	    {delivery, now, NULL, "{"},
	    {delivery, now, secret, "{"},
	};
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		CLEANUP(answer_finish) struct answer answer = {0};
		cr_assert_eq(acknowledge(&service, refused[i].id, refused[i].at, refused[i].secret,
		                 refused[i].body, &answer),
		    401, "%zu: %s", i, text_string(&answer.body));
		cr_assert_str_eq(answer_text(&answer, "/code"), "unauthenticated");
	}
	/* Signed, and wrong otherwise: then it is told what is wrong. */
	CLEANUP(answer_finish) struct answer told = {0};
	cr_assert_eq(acknowledge(&service, delivery, now, secret, "{\"acknowledged\":1}", &told), 422);
	cr_assert_eq(acknowledgements(&scene), 0);
	service_stop(&service);
}

/* Whoever can rotate the secret of an endpoint that is paused knows it, and the recipient knows
 * nothing. */
Test(receipt, of_what_was_never_sent_is_none)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	const char *secret = recipient_secrets[DFE];
	struct service service;

	scene_open(&scene);
	sql_run(
	    &scene.database, "UPDATE webhook_endpoint SET state = 'paused' WHERE name = 'dfe'", NULL);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	cr_assert_eq(acknowledge(&service, delivery, time(NULL), secret, body, &answer), 409, "%s",
	    text_string(&answer.body));
	answer_finish(&answer);
	cr_assert_eq(acknowledgements(&scene), 0);
	/* Said before the call was answered, it counts. */
	receiver_hold(scene.receivers[DFE]);
	sql_run(
	    &scene.database, "UPDATE webhook_endpoint SET state = 'active' WHERE name = 'dfe'", NULL);
	wait_calls(scene.receivers[DFE], 1);
	cr_assert_eq(acknowledge(&service, delivery, time(NULL), secret, body, &answer), 200, "%s",
	    text_string(&answer.body));
	receiver_release(scene.receivers[DFE]);
	wait_all_delivered(&scene);
	service_stop(&service);
}

/* A recipient that uses the secret of before while it still signs is known by it. */
Test(receipt, may_be_signed_with_the_secret_before_for_as_long_as_that_signs)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	struct service service;
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, NULL);

	sql_run(&scene.database,
	    "UPDATE webhook_endpoint AS e SET previous_secret_sealed = e.secret_sealed,"
	    " previous_secret_until = now() + interval '1 hour', secret_sealed = o.secret_sealed"
	    " FROM webhook_endpoint AS o WHERE o.name = 'ofsted' AND e.name = 'dfe'",
	    NULL);
	cr_assert_eq(acknowledge(&service, delivery, time(NULL), recipient_secrets[DFE], body, &answer),
	    200, "%s", text_string(&answer.body));
	answer_finish(&answer);
	sql_run(&scene.database,
	    "UPDATE webhook_endpoint SET previous_secret_until = now() - interval '1 second'"
	    " WHERE name = 'dfe'",
	    NULL);
	cr_assert_eq(
	    acknowledge(&service, delivery, time(NULL), recipient_secrets[DFE], body, &answer), 401);
	service_stop(&service);
}

/* Nobody can rotate its secret any more, should somebody else have it. */
Test(receipt, is_signed_with_a_retired_endpoint_s_secret_for_seven_days_at_most)
{
	static const struct {
		const char *ago;
		int status;
	} rows[] = {{"6 days", 200}, {"8 days", 401}};
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	struct service service;
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, NULL);

	/* It would say that it was changed now. */
	sql_run(&scene.database, "ALTER TABLE webhook_endpoint DISABLE TRIGGER webhook_endpoint_stamp",
	    NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(answer_finish) struct answer answer = {0};
		sql_run(&scene.database,
		    "UPDATE webhook_endpoint SET state = 'retired', updated_at = now() - $1::interval"
		    " WHERE name = 'dfe'",
		    rows[i].ago, NULL);
		cr_assert_eq(
		    acknowledge(&service, delivery, time(NULL), recipient_secrets[DFE], body, &answer),
		    rows[i].status, "%s", text_string(&answer.body));
	}
	service_stop(&service);
}

/* What an answer said is in the database before anybody reads it. */
Test(receipt, is_read_by_whoever_comes_after_the_process_that_got_it)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(free) char *body = receipt_body(REFERENCE);
	struct service service;
	CLEANUP(free) char *id = NULL;
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, &id);

	service_kill(&service);
	sql_run(&scene.database, "UPDATE delivery_attempt SET answer = $2 WHERE delivery_id = $1::uuid",
	    delivery, body, NULL);
	service_start(&scene.database, NULL, &service);
	cr_assert(sql_holds_within(
	    &scene.database, PATIENCE, "SELECT count(*) > 0 FROM acknowledgement", NULL));
	expect_acknowledged(&scene, &service, id);
	service_stop(&service);
}
