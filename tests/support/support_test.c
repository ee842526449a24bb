/* The helpers themselves: a helper that cannot fail would let every test pass. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/digest.h"
#include "support/support.h"

static void post(const struct receiver *receiver, const char *body, struct answer *ret_answer)
{
	static const char *const headers[] = {"webhook-id: msg_1", NULL};
	struct service target = {0};

	/* The URL ends with the slash that the path begins with. */
	snprintf(target.url, sizeof(target.url), "%.*s", (int)strlen(receiver_url(receiver)) - 1,
	    receiver_url(receiver));
	http_call(&target,
	    &(struct call){.method = "POST", .path = "/hook", .headers = headers, .body = body},
	    ret_answer);
}

Test(receiver, records_calls_and_answers_as_it_is_told)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	CLEANUP(answer_finish) struct answer first = {0};
	CLEANUP(answer_finish) struct answer second = {0};

	receiver_answer_next(receiver, 503, "Retry-After: 7\r\n", "{\"no\":1}");
	post(receiver, "{\"a\":1}", &first);
	post(receiver, "{\"a\":2}", &second);
	cr_assert_eq(first.status, 503);
	cr_assert_str_eq(answer_header(&first, "retry-after"), "7");
	cr_assert_eq(answer_number(&first, "/no"), 1);
	cr_assert_eq(second.status, 204);
	cr_assert(receiver_wait(receiver, 2, PATIENCE));
	cr_assert_str_eq(receiver_call(receiver, 1)->body, "{\"a\":2}");
	cr_assert_str_eq(receiver_call(receiver, 1)->path, "/hook");
	CLEANUP(free) char *id = received_header(receiver_call(receiver, 1), "Webhook-Id");
	cr_assert_str_eq(id, "msg_1");
}

Test(receiver, refuses_while_it_is_down_and_keeps_its_port)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	CLEANUP(answer_finish) struct answer answer = {0};
	struct service target = {0};

	snprintf(target.url, sizeof(target.url), "%s", receiver_url(receiver));
	receiver_go_down(receiver);
	cr_assert_not(http_try(&target, &(struct call){.path = ""}, &answer));
	receiver_come_up(receiver);
	cr_assert(http_try(&target, &(struct call){.path = ""}, &answer));
	cr_assert_eq(answer.status, 204);
	cr_assert_eq(receiver_count(receiver), 1);
}

Test(receiver, holds_a_call_until_it_is_released)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();
	CLEANUP(text_finish) struct text answer = TEXT_INIT(4096);
	struct service target = {0};
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	snprintf(target.url, sizeof(target.url), "%.*s", (int)strlen(receiver_url(receiver)) - 1,
	    receiver_url(receiver));
	receiver_hold(receiver);
	int connection = raw_connect(&target);
	cr_assert(raw_send(connection, request, strlen(request)));
	cr_assert(receiver_wait(receiver, 1, PATIENCE));
	cr_assert_not(raw_receive(connection, 0.1, &answer));
	cr_assert_eq(answer.length, 0);
	receiver_release(receiver);
	cr_assert(raw_receive(connection, PATIENCE, &answer));
	cr_assert_eq(strncmp(text_string(&answer), "HTTP/1.1 204", 12), 0);
	close(connection);
}

Test(receiver, wait_gives_up_on_a_call_that_does_not_come)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();

	cr_assert_not(receiver_wait(receiver, 1, 0.05));
}

/* The vector of the Standard Webhooks specification's own libraries. */
Test(signature, is_checked_against_the_published_vector)
{
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	struct received received = {
	    .headers = "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\n"
	               "webhook-timestamp: 1614265330\r\n"
	               "webhook-signature: v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n",
	    .body = "{\"test\": 2432232314}",
	    .body_length = strlen("{\"test\": 2432232314}"),
	};

	cr_assert(received_is_signed(&received, secret));
	received.body = "{\"test\": 2432232315}";
	cr_assert_not(received_is_signed(&received, secret));
}

Test(program, gives_output_errors_and_status)
{
	static const char *const arguments[] = {
	    "/bin/sh", "-c", "cat; echo \"$WORD$HOME\" >&2; exit 3", NULL};
	static const struct setting settings[] = {{"WORD", "one"}, {"WORD", "two"}, {NULL, NULL}};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, settings, "input", &outcome);
	cr_assert_eq(outcome.status, 3);
	cr_assert_str_eq(text_string(&outcome.output), "input");
	cr_assert_str_eq(text_string(&outcome.errors), "two\n");
}

Test(program, tells_the_signal_that_ended_it)
{
	static const char *const arguments[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, NULL, NULL, &outcome);
	cr_assert_eq(outcome.status, 128 + SIGKILL);
}
