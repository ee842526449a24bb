/* One request from its arrival to the answer: the order in which it is examined, and the log line.
 */
#pragma once

#include <ulfius.h>

#include "http/connections.h"
#include "http/http.h"
#include "http/metrics.h"
#include "http/waiting.h"

struct exchange_options {
	const struct http_options *http;
	struct metrics *metrics;
	struct waiting *waiting; /* who may wait for an answer */
};

/* Examines the request, has it served when its operation is known, and fills the response. */
void exchange_answer(const struct exchange_options *options, struct connection *connection,
    const struct _u_request *message, struct _u_response *ret_response);
