/* JSON bodies: bounded, parsed, and clean. */
#include "http/body.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/text.h"

static enum problem_kind kind_of(const char *bytes, size_t length)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	return body_parse(bytes, length, &json, &problem) ? PROBLEM_NONE : problem.kind;
}

static void put_array(struct text *text, size_t items)
{
	text_putc(text, '[');
	for (size_t i = 0; i < items; i++)
		text_puts(text, i ? ",1" : "1");
	text_putc(text, ']');
}

Test(body, has_ten_thousand_values_at_the_most)
{
	CLEANUP(text_finish) struct text most = TEXT_INIT(1 << 20);
	CLEANUP(text_finish) struct text more = TEXT_INIT(1 << 20);

	put_array(&most, BODY_NODES_MAX - 1);
	put_array(&more, BODY_NODES_MAX);
	cr_expect_eq(kind_of(most.data, most.length), PROBLEM_NONE);
	cr_expect_eq(kind_of(more.data, more.length), PROBLEM_MALFORMED_BODY);
}

static enum problem_kind kind_at_depth(int depth, const char *open, const char *close)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(4096);

	for (int i = 0; i < depth; i++)
		text_puts(&text, open);
	text_puts(&text, "1");
	for (int i = 0; i < depth; i++)
		text_puts(&text, close);
	return kind_of(text.data, text.length);
}

Test(body, is_32_levels_deep_at_the_most)
{
	cr_expect_eq(kind_at_depth(32, "[", "]"), PROBLEM_NONE);
	cr_expect_eq(kind_at_depth(33, "[", "]"), PROBLEM_MALFORMED_BODY);
	cr_expect_eq(kind_at_depth(32, "{\"a\":", "}"), PROBLEM_NONE);
	cr_expect_eq(kind_at_depth(33, "{\"a\":", "}"), PROBLEM_MALFORMED_BODY);
}

Test(body, does_not_count_what_stands_in_texts)
{
	cr_expect_eq(kind_at_depth(1, "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\",", "]"),
	    PROBLEM_NONE);
}

Test(body, is_refused_for_what_jansson_lets_pass_or_repairs)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
#define BYTES(literal) {literal, sizeof(literal) - 1}
	    BYTES("{\"a\":1,\"a\":2}"),
	    BYTES("{\"a\":{\"b\":1,\"b\":1}}"),
	    BYTES("\"\xff\""),
	    BYTES("\"\xc0\xaf\""),
	    BYTES("\"\xed\xa0\x80\""),
	    BYTES("\"\\ud800\""),
	    BYTES("\"\\udc00\\ud800\""),
	    BYTES("\"a\\u0000b\""),
	    BYTES("{\"a\\u0000\":1}"),
	    BYTES("\"a\0b\""),
	    BYTES("{}\0"),
	    BYTES("{} {}"),
	    BYTES("{"),
	    BYTES(""),
	    BYTES(" "),
	    BYTES("1e400"),
	    BYTES("[1,]"),
	    BYTES("{'a':1}"),
	    BYTES("NaN"),
	    BYTES("\xef\xbb\xbf{}"),
	    BYTES("]]]]{{{{"),
#undef BYTES
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		cr_expect_eq(kind_of(bad[i].bytes, bad[i].length), PROBLEM_MALFORMED_BODY, "%zu", i);
}

Test(body, is_never_quoted_in_the_problem)
{
	static const char text[] = "{\"name\":\"Jane Canary\",\n \"name\":\"Jane Canary\"}";
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	cr_assert_not(body_parse(text, sizeof(text) - 1, &json, &problem));
	cr_expect_null(strstr(problem.detail, "Canary"), "%s", problem.detail);
	cr_expect_not_null(strstr(problem.detail, "Line 2"), "%s", problem.detail);
}

Test(body, points_to_each_text_with_forbidden_characters)
{
	static const char *const pointers[] = {"/a", "/b/1", "/c~1d/e~0f", "/g"};
	static const char text[] =
	    "{\"a\":\"x\\u202ey\",\"b\":[\"fine\\r\\n\\t\",\"\\u0007\"],"
	    "\"c/d\":{\"e~f\":\"\\u2066\"},\"g\":\"\\u0085\",\"h\":\"\xc3\xa9\"}";
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	cr_assert(body_parse(text, sizeof(text) - 1, &json, &problem));
	body_check_characters(json, "", &problem);
	cr_assert_eq(problem.kind, PROBLEM_INVALID);
	cr_assert_eq(json_array_size(problem.errors), ARRAY_LENGTH(pointers));
	for (size_t i = 0; i < ARRAY_LENGTH(pointers); i++) {
		const json_t *fault = json_array_get(problem.errors, i);
		cr_expect_str_eq(json_string_value(json_object_get(fault, "pointer")), pointers[i]);
		cr_expect_str_eq(json_string_value(json_object_get(fault, "code")), "forbidden_character");
	}
}

Test(body, points_to_each_text_that_shows_nothing)
{
	static const char text[] =
	    "{\"a\":\" \\n\",\"b\":[\"\\u00a0\",\" x\"],\"c\":\"\",\"d\":\"\\u200b\"}";
	static const char *const pointers[] = {"/a", "/b/0", "/d"};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	cr_assert(body_parse(text, sizeof(text) - 1, &json, &problem));
	body_check_characters(json, "", &problem);
	cr_assert_eq(json_array_size(problem.errors), ARRAY_LENGTH(pointers));
	for (size_t i = 0; i < ARRAY_LENGTH(pointers); i++) {
		const json_t *fault = json_array_get(problem.errors, i);
		cr_expect_str_eq(json_string_value(json_object_get(fault, "pointer")), pointers[i]);
		cr_expect_str_eq(json_string_value(json_object_get(fault, "code")), "blank_text");
	}
}

Test(body, names_no_field_whose_name_is_forbidden)
{
	static const char text[] = "{\"a\":{\"\\u202e\":1}}";
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	cr_assert(body_parse(text, sizeof(text) - 1, &json, &problem));
	body_check_characters(json, "", &problem);
	const json_t *fault = json_array_get(problem.errors, 0);
	cr_assert_str_eq(json_string_value(json_object_get(fault, "pointer")), "/a");
}

Test(body, finds_faults_behind_a_pointer_that_is_too_long)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(8192);
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;

	text_puts(&text, "{\"");
	for (int i = 0; i < 2000; i++)
		text_putc(&text, 'k');
	text_puts(&text, "\":\"\\u0001\",\"b\":\"\\u0001\"}");
	cr_assert(body_parse(text.data, text.length, &json, &problem));
	body_check_characters(json, "", &problem);
	cr_assert_eq(json_array_size(problem.errors), 2);
	const json_t *fault = json_array_get(problem.errors, 1);
	cr_assert_str_eq(json_string_value(json_object_get(fault, "pointer")), "/b");
}

static bool reads(const char *type)
{
	const struct operation operation = {.body_type = "application/json"};
	CLEANUP(problem_finish) struct problem problem = {0};

	bool is_sheet;

	return body_check_type(&operation, type, &is_sheet, &problem) && !is_sheet;
}

Test(body, is_read_only_in_its_type_and_in_utf8)
{
	cr_expect(reads("application/json"));
	cr_expect(reads("Application/JSON; charset=UTF-8"));
	cr_expect(reads("application/json;charset=\"utf-8\""));
	cr_expect_not(reads(NULL));
	cr_expect_not(reads(""));
	cr_expect_not(reads("application/jsonx"));
	cr_expect_not(reads("text/plain"));
	cr_expect_not(reads("application/json; charset=latin1"));
	cr_expect_not(reads("application/json; charset=utf-16"));
	cr_expect_not(reads("application/json; charset=utf-8x"));
	cr_expect_not(reads("application/merge-patch+json"));
}
