/*
 * Owns what the dispatcher does with the database. An exchange is under way while the calls are, so
 * that neither waits for the other; everything else is rare and short, and waited for.
 */
#include "outbox/dispatcher.h"

#include "base/crash.h"
#include "base/log.h"
#include "outbox/circuits.h"
#include "outbox/sweep.h"

#define MEASURE_EVERY_MS 5000
/* A long queue is measured more seldom, so that it costs at most a twentieth. */
#define MEASURE_SHARE 20
#define WARN_EVERY_MS 5000
#define ASIDE_EVERY_MS 5000
#define AGAIN_AFTER_MS 100
/* Few enough that what is claimed is begun before its neighbours have ended. */
#define CLAIM_MOST 192

void bookkeeping_disconnect(struct outbox *outbox)
{
	if (outbox->lease)
		pool_return(outbox->lease);
	outbox->lease = NULL;
}

static bool connect_queue(struct outbox *outbox, struct problem *problem)
{
	if (outbox->lease && lease_socket(outbox->lease) >= 0)
		return true;
	bookkeeping_disconnect(outbox);
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

/* ---- Exchanges ---- */

static void free_slot(struct outbox *outbox, struct slot *slot)
{
	delivery_finish(&slot->delivery);
	slot_set(outbox, slot, SLOT_FREE);
}

/*
 * What the database refuses for another reason than being away or busy would be refused again:
 * the receivers' words are left out, and in the end the outcomes are dropped. The leases then run
 * out, and the deliveries are made again.
 */
static void note_refused(struct outbox *outbox, const struct problem *problem)
{
	const struct exchange *exchange = &outbox->exchange;

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
	for (size_t i = 0; i < exchange->outcome_count; i++)
		free_slot(outbox, outbox->settling[i]);
}

static void end_exchange(struct outbox *outbox)
{
	outbox->asked = false;
	atomic_store(&outbox->counters.claiming, 0);
}

/* Nothing of the exchange was kept: its outcomes wait for the next one. */
static void fail(struct outbox *outbox, const struct problem *problem)
{
	end_exchange(outbox);
	for (size_t i = 0; i < outbox->exchange.outcome_count; i++)
		slot_set(outbox, outbox->settling[i], SLOT_ENDED);
	note_refused(outbox, problem);
	/* What has ended waits to be settled; how often a connection is tried is the pool's to say. */
	outbox->look_at = dispatcher_clock() + AGAIN_AFTER_MS;
	note_connected(outbox, false, problem);
	bookkeeping_disconnect(outbox);
}

static void collect_outcomes(struct outbox *outbox, struct exchange *exchange)
{
	for (size_t i = 0; i < SLOTS && outbox->slot_counts[SLOT_ENDED] > 0; i++) {
		struct slot *slot = &outbox->slots[i];
		if (slot->state != SLOT_ENDED)
			continue;
		slot_set(outbox, slot, SLOT_SETTLING);
		outbox->settling[exchange->outcome_count] = slot;
		outbox->outcomes[exchange->outcome_count++] = (struct settlement){
		    .delivery = &slot->delivery, .sent = &slot->sent, .verdict = slot->verdict};
	}
}

static size_t count_wanted(const struct outbox *outbox, const struct exchange *exchange)
{
	size_t room = outbox->slot_counts[SLOT_FREE] + exchange->outcome_count;

	if (atomic_load(&outbox->stopping))
		return 0;
	return room < CLAIM_MOST ? room : CLAIM_MOST;
}

/* How many more deliveries to others than recipients in law may be under way. */
static size_t count_ordinary(const struct outbox *outbox)
{
	size_t busy = 0;

	for (size_t i = 0; i < SLOTS; i++)
		busy += outbox->slots[i].state == SLOT_UNDER_WAY && !outbox->slots[i].delivery.statutory;
	return busy < SLOTS_ORDINARY ? SLOTS_ORDINARY - busy : 0;
}

bool bookkeeping_ask(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct exchange *exchange = &outbox->exchange;
	int64_t now = dispatcher_clock();

	if (outbox->asked)
		return true;
	*exchange = (struct exchange){
	    .outcomes = outbox->outcomes,
	    .texts_left_out = outbox->texts_left_out,
	    .lease_ms = outbox->lease_ms,
	    .allowances = &outbox->allowances,
	    .now = now,
	    .measure = now >= outbox->measure_at,
	    .claimed = outbox->claimed,
	};
	outbox->look_at = now + LOOK_EVERY_MS;
	collect_outcomes(outbox, exchange);
	if (exchange->outcome_count)
		crash_point("before_settle");
	exchange->wanted = count_wanted(outbox, exchange);
	exchange->ordinary = count_ordinary(outbox);
	if (!exchange->wanted && !exchange->outcome_count && !exchange->measure)
		return true;
	outbox->asked_at = now;
	atomic_store(&outbox->counters.claiming, (int64_t)exchange->wanted);
	outbox->asked =
	    connect_queue(outbox, &problem) && queue_send(outbox->lease, exchange, &problem);
	if (!outbox->asked)
		fail(outbox, &problem);
	return outbox->asked;
}

static void count_outcome(struct outbox *outbox, const struct settlement *outcome)
{
	struct counters *counters = &outbox->counters;

	if (outcome->settled) {
		atomic_fetch_add(&counters->attempts[outcome->verdict.state], 1);
		if (outcome->verdict.state == VERDICT_PENDING && outcome->delivery->statutory)
			outbox->warn_at = 0;
		return;
	}
	atomic_fetch_add(&counters->stale, 1);
	log_event(
	    LOG_WARNING, "delivery_held_by_another", LOG_TEXT("delivery_id", outcome->delivery->id));
}

static struct slot *next_free(struct outbox *outbox, size_t *from)
{
	while (outbox->slots[*from].state != SLOT_FREE)
		(*from)++;
	return &outbox->slots[*from];
}

/*
 * Starts what was claimed. A claim whose answer came so late that the call could outlast the lease
 * is left to run out, because somebody else may hold the delivery by then.
 */
static void start_claimed(struct outbox *outbox, struct exchange *exchange)
{
	int64_t latest = outbox->asked_at + outbox->lease_ms - outbox->timeout_ms - LOOK_EVERY_MS;
	size_t from = 0;

	for (size_t i = 0; i < exchange->claimed_count; i++) {
		int64_t now = dispatcher_clock();
		if (now > latest) {
			delivery_finish(&exchange->claimed[i]);
			continue;
		}
		struct slot *slot = next_free(outbox, &from);
		slot->delivery = exchange->claimed[i];
		allowance_taken(&outbox->allowances,
		    &(struct allowance_claim){
		        .partnership_id = slot->delivery.partnership_id,
		        .endpoint_id = slot->delivery.endpoint_id,
		        .waited_ms = slot->delivery.waited_ms,
		        .troubled = slot->delivery.troubled,
		    },
		    now);
		attempt_start(outbox, slot);
	}
}

static void apply(struct outbox *outbox)
{
	struct exchange *exchange = &outbox->exchange;

	if (exchange->outcome_count)
		crash_point("after_settle");
	if (exchange->claimed_count)
		crash_point("after_claim");
	note_connected(outbox, true, NULL);
	for (size_t i = 0; i < exchange->outcome_count; i++) {
		count_outcome(outbox, &exchange->outcomes[i]);
		free_slot(outbox, outbox->settling[i]);
	}
	outbox->texts_left_out = false;
	if (exchange->measure) {
		int64_t now = dispatcher_clock();
		int64_t pause = (now - outbox->asked_at) * MEASURE_SHARE;
		outbox->measure_at = now + (pause > MEASURE_EVERY_MS ? pause : MEASURE_EVERY_MS);
		counters_set_state(&outbox->counters, &exchange->state);
	}
	/* A claim that got all that it wanted may have left some. */
	if (exchange->claimed_count > 0 && exchange->claimed_count == exchange->wanted)
		outbox->look_at = 0;
	start_claimed(outbox, exchange);
	/* Only now: what was claimed is in somebody's hand all the time. */
	end_exchange(outbox);
}

void bookkeeping_take(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	bool done = false;

	if (!outbox->asked)
		return;
	if (!queue_take(&outbox->exchange, &done, &problem))
		fail(outbox, &problem);
	else if (done)
		apply(outbox);
}

/* ---- What else there is ---- */

/* Whether clocks are swept at all. */
static bool sweeps(const struct outbox *outbox)
{
	return outbox->sweep_every_ms > 0;
}

/* What cannot be done now is done by the next sweep, and what it changed by then is not lost. */
static void sweep(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	bool more = false;

	outbox->sweep_at = dispatcher_clock() + outbox->sweep_every_ms;
	if (!connect_queue(outbox, &problem) ||
	    !sweep_run(outbox->lease, outbox->link, &more, &problem)) {
		log_event(LOG_WARNING, "sweep_failed", LOG_TEXT("cause", problem.cause));
		return;
	}
	if (more)
		outbox->sweep_at = 0;
}

static void warn(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int64_t done = 0;

	outbox->warn_at = dispatcher_clock() + WARN_EVERY_MS;
	if (!connect_queue(outbox, &problem) ||
	    !circuits_warn(outbox->lease, outbox->link, &done, &problem)) {
		log_event(LOG_WARNING, "warning_failed", LOG_TEXT("cause", problem.cause));
		return;
	}
	if (done)
		outbox->warn_at = 0;
}

static void set_aside(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	outbox->aside_at = dispatcher_clock() + ASIDE_EVERY_MS;
	if (!connect_queue(outbox, &problem) ||
	    !queue_set_aside(outbox->lease, outbox->lease_ms, &problem))
		log_event(LOG_WARNING, "setting_aside_failed", LOG_TEXT("cause", problem.cause));
}

static void judge_circuits(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	if (!connect_queue(outbox, &problem) ||
	    !circuits_update(outbox->lease, &outbox->allowances, outbox->link,
	        (int)outbox->retry_scale_percent, &problem)) {
		outbox->judge_at = dispatcher_clock() + LOOK_EVERY_MS;
		log_event(LOG_WARNING, "circuits_not_updated", LOG_TEXT("cause", problem.cause));
	}
}

void bookkeeping_look_after(struct outbox *outbox)
{
	/* One conversation at a time, and only with a database that was there a moment ago. */
	if (outbox->asked || !atomic_load(&outbox->counters.connected))
		return;
	bool judges = dispatcher_clock() >= outbox->judge_at && circuits_have_news(&outbox->allowances);
	bool warns = dispatcher_clock() >= outbox->warn_at;
	bool asides = dispatcher_clock() >= outbox->aside_at;
	bool sweeps_now = sweeps(outbox) && dispatcher_clock() >= outbox->sweep_at;
	if (judges)
		judge_circuits(outbox);
	if (warns)
		warn(outbox);
	if (asides)
		set_aside(outbox);
	if (sweeps_now)
		sweep(outbox);
	/* A notification that came meanwhile may have been read with the answers. */
	if (judges || warns || asides || sweeps_now)
		outbox->look_at = 0;
}

int64_t bookkeeping_next(const struct outbox *outbox)
{
	int64_t next = outbox->look_at;

	if (outbox->asked || !atomic_load(&outbox->counters.connected))
		return outbox->asked ? dispatcher_clock() + LOOK_EVERY_MS : next;
	if (outbox->warn_at < next)
		next = outbox->warn_at;
	if (outbox->aside_at < next)
		next = outbox->aside_at;
	if (sweeps(outbox) && outbox->sweep_at < next)
		next = outbox->sweep_at;
	return next;
}

/* Nobody waits for the answer any more; what it would have said is unknown. */
static void abandon(struct outbox *outbox)
{
	if (!outbox->asked)
		return;
	end_exchange(outbox);
	batch_finish(&outbox->exchange.batch);
	bookkeeping_disconnect(outbox);
}

void bookkeeping_release(struct outbox *outbox)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct delivery *left[SLOTS];
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (outbox->slots[i].state == SLOT_UNDER_WAY)
			left[count++] = &outbox->slots[i].delivery;
	abandon(outbox);
	if (count == 0)
		return;
	bool released =
	    connect_queue(outbox, &problem) && queue_release(outbox->lease, left, count, &problem);
	log_event(LOG_WARNING, released ? "deliveries_released" : "deliveries_left_to_their_lease",
	    LOG_NUMBER("deliveries", (int64_t)count));
}
