/*
 * Owns the choice of a worker. libmicrohttpd 0.9.75 deals by the number of the descriptor, modulo
 * its workers, and a worker serves its connections one after the other. Numbers have gaps: of 32
 * connections six then shared a worker, while three workers had none. Theirs waited twice as long
 * under load, and as long as a slow report of somebody else's took.
 */
#include "http/workers.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* How many numbers are tried; in a process with few descriptors the first is free. */
#define TRIES 8

struct workers {
	unsigned count;
	atomic_uint connections[]; /* of each */
};

bool workers_create(unsigned count, struct workers **ret_workers, struct problem *problem)
{
	struct workers *workers = calloc(1, sizeof(*workers) + count * sizeof(atomic_uint));

	if (!workers)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for workers");
	workers->count = count;
	*ret_workers = workers;
	return true;
}

void workers_destroy(struct workers *workers)
{
	free(workers);
}

static unsigned worker_of(const struct workers *workers, int fd)
{
	return (unsigned)fd % workers->count;
}

/* The first number from `fd` on whose worker has the fewest connections. */
static int next_number(const struct workers *workers, int fd)
{
	int best = fd;

	for (int at = fd; at < fd + (int)workers->count; at++)
		if (workers->connections[worker_of(workers, at)] <
		    workers->connections[worker_of(workers, best)])
			best = at;
	return best;
}

/* Gives up where numbers are short: a worker that has more to do is better than none. */
static int move(const struct workers *workers, int fd)
{
	int wanted = next_number(workers, fd);

	for (int tries = 0; wanted != fd && tries < TRIES; tries++) {
		int moved = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
		if (moved < 0)
			break;
		wanted = next_number(workers, moved);
		if (wanted == moved) {
			close(fd);
			return moved;
		}
		close(moved);
	}
	return fd;
}

int workers_place(struct workers *workers, int fd)
{
	int placed = move(workers, fd);

	workers->connections[worker_of(workers, placed)]++;
	return placed;
}

void workers_leave(struct workers *workers, int fd)
{
	workers->connections[worker_of(workers, fd)]--;
}
