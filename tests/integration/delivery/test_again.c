/* What is sent again by request, what an endpoint gets that it has missed, and what is told of it.
 */
#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"

/* A POST with a new key; NULL is no body. */
static void post(const struct scene *scene, const struct service *service, const char *path,
    const char *body, const char *key, struct answer *ret_answer)
{
	struct uuid made = uuid_new();

	http_call(service,
	    &(struct call){.method = "POST",
	        .path = path,
	        .token = scene->token,
	        .idempotency_key = key ? key : made.text,
	        .body = body},
	    ret_answer);
}

static int resend(const struct scene *scene, const struct service *service, const char *delivery,
    struct answer *ret_answer)
{
	char path[120];

	snprintf(path, sizeof(path), "/v1/deliveries/%s/resend", delivery);
	post(scene, service, path, NULL, NULL, ret_answer);
	return ret_answer->status;
}

static void recover(const struct scene *scene, const struct service *service, const char *endpoint,
    bool rehearse, struct answer *ret_answer)
{
	char path[120];

	snprintf(path, sizeof(path), "/v1/webhook-endpoints/%s/recover", endpoint);
	post(scene, service, path,
	    rehearse ? "{\"since\":\"2020-01-01T00:00:00Z\",\"dry_run\":true}"
	             : "{\"since\":\"2020-01-01T00:00:00Z\"}",
	    NULL, ret_answer);
}

static bool tells(const struct answer *answer, const char *words)
{
	size_t index;
	json_t *sentence;

	json_array_foreach (answer_at(answer, "/story"), index, sentence) {
		if (strstr(json_string_value(sentence), words))
			return true;
	}
	return false;
}

static void give_up_on(const struct scene *scene, const char *delivery)
{
	sql_run(&scene->database,
	    "UPDATE delivery SET state = 'failed', due_at = NULL, fence = fence + 1"
	    " WHERE id = $1::uuid",
	    delivery, NULL);
}

Test(delivery, that_was_given_up_is_sent_again_by_request_and_its_story_says_so)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer again = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	receiver_answer_next(scene.receivers[DFE], 503, NULL, "away");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	wait_attempts(&scene, delivery, 1);
	give_up_on(&scene, delivery);
	size_t calls = receiver_count(scene.receivers[DFE]);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert(tells(&answer, "Given up"));
	answer_finish(&answer);

	cr_assert_eq(resend(&scene, &service, delivery, &again), 201, "%s", text_string(&again.body));
	wait_calls(scene.receivers[DFE], calls + 1);
	wait_all_delivered(&scene);
	const struct received *call = receiver_call(scene.receivers[DFE], calls);
	cr_assert(has_id(call, delivery));
	cr_assert_str_eq(call->body, receiver_call(scene.receivers[DFE], 0)->body);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert(tells(&answer, "Made at "));
	cr_assert(tells(&answer, "number 2 of its incident, to dfe."));
	cr_assert(tells(&answer, "Attempt 1 at "));
	cr_assert(tells(&answer, " to 127.0.0.1"));
	cr_assert(tells(&answer, "was answered 503"));
	cr_assert(tells(&answer, "by request, when it was failed"));
	cr_assert(tells(&answer, "was answered 204"));
	cr_assert(tells(&answer, "Delivered at "));
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM audit_entry WHERE action = 'createDeliveryResend'"
	                 " AND resource_id = $1 AND outcome = 'done'",
	                 delivery, NULL),
	    1);
	service_stop(&service);
}

Test(delivery, that_was_made_stays_proven_while_it_is_sent_again)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer again = {0};
	CLEANUP(answer_finish) struct answer before = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;
	CLEANUP(free) char *id = NULL;
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, DFE, &id);

	get(&scene, &service, &before, "/v1/deliveries/%s", delivery);
	size_t calls = receiver_count(scene.receivers[DFE]);

	receiver_hold(scene.receivers[DFE]);
	cr_assert_eq(resend(&scene, &service, delivery, &again), 201);
	wait_calls(scene.receivers[DFE], calls + 1);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_str_eq(answer_text(&answer, "/state"), "pending");
	cr_assert_str_eq(answer_text(&answer, "/delivered_at"), answer_text(&before, "/delivered_at"));
	answer_finish(&answer);
	get(&scene, &service, &answer, "/v1/notifications/%s", id);
	cr_assert_str_eq(answer_text(&answer, "/state"), "delivered");
	receiver_release(scene.receivers[DFE]);
	wait_all_delivered(&scene);
	service_stop(&service);
	cr_assert_eq(sql_number(&scene.database, "SELECT attempts FROM delivery WHERE id = $1::uuid",
	                 delivery, NULL),
	    2);
}

Test(delivery, is_not_sent_again_out_of_its_turn)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	receiver_go_down(scene.receivers[DFE]);
	service_start(&scene.database,
	    (const struct setting[]){{"CSPR_RETRY_SCALE_PERCENT", "100"}, {NULL, NULL}}, &service);
	CLEANUP(free) char *incident = incident_create(&scene, &service, SERIOUS_HARM);
	CLEANUP(free) char *first = incident_notify(&scene, &service, incident, "serious_incident");
	CLEANUP(free) char *delivery = delivery_id(&scene, first, "dfe");
	wait_attempts(&scene, delivery, 1);
	/* It is tried again within seconds by itself. */
	cr_assert_eq(resend(&scene, &service, delivery, &answer), 409);
	cr_assert_str_eq(answer_text(&answer, "/missing/0/code"), "not_under_way");
	answer_finish(&answer);

	CLEANUP(free)
	char *later = sql_text(&scene.database,
	    "WITH made AS (INSERT INTO event (partnership_id, id, incident_id, sequence, type, body)"
	    " SELECT partnership_id, gen_random_uuid(), incident_id, sequence + 1, type, body"
	    " FROM event WHERE incident_id = $1::uuid ORDER BY sequence DESC LIMIT 1"
	    " RETURNING partnership_id, id, incident_id, sequence)"
	    " INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence,"
	    " due_at) SELECT m.partnership_id, gen_random_uuid(), m.id, e.id, m.incident_id,"
	    " m.sequence, now() + interval '1 hour' FROM made AS m JOIN webhook_endpoint AS e"
	    " ON e.recipient = 'dfe' RETURNING id",
	    incident, NULL);
	cr_assert_eq(resend(&scene, &service, later, &answer), 409);
	cr_assert_str_eq(answer_text(&answer, "/missing/0/code"), "earlier_delivered");
	cr_assert(strstr(answer_text(&answer, "/missing/0/detail"), delivery));
	answer_finish(&answer);

	sql_run(
	    &scene.database, "UPDATE webhook_endpoint SET state = 'paused' WHERE name = 'dfe'", NULL);
	cr_assert_eq(resend(&scene, &service, delivery, &answer), 409);
	cr_assert_str_eq(answer_text(&answer, "/missing/0/code"), "endpoint_active");
	answer_finish(&answer);
	get(&scene, &service, &answer, "/v1/deliveries/%s", later);
	cr_assert(tells(&answer, "It waits: the endpoint is paused."));
	service_stop(&service);
}

/* The delivery's id of an incident's nth event to an ordinary endpoint (free()). */
static char *nth_delivery(const struct scene *scene, const char *number)
{
	return sql_text(&scene->database,
	    "SELECT d.id FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " WHERE e.recipient IS NULL AND d.sequence = $1::bigint",
	    number, NULL);
}

/*
 * A scene in which an ordinary endpoint at Ofsted's receiver has got an incident, with its change
 * if wanted, and refused its first event when that was sent again; the ids of that delivery and of
 * the incident (free()).
 */
static void open_refused(struct scene *ret_scene, struct service *ret_service, bool changed,
    char **ret_incident, char **ret_first)
{
	CLEANUP(answer_finish) struct answer answer = {0};

	scene_open(ret_scene);
	service_start(&ret_scene->database,
	    (const struct setting[]){{"CSPR_RETRY_SCALE_PERCENT", "100"}, {NULL, NULL}}, ret_service);
	struct receiver *receiver = ret_scene->receivers[OFSTED];
	free(scene_add_endpoint(ret_scene, "all", receiver_url(receiver)));
	*ret_incident = incident_create(ret_scene, ret_service, SERIOUS_HARM);
	if (changed)
		incident_touch(ret_scene, ret_service, *ret_incident);
	wait_all_delivered(ret_scene);
	*ret_first = nth_delivery(ret_scene, "1");
	receiver_answer_next(receiver, 409, NULL, "seen before");
	cr_assert_eq(
	    resend(ret_scene, ret_service, *ret_first, &answer), 201, "%s", text_string(&answer.body));
	wait_attempts(ret_scene, *ret_first, 2);
}

Test(delivery, that_is_refused_when_sent_again_keeps_no_later_one_waiting)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(free) char *incident = NULL;
	CLEANUP(free) char *first = NULL;
	struct service service;

	open_refused(&scene, &service, false, &incident, &first);
	/* The change comes now, and not when the repeat is tried again. */
	incident_touch(&scene, &service, incident);
	wait_calls(scene.receivers[OFSTED], 3);
	const struct received *change = receiver_call(scene.receivers[OFSTED], 2);
	cr_assert_not(has_id(change, first));
	cr_assert(strstr(change->body, "incident.updated"), "%s", change->body);
	get(&scene, &service, &answer, "/v1/deliveries/%s", first);
	cr_assert_str_eq(answer_text(&answer, "/state"), "pending");
	cr_assert(tells(&answer, "The next attempt is due at "));
	service_stop(&service);
}

/* Its legal day was kept when it came: nobody is warned of it, and it goes before nothing that is
 * new. */
Test(delivery, that_was_made_and_is_refused_when_sent_again_is_not_at_risk)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	wait_all_delivered(&scene);
	receiver_answer_next(scene.receivers[DFE], 409, NULL, "seen before");
	cr_assert_eq(resend(&scene, &service, delivery, &answer), 201, "%s", text_string(&answer.body));
	wait_attempts(&scene, delivery, 2);
	service_stop(&service);

	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM delivery WHERE id = $1::uuid AND state = 'pending'"
	                 " AND at_risk_on < current_date AND urgent_on IS NULL",
	                 delivery, NULL),
	    1);
	cr_expect_eq(
	    sql_number(&scene.database, "SELECT deliveries_at_risk('https://cspr.example', 10)", NULL),
	    0);
	/* One that has never come is told of, so that it is not the function that is asleep. */
	sql_run(&scene.database, "UPDATE delivery SET first_delivered_at = NULL WHERE id = $1::uuid",
	    delivery, NULL);
	cr_expect_eq(
	    sql_number(&scene.database, "SELECT deliveries_at_risk('https://cspr.example', 10)", NULL),
	    1);
}

Test(delivery, that_are_sent_again_together_keep_their_order)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(answer_finish) struct answer again = {0};
	CLEANUP(free) char *incident = NULL;
	CLEANUP(free) char *first = NULL;
	struct service service;

	open_refused(&scene, &service, true, &incident, &first);
	CLEANUP(free) char *second = nth_delivery(&scene, "2");
	cr_assert_eq(resend(&scene, &service, second, &again), 201, "%s", text_string(&again.body));
	get(&scene, &service, &answer, "/v1/deliveries/%s", second);
	cr_assert(
	    tells(&answer, "which comes before it in its incident"), "%s", text_string(&answer.body));
	hurry(&scene, first, 2);
	wait_calls(scene.receivers[OFSTED], 5);
	wait_all_delivered(&scene);
	cr_assert(has_id(receiver_call(scene.receivers[OFSTED], 3), first));
	cr_assert(has_id(receiver_call(scene.receivers[OFSTED], 4), second));
	service_stop(&service);
}

Test(delivery, is_sent_again_once_for_each_key)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer first = {0};
	CLEANUP(answer_finish) struct answer second = {0};
	struct service service;
	char path[120];
	CLEANUP(free) char *delivery = scene_open_delivered(&scene, &service, PANEL, NULL);

	snprintf(path, sizeof(path), "/v1/deliveries/%s/resend", delivery);
	post(&scene, &service, path, NULL, "the-same-key", &first);
	cr_assert_eq(first.status, 201, "%s", text_string(&first.body));
	wait_attempts(&scene, delivery, 2);
	post(&scene, &service, path, NULL, "the-same-key", &second);
	cr_assert_eq(second.status, 201);
	cr_assert_str_eq(answer_header(&second, "Idempotency-Replayed"), "true");
	wait_all_delivered(&scene);
	service_stop(&service);
	cr_assert_eq(receiver_count(scene.receivers[PANEL]), 2);
}

Test(endpoint, that_came_late_or_was_given_up_on_gets_all_that_it_missed_in_order)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *late = receiver_start();
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *incident = incident_create(&scene, &service, SERIOUS_HARM);
	for (int i = 0; i < 2; i++)
		free(incident_accept(&scene, &service));
	free(incident_notify(&scene, &service, incident, "serious_incident"));
	wait_all_delivered(&scene);
	CLEANUP(free) char *endpoint = scene_add_endpoint(&scene, "late", receiver_url(late));

	recover(&scene, &service, endpoint, true, &answer);
	cr_assert_eq(answer.status, 200, "%s", text_string(&answer.body));
	/* Three were created and three notified. */
	cr_assert_eq(answer_number(&answer, "/found"), 6, "%s", text_string(&answer.body));
	cr_assert_eq(answer_number(&answer, "/made_due"), 0);
	cr_assert_str_eq(answer_text(&answer, "/first/0/incident_id"), incident);
	cr_assert_str_eq(answer_text(&answer, "/first/0/why"), "never_made");
	cr_assert_eq(receiver_count(late), 0);
	answer_finish(&answer);

	recover(&scene, &service, endpoint, false, &answer);
	cr_assert_eq(answer.status, 201, "%s", text_string(&answer.body));
	cr_assert_eq(answer_number(&answer, "/made_due"), 6);
	cr_assert(json_is_false(answer_at(&answer, "/more")));
	answer_finish(&answer);
	wait_calls(late, 6);
	wait_all_delivered(&scene);
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM delivery AS d JOIN delivery AS n"
	                 " ON n.endpoint_id = d.endpoint_id AND n.incident_id = d.incident_id"
	                 " AND n.sequence > d.sequence WHERE d.endpoint_id = $1::uuid"
	                 " AND n.delivered_at < d.delivered_at",
	                 endpoint, NULL),
	    0);

	recover(&scene, &service, endpoint, false, &answer);
	cr_assert_eq(answer_number(&answer, "/found"), 0);
	answer_finish(&answer);
	CLEANUP(free)
	char *failed = sql_text(&scene.database,
	    "SELECT id FROM delivery WHERE endpoint_id = $1::uuid ORDER BY created_at LIMIT 1",
	    endpoint, NULL);
	sql_run(&scene.database,
	    "UPDATE delivery SET state = 'failed', delivered_at = NULL WHERE id = $1::uuid", failed,
	    NULL);
	recover(&scene, &service, endpoint, false, &answer);
	cr_assert_str_eq(answer_text(&answer, "/first/0/why"), "failed");
	wait_calls(late, 7);
	wait_all_delivered(&scene);
	cr_assert(has_id(receiver_call(late, 6), failed));
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM audit_entry"
	                 " WHERE action = 'createWebhookEndpointRecovery' AND outcome = 'done'",
	                 NULL),
	    3, "what was only rehearsed was not done");
	service_stop(&service);
}

/* A recipient in law gets what was notified to it, and nothing that was not. */
Test(endpoint, of_a_recipient_in_law_is_told_of_what_was_notified_to_it_alone)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	CLEANUP(free) char *leaver = incident_create(&scene, &service, CARE_LEAVER_DEATH);
	free(incident_notify(&scene, &service, leaver, "care_leaver_death"));
	wait_all_delivered(&scene);
	CLEANUP(free)
	char *panel = sql_text(
	    &scene.database, "SELECT id FROM webhook_endpoint WHERE recipient = 'panel'", NULL);
	recover(&scene, &service, panel, true, &answer);
	cr_assert_eq(answer_number(&answer, "/found"), 0, "%s", text_string(&answer.body));
	service_stop(&service);
}

Test(endpoint, that_is_paused_keeps_what_it_recovers_until_it_is_resumed)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *late = receiver_start();
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;
	char path[120];

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	CLEANUP(free) char *endpoint = scene_add_endpoint(&scene, "late", receiver_url(late));
	sql_run(
	    &scene.database, "UPDATE webhook_endpoint SET state = 'paused' WHERE name = 'late'", NULL);
	recover(&scene, &service, endpoint, false, &answer);
	cr_assert_eq(answer_number(&answer, "/made_due"), 2);
	answer_finish(&answer);
	snprintf(path, sizeof(path), "/v1/webhook-endpoints/%s/recover", endpoint);
	post(&scene, &service, path,
	    "{\"since\":\"2024-01-02T00:00:00Z\",\"until\":\"2024-01-01T00:00:00Z\"}", NULL, &answer);
	cr_assert_eq(answer.status, 422);
	sql_run(
	    &scene.database, "UPDATE webhook_endpoint SET state = 'active' WHERE name = 'late'", NULL);
	wait_calls(late, 2);
	service_stop(&service);
}
