/*
 * Owns the fuzzing of what stands before a body: the first line of the input is the target, the
 * others are header fields. What passes must keep the promises that handlers rely on.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "http/accept.h"
#include "http/characters.h"
#include "http/headers.h"
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void expect_plain(const char *text)
{
	assert(text_is_plain(text, strlen(text)));
}

static void try_target(const char *raw)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_finish) struct target target = {0};

	if (!target_parse(raw, &target, &problem)) {
		assert(problem.kind != PROBLEM_NONE && problem.detail[0]);
		return;
	}
	expect_plain(target.path);
	assert(target.path[0] == '/' && strlen(target.path) <= TARGET_BYTES);
	for (size_t i = 0; i < target.segment_count && i < SEGMENTS_MAX; i++) {
		expect_plain(target.segments[i]);
		assert(target.segments[i][0] && !strchr(target.segments[i], '/'));
		assert(strcmp(target.segments[i], "..") != 0);
	}
	assert(target.pair_count <= QUERY_PAIRS_MAX);
	for (size_t i = 0; i < target.pair_count; i++) {
		expect_plain(target.pairs[i].name);
		expect_plain(target.pairs[i].value);
	}
}

static void try_values(const char *value)
{
	static const char *const types[] = {"application/json", "text/csv", NULL};
	const char *chosen = accept_choose(value, types);

	assert(!chosen || chosen == types[0] || chosen == types[1]);
	if (request_id_is_sound(value))
		expect_plain(value);
	if (traceparent_is_sound(value))
		expect_plain(value);
}

static void try_guard(const struct headers *headers)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const char *token = headers_bearer_token(headers);

	if (token)
		expect_plain(token);
	if (!headers_guard(headers, "HTTP/1.1", &problem)) {
		assert(problem.kind != PROBLEM_NONE);
		return;
	}
	assert(headers_count(headers, "Content-Length") <= 1);
	assert(!headers_get(headers, "Content-Length") || !headers_get(headers, "Transfer-Encoding"));
	assert(headers_have_body(headers) || headers_content_length(headers) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP(free) char *text = calloc(1, length + 1);
	struct headers headers = {0};

	if (!text)
		return 0;
	memcpy(text, bytes, length);
	char *rest = strchr(text, '\n');
	if (rest)
		*rest++ = '\0';
	try_target(text);
	while (rest) {
		char *name = rest;
		rest = strchr(rest, '\n');
		if (rest)
			*rest++ = '\0';
		char *value = strchr(name, ':');
		if (value)
			*value++ = '\0';
		headers_add(&headers, name, value);
		try_values(value ? value : name);
	}
	try_guard(&headers);
	return 0;
}
