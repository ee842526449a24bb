/*
 * Requests that wait for their answer: each is suspended in libmicrohttpd, so that it holds neither
 * a worker nor anything else but its connection. Whoever is woken is looked after by few at a time,
 * so that a thousand who wait for the same event leave room for everybody else.
 *
 * Threads: everything may be called by any thread.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "http/connections.h"
#include "http/http.h"

struct waiting;
struct waiter;

struct waiting_limits {
	size_t all;
	size_t per_caller;
	size_t at_once; /* how many may look at the same time after they are woken */
};

MUST_CHECK bool waiting_create(
    const struct waiting_limits *limits, struct waiting **ret_waiting, struct problem *problem);
/* Nobody may wait any more. */
void waiting_destroy(struct waiting *waiting);

/*
 * Takes `later` over, and finishes it where it has no place: PROBLEM_TOO_MANY. The waiter is what
 * the functions below want; libmicrohttpd calls them while it sends the answer.
 */
MUST_CHECK bool waiting_take(struct waiting *waiting, struct connection *connection,
    struct later *later, struct waiter **ret_waiter, struct problem *problem);
/* A content reader of libmicrohttpd's, and what ends it. */
ssize_t waiter_read(void *waiter, uint64_t position, char *bytes, size_t most);
void waiter_finish(void *waiter);

/* Something may have come for those who wait for this topic. */
void waiting_wake(struct waiting *waiting, const char *topic);
/* The topics that are waited for, at most `most` of them; how many. */
size_t waiting_topics(struct waiting *waiting, char ret_topics[][37], size_t most);
size_t waiting_count(struct waiting *waiting);
/* Answers all with what there is, from now on at once. */
void waiting_end(struct waiting *waiting);

/* Appends what Prometheus is told. */
void waiting_measure(struct waiting *waiting, struct text *ret_text);
