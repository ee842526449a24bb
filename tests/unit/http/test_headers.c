/* Header fields and the guard. */
#include "http/headers.h"

#include <string.h>

#include <criterion/criterion.h>

#define FIELDS_MAX 8

struct sample {
	struct header fields[FIELDS_MAX];
	const char *version;
	bool sound;
};

static const struct sample samples[] = {
    {{{"Host", "a"}}, "HTTP/1.1", true},
    {{{"Accept", "*/*"}}, "HTTP/1.0", true},
    {{{"Host", "a"}, {"Content-Length", "12"}}, "HTTP/1.1", true},
    {{{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}, "HTTP/1.1", true},
    {{{"Host", "a"}, {"Accept", "a/b"}, {"Accept", "c/d"}}, "HTTP/1.1", true},
    {{{"Accept", "*/*"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"host", "a"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Content-Length", "1"}, {"content-length", "1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Content-Length", "+1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Content-Length", "1, 1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Content-Length", ""}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Transfer-Encoding", "gzip, chunked"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
        "HTTP/1.1", false},
    {{{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, "HTTP/1.0", false},
    {{{"Host", "a"}, {"Content-Length ", "1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Transfer-Encoding\t", "chunked"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {" X", "1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"", "1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"X\xc3\xa9", "1"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}}, "HTTP/1.1",
        false},
    {{{"Host", "a"}, {"Authorization", "Bearer a,Bearer b"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"Idempotency-Key", "a,b"}}, "HTTP/1.1", false},
    {{{"Host", "a"}, {"If-Match", "\"1\""}, {"If-Match", "\"2\""}}, "HTTP/1.1", false},
};

Test(headers, are_refused_when_a_proxy_could_read_them_in_another_way)
{
	for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		struct headers headers = {0};
		for (size_t j = 0; j < FIELDS_MAX && samples[i].fields[j].name; j++)
			headers_add(&headers, samples[i].fields[j].name, samples[i].fields[j].value);
		bool sound = headers_guard(&headers, samples[i].version, &problem);
		cr_expect_eq(sound, samples[i].sound, "sample %zu: %s", i, problem.detail);
		cr_expect_eq(problem.kind, sound ? PROBLEM_NONE : PROBLEM_MALFORMED_REQUEST);
	}
}

/* What libmicrohttpd makes of "Content-Length:", line end, " 40"; the characters are as they may
 * be. */
Test(headers, that_were_folded_into_the_framing_are_refused_as_that)
{
	static const char *const folded[] = {
	    "Content-Length40", "content-length4", "Transfer-Encodingchunked", "Transfer-Encoding-X"};

	for (size_t i = 0; i < ARRAY_LENGTH(folded); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		struct headers headers = {0};
		headers_add(&headers, "Host", "a");
		headers_add(&headers, folded[i], "");
		cr_assert_not(headers_guard(&headers, "HTTP/1.1", &problem));
		cr_expect_eq(problem.kind, PROBLEM_MALFORMED_REQUEST);
		cr_expect_not_null(strstr(problem.detail, "folded line"), "%s", problem.detail);
	}
}

Test(headers, may_number_a_hundred)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct headers headers = {0};

	headers_add(&headers, "Host", "a");
	for (int i = 1; i < HEADERS_MAX; i++)
		headers_add(&headers, "X-Many", NULL);
	cr_assert(headers_guard(&headers, "HTTP/1.1", &problem));
	headers_add(&headers, "X-Many", "");
	cr_assert_not(headers_guard(&headers, "HTTP/1.1", &problem));
	cr_assert_eq(problem.kind, PROBLEM_HEADERS_TOO_LARGE);
}

static const char *token_of(const char *credential)
{
	struct headers headers = {0};

	headers_add(&headers, "authorization", credential);
	return headers_bearer_token(&headers);
}

Test(headers, give_a_bearer_token_only_when_it_is_sound)
{
	char longest[7 + 8192 + 2] = "Bearer ";

	cr_expect_str_eq(token_of("Bearer abc.DEF-123_~+/="), "abc.DEF-123_~+/=");
	cr_expect_str_eq(token_of("bearer abc"), "abc");
	cr_expect_null(token_of("Bearer"));
	cr_expect_null(token_of("Bearer "));
	cr_expect_null(token_of("Bearer  abc"));
	cr_expect_null(token_of("Bearer abc "));
	cr_expect_null(token_of("Bearer a b"));
	cr_expect_null(token_of("Bearer a%n"));
	cr_expect_null(token_of("Bearer caf\xc3\xa9"));
	cr_expect_null(token_of("Basic YTpi"));
	cr_expect_null(token_of(""));
	memset(longest + 7, 'a', 8192);
	cr_expect_not_null(token_of(longest));
	longest[7 + 8192] = 'a';
	cr_expect_null(token_of(longest));
}

Test(headers, announce_a_length_that_does_not_wrap_round)
{
	struct headers headers = {0};

	headers_add(&headers, "Content-Length", "99999999999999999999999999");
	cr_assert_eq(headers_content_length(&headers), ~0ULL);
}

Test(request_id, is_echoed_only_when_harmless)
{
	cr_expect(request_id_is_sound("Abc-1.2_3"));
	cr_expect_not(request_id_is_sound(""));
	cr_expect_not(request_id_is_sound("a b"));
	cr_expect_not(request_id_is_sound("a\r\nb"));
	cr_expect_not(
	    request_id_is_sound("12345678901234567890123456789012345678901234567890123456789012345"));
}

Test(traceparent, is_passed_on_only_when_well_formed)
{
	cr_expect(traceparent_is_sound("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	cr_expect_not(traceparent_is_sound("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
	cr_expect_not(traceparent_is_sound("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
	cr_expect_not(traceparent_is_sound("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
	cr_expect_not(traceparent_is_sound("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	cr_expect_not(traceparent_is_sound("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"));
	cr_expect_not(traceparent_is_sound("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"));
}
