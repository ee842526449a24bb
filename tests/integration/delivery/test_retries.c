/* Receivers that are down, broken, gone or paused, and the order in which they get their events. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

Test(receiver, that_is_down_gets_its_call_when_it_returns_and_delays_no_other)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	receiver_go_down(scene.receivers[DFE]);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *first = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, first, "dfe");
	wait_attempts(&scene, delivery, 2);
	/* Only now the second one, so that the others get theirs while one is known to be down. */
	free(incident_accept(&scene, &service));
	wait_calls(scene.receivers[OFSTED], 2);
	wait_calls(scene.receivers[PANEL], 2);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_str_eq(answer_text(&answer, "/state"), "pending");
	cr_assert(json_is_null(answer_at(&answer, "/attempt_list/0/status")));
	cr_assert(strlen(answer_text(&answer, "/attempt_list/0/error")) > 0);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 0);

	receiver_come_up(scene.receivers[DFE]);
	end_leases(&scene, "dfe");
	wait_calls(scene.receivers[DFE], 2);
	wait_all_delivered(&scene);
	service_stop(&service);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(verdict_of(receiver_call(scene.receivers[DFE], i), recipient_secrets[DFE]),
		    CSPR_WEBHOOK_VALID);
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM delivery AS d"
	                 " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	                 " WHERE e.recipient <> 'dfe' AND d.attempts = 1"
	                 " AND d.delivered_at < d.created_at + interval '5 seconds'",
	                 NULL),
	    4, "the other recipients must have got both without a delay");
}

Test(delivery, is_tried_again_with_the_same_id_and_body_and_every_attempt_is_kept)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct receiver *dfe;
	struct service service;
	int64_t last_timestamp = 0;

	scene_open(&scene);
	dfe = scene.receivers[DFE];
	receiver_answer_next(dfe, 500, NULL, "first");
	receiver_answer_next(dfe, 503, "Retry-After: 1\r\n", "second");
	receiver_answer_next(dfe, 0, NULL, NULL);
	receiver_answer_next(dfe, 404, NULL, "fourth");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	for (int attempts = 2; attempts <= 4; attempts++)
		hurry(&scene, delivery, attempts);
	wait_all_delivered(&scene);
	cr_assert_eq(receiver_count(dfe), 5);
	for (size_t i = 0; i < 5; i++) {
		const struct received *call = receiver_call(dfe, i);
		CLEANUP(free) char *timestamp = received_header(call, "webhook-timestamp");
		cr_assert(has_id(call, delivery));
		cr_assert_str_eq(call->body, receiver_call(dfe, 0)->body);
		cr_assert_eq(verdict_of(call, recipient_secrets[DFE]), CSPR_WEBHOOK_VALID);
		cr_assert_geq(strtoll(timestamp, NULL, 10), last_timestamp);
		last_timestamp = strtoll(timestamp, NULL, 10);
	}
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_str_eq(answer_text(&answer, "/state"), "delivered");
	cr_assert_eq(answer_number(&answer, "/attempts"), 5);
	cr_assert_eq(json_array_size(answer_at(&answer, "/attempt_list")), 5);
	cr_assert_eq(answer_number(&answer, "/attempt_list/0/number"), 1);
	cr_assert_eq(answer_number(&answer, "/attempt_list/0/status"), 500);
	cr_assert_str_eq(answer_text(&answer, "/attempt_list/0/answer"), "first");
	cr_assert_str_eq(answer_text(&answer, "/attempt_list/0/address"), "127.0.0.1");
	cr_assert_eq(answer_number(&answer, "/attempt_list/1/status"), 503);
	cr_assert(json_is_null(answer_at(&answer, "/attempt_list/2/status")));
	cr_assert(strlen(answer_text(&answer, "/attempt_list/2/error")) > 0);
	cr_assert_eq(answer_number(&answer, "/attempt_list/3/status"), 404);
	cr_assert_eq(answer_number(&answer, "/attempt_list/4/status"), 204);
	CLEANUP(free) char *sent = json_dumps(answer_at(&answer, "/event"), JSON_SORT_KEYS);
	CLEANUP(json_decref) json_t *body = json_loads(receiver_call(dfe, 0)->body, 0, NULL);
	CLEANUP(free) char *got = json_dumps(body, JSON_SORT_KEYS);
	cr_assert_str_eq(sent, got);
	service_stop(&service);
}

Test(recipient_in_law, is_tried_again_although_it_says_that_it_is_gone)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	for (int i = 0; i < 3; i++)
		receiver_answer_next(scene.receivers[PANEL], 410, NULL, "gone");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "panel");
	hurry(&scene, delivery, 2);
	hurry(&scene, delivery, 3);
	wait_all_delivered(&scene);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	for (int i = 0; i < 3; i++) {
		char pointer[60];
		snprintf(pointer, sizeof(pointer), "/attempt_list/%d/status", i);
		cr_assert_eq(answer_number(&answer, pointer), 410);
	}
	service_stop(&service);
	CLEANUP(free)
	char *state = sql_text(
	    &scene.database, "SELECT state FROM webhook_endpoint WHERE recipient = 'panel'", NULL);
	cr_assert_str_eq(state, "active");
}

/* Nothing wakes the dispatcher here but its own look each second. */
Test(ordinary_endpoint, is_paused_when_it_is_gone_and_gets_its_backlog_after_it_resumes)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct service service;

	scene_open(&scene);
	CLEANUP(free) char *endpoint = scene_add_endpoint(&scene, "partner", receiver_url(receiver));
	receiver_answer_next(receiver, 410, NULL, "gone");
	service_start(&scene.database, NULL, &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	cr_assert(sql_holds_within(&scene.database, PATIENCE,
	    "SELECT state = 'paused' FROM webhook_endpoint WHERE id = $1::uuid", endpoint, NULL));
	free(incident_accept(&scene, &service));
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 1);
	end_leases(&scene, "partner");
	/* Others are served meanwhile, so that the dispatcher has looked at the queue. */
	free(incident_accept(&scene, &service));
	wait_calls(scene.receivers[PANEL], 2);
	cr_assert_eq(receiver_count(receiver), 1, "a paused endpoint must be left alone");

	sql_run(&scene.database, "UPDATE webhook_endpoint SET state = 'active' WHERE id = $1::uuid",
	    endpoint, NULL);
	/* The one that was refused, and created and notified of the other two incidents. */
	cr_assert(receiver_wait(receiver, 1 + 1 + 4, PATIENCE));
	wait_all_delivered(&scene);
	service_stop(&service);
	cr_assert_eq(receiver_count(receiver), 6);
}

static int64_t sequence_of(const struct received *call, const char *incident)
{
	CLEANUP(json_decref) json_t *body = json_loads(call->body, 0, NULL);
	const json_t *data = json_object_get(body, "data");
	const char *id = json_string_value(json_object_get(data, "incident_id"));

	if (!id || strcmp(id, incident) != 0)
		return 0;
	return json_integer_value(json_object_get(data, "sequence"));
}

static int64_t sequence_of_type(const struct scene *scene, const char *incident, const char *type)
{
	return sql_number(&scene->database,
	    "SELECT sequence FROM event WHERE incident_id = $1::uuid AND type = $2", incident, type,
	    NULL);
}

Test(events_of_an_incident, arrive_in_their_order_at_a_receiver_that_fails_at_first)
{
	static const char *const types[] = {"incident.created", "incident.created", "incident.created",
	    "incident.updated", "incident.notified"};
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct service services[2];

	scene_open(&scene);
	CLEANUP(free) char *endpoint = scene_add_endpoint(&scene, "partner", receiver_url(receiver));
	receiver_answer_next(receiver, 500, NULL, NULL);
	receiver_answer_next(receiver, 500, NULL, NULL);
	/* Two, so that it is the queue that keeps the order and not one process. */
	for (size_t i = 0; i < ARRAY_LENGTH(services); i++)
		service_start(&scene.database, NULL, &services[i]);
	CLEANUP(free) char *incident = incident_create(&scene, &services[0], SERIOUS_HARM);
	incident_touch(&scene, &services[1], incident);
	free(incident_notify(&scene, &services[0], incident, "serious_incident"));
	CLEANUP(free)
	char *delivery = sql_text(&scene.database,
	    "SELECT id FROM delivery WHERE endpoint_id = $1::uuid ORDER BY sequence LIMIT 1", endpoint,
	    NULL);
	hurry(&scene, delivery, 2);
	wait_all_delivered(&scene);
	for (size_t i = 0; i < ARRAY_LENGTH(services); i++)
		service_stop(&services[i]);

	/* created, twice in vain; then created, updated, notified. Their numbers need not follow one
	 * another: the sweep's events come between, which this endpoint is not told of. */
	cr_assert_eq(receiver_count(receiver), 5);
	for (size_t i = 0; i < 5; i++) {
		cr_assert(i == 0 || receiver_call(receiver, i)->at >= receiver_call(receiver, i - 1)->until,
		    "call %zu came before the one before it was answered", i);
		int64_t sequence = sequence_of(receiver_call(receiver, i), incident);
		int64_t wanted = sequence_of_type(&scene, incident, types[i]);
		cr_assert_eq(sequence, wanted, "call %zu had the event %ld", i, (long)sequence);
	}
	for (size_t i = 3; i < 5; i++)
		cr_assert_gt(sequence_of_type(&scene, incident, types[i]),
		    sequence_of_type(&scene, incident, types[i - 1]));
}

/* Without a signal: the dispatcher's own look finds what has come while it could not hear. */
Test(dispatcher, delivers_although_its_connection_and_with_it_the_wake_up_is_lost)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	wait_all_delivered(&scene);
	for (size_t round = 2; round <= 4; round++) {
		cr_assert_eq(sql_number(&scene.database,
		                 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		                 " WHERE datname = current_database()"
		                 " AND application_name = 'cspr-dispatch'",
		                 NULL),
		    1);
		free(incident_accept(&scene, &service));
		for (enum recipient i = 0; i < RECIPIENTS; i++)
			cr_assert(receiver_wait(scene.receivers[i], round, 10));
		wait_all_delivered(&scene);
	}
	service_stop(&service);
}

Test(dispatcher, finds_what_is_due_without_any_wake_up)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	sql_run(&scene.database, "UPDATE webhook_endpoint SET state = 'paused'", NULL);
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	sql_run(&scene.database, "UPDATE webhook_endpoint SET state = 'active'", NULL);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		cr_assert(receiver_wait(scene.receivers[i], 1, 10), "the look each second has not come");
	wait_all_delivered(&scene);
	service_stop(&service);
}
