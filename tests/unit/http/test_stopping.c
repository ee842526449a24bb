/* Where the server listens, and how it ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "wire.h"

TestSuite(stopping, .init = server_start, .timeout = 60);

static void *stop_in_thread(void *argument)
{
	(void)argument;
	server_stop();
	return NULL;
}

static bool is_refused(struct sockaddr *address, socklen_t length)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	int failed = connect(fd, address, length);
	int error = errno;
	close(fd);
	return failed != 0 && error == ECONNREFUSED;
}

Test(stopping, finishes_the_request_in_flight)
{
	pthread_t thread;
	int fd = wire_connect();

	wire_put(fd, "GET /v1/gate HTTP/1.1\r\nHost: a\r\n\r\n");
	gate_wait();
	cr_assert(pthread_create(&thread, NULL, stop_in_thread, NULL) == 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((unsigned short)http_server_port(server)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	while (!is_refused((struct sockaddr *)&address, sizeof(address)))
		continue;
	gate_open();
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect_eq(answer.status, 200, "%s", answer.raw);
	cr_expect_str_eq(answer_header(&answer, "Connection"), "close");
	pthread_join(thread, NULL);
}

Test(stopping, closes_connections_that_wait_for_nothing)
{
	int fd = wire_connect();

	wire_put(fd, "GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(answer_finish) struct answer answer = wire_read_one(fd);
	cr_expect_eq(answer.status, 200);
	server_stop();
	CLEANUP(answer_finish) struct answer rest = wire_read(fd);
	cr_expect_eq(rest.length, 0);
}

/* A worker that is busy has not looked at them yet; to whoever waits for nothing it is over by
 * then. */
Test(stopping, answers_requests_that_have_come_and_are_not_read_yet)
{
	static const char live[] = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
	enum { WAITING = 8 };
	int waiting[WAITING];
	int silent = wire_connect();
	int busy;
	pthread_t thread;

	for (size_t i = 0; i < WAITING; i++)
		waiting[i] = wire_connect();
	/* Workers are dealt connections in turn: whoever has answered these has taken in those before.
	 */
	for (size_t i = 0; i < 4; i++) {
		busy = wire_connect();
		wire_put(busy, live);
		CLEANUP(answer_finish) struct answer first = wire_read_one(busy);
		cr_assert_eq(first.status, 200);
	}
	wire_put(busy, "GET /v1/gate HTTP/1.1\r\nHost: a\r\n\r\n");
	gate_wait();
	for (size_t i = 0; i < WAITING; i++)
		wire_put(waiting[i], live);
	cr_assert(pthread_create(&thread, NULL, stop_in_thread, NULL) == 0);
	CLEANUP(answer_finish) struct answer end = wire_read(silent);
	cr_expect_eq(end.length, 0);
	gate_open();
	for (size_t i = 0; i < WAITING; i++) {
		CLEANUP(answer_finish) struct answer answer = wire_read(waiting[i]);
		cr_expect_eq(
		    answer.status, 200, "connection %zu: %s", i, answer.raw ? answer.raw : "cut off");
	}
	pthread_join(thread, NULL);
}

Test(stopping, leaves_the_port_free_for_the_next)
{
	char address[64];

	snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(server));
	CLEANUP(answer_finish) struct answer before = ask_get("/live", "");
	cr_expect_eq(before.status, 200);
	server_stop();
	server_settings.listen = address;
	server_start();
	CLEANUP(answer_finish) struct answer after = ask_get("/live", "");
	cr_expect_eq(after.status, 200);
	server_stop();
}

/* Whether a second server can start there; it is stopped again. */
static bool starts_at(char *address, char *metrics)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct settings settings = server_settings;
	struct http_server *other = NULL;

	settings.listen = address;
	settings.metrics_listen = metrics;
	struct http_options options = {.settings = &settings, .contract = server_contract()};
	bool started = http_server_start(&options, &other, &problem);
	cr_expect_eq(started, problem.cause[0] == '\0', "%s", problem.cause);
	http_server_stop(other);
	return started;
}

Test(stopping, is_not_needed_where_the_start_fails, .fini = server_stop)
{
	static const char *const bad[] = {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", ":80",
	    "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]80", "localhost:0", "192.0.2.1:0"};
	char none[] = "";
	char address[64];

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		snprintf(address, sizeof(address), "%s", bad[i]);
		cr_expect_not(starts_at(address, none), "%s", bad[i]);
	}
	snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(server));
	cr_expect_not(starts_at(address, none), "a port that is taken");
	char any[] = "127.0.0.1:0";
	cr_expect_not(starts_at(any, address), "a port for metrics that is taken");
	cr_expect(starts_at(any, none));
}

Test(listening, is_on_the_address_that_was_set_and_no_other, .init = server_start,
    .fini = server_stop, .timeout = 60)
{
	struct ifaddrs *all = NULL;

	cr_assert(getifaddrs(&all) == 0);
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || (at->ifa_flags & IFF_LOOPBACK))
			continue;
		struct sockaddr_in address = *(struct sockaddr_in *)at->ifa_addr;
		address.sin_port = htons((unsigned short)http_server_port(server));
		cr_expect(is_refused((struct sockaddr *)&address, sizeof(address)), "%s", at->ifa_name);
	}
	freeifaddrs(all);
	/* The whole of 127.0.0.0/8 is this machine, so this one is always there to try. */
	struct sockaddr_in other = {.sin_family = AF_INET,
	    .sin_port = htons((unsigned short)http_server_port(server)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
	cr_expect(is_refused((struct sockaddr *)&other, sizeof(other)));
}

Test(listening, may_be_on_ipv6)
{
	static char address[] = "[::1]:0";
	int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	if (probe < 0 || bind(probe, (struct sockaddr *)&here, sizeof(here)) != 0)
		cr_skip("this machine has no IPv6");
	close(probe);
	server_settings.listen = address;
	server_start();
	here.sin6_port = htons((unsigned short)http_server_port(server));
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(connect(fd, (struct sockaddr *)&here, sizeof(here)) == 0);
	wire_put(fd, "GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect_eq(answer.status, 200);
	server_stop();
}

/* Whoever comes later waits with the kernel until somebody leaves. */
Test(listening, ends_at_the_limit_of_connections, .fini = server_stop, .timeout = 60)
{
	int fds[20];

	server_settings.connections = 10;
	server_settings.idle_seconds = 2;
	server_start();
	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
		fds[i] = wire_connect();
		wire_put(fds[i], "GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	CLEANUP(answer_finish) struct answer first = wire_read_one(fds[0]);
	cr_expect_eq(first.status, 200);
	int scrape = wire_connect_to(http_server_metrics_port(server));
	wire_put(scrape, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(answer_finish) struct answer metrics = wire_read(scrape);
	const char *gauge = strstr(metrics.raw, "\ncspr_http_connections ");
	cr_assert(gauge, "%s", metrics.raw);
	cr_expect_leq(strtol(gauge + 23, NULL, 10), 10, "%s", gauge);
	close(fds[0]);
	for (size_t i = 1; i < ARRAY_LENGTH(fds); i++) {
		CLEANUP(answer_finish) struct answer answer = wire_read(fds[i]);
		cr_expect_eq(answer.status, 200, "%zu: %s", i, answer.raw);
	}
}
