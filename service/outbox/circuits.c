/* Owns the way of a circuit from the database through its judgement and back. */
#include "outbox/circuits.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/ids.h"
#include "base/log.h"
#include "store/statements.h"

/* Few enough for one short transaction; the others have their turn in the next look. */
#define AT_ONCE 64
#define ARRAY_LIMIT ((size_t)8 * 1024)

struct judged {
	struct allowance_entry *entry;
	struct circuit circuit;
	enum circuit_change change;
	int64_t revision;
	size_t statement; /* that writes it */
};

bool circuits_have_news(const struct allowances *allowances)
{
	for (size_t i = 0; i < allowances->count; i++)
		if (allowance_has_news(&allowances->entries[i]))
			return true;
	return false;
}

static size_t collect(struct allowances *allowances, struct judged judged[AT_ONCE])
{
	size_t count = 0;

	for (size_t i = 0; i < allowances->count && count < AT_ONCE; i++)
		if (allowance_has_news(&allowances->entries[i]))
			judged[count++].entry = &allowances->entries[i];
	return count;
}

static void judge(const struct rows *rows, size_t row, struct judged *judged, int scale_percent)
{
	uint32_t random;

	random_bytes(&random, sizeof(random));
	judged->revision = rows_number(rows, row, "revision");
	judged->circuit = (struct circuit){
	    .failures = (int)rows_number(rows, row, "failures"),
	    .trials = (int)rows_number(rows, row, "trials"),
	    .opened_at = rows_number(rows, row, "opened_at"),
	    .trial_at = rows_number(rows, row, "trial_at"),
	};
	judged->change = circuit_judge(&judged->circuit, &judged->entry->news,
	    rows_flag(rows, row, "statutory"), rows_number(rows, row, "now"), random, scale_percent);
}

/* Reads and judges; false when the database cannot be asked. An endpoint is never deleted. */
static bool read_and_judge(struct lease *lease, struct judged judged[AT_ONCE], size_t count,
    int scale_percent, struct problem *problem)
{
	CLEANUP(text_finish) struct text partnerships = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(text_finish) struct text endpoints = TEXT_INIT(ARRAY_LIMIT);
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	for (size_t i = 0; i < count; i++) {
		text_printf(&partnerships, "%c%s", i ? ',' : '{', judged[i].entry->partnership_id);
		text_printf(&endpoints, "%c%s", i ? ',' : '{', judged[i].entry->endpoint_id);
	}
	text_putc(&partnerships, '}');
	text_putc(&endpoints, '}');
	bind_text(&bindings, "partnership_ids", text_string(&partnerships));
	bind_text(&bindings, "endpoint_ids", text_string(&endpoints));
	if (!batch_begin(lease, BATCH_READ, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_CIRCUIT_READ, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	for (size_t row = 0; row < rows_count(rows); row++)
		judge(rows, row, &judged[rows_number(rows, row, "number") - 1], scale_percent);
	return true;
}

static void format_time(int64_t milliseconds, char ret_text[24])
{
	snprintf(ret_text, 24, "%" PRId64, milliseconds);
}

static void add_write(struct batch *batch, struct judged *judged, const char *link)
{
	const struct circuit *circuit = &judged->circuit;
	struct bindings bindings = {0};
	char revision[24];
	char failures[16];
	char trials[16];
	char opened_at[24];
	char trial_at[24];

	snprintf(revision, sizeof(revision), "%" PRId64, judged->revision);
	snprintf(failures, sizeof(failures), "%d", circuit->failures);
	snprintf(trials, sizeof(trials), "%d", circuit->trials);
	format_time(circuit->opened_at, opened_at);
	format_time(circuit->trial_at, trial_at);
	bind_text(&bindings, "partnership_id", judged->entry->partnership_id);
	bind_text(&bindings, "endpoint_id", judged->entry->endpoint_id);
	bind_text(&bindings, "revision", revision);
	bind_text(&bindings, "failures", failures);
	bind_text(&bindings, "trials", trials);
	bind_text(&bindings, "opened_at", circuit->opened_at ? opened_at : NULL);
	bind_text(&bindings, "trial_at", circuit->opened_at ? trial_at : NULL);
	bind_text(&bindings, "link", link);
	judged->statement = batch_add(batch, &SQL_CIRCUIT_WRITE, &bindings);
}

static void note_written(const struct judged *judged)
{
	struct allowance_entry *entry = judged->entry;

	entry->news = (struct circuit_news){0};
	entry->troubled = judged->circuit.failures > 0;
	if (judged->change == CIRCUIT_STAYS)
		return;
	bool opens = judged->change == CIRCUIT_OPENS;
	log_event(opens ? LOG_ERROR : LOG_INFO, opens ? "endpoint_failing" : "endpoint_recovered",
	    LOG_TEXT("endpoint_id", entry->endpoint_id),
	    LOG_NUMBER("failures", judged->circuit.failures));
}

bool circuits_update(struct lease *lease, struct allowances *allowances, const char *link,
    int scale_percent, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct judged judged[AT_ONCE] = {0};
	size_t count = collect(allowances, judged);

	if (count == 0)
		return true;
	if (!read_and_judge(lease, judged, count, scale_percent, problem) ||
	    !batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	for (size_t i = 0; i < count; i++)
		add_write(&batch, &judged[i], link);
	if (!batch_run(&batch, problem))
		return false;
	for (size_t i = 0; i < count; i++)
		if (rows_flag(batch_rows(&batch, judged[i].statement), 0, "written"))
			note_written(&judged[i]);
	return true;
}

bool circuits_warn(
    struct lease *lease, const char *link, int64_t *ret_done, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "link", link);
	bind_text(&bindings, "limit", "50");
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_DELIVERY_WARN, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	*ret_done = rows_number(batch_rows(&batch, number), 0, "done");
	if (*ret_done)
		log_event(LOG_WARNING, "deliveries_at_risk", LOG_NUMBER("deliveries", *ret_done));
	return true;
}
