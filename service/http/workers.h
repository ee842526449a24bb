/* Which of libmicrohttpd's workers has a connection: whoever has the fewest. */
#pragma once

#include "base/problem.h"

struct workers;

MUST_CHECK bool workers_create(
    unsigned count, struct workers **ret_workers, struct problem *problem);
void workers_destroy(struct workers *workers);

/*
 * Takes a descriptor that is about to be handed over and returns it, or another of the same socket
 * that goes to whoever has the fewest connections. One thread at a time.
 */
MUST_CHECK int workers_place(struct workers *workers, int fd);
/* Its connection ends; only the number counts. By any thread. */
void workers_leave(struct workers *workers, int fd);
