/*
 * The table of open connections, and the sweeper: a thread that cuts off whoever is past the
 * absolute deadline of the phase that the connection is in. libmicrohttpd knows inactivity only,
 * which a client that sends a byte now and then never shows.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/problem.h"

enum phase {
	PHASE_IDLE,    /* no request line yet */
	PHASE_READING, /* from the request line to the end of the body */
	PHASE_SERVING, /* ours; has no deadline */
	PHASE_SENDING, /* until the answer is gone */
	PHASES
};

struct connections;

struct connection {
	struct connection *next, *previous; /* under the table's lock */
	struct connections *table;
	int fd;
	bool cut;            /* under the table's lock */
	int64_t flood_since; /* the sweeper's: which request `flood_base` belongs to */
	uint64_t flood_base; /* the sweeper's: bytes received when it saw that request first */
	atomic_int phase;
	_Atomic int64_t since;   /* milliseconds of the monotonic clock */
	_Atomic int64_t allowed; /* milliseconds for this phase */
	/* Of the request under way; only the connection's own worker touches these. */
	void *handle; /* libmicrohttpd's connection */
	char *target; /* as it was sent, or NULL without memory */
};

struct connection_limits {
	int64_t idle;           /* milliseconds */
	int64_t request;        /* milliseconds */
	uint64_t request_bytes; /* a request that brings more than this is cut off, whatever it says */
};

MUST_CHECK bool connections_create(const struct connection_limits *limits,
    struct connections **ret_table, struct problem *problem);
/* Every connection must have been closed. */
void connections_destroy(struct connections *table);

/* Registers a socket; NULL without memory. The table never closes it. */
struct connection *connections_open(struct connections *table, int fd, void *handle);
/* To be called before the socket is closed, or the sweeper could hit another one's. */
void connections_close(struct connection *connection);
/* `bytes` is what is about to be sent, for PHASE_SENDING; a large answer may take longer. */
void connection_enter(struct connection *connection, enum phase phase, size_t bytes);

size_t connections_count(struct connections *table);
/* Connections that were cut off in that phase, since the start. */
unsigned long connections_cut_off(struct connections *table, enum phase phase);
/* From now on every answer closes its connection, and who idles is closed soon. */
void connections_announce_end(struct connections *table);
/* True from the moment that the end was announced. */
bool connections_draining(struct connections *table);
/*
 * Waits until no connection is left, but for `milliseconds` at the most. Connections without a
 * request are cut off after half a second, in which they may still bring one.
 */
void connections_drain(struct connections *table, int64_t milliseconds);
