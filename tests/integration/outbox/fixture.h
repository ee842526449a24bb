/*
 * A migrated database of its own for each test of the outbox, on the server in CSPR_TEST_SERVER,
 * with one partnership, 50 incidents and the endpoints that a test asks for.
 */
#pragma once

#include <criterion/criterion.h>

#include "outbox/queue.h"
#include "store/store.h"

#define PARTNERSHIP "00000000-0000-7000-8000-000000000001"
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SECRETS_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define INCIDENTS 50

/* Criterion's .init and .fini. Without CSPR_TEST_SERVER the executable is skipped and says so. */
void fixture_open(void);
void fixture_close(void);
const char *fixture_url(void);

/* Runs SQL as the superuser; the first value as text, "" for NULL or none, valid until the next. */
const char *query(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t number(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An endpoint for incident.notified; `recipient` is NULL for an ordinary one. */
void endpoint_add(const char *name, const char *recipient, const char *url);
/* An event of incident 1 … INCIDENTS for everybody, committed; its sequence. */
int64_t event_add(int incident);

/* One connection as the dispatcher's role, with what it knows of endpoints. */
struct worker {
	struct pool *pool;
	struct lease *lease;
	struct allowances allowances;
	size_t ordinary; /* how many it may claim of ordinary endpoints, at first all */
	struct delivery claimed[SLOTS];
	size_t claimed_count;
};
void worker_open(struct worker *worker);
void worker_close(struct worker *worker);
/* Claims; what was claimed before is forgotten without being settled. */
size_t worker_claim(struct worker *worker, size_t wanted, int64_t lease_ms);
/* As a dispatcher does now and then. */
void worker_set_aside(struct worker *worker, int64_t lease_ms);
/* Settles one claimed delivery; false when somebody else held it. */
bool worker_settle(struct worker *worker, size_t which, int status, enum verdict_state state,
    int64_t delay_ms, bool pause);
/* The sequence that stands in the body. */
int64_t delivery_sequence(const struct delivery *delivery);
