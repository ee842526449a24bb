/* Owns the sweep through the clocks: which are announced, and how they are counted anew. */
#include "outbox/sweep.h"

#include <stdio.h>

#include "base/ids.h"
#include "base/log.h"
#include "domain/clock.h"
#include "store/statements.h"

/* Few enough that nobody waits long for what a part of the sweep holds. */
#define PART 50
#define PART_TEXT "50"
#define HOLIDAYS_MAX 1024

static bool announce(
    struct lease *lease, const char *link, int64_t *ret_done, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};

	bind_text(&bindings, "link", link);
	bind_text(&bindings, "limit", PART_TEXT);
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_SWEEP_ANNOUNCE, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	*ret_done = rows_number(batch_rows(&batch, number), 0, "done");
	return true;
}

/* Only what is known to be a date comes from a date column. */
static struct date date_column(const struct rows *rows, size_t row, const char *column)
{
	const char *text = rows_text(rows, row, column);
	struct date date;

	return text && date_parse(text, &date) ? date : DATE_NONE;
}

static void read_calendar(const struct rows *rows, struct calendar *ret_calendar)
{
	struct date days[HOLIDAYS_MAX];
	size_t count = 0;

	for (size_t row = 0; row < rows_count(rows) && count < HOLIDAYS_MAX; row++)
		days[count++] = date_column(rows, row, "date");
	calendar_init(ret_calendar, days, count, count ? (int)rows_number(rows, 0, "version") : 0);
}

/*
 * What the calendar says of the clock. Where it does not reach, the days stay as they are: they are
 * counted when it does.
 */
static json_t *count_anew(const struct rows *rows, size_t row, const struct calendar *calendar)
{
	CLEANUP(problem_finish) struct problem ignored = {0};
	struct clock_policy policy = {.length = (int)rows_number(rows, row, "length")};
	struct date starts_on = date_column(rows, row, "starts_on");
	struct date due_on = date_column(rows, row, "due_on");
	struct date counted = due_on;
	struct date risk_on = DATE_NONE;
	struct uuid new_id = uuid_new();

	bool known = clock_unit_parse(rows_text(rows, row, "unit"), &policy.unit);
	if (known && !rows_flag(rows, row, "agreed") &&
	    clock_due(&policy, calendar, starts_on, &counted, &ignored))
		due_on = counted;
	if (!clock_risk_day(calendar, starts_on, due_on, &risk_on, &ignored))
		risk_on = DATE_NONE;
	struct date_text risk_text = date_format(risk_on);
	return json_pack("{s:s, s:s, s:I, s:i, s:s, s:s?, s:s}", "partnership_id",
	    rows_text(rows, row, "partnership_id"), "id", rows_text(rows, row, "id"), "was_version",
	    (json_int_t)rows_number(rows, row, "calendar_version"), "calendar_version",
	    calendar->version, "due_on", date_format(due_on).text, "at_risk_on",
	    date_is_set(risk_on) ? risk_text.text : NULL, "new_id", new_id.text);
}

/* An array for sweep_recount; empty when every open clock is counted by the present calendar. */
static bool count_outdated(struct lease *lease, json_t *counted, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct calendar calendar;
	struct bindings bindings = {0};

	bind_text(&bindings, "limit", PART_TEXT);
	if (!batch_begin(lease, BATCH_READ, &batch, problem))
		return false;
	size_t outdated = batch_add(&batch, &SQL_SWEEP_OUTDATED, &bindings);
	size_t days = batch_add(&batch, &SQL_SWEEP_CALENDAR, &(struct bindings){0});
	if (!batch_run(&batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, outdated);
	if (rows_count(rows) == 0)
		return true;
	read_calendar(batch_rows(&batch, days), &calendar);
	for (size_t row = 0; row < rows_count(rows); row++)
		json_array_append_new(counted, count_anew(rows, row, &calendar));
	return true;
}

static bool recount(
    struct lease *lease, const char *link, int64_t *ret_done, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(json_decref) json_t *counted = json_array();
	struct bindings bindings = {0};

	*ret_done = 0;
	if (!count_outdated(lease, counted, problem))
		return false;
	if (json_array_size(counted) == 0)
		return true;
	CLEANUP(free) char *text = json_dumps(counted, JSON_COMPACT);
	if (!text)
		return problem_fail(problem, PROBLEM_INTERNAL, "clocks counted anew do not fit");
	bind_text(&bindings, "counted", text);
	bind_text(&bindings, "link", link);
	if (!batch_begin(lease, BATCH_COMMIT, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_SWEEP_RECOUNT, &bindings);
	if (!batch_run(&batch, problem))
		return false;
	*ret_done = rows_number(batch_rows(&batch, number), 0, "done");
	return true;
}

bool sweep_run(struct lease *lease, const char *link, bool *ret_more, struct problem *problem)
{
	int64_t recounted = 0;
	int64_t announced = 0;

	/* First the days, so that nothing is announced by a calendar that holds no more. */
	if (!recount(lease, link, &recounted, problem) || !announce(lease, link, &announced, problem))
		return false;
	if (recounted || announced)
		log_event(LOG_INFO, "deadlines_swept", LOG_NUMBER("recounted", recounted),
		    LOG_NUMBER("announced", announced));
	*ret_more = recounted > 0 || announced > 0;
	return true;
}
