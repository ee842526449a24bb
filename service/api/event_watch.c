/*
 * Owns the watch for events. A notification says no more than that it is worth a look: an event
 * that is committed can stay out of sight behind an older transaction, whose end nobody tells.
 */
#include "api/event_watch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/statements.h"
#include "store/store.h"

#define TOPICS_MAX 1024
#define IDS_BYTES ((size_t)TOPICS_MAX * 38)
/* Whether somebody has begun to wait; costs no question to the database. */
#define IDLE_MS 50
#define LOOK_EVERY_MS 1000
/* While something is committed that cannot be shown yet. */
#define PENDING_MS 20
/* How often writers are told that somebody waits; the statement says for how long. */
#define EXTEND_EVERY_MS 5000

/* What was the newest event of a partnership at the last look. */
struct known {
	char partnership_id[37];
	char newest[72];
};

struct event_watch {
	struct http_server *server;
	struct pool *pool;
	struct lease *lease; /* listening, or NULL */
	pthread_t thread;
	int ending; /* an event */
	atomic_bool stopping;
	int64_t extend_at;
	bool connected;
	size_t known_count;
	struct known known[TOPICS_MAX];
	char topics[TOPICS_MAX][37];
};

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void disconnect(struct event_watch *watch)
{
	if (watch->lease)
		pool_return(watch->lease);
	watch->lease = NULL;
}

static bool connect_watch(struct event_watch *watch, struct problem *problem)
{
	if (watch->lease && lease_socket(watch->lease) >= 0)
		return true;
	disconnect(watch);
	watch->extend_at = 0;
	return pool_lease(watch->pool, &watch->lease, problem) &&
	       lease_execute(watch->lease, "LISTEN cspr_event", problem);
}

/* Has writers notify as long as somebody waits. */
static bool extend(struct event_watch *watch, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	int64_t now = now_milliseconds();

	if (now < watch->extend_at)
		return true;
	if (!batch_begin(watch->lease, BATCH_COMMIT, &batch, problem))
		return false;
	batch_add(&batch, &SQL_FEED_WATCH_EXTEND, &(struct bindings){0});
	if (!batch_run(&batch, problem))
		return false;
	watch->extend_at = now + EXTEND_EVERY_MS;
	return true;
}

/* True when the partnership has another newest event than before; also the first time. */
static bool note(struct event_watch *watch, const char *partnership_id, const char *newest)
{
	struct known *known = NULL;

	for (size_t i = 0; i < watch->known_count && !known; i++)
		if (strcmp(watch->known[i].partnership_id, partnership_id) == 0)
			known = &watch->known[i];
	if (known && strcmp(known->newest, newest) == 0)
		return false;
	if (!known && watch->known_count < TOPICS_MAX)
		known = &watch->known[watch->known_count++];
	if (known) {
		snprintf(known->partnership_id, sizeof(known->partnership_id), "%s", partnership_id);
		snprintf(known->newest, sizeof(known->newest), "%s", newest);
	}
	return true;
}

/* One look for all that is waited for. */
static bool look(
    struct event_watch *watch, size_t topics, bool *ret_pending, struct problem *problem)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(IDS_BYTES);
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	for (size_t i = 0; i < topics; i++)
		text_printf(&ids, "%s%s", i ? "," : "{", watch->topics[i]);
	text_putc(&ids, '}');
	bind_text(&bindings, "partnership_ids", text_string(&ids));
	if (!batch_begin(watch->lease, BATCH_READ, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_EVENT_NEWS, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	for (size_t row = 0; row < rows_count(rows); row++) {
		const char *id = rows_text(rows, row, "partnership_id");
		const char *newest = rows_text(rows, row, "newest");
		if (note(watch, id, newest ? newest : ""))
			http_server_wake(watch->server, id);
		*ret_pending = *ret_pending || rows_flag(rows, row, "pending");
	}
	return true;
}

/* How long there is nothing to do. */
static int look_around(struct event_watch *watch)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	size_t topics = http_server_topics(watch->server, watch->topics, TOPICS_MAX);
	bool pending = false;

	if (topics == 0)
		return IDLE_MS;
	bool looked = connect_watch(watch, &problem) && extend(watch, &problem) &&
	              look(watch, topics, &pending, &problem);
	if (looked != watch->connected)
		log_event(looked ? LOG_INFO : LOG_ERROR,
		    looked ? "watch_ready" : "watch_waits_for_database", LOG_TEXT("cause", problem.cause));
	watch->connected = looked;
	if (!looked) {
		disconnect(watch);
		return LOOK_EVERY_MS;
	}
	if (lease_take_notifications(watch->lease))
		return 0;
	return pending ? PENDING_MS : LOOK_EVERY_MS;
}

static void *run(void *context)
{
	struct event_watch *watch = context;

	while (!atomic_load(&watch->stopping)) {
		int pause = look_around(watch);
		struct pollfd events[] = {
		    {.fd = watch->ending, .events = POLLIN},
		    {.fd = watch->lease ? lease_socket(watch->lease) : -1, .events = POLLIN},
		};
		if (poll(events, ARRAY_LENGTH(events), pause) > 0 && events[1].revents)
			(void)lease_take_notifications(watch->lease);
	}
	disconnect(watch);
	return NULL;
}

static void release(struct event_watch *watch)
{
	pool_destroy(watch->pool);
	if (watch->ending >= 0)
		close(watch->ending);
	free(watch);
}
DEFINE_CLEANUP(struct event_watch *, release)

/* Signals are the main thread's. */
static bool start_thread(struct event_watch *watch)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&watch->thread, NULL, run, watch);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

bool event_watch_start(const struct settings *settings, struct http_server *server,
    struct event_watch **ret_watch, struct problem *problem)
{
	CLEANUP(release) struct event_watch *watch = calloc(1, sizeof(*watch));
	struct pool_options options = {
	    .url = settings->database_url,
	    .role = "cspr_dispatch",
	    .application_name = "cspr-watch",
	    .size = 1,
	    .statements = statements_dispatch,
	};

	if (!watch)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for the watch");
	watch->server = server;
	watch->ending = eventfd(0, EFD_CLOEXEC);
	if (watch->ending < 0 || !pool_create(&options, &watch->pool, problem))
		return false;
	if (!start_thread(watch))
		return problem_fail(problem, PROBLEM_INTERNAL, "the watch's thread does not start");
	*ret_watch = TAKE(watch);
	return true;
}

void event_watch_stop(struct event_watch *watch)
{
	uint64_t one = 1;

	if (!watch)
		return;
	atomic_store(&watch->stopping, true);
	if (write(watch->ending, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(watch->thread, NULL);
	release(watch);
}
