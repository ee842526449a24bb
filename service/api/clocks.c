/* Owns how clocks are shown: what the database keeps, and how it stands today. */
#include "api/clocks.h"

#include <stdio.h>
#include <string.h>

#include "api/calendar.h"
#include "api/duties.h"
#include "api/incident_write.h"
#include "api/list.h"
#include "store/statements.h"

#define CLOCKS_BYTES ((size_t)256 * 1024)

struct standing {
	const struct calendar *calendar;
	struct date as_of;
};

static struct date date_column(const struct rows *rows, size_t row, const char *column)
{
	const char *text = rows_text(rows, row, column);
	struct date date;

	return text && date_parse(text, &date) ? date : DATE_NONE;
}

static struct clock_view view_of(
    const struct standing *standing, const struct rows *rows, size_t row)
{
	struct clock clock = {
	    .starts_on = date_column(rows, row, "starts_on"),
	    .due_on = date_column(rows, row, "due_on"),
	    .completed_on = date_column(rows, row, "completed_on"),
	    .cancelled = rows_flag(rows, row, "_cancelled"),
	    .paused = rows_flag(rows, row, "_paused"),
	};

	if (!clock_unit_parse(rows_text(rows, row, "unit"), &clock.unit))
		clock.unit = UNIT_CALENDAR_DAY;
	return clock_view_on(&clock, standing->calendar, standing->as_of);
}

/* How the clock stands: its state, and the units gone and left. */
static void put_standing(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text)
{
	if (part == LIST_CSV_HEADER) {
		text_puts(ret_text, ",state,elapsed,remaining");
		return;
	}
	struct clock_view view = view_of(context, rows, row);
	const char *state = clock_state_name(view.state);
	if (part == LIST_CSV_ROW && view.counted)
		text_printf(ret_text, ",%s,%d,%d", state, view.elapsed, view.remaining);
	else if (part == LIST_CSV_ROW)
		text_printf(ret_text, ",%s,,", state);
	else if (view.counted)
		text_printf(ret_text, ",\"state\":\"%s\",\"elapsed\":%d,\"remaining\":%d", state,
		    view.elapsed, view.remaining);
	else
		text_printf(ret_text, ",\"state\":\"%s\",\"elapsed\":null,\"remaining\":null", state);
}

static void put_clocks(const struct call *call, const struct standing *standing,
    const struct rows *rows, struct text *ret_text)
{
	text_putc(ret_text, '[');
	for (size_t row = 0; row < rows_count(rows); row++) {
		if (row)
			text_putc(ret_text, ',');
		rows_put_open_object(rows, row, ret_text);
		put_standing(call, standing, rows, row, LIST_JSON_ROW, ret_text);
		text_putc(ret_text, '}');
	}
	text_putc(ret_text, ']');
}

static void put_decision(const struct duty_decision *decision, struct text *ret_text)
{
	const char *separator = "";

	text_printf(ret_text,
	    "{\"duty\":\"%s\",\"rule\":\"%s\",\"explanation\":", duty_name(decision->duty),
	    decision->rule);
	text_put_json(ret_text, decision->explanation, strlen(decision->explanation));
	text_puts(ret_text, ",\"recipients\":[");
	for (const char *const *name = duty_recipients(decision->duty); *name; name++) {
		text_printf(ret_text, "%s\"%s\"", separator, *name);
		separator = ",";
	}
	text_puts(ret_text, "],\"clocks\":");
}

static bool show_clocks(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text text = TEXT_INIT(CLOCKS_BYTES * 16);

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t incident_number = batch_add(&batch, &SQL_INCIDENT_GET, &arguments.bindings);
	size_t clocks_number = batch_add(&batch, &SQL_CLOCK_LIST_BY_INCIDENT, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	if (rows_count(batch_rows(&batch, incident_number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such incident.");

	rows_put_object(batch_rows(&batch, incident_number), 0, &text);
	CLEANUP(json_decref) json_t *incident = json_loads(text_string(&text), 0, NULL);
	if (!incident)
		return problem_fail(problem, PROBLEM_INTERNAL, "an incident was not JSON");
	struct duty_decision decision = notifiability_decide(incident);
	struct standing standing = {.calendar = &rulebook->calendar, .as_of = call->today};
	call->reply->status = 200;
	put_decision(&decision, &call->reply->body);
	put_clocks(call, &standing, batch_rows(&batch, clocks_number), &call->reply->body);
	text_putc(&call->reply->body, '}');
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}

bool clocks_of_incident(struct call *call, struct problem *problem)
{
	return call_by_rules(call, show_clocks, NULL, problem);
}

/* The day that ?as_of= names, or today. */
static bool as_of(const struct call *call, struct date *ret_date, struct problem *problem)
{
	const char *text = request_argument(call->request, "as_of");

	*ret_date = call->today;
	return !text || calendar_parse(text, ret_date, problem);
}

/* The last due date within ?within= working days of the day; empty when it was not asked for. */
static bool due_until(struct call *call, const struct calendar *calendar, struct date from,
    struct date_text *ret_until, struct problem *problem)
{
	struct date until;

	ret_until->text[0] = '\0';
	if (!request_argument(call->request, "within"))
		return true;
	int within = (int)request_number(call->request, "within");
	if (!calendar_add(calendar, from, within, &until, problem))
		return false;
	*ret_until = date_format(until);
	return true;
}

static bool list_deadlines(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	struct standing standing = {.calendar = &rulebook->calendar};
	struct list_page page;
	struct date_text until;

	call_bind(call, &arguments);
	if (!as_of(call, &standing.as_of, problem) ||
	    !list_open(call, &page, &arguments.bindings, problem) ||
	    !due_until(call, &rulebook->calendar, standing.as_of, &until, problem))
		return call_refuse(call, rulebook, problem);
	struct date_text day = date_format(standing.as_of);
	bind_text(&arguments.bindings, "as_of", day.text);
	bind_text(&arguments.bindings, "due_until", until.text[0] ? until.text : NULL);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_DEADLINE_LIST, &arguments.bindings);
	return call_run(call, &batch, problem) &&
	       list_close(call, &page, batch_rows(&batch, number), put_standing, &standing, problem);
}

bool deadlines_list(struct call *call, struct problem *problem)
{
	return call_by_rules(call, list_deadlines, NULL, problem);
}
