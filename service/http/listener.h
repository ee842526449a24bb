/*
 * One listening address and the worker threads behind it: the whole of what we ask of ulfius and
 * libmicrohttpd. Every request reaches one function, whatever its method and path.
 */
#pragma once

#include <ulfius.h>

#include "base/problem.h"
#include "http/connections.h"

struct listener_options {
	const char *address; /* "127.0.0.1:8080", "[::1]:8080"; port 0 lets the system choose */
	unsigned workers;
	unsigned connections;
	unsigned connections_per_address;
	long idle_seconds;
	long request_seconds;
	size_t body_bytes; /* bodies are cut after one byte more */
	/* Called by the worker threads when a request has come whole. */
	void (*answer)(void *context, struct connection *connection, const struct _u_request *request,
	    struct _u_response *response);
	void *context;
};

struct listener;

MUST_CHECK bool listener_start(const struct listener_options *options,
    struct listener **ret_listener, struct problem *problem);
unsigned listener_port(const struct listener *listener);
struct connections *listener_connections(const struct listener *listener);
/* Takes no new connections and waits until those in flight are served, or the time is up. */
void listener_drain(struct listener *listener, int64_t milliseconds);
/* Cuts off what is left, joins the threads and frees. */
void listener_stop(struct listener *listener);
