/* libcspr against a real server on this machine. */
#include "lib/cleanup.h"
#include "lib/cspr.h"
#include "server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

DEFINE_CLEANUP(struct cspr *, cspr_destroy)
DEFINE_CLEANUP(struct cspr_response *, cspr_response_destroy)
DEFINE_CLEANUP(struct cspr_pages *, cspr_pages_destroy)
DEFINE_VALUE_CLEANUP(struct server, server_stop)

#define START(...)                                                                                 \
	struct server server CLEANUP(server_stop);                                                     \
	const struct answer script[] = {__VA_ARGS__};                                                  \
	server_start(&server, script, ARRAY_LENGTH(script))

static struct cspr *open_handle(struct cspr_options options)
{
	struct cspr *cspr = NULL;

	cr_assert_eq(cspr_create(&options, &cspr), CSPR_OK);
	return cspr;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct cspr_request get = {.method = "GET", .path = "/v1/things"};
static const struct cspr_request post = {
    .method = "POST", .path = "/v1/things", .body = "{}", .body_length = 2};

Test(call, sends_what_was_asked_and_gives_the_answer_back)
{
	START({201, "application/json; charset=utf-8", "{\"id\":1}", "ETag: \"3\"", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = server.url, .token = "secret"});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	const struct cspr_pair query[] = {{"aware_on[gte]", "a&b=c d"}};
	const struct cspr_pair headers[] = {{"If-Match", "\"2\""}};
	struct cspr_request request = post;
	size_t length = 0;

	request.query = query;
	request.query_count = 1;
	request.headers = headers;
	request.header_count = 1;
	cr_assert_eq(cspr_call(cspr, &request, &response), CSPR_OK, "%s", cspr_detail(cspr));
	cr_assert_eq(cspr_status(response), 201);
	cr_assert_str_eq(cspr_content_type(response), "application/json");
	cr_assert_str_eq(cspr_body(response, &length), "{\"id\":1}");
	cr_assert_eq(length, 8);
	cr_assert_str_eq(cspr_header(response, "etag"), "\"3\"");
	cr_assert_null(cspr_header(response, "Location"));
	cr_assert_null(cspr_problem(response));
	cr_assert_str_eq(server.requests[0].query, "aware_on[gte]=a&b=c d");
	cr_assert_str_eq(server.requests[0].authorization, "Bearer secret");
	cr_assert_str_eq(server.requests[0].if_match, "\"2\"");
	cr_assert_str_eq(server.requests[0].body, "{}");
	cr_assert_eq(strlen(server.requests[0].key), 36);
	cr_assert_str_eq(cspr_response_key(response), server.requests[0].key);
}

Test(call, reads_a_problem_with_all_its_faults)
{
	START({422, "application/problem+json",
	    "{\"title\":\"T\",\"code\":\"invalid\",\"request_id\":\"r\",\"errors\":"
	    "[{\"pointer\":\"/a\",\"code\":\"c\",\"detail\":\"d\"},{\"pointer\":\"/b\"}],"
	    "\"missing\":[{\"code\":\"m\"}]}",
	    NULL, 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_OK);
	const struct cspr_problem *problem = cspr_problem(response);
	cr_assert_str_eq(problem->title, "T");
	cr_assert_str_eq(problem->detail, "");
	cr_assert_eq(problem->fault_count, 3);
	cr_assert_str_eq(problem->faults[0].detail, "d");
	cr_assert_str_eq(problem->faults[2].code, "m");
	cr_assert_str_eq(problem->faults[2].pointer, "");
}

Test(call, repeats_a_post_with_the_same_key_after_503)
{
	START({0}, {503, NULL, NULL, "Retry-After: 0", 0}, {200, NULL, "ok", NULL, 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &post, &response), CSPR_OK, "%s", cspr_detail(cspr));
	cr_assert_eq(cspr_attempts(response), 3);
	cr_assert_eq(server.request_count, 3);
	cr_assert_str_eq(server.requests[0].key, server.requests[2].key);
}

Test(call, waits_as_long_as_retry_after_says)
{
	START({429, NULL, NULL, "Retry-After: 1", 0}, {200, NULL, "ok", NULL, 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	double before = now_seconds();

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_OK);
	cr_assert_eq(cspr_status(response), 200);
	cr_assert_geq(now_seconds() - before, 1.0);
}

Test(call, gives_the_answer_at_once_when_the_wait_would_be_too_long)
{
	START({503, NULL, NULL, "Retry-After: 3600", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_OK);
	cr_assert_eq(cspr_status(response), 503);
	cr_assert_eq(server.request_count, 1);
}

Test(call, sends_once_what_may_not_be_repeated)
{
	START({503, NULL, NULL, "Retry-After: 0", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_request requests[] = {
	    {.method = "PATCH", .path = "/", .body = "{}"}, {.method = "DELETE", .path = "/"}, post};

	requests[2].idempotency_key = "";
	for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
		struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
		cr_assert_eq(cspr_call(cspr, &requests[i], &response), CSPR_OK);
		cr_expect_eq(server.request_count, i + 1);
		cr_expect_str_eq(cspr_response_key(response), "");
	}
}

Test(call, stops_after_five_attempts)
{
	START({503, NULL, NULL, "Retry-After: 0", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_OK);
	cr_assert_eq(cspr_attempts(response), 5);
}

Test(call, does_not_repeat_a_put_whose_version_may_be_spent)
{
	START({0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	const struct cspr_pair headers[] = {{"If-Match", "\"2\""}};
	const struct cspr_request put = {.method = "PUT",
	    .path = "/",
	    .body = "{}",
	    .body_length = 2,
	    .headers = headers,
	    .header_count = 1};

	cr_assert_eq(cspr_call(cspr, &put, &response), CSPR_NETWORK);
	cr_assert_eq(server.request_count, 1);
}

Test(call, sends_a_change_once_although_a_kept_connection_breaks)
{
	START({200, NULL, "ok", NULL, 0}, {0}, {200, NULL, "ok", NULL, 0}, {0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	const struct cspr_pair headers[] = {{"If-Match", "\"2\""}};
	const struct cspr_request changes[] = {
	    {.method = "PATCH", .path = "/", .body = "{}", .body_length = 2},
	    {.method = "PUT",
	        .path = "/",
	        .body = "{}",
	        .body_length = 2,
	        .headers = headers,
	        .header_count = 1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
		struct cspr_response *read CLEANUP(cspr_response_destroy) = NULL;
		struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
		cr_assert_eq(cspr_call(cspr, &get, &read), CSPR_OK);
		cr_assert_eq(cspr_call(cspr, &changes[i], &response), CSPR_NETWORK);
		cr_assert_eq(server.request_count, 2 * (i + 1));
	}
}

Test(call, waits_for_its_own_earlier_attempt)
{
	START({0},
	    {409, "application/problem+json", "{\"code\":\"idempotency-in-progress\"}",
	        "Retry-After: 0", 0},
	    {201, NULL, "{}", "Idempotency-Replayed: true", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &post, &response), CSPR_OK);
	cr_assert_eq(cspr_status(response), 201);
	cr_assert(cspr_replayed(response));
}

Test(call, does_not_follow_redirects)
{
	START({302, NULL, NULL, "Location: /elsewhere", 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_OK);
	cr_assert_eq(cspr_status(response), 302);
	cr_assert_eq(server.request_count, 1);
}

Test(call, refuses_an_answer_larger_than_the_limit)
{
	START({200, NULL, NULL, NULL, 1000000});
	struct cspr *small CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = server.url, .most_bytes = 999999});
	struct cspr *large CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = server.url, .most_bytes = 1000000});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	size_t length = 0;

	cr_assert_eq(cspr_call(small, &get, &response), CSPR_PROTOCOL);
	cr_assert_null(response);
	cr_assert(strstr(cspr_detail(small), "999999"));
	cr_assert_eq(cspr_call(large, &get, &response), CSPR_OK);
	cspr_body(response, &length);
	cr_assert_eq(length, 1000000);
}

/* A socket that accepts connections and never answers, or that nobody listens on any more. */
static int open_silent_port(char url[64], bool listening)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(port >= 0 && bind(port, (struct sockaddr *)&address, length) == 0 &&
	          getsockname(port, (struct sockaddr *)&address, &length) == 0);
	cr_assert(!listening || listen(port, 8) == 0);
	snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
	return port;
}

Test(call, ends_when_its_time_is_up)
{
	char url[64];
	int port = open_silent_port(url, true);
	struct cspr *cspr CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = url, .timeout_ms = 100, .retry_ms = 350});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	double before = now_seconds();

	cr_assert_eq(cspr_call(cspr, &post, &response), CSPR_TIMEOUT);
	cr_assert_lt(now_seconds() - before, 5.0);
	cr_assert_eq(strlen(cspr_idempotency_key(cspr)), 36, "the key is there to repeat the call");
	close(port);
}

Test(call, says_that_nobody_is_there)
{
	char url[64];
	int port = open_silent_port(url, false);
	struct cspr *cspr CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = url, .retry_ms = -1});
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_call(cspr, &get, &response), CSPR_NETWORK);
	cr_assert(cspr_detail(cspr)[0]);
	close(port);
}

Test(call, refuses_requests_that_would_say_something_else)
{
	struct cspr *cspr CLEANUP(cspr_destroy) =
	    open_handle((struct cspr_options){.url = "http://127.0.0.1:1", .retry_ms = -1});
	const struct cspr_pair smuggled[] = {{"X", "a\r\nY: b"}};
	const struct cspr_pair reserved[] = {{"authorization", "Bearer x"}};
	const struct cspr_pair named[] = {{"X Y", "z"}};
	const struct cspr_request refused[] = {
	    {.method = "TRACE", .path = "/"},
	    {.method = "GET", .path = "v1"},
	    {.method = "GET", .path = "/a b"},
	    {.method = "GET", .path = "/a?b=c"},
	    {.method = "GET", .path = "/", .headers = smuggled, .header_count = 1},
	    {.method = "GET", .path = "/", .headers = reserved, .header_count = 1},
	    {.method = "GET", .path = "/", .headers = named, .header_count = 1},
	    {.method = "POST", .path = "/", .idempotency_key = "a,b"},
	    {.method = "GET"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
		cr_expect_eq(cspr_call(cspr, &refused[i], &response), CSPR_USAGE, "case %zu", i);
	}
}

Test(handle, is_refused_for_addresses_that_would_leak)
{
	const struct cspr_options refused[] = {
	    {.url = NULL},
	    {.url = "ftp://127.0.0.1"},
	    {.url = "file:///etc/passwd"},
	    {.url = "http://user:password@127.0.0.1"},
	    {.url = "http://127.0.0.1/?a=b"},
	    {.url = "http://cspr.example.org", .token = "t"},
	    {.url = "http://127.0.0.1.example.org", .token = "t"},
	    {.url = "http://127.0.0.1", .token = "a\nb"},
	    {.url = "http://127.0.0.1", .token = ""},
	};
	const struct cspr_options taken[] = {
	    {.url = "http://cspr.example.org"},
	    {.url = "http://cspr.example.org", .token = "t", .plain_http = true},
	    {.url = "https://cspr.example.org/base/", .token = "t"},
	    {.url = "http://localhost:8080", .token = "t"},
	    {.url = "http://[::1]:8080", .token = "t"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct cspr *cspr CLEANUP(cspr_destroy) = NULL;
		cr_expect_eq(cspr_create(&refused[i], &cspr), CSPR_USAGE, "case %zu", i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(taken); i++) {
		struct cspr *cspr CLEANUP(cspr_destroy) = NULL;
		cr_expect_eq(cspr_create(&taken[i], &cspr), CSPR_OK, "case %zu", i);
	}
}

Test(pages, are_followed_to_the_end)
{
	START({200, "application/json", "{\"data\":[1],\"has_more\":true,\"next_cursor\":\"c+1\"}",
	          NULL, 0},
	    {200, "application/json", "{\"data\":[2],\"has_more\":false,\"next_cursor\":null}", NULL,
	        0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_pages *pages CLEANUP(cspr_pages_destroy) = NULL;
	const struct cspr_pair query[] = {{"limit", "1"}};
	struct cspr_request request = get;

	request.query = query;
	request.query_count = 1;
	cr_assert_eq(cspr_pages_create(cspr, &request, &pages), CSPR_OK);
	for (int i = 0; i < 4; i++) {
		struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
		cr_assert_eq(cspr_pages_next(pages, &response), CSPR_OK);
		cr_expect_eq(response != NULL, i < 2);
	}
	cr_assert_eq(server.request_count, 2);
	cr_assert_str_eq(server.requests[1].query, "limit=1&cursor=c+1");
}

Test(pages, end_where_the_list_goes_in_a_circle)
{
	START({200, "application/json", "{\"data\":[1],\"has_more\":true,\"next_cursor\":\"c\"}", NULL,
	    0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_pages *pages CLEANUP(cspr_pages_destroy) = NULL;
	struct cspr_response *first CLEANUP(cspr_response_destroy) = NULL;
	struct cspr_response *second CLEANUP(cspr_response_destroy) = NULL;

	cr_assert_eq(cspr_pages_create(cspr, &get, &pages), CSPR_OK);
	cr_assert_eq(cspr_pages_next(pages, &first), CSPR_OK);
	cr_assert_eq(cspr_pages_next(pages, &second), CSPR_PROTOCOL);
	cr_assert_null(second);
}

Test(pages, give_a_refusal_as_the_last)
{
	START({403, NULL, NULL, NULL, 0});
	struct cspr *cspr CLEANUP(cspr_destroy) = open_handle((struct cspr_options){.url = server.url});
	struct cspr_pages *pages CLEANUP(cspr_pages_destroy) = NULL;
	struct cspr_response *refusal CLEANUP(cspr_response_destroy) = NULL;
	struct cspr_response *none = NULL;

	cr_assert_eq(cspr_pages_create(cspr, &get, &pages), CSPR_OK);
	cr_assert_eq(cspr_pages_next(pages, &refusal), CSPR_OK);
	cr_assert_eq(cspr_status(refusal), 403);
	cr_assert_eq(cspr_pages_next(pages, &none), CSPR_OK);
	cr_assert_null(none);
}
