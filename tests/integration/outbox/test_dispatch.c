/* Owns the tests of the dispatcher's thread against receivers on this machine. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/outbox.h"
#include "support/support.h"

TestSuite(dispatcher, .init = fixture_open, .fini = fixture_close, .timeout = 120);

static struct outbox *start_with(char *secrets_key, long timeout)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct outbox *outbox = NULL;
	struct settings settings = {
	    .database_url = (char *)fixture_url(),
	    .secrets_key = secrets_key,
	    .target_allow = "127.0.0.1",
	    .delivery_timeout = timeout,
	    .retry_scale_percent = 1,
	};

	cr_assert(outbox_start(&settings, &outbox, &problem), "%s %s", problem.detail, problem.cause);
	return outbox;
}

static struct outbox *start(void)
{
	return start_with(SECRETS_KEY, 5);
}

static bool is_settled(void *context)
{
	return number("SELECT count(*) FROM delivery WHERE state = '%s'", (const char *)context) ==
	       number("SELECT count(*) FROM delivery");
}

static bool has_attempts(void *context)
{
	return number("SELECT count(*) FROM delivery_attempt") >= *(int64_t *)context;
}

Test(dispatcher, delivers_each_event_signed_to_each_recipient)
{
	static const char *const recipients[] = {"dfe", "ofsted", "panel"};
	struct receiver *receivers[3];
	struct outbox *outbox = start();

	for (int i = 0; i < 3; i++) {
		receivers[i] = receiver_start();
		endpoint_add(recipients[i], recipients[i], receiver_url(receivers[i]));
	}
	event_add(1);
	for (int i = 0; i < 3; i++) {
		cr_assert(receiver_wait(receivers[i], 1, PATIENCE));
		cr_assert(received_is_signed(receiver_call(receivers[i], 0), SECRET));
	}
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	outbox_stop(outbox);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(receiver_count(receivers[i]), 1);
		receiver_stop(receivers[i]);
	}
}

Test(dispatcher, tries_again_with_the_same_id_and_keeps_every_attempt)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start();

	receiver_answer_next(receiver, 500, NULL, "broken");
	receiver_answer_next(receiver, 302, "Location: http://127.0.0.1/\r\n", "elsewhere");
	endpoint_add("a", NULL, receiver_url(receiver));
	event_add(1);
	cr_assert(receiver_wait(receiver, 3, PATIENCE));
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	outbox_stop(outbox);

	CLEANUP(free) char *first = received_header(receiver_call(receiver, 0), "webhook-id");
	CLEANUP(free) char *last = received_header(receiver_call(receiver, 2), "webhook-id");
	cr_assert_str_eq(first, last);
	cr_assert_str_eq(receiver_call(receiver, 0)->body, receiver_call(receiver, 2)->body);
	cr_assert(received_is_signed(receiver_call(receiver, 2), SECRET));
	cr_assert_str_eq(query("SELECT string_agg(status || ' ' || coalesce(answer, ''), ', '"
	                       " ORDER BY number) FROM delivery_attempt"),
	    "500 broken, 302 elsewhere, 204 ");
}

Test(dispatcher, reaches_a_receiver_that_was_down_when_it_returns)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start();
	int64_t two = 2;

	receiver_go_down(receiver);
	endpoint_add("a", "dfe", receiver_url(receiver));
	event_add(1);
	event_add(1);
	cr_assert(wait_until(has_attempts, &two, PATIENCE));
	receiver_come_up(receiver);
	cr_assert(receiver_wait(receiver, 2, PATIENCE));
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	cr_assert(strstr(receiver_call(receiver, 0)->body, "\"sequence\": 1"));
	cr_assert(strstr(receiver_call(receiver, 1)->body, "\"sequence\": 2"));
	outbox_stop(outbox);
}

Test(dispatcher, shares_the_queue_with_others_without_sending_anything_twice)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *first = start();
	struct outbox *second = start();

	endpoint_add("a", "dfe", receiver_url(receiver));
	query("SELECT set_config('app.partnership_id', '" PARTNERSHIP "', false);"
	      "SELECT event_append(gen_random_uuid(), 'incident.notified', i.id, NULL, '{}', now())"
	      " FROM incident AS i, generate_series(1, 6)");
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	outbox_stop(first);
	outbox_stop(second);
	cr_assert_eq(receiver_count(receiver), (size_t)6 * INCIDENTS);
	cr_assert_eq(number("SELECT count(*) FROM delivery_attempt"), (int64_t)6 * INCIDENTS);
}

/* The call of one event waits in the receiver for its answer. */
static void hold_one(struct receiver *receiver)
{
	receiver_hold(receiver);
	endpoint_add("a", NULL, receiver_url(receiver));
	event_add(1);
	cr_assert(receiver_wait(receiver, 1, PATIENCE));
}

Test(dispatcher, delivers_to_others_while_one_receiver_hangs)
{
	CLEANUP(receiver_stop) struct receiver *stuck = receiver_start();
	CLEANUP(receiver_stop) struct receiver *sound = receiver_start();
	/* Far more than the test takes, so that nothing is tried again meanwhile. */
	struct outbox *outbox = start_with(SECRETS_KEY, 60);

	receiver_hold(stuck);
	endpoint_add("stuck", NULL, receiver_url(stuck));
	endpoint_add("sound", NULL, receiver_url(sound));
	for (int i = 1; i <= 20; i++)
		event_add(i);
	cr_assert(receiver_wait(sound, 20, PATIENCE));
	cr_assert_leq(receiver_most_at_once(stuck), ALLOWANCE_START);
	receiver_release(stuck);
	outbox_stop(outbox);
}

Test(dispatcher, hands_over_what_hangs_when_it_stops)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start_with(SECRETS_KEY, 60);

	hold_one(receiver);
	outbox_stop(outbox);
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE state = 'pending'"
	                    " AND due_at <= now() AND attempts = 0"),
	    1);

	receiver_release(receiver);
	outbox = start();
	cr_assert(receiver_wait(receiver, 2, PATIENCE));
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	outbox_stop(outbox);
	CLEANUP(free) char *first = received_header(receiver_call(receiver, 0), "webhook-id");
	CLEANUP(free) char *second = received_header(receiver_call(receiver, 1), "webhook-id");
	cr_assert_str_eq(first, second);
}

Test(dispatcher, comes_back_when_its_connection_is_cut)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start();

	endpoint_add("a", NULL, receiver_url(receiver));
	event_add(1);
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	/* While a call waits for its answer, so that its settlement finds no connection. */
	receiver_hold(receiver);
	event_add(1);
	cr_assert(receiver_wait(receiver, 2, PATIENCE));
	cr_assert_gt(
	    number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
	           " WHERE application_name = 'cspr-dispatch' AND datname = current_database()"),
	    0);
	receiver_release(receiver);
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	cr_assert_eq(receiver_count(receiver), 2, "what was sent is settled and not sent again");
	outbox_stop(outbox);
}

Test(dispatcher, records_that_a_secret_cannot_be_opened_and_sends_nothing)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start_with("//////////////////////////////////////////8=", 5);
	int64_t one = 1;

	endpoint_add("a", NULL, receiver_url(receiver));
	event_add(1);
	cr_assert(wait_until(has_attempts, &one, PATIENCE));
	outbox_stop(outbox);
	cr_assert_eq(receiver_count(receiver), 0);
	cr_assert(strstr(query("SELECT error FROM delivery_attempt LIMIT 1"), "CSPR_SECRETS_KEY"));
}

static int64_t in_hand(struct outbox *outbox)
{
	static const char name[] = "\ncspr_deliveries_in_hand ";
	CLEANUP(text_finish) struct text metrics = TEXT_INIT(8192);

	outbox_measure(outbox, &metrics);
	const char *line = strstr(text_string(&metrics), name);
	cr_assert(line, "%s", text_string(&metrics));
	return strtoll(line + strlen(name), NULL, 10);
}

static bool has_nothing_in_hand(void *outbox)
{
	return in_hand(outbox) == 0;
}

Test(dispatcher, tells_what_it_has_in_hand_until_that_is_settled)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	struct outbox *outbox = start_with(SECRETS_KEY, 60);

	hold_one(receiver);
	cr_expect_geq(in_hand(outbox), 1);
	receiver_release(receiver);
	cr_assert(wait_until(has_nothing_in_hand, outbox, PATIENCE));
	cr_expect(is_settled("delivered"), "it was let go before it was settled");
	outbox_stop(outbox);
}

Test(dispatcher, counts_what_it_does)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	CLEANUP(text_finish) struct text metrics = TEXT_INIT(8192);
	struct outbox *outbox = start();

	receiver_answer_next(receiver, 503, NULL, "");
	endpoint_add("a", NULL, receiver_url(receiver));
	event_add(1);
	cr_assert(wait_until(is_settled, "delivered", PATIENCE));
	/* Counted just after the commit that the database shows. */
	while (!strstr(text_string(&metrics), "outcome=\"delivered\"} 1\n")) {
		text_clear(&metrics);
		outbox_measure(outbox, &metrics);
	}
	cr_assert(strstr(text_string(&metrics), "cspr_delivery_attempts_total{outcome=\"retry\"} 1\n"));
	cr_assert(strstr(text_string(&metrics), "cspr_deliveries_under_way 0\n"));
	cr_assert(strstr(text_string(&metrics), "cspr_dispatcher_connected 1\n"));
	outbox_stop(outbox);
}
