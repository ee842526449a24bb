/* Owns the statements of the queue and the form of their parameters. */
#include "outbox/queue.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "store/statements.h"

/* SLOTS answers of 2 kB each, every byte of which might need an escape. */
#define COLUMN_LIMIT ((size_t)3 * 1024 * 1024)
/* 1,024 ids of 36 characters, with commas. */
#define ARRAY_LIMIT ((size_t)64 * 1024)

/* Of each endpoint's due deliveries so many are looked at; so many of a line may stay in sight. */
#define ASIDE_LOOKED "1000"
#define ASIDE_DEPTH "8"

void delivery_finish(struct delivery *delivery)
{
	free(delivery->url);
	free(delivery->body);
	free(delivery->secret_sealed);
	free(delivery->previous_secret_sealed);
	free(delivery->signing_key_sealed);
	free(delivery->previous_signing_key_sealed);
	free(delivery->headers_sealed);
	free(delivery->client_certificate_sealed);
	free(delivery->ca_bundle_sealed);
	*delivery = (struct delivery){0};
}

/* One element of a PostgreSQL array; an empty text is NULL. */
static void put_element(struct text *array, const char *value)
{
	text_putc(array, array->length ? ',' : '{');
	if (!value || !*value) {
		text_puts(array, "NULL");
		return;
	}
	text_putc(array, '"');
	for (const char *rest = value; *rest;) {
		size_t plain = strcspn(rest, "\"\\");
		text_append(array, rest, plain);
		rest += plain;
		if (!*rest)
			break;
		text_putc(array, '\\');
		text_putc(array, *rest++);
	}
	text_putc(array, '"');
}

static void put_number(struct text *array, int64_t number)
{
	text_printf(array, "%c%" PRId64, array->length ? ',' : '{', number);
}

enum column {
	PARTNERSHIP_IDS,
	DELIVERY_IDS,
	FENCES,
	STATES,
	DELAYS_MS,
	PAUSES,
	STARTED_AT,
	DURATIONS_MS,
	STATUSES,
	ADDRESSES,
	ERRORS,
	ANSWERS,
	ANSWERS_CUT,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
    [PARTNERSHIP_IDS] = "partnership_ids",
    [DELIVERY_IDS] = "delivery_ids",
    [FENCES] = "fences",
    [STATES] = "states",
    [DELAYS_MS] = "delays_ms",
    [PAUSES] = "pauses",
    [STARTED_AT] = "started_at",
    [DURATIONS_MS] = "durations_ms",
    [STATUSES] = "statuses",
    [ADDRESSES] = "addresses",
    [ERRORS] = "errors",
    [ANSWERS] = "answers",
    [ANSWERS_CUT] = "answers_cut",
};

static void put_held(struct text columns[COLUMNS], const struct delivery *delivery)
{
	put_element(&columns[PARTNERSHIP_IDS], delivery->partnership_id);
	put_element(&columns[DELIVERY_IDS], delivery->id);
	put_number(&columns[FENCES], delivery->fence);
}

static void put_outcome(
    struct text columns[COLUMNS], const struct settlement *outcome, bool texts_left_out)
{
	const struct sent *sent = outcome->sent;

	put_held(columns, outcome->delivery);
	put_element(&columns[STATES], verdict_state_name(outcome->verdict.state));
	put_number(&columns[DELAYS_MS], outcome->verdict.delay_ms);
	put_element(&columns[PAUSES], outcome->verdict.pause ? "t" : "f");
	put_element(&columns[STARTED_AT], instant_format(sent->started_at).text);
	put_number(&columns[DURATIONS_MS], sent->duration_ms);
	if (sent->status)
		put_number(&columns[STATUSES], sent->status);
	else
		put_element(&columns[STATUSES], NULL);
	put_element(&columns[ADDRESSES], texts_left_out ? NULL : sent->address);
	put_element(&columns[ERRORS], texts_left_out ? NULL : sent->error);
	put_element(&columns[ANSWERS], texts_left_out ? NULL : sent->answer);
	put_element(&columns[ANSWERS_CUT], sent->answer_cut ? "t" : "f");
}

static void columns_init(struct text columns[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		columns[i] = TEXT_INIT(COLUMN_LIMIT);
}

static void columns_bind(struct text columns[COLUMNS], struct bindings *bindings)
{
	for (int i = 0; i < COLUMNS; i++) {
		if (columns[i].length == 0)
			text_putc(&columns[i], '{');
		text_putc(&columns[i], '}');
		assert(!columns[i].failed);
		bind_text(bindings, column_names[i], text_string(&columns[i]));
	}
}

static void columns_finish(struct text columns[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		text_finish(&columns[i]);
}

static size_t add_settle(struct batch *batch, const struct exchange *exchange)
{
	struct text columns[COLUMNS];
	struct bindings bindings = {0};

	columns_init(columns);
	for (size_t i = 0; i < exchange->outcome_count; i++)
		put_outcome(columns, &exchange->outcomes[i], exchange->texts_left_out);
	columns_bind(columns, &bindings);
	size_t number = batch_add(batch, &SQL_DELIVERY_SETTLE, &bindings);
	(void)batch_add(batch, &SQL_DELIVERY_ADVANCE, &bindings);
	columns_finish(columns);
	return number;
}

static size_t add_claim(struct batch *batch, const struct exchange *exchange)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(text_finish) struct text numbers = TEXT_INIT(ARRAY_LIMIT);
	struct bindings bindings = {0};
	char limit[24];
	char lease_ms[24];
	char allowance[24];
	char ordinary[24];

	assert(exchange->wanted <= SLOTS);
	snprintf(limit, sizeof(limit), "%zu", exchange->wanted);
	snprintf(lease_ms, sizeof(lease_ms), "%" PRId64, exchange->lease_ms);
	snprintf(allowance, sizeof(allowance), "%d", ALLOWANCE_START);
	allowance_list(exchange->allowances, exchange->now, &ids, &numbers);
	assert(!ids.failed && !numbers.failed);
	bind_text(&bindings, "limit", limit);
	bind_text(&bindings, "lease_ms", lease_ms);
	bind_text(&bindings, "allowance", allowance);
	bind_text(&bindings, "endpoint_ids", text_string(&ids));
	snprintf(ordinary, sizeof(ordinary), "%zu", exchange->ordinary);
	bind_text(&bindings, "allowances", text_string(&numbers));
	bind_text(&bindings, "ordinary", ordinary);
	return batch_add(batch, &SQL_DELIVERY_CLAIM, &bindings);
}

static void read_settled(const struct rows *rows, struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->outcome_count; i++)
		exchange->outcomes[i].settled = false;
	for (size_t row = 0; row < rows_count(rows); row++) {
		int64_t number = rows_number(rows, row, "number");
		assert(number >= 1 && (size_t)number <= exchange->outcome_count);
		exchange->outcomes[number - 1].settled = true;
	}
}

static void copy_id(const struct rows *rows, size_t row, const char *column, char ret_id[37])
{
	snprintf(ret_id, 37, "%s", rows_text(rows, row, column));
}

static char *copy_text(const struct rows *rows, size_t row, const char *column)
{
	const char *value = rows_text(rows, row, column);
	char *copy = value ? strdup(value) : NULL;

	/* Crash-only: the claim runs out, and another process sends. */
	if (value && !copy)
		abort();
	return copy;
}

static void read_claimed(const struct rows *rows, struct exchange *exchange)
{
	assert(rows_count(rows) <= exchange->wanted);
	exchange->claimed_count = rows_count(rows);
	for (size_t row = 0; row < exchange->claimed_count; row++) {
		struct delivery *delivery = &exchange->claimed[row];
		*delivery = (struct delivery){
		    .fence = rows_number(rows, row, "fence"),
		    .attempts = (int)rows_number(rows, row, "attempts"),
		    .waited_ms = rows_number(rows, row, "waited_ms"),
		    .troubled = rows_flag(rows, row, "troubled"),
		    .statutory = rows_flag(rows, row, "statutory"),
		    .url = copy_text(rows, row, "url"),
		    .body = copy_text(rows, row, "body"),
		    .secret_sealed = copy_text(rows, row, "secret_sealed"),
		    .previous_secret_sealed = copy_text(rows, row, "previous_secret_sealed"),
		    .signing_key_sealed = copy_text(rows, row, "signing_key_sealed"),
		    .previous_signing_key_sealed = copy_text(rows, row, "previous_signing_key_sealed"),
		    .headers_sealed = copy_text(rows, row, "headers_sealed"),
		    .client_certificate_sealed = copy_text(rows, row, "client_certificate_sealed"),
		    .ca_bundle_sealed = copy_text(rows, row, "ca_bundle_sealed"),
		};
		copy_id(rows, row, "partnership_id", delivery->partnership_id);
		copy_id(rows, row, "id", delivery->id);
		copy_id(rows, row, "endpoint_id", delivery->endpoint_id);
	}
}

static void read_state(const struct rows *rows, struct queue_state *ret_state)
{
	*ret_state = (struct queue_state){
	    .lag_ms = rows_number(rows, 0, "lag_ms"),
	    .oldest_statutory_ms = rows_number(rows, 0, "oldest_statutory_ms"),
	    .oldest_other_ms = rows_number(rows, 0, "oldest_other_ms"),
	    .at_risk = rows_number(rows, 0, "at_risk"),
	    .circuits_open = rows_number(rows, 0, "circuits_open"),
	};
}

static bool prepare(struct lease *lease, struct exchange *exchange, struct problem *problem)
{
	struct batch *batch = &exchange->batch;

	exchange->claimed_count = 0;
	if (!batch_begin(lease, BATCH_COMMIT, batch, problem))
		return false;
	if (exchange->outcome_count)
		exchange->settle = add_settle(batch, exchange);
	if (exchange->wanted)
		exchange->claim = add_claim(batch, exchange);
	if (exchange->measure)
		exchange->measured = batch_add(batch, &SQL_DELIVERY_MEASURE, &(struct bindings){0});
	return true;
}

static void read_all(struct exchange *exchange)
{
	const struct batch *batch = &exchange->batch;

	if (exchange->outcome_count)
		read_settled(batch_rows(batch, exchange->settle), exchange);
	if (exchange->wanted)
		read_claimed(batch_rows(batch, exchange->claim), exchange);
	if (exchange->measure)
		read_state(batch_rows(batch, exchange->measured), &exchange->state);
}

bool queue_exchange(struct lease *lease, struct exchange *exchange, struct problem *problem)
{
	bool good = prepare(lease, exchange, problem) && batch_run(&exchange->batch, problem);

	if (good)
		read_all(exchange);
	batch_finish(&exchange->batch);
	return good;
}

bool queue_send(struct lease *lease, struct exchange *exchange, struct problem *problem)
{
	bool good = prepare(lease, exchange, problem) && batch_send(&exchange->batch, problem);

	if (!good)
		batch_finish(&exchange->batch);
	return good;
}

bool queue_take(struct exchange *exchange, bool *ret_done, struct problem *problem)
{
	bool good = batch_take(&exchange->batch, ret_done, problem);

	if (good && !*ret_done)
		return true;
	if (good)
		read_all(exchange);
	batch_finish(&exchange->batch);
	return good;
}

bool queue_set_aside(struct lease *lease, int64_t lease_ms, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	char lease_text[24];

	snprintf(lease_text, sizeof(lease_text), "%" PRId64, lease_ms);
	bind_text(&bindings, "limit", ASIDE_LOOKED);
	bind_text(&bindings, "depth", ASIDE_DEPTH);
	bind_text(&bindings, "lease_ms", lease_text);
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	(void)batch_add(&batch, &SQL_DELIVERY_SET_ASIDE, &bindings);
	return batch_run(&batch, problem);
}

bool queue_release(struct lease *lease, const struct delivery *const deliveries[], size_t count,
    struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct text columns[COLUMNS];
	struct bindings bindings = {0};

	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	columns_init(columns);
	for (size_t i = 0; i < count; i++)
		put_held(columns, deliveries[i]);
	columns_bind(columns, &bindings);
	(void)batch_add(&batch, &SQL_DELIVERY_RELEASE, &bindings);
	columns_finish(columns);
	return batch_run(&batch, problem);
}
