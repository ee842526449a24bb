/*
 * Owns the connections between leases, and the patience with a database that is away: after a
 * failed connect one thread tries again from time to time, and all others are answered at once.
 */
#include "store/pool.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"
#include "store/sqlstate.h"

#define LEASE_WAIT_MS 2000
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 800 /* so that the pool is back within a second of the database */

struct pool {
	struct connection_options options;
	char *url;
	char *role;
	char *application_name;
	size_t size;
	struct lease *leases;

	pthread_mutex_t lock;
	pthread_cond_t returned;
	size_t idle_count;
	struct lease **idle; /* the one returned last is leased first */
	int64_t retry_at;    /* no connect before this */
	int64_t pause;       /* milliseconds; 0 while connecting works */
	bool probing;        /* a thread is finding out whether the database is back */

	bool warming; /* the first connection is being made; all wait for it rather than make others */
	bool has_warmer;
	pthread_t warmer;
};

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool pool_create(
    const struct pool_options *options, struct pool **ret_pool, struct problem *problem)
{
	assert(options->size > 0 && options->statements);
	if (!connection_check_url(options->url, problem))
		return false;
	struct pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "pool: memory");
	pthread_mutex_init(&pool->lock, NULL);
	init_condition(&pool->returned);
	pool->size = options->size;
	pool->url = copy_text(options->url);
	pool->role = copy_text(options->role);
	pool->application_name = copy_text(options->application_name);
	pool->leases = calloc(options->size, sizeof(*pool->leases));
	pool->idle = calloc(options->size, sizeof(struct lease *));
	if (!pool->url || !pool->leases || !pool->idle || (options->role && !pool->role) ||
	    (options->application_name && !pool->application_name)) {
		pool_destroy(pool);
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "pool: memory");
	}
	pool->options = (struct connection_options){
	    .url = pool->url,
	    .role = pool->role,
	    .application_name = pool->application_name,
	    .statements = options->statements,
	    .indexes_only = options->indexes_only,
	};
	for (size_t i = 0; i < options->size; i++) {
		pool->leases[i].pool = pool;
		pool->leases[i].values = TEXT_INIT(VALUES_LIMIT);
		pool->idle[pool->idle_count++] = &pool->leases[i];
	}
	*ret_pool = pool;
	return true;
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	if (pool->has_warmer)
		pthread_join(pool->warmer, NULL);
	assert(!pool->idle || !pool->leases || pool->idle_count == 0 || pool->idle_count == pool->size);
	for (size_t i = 0; pool->leases && i < pool->size; i++) {
		connection_close(&pool->leases[i].connection);
		text_finish(&pool->leases[i].values);
		free(pool->leases[i].queue);
	}
	pthread_cond_destroy(&pool->returned);
	pthread_mutex_destroy(&pool->lock);
	free(pool->leases);
	free(pool->idle);
	free(pool->url);
	free(pool->role);
	free(pool->application_name);
	free(pool);
}

static bool away(struct problem *problem, const char *why)
{
	problem->retry_after = 1;
	problem_fail(problem, PROBLEM_UNAVAILABLE, "database: %s", why);
	return problem_set(problem, PROBLEM_UNAVAILABLE, "The database cannot be reached.");
}

/* Whether this thread may try to connect now. */
static bool may_connect(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	bool allowed = pool->pause == 0 || (!pool->probing && connection_clock() >= pool->retry_at);
	if (allowed && pool->pause > 0)
		pool->probing = true;
	pthread_mutex_unlock(&pool->lock);
	return allowed;
}

static void note_connect(struct pool *pool, bool connected)
{
	unsigned char dice = 0;

	random_bytes(&dice, sizeof(dice));
	pthread_mutex_lock(&pool->lock);
	pool->probing = false;
	if (connected) {
		pool->pause = 0;
	} else if (connection_clock() >= pool->retry_at) {
		/* Several first failures at once count as one. */
		pool->pause = pool->pause ? 2 * pool->pause : PAUSE_LEAST_MS;
		if (pool->pause > PAUSE_MOST_MS)
			pool->pause = PAUSE_MOST_MS;
		pool->retry_at = connection_clock() + pool->pause - pool->pause * dice / 512;
	}
	pthread_mutex_unlock(&pool->lock);
}

bool lease_connect(struct lease *lease, struct problem *problem)
{
	connection_close(&lease->connection);
	if (!may_connect(lease->pool))
		return away(problem, "no connect yet after a failed one");
	bool connected = connection_open(&lease->pool->options, &lease->connection, problem);
	note_connect(lease->pool, connected);
	if (!connected)
		problem_set(problem, PROBLEM_UNAVAILABLE, "The database cannot be reached.");
	return connected;
}

/* NULL when every lease stays out for too long. */
static struct lease *take_idle(struct pool *pool)
{
	struct timespec until;
	struct lease *lease = NULL;
	int waited = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LEASE_WAIT_MS / 1000;
	pthread_mutex_lock(&pool->lock);
	while ((pool->idle_count == 0 || pool->warming) && waited == 0)
		waited = pthread_cond_timedwait(&pool->returned, &pool->lock, &until);
	if (pool->idle_count > 0)
		lease = pool->idle[--pool->idle_count];
	pthread_mutex_unlock(&pool->lock);
	return lease;
}

static void put_idle(struct lease *lease)
{
	struct pool *pool = lease->pool;

	pthread_mutex_lock(&pool->lock);
	assert(pool->idle_count < pool->size);
	pool->idle[pool->idle_count++] = lease;
	pthread_mutex_unlock(&pool->lock);
	/* Whoever wakes wants the lock at once. */
	pthread_cond_signal(&pool->returned);
}

bool pool_lease(struct pool *pool, struct lease **ret_lease, struct problem *problem)
{
	struct lease *lease = take_idle(pool);
	if (!lease)
		return away(problem, "every connection is in use");
	lease->sqlstate[0] = '\0';
	lease->queue_count = 0;
	if (!connection_is_alive(&lease->connection) && !lease_connect(lease, problem)) {
		put_idle(lease);
		return false;
	}
	*ret_lease = lease;
	return true;
}

void pool_return(struct lease *lease)
{
	if (lease->connection.link && !connection_is_clean(&lease->connection))
		connection_close(&lease->connection);
	put_idle(lease);
}

static void end_warming(struct lease *lease)
{
	struct pool *pool = lease->pool;

	put_idle(lease);
	pthread_mutex_lock(&pool->lock);
	pool->warming = false;
	pthread_cond_broadcast(&pool->returned);
	pthread_mutex_unlock(&pool->lock);
}

static void *connect_first(void *argument)
{
	CLEANUP(problem_finish) struct problem away = {0};
	struct lease *lease = argument;

	/* A database that is away is met again, and told of, by the first who asks for it. */
	if (lease_connect(lease, &away))
		assert(connection_is_clean(&lease->connection));
	end_warming(lease);
	return NULL;
}

void pool_warm(struct pool *pool)
{
	assert(!pool->has_warmer);
	struct lease *lease = take_idle(pool);
	if (!lease)
		return;
	pool->warming = true;
	pool->has_warmer = pthread_create(&pool->warmer, NULL, connect_first, lease) == 0;
	if (!pool->has_warmer)
		end_warming(lease);
}

const char *lease_sqlstate(const struct lease *lease)
{
	return lease->sqlstate;
}

int lease_socket(const struct lease *lease)
{
	return lease->connection.link ? PQsocket(lease->connection.link) : -1;
}

bool lease_is_sending(const struct lease *lease)
{
	return lease->connection.sending;
}

bool lease_take_notifications(struct lease *lease)
{
	PGconn *link = lease->connection.link;
	if (!link)
		return false;
	bool seen = false;
	bool alive = connection_is_alive(&lease->connection);
	for (PGnotify *notification; (notification = PQnotifies(link));) {
		PQfreemem(notification);
		seen = true;
	}
	if (!alive)
		connection_close(&lease->connection);
	return seen;
}

bool lease_execute(struct lease *lease, const char *sql, struct problem *problem)
{
	CLEANUP(PQclear) PGresult *result = NULL;

	lease->connection.personal = true;
	if (!connection_execute(&lease->connection, sql, NULL, 0, BATCH_TIMEOUT_MS, &result))
		return sqlstate_problem(&(struct fault){.statement = "execute"}, problem);
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return true;
	struct fault fault = sqlstate_fault(result, "execute");
	return sqlstate_problem(&fault, problem);
}
