/* Clients that take their time: being active does not help, being honest does. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "wire.h"

static void start(void)
{
	server_settings.request_seconds = 1;
	server_settings.idle_seconds = 2;
	server_start();
}

TestSuite(deadlines, .init = start, .fini = server_stop, .timeout = 120);

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sends a byte each 50 ms until the server closes; how long that took. */
static double dribble(const char *start_with, char byte)
{
	int fd = wire_connect();
	double started = seconds_now();
	struct pollfd ready = {.fd = fd, .events = POLLIN | POLLRDHUP};

	wire_put(fd, start_with);
	while (seconds_now() - started < 30) {
		if (poll(&ready, 1, 50) == 1)
			break;
		wire_send(fd, &byte, 1);
	}
	close(fd);
	return seconds_now() - started;
}

Test(deadlines, cut_off_headers_that_dribble)
{
	double took = dribble("GET /live HTTP/1.1\r\nHost: a\r\nX-Slow: ", 'x');

	cr_expect_geq(took, 0.9);
	cr_expect_lt(took, 10);
}

Test(deadlines, cut_off_a_body_that_dribbles)
{
	double took = dribble("POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n"
	                      "Content-Type: application/json\r\n\r\n",
	    ' ');

	cr_expect_geq(took, 0.9);
	cr_expect_lt(took, 10);
	cr_expect_eq(served_count(), 0);
}

Test(deadlines, cut_off_a_chunked_body_that_never_ends)
{
	int fd = wire_connect();
	struct pollfd ready = {.fd = fd, .events = POLLIN | POLLRDHUP};

	wire_put(fd, "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	double started = seconds_now();
	while (poll(&ready, 1, 20) == 0 && seconds_now() - started < 30)
		wire_put(fd, "1\r\n \r\n");
	cr_expect_lt(seconds_now() - started, 10);
	close(fd);
	cr_expect_eq(served_count(), 0);
}

Test(deadlines, cut_off_a_request_line_that_dribbles)
{
	double took = dribble("GET /", 'a');

	cr_expect_geq(took, 1.9);
	cr_expect_lt(took, 12);
}

Test(deadlines, cut_off_who_says_nothing)
{
	int silent = wire_connect();
	double started = seconds_now();
	CLEANUP(answer_finish) struct answer answer = wire_read(silent);

	cr_expect_eq(answer.length, 0);
	cr_expect_geq(seconds_now() - started, 1.9);
}

Test(deadlines, cut_off_who_says_nothing_more)
{
	int fd = wire_connect();

	wire_put(fd, "GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(answer_finish) struct answer first = wire_read_one(fd);
	cr_expect_eq(first.status, 200);
	double started = seconds_now();
	CLEANUP(answer_finish) struct answer rest = wire_read(fd);
	cr_expect_eq(rest.length, 0);
	cr_expect_geq(seconds_now() - started, 1.8);
}

Test(deadlines, leave_a_slow_handler_alone)
{
	int fd = wire_connect();
	struct pollfd ready = {.fd = fd, .events = POLLIN | POLLRDHUP};

	wire_put(fd, "GET /v1/gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	gate_wait();
	cr_expect_eq(poll(&ready, 1, 4000), 0, "the request was cut off while it was served");
	gate_open();
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect_eq(answer.status, 200);
}

/* With time enough for the request, so that only its size can end it. */
Test(floods, are_cut_off_long_before_their_time, .init = server_start, .fini = server_stop,
    .timeout = 120)
{
	double started = seconds_now();
	static char block[65536];
	int fd = wire_connect();
	size_t sent = 0;

	memset(block, ' ', sizeof(block));
	wire_put(fd, "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n");
	for (;;) {
		ssize_t size = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		if (size <= 0)
			break;
		sent += (size_t)size;
		cr_assert_lt(sent, 20000000000UL, "a flood is never cut off");
	}
	close(fd);
	cr_expect_lt(seconds_now() - started, 15);
	cr_expect_eq(served_count(), 0);
	CLEANUP(answer_finish) struct answer after = ask_get("/live", "");
	cr_expect_eq(after.status, 200);
}

#define HALF_OPEN 150

Test(deadlines, keep_half_open_connections_from_locking_others_out)
{
	int fds[HALF_OPEN];

	for (size_t i = 0; i < HALF_OPEN; i++) {
		fds[i] = wire_connect();
		wire_put(fds[i], "GET /live HTTP/1.1\r\nHost: a\r\nX-");
	}
	CLEANUP(answer_finish) struct answer answer = ask_get("/live", "");
	cr_expect_eq(answer.status, 200);
	for (size_t i = 0; i < HALF_OPEN; i++) {
		CLEANUP(answer_finish) struct answer nothing = wire_read(fds[i]);
		cr_expect_eq(nothing.length, 0);
	}
}
