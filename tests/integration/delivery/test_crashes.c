/* What is acknowledged is delivered, whatever happens to the process that acknowledged it. */
#include "scene.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 4

static const struct setting without_dispatch[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};

/* Each recipient has had its call, under the id that the database knows, and only so many calls. */
static void expect_told(const struct scene *scene, const char *notification, size_t calls)
{
	wait_all_delivered(scene);
	for (enum recipient i = 0; i < RECIPIENTS; i++) {
		CLEANUP(free) char *delivery = delivery_id(scene, notification, recipient_names[i]);
		cr_assert_eq(receiver_count(scene->receivers[i]), calls);
		for (size_t number = 0; number < calls; number++) {
			const struct received *call = receiver_call(scene->receivers[i], number);
			cr_assert(has_id(call, delivery));
			cr_assert_eq(verdict_of(call, recipient_secrets[i]), CSPR_WEBHOOK_VALID);
			cr_assert_str_eq(call->body, receiver_call(scene->receivers[i], 0)->body);
		}
	}
}

Test(kill, between_acceptance_and_delivery_loses_nothing)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service accepting;
	struct service delivering;

	scene_open(&scene);
	service_start(&scene.database, without_dispatch, &accepting);
	CLEANUP(free) char *id = incident_accept(&scene, &accepting);
	service_kill(&accepting);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 0);
	cr_assert_eq(
	    sql_number(&scene.database,
	        "SELECT count(*) FROM delivery WHERE state = 'pending' AND attempts = 0", NULL),
	    3);
	service_start(&scene.database, NULL, &delivering);
	expect_told(&scene, id, 1);
	service_stop(&delivering);
}

/* The same without a switch: killed the moment after 201, wherever its dispatcher was. */
Test(kill, the_moment_after_acceptance_loses_nothing)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	for (size_t round = 0; round < ROUNDS; round++) {
		service_start(&scene.database, NULL, &service);
		free(incident_accept(&scene, &service));
		service_kill(&service);
	}
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		end_leases(&scene, recipient_names[i]);
	service_start(&scene.database, NULL, &service);
	wait_all_delivered(&scene);
	service_stop(&service);
	cr_assert_eq(
	    sql_number(&scene.database, "SELECT count(*) FROM delivery", NULL), INT64_C(3) * ROUNDS);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		cr_assert_geq(receiver_count(scene.receivers[i]), ROUNDS);
}

Test(kill, in_the_middle_of_a_call_leaves_it_to_another_process_after_the_lease)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service dying;
	struct service heir;

	scene_open(&scene);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		receiver_hold(scene.receivers[i]);
	service_start(&scene.database, NULL, &dying);
	CLEANUP(free) char *id = incident_accept(&scene, &dying);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 1);
	service_kill(&dying);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		receiver_release(scene.receivers[i]);

	/* The claim outlives its process: nobody else takes the deliveries before the lease ends. */
	service_start(&scene.database, NULL, &heir);
	free(incident_accept(&scene, &heir));
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 2);
	for (enum recipient i = 0; i < RECIPIENTS; i++) {
		CLEANUP(free) char *delivery = delivery_id(&scene, id, recipient_names[i]);
		cr_assert(has_id(receiver_call(scene.receivers[i], 0), delivery));
		cr_assert_not(has_id(receiver_call(scene.receivers[i], 1), delivery));
		cr_assert_eq(sql_number(&scene.database,
		                 "SELECT count(*) FROM delivery WHERE id = $1::uuid AND attempts = 0"
		                 " AND due_at BETWEEN now() AND now() + interval '45 seconds'",
		                 delivery, NULL),
		    1, "an orphaned claim must end within 45 s");
		end_leases(&scene, recipient_names[i]);
		wait_calls(scene.receivers[i], 3);
		cr_assert(has_id(receiver_call(scene.receivers[i], 2), delivery));
		cr_assert_str_eq(
		    receiver_call(scene.receivers[i], 2)->body, receiver_call(scene.receivers[i], 0)->body);
	}
	wait_all_delivered(&scene);
	get(&scene, &heir, &answer, "/v1/notifications/%s", id);
	cr_assert_str_eq(answer_text(&answer, "/state"), "delivered");
	service_stop(&heir);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		cr_assert_eq(receiver_count(scene.receivers[i]), 3);
}

static bool says_held_by_another(void *context)
{
	CLEANUP(free) char *log = service_log(context);

	return strstr(log, "\"delivery_held_by_another\"") != NULL;
}

/* As when a virtual machine stands still: it wakes up and believes that the delivery is its own. */
Test(pause, of_a_process_beyond_its_lease_changes_nothing_of_what_another_has_taken_over)
{
	static const struct setting impatient[] = {{"CSPR_DELIVERY_TIMEOUT", "2"}, {NULL, NULL}};
	CLEANUP(scene_close) struct scene scene = {0};
	struct service sleeper;
	struct service heir;

	scene_open(&scene);
	receiver_hold(scene.receivers[DFE]);
	service_start(&scene.database, impatient, &sleeper);
	CLEANUP(free) char *id = incident_accept(&scene, &sleeper);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	wait_calls(scene.receivers[DFE], 1);
	kill(sleeper.id, SIGSTOP);
	end_leases(&scene, "dfe");
	service_start(&scene.database, NULL, &heir);
	wait_calls(scene.receivers[DFE], 2);
	/* Its call has failed by now, and it says so under a claim that is no longer its own. */
	kill(sleeper.id, SIGCONT);
	cr_assert(wait_until(says_held_by_another, &sleeper, PATIENCE));
	cr_assert_eq(sql_number(&scene.database, "SELECT attempts FROM delivery WHERE id = $1::uuid",
	                 delivery, NULL),
	    0);
	receiver_release(scene.receivers[DFE]);
	wait_attempts(&scene, delivery, 1);
	service_stop(&sleeper);
	service_stop(&heir);
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM delivery WHERE id = $1::uuid"
	                 " AND state = 'delivered' AND attempts = 1 AND last_status = 204",
	                 delivery, NULL),
	    1);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), 2);
	cr_assert(has_id(receiver_call(scene.receivers[DFE], 0), delivery));
	cr_assert(has_id(receiver_call(scene.receivers[DFE], 1), delivery));
}

static bool says_stopping(void *context)
{
	CLEANUP(free) char *log = service_log(context);

	return strstr(log, "\"stopping\"") != NULL;
}

Test(orderly_end, in_the_middle_of_a_call_waits_for_its_answer)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		receiver_hold(scene.receivers[i]);
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 1);
	kill(service.id, SIGTERM);
	cr_assert(wait_until(says_stopping, &service, PATIENCE));
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		receiver_release(scene.receivers[i]);
	service_stop(&service);
	expect_told(&scene, id, 1);
	cr_assert_eq(sql_number(&scene.database, "SELECT count(*) FROM delivery_attempt", NULL), 3);
}

/* It waits ten seconds for answers that do not come, which is what this test lasts. */
Test(orderly_end, gives_back_what_is_never_answered_so_that_another_process_takes_it_at_once)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service ending;
	struct service heir;

	scene_open(&scene);
	receiver_hold(scene.receivers[DFE]);
	service_start(&scene.database, NULL, &ending);
	CLEANUP(free) char *id = incident_accept(&scene, &ending);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 1);
	service_start(&scene.database, NULL, &heir);
	service_stop(&ending);
	receiver_release(scene.receivers[DFE]);
	/* Far sooner than the lease. */
	cr_assert(receiver_wait(scene.receivers[DFE], 2, 10));
	wait_all_delivered(&scene);
	service_stop(&heir);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	cr_assert(has_id(receiver_call(scene.receivers[DFE], 0), delivery));
	cr_assert(has_id(receiver_call(scene.receivers[DFE], 1), delivery));
	cr_assert_eq(receiver_count(scene.receivers[OFSTED]), 1);
	cr_assert_eq(receiver_count(scene.receivers[PANEL]), 1);
}
