/* What every answer has, its form, the log line and the metrics. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/log.h"
#include "wire.h"

TestSuite(answers, .init = server_start, .fini = server_stop, .timeout = 60);

static void expect_security_headers(const struct answer *answer)
{
	cr_expect_str_eq(answer_header(answer, "X-Content-Type-Options"), "nosniff");
	cr_expect_str_eq(answer_header(answer, "Cache-Control"), "no-store");
	cr_expect_str_eq(answer_header(answer, "Content-Security-Policy"),
	    "default-src 'none'; frame-ancestors 'none'");
	/* The time of a refusal would tell whether there was something to refuse. */
	const char *timing = answer_header(answer, "Server-Timing");
	cr_expect_eq(strncmp(timing, "total;dur=", 10) == 0, answer->status < 400);
	cr_expect_neq(answer_header(answer, "X-Request-ID")[0], '\0');
}

Test(answers, have_the_security_headers_whatever_happens)
{
	static const char *const targets[] = {
	    "/live", "/v1/items", "/nowhere", "/v1//x", "/v1/items?x=1", "/v1/items/1", "/v1/nothing"};

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_get(targets[i], "");
		expect_security_headers(&answer);
	}
}

Test(answers, echo_a_sound_request_id_and_replace_any_other)
{
	CLEANUP(answer_finish) struct answer sound = ask_get("/live", "X-Request-ID: Trace-1.a_b\r\n");
	cr_expect_str_eq(answer_header(&sound, "X-Request-ID"), "Trace-1.a_b");
	CLEANUP(answer_finish) struct answer bad = ask_get("/live", "X-Request-ID: <script>\r\n");
	cr_expect_eq(strlen(answer_header(&bad, "X-Request-ID")), 36);
	CLEANUP(answer_finish)
	struct answer twice = ask_get("/live", "X-Request-ID: a\r\nX-Request-ID: b\r\n");
	cr_expect_eq(strlen(answer_header(&twice, "X-Request-ID")), 36);
}

Test(answers, pass_a_well_formed_traceparent_on)
{
	static const char sound[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	char header[100];

	snprintf(header, sizeof(header), "traceparent: %s\r\n", sound);
	CLEANUP(answer_finish) struct answer one = ask_get("/live", header);
	cr_expect_str_eq(answer_header(&one, "traceparent"), sound);
	CLEANUP(answer_finish) struct answer two = ask_get("/live", "traceparent: 00-x-y-01\r\n");
	cr_expect_str_eq(answer_header(&two, "traceparent"), "");
}

Test(answers, leave_a_split_header_out_and_keep_those_after_it)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/v1/headers", "");

	cr_expect_eq(answer.status, 200);
	cr_expect_str_eq(answer_header(&answer, "X-Split"), "");
	cr_expect_str_eq(answer_header(&answer, "X-Smuggled"), "");
	cr_expect_str_eq(answer_header(&answer, "X-After"), "kept");
	cr_expect_str_eq(answer_header(&answer, "Cache-Control"), "public, max-age=60");
	cr_expect_eq(answer_count(&answer, "Cache-Control:"), 1);
	cr_expect_str_eq(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
}

Test(answers, take_the_form_that_the_client_values_most)
{
	static const struct {
		const char *accept;
		const char *type;
	} table[] = {
	    {"", "application/json"},
	    {"Accept: */*\r\n", "application/json"},
	    {"Accept: text/csv\r\n", "text/csv"},
	    {"Accept: text/*;q=0.3, application/*;q=0.2\r\n", "text/csv"},
	    {"Accept: application/*\r\n", "application/json"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_get("/v1/items", table[i].accept);
		CLEANUP(json_decref) json_t *json = answer_json(&answer);
		cr_expect_str_eq(json_string_value(json_object_get(json, "answer_type")), table[i].type);
	}
}

Test(answers, in_no_acceptable_form_are_406_in_the_form_of_problems)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/v1/items", "Accept: image/png\r\n");

	cr_expect(is_problem(&answer, 406, "not-acceptable"), "%s", answer.raw);
}

Test(answers, of_unknown_paths_do_not_mind_what_is_accepted)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/nowhere", "Accept: image/png\r\n");

	cr_expect(is_problem(&answer, 404, "not-found"), "%s", answer.raw);
}

Test(answers, without_content_have_no_type)
{
	CLEANUP(answer_finish)
	struct answer answer = ask("DELETE " ITEM " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

	cr_expect_eq(answer.status, 204, "%s", answer.raw);
	cr_expect_str_eq(answer.body, "");
	cr_expect_str_eq(answer_header(&answer, "Content-Type"), "");
}

Test(answers, that_a_handler_forgets_are_500)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/v1/nothing", "");

	cr_expect(is_problem(&answer, 500, "internal"), "%s", answer.raw);
}

/* What the server wrote to stderr while these requests were made. */
static char *log_of(void (*make)(void))
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);

	cr_assert(file && kept >= 0);
	dup2(fileno(file), STDERR_FILENO);
	log_set_level(LOG_INFO);
	make();
	log_set_level(LOG_ERROR);
	dup2(kept, STDERR_FILENO);
	close(kept);
	char *text = calloc(1, 65536);
	cr_assert(text);
	rewind(file);
	cr_assert_lt(fread(text, 1, 65535, file), 65535);
	fclose(file);
	return text;
}

static void ask_with_canaries(void)
{
	static const char body[] = "{\"name\":\"canary-body\",\"canary-field\":1}";
	CLEANUP(answer_finish)
	struct answer one =
	    ask_get("/v1/items?q=canary-query", "Authorization: Bearer canary-token\r\n");
	CLEANUP(answer_finish) struct answer two = ask_post(body, strlen(body));
	CLEANUP(answer_finish) struct answer three = ask_get("/canary-path", "X-A: canary-header\r\n");
	CLEANUP(answer_finish)
	struct answer four =
	    ask("canary-method /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	cr_expect_eq(one.status, 200);
	cr_expect_eq(two.status, 422);
	cr_expect_eq(three.status, 404);
	cr_expect_eq(four.status, 405);
}

Test(answers, leave_one_line_each_in_the_log_and_nothing_of_the_request)
{
	CLEANUP(free) char *text = log_of(ask_with_canaries);
	size_t lines = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	cr_expect_eq(lines, 4, "%s", text);
	cr_expect_null(strstr(text, "canary"), "%s", text);
	CLEANUP(json_decref) json_t *first = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(first, "event")), "request");
	cr_expect_str_eq(json_string_value(json_object_get(first, "operation")), "listItems");
	cr_expect_str_eq(json_string_value(json_object_get(first, "method")), "GET");
	cr_expect_eq(json_integer_value(json_object_get(first, "status")), 200);
	cr_expect_str_eq(json_string_value(json_object_get(first, "actor_id")), "actor-1");
	cr_expect_eq(strlen(json_string_value(json_object_get(first, "request_id"))), 36);
	cr_expect(json_is_integer(json_object_get(first, "microseconds")));
	cr_expect(strstr(text, "\"method\":\"other\""), "%s", text);
}

static struct answer scrape(const char *method, const char *target)
{
	char request[200];
	int fd = wire_connect_to(http_server_metrics_port(server));

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, target);
	wire_put(fd, request);
	return wire_read(fd);
}

Test(answers, are_counted_by_operation_and_status)
{
	CLEANUP(answer_finish) struct answer one = ask_get("/v1/items", "");
	CLEANUP(answer_finish) struct answer two = ask_get("/v1/items?x=1", "");
	CLEANUP(answer_finish) struct answer three = ask_get("/nowhere", "");
	CLEANUP(answer_finish) struct answer metrics = scrape("GET", "/metrics");
	static const char *const wanted[] = {
	    "cspr_http_requests_total{operation=\"listItems\",status=\"2xx\"} 1\n",
	    "cspr_http_requests_total{operation=\"listItems\",status=\"4xx\"} 1\n",
	    "cspr_http_requests_total{operation=\"unmatched\",status=\"4xx\"} 1\n",
	    "cspr_http_request_duration_seconds_count 3\n",
	    "cspr_http_request_duration_seconds_bucket{le=\"+Inf\"} 3\n", "\ncspr_http_connections ",
	    "\nprocess_resident_memory_bytes ", "\ncspr_test_measured 1\n"};

	cr_expect_eq(one.status, 200);
	cr_expect_eq(two.status, 400);
	cr_expect_eq(three.status, 404);
	cr_expect_eq(metrics.status, 200);
	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
		cr_expect(strstr(metrics.raw, wanted[i]), "%s in %s", wanted[i], metrics.raw);
}

Test(answers, of_the_metrics_listener_are_metrics_only)
{
	CLEANUP(answer_finish) struct answer path = scrape("GET", "/live");
	cr_expect(is_problem(&path, 404, "not-found"), "%s", path.raw);
	CLEANUP(answer_finish) struct answer method = scrape("POST", "/metrics");
	cr_expect(is_problem(&method, 405, "method-not-allowed"), "%s", method.raw);
	CLEANUP(answer_finish) struct answer here = ask_get("/metrics", "");
	cr_expect(is_problem(&here, 404, "not-found"), "the API's listener shows metrics");
}
