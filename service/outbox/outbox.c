/*
 * Owns the dispatcher's thread. What it guarantees: a delivery is sent at least once; it is under
 * way here only while this process holds its claim; what waits for a delivery of the same endpoint
 * and incident is not sent before it.
 */
#include "outbox/outbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"
#include "base/log.h"
#include "outbox/dispatcher.h"
#include "outbox/opened.h"
#include "store/statements.h"

/* A claim that nobody settles is taken over within 45 s: the lease and a look each second. */
#define LEASE_LEAST_MS 40000
/* What a lease must leave beyond a call's time, for settling while the database is slow. */
#define LEASE_MARGIN_MS 20000
#define STOP_PATIENCE_MS 10000

int64_t dispatcher_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void slot_set(struct outbox *outbox, struct slot *slot, enum slot_state state)
{
	int64_t held = (state != SLOT_FREE) - (slot->state != SLOT_FREE);

	atomic_fetch_add(&outbox->counters.held, held);
	outbox->slot_counts[slot->state]--;
	slot->state = state;
	outbox->slot_counts[state]++;
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
	slot_set(outbox, slot, SLOT_ENDED);
	bool delivered = slot->verdict.state == VERDICT_DELIVERED;
	allowance_ended(
	    &outbox->allowances, slot->delivery.endpoint_id, delivered, sent->retry_after_seconds);
	atomic_fetch_sub(&outbox->counters.under_way, 1);
	log_event(delivered ? LOG_INFO : LOG_WARNING, "delivery_attempt",
	    LOG_TEXT("delivery_id", slot->delivery.id),
	    LOG_TEXT("endpoint_id", slot->delivery.endpoint_id),
	    LOG_TEXT("state", verdict_state_name(slot->verdict.state)),
	    LOG_NUMBER("attempt", attempt.number), LOG_NUMBER("status", sent->status),
	    LOG_NUMBER("microseconds", (int64_t)sent->duration_ms * 1000),
	    LOG_TEXT("error", sent->error));
}

/* ---- Starts of attempts ---- */

/* An attempt that never reached the network still counts as one, and is tried again. */
static void cannot_send(struct outbox *outbox, struct slot *slot, const char *error)
{
	slot->sent = (struct sent){.started_at = clock_milliseconds()};
	snprintf(slot->sent.error, sizeof(slot->sent.error), "%s", error);
	end_attempt(outbox, slot);
}

void attempt_start(struct outbox *outbox, struct slot *slot)
{
	CLEANUP(opened_finish) struct opened opened = {0};
	const struct delivery *delivery = &slot->delivery;
	int64_t timestamp = clock_milliseconds() / 1000;

	slot_set(outbox, slot, SLOT_UNDER_WAY);
	atomic_fetch_add(&outbox->counters.under_way, 1);
	if (!delivery_open(delivery, outbox->secrets_key, timestamp, &opened)) {
		cannot_send(outbox, slot, "the endpoint's secret cannot be opened with CSPR_SECRETS_KEY");
		return;
	}
	struct letter letter = delivery_letter(delivery, &opened, timestamp);
	sender_start(outbox->sender, &letter, slot, &slot->sent);
}

/* ---- The thread ---- */

static void collect_finished(struct outbox *outbox)
{
	sender_run(outbox->sender);
	for (struct slot *slot; (slot = sender_take_finished(outbox->sender));)
		end_attempt(outbox, slot);
}

/* Waits for whatever comes first, and takes what the database says. */
static void wait_for_work(struct outbox *outbox, int64_t until)
{
	int64_t left = until - dispatcher_clock();
	struct wait_socket socket = {.socket = -1};

	if (outbox->lease) {
		socket.socket = lease_socket(outbox->lease);
		socket.writes = lease_is_sending(outbox->lease);
	}
	if (left < 0)
		left = 0;
	if (left > LOOK_EVERY_MS)
		left = LOOK_EVERY_MS;
	bool ready = sender_wait(outbox->sender, &socket, (int)left);
	bool asked = outbox->asked;
	/* First, because it takes answers from the socket too, which would not wake us again. */
	bool woken = ready && lease_take_notifications(outbox->lease);
	if (asked)
		bookkeeping_take(outbox);
	/* What came behind the last answer. */
	if (asked && !outbox->asked && outbox->lease)
		woken = lease_take_notifications(outbox->lease) || woken;
	/* Without a notification or an answer it is the end of the connection, which a look finds. */
	if (woken || (ready && !asked))
		outbox->look_at = 0;
}

static void dispatch(struct outbox *outbox)
{
	while (!atomic_load(&outbox->stopping)) {
		bool connected = atomic_load(&outbox->counters.connected);
		bool ended = outbox->slot_counts[SLOT_ENDED] > 0;
		bookkeeping_look_after(outbox);
		/* While the database is away, what has ended waits for the next look like all else. */
		if ((ended && connected) || dispatcher_clock() >= outbox->look_at)
			(void)bookkeeping_ask(outbox);
		wait_for_work(outbox, bookkeeping_next(outbox));
		collect_finished(outbox);
	}
}

/* Lets calls under way come to their end, for as long as is decent. */
static void drain(struct outbox *outbox, int64_t deadline)
{
	const size_t *counts = outbox->slot_counts;

	while (counts[SLOT_UNDER_WAY] + counts[SLOT_ENDED] + counts[SLOT_SETTLING] > 0 &&
	       dispatcher_clock() < deadline) {
		bool connected = atomic_load(&outbox->counters.connected);
		if (counts[SLOT_ENDED] > 0 && (connected || dispatcher_clock() >= outbox->look_at))
			(void)bookkeeping_ask(outbox);
		bool asks_soon = counts[SLOT_ENDED] > 0 && !outbox->asked;
		wait_for_work(outbox, asks_soon ? outbox->look_at : deadline);
		collect_finished(outbox);
	}
}

static void *run(void *context)
{
	struct outbox *outbox = context;

	dispatch(outbox);
	drain(outbox, dispatcher_clock() + STOP_PATIENCE_MS);
	bookkeeping_release(outbox);
	bookkeeping_disconnect(outbox);
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
	    .indexes_only = true,
	};

	if (!outbox)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for the dispatcher");
	outbox->timeout_ms = settings->delivery_timeout * 1000;
	outbox->retry_scale_percent = settings->retry_scale_percent;
	outbox->sweep_every_ms = settings->sweep_seconds * 1000;
	outbox->link = settings->public_url;
	outbox->allowances.catch_up_rate = (int)settings->catch_up_rate;
	outbox->slot_counts[SLOT_FREE] = SLOTS;
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
