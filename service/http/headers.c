/* Owns the checks of header fields. */
#include "http/headers.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define TOKEN_BYTES 8192

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Fields that may stand once; a second one is how requests are made to mean two things. */
static const char *const single[] = {"Host", "Content-Length", "Transfer-Encoding", "Content-Type",
    "Authorization", "Idempotency-Key", "If-Match", "If-None-Match"};

void headers_add(struct headers *headers, const char *name, const char *value)
{
	if (headers->count == HEADERS_MAX) {
		headers->overflow = true;
		return;
	}
	headers->list[headers->count++] = (struct header){name, value ? value : ""};
}

const char *headers_get(const struct headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcasecmp(headers->list[i].name, name) == 0)
			return headers->list[i].value;
	return NULL;
}

size_t headers_count(const struct headers *headers, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < headers->count; i++)
		count += strcasecmp(headers->list[i].name, name) == 0;
	return count;
}

static bool is_token(const char *name)
{
	size_t length = strspn(name, LETTERS_AND_DIGITS "!#$%&'*+-.^_`|~");

	return length > 0 && name[length] == '\0';
}

static bool refuse(struct problem *problem, const char *why)
{
	return problem_set(problem, PROBLEM_MALFORMED_REQUEST, "%s", why);
}

/*
 * libmicrohttpd 0.9.75 puts a folded line behind the field's name: of "Content-Length:", line end,
 * " 40" it makes "Content-Length40", and what a proxy takes for the body would be the next request.
 */
static bool is_folded_framing(const char *name)
{
	static const char *const framing[] = {"Content-Length", "Transfer-Encoding"};

	for (size_t i = 0; i < ARRAY_LENGTH(framing); i++) {
		size_t length = strlen(framing[i]);
		if (strncasecmp(name, framing[i], length) == 0 && name[length] != '\0')
			return true;
	}
	return false;
}

static bool framing_is_sound(
    const struct headers *headers, const char *version, struct problem *problem)
{
	const char *length = headers_get(headers, "Content-Length");
	const char *encoding = headers_get(headers, "Transfer-Encoding");
	bool first_version = strcmp(version, "HTTP/1.0") == 0;

	if (length && encoding)
		return refuse(problem, "Content-Length and Transfer-Encoding exclude each other.");
	if (length && (*length == '\0' || length[strspn(length, "0123456789")] != '\0'))
		return refuse(problem, "Content-Length is not a number.");
	if (encoding && (first_version || strcasecmp(encoding, "chunked") != 0))
		return refuse(problem, "The only transfer coding is chunked, in HTTP/1.1.");
	const char *host = headers_get(headers, "Host");
	if (!first_version && !host)
		return refuse(problem, "The Host header is missing.");
	return true;
}

bool headers_guard(const struct headers *headers, const char *version, struct problem *problem)
{
	if (headers->overflow)
		return problem_set(problem, PROBLEM_HEADERS_TOO_LARGE,
		    "A request may have %d headers at the most.", HEADERS_MAX);
	for (size_t i = 0; i < headers->count; i++) {
		if (!is_token(headers->list[i].name))
			return refuse(problem, "A header name has a character that it must not have.");
		if (is_folded_framing(headers->list[i].name))
			return refuse(problem,
			    "A header name goes on after Content-Length or Transfer-Encoding, "
			    "as a folded line makes it: write each header on one line.");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(single); i++)
		if (headers_count(headers, single[i]) > 1)
			return problem_set(problem, PROBLEM_MALFORMED_REQUEST,
			    "The header %s stands more than once.", single[i]);
	/* A proxy may already have joined two fields to one with a comma. */
	const char *credential = headers_get(headers, "Authorization");
	const char *key = headers_get(headers, "Idempotency-Key");
	if ((credential && strchr(credential, ',')) || (key && strchr(key, ',')))
		return refuse(problem, "Authorization and Idempotency-Key must not have commas.");
	return framing_is_sound(headers, version, problem);
}

unsigned long long headers_content_length(const struct headers *headers)
{
	const char *length = headers_get(headers, "Content-Length");

	if (!length)
		return 0;
	errno = 0;
	unsigned long long bytes = strtoull(length, NULL, 10);
	return errno ? ~0ULL : bytes;
}

bool headers_have_body(const struct headers *headers)
{
	return headers_get(headers, "Transfer-Encoding") || headers_content_length(headers) > 0;
}

const char *headers_bearer_token(const struct headers *headers)
{
	const char *value = headers_get(headers, "Authorization");

	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	value += 7;
	size_t length = strspn(value, LETTERS_AND_DIGITS "._~+/=-");
	return length > 0 && length <= TOKEN_BYTES && value[length] == '\0' ? value : NULL;
}

bool request_id_is_sound(const char *id)
{
	size_t length = strspn(id, LETTERS_AND_DIGITS "._-");

	return length > 0 && length <= 64 && id[length] == '\0';
}

/* `digits` lower-case hex digits, not all zero when `zero` is false, then `end`. */
static bool is_hex_field(const char *text, size_t digits, bool zero, char end)
{
	if (strspn(text, "0123456789abcdef") != digits || text[digits] != end)
		return false;
	return zero || strspn(text, "0") < digits;
}

bool traceparent_is_sound(const char *traceparent)
{
	return strlen(traceparent) == 55 && strncmp(traceparent, "00-", 3) == 0 &&
	       is_hex_field(traceparent + 3, 32, false, '-') &&
	       is_hex_field(traceparent + 36, 16, false, '-') &&
	       is_hex_field(traceparent + 53, 2, true, '\0');
}
