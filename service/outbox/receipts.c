/* Owns the reading of receipts. Who is not known is answered in the time of who is. */
#include "outbox/receipts.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/log.h"
#include "outbox/sign.h"
#include "store/statements.h"
#include "store/store.h"

#define LOOK_EVERY_MS 500
#define PART "50"
#define TOLERANCE_SECONDS 300
/* How many signatures of a header are looked at. */
#define SIGNATURES_MAX 8

struct receipts {
	struct pool *pool;
	unsigned char secrets_key[32];
	char retired_hours[24];
	bool reads; /* has the thread */
	pthread_t thread;
	int ending; /* an event */
	atomic_bool stopping;
};

/* ---- What answers said ---- */

static bool read_part(struct receipts *receipts, int64_t *ret_done, struct problem *problem)
{
	CLEANUP(pool_return) struct lease *lease = NULL;
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "limit", PART);
	if (!pool_lease(receipts->pool, &lease, problem) ||
	    !batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_RECEIPTS_READ, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	*ret_done = rows_number(batch_rows(&batch, number), 0, "done");
	return true;
}

static void *run(void *context)
{
	struct receipts *receipts = context;
	struct pollfd ending = {.fd = receipts->ending, .events = POLLIN};

	while (!atomic_load(&receipts->stopping)) {
		CLEANUP(problem_finish) struct problem problem = {0};
		int64_t done = 0;
		/* A database that is away is told of by the dispatcher. */
		if (!read_part(receipts, &done, &problem) && problem.kind != PROBLEM_UNAVAILABLE)
			log_event(LOG_WARNING, "receipts_not_read", LOG_TEXT("cause", problem.cause));
		if (done > 0)
			log_event(LOG_INFO, "receipts_read", LOG_NUMBER("receipts", done));
		(void)poll(&ending, 1, done > 0 ? 0 : LOOK_EVERY_MS);
	}
	return NULL;
}

/* ---- Signed calls ---- */

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	static const char digits[] = "0123456789abcdefABCDEF";

	if (!text || strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr(digits, text[i]))
			return false;
	return true;
}

/* Whether one of the header's signatures is the one that the secret makes. */
static bool has_signed(const char *secret, const struct receipt *receipt, int64_t timestamp)
{
	char expected[WEBHOOK_SIGNATURE_MAX];
	bool found = false;
	const char *at = receipt->signature;
	const struct webhook_keys keys = {.secret = secret};

	if (!webhook_sign(&keys, receipt->id, timestamp, receipt->body, receipt->length, expected))
		return false;
	for (int i = 0; *at && i < SIGNATURES_MAX; i++) {
		size_t length = strcspn(at, " ");
		found |= length == strlen(expected) && digest_equal(at, expected, length);
		at += length + (at[length] == ' ');
	}
	return found;
}

static bool opens(
    struct receipts *receipts, const char *sealed, const struct receipt *receipt, int64_t at)
{
	char secret[WEBHOOK_SECRET_MAX];
	bool good = sealed && webhook_secret_unseal(receipts->secrets_key, sealed, secret) &&
	            has_signed(secret, receipt, at);

	explicit_bzero(secret, sizeof(secret));
	return good;
}

static bool check_signature(struct receipts *receipts, const struct receipt *receipt,
    int64_t timestamp, bool *ret_good, struct problem *problem)
{
	CLEANUP(pool_return) struct lease *lease = NULL;
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "delivery_id", receipt->id);
	bind_text(&bindings, "retired_hours", receipts->retired_hours);
	if (!pool_lease(receipts->pool, &lease, problem) ||
	    !batch_begin(lease, BATCH_READ, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_RECEIPT_SECRETS, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	for (size_t row = 0; row < rows_count(rows); row++) {
		const char *previous = rows_text(rows, row, "previous_secret_sealed");
		*ret_good |= opens(receipts, rows_text(rows, row, "secret_sealed"), receipt, timestamp);
		*ret_good |= opens(receipts, previous, receipt, timestamp);
	}
	if (rows_count(rows) == 0) {
		char unknown[WEBHOOK_SECRET_MAX];
		webhook_secret_new(unknown);
		(void)has_signed(unknown, receipt, timestamp);
	}
	return true;
}

static bool is_recent(const char *timestamp, int64_t *ret_seconds)
{
	int64_t now = clock_milliseconds() / 1000;

	if (!timestamp || !*timestamp || strlen(timestamp) > 12 ||
	    timestamp[strspn(timestamp, "0123456789")] != '\0')
		return false;
	*ret_seconds = strtoll(timestamp, NULL, 10);
	return *ret_seconds >= now - TOLERANCE_SECONDS && *ret_seconds <= now + TOLERANCE_SECONDS;
}

bool receipts_verify(
    struct receipts *receipts, const struct receipt *receipt, struct problem *problem)
{
	int64_t timestamp = 0;
	bool good = false;

	if (is_uuid(receipt->id) && receipt->signature && receipt->body &&
	    is_recent(receipt->timestamp, &timestamp) &&
	    !check_signature(receipts, receipt, timestamp, &good, problem))
		return false;
	return good ||
	       problem_set(problem, PROBLEM_UNAUTHENTICATED,
	           "Sign webhook-id, webhook-timestamp and the body with the endpoint's secret.");
}

bool receipts_take(
    struct receipts *receipts, const struct receipt *receipt, struct problem *problem)
{
	CLEANUP(pool_return) struct lease *lease = NULL;
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "delivery_id", receipt->id);
	bind_text(&bindings, "reference", receipt->reference);
	bind_text(&bindings, "received_at", receipt->received_at);
	if (!pool_lease(receipts->pool, &lease, problem) ||
	    !batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_RECEIPT_TAKE, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	const char *outcome = rows_text(batch_rows(&batch, number), 0, "outcome");
	if (!outcome)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such delivery.");
	if (strcmp(outcome, "unsent") == 0)
		return problem_set(problem, PROBLEM_CONFLICT, "The delivery has not been sent yet.");
	if (strcmp(outcome, "other") == 0)
		return problem_set(problem, PROBLEM_DUPLICATE,
		    "The delivery was acknowledged before with another reference.");
	return strcmp(outcome, "time") != 0 ||
	       problem_add(problem, PROBLEM_INVALID, "/acknowledged/received_at", "time_out_of_range",
	           "It was made after that, or that is still to come.");
}

/* ---- The thread ---- */

static void release(struct receipts *receipts)
{
	pool_destroy(receipts->pool);
	if (receipts->ending >= 0)
		close(receipts->ending);
	explicit_bzero(receipts->secrets_key, sizeof(receipts->secrets_key));
	free(receipts);
}
DEFINE_CLEANUP(struct receipts *, release)

/* Signals are the main thread's. */
static bool start_thread(struct receipts *receipts)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&receipts->thread, NULL, run, receipts);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

bool receipts_start(const struct settings *settings, int64_t retired_hours,
    struct receipts **ret_receipts, struct problem *problem)
{
	CLEANUP(release) struct receipts *receipts = calloc(1, sizeof(*receipts));
	struct pool_options options = {
	    .url = settings->database_url,
	    .role = "cspr_dispatch",
	    .application_name = "cspr-receipts",
	    .size = (size_t)settings->database_connections + 1,
	    .statements = statements_dispatch,
	};

	if (!receipts)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for receipts");
	snprintf(
	    receipts->retired_hours, sizeof(receipts->retired_hours), "%lld", (long long)retired_hours);
	receipts->ending = eventfd(0, EFD_CLOEXEC);
	if (receipts->ending < 0 || !pool_create(&options, &receipts->pool, problem) ||
	    !webhook_secrets_key(settings->secrets_key, receipts->secrets_key, problem))
		return false;
	receipts->reads = settings->dispatch && start_thread(receipts);
	if (settings->dispatch && !receipts->reads)
		return problem_fail(problem, PROBLEM_INTERNAL, "the thread of receipts does not start");
	*ret_receipts = TAKE(receipts);
	return true;
}

void receipts_stop(struct receipts *receipts)
{
	uint64_t one = 1;

	if (!receipts)
		return;
	atomic_store(&receipts->stopping, true);
	if (write(receipts->ending, &one, sizeof(one)) != sizeof(one))
		abort();
	if (receipts->reads)
		pthread_join(receipts->thread, NULL);
	release(receipts);
}
