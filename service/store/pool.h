/* What a lease is made of, for pool.c and batch.c only. */
#pragma once

#include "store/connection.h"
#include "store/store.h"

#define VALUES_LIMIT ((size_t)64 * 1024 * 1024)
#define VALUE_IS_NULL SIZE_MAX

struct queued {
	const struct statement *statement;
	size_t offsets[BINDINGS_MAX]; /* into the lease's values, or VALUE_IS_NULL */
};

struct lease {
	struct pool *pool;
	struct connection connection;
	char sqlstate[6];
	/* What batch_add() has put down; sent by batch_run(), so that it can be sent again. */
	size_t queue_count;
	size_t queue_capacity;
	struct queued *queue;
	struct text values; /* NUL-terminated, one behind the other */
};

/* Connects anew unless the pool's back-off forbids it. */
MUST_CHECK bool lease_connect(struct lease *lease, struct problem *problem);
