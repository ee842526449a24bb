/* Targets, parameters and headers on their way to the handler. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "wire.h"

TestSuite(requests, .init = server_start, .fini = server_stop, .timeout = 60);

static const char *argument(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json_object_get(json, "arguments"), name));
}

Test(requests, reach_their_operation_with_values_and_defaults)
{
	CLEANUP(answer_finish)
	struct answer answer = ask_get("/v1/items?aware_on%5Bgte%5D=2024-02-29&q=a%26b+c", "");
	CLEANUP(json_decref) json_t *json = answer_json(&answer);

	cr_expect_eq(answer.status, 200, "%s", answer.raw);
	cr_expect_str_eq(argument(json, "aware_on[gte]"), "2024-02-29");
	cr_expect_str_eq(argument(json, "q"), "a&b c");
	cr_expect_str_eq(argument(json, "limit"), "50");
	cr_expect_null(argument(json, "dry_run"));
	cr_expect(json_is_false(json_object_get(json, "dry_run")));
}

Test(requests, may_have_raw_brackets_and_flags)
{
	CLEANUP(answer_finish)
	struct answer answer = ask_get("/v1/items?aware_on[gte]=2024-02-29&dry_run=true", "");
	CLEANUP(json_decref) json_t *json = answer_json(&answer);

	cr_expect_str_eq(argument(json, "aware_on[gte]"), "2024-02-29");
	cr_expect(json_is_true(json_object_get(json, "dry_run")));
}

Test(requests, hear_of_every_faulty_parameter_at_once)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask_get("/v1/items?limit=0&aware_on[gte]=yesterday&q=1&q=2&strange=1&dry_run=maybe", "");

	cr_expect(is_problem(&answer, 400, "bad-parameter"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "q", "duplicate"));
	cr_expect(has_fault(&answer, "strange", "unknown_parameter"));
	CLEANUP(json_decref) json_t *json = answer_json(&answer);
	cr_expect_eq(json_array_size(json_object_get(json, "errors")), 5, "%s", answer.raw);
}

Test(requests, are_not_merged_across_path_and_query)
{
	CLEANUP(answer_finish) struct answer answer = ask_get(ITEM "?item_id=123", "");

	cr_expect(is_problem(&answer, 400, "bad-parameter"));
	cr_expect(has_fault(&answer, "item_id", "unknown_parameter"));
}

Test(requests, with_ids_that_are_no_uuid_are_refused)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/v1/items/123", "");

	cr_expect(is_problem(&answer, 400, "bad-parameter"), "%s", answer.raw);
}

Test(requests, with_ambiguous_paths_never_reach_a_handler)
{
	static const char *const targets[] = {"/v1//items", "//live", "/live/", "/v1/items/a%2Fb",
	    "/li%00ve", "/live%00", "/live?x=%00", "/v1/../live", "/%2e/live", "/live%0d%0a", "/%ff",
	    "/live?q=%c3%28", "/v1/items?q=%E2%80%AE"};

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_get(targets[i], "");
		cr_expect(is_problem(&answer, 400, "malformed-request"), "%s: %s", targets[i], answer.raw);
	}
	cr_expect_eq(served_count(), 0);
}

Test(requests, for_unknown_paths_are_404_with_the_path_as_instance)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("/v1/nobody?token=secret", "");
	CLEANUP(json_decref) json_t *json = answer_json(&answer);

	cr_expect(is_problem(&answer, 404, "not-found"), "%s", answer.raw);
	cr_expect_str_eq(json_string_value(json_object_get(json, "instance")), "/v1/nobody");
	cr_expect_null(strstr(answer.raw, "secret"));
}

Test(requests, with_other_methods_are_405_and_told_which)
{
	static const char *const methods[] = {
	    "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "BREW", "PROPFIND"};

	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
		CLEANUP(answer_finish)
		struct answer answer =
		    ask("%s /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", methods[i]);
		cr_expect(is_problem(&answer, 405, "method-not-allowed"), "%s", methods[i]);
		cr_expect_str_eq(answer_header(&answer, "Allow"), "GET, POST, HEAD");
	}
	cr_expect_eq(served_count(), 0);
}

Test(requests, by_head_are_answered_like_get_without_the_body)
{
	CLEANUP(answer_finish)
	struct answer answer = ask("HEAD /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

	cr_expect_eq(answer.status, 200, "%s", answer.raw);
	cr_expect_str_eq(answer.body, "");
	cr_expect_neq(strtol(answer_header(&answer, "Content-Length"), NULL, 10), 0);
	cr_expect_eq(served_count(), 1);
}

Test(requests, need_the_idempotency_key_of_their_operation)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask("POST /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n"
	        "Content-Type: application/json\r\n\r\n{\"name\":\"a\"}");

	cr_expect(is_problem(&answer, 400, "bad-parameter"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "Idempotency-Key", "required"));
}

Test(requests, with_an_idempotency_key_that_is_not_utf8_do_not_count_as_without)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask("POST /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n"
	        "Idempotency-Key: a\xff\r\n"
	        "Content-Type: application/json\r\n\r\n{\"name\":\"a\"}");

	cr_expect(is_problem(&answer, 400, "bad-parameter"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "Idempotency-Key", "forbidden_character"), "%s", answer.raw);
}

Test(requests, without_if_match_are_428)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask("PATCH " ITEM " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n"
	        "Content-Type: application/merge-patch+json\r\n\r\n{\"name\":\"a\"}");

	cr_expect(is_problem(&answer, 428, "precondition-required"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "If-Match", "required"));
}

Test(requests, carry_their_token_only_when_it_is_sound)
{
	static const struct {
		const char *header;
		const char *token;
	} table[] = {
	    {"", NULL},
	    {"Authorization: Bearer abc-123\r\n", "abc-123"},
	    {"Authorization: Bearer a\x80\r\n", NULL},
	    {"Authorization: Basic YTpi\r\n", NULL},
	    {"Authorization: Bearer\r\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_get("/v1/items", table[i].header);
		CLEANUP(json_decref) json_t *json = answer_json(&answer);
		const char *token = json_string_value(json_object_get(json, "token"));
		cr_expect_eq(answer.status, 200);
		if (table[i].token)
			cr_expect_str_eq(token, table[i].token);
		else
			cr_expect_null(token);
	}
}

Test(requests, may_be_in_the_absolute_form)
{
	CLEANUP(answer_finish) struct answer answer = ask_get("http://test:80/v1/items?limit=7", "");
	CLEANUP(json_decref) json_t *json = answer_json(&answer);

	cr_expect_str_eq(argument(json, "limit"), "7");
	cr_expect_str_eq(json_string_value(json_object_get(json, "path")), "/v1/items");
}

/* Of two workers; both connections have an odd number, or both an even one. */
Test(requests, of_one_client_do_not_wait_for_anothers)
{
	int busy = wire_connect();

	wire_put(busy, "GET /v1/gate HTTP/1.1\r\nHost: a\r\n\r\n");
	gate_wait();
	CLEANUP(answer_finish) struct answer other = ask_get("/live", "");
	cr_expect_eq(other.status, 200);
	gate_open();
	CLEANUP(answer_finish) struct answer answer = wire_read_one(busy);
	cr_expect_eq(answer.status, 200);
	close(busy);
}

#define AT_ONCE 128

static void start_with_one_worker(void)
{
	server_settings.workers = 1;
	server_start();
}

/* As many as libmicrohttpd asks the kernel for at a time. */
Test(bursts, are_answered_without_another_request, .init = start_with_one_worker,
    .fini = server_stop, .timeout = 60)
{
	static const char live[] = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
	int gate = wire_connect();
	int many[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++) {
		many[i] = wire_connect();
		wire_put(many[i], live);
		CLEANUP(answer_finish) struct answer first = wire_read_one(many[i]);
		cr_assert_eq(first.status, 200);
	}
	wire_put(gate, "GET /v1/gate HTTP/1.1\r\nHost: a\r\n\r\n");
	gate_wait();
	for (size_t i = 0; i < AT_ONCE; i++)
		wire_put(many[i], live);
	gate_open();
	for (size_t i = 0; i < AT_ONCE; i++) {
		CLEANUP(answer_finish) struct answer answer = wire_read_one(many[i]);
		cr_expect_eq(answer.status, 200, "connection %zu", i);
		close(many[i]);
	}
	close(gate);
}
