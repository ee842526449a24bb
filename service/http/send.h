/* The last step: a reply becomes ulfius's response. */
#pragma once

#include <ulfius.h>

#include "http/http.h"

struct sending {
	const char *request_id;
	const char *traceparent; /* as it came, or NULL */
	int64_t microseconds;
	bool close;            /* the connection is closed after the answer */
	struct waiter *waiter; /* what the body comes from, or NULL for the reply's own */
};

/*
 * Security headers come first, so that none of them is lost behind a value that libmicrohttpd
 * refuses. Takes the reply's body.
 */
void send_reply(
    const struct sending *sending, struct reply *reply, struct _u_response *ret_response);
