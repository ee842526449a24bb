/*
 * Owns which read waits for which. Whoever comes while as many are asking as may, joins those who
 * wait. Who has asked hands over to the first of them, who asks for all who wait with the same key,
 * each of whom then writes an answer of its own. Nobody waits when nobody asks, so that a single
 * read is asked for at once.
 *
 * Each of them is authenticated by the one question that brings its answer: a key that was revoked
 * before is refused.
 */
#include "api/gather.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"

/*
 * As many as are asked for together. With more the database rests while their answers are written,
 * and the other way round; with fewer it has more to do for each. Of 32 callers 1 in 100 waited
 * 5.0 ms with 8, 4.4 with 12, 4.1 with 16 and 4.2 with 24.
 */
#define TOGETHER_MAX 16
#define IDS_BYTES ((size_t)TOGETHER_MAX * sizeof(struct uuid) + 2)

/* What was read, until the last of those who asked for it has written its answer. */
struct shared {
	struct batch batch;
	size_t number, inner_number;
	atomic_size_t holders;
};

/* One who reads, on the stack of its thread: gone as soon as it has been woken. */
struct reader {
	struct reader *next;
	struct call *call;
	struct uuid id;
	/* Not a condition: whoever wakes needs no lock, that others want at the same time. */
	sem_t turn;
	bool asks;
	/* NULL when whoever asked has failed; of one that asks, when nothing was asked ahead. */
	struct shared *shared;
	bool is_away; /* because the database did not answer */
};

struct gather {
	pthread_mutex_t lock;
	size_t asking;
	size_t asking_max;
	struct reader *first; /* of those who wait, in their order */
	struct reader **end;
	size_t waiting;
	unsigned long questions, answers;
	atomic_ulong asked_ahead;
};

bool gather_create(size_t connections, struct gather **ret_gather, struct problem *problem)
{
	struct gather *gather = calloc(1, sizeof(*gather));

	if (!gather)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	pthread_mutex_init(&gather->lock, NULL);
	/*
	 * There are two connections for each processor. One for two of them asks: the database is as
	 * fast with it, and the other processor writes answers meanwhile. Two of two asked no more a
	 * second, and 1 in 100 waited twice as long.
	 */
	gather->asking_max = connections > 4 ? connections / 4 : 1;
	gather->end = &gather->first;
	*ret_gather = gather;
	return true;
}

void gather_destroy(struct gather *gather)
{
	if (!gather)
		return;
	assert(!gather->first && gather->asking == 0);
	pthread_mutex_destroy(&gather->lock);
	free(gather);
}

static void let_go(struct shared *shared)
{
	if (!shared || atomic_fetch_sub(&shared->holders, 1) > 1)
		return;
	batch_finish(&shared->batch);
	free(shared);
}

void gather_measure(struct gather *gather, struct text *ret_metrics)
{
	pthread_mutex_lock(&gather->lock);
	text_printf(ret_metrics,
	    "# HELP cspr_reads_waiting Reads that wait to be asked for together.\n"
	    "# TYPE cspr_reads_waiting gauge\ncspr_reads_waiting %zu\n"
	    "# HELP cspr_reads_answered_total Reads that were answered by one question or another.\n"
	    "# TYPE cspr_reads_answered_total counter\ncspr_reads_answered_total %lu\n"
	    "# TYPE cspr_reads_questions_total counter\ncspr_reads_questions_total %lu\n"
	    "# HELP cspr_reads_asked_ahead_total Questions that were asked before who asks was awake.\n"
	    "# TYPE cspr_reads_asked_ahead_total counter\ncspr_reads_asked_ahead_total %lu\n",
	    gather->waiting, gather->answers, gather->questions, atomic_load(&gather->asked_ahead));
	pthread_mutex_unlock(&gather->lock);
}

void sight_finish(struct sight *sight)
{
	let_go(sight->shared);
	*sight = (struct sight){0};
}

/* ---- Asking ---- */

static void put_ids(const struct reader *company, struct text *ret_text)
{
	char mark = '{';

	for (const struct reader *at = company; at; at = at->next) {
		text_putc(ret_text, mark);
		text_puts(ret_text, at->id.text);
		mark = ',';
	}
	text_putc(ret_text, '}');
}

static bool put_question(
    const struct reader *company, struct shared *shared, struct problem *problem)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(IDS_BYTES);
	const struct endpoint *endpoint = company->call->endpoint;
	struct bindings bindings = {0};

	put_ids(company, &ids);
	bind_text(&bindings, endpoint->gathers, text_string(&ids));
	if (!call_begin(company->call, BATCH_READ, NULL, &shared->batch, problem))
		return false;
	shared->number = batch_add(&shared->batch, endpoint->statement, &bindings);
	if (endpoint->inner)
		shared->inner_number = batch_add(&shared->batch, endpoint->inner, &bindings);
	return true;
}

static void drop(struct shared *shared)
{
	if (shared)
		batch_finish(&shared->batch);
	free(shared);
}

/*
 * Asks for those who come next on the connection that has just answered, whose pages are still
 * warm: the database need not rest until the first of them is awake, and wait for its answer. Not
 * past those who wait for a connection for something else.
 */
static void ask_ahead(struct gather *gather, struct reader *next, struct lease *lease)
{
	CLEANUP(problem_finish) struct problem ignored = {0};
	struct pool *pool = next->call->api->pool;
	struct shared *shared = pool_waiting(pool) == 0 ? calloc(1, sizeof(*shared)) : NULL;

	next->call->lease = lease;
	if (shared && put_question(next, shared, &ignored) && batch_send(&shared->batch, &ignored)) {
		next->shared = shared;
		atomic_fetch_add(&gather->asked_ahead, 1);
		return;
	}
	/* It asks by itself, then, and is told why not. */
	drop(shared);
	pool_return(TAKE(next->call->lease));
}

/* Of those who wait, the first and all like it, as many as go together. Under the lock. */
static struct reader *take_company(struct gather *gather)
{
	struct reader *company = gather->first;
	struct reader **last = &company->next;
	size_t count = 1;

	gather->first = company->next;
	company->next = NULL;
	for (struct reader **at = &gather->first; *at && count < TOGETHER_MAX;) {
		struct reader *reader = *at;
		if (reader->call->endpoint != company->call->endpoint ||
		    strcmp(reader->call->key_hash, company->call->key_hash) != 0) {
			at = &reader->next;
			continue;
		}
		*at = reader->next;
		reader->next = NULL;
		*last = reader;
		last = &reader->next;
		count++;
	}
	gather->end = &gather->first;
	while (*gather->end)
		gather->end = &(*gather->end)->next;
	gather->waiting -= count;
	return company;
}

/*
 * Whoever has asked hands over first, with its connection if there is one, and then its company
 * their answers.
 */
static void hand_over(struct gather *gather, const struct reader *company, struct shared *shared,
    struct lease *lease, bool is_away)
{
	struct reader *next = NULL;

	pthread_mutex_lock(&gather->lock);
	if (gather->first)
		next = take_company(gather);
	else
		gather->asking--;
	gather->questions++;
	gather->answers += shared ? atomic_load(&shared->holders) : 0;
	pthread_mutex_unlock(&gather->lock);
	/* Without the lock: who is woken may run at once, in place of this thread. */
	if (next) {
		next->asks = true;
		if (lease)
			ask_ahead(gather, next, TAKE(lease));
		sem_post(&next->turn);
	}
	if (lease)
		pool_return(lease);
	for (struct reader *at = company->next; at;) {
		struct reader *reader = at;
		at = reader->next;
		reader->shared = shared;
		reader->is_away = is_away;
		sem_post(&reader->turn);
	}
}

/* Asks, unless that was done ahead, and waits for the answers; NULL when there are none. */
static struct shared *answers_for(struct reader *company, struct problem *problem)
{
	struct call *call = company->call;
	struct shared *shared = TAKE(company->shared);
	bool good = false;

	if (shared)
		good = batch_wait(&shared->batch, problem);
	else if (!(shared = calloc(1, sizeof(*shared))))
		(void)problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for what is read");
	else
		good = (call->lease || pool_lease(call->api->pool, &call->lease, problem)) &&
		       put_question(company, shared, problem) && batch_run(&shared->batch, problem);
	if (good)
		return shared;
	drop(shared);
	return NULL;
}

static bool ask_for_all(struct gather *gather, struct reader *company, struct problem *problem)
{
	struct call *call = company->call;
	struct shared *shared = answers_for(company, problem);
	struct lease *lease = NULL;

	if (shared) {
		size_t holders = 0;
		for (const struct reader *at = company; at; at = at->next)
			holders++;
		atomic_store(&shared->holders, holders);
		call_take_caller(call, &shared->batch);
		/* A failed one's goes with its call, whose refusal is recorded on it. */
		lease = TAKE(call->lease);
	}
	if (gather)
		hand_over(gather, company, shared, lease, !shared && problem->kind == PROBLEM_UNAVAILABLE);
	else if (lease)
		pool_return(lease);
	company->shared = shared;
	return shared;
}

/* ---- Reading ---- */

/* True when it is for this reader to ask. */
static bool wait_for_turn(struct gather *gather, struct reader *reader)
{
	pthread_mutex_lock(&gather->lock);
	bool asks_now = gather->asking < gather->asking_max;
	if (asks_now) {
		gather->asking++;
	} else {
		*gather->end = reader;
		gather->end = &reader->next;
		gather->waiting++;
	}
	pthread_mutex_unlock(&gather->lock);
	/* Whoever waits is not looked at before it has been woken: whoever wakes it may be at it. */
	if (asks_now)
		return true;
	while (sem_wait(&reader->turn) != 0)
		assert(errno == EINTR);
	return reader->asks;
}

static bool is_of(const struct rows *inner, size_t row, const struct reader *reader)
{
	return strcmp(rows_text(inner, row, reader->call->endpoint->record), reader->id.text) == 0;
}

static void find(const struct reader *reader, struct sight *ret_sight)
{
	const struct endpoint *endpoint = reader->call->endpoint;
	struct shared *shared = reader->shared;
	const struct rows *rows = batch_rows(&shared->batch, shared->number);
	size_t row = 0;

	while (row < rows_count(rows) && strcmp(rows_text(rows, row, "id"), reader->id.text) != 0)
		row++;
	*ret_sight = (struct sight){.shared = shared, .rows = rows, .row = row};
	if (!endpoint->inner)
		return;
	ret_sight->inner = batch_rows(&shared->batch, shared->inner_number);
	size_t count = rows_count(ret_sight->inner);
	size_t at = 0;
	while (at < count && !is_of(ret_sight->inner, at, reader))
		at++;
	ret_sight->inner_first = at;
	while (at < count && is_of(ret_sight->inner, at, reader))
		at++;
	ret_sight->inner_count = at - ret_sight->inner_first;
}

bool gather_read(struct call *call, struct sight *ret_sight, struct problem *problem)
{
	struct gather *gather = call->api->gather;
	struct reader reader = {.call = call};
	const char *id = request_argument(call->request, call->endpoint->record);

	for (size_t i = 0; id[i] && i + 1 < sizeof(reader.id.text); i++)
		reader.id.text[i] = (char)tolower((unsigned char)id[i]);
	sem_init(&reader.turn, 0, 0);
	bool asks = wait_for_turn(gather, &reader);
	sem_destroy(&reader.turn);
	if (!asks && reader.is_away) {
		problem->retry_after = 1;
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "asked for with others in vain");
	}
	if (!asks && reader.shared) {
		call_take_caller(call, &reader.shared->batch);
	} else {
		/* What has failed for another's sake is this one's own to ask for, and to be told of. */
		if (!asks)
			reader.next = NULL;
		if (!ask_for_all(asks ? gather : NULL, &reader, problem))
			return false;
	}
	find(&reader, ret_sight);
	return true;
}
