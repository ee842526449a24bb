/*
 * Owns those who wait. libmicrohttpd sees nothing of a connection that is suspended, not even that
 * its client has left, so the thread here looks at the sockets itself, and at the clock.
 *
 * A topic's number goes up with each wake. Who looks notes it before, and does not begin to wait
 * when it has gone up meanwhile: nothing that comes between a look and the wait is missed.
 */
#include "http/waiting.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#define TICK_MS 100
#define EVENTS_AT_ONCE 64

enum state {
	LOOKING, /* a worker has it */
	PARKED,  /* suspended */
	CALLED,  /* suspended, and will be resumed in its turn */
	RESUMED, /* a worker is about to have it */
};

struct topic {
	struct topic *next;
	char name[37];
	uint64_t wakes;
	size_t waiters;
};

struct waiter {
	struct waiter *next, *previous;
	struct waiter *called_next;
	struct waiting *waiting;
	struct connection *connection;
	struct topic *topic;
	struct later later;
	uint64_t number; /* what its socket's events carry */
	int64_t until;
	enum state state;
	bool left;       /* its client has gone */
	bool takes_turn; /* counts among those who look after they were woken */
	bool answered;
	struct text body;
};

struct waiting {
	struct waiting_limits limits;
	pthread_mutex_t lock;
	pthread_t thread;
	int sockets; /* epoll */
	bool ending;
	bool stopping;
	struct waiter *first;
	struct topic *topics;
	struct waiter *called_first, *called_last;
	size_t count;
	size_t turns;
	uint64_t next_number;
	unsigned long answered, over, left, refused;
};

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Under the lock ---- */

static void resume(struct waiter *waiter)
{
	assert(waiter->state == PARKED || waiter->state == CALLED);
	epoll_ctl(waiter->waiting->sockets, EPOLL_CTL_DEL, waiter->connection->fd, NULL);
	waiter->state = RESUMED;
	MHD_resume_connection(waiter->connection->handle);
}

static void resume_called(struct waiting *waiting)
{
	while (waiting->called_first && waiting->turns < waiting->limits.at_once) {
		struct waiter *waiter = waiting->called_first;
		waiting->called_first = waiter->called_next;
		if (!waiting->called_first)
			waiting->called_last = NULL;
		waiter->called_next = NULL;
		waiter->takes_turn = true;
		waiting->turns++;
		resume(waiter);
	}
}

static void call(struct waiter *waiter)
{
	struct waiting *waiting = waiter->waiting;

	if (waiter->state != PARKED)
		return;
	waiter->state = CALLED;
	if (waiting->called_last)
		waiting->called_last->called_next = waiter;
	else
		waiting->called_first = waiter;
	waiting->called_last = waiter;
}

static void give_turn_back(struct waiter *waiter)
{
	if (!waiter->takes_turn)
		return;
	waiter->takes_turn = false;
	waiter->waiting->turns--;
	resume_called(waiter->waiting);
}

static struct topic *topic_of(struct waiting *waiting, const char *name)
{
	struct topic *topic = waiting->topics;

	while (topic && strcmp(topic->name, name) != 0)
		topic = topic->next;
	if (topic)
		return topic;
	topic = calloc(1, sizeof(*topic));
	if (!topic)
		return NULL;
	snprintf(topic->name, sizeof(topic->name), "%s", name);
	topic->next = waiting->topics;
	waiting->topics = topic;
	return topic;
}

static size_t count_of(const struct waiting *waiting, const char *caller)
{
	size_t count = 0;

	for (const struct waiter *at = waiting->first; at; at = at->next)
		count += strcmp(at->later.caller, caller) == 0;
	return count;
}

static void add(struct waiting *waiting, struct waiter *waiter)
{
	waiter->number = ++waiting->next_number;
	waiter->next = waiting->first;
	if (waiting->first)
		waiting->first->previous = waiter;
	waiting->first = waiter;
	waiting->count++;
	waiter->topic->waiters++;
}

static void take_out(struct waiter *waiter)
{
	struct waiting *waiting = waiter->waiting;

	if (waiter->previous)
		waiter->previous->next = waiter->next;
	else
		waiting->first = waiter->next;
	if (waiter->next)
		waiter->next->previous = waiter->previous;
	waiting->count--;
	waiter->topic->waiters--;
}

/* False when the socket cannot be watched: it then answers at once instead. */
static bool park(struct waiter *waiter)
{
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = waiter->number};

	if (epoll_ctl(waiter->waiting->sockets, EPOLL_CTL_ADD, waiter->connection->fd, &event) != 0)
		return false;
	waiter->state = PARKED;
	MHD_suspend_connection(waiter->connection->handle);
	give_turn_back(waiter);
	return true;
}

/* ---- A worker's part ---- */

enum look { FOUND, NOTHING_YET, GONE };

/* Looks until there is an answer or nothing new to look at. */
static enum look look(struct waiter *waiter)
{
	struct waiting *waiting = waiter->waiting;
	bool unwatched = false;

	for (;;) {
		pthread_mutex_lock(&waiting->lock);
		waiter->state = LOOKING;
		uint64_t wakes = waiter->topic->wakes;
		bool last = unwatched || waiting->ending || now_milliseconds() >= waiter->until;
		bool left = waiter->left;
		pthread_mutex_unlock(&waiting->lock);
		if (left)
			return GONE;
		if (waiter->later.look(waiter->later.context, last, &waiter->body))
			return FOUND;
		assert(!last);
		pthread_mutex_lock(&waiting->lock);
		bool again = waiting->ending || waiter->topic->wakes != wakes;
		bool parked = !again && park(waiter);
		pthread_mutex_unlock(&waiting->lock);
		if (parked)
			return NOTHING_YET;
		unwatched = !again;
	}
}

static void answer(struct waiter *waiter)
{
	struct waiting *waiting = waiter->waiting;

	waiter->answered = true;
	connection_enter(waiter->connection, PHASE_SENDING, waiter->body.length);
	pthread_mutex_lock(&waiting->lock);
	if (now_milliseconds() >= waiter->until)
		waiting->over++;
	else
		waiting->answered++;
	give_turn_back(waiter);
	pthread_mutex_unlock(&waiting->lock);
}

ssize_t waiter_read(void *context, uint64_t position, char *bytes, size_t most)
{
	struct waiter *waiter = context;

	if (!waiter->answered) {
		enum look seen = look(waiter);
		if (seen == NOTHING_YET)
			return 0;
		if (seen == GONE || waiter->body.failed)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		answer(waiter);
	}
	if (position >= waiter->body.length)
		return MHD_CONTENT_READER_END_OF_STREAM;
	size_t length = waiter->body.length - (size_t)position;
	if (length > most)
		length = most;
	memcpy(bytes, text_string(&waiter->body) + position, length);
	return (ssize_t)length;
}

void waiter_finish(void *context)
{
	struct waiter *waiter = context;
	struct waiting *waiting = waiter->waiting;

	pthread_mutex_lock(&waiting->lock);
	assert(waiter->state == LOOKING || waiter->state == RESUMED);
	take_out(waiter);
	if (!waiter->answered)
		waiting->left++;
	give_turn_back(waiter);
	pthread_mutex_unlock(&waiting->lock);
	waiter->later.finish(waiter->later.context);
	text_finish(&waiter->body);
	free(waiter);
}

bool waiting_take(struct waiting *waiting, struct connection *connection, struct later *later,
    struct waiter **ret_waiter, struct problem *problem)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	bool taken = false;

	pthread_mutex_lock(&waiting->lock);
	struct topic *topic = waiter ? topic_of(waiting, later->topic) : NULL;
	if (topic && waiting->count < waiting->limits.all &&
	    count_of(waiting, later->caller) < waiting->limits.per_caller) {
		*waiter = (struct waiter){
		    .waiting = waiting,
		    .connection = connection,
		    .topic = topic,
		    .later = *later,
		    .until = now_milliseconds() + later->milliseconds,
		    .body = TEXT_INIT(REPLY_BYTES),
		};
		add(waiting, waiter);
		taken = true;
	} else {
		waiting->refused++;
	}
	pthread_mutex_unlock(&waiting->lock);
	if (taken) {
		*ret_waiter = waiter;
		return true;
	}
	free(waiter);
	later->finish(later->context);
	return problem_set(problem, PROBLEM_TOO_MANY,
	    "As many requests are waiting as may; ask without wait, or later.");
}

/* ---- The thread ---- */

static void note_left(struct waiting *waiting, uint64_t number)
{
	for (struct waiter *at = waiting->first; at; at = at->next) {
		if (at->number != number)
			continue;
		at->left = true;
		/* One that is called comes to it in its turn. */
		if (at->state == PARKED)
			resume(at);
		return;
	}
}

static void call_all_over(struct waiting *waiting)
{
	int64_t now = now_milliseconds();

	for (struct waiter *at = waiting->first; at; at = at->next)
		if (waiting->ending || now >= at->until)
			call(at);
	resume_called(waiting);
}

static void *run(void *context)
{
	struct waiting *waiting = context;
	struct epoll_event events[EVENTS_AT_ONCE];

	for (bool stopping = false; !stopping;) {
		int count = epoll_wait(waiting->sockets, events, EVENTS_AT_ONCE, TICK_MS);
		pthread_mutex_lock(&waiting->lock);
		for (int i = 0; i < count; i++)
			note_left(waiting, events[i].data.u64);
		call_all_over(waiting);
		stopping = waiting->stopping;
		pthread_mutex_unlock(&waiting->lock);
	}
	return NULL;
}

bool waiting_create(
    const struct waiting_limits *limits, struct waiting **ret_waiting, struct problem *problem)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for those who wait");
	waiting->limits = *limits;
	pthread_mutex_init(&waiting->lock, NULL);
	waiting->sockets = epoll_create1(EPOLL_CLOEXEC);
	if (waiting->sockets >= 0 && pthread_create(&waiting->thread, NULL, run, waiting) == 0) {
		*ret_waiting = waiting;
		return true;
	}
	if (waiting->sockets >= 0)
		close(waiting->sockets);
	pthread_mutex_destroy(&waiting->lock);
	free(waiting);
	return problem_fail(problem, PROBLEM_INTERNAL, "the thread of those who wait does not start");
}

void waiting_destroy(struct waiting *waiting)
{
	if (!waiting)
		return;
	pthread_mutex_lock(&waiting->lock);
	waiting->stopping = true;
	pthread_mutex_unlock(&waiting->lock);
	pthread_join(waiting->thread, NULL);
	assert(!waiting->first);
	close(waiting->sockets);
	while (waiting->topics) {
		struct topic *topic = waiting->topics;
		waiting->topics = topic->next;
		free(topic);
	}
	pthread_mutex_destroy(&waiting->lock);
	free(waiting);
}

/* ---- What others tell and ask ---- */

void waiting_wake(struct waiting *waiting, const char *name)
{
	pthread_mutex_lock(&waiting->lock);
	for (struct topic *topic = waiting->topics; topic; topic = topic->next)
		if (strcmp(topic->name, name) == 0)
			topic->wakes++;
	for (struct waiter *at = waiting->first; at; at = at->next)
		if (strcmp(at->topic->name, name) == 0)
			call(at);
	resume_called(waiting);
	pthread_mutex_unlock(&waiting->lock);
}

size_t waiting_topics(struct waiting *waiting, char ret_topics[][37], size_t most)
{
	size_t count = 0;

	pthread_mutex_lock(&waiting->lock);
	for (const struct topic *topic = waiting->topics; topic && count < most; topic = topic->next)
		if (topic->waiters)
			memcpy(ret_topics[count++], topic->name, sizeof(topic->name));
	pthread_mutex_unlock(&waiting->lock);
	return count;
}

size_t waiting_count(struct waiting *waiting)
{
	pthread_mutex_lock(&waiting->lock);
	size_t count = waiting->count;
	pthread_mutex_unlock(&waiting->lock);
	return count;
}

void waiting_end(struct waiting *waiting)
{
	pthread_mutex_lock(&waiting->lock);
	waiting->ending = true;
	call_all_over(waiting);
	pthread_mutex_unlock(&waiting->lock);
}

void waiting_measure(struct waiting *waiting, struct text *ret_text)
{
	pthread_mutex_lock(&waiting->lock);
	text_printf(ret_text,
	    "# HELP cspr_http_waiting Requests that wait for their answer.\n"
	    "# TYPE cspr_http_waiting gauge\ncspr_http_waiting %zu\n"
	    "# TYPE cspr_http_waited_total counter\n"
	    "cspr_http_waited_total{end=\"answered\"} %lu\ncspr_http_waited_total{end=\"over\"} %lu\n"
	    "cspr_http_waited_total{end=\"left\"} %lu\ncspr_http_waited_total{end=\"refused\"} %lu\n",
	    waiting->count, waiting->answered, waiting->over, waiting->left, waiting->refused);
	pthread_mutex_unlock(&waiting->lock);
}
