/* Who is told what, by which address, and what stands in the record and in the log of it. */
#include "scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"

static const struct received *first_call(const struct scene *scene, enum recipient recipient)
{
	wait_calls(scene->receivers[recipient], 1);
	return receiver_call(scene->receivers[recipient], 0);
}

Test(notification, reaches_the_three_recipients_with_valid_signatures_and_the_same_body)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;
	const struct received *calls[RECIPIENTS];

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	for (enum recipient i = 0; i < RECIPIENTS; i++) {
		calls[i] = first_call(&scene, i);
		CLEANUP(free) char *delivery = delivery_id(&scene, id, recipient_names[i]);
		CLEANUP(free) char *type = received_header(calls[i], "content-type");
		cr_assert_str_eq(calls[i]->method, "POST");
		cr_assert_str_eq(type, "application/json");
		cr_assert_eq(verdict_of(calls[i], recipient_secrets[i]), CSPR_WEBHOOK_VALID);
		cr_assert_eq(verdict_of(calls[i], recipient_secrets[(i + 1) % RECIPIENTS]),
		    CSPR_WEBHOOK_UNSIGNED, "another recipient's secret must not fit");
		cr_assert(has_id(calls[i], delivery));
		cr_assert_str_eq(calls[i]->body, calls[0]->body);
	}
	wait_all_delivered(&scene);
	get(&scene, &service, &answer, "/v1/notifications/%s", id);
	cr_assert_str_eq(answer_text(&answer, "/state"), "delivered");
	cr_assert_eq(json_array_size(answer_at(&answer, "/recipients")), 3);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		cr_assert_eq(receiver_count(scene.receivers[i]), 1);
	service_stop(&service);
}

Test(notification, carries_management_facts_and_no_case_facts)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(json_decref) json_t *body = NULL;
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	const struct received *call = first_call(&scene, PANEL);
	cr_assert_null(strstr(call->body, NARRATIVE_CANARY));
	body = json_loadb(call->body, call->body_length, JSON_REJECT_DUPLICATES, NULL);
	json_t *data = json_object_get(body, "data");
	cr_assert_str_eq(json_string_value(json_object_get(body, "type")), "incident.notified");
	cr_assert_str_eq(json_string_value(json_object_get(data, "notification_id")), id);
	cr_assert_str_eq(json_string_value(json_object_get(data, "kind")), "serious_incident");
	cr_assert_gt(json_integer_value(json_object_get(data, "sequence")), 1);
	service_stop(&service);
}

Test(notification, made_before_a_recipient_had_an_endpoint_is_sent_once_it_has_one)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer before = {0};
	CLEANUP(answer_finish) struct answer after = {0};
	struct service service;

	scene_open(&scene);
	sql_run(&scene.database, "DELETE FROM webhook_endpoint WHERE recipient = 'ofsted'", NULL);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	wait_all_delivered(&scene);
	get(&scene, &service, &before, "/v1/notifications/%s", id);
	cr_assert_str_eq(answer_text(&before, "/state"), "unaddressed");

	recipient_set(&scene.database, OFSTED, receiver_url(scene.receivers[OFSTED]));
	const struct received *call = first_call(&scene, OFSTED);
	cr_assert_eq(verdict_of(call, recipient_secrets[OFSTED]), CSPR_WEBHOOK_VALID);
	wait_all_delivered(&scene);
	get(&scene, &service, &after, "/v1/notifications/%s", id);
	cr_assert_str_eq(answer_text(&after, "/state"), "delivered");
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 1, "who had it does not get it again");
	service_stop(&service);
}

Test(notification, of_a_care_leavers_death_goes_to_dfe_and_ofsted_only)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *incident = incident_create(&scene, &service, CARE_LEAVER_DEATH);
	CLEANUP(free) char *id = incident_notify(&scene, &service, incident, "care_leaver_death");
	first_call(&scene, DFE);
	first_call(&scene, OFSTED);
	wait_all_delivered(&scene);
	get(&scene, &service, &answer, "/v1/notifications/%s", id);
	cr_assert_eq(json_array_size(answer_at(&answer, "/recipients")), 2);
	cr_assert_str_eq(answer_text(&answer, "/recipients/0/recipient"), "dfe");
	cr_assert_str_eq(answer_text(&answer, "/recipients/1/recipient"), "ofsted");
	cr_assert_str_eq(answer_text(&answer, "/state"), "delivered");
	service_stop(&service);
	cr_assert_eq(receiver_count(scene.receivers[PANEL]), 0);
}

static int set_recipient(
    const struct scene *scene, const char *url, const char *allowed, struct outcome *ret_outcome)
{
	char path[] = "/tmp/cspr-secret-XXXXXX";
	int file = mkstemp(path);
	const char *const arguments[] = {"recipients", "set", "--partnership", "north", "--recipient",
	    "dfe", "--url", url, "--secret-file", path, NULL};
	const struct setting settings[] = {{"CSPR_TARGET_ALLOW", allowed}, {NULL, NULL}};

	cr_assert_geq(file, 0);
	cr_assert_geq(write(file, recipient_secrets[PANEL], strlen(recipient_secrets[PANEL])), 0);
	close(file);
	csprd_run(&scene->database, arguments, settings, ret_outcome);
	unlink(path);
	return ret_outcome->status;
}

Test(recipient, is_refused_an_address_that_is_not_public_unless_it_is_on_the_list)
{
	static const char *const urls[] = {"http://127.0.0.1:9/", "https://127.0.0.1/",
	    "https://10.1.2.3/", "https://[::1]/", "https://169.254.169.254/latest/",
	    "https://localhost/", "http://dfe.example/", "ftp://dfe.example/"};
	CLEANUP(scene_close) struct scene scene = {0};

	scene_open(&scene);
	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		CLEANUP(outcome_finish) struct outcome outcome = {0};
		cr_assert_neq(set_recipient(&scene, urls[i], "192.0.2.0/24", &outcome), 0, "%s", urls[i]);
		cr_assert(strstr(text_string(&outcome.errors), "the address is not allowed"), "%s: %s",
		    urls[i], text_string(&outcome.errors));
	}
	cr_assert_eq(sql_number(&scene.database, "SELECT count(*) FROM webhook_endpoint WHERE url = $1",
	                 receiver_url(scene.receivers[DFE]), NULL),
	    1, "a refused address must not replace the one that was there");
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	cr_assert_eq(set_recipient(&scene, urls[0], "127.0.0.1/32", &outcome), 0, "%s",
	    text_string(&outcome.errors));
}

/* Set anew through csprd, so that address and secret are what the command has stored. */
Test(recipient, gets_its_calls_under_the_address_and_the_secret_that_were_set_last)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *moved = receiver_start();
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	struct service service;

	scene_open(&scene);
	cr_assert_eq(set_recipient(&scene, receiver_url(moved), "127.0.0.1/32", &outcome), 0, "%s",
	    text_string(&outcome.errors));
	service_start(&scene.database, NULL, &service);
	free(incident_accept(&scene, &service));
	wait_calls(moved, 1);
	cr_assert_eq(verdict_of(receiver_call(moved, 0), recipient_secrets[PANEL]), CSPR_WEBHOOK_VALID);
	wait_all_delivered(&scene);
	service_stop(&service);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 0);
}

Test(dispatcher, refuses_an_address_that_is_not_public_although_it_stands_in_the_database)
{
	static const struct setting settings[] = {{"CSPR_TARGET_ALLOW", "192.0.2.0/24"}, {NULL, NULL}};
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;

	scene_open(&scene);
	scene_set_url(&scene, "ofsted", "https://169.254.169.254/latest/meta-data/");
	service_start(&scene.database, settings, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	for (enum recipient i = 0; i < RECIPIENTS; i++) {
		CLEANUP(free) char *delivery = delivery_id(&scene, id, recipient_names[i]);
		wait_attempts(&scene, delivery, 1);
		answer_finish(&answer);
		get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
		cr_assert_str_eq(answer_text(&answer, "/state"), "pending");
		cr_assert(json_is_null(answer_at(&answer, "/attempt_list/0/status")));
		cr_assert(strstr(answer_text(&answer, "/attempt_list/0/error"), "not public"), "%s",
		    answer_text(&answer, "/attempt_list/0/error"));
	}
	service_stop(&service);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 0);
	cr_assert_eq(receiver_count(scene.receivers[PANEL]), 0);
}

Test(dispatcher, does_not_follow_a_redirect)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(receiver_stop) struct receiver *trap = receiver_start();
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service service;
	char location[200];

	scene_open(&scene);
	snprintf(location, sizeof(location), "Location: %strap\r\n", receiver_url(trap));
	receiver_answer_next(scene.receivers[DFE], 302, location, "");
	receiver_answer_next(scene.receivers[DFE], 307, location, "");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	hurry(&scene, delivery, 2);
	wait_all_delivered(&scene);
	get(&scene, &service, &answer, "/v1/deliveries/%s", delivery);
	cr_assert_eq(answer_number(&answer, "/attempt_list/0/status"), 302);
	cr_assert_eq(answer_number(&answer, "/attempt_list/1/status"), 307);
	cr_assert_eq(answer_number(&answer, "/attempt_list/2/status"), 204);
	service_stop(&service);
	cr_assert_eq(receiver_count(trap), 0);
}

/* Nothing of `secrets` may stand in the text; the name tells which one did. */
static void expect_without(const char *where, const char *text, const struct setting *secrets)
{
	for (; secrets->name; secrets++)
		cr_assert_null(strstr(text, secrets->value), "%s holds %s", where, secrets->name);
}

Test(log, holds_no_secret_and_no_case_fact_whatever_happens)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer metrics = {0};
	CLEANUP(answer_finish) struct answer refused = {0};
	struct service service;

	scene_open(&scene);
	receiver_answer_next(scene.receivers[DFE], 500, NULL, "an answer of the receiver's");
	receiver_answer_next(scene.receivers[OFSTED], 0, NULL, NULL);
	receiver_go_down(scene.receivers[PANEL]);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *panel = delivery_id(&scene, id, "panel");
	wait_attempts(&scene, panel, 1);
	receiver_come_up(scene.receivers[PANEL]);
	hurry(&scene, panel, 2);
	wait_all_delivered(&scene);
	http_call(&service,
	    &(struct call){.path = "/v1/incidents", .token = "cspr_not_a_token_that_exists_anywhere"},
	    &refused);
	cr_assert_eq(refused.status, 401);
	struct service listener = {0};
	snprintf(listener.url, sizeof(listener.url), "%s", service.metrics_url);
	http_call(&listener, &(struct call){.path = "/metrics"}, &metrics);
	cr_assert_eq(metrics.status, 200);
	service_stop(&service);
	CLEANUP(free) char *log = service_log(&service);
	CLEANUP(free)
	char *signature = received_header(receiver_call(scene.receivers[DFE], 0), "webhook-signature");
	const struct setting secrets[] = {
	    {"DfE's secret", recipient_secrets[DFE] + strlen("whsec_")},
	    {"Ofsted's secret", recipient_secrets[OFSTED] + strlen("whsec_")},
	    {"the Panel's secret", recipient_secrets[PANEL] + strlen("whsec_")},
	    {"a signature", signature + strlen("v1,")},
	    {"the token", scene.token + strlen("cspr_")},
	    {"a token that was refused", "not_a_token_that_exists"},
	    {"the pepper", test_pepper},
	    {"the key of secrets", test_secrets_key},
	    {"the narrative", NARRATIVE_CANARY},
	    {"a receiver's answer", "an answer of the receiver's"},
	    {NULL, NULL},
	};
	expect_without("the log", log, secrets);
	expect_without("/metrics", text_string(&metrics.body), secrets);
	cr_assert(strstr(log, "delivery_attempt"), "a log that says nothing proves nothing");
}
