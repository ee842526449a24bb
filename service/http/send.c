/* Owns the headers that every answer has. */
#include "http/send.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "http/headers.h"
#include "http/waiting.h"

/* libmicrohttpd has it for each such answer, and does not use it where the length is unknown. */
#define STREAM_BLOCK 512

static const struct {
	const char *name;
	const char *value;
} always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

static bool replaces(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (strcasecmp(reply->headers[i].name, name) == 0)
			return true;
	return false;
}

static void put_headers(
    const struct sending *sending, const struct reply *reply, struct _u_map *headers)
{
	for (size_t i = 0; i < ARRAY_LENGTH(always); i++)
		if (!replaces(reply, always[i].name))
			u_map_put(headers, always[i].name, always[i].value);
	u_map_put(headers, "X-Request-ID", sending->request_id);
	if (sending->close)
		u_map_put(headers, "Connection", "close");
	if (sending->traceparent && traceparent_is_sound(sending->traceparent))
		u_map_put(headers, "traceparent", sending->traceparent);

	char timing[48];
	snprintf(timing, sizeof(timing), "total;dur=%" PRId64 ".%03d", sending->microseconds / 1000,
	    (int)(sending->microseconds % 1000));
	/* A refusal's time would tell whether there was something to refuse. */
	if (reply->status < 400)
		u_map_put(headers, "Server-Timing", timing);
	if (reply->media_type[0] && (reply->body.length > 0 || sending->waiter))
		u_map_put(headers, "Content-Type", reply->media_type);
	for (size_t i = 0; i < reply->header_count; i++)
		u_map_put(headers, reply->headers[i].name, reply->headers[i].value);
}

void send_reply(
    const struct sending *sending, struct reply *reply, struct _u_response *ret_response)
{
	put_headers(sending, reply, ret_response->map_header);
	ret_response->status = reply->status;
	if (sending->waiter) {
		ulfius_set_stream_response(ret_response, (unsigned)reply->status, waiter_read,
		    waiter_finish, U_STREAM_SIZE_UNKNOWN, STREAM_BLOCK, sending->waiter);
		return;
	}
	size_t length = reply->body.length;
	if (length == 0 || reply->status == 204 || reply->status == 304)
		return;
	/* Handed over as it is: ulfius frees it with free(). */
	ret_response->binary_body = text_take(&reply->body);
	ret_response->binary_body_length = ret_response->binary_body ? length : 0;
}
