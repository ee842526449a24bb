/*
 * The dispatcher's thread from the inside, for outbox.c, which makes the attempts, and for
 * bookkeeping.c, which does what has to do with the database. All of it belongs to the thread, but
 * for what is atomic.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "outbox/counters.h"
#include "outbox/queue.h"

/* How often the queue is looked at when nothing wakes the thread. */
#define LOOK_EVERY_MS 1000

/* A claim fills a free slot; the slot is free again when its settlement is committed. */
enum slot_state { SLOT_FREE, SLOT_UNDER_WAY, SLOT_ENDED, SLOT_SETTLING, SLOT_STATES };

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

	struct lease *lease; /* listening, or NULL */
	struct allowances allowances;
	int64_t look_at; /* the next look at the queue, monotonic */
	int64_t measure_at;
	int64_t sweep_at;
	int64_t warn_at;
	int64_t judge_at; /* not before */
	int64_t aside_at;
	bool texts_left_out;
	/* What the database has been asked and has not answered yet. */
	bool asked;
	int64_t asked_at;
	struct exchange exchange;
	size_t slot_counts[SLOT_STATES];
	struct slot slots[SLOTS];
	struct slot *settling[SLOTS]; /* of the exchange's outcomes */
	struct settlement outcomes[SLOTS];
	struct delivery claimed[SLOTS];
};

int64_t dispatcher_clock(void);
void slot_set(struct outbox *outbox, struct slot *slot, enum slot_state state);
/* A call for what was claimed. */
void attempt_start(struct outbox *outbox, struct slot *slot);

/*
 * Asks the database to settle what has ended and to claim for the free slots, unless it is still
 * asked. False when it is away; everything stays as it was then.
 */
bool bookkeeping_ask(struct outbox *outbox);
/* Takes what has been answered. */
void bookkeeping_take(struct outbox *outbox);
/* What else is to be done with the database by now: circuits, warnings, sweeps. */
void bookkeeping_look_after(struct outbox *outbox);
/* When the database is to be looked at next. */
int64_t bookkeeping_next(const struct outbox *outbox);
/* What did not come to its end is sent again by another process, with the same webhook-id. */
void bookkeeping_release(struct outbox *outbox);
void bookkeeping_disconnect(struct outbox *outbox);
