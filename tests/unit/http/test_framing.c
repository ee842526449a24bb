/* Requests that two parsers would read in two ways: one answer, then the connection is closed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "wire.h"

static void start(void)
{
	server_settings.request_seconds = 2;
	server_start();
}

TestSuite(framing, .init = start, .fini = server_stop, .timeout = 60);

#define SMUGGLED "GET /live HTTP/1.1\r\nHost: smuggled\r\n\r\n"

static const char *const smuggling[] = {
    /* both lengths */
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 44\r\n\r\n"
    "0\r\n\r\n" SMUGGLED,
    /* two lengths */
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: "
    "40\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n" SMUGGLED,
    /* a space before the colon hides the length */
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length : 40\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n" SMUGGLED,
    /* a field that begins with a space */
    "GET /live HTTP/1.1\r\n Content-Length: 40\r\nHost: a\r\n\r\n" SMUGGLED,
    /* a length and a coding that stand on the next line */
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 40\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\t0\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" SMUGGLED,
    /* a coding that HTTP/1.0 does not have */
    "POST /v1/items HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
    /* two hosts */
    "GET /live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" SMUGGLED,
    "GET /live HTTP/1.1\r\nAccept: */*\r\n\r\n" SMUGGLED,
};

Test(framing, is_refused_and_what_follows_is_never_served)
{
	for (size_t i = 0; i < ARRAY_LENGTH(smuggling); i++) {
		int fd = wire_connect();
		wire_put(fd, smuggling[i]);
		CLEANUP(answer_finish) struct answer answer = wire_read(fd);
		cr_expect(is_problem(&answer, 400, "malformed-request"), "%zu: %s", i, answer.raw);
		cr_expect_str_eq(answer_header(&answer, "Connection"), "close");
		cr_expect_eq(answer_count(&answer, "HTTP/1.1 "), 1, "%zu: %s", i, answer.raw);
	}
	cr_expect_eq(served_count(), 0);
}

/* libmicrohttpd answers these by itself, or not at all; nothing may reach a handler. */
static const char *const broken[] = {
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 4x\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" SMUGGLED,
    "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "ffffffffffffffffff\r\n" SMUGGLED,
    "GET /live HTTP/2.0\r\nHost: a\r\n\r\n" SMUGGLED,
    "GET /live HTTP/0.9\r\nHost: a\r\n\r\n" SMUGGLED,
    "GET /live\r\n\r\n" SMUGGLED,
    "GET /live HTTP/1.1\r\nno colon\r\n\r\n" SMUGGLED,
    "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n" SMUGGLED,
};

Test(framing, that_is_not_http_closes_the_connection)
{
	for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
		int fd = wire_connect();
		wire_put(fd, broken[i]);
		CLEANUP(answer_finish) struct answer answer = wire_read(fd);
		cr_expect_eq(answer_count(&answer, "\"operation\""), 0, "%zu: %s", i, answer.raw);
		cr_expect_lt(answer.status, 506, "%zu: %s", i, answer.raw);
	}
	cr_expect_eq(served_count(), 0);
}

Test(framing, of_a_coding_we_do_not_have_is_cut_off)
{
	int fd = wire_connect();

	wire_put(fd, "POST /v1/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
	             "0\r\n\r\n" SMUGGLED);
	shutdown(fd, SHUT_WR);
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect_eq(answer_count(&answer, "\"operation\""), 0);
	cr_expect_eq(served_count(), 0);
}

Test(framing, refuses_credentials_and_keys_that_stand_twice)
{
	static const char *const headers[] = {
	    "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
	    "Authorization: Bearer a, Bearer b\r\n",
	    "Authorization: Bearer a\r\nauthorization: Bearer b\r\n",
	    "Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
	    "Idempotency-Key: a,b\r\n",
	    "If-Match: \"1\"\r\nIf-Match: \"2\"\r\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_get("/v1/items", headers[i]);
		cr_expect(is_problem(&answer, 400, "malformed-request"), "%s", headers[i]);
	}
	cr_expect_eq(served_count(), 0);
}

Test(framing, answers_requests_on_one_connection_in_their_order)
{
	int fd = wire_connect();

	wire_put(fd, "GET /live HTTP/1.1\r\nHost: a\r\n\r\n"
	             "GET /v1/items?q=second HTTP/1.1\r\nHost: a\r\n\r\n"
	             "GET " ITEM " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	const char *first = strstr(answer.raw, "\"operation\":\"live\"");
	const char *second = strstr(answer.raw, "\"operation\":\"listItems\"");
	const char *third = strstr(answer.raw, "\"operation\":\"getItem\"");
	cr_assert(first && second && third, "%s", answer.raw);
	cr_expect(first < second && second < third);
}

Test(framing, bounds_the_request_line)
{
	char target[9001];

	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	CLEANUP(answer_finish) struct answer answer = ask_get(target, "");
	cr_expect(is_problem(&answer, 414, "uri-too-long"), "%s", answer.raw);
}

Test(framing, bounds_the_headers)
{
	CLEANUP(text_finish) struct text many = TEXT_INIT(1 << 16);
	CLEANUP(text_finish) struct text large = TEXT_INIT(1 << 20);

	for (int i = 0; i < 101; i++)
		text_puts(&many, "X: 1\r\n");
	CLEANUP(answer_finish) struct answer one = ask_get("/live", text_string(&many));
	cr_expect_eq(one.status, 431, "%s", one.raw);
	for (int i = 0; i < 100000; i++)
		text_puts(&large, "X: 1\r\n");
	CLEANUP(answer_finish) struct answer two = ask_get("/live", text_string(&large));
	cr_expect(two.status == 431 || two.status == 0, "%s", two.raw);
	cr_expect_eq(served_count(), 0);
}

Test(framing, survives_format_directives_everywhere)
{
	static const char directives[] = "%s%n%s%n%1000000d%p";
	CLEANUP(answer_finish) struct answer target = ask_get("/%25s%25n%25s%25n", "");
	cr_expect_eq(target.status, 404);
	CLEANUP(answer_finish) struct answer raw = ask_get("/%s%n%s%n", "");
	cr_expect_eq(raw.status, 400);
	CLEANUP(answer_finish) struct answer query = ask_get("/v1/items?%25n=%25s%25n", "");
	cr_expect(has_fault(&query, "%n", "unknown_parameter"), "%s", query.raw);
	CLEANUP(answer_finish)
	struct answer method =
	    ask("%s /live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", directives, directives);
	cr_expect_eq(method.status, 405);
	CLEANUP(answer_finish)
	struct answer header = ask("GET /live HTTP/1.1\r\nHost: a\r\n"
	                           "Connection: close\r\n%s: %s\r\n"
	                           "Authorization: %s\r\nX-Request-ID: %s\r\n\r\n",
	    "X-%s%n", directives, directives, directives);
	cr_expect_eq(header.status, 200, "%s", header.raw);
	CLEANUP(answer_finish) struct answer line = ask("%s\r\n\r\n", directives);
	cr_expect_eq(line.status / 100, line.status ? 4 : 0);
	CLEANUP(answer_finish)
	struct answer version = ask("GET /live HTTP/%s\r\n%s\r\n\r\n", directives, directives);
	cr_expect_neq(version.status, 200);
	CLEANUP(answer_finish) struct answer after = ask_get("/live", "");
	cr_expect_eq(after.status, 200);
}

Test(framing, survives_raw_nul_bytes)
{
	static const char request[] = "GET /li\0ve HTTP/1.1\r\nHost: a\0b\r\nX\0: 1\r\n"
	                              "Connection: close\r\n\r\n";
	int fd = wire_connect();

	wire_send(fd, request, sizeof(request) - 1);
	shutdown(fd, SHUT_WR);
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect(answer.status == 0 || answer.status / 100 == 4, "%s", answer.raw);
	cr_expect_eq(served_count(), 0);
}
