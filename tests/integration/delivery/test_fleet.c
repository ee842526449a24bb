/*
 * Several csprd on one database: what the receivers wrote down is compared with what was accepted.
 * Each delivery is made, none is made by two at once, and none is made again once it was answered
 * with success.
 */
#include "scene.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { NOTIFICATIONS = 300, CALLERS = 4 };

struct caller {
	const struct scene *scene;
	const struct service *service;
	size_t count;
	pthread_t thread;
};

static void *accept_some(void *context)
{
	struct caller *caller = context;

	for (size_t i = 0; i < caller->count; i++)
		free(incident_accept(caller->scene, caller->service));
	return NULL;
}

/* All notifications, from several callers that are spread over the services. */
static void accept_all(
    const struct scene *scene, const struct service services[], size_t service_count)
{
	struct caller callers[CALLERS];

	for (size_t i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.scene = scene,
		    .service = &services[i % service_count],
		    .count = NOTIFICATIONS / CALLERS};
		cr_assert_eq(pthread_create(&callers[i].thread, NULL, accept_some, &callers[i]), 0);
	}
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
}

/* Notes the call; NULL when it is sound, else what is wrong with it. */
static const char *note(json_t *ledger, const struct received *call, bool failed)
{
	CLEANUP(free) char *id = received_header(call, "webhook-id");
	json_t *entry = json_object_get(ledger, id);

	if (!entry)
		json_object_set_new(
		    ledger, id, json_pack("{s:I, s:b}", "until", call->until, "done", !failed));
	if (!entry)
		return NULL;
	bool done = json_is_true(json_object_get(entry, "done"));
	int64_t until = json_integer_value(json_object_get(entry, "until"));
	json_object_set_new(entry, "until", json_integer(call->until));
	json_object_set_new(entry, "done", json_boolean(!failed));
	if (done)
		return "was made again after it had been answered with success";
	return call->at < until ? "was made by two at once" : NULL;
}

/* The deliveries that the database holds for made, by their ids. */
static json_t *delivered_to(const struct scene *scene, enum recipient recipient)
{
	CLEANUP(free)
	char *text = sql_text(&scene->database,
	    "SELECT json_object_agg(d.id, true) FROM delivery AS d"
	    " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " WHERE d.state = 'delivered' AND e.recipient = $1",
	    recipient_names[recipient], NULL);

	return json_loads(text ? text : "{}", 0, NULL);
}

/* The first calls were answered with a failure, as the test had told the receiver. */
static void expect_sound_ledger(
    const struct scene *scene, enum recipient recipient, size_t failures)
{
	struct receiver *receiver = scene->receivers[recipient];
	CLEANUP(json_decref) json_t *ledger = json_object();
	const char *id;
	json_t *entry;

	cr_assert_eq(receiver_count(receiver), NOTIFICATIONS + failures);
	for (size_t i = 0; i < receiver_count(receiver); i++) {
		const struct received *call = receiver_call(receiver, i);
		CLEANUP(free) char *sent = received_header(call, "webhook-id");
		cr_assert_eq(verdict_of(call, recipient_secrets[recipient]), CSPR_WEBHOOK_VALID);
		const char *fault = note(ledger, call, i < failures);
		cr_assert_null(fault, "%s %s", sent, fault);
	}
	CLEANUP(json_decref) json_t *delivered = delivered_to(scene, recipient);
	cr_assert_eq(json_object_size(ledger), NOTIFICATIONS);
	cr_assert_eq(json_object_size(delivered), NOTIFICATIONS);
	json_object_foreach (ledger, id, entry) {
		cr_assert(json_is_true(json_object_get(entry, "done")));
		cr_assert_not_null(json_object_get(delivered, id), "the database does not know %s", id);
	}
}

static size_t count_sent(const struct service *service)
{
	CLEANUP(free) char *log = service_log(service);
	size_t count = 0;

	for (const char *at = log; (at = strstr(at, "\"delivery_attempt\"")); at++)
		count++;
	return count;
}

static void start_all(const struct scene *scene, struct service services[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		service_start(&scene->database, NULL, &services[i]);
}

/* Waits for the end, stops the services, and compares what everybody has written down. */
static void expect_all(
    const struct scene *scene, struct service services[], size_t count, size_t failures)
{
	cr_assert(sql_holds_within(&scene->database, 2.0 * PATIENCE,
	    "SELECT count(*) = 900 AND bool_and(state = 'delivered') FROM delivery", NULL));
	for (size_t i = 0; i < count; i++)
		service_stop(&services[i]);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		expect_sound_ledger(scene, i, failures);
	for (size_t i = 0; i < count; i++)
		cr_assert_gt(count_sent(&services[i]), 0, "a service that sends nothing races nobody");
	cr_assert_eq(sql_number(&scene->database, "SELECT sum(attempts) FROM delivery", NULL),
	    (int64_t)(RECIPIENTS * (NOTIFICATIONS + failures)));
}

/* The backlog is older than any second attempt, so each failure meets another delivery. */
Test(two_services, never_deliver_one_thing_of_a_backlog_twice)
{
	static const struct setting without_dispatch[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
	CLEANUP(scene_close) struct scene scene = {0};
	struct service services[2];
	struct service front;
	enum { FAILURES = 50 };

	scene_open(&scene);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		for (size_t failure = 0; failure < FAILURES; failure++)
			receiver_answer_next(scene.receivers[i], 503, NULL, NULL);
	service_start(&scene.database, without_dispatch, &front);
	accept_all(&scene, &front, 1);
	service_stop(&front);
	start_all(&scene, services, ARRAY_LENGTH(services));
	expect_all(&scene, services, ARRAY_LENGTH(services), FAILURES);
}

/* Every commit wakes all four at once. */
Test(four_services, never_deliver_one_thing_twice_while_it_is_being_accepted)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service services[4];

	scene_open(&scene);
	start_all(&scene, services, ARRAY_LENGTH(services));
	accept_all(&scene, services, ARRAY_LENGTH(services));
	expect_all(&scene, services, ARRAY_LENGTH(services), 0);
}
