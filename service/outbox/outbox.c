/*
 * Owns the dispatcher's thread. What it guarantees: a delivery is sent at least once; it is under
 * way here only while this process holds its claim; what waits for a delivery of the same endpoint
 * and incident is not sent before it.
 */
#include "outbox/outbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"
#include "base/log.h"
#include "outbox/counters.h"
#include "outbox/queue.h"
#include "outbox/sign.h"
#include "outbox/sweep.h"
#include "store/statements.h"

/* A claim that nobody settles is taken over within 45 s: the lease and a look each second. */
#define LEASE_LEAST_MS 40000
/* What a lease must leave beyond a call's time, for settling while the database is slow. */
#define LEASE_MARGIN_MS 20000
#define LOOK_EVERY_MS 1000
#define MEASURE_EVERY_MS 5000
#define STOP_PATIENCE_MS 10000

enum slot_state { SLOT_FREE, SLOT_UNDER_WAY, SLOT_ENDED };

struct slot {
	enum slot_state state;
	struct delivery delivery;
	struct sent sent;
	struct verdict verdict;
};

struct outbox {
	long timeout_ms;
	long retry_scale_percent;
	int64_t lease_ms;
	int64_t sweep_every_ms;
	const char *link; /* how clients reach the service */
	unsigned char secrets_key[32];
	struct target_allow *allow;
	struct pool *pool;
	struct sender *sender;
	pthread_t thread;
	atomic_bool stopping;
	struct counters counters;

	/* Of the thread alone. */
	struct lease *lease; /* listening, or NULL */
	struct allowances allowances;
	int64_t look_at; /* the next look at the queue, monotonic */
	int64_t measure_at;
	int64_t sweep_at;
	bool texts_left_out;
	struct slot slots[SLOTS];
	struct settlement outcomes[SLOTS];
	struct delivery claimed[SLOTS];
};

static int64_t monotonic_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t count_slots(const struct outbox *outbox, enum slot_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		count += outbox->slots[i].state == state;
	return count;
}

/* ---- Ends of attempts ---- */

static void end_attempt(struct outbox *outbox, struct slot *slot)
{
	const struct sent *sent = &slot->sent;
	struct attempt attempt = {
	    .status = sent->status,
	    .complete = sent->complete,
	    .retry_after_seconds = sent->retry_after_seconds,
	    .number = slot->delivery.attempts + 1,
	    .statutory = slot->delivery.statutory,
	};
	uint32_t random;

	random_bytes(&random, sizeof(random));
	slot->verdict = verdict_of(&attempt, random, (int)outbox->retry_scale_percent);
	slot->state = SLOT_ENDED;
	bool delivered = slot->verdict.state == VERDICT_DELIVERED;
	allowance_ended(&outbox->allowances, slot->delivery.endpoint_id, delivered);
	atomic_fetch_sub(&outbox->counters.under_way, 1);
	log_event(delivered ? LOG_INFO : LOG_WARNING, "delivery_attempt",
	    LOG_TEXT("delivery_id", slot->delivery.id),
	    LOG_TEXT("endpoint_id", slot->delivery.endpoint_id),
	    LOG_TEXT("state", verdict_state_name(slot->verdict.state)),
	    LOG_NUMBER("attempt", attempt.number), LOG_NUMBER("status", sent->status),
	    LOG_NUMBER("microseconds", (int64_t)sent->duration_ms * 1000),
	    LOG_TEXT("error", sent->error));
}

static void free_slot(struct slot *slot)
{
	delivery_finish(&slot->delivery);
	slot->state = SLOT_FREE;
}

static void count_outcome(struct outbox *outbox, const struct settlement *outcome)
{
	struct counters *counters = &outbox->counters;

	if (outcome->settled) {
		atomic_fetch_add(&counters->attempts[outcome->verdict.state], 1);
		return;
	}
	atomic_fetch_add(&counters->stale, 1);
	log_event(
	    LOG_WARNING, "delivery_held_by_another", LOG_TEXT("delivery_id", outcome->delivery->id));
}

/* ---- Starts of attempts ---- */

/* An attempt that never reached the network still counts as one, and is tried again. */
static void cannot_send(struct outbox *outbox, struct slot *slot, const char *error)
{
	slot->sent = (struct sent){.started_at = clock_milliseconds()};
	snprintf(slot->sent.error, sizeof(slot->sent.error), "%s", error);
	end_attempt(outbox, slot);
}

static void start_attempt(struct outbox *outbox, struct slot *slot)
{
	const struct delivery *delivery = &slot->delivery;
	char secret[WEBHOOK_SECRET_MAX];
	char previous[WEBHOOK_SECRET_MAX];
	char signature[WEBHOOK_SIGNATURE_MAX];
	int64_t timestamp = clock_milliseconds() / 1000;
	size_t length = strlen(delivery->body);
	const char *previous_sealed = delivery->previous_secret_sealed;

	slot->state = SLOT_UNDER_WAY;
	allowance_taken(&outbox->allowances, delivery->endpoint_id);
	atomic_fetch_add(&outbox->counters.under_way, 1);
	bool opened =
	    webhook_secret_unseal(outbox->secrets_key, delivery->secret_sealed, secret) &&
	    (!previous_sealed || webhook_secret_unseal(outbox->secrets_key, previous_sealed, previous));
	bool is_signed = opened && webhook_sign(secret, previous_sealed ? previous : NULL, delivery->id,
	                               timestamp, delivery->body, length, signature);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(previous, sizeof(previous));
	if (!is_signed) {
		cannot_send(outbox, slot, "the endpoint's secret cannot be opened with CSPR_SECRETS_KEY");
		return;
	}
	struct letter letter = {
	    .id = delivery->id,
	    .url = delivery->url,
	    .signature = signature,
	    .timestamp = timestamp,
	    .body = delivery->body,
	    .length = length,
	};
	sender_start(outbox->sender, &letter, slot, &slot->sent);
}

static struct slot *find_free(struct outbox *outbox)
{
	size_t i = 0;

	while (outbox->slots[i].state != SLOT_FREE)
		i++;
	return &outbox->slots[i];
}

/*
 * Starts what was claimed. A claim whose answer came so late that the call could outlast the lease
 * is left to run out, because somebody else may hold the delivery by then.
 */
static void start_claimed(struct outbox *outbox, struct exchange *exchange, int64_t asked_at)
{
	int64_t latest = asked_at + outbox->lease_ms - outbox->timeout_ms - LOOK_EVERY_MS;

	for (size_t i = 0; i < exchange->claimed_count; i++) {
		if (monotonic_milliseconds() > latest) {
			delivery_finish(&exchange->claimed[i]);
			continue;
		}
		struct slot *slot = find_free(outbox);
		slot->delivery = exchange->claimed[i];
		start_attempt(outbox, slot);
	}
}

/* ---- The database ---- */

static void disconnect(struct outbox *outbox)
{
	if (outbox->lease)
		pool_return(outbox->lease);
	outbox->lease = NULL;
}

static bool connect_queue(struct outbox *outbox, struct problem *problem)
{
	if (outbox->lease && lease_socket(outbox->lease) >= 0)
		return true;
	disconnect(outbox);
	return pool_lease(outbox->pool, &outbox->lease, problem) &&
	       lease_execute(outbox->lease, "LISTEN cspr_delivery", problem);
}

/* Only a change is logged: a database that is away would fill the log. */
static void note_connected(struct outbox *outbox, bool connected, const struct problem *problem)
{
	if (atomic_exchange(&outbox->counters.connected, connected) == connected)
		return;
	if (connected)
		log_event(LOG_INFO, "dispatcher_ready", LOG_NUMBER("slots", SLOTS));
	else
		log_event(LOG_ERROR, "dispatcher_waits_for_database", LOG_TEXT("cause", problem->cause));
}

/*
 * What the database refuses for another reason than being away or busy would be refused again:
 * the receivers' words are left out, and in the end the outcomes are dropped. The leases then run
 * out, and the deliveries are made again.
 */
static void note_refused(
    struct outbox *outbox, const struct exchange *exchange, const struct problem *problem)
{
	if (problem->kind == PROBLEM_UNAVAILABLE || problem->kind == PROBLEM_BUSY ||
	    exchange->outcome_count == 0)
		return;
	log_event(LOG_ERROR, "settlement_refused", LOG_TEXT("cause", problem->cause),
	    LOG_NUMBER("outcomes", (int64_t)exchange->outcome_count));
	if (!outbox->texts_left_out) {
		outbox->texts_left_out = true;
		return;
	}
	outbox->texts_left_out = false;
	for (size_t i = 0; i < SLOTS; i++)
		if (outbox->slots[i].state == SLOT_ENDED)
			free_slot(&outbox->slots[i]);
}

static void collect_outcomes(struct outbox *outbox, struct exchange *exchange)
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &outbox->slots[i];
		if (slot->state == SLOT_ENDED)
			outbox->outcomes[exchange->outcome_count++] = (struct settlement){
			    .delivery = &slot->delivery, .sent = &slot->sent, .verdict = slot->verdict};
	}
}

static void apply_exchange(struct outbox *outbox, struct exchange *exchange, int64_t asked_at)
{
	for (size_t i = 0; i < exchange->outcome_count; i++)
		count_outcome(outbox, &exchange->outcomes[i]);
	for (size_t i = 0; i < SLOTS; i++)
		if (outbox->slots[i].state == SLOT_ENDED)
			free_slot(&outbox->slots[i]);
	if (exchange->measure)
		atomic_store(&outbox->counters.lag_ms, exchange->lag_ms);
	outbox->texts_left_out = false;
	start_claimed(outbox, exchange, asked_at);
}

/* Settles what has ended and, unless the end is near, claims for every free slot. */
static bool exchange_with_queue(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int64_t now = monotonic_milliseconds();
	struct exchange exchange = {
	    .outcomes = outbox->outcomes,
	    .texts_left_out = outbox->texts_left_out,
	    .lease_ms = outbox->lease_ms,
	    .allowances = &outbox->allowances,
	    .measure = now >= outbox->measure_at,
	    .claimed = outbox->claimed,
	};

	outbox->look_at = now + LOOK_EVERY_MS;
	collect_outcomes(outbox, &exchange);
	if (!atomic_load(&outbox->stopping))
		exchange.wanted = count_slots(outbox, SLOT_FREE) + exchange.outcome_count;
	if (!connect_queue(outbox, &problem) || !queue_exchange(outbox->lease, &exchange, &problem)) {
		note_refused(outbox, &exchange, &problem);
		note_connected(outbox, false, &problem);
		disconnect(outbox);
		return false;
	}
	note_connected(outbox, true, NULL);
	if (exchange.measure)
		outbox->measure_at = now + MEASURE_EVERY_MS;
	apply_exchange(outbox, &exchange, now);
	return true;
}

/* ---- Clocks ---- */

/* What cannot be done now is done by the next sweep, and what it changed by then is not lost. */
static void sweep(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	bool more = false;

	outbox->sweep_at = monotonic_milliseconds() + outbox->sweep_every_ms;
	if (!connect_queue(outbox, &problem) ||
	    !sweep_run(outbox->lease, outbox->link, &more, &problem)) {
		log_event(LOG_WARNING, "sweep_failed", LOG_TEXT("cause", problem.cause));
		return;
	}
	if (more)
		outbox->sweep_at = 0;
}

/* ---- The thread ---- */

static void collect_finished(struct outbox *outbox)
{
	sender_run(outbox->sender);
	for (struct slot *slot; (slot = sender_take_finished(outbox->sender));)
		end_attempt(outbox, slot);
}

/* Waits for whatever comes first; says whether the queue is worth a look. */
static bool wait_for_work(struct outbox *outbox, int64_t until)
{
	int64_t left = until - monotonic_milliseconds();
	int socket = outbox->lease ? lease_socket(outbox->lease) : -1;

	if (left < 0)
		left = 0;
	if (left > LOOK_EVERY_MS)
		left = LOOK_EVERY_MS;
	bool readable = sender_wait(outbox->sender, socket, (int)left);
	/* Without a notification it is the end of the connection, which the next look finds. */
	if (readable)
		(void)lease_take_notifications(outbox->lease);
	return readable;
}

/* Whether clocks are swept at all, and can be now. */
static bool sweeps(const struct outbox *outbox)
{
	return outbox->sweep_every_ms > 0 && atomic_load(&outbox->counters.connected);
}

static int64_t next_look(const struct outbox *outbox)
{
	if (sweeps(outbox) && outbox->sweep_at < outbox->look_at)
		return outbox->sweep_at;
	return outbox->look_at;
}

static void dispatch(struct outbox *outbox)
{
	while (!atomic_load(&outbox->stopping)) {
		bool connected = atomic_load(&outbox->counters.connected);
		bool ended = count_slots(outbox, SLOT_ENDED) > 0;
		/* While the database is away, what has ended waits for the next look like all else. */
		if ((ended && connected) || monotonic_milliseconds() >= outbox->look_at)
			(void)exchange_with_queue(outbox);
		if (sweeps(outbox) && monotonic_milliseconds() >= outbox->sweep_at)
			sweep(outbox);
		if (wait_for_work(outbox, next_look(outbox)))
			outbox->look_at = 0;
		collect_finished(outbox);
	}
}

/* Lets calls under way come to their end, for as long as is decent. */
static void drain(struct outbox *outbox, int64_t deadline)
{
	while (count_slots(outbox, SLOT_UNDER_WAY) > 0 && monotonic_milliseconds() < deadline) {
		(void)wait_for_work(outbox, deadline);
		collect_finished(outbox);
		if (count_slots(outbox, SLOT_ENDED) > 0 && monotonic_milliseconds() >= outbox->look_at)
			(void)exchange_with_queue(outbox);
	}
	while (count_slots(outbox, SLOT_ENDED) > 0 && !exchange_with_queue(outbox) &&
	       monotonic_milliseconds() < deadline)
		(void)wait_for_work(outbox, outbox->look_at);
}

/* What did not come to its end is sent again by another process, with the same webhook-id. */
static void release(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct delivery *left[SLOTS];
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (outbox->slots[i].state == SLOT_UNDER_WAY)
			left[count++] = &outbox->slots[i].delivery;
	if (count == 0)
		return;
	bool released =
	    connect_queue(outbox, &problem) && queue_release(outbox->lease, left, count, &problem);
	log_event(LOG_WARNING, released ? "deliveries_released" : "deliveries_left_to_their_lease",
	    LOG_NUMBER("deliveries", (int64_t)count));
}

static void *run(void *context)
{
	struct outbox *outbox = context;

	dispatch(outbox);
	drain(outbox, monotonic_milliseconds() + STOP_PATIENCE_MS);
	release(outbox);
	disconnect(outbox);
	return NULL;
}

static void outbox_destroy(struct outbox *outbox)
{
	if (outbox->sender)
		sender_destroy(outbox->sender);
	for (size_t i = 0; i < SLOTS; i++)
		delivery_finish(&outbox->slots[i].delivery);
	if (outbox->pool)
		pool_destroy(outbox->pool);
	if (outbox->allow)
		target_allow_destroy(outbox->allow);
	explicit_bzero(outbox->secrets_key, sizeof(outbox->secrets_key));
	free(outbox);
}
DEFINE_CLEANUP(struct outbox *, outbox_destroy)

/* Signals are the main thread's. */
static bool start_thread(struct outbox *outbox)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&outbox->thread, NULL, run, outbox);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

bool outbox_start(
    const struct settings *settings, struct outbox **ret_outbox, struct problem *problem)
{
	CLEANUP(outbox_destroy) struct outbox *outbox = calloc(1, sizeof(*outbox));
	struct pool_options options = {
	    .url = settings->database_url,
	    .role = "cspr_dispatch",
	    .application_name = "cspr-dispatch",
	    .size = 1,
	    .statements = statements_dispatch,
	};

	if (!outbox)
		return problem_fail(problem, PROBLEM_INTERNAL, "no memory for the dispatcher");
	outbox->timeout_ms = settings->delivery_timeout * 1000;
	outbox->retry_scale_percent = settings->retry_scale_percent;
	outbox->sweep_every_ms = settings->sweep_seconds * 1000;
	outbox->link = settings->public_url;
	outbox->lease_ms = outbox->timeout_ms + LEASE_MARGIN_MS;
	if (outbox->lease_ms < LEASE_LEAST_MS)
		outbox->lease_ms = LEASE_LEAST_MS;
	if (!webhook_secrets_key(settings->secrets_key, outbox->secrets_key, problem) ||
	    !target_allow_parse(settings->target_allow, &outbox->allow, problem) ||
	    !sender_create(outbox->allow, settings->delivery_timeout, &outbox->sender, problem) ||
	    !pool_create(&options, &outbox->pool, problem))
		return false;
	if (!start_thread(outbox))
		return problem_fail(problem, PROBLEM_INTERNAL, "the dispatcher's thread cannot be started");
	*ret_outbox = TAKE(outbox);
	return true;
}

void outbox_stop(struct outbox *outbox)
{
	atomic_store(&outbox->stopping, true);
	sender_wake(outbox->sender);
	(void)pthread_join(outbox->thread, NULL);
	outbox_destroy(outbox);
}

void outbox_measure(struct outbox *outbox, struct text *ret_metrics)
{
	counters_put(&outbox->counters, ret_metrics);
}
