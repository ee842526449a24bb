/* Bodies on their way to the handler. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "wire.h"

TestSuite(bodies, .init = server_start, .fini = server_stop, .timeout = 60);

#define HEAD "POST /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIdempotency-Key: k\r\n"
#define POST(literal) ask_post(literal, sizeof(literal) - 1)

Test(bodies, reach_the_handler_parsed_and_raw)
{
	CLEANUP(answer_finish) struct answer answer = POST("{\"name\":\"caf\xc3\xa9\"}");
	CLEANUP(json_decref) json_t *json = answer_json(&answer);

	cr_expect_eq(answer.status, 200, "%s", answer.raw);
	cr_expect_str_eq(
	    json_string_value(json_object_get(json_object_get(json, "json"), "name")), "caf\xc3\xa9");
	cr_expect_eq(json_integer_value(json_object_get(json, "body_length")), 16);
}

Test(bodies, may_come_in_chunks)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask(HEAD "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	             "4\r\n{\"na\r\n8;x=y\r\nme\":\"a\"}\r\n0\r\nX-Trailer: 1\r\n\r\n");

	cr_expect_eq(answer.status, 200, "%s", answer.raw);
}

static void put_filling(struct text *text, size_t length)
{
	text_puts(text, "{\"name\":\"");
	while (text->length < length - 2)
		text_putc(text, 'a');
	text_puts(text, "\"}");
}

Test(bodies, of_the_limit_are_read_and_of_one_byte_more_refused)
{
	CLEANUP(text_finish) struct text most = TEXT_INIT(1 << 20);
	CLEANUP(text_finish) struct text more = TEXT_INIT(1 << 20);

	put_filling(&most, 65536);
	put_filling(&more, 65537);
	CLEANUP(answer_finish) struct answer one = ask_post(most.data, most.length);
	cr_expect(is_problem(&one, 422, "invalid"), "%s", one.raw); /* longer than maxLength */
	CLEANUP(answer_finish) struct answer two = ask_post(more.data, more.length);
	cr_expect(is_problem(&two, 413, "body-too-large"), "%s", two.raw);
}

Test(bodies, in_chunks_are_bounded_too)
{
	int fd = wire_connect();

	wire_put(fd, HEAD "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 70; i++) {
		char chunk[1100];
		int size = snprintf(chunk, sizeof(chunk), "400\r\n%1024s\r\n", "");
		wire_send(fd, chunk, (size_t)size);
	}
	wire_put(fd, "0\r\n\r\n");
	CLEANUP(answer_finish) struct answer answer = wire_read(fd);
	cr_expect(is_problem(&answer, 413, "body-too-large"), "%s", answer.raw);
	cr_expect_eq(served_count(), 0);
}

Test(bodies, far_beyond_the_limit_are_read_so_that_their_sender_hears_413)
{
	CLEANUP(text_finish) struct text large = TEXT_INIT(1 << 20);

	put_filling(&large, 900000);
	CLEANUP(answer_finish) struct answer answer = ask_post(large.data, large.length);
	cr_expect(is_problem(&answer, 413, "body-too-large"), "%s", answer.raw);
}

Test(bodies, of_another_type_are_415)
{
	static const char *const types[] = {"", "Content-Type: text/plain\r\n",
	    "Content-Type: application/x-www-form-urlencoded\r\n",
	    "Content-Type: multipart/form-data; boundary=x\r\n",
	    "Content-Type: multipart/form-data\r\n",
	    "Content-Type: application/x-www-form-urlencoded; charset=%s%n\r\n",
	    "Content-Type: application/json; charset=iso-8859-1\r\n",
	    "Content-Type: application/merge-patch+json\r\n", "Content-Type: \xff\r\n"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		CLEANUP(answer_finish)
		struct answer answer =
		    ask(HEAD "%sContent-Length: 22\r\n\r\nname=a&name=b&c=%%41%%00", types[i]);
		cr_expect(
		    is_problem(&answer, 415, "unsupported-media-type"), "%s: %s", types[i], answer.raw);
	}
}

Test(bodies, like_forms_in_pieces_do_no_harm)
{
	static const char *const types[] = {
	    "application/x-www-form-urlencoded", "multipart/form-data; boundary=AaB03x"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		int fd = wire_connect();
		wire_put(fd, HEAD "Content-Type: ");
		wire_put(fd, types[i]);
		wire_put(fd, "\r\nTransfer-Encoding: chunked\r\n\r\n");
		for (int j = 0; j < 200; j++)
			wire_put(fd, "1\r\n&\r\n2\r\na=\r\n3\r\n%%4\r\n5\r\n--AaB\r\n");
		wire_put(fd, "0\r\n\r\n");
		CLEANUP(answer_finish) struct answer answer = wire_read(fd);
		cr_expect(is_problem(&answer, 415, "unsupported-media-type"), "%s", answer.raw);
	}
}

Test(bodies, that_are_needed_and_missing_are_400)
{
	CLEANUP(answer_finish) struct answer none = ask(HEAD "Content-Type: application/json\r\n\r\n");
	cr_expect(is_problem(&none, 400, "malformed-body"), "%s", none.raw);
	CLEANUP(answer_finish)
	struct answer empty = ask(HEAD "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n");
	cr_expect(is_problem(&empty, 400, "malformed-body"), "%s", empty.raw);
}

Test(bodies, that_nobody_asked_for_are_400)
{
	CLEANUP(answer_finish)
	struct answer get =
	    ask("GET /v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
	        "Content-Type: application/json\r\n\r\n{}");
	cr_expect(is_problem(&get, 400, "malformed-request"), "%s", get.raw);
	CLEANUP(answer_finish)
	struct answer delete = ask("DELETE " ITEM " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	                           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	cr_expect(is_problem(&delete, 400, "malformed-request"), "%s", delete.raw);
}

static struct answer post_values(int count)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1 << 20);

	text_puts(&text, "{\"name\":\"a\",\"values\":[1");
	for (int i = 1; i < count; i++)
		text_puts(&text, ",1");
	text_puts(&text, "]}");
	return ask_post(text.data, text.length);
}

Test(bodies, of_ten_thousand_values_pass_and_of_one_more_do_not)
{
	/* The object, its name and its array are values as well. */
	CLEANUP(answer_finish) struct answer most = post_values(9997);
	cr_expect_eq(most.status, 200, "%s", most.raw);
	CLEANUP(answer_finish) struct answer more = post_values(9998);
	cr_expect(is_problem(&more, 400, "malformed-body"), "%s", more.raw);
}

static struct answer post_depth(int depth)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1 << 16);

	text_puts(&text, "{\"name\":\"a\",\"nested\":");
	for (int i = 1; i < depth; i++)
		text_puts(&text, "{\"a\":");
	text_putc(&text, '1');
	for (int i = 0; i < depth; i++)
		text_putc(&text, '}');
	return ask_post(text.data, text.length);
}

Test(bodies, of_32_levels_pass_and_of_33_do_not)
{
	CLEANUP(answer_finish) struct answer most = post_depth(32);
	cr_expect_eq(most.status, 200, "%s", most.raw);
	CLEANUP(answer_finish) struct answer more = post_depth(33);
	cr_expect(is_problem(&more, 400, "malformed-body"), "%s", more.raw);
}

Test(bodies, that_are_not_sound_json_are_400)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
#define BYTES(literal) {literal, sizeof(literal) - 1}
	    BYTES("{\"name\":\"a\",\"name\":\"b\"}"),
	    BYTES("{\"name\":\"\xff\"}"),
	    BYTES("{\"name\":\"\\ud800\"}"),
	    BYTES("{\"name\":\"a\\u0000b\"}"),
	    BYTES("{\"name\":\"a\0b\"}"),
	    BYTES("{\"name\":\"a\"}x"),
	    BYTES("{\"name\":\"a\"}\0"),
	    BYTES("{\"name\":"),
	    BYTES("%s%n%s%n"),
	    BYTES("name"),
#undef BYTES
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		CLEANUP(answer_finish) struct answer answer = ask_post(bad[i].bytes, bad[i].length);
		cr_expect(is_problem(&answer, 400, "malformed-body"), "%zu: %s", i, answer.raw);
	}
}

Test(bodies, with_characters_that_mislead_are_422)
{
	CLEANUP(answer_finish)
	struct answer answer = POST("{\"name\":\"a\\u202eb\",\"nested\":{\"x/y\":[\"\\u001b[2J\"]}}");

	cr_expect(is_problem(&answer, 422, "invalid"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "/name", "forbidden_character"));
	cr_expect(has_fault(&answer, "/nested/x~1y/0", "forbidden_character"));
}

Test(bodies, hear_of_every_fault_at_once)
{
	CLEANUP(answer_finish) struct answer answer = POST("{\"nam\":\"a\",\"values\":1}");

	cr_expect(is_problem(&answer, 422, "invalid"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "/name", "required"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "/nam", "unknown_field"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "/values", "type"), "%s", answer.raw);
}

Test(bodies, of_merge_patch_have_their_own_type)
{
	CLEANUP(answer_finish)
	struct answer answer =
	    ask("PATCH " ITEM " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 13\r\n"
	        "If-Match: \"3\"\r\nContent-Type: application/merge-patch+json\r\n\r\n"
	        "{\"name\":null}");

	cr_expect(is_problem(&answer, 422, "invalid"), "%s", answer.raw);
	cr_expect(has_fault(&answer, "/name", "type"), "%s", answer.raw);
}
