/* Owns how clocks are shown: what the database keeps, and how it stands today. */
#include "api/clocks.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/incident_write.h"
#include "store/statements.h"

#define CLOCKS_BYTES ((size_t)256 * 1024)

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

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

/* Past its due day, and not past the last day that was agreed. */
static bool is_within_extension(
    const struct standing *standing, const struct rows *rows, size_t row, struct clock_view view)
{
	struct date until = date_column(rows, row, "extended_until");
	struct date completed_on = date_column(rows, row, "completed_on");
	struct date day = date_is_set(completed_on) ? completed_on : standing->as_of;

	return (view.state == CLOCK_BREACHED || view.state == CLOCK_MET_LATE) && date_is_set(until) &&
	       day.days <= until.days;
}

void clocks_put_standing(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text)
{
	const struct standing *standing = context;

	if (part == LIST_CSV_HEADER) {
		text_puts(ret_text, ",state,elapsed,remaining,at_risk,within_extension");
		return;
	}
	struct clock_view view = view_of(standing, rows, row);
	const char *state = clock_state_name(view.state);
	struct date risk_on = date_column(rows, row, "at_risk_on");
	const char *at_risk = truth(view.state == CLOCK_RUNNING && date_is_set(risk_on) &&
	                            risk_on.days <= standing->as_of.days);
	const char *extended = truth(is_within_extension(standing, rows, row, view));
	if (part == LIST_CSV_ROW && view.counted)
		text_printf(
		    ret_text, ",%s,%d,%d,%s,%s", state, view.elapsed, view.remaining, at_risk, extended);
	else if (part == LIST_CSV_ROW)
		text_printf(ret_text, ",%s,,,%s,%s", state, at_risk, extended);
	else if (view.counted)
		text_printf(ret_text, ",\"state\":\"%s\",\"elapsed\":%d,\"remaining\":%d", state,
		    view.elapsed, view.remaining);
	else
		text_printf(ret_text, ",\"state\":\"%s\",\"elapsed\":null,\"remaining\":null", state);
	if (part == LIST_JSON_ROW)
		text_printf(ret_text, ",\"at_risk\":%s,\"within_extension\":%s", at_risk, extended);
}

static void put_clocks(const struct call *call, const struct standing *standing,
    const struct rows *rows, struct text *ret_text)
{
	text_putc(ret_text, '[');
	for (size_t row = 0; row < rows_count(rows); row++) {
		if (row)
			text_putc(ret_text, ',');
		rows_put_open_object(rows, row, ret_text);
		clocks_put_standing(call, standing, rows, row, LIST_JSON_ROW, ret_text);
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
