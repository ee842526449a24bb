/* The header fields of a request, and the guard against requests that two parsers read in two ways.
 */
#pragma once

#include "base/problem.h"

#define HEADERS_MAX 100

struct header {
	const char *name;
	const char *value;
};

struct headers {
	struct header list[HEADERS_MAX]; /* borrowed */
	size_t count;
	bool overflow; /* there were more */
};

void headers_add(struct headers *headers, const char *name, const char *value);
/* The first field of that name in any case, or NULL. */
const char *headers_get(const struct headers *headers, const char *name);
size_t headers_count(const struct headers *headers, const char *name);

/*
 * Refuses what could be understood as another request by a proxy in front of us: both lengths, two
 * lengths, names that are no tokens (a space before the colon), fields sent twice that must stand
 * once, credentials and keys with commas. After a refusal the connection must be closed.
 */
MUST_CHECK bool headers_guard(
    const struct headers *headers, const char *version, struct problem *problem);

/* The announced length of the body; 0 without one. Call after headers_guard(). */
unsigned long long headers_content_length(const struct headers *headers);
/* True when the request has a body, be it empty and chunked. */
bool headers_have_body(const struct headers *headers);
/* The credential of "Authorization: Bearer …" when it is sound, else NULL. */
const char *headers_bearer_token(const struct headers *headers);
/* True for [A-Za-z0-9._-]{1,64}. */
bool request_id_is_sound(const char *id);
/* True for a W3C traceparent of version 00 whose ids are not all zeros. */
bool traceparent_is_sound(const char *traceparent);
