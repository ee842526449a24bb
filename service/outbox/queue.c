/* Owns the statements of the queue and the form of their parameters. */
#include "outbox/queue.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "store/statements.h"

/* 256 outcomes with 2 kB of answer each, every byte of which might need an escape. */
#define OUTCOMES_LIMIT ((size_t)4 * 1024 * 1024)
/* 1,024 ids of 36 characters, with commas. */
#define ARRAY_LIMIT ((size_t)64 * 1024)

void delivery_finish(struct delivery *delivery)
{
	free(delivery->url);
	free(delivery->body);
	free(delivery->secret_sealed);
	free(delivery->previous_secret_sealed);
	*delivery = (struct delivery){0};
}

static void put_text(struct text *json, const char *name, const char *value)
{
	text_printf(json, ",\"%s\":", name);
	if (value && *value)
		text_put_json(json, value, strlen(value));
	else
		text_puts(json, "null");
}

static void put_outcome(struct text *json, const struct settlement *outcome, bool texts_left_out)
{
	const struct delivery *delivery = outcome->delivery;
	const struct sent *sent = outcome->sent;

	text_printf(json, "{\"partnership_id\":\"%s\",\"delivery_id\":\"%s\",\"fence\":%" PRId64,
	    delivery->partnership_id, delivery->id, delivery->fence);
	put_text(json, "state", verdict_state_name(outcome->verdict.state));
	text_printf(json, ",\"delay_ms\":%" PRId64 ",\"duration_ms\":%d,\"pause\":%s",
	    outcome->verdict.delay_ms, sent->duration_ms, outcome->verdict.pause ? "true" : "false");
	put_text(json, "started_at", instant_format(sent->started_at).text);
	if (sent->status)
		text_printf(json, ",\"status\":%d", sent->status);
	if (!texts_left_out) {
		put_text(json, "address", sent->address);
		put_text(json, "error", sent->error);
		put_text(json, "answer", sent->answer);
	}
	text_putc(json, '}');
}

static size_t add_settle(struct batch *batch, const struct exchange *exchange)
{
	CLEANUP(text_finish) struct text json = TEXT_INIT(OUTCOMES_LIMIT);
	struct bindings bindings = {0};

	text_putc(&json, '[');
	for (size_t i = 0; i < exchange->outcome_count; i++) {
		if (i)
			text_putc(&json, ',');
		put_outcome(&json, &exchange->outcomes[i], exchange->texts_left_out);
	}
	text_putc(&json, ']');
	assert(!json.failed);
	bind_text(&bindings, "outcomes", text_string(&json));
	return batch_add(batch, &SQL_DELIVERY_SETTLE, &bindings);
}

static size_t add_claim(struct batch *batch, const struct exchange *exchange)
{
	CLEANUP(text_finish) struct text ids = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(text_finish) struct text numbers = TEXT_INIT(ARRAY_LIMIT);
	struct bindings bindings = {0};
	char limit[24];
	char lease_ms[24];
	char allowance[24];

	assert(exchange->wanted <= SLOTS);
	snprintf(limit, sizeof(limit), "%zu", exchange->wanted);
	snprintf(lease_ms, sizeof(lease_ms), "%" PRId64, exchange->lease_ms);
	snprintf(allowance, sizeof(allowance), "%d", ALLOWANCE_START);
	allowance_list(exchange->allowances, &ids, &numbers);
	assert(!ids.failed && !numbers.failed);
	bind_text(&bindings, "limit", limit);
	bind_text(&bindings, "lease_ms", lease_ms);
	bind_text(&bindings, "allowance", allowance);
	bind_text(&bindings, "endpoint_ids", text_string(&ids));
	bind_text(&bindings, "allowances", text_string(&numbers));
	return batch_add(batch, &SQL_DELIVERY_CLAIM, &bindings);
}

static void read_settled(const struct rows *rows, struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->outcome_count; i++) {
		struct settlement *outcome = &exchange->outcomes[i];
		outcome->settled = false;
		for (size_t row = 0; row < rows_count(rows) && !outcome->settled; row++)
			outcome->settled = strcmp(rows_text(rows, row, "id"), outcome->delivery->id) == 0;
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
		    .statutory = rows_flag(rows, row, "statutory"),
		    .url = copy_text(rows, row, "url"),
		    .body = copy_text(rows, row, "body"),
		    .secret_sealed = copy_text(rows, row, "secret_sealed"),
		    .previous_secret_sealed = copy_text(rows, row, "previous_secret_sealed"),
		};
		copy_id(rows, row, "partnership_id", delivery->partnership_id);
		copy_id(rows, row, "id", delivery->id);
		copy_id(rows, row, "endpoint_id", delivery->endpoint_id);
	}
}

bool queue_exchange(struct lease *lease, struct exchange *exchange, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	size_t settle = 0;
	size_t claim = 0;
	size_t lag = 0;

	exchange->claimed_count = 0;
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	if (exchange->outcome_count)
		settle = add_settle(&batch, exchange);
	if (exchange->wanted)
		claim = add_claim(&batch, exchange);
	if (exchange->measure)
		lag = batch_add(&batch, &SQL_DELIVERY_LAG, &(struct bindings){0});
	if (!batch_run(&batch, problem))
		return false;

	if (exchange->outcome_count)
		read_settled(batch_rows(&batch, settle), exchange);
	if (exchange->wanted)
		read_claimed(batch_rows(&batch, claim), exchange);
	if (exchange->measure)
		exchange->lag_ms = rows_number(batch_rows(&batch, lag), 0, "lag_ms");
	return true;
}

bool queue_release(struct lease *lease, const struct delivery *const deliveries[], size_t count,
    struct problem *problem)
{
	CLEANUP(text_finish) struct text partnerships = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(text_finish) struct text ids = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(text_finish) struct text fences = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	for (size_t i = 0; i < count; i++) {
		const char *separator = i ? "," : "{";
		text_printf(&partnerships, "%s%s", separator, deliveries[i]->partnership_id);
		text_printf(&ids, "%s%s", separator, deliveries[i]->id);
		text_printf(&fences, "%s%" PRId64, separator, deliveries[i]->fence);
	}
	const char *end = count ? "}" : "{}";
	text_puts(&partnerships, end);
	text_puts(&ids, end);
	text_puts(&fences, end);
	assert(!partnerships.failed && !ids.failed && !fences.failed);
	bind_text(&bindings, "partnership_ids", text_string(&partnerships));
	bind_text(&bindings, "delivery_ids", text_string(&ids));
	bind_text(&bindings, "fences", text_string(&fences));
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	(void)batch_add(&batch, &SQL_DELIVERY_RELEASE, &bindings);
	return batch_run(&batch, problem);
}
