/*
 * Owns the race of several dispatchers on one queue. Each delivery is marked while a worker holds
 * it; two marks at once, or one out of order, fail the test.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define WORKERS 4
#define EVENTS 6
#define RACE_INCIDENTS 12
#define ENDPOINTS 3
#define LEASE 600000

enum { DELIVERIES = EVENTS * RACE_INCIDENTS * ENDPOINTS };

/* One line of deliveries: an endpoint's for an incident. */
struct line {
	char endpoint_id[37];
	char reference[37];
	bool held;
	int64_t passed; /* the sequence that was delivered last */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct line lines[RACE_INCIDENTS * ENDPOINTS];
static size_t line_count;
static int faults;
static atomic_int delivered;
static atomic_int attempts;

TestSuite(race, .init = fixture_open, .fini = fixture_close, .timeout = 120);

static struct line *line_of(const struct delivery *delivery)
{
	const char *reference = strstr(delivery->body, "\"incident\": \"") + 13;

	for (size_t i = 0; i < line_count; i++)
		if (strcmp(lines[i].endpoint_id, delivery->endpoint_id) == 0 &&
		    strncmp(lines[i].reference, reference, 36) == 0)
			return &lines[i];
	struct line *added = &lines[line_count++];
	snprintf(added->endpoint_id, sizeof(added->endpoint_id), "%s", delivery->endpoint_id);
	snprintf(added->reference, sizeof(added->reference), "%.36s", reference);
	return added;
}

static void take(const struct delivery *delivery)
{
	pthread_mutex_lock(&lock);
	struct line *line = line_of(delivery);
	faults += line->held || delivery_sequence(delivery) != line->passed + 1;
	line->held = true;
	pthread_mutex_unlock(&lock);
}

static void let_go(const struct delivery *delivery, bool was_delivered)
{
	pthread_mutex_lock(&lock);
	struct line *line = line_of(delivery);
	line->held = false;
	if (was_delivered)
		line->passed = delivery_sequence(delivery);
	pthread_mutex_unlock(&lock);
}

static void *work(void *context)
{
	struct worker *worker = context;
	unsigned dice = (unsigned)(uintptr_t)worker;

	while (atomic_load(&delivered) < DELIVERIES) {
		/* What is set aside and not brought forward again would be late by more than the test
		 * takes. */
		if (rand_r(&dice) % 2)
			worker_set_aside(worker, 0);
		size_t count = worker_claim(worker, 8, LEASE);
		for (size_t i = 0; i < count; i++)
			take(&worker->claimed[i]);
		for (size_t i = 0; i < count; i++) {
			bool good = rand_r(&dice) % 4 != 0;
			let_go(&worker->claimed[i], good);
			cr_assert(worker_settle(
			    worker, i, good ? 204 : 500, good ? VERDICT_DELIVERED : VERDICT_PENDING, 0, false));
			atomic_fetch_add(&attempts, 1);
			atomic_fetch_add(&delivered, good);
		}
	}
	return NULL;
}

Test(race, never_gives_a_delivery_to_two_dispatchers_or_out_of_order)
{
	static struct worker workers[WORKERS];
	pthread_t threads[WORKERS];

	endpoint_add("a", NULL, "https://a.example/");
	endpoint_add("b", "dfe", "https://b.example/");
	endpoint_add("c", "ofsted", "https://c.example/");
	query("SELECT set_config('app.partnership_id', '" PARTNERSHIP "', false);"
	      "SELECT event_append(gen_random_uuid(), 'incident.notified', i.id, NULL,"
	      " jsonb_build_object('incident', i.id), now()) FROM incident AS i,"
	      " generate_series(1, %d) WHERE i.local_ref IN (SELECT 'N-' || generate_series(1, %d))",
	    EVENTS, RACE_INCIDENTS);
	cr_assert_eq(number("SELECT count(*) FROM delivery"), DELIVERIES);
	for (int i = 0; i < WORKERS; i++)
		worker_open(&workers[i]);
	for (int i = 0; i < WORKERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < WORKERS; i++)
		worker_close(&workers[i]);

	cr_assert_eq(faults, 0);
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE state = 'delivered'"), DELIVERIES);
	cr_assert_eq(number("SELECT count(*) FROM delivery_attempt"), atomic_load(&attempts));
	cr_assert_eq(number("SELECT sum(attempts) FROM delivery"), atomic_load(&attempts));
}
