/*
 * One connection to PostgreSQL, always in pipeline mode and never blocking on its socket for
 * longer than a deadline. For the files of store/ only; a connection belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/cleanup.h"
#include "base/problem.h"
#include "store/store.h"

/* How long a statement may run, and how long a thread waits for a whole batch. */
#define STATEMENT_TIMEOUT_MS 5000
#define BATCH_TIMEOUT_MS 7000

DEFINE_CLEANUP(PGresult *, PQclear)

struct connection_options {
	const char *url;
	const char *role;             /* or NULL */
	const char *application_name; /* or NULL */
	/* Prepared at connect, NULL-terminated; NULL opens a plain session for migrations: without
	 * pipeline mode and without a limit on what a statement may take. */
	const struct statement *const *statements;
	bool indexes_only; /* see store.h */
};

struct connection {
	PGconn *link;  /* NULL when there is none */
	bool doomed;   /* the server has said goodbye; the link is not to be used again */
	bool personal; /* lease_execute() has changed the session; it is not for the next lease */
	bool sending;  /* what was queued has not all left yet */
};

/* False when libpq cannot read the URL. Nothing of it goes into the problem. */
MUST_CHECK bool connection_check_url(const char *url, struct problem *problem);
/* Connects, sets the session up and prepares the statements in one round trip. */
MUST_CHECK bool connection_open(const struct connection_options *options,
    struct connection *connection, struct problem *problem);
void connection_close(struct connection *connection);
DEFINE_VALUE_CLEANUP(struct connection, connection_close)
/* A look at the socket without a round trip: false when the other side has closed. */
bool connection_is_alive(struct connection *connection);
/* Nothing runs and nothing is open. */
bool connection_is_clean(const struct connection *connection);

/* Queues a statement prepared at connect; `values` in the order of its parameters. */
bool connection_queue(
    struct connection *connection, const struct statement *statement, const char *const values[]);
/* Queues the end of a pipeline. */
bool connection_queue_sync(struct connection *connection);
/*
 * The next result of the pipeline, sending what is still to be sent, until `deadline`
 * (connection_clock()). NULL when the link is lost or the time is over; the connection is closed
 * then. A PGRES_PIPELINE_SYNC is the last.
 */
PGresult *connection_next(struct connection *connection, int64_t deadline);
/* The same without waiting: false when the next result has not come whole, NULL when it never will.
 */
bool connection_poll(struct connection *connection, PGresult **ret_result);
/* Ends a failed transaction, so that the connection can be used again, or closes it. */
void connection_roll_back(struct connection *connection);
/* Monotonic milliseconds. */
int64_t connection_clock(void);

/*
 * Outside a pipeline: text of one or more statements, or, with `values`, one statement and its
 * parameters. Waits at most `timeout_ms`, or for ever when it is 0. An error of PostgreSQL's is a
 * result too; false when the link is lost.
 */
MUST_CHECK bool connection_execute(struct connection *connection, const char *sql,
    const char *const values[], int count, int timeout_ms, PGresult **ret_result);
