/* Owns the table of connections and the thread that enforces its deadlines. */
#include "http/connections.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define SWEEP_MILLISECONDS 100
#define DRAIN_IDLE_MILLISECONDS 500
/* The slowest pace at which an answer is still worth sending. */
#define SENDING_BYTES_PER_MILLISECOND 8

struct connections {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t sweeper;
	struct connection *first;
	size_t count;
	struct connection_limits limits;
	atomic_bool draining;
	bool ending;
	atomic_ulong cut_off[PHASES];
};

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec after(int64_t milliseconds)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

/* How many bytes the kernel has taken in on this connection since it was opened. */
static uint64_t bytes_received(int fd)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return 0;
	return info.tcpi_bytes_received;
}

/* Whether something has come that no worker has looked at yet. */
static bool has_unread(int fd)
{
	int unread = 0;

	return ioctl(fd, FIONREAD, &unread) == 0 && unread > 0;
}

/*
 * libmicrohttpd 0.9.75 takes 128 events of epoll at a time. When there were just as many it asks
 * for more before it handles any of them, and sleeps if none come: 128 requests at one moment are
 * then left lying until somebody else's comes. To set the mark at which a socket counts as readable
 * makes the kernel tell of what is unread in it once more.
 */
static void tell_again(int fd)
{
	const int lowest = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &lowest, sizeof(lowest));
}

/* ulfius reads a body to its end, however long; this bounds how much of one we look at. */
static bool is_flood(struct connection *connection, int64_t since, uint64_t limit)
{
	uint64_t received = bytes_received(connection->fd);

	if (connection->flood_since != since) {
		connection->flood_since = since;
		connection->flood_base = received;
		return false;
	}
	return received - connection->flood_base > limit;
}

/*
 * An orderly end is for those who wait. Whoever is in the middle of something gets a reset with the
 * close that follows: a sender whose window is shut would otherwise hear nothing for a minute, and
 * the kernel would keep what a slow reader never fetches.
 */
static void cut_off(struct connections *table, struct connection *connection, int phase)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	connection->cut = true;
	table->cut_off[phase]++;
	if (phase != PHASE_IDLE)
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(connection->fd, SHUT_RDWR);
}

static void sweep_one(struct connections *table, struct connection *connection, int64_t now)
{
	/* The phase first: whoever sees a new phase then sees its time as well. */
	int phase = atomic_load_explicit(&connection->phase, memory_order_acquire);
	int64_t since = connection->since;
	int64_t allowed = connection->allowed;
	bool unread = (phase == PHASE_IDLE || phase == PHASE_READING) && has_unread(connection->fd);

	if (unread)
		tell_again(connection->fd);
	if (phase == PHASE_IDLE && table->draining && allowed > DRAIN_IDLE_MILLISECONDS && !unread)
		allowed = DRAIN_IDLE_MILLISECONDS;
	bool late = phase != PHASE_SERVING && now - since > allowed;
	if (phase == PHASE_READING && !late)
		late = is_flood(connection, since, table->limits.request_bytes);
	if (late)
		cut_off(table, connection, phase);
}

static void *sweep(void *argument)
{
	struct connections *table = argument;

	pthread_mutex_lock(&table->lock);
	while (!table->ending) {
		int64_t now = now_milliseconds();
		for (struct connection *at = table->first; at; at = at->next)
			if (!at->cut)
				sweep_one(table, at, now);
		struct timespec until = after(SWEEP_MILLISECONDS);
		pthread_cond_timedwait(&table->changed, &table->lock, &until);
	}
	pthread_mutex_unlock(&table->lock);
	return NULL;
}

bool connections_create(
    const struct connection_limits *limits, struct connections **ret_table, struct problem *problem)
{
	struct connections *table = calloc(1, sizeof(*table));
	if (!table)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for connections");
	table->limits = *limits;
	pthread_mutex_init(&table->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&table->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&table->sweeper, NULL, sweep, table) != 0) {
		free(table);
		return problem_fail(problem, PROBLEM_INTERNAL, "the sweeper thread does not start");
	}
	*ret_table = table;
	return true;
}

void connections_destroy(struct connections *table)
{
	if (!table)
		return;
	pthread_mutex_lock(&table->lock);
	table->ending = true;
	pthread_cond_broadcast(&table->changed);
	pthread_mutex_unlock(&table->lock);
	pthread_join(table->sweeper, NULL);
	pthread_cond_destroy(&table->changed);
	pthread_mutex_destroy(&table->lock);
	free(table);
}

struct connection *connections_open(struct connections *table, int fd, void *handle)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->table = table;
	connection->fd = fd;
	connection->handle = handle;
	connection->flood_since = -1;
	connection_enter(connection, PHASE_IDLE, 0);

	pthread_mutex_lock(&table->lock);
	connection->next = table->first;
	if (table->first)
		table->first->previous = connection;
	table->first = connection;
	table->count++;
	pthread_mutex_unlock(&table->lock);
	return connection;
}

void connections_close(struct connection *connection)
{
	struct connections *table = connection->table;

	pthread_mutex_lock(&table->lock);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		table->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	table->count--;
	if (table->count == 0 && table->draining)
		pthread_cond_broadcast(&table->changed);
	pthread_mutex_unlock(&table->lock);
	free(connection->target);
	free(connection);
}

void connection_enter(struct connection *connection, enum phase phase, size_t bytes)
{
	const struct connection_limits *limits = &connection->table->limits;
	int64_t allowed = phase == PHASE_READING ? limits->request : limits->idle;

	if (phase == PHASE_SENDING)
		allowed += (int64_t)(bytes / SENDING_BYTES_PER_MILLISECOND);
	connection->since = now_milliseconds();
	connection->allowed = allowed;
	atomic_store_explicit(&connection->phase, (int)phase, memory_order_release);
}

size_t connections_count(struct connections *table)
{
	pthread_mutex_lock(&table->lock);
	size_t count = table->count;
	pthread_mutex_unlock(&table->lock);
	return count;
}

unsigned long connections_cut_off(struct connections *table, enum phase phase)
{
	return table->cut_off[phase];
}

bool connections_draining(struct connections *table)
{
	return table->draining;
}

void connections_announce_end(struct connections *table)
{
	pthread_mutex_lock(&table->lock);
	table->draining = true;
	pthread_cond_broadcast(&table->changed);
	pthread_mutex_unlock(&table->lock);
}

void connections_drain(struct connections *table, int64_t milliseconds)
{
	struct timespec until = after(milliseconds);

	pthread_mutex_lock(&table->lock);
	table->draining = true;
	pthread_cond_broadcast(&table->changed);
	while (table->count > 0)
		if (pthread_cond_timedwait(&table->changed, &table->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&table->lock);
}
