/*
 * Owns the tests of sending to receivers that behave badly. Each receiver is a thread on a port of
 * the system's; a call may take one second, and what never ends must end then.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "letter.h"
#include "support/listener.h"

static char last_request[8192];
static int connections;

static void read_request(int connection)
{
	size_t length = 0;

	while (length < sizeof(last_request) - 1) {
		ssize_t got = recv(connection, last_request + length, sizeof(last_request) - 1 - length, 0);
		if (got <= 0)
			break;
		length += (size_t)got;
		last_request[length] = '\0';
		if (strstr(last_request, LETTER_BODY))
			break;
	}
}

static bool say(int connection, const char *text)
{
	return send(connection, text, strlen(text), MSG_NOSIGNAL) >= 0;
}

/* Receivers behave by functions of the connection alone; where they are served they are counted. */
struct receiver {
	struct listener listener;
	void (*behave)(int connection);
};

static void serve(void *context, int connection)
{
	const struct receiver *receiver = context;

	connections++;
	receiver->behave(connection);
}

static void start_receiver(struct receiver *receiver, void (*behave)(int connection))
{
	receiver->behave = behave;
	listener_open(&receiver->listener, serve, receiver);
}

static void stop_receiver(struct receiver *receiver)
{
	listener_close(&receiver->listener);
}

static struct sender *open_sender(const char *allowed, struct target_allow **ret_allow)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct sender *sender = NULL;

	cr_assert(target_allow_parse(allowed, ret_allow, &problem));
	cr_assert(sender_create(*ret_allow, 1, &sender, &problem));
	return sender;
}

static void send_to(const char *allowed, const char *url, struct sent *ret_sent)
{
	struct target_allow *allow = NULL;
	struct sender *sender = open_sender(allowed, &allow);

	letter_send(sender, url, NULL, ret_sent);
	sender_destroy(sender);
	target_allow_destroy(allow);
}

/* One call to a receiver that behaves so. */
static void call(void (*behave)(int connection), struct sent *ret_sent)
{
	struct receiver receiver;
	char url[64];

	start_receiver(&receiver, behave);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook", receiver.listener.port);
	send_to("127.0.0.1", url, ret_sent);
	stop_receiver(&receiver);
}

static void accept_it(int connection)
{
	read_request(connection);
	say(connection, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

Test(send, carries_the_headers_of_standard_webhooks_and_the_body_as_it_is)
{
	struct sent sent;

	call(accept_it, &sent);
	cr_assert(sent.complete);
	cr_assert_eq(sent.status, 204);
	cr_assert_str_eq(sent.error, "");
	cr_assert_str_eq(sent.address, "127.0.0.1");
	cr_assert_not(sent.answer_cut);
	static const char *const expected[] = {"POST /hook HTTP/1.1\r\n",
	    "Content-Type: application/json\r\n", "User-Agent: cspr/",
	    ("webhook-id: " LETTER_ID "\r\n"), "webhook-timestamp: 1719790200\r\n",
	    "webhook-signature: v1,abc=\r\n", ("\r\n\r\n" LETTER_BODY)};
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
		cr_expect(strstr(last_request, expected[i]), "%s not in %s", expected[i], last_request);
	cr_assert_null(strstr(last_request, "Expect:"));
}

static void answer_at_length(int connection)
{
	char body[5000];

	read_request(connection);
	memset(body, 'b', sizeof(body));
	body[sizeof(body) - 1] = '\0';
	say(connection, "HTTP/1.1 500 No\r\nConnection: close\r\n\r\nfirst\xff");
	say(connection, body);
}

Test(send, keeps_the_first_two_kilobytes_of_the_answer_clean)
{
	struct sent sent;

	call(answer_at_length, &sent);
	cr_assert(sent.complete);
	cr_assert_eq(sent.status, 500);
	cr_assert_eq(strlen(sent.answer), ANSWER_KEPT);
	cr_assert_eq(strncmp(sent.answer, "first?bbb", 9), 0);
	cr_assert(sent.answer_cut);
}

static void never_end_the_body(int connection)
{
	char block[4096];

	read_request(connection);
	memset(block, 'x', sizeof(block));
	if (!say(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return;
	while (say(connection, "1000\r\n") && send(connection, block, 4096, MSG_NOSIGNAL) == 4096 &&
	       say(connection, "\r\n"))
		;
}

Test(send, stops_reading_a_body_without_end)
{
	struct sent sent;

	call(never_end_the_body, &sent);
	cr_assert(sent.complete);
	cr_assert_eq(sent.status, 200);
	cr_assert_eq(strlen(sent.answer), ANSWER_KEPT);
	cr_assert(sent.answer_cut);
	cr_assert_lt(sent.duration_ms, 900);
}

static void never_end_the_headers(int connection)
{
	read_request(connection);
	say(connection, "HTTP/1.1 200 OK\r\n");
	while (say(connection, "X-Filler: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\r\n"))
		;
}

Test(send, fails_on_headers_without_end)
{
	struct sent sent;

	call(never_end_the_headers, &sent);
	cr_assert_not(sent.complete);
	cr_assert_str_eq(sent.error, "the answer's headers are longer than 65536 bytes");
	cr_assert_lt(sent.duration_ms, 900);
}

static void flood_with_continue(int connection)
{
	read_request(connection);
	while (say(connection, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"))
		;
}

Test(send, fails_on_a_flood_of_interim_answers)
{
	struct sent sent;

	call(flood_with_continue, &sent);
	cr_assert_not(sent.complete);
	cr_assert_str_neq(sent.error, "");
	cr_assert_lt(sent.duration_ms, 1500);
}

static void redirect(int connection)
{
	read_request(connection);
	say(connection, "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
	                "Connection: close\r\n\r\n");
}

Test(send, does_not_follow_a_redirect)
{
	struct sent sent;

	call(redirect, &sent);
	cr_assert(sent.complete);
	cr_assert_eq(sent.status, 307);
	cr_assert_eq(connections, 1);
}

static void wait_for_the_other_side(int connection)
{
	struct pollfd watched = {.fd = connection, .events = POLLIN};
	char byte;

	read_request(connection);
	while (poll(&watched, 1, 5000) > 0 && recv(connection, &byte, 1, 0) > 0)
		;
}

Test(send, gives_up_on_silence_after_the_timeout)
{
	struct sent sent;

	call(wait_for_the_other_side, &sent);
	cr_assert_not(sent.complete);
	cr_assert_eq(sent.status, 0);
	cr_assert_geq(sent.duration_ms, 950);
	cr_assert_lt(sent.duration_ms, 3000);
}

static void drip(int connection)
{
	struct pollfd watched = {.fd = connection, .events = POLLIN};

	read_request(connection);
	say(connection, "HTTP/1.1 200 OK\r\n\r\n");
	while (poll(&watched, 1, 50) == 0 && say(connection, "."))
		;
}

Test(send, gives_up_on_a_dripping_answer_after_the_timeout)
{
	struct sent sent;

	call(drip, &sent);
	cr_assert_not(sent.complete);
	cr_assert_geq(sent.duration_ms, 950);
	cr_assert_lt(sent.duration_ms, 3000);
}

static void hang_up(int connection)
{
	read_request(connection);
}

Test(send, fails_when_the_receiver_hangs_up_or_refuses)
{
	struct sent sent;

	call(hang_up, &sent);
	cr_assert_not(sent.complete);
	cr_assert_str_neq(sent.error, "");
	/* Bound and not listening: nobody can take the port meanwhile. */
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int closed = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(closed, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(getsockname(closed, (struct sockaddr *)&address, &length), 0);
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	send_to("127.0.0.1", url, &sent);
	cr_assert_not(sent.complete);
	cr_assert_eq(sent.status, 0);
	close(closed);
}

static void ask_for_patience(int connection)
{
	read_request(connection);
	say(connection, "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n"
	                "Connection: close\r\n\r\n");
}

static void ask_for_patience_until(int connection)
{
	char answer[256];
	char date[64];
	time_t then = time(NULL) + 600;
	struct tm civil;

	read_request(connection);
	gmtime_r(&then, &civil);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &civil);
	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 503 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	    date);
	say(connection, answer);
}

Test(send, reads_retry_after_as_seconds_and_as_a_date)
{
	struct sent sent;

	call(ask_for_patience, &sent);
	cr_assert_eq(sent.retry_after_seconds, 120);
	call(ask_for_patience_until, &sent);
	cr_assert_geq(sent.retry_after_seconds, 590);
	cr_assert_leq(sent.retry_after_seconds, 600);
}

static void keep_alive(int connection)
{
	for (int i = 0; i < 2; i++) {
		read_request(connection);
		say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		last_request[0] = '\0';
	}
}

Test(send, uses_a_connection_again)
{
	struct receiver receiver;
	struct target_allow *allow = NULL;
	struct sender *sender = open_sender("127.0.0.1", &allow);
	struct sent sent;
	char url[64];

	start_receiver(&receiver, keep_alive);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook", receiver.listener.port);
	for (int i = 0; i < 2; i++) {
		letter_send(sender, url, NULL, &sent);
		cr_assert(sent.complete, "%s", sent.error);
		cr_assert_eq(sent.status, 200);
	}
	cr_assert_eq(connections, 1);
	sender_destroy(sender);
	stop_receiver(&receiver);
	target_allow_destroy(allow);
}

Test(send, refuses_a_name_that_leads_inwards_before_a_packet_leaves)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct receiver receiver;
	struct sent sent;
	char host[256] = "";
	char url[320];

	/* The machine's own name leads to itself: loopback or a private address. */
	gethostname(host, sizeof(host) - 1);
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		cr_skip_test("the machine cannot resolve its own name %s", host);
	bool inward = true;
	for (const struct addrinfo *at = found; at; at = at->ai_next)
		inward = inward && target_address_fault(at->ai_addr);
	freeaddrinfo(found);
	if (!inward)
		cr_skip_test("the machine's name %s leads to a public address", host);

	start_receiver(&receiver, accept_it);
	snprintf(url, sizeof(url), "https://%s:%u/", host, receiver.listener.port);
	send_to("", url, &sent);
	cr_assert_not(sent.complete);
	cr_assert(strstr(sent.error, "is not public"), "%s", sent.error);
	cr_assert_eq(connections, 0);
	stop_receiver(&receiver);
}

Test(send, reports_a_url_that_may_not_be_called_without_calling_it)
{
	struct receiver receiver;
	struct sent sent;
	char url[64];

	start_receiver(&receiver, accept_it);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", receiver.listener.port);
	send_to("10.0.0.0/8", url, &sent);
	cr_assert_not(sent.complete);
	cr_assert(strstr(sent.error, "loopback"), "%s", sent.error);
	snprintf(url, sizeof(url), "http://receiver.example.org:%u/", receiver.listener.port);
	send_to("10.0.0.0/8", url, &sent);
	cr_assert(strstr(sent.error, "https://"), "%s", sent.error);
	cr_assert_eq(connections, 0);
	stop_receiver(&receiver);
}

Test(send, ignores_the_proxy_of_the_environment)
{
	struct sent sent;

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	call(accept_it, &sent);
	cr_assert_eq(sent.status, 204);
}

static void answer_in_the_clear(int connection)
{
	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

Test(send, does_not_fall_back_from_tls)
{
	struct receiver receiver;
	struct sent sent;
	char url[64];

	start_receiver(&receiver, answer_in_the_clear);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", receiver.listener.port);
	send_to("127.0.0.1", url, &sent);
	cr_assert_not(sent.complete);
	cr_assert_eq(sent.status, 0);
	stop_receiver(&receiver);
}
