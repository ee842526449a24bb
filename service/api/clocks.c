/* Owns how clocks are shown: what the database keeps, and how it stands today. */
#include "api/clocks.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/incident_write.h"
#include "api/list.h"
#include "store/statements.h"

#define CLOCKS_BYTES (256 * 1024)

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

/* Again while the rules change between their being read and the answer. */
static bool serve_by_rules(struct call *call,
    bool (*serve)(struct call *, const struct rulebook *, struct problem *),
    struct problem *problem)
{
	for (int tries = 0;;) {
		CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;
		if (!call_rulebook(call, &rulebook, problem))
			return false;
		if (serve(call, rulebook, problem))
			return true;
		if (!call_try_again(call_rules_changed(call), &tries, problem))
			return false;
	}
}

static bool show_clocks(struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments;
	CLEANUP(text_finish) struct text text = TEXT_INIT(CLOCKS_BYTES * 16);

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t incident_number = batch_add(&batch, &SQL_INCIDENT_GET, &arguments.bindings);
	size_t clocks_number = batch_add(&batch, &SQL_CLOCK_LIST_BY_INCIDENT, &arguments.bindings);
	if (!call_run(call, &batch, BATCH_READ, problem))
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
	return serve_by_rules(call, show_clocks, problem);
}

/* The day that ?as_of= names, or today. */
static struct date as_of(const struct call *call)
{
	const char *text = request_argument(call->request, "as_of");
	struct date date;

	return text && date_parse(text, &date) ? date : call->today;
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
    struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments;
	struct standing standing = {.calendar = &rulebook->calendar, .as_of = as_of(call)};
	struct date_text day = date_format(standing.as_of);
	struct list_page page;
	struct date_text until;

	call_bind(call, &arguments);
	if (!list_open(call, &page, &arguments.bindings, problem) ||
	    !due_until(call, &rulebook->calendar, standing.as_of, &until, problem))
		return call_refuse(call, rulebook, problem);
	bind_text(&arguments.bindings, "as_of", day.text);
	bind_text(&arguments.bindings, "due_until", until.text[0] ? until.text : NULL);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_DEADLINE_LIST, &arguments.bindings);
	return call_run(call, &batch, BATCH_READ, problem) &&
	       list_close(call, &page, batch_rows(&batch, number), put_standing, &standing, problem);
}

bool deadlines_list(struct call *call, struct problem *problem)
{
	return serve_by_rules(call, list_deadlines, problem);
}

static bool check_parse(const char *text, struct date *ret_date, struct problem *problem)
{
	if (text && date_parse(text, ret_date))
		return true;
	return problem_set(
	    problem, PROBLEM_BAD_PARAMETER, "Dates are YYYY-MM-DD, of the years 1900 to 2199.");
}

/* Nothing is read but the caller and whether the rulebook is still the one that holds. */
static bool check_rules(struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};

	return call_begin(call, BATCH_READ, rulebook, &batch, problem) &&
	       call_run(call, &batch, BATCH_READ, problem);
}

static bool count_working_days(
    struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	struct date from;
	struct date result;
	int add = (int)request_number(call->request, "add");

	if (!check_rules(call, rulebook, problem) ||
	    !check_parse(request_argument(call->request, "from"), &from, problem) ||
	    !calendar_add(&rulebook->calendar, from, add, &result, problem))
		return false;
	call->reply->status = 200;
	text_printf(&call->reply->body,
	    "{\"from\":\"%s\",\"add\":%d,\"date\":\"%s\",\"working_day\":%s,\"calendar_version\":%d}",
	    date_format(from).text, add, date_format(result).text,
	    calendar_covers(&rulebook->calendar, result) &&
	            calendar_is_working_day(&rulebook->calendar, result)
	        ? "true"
	        : "false",
	    rulebook->calendar.version);
	return true;
}

bool calendar_working_day(struct call *call, struct problem *problem)
{
	return serve_by_rules(call, count_working_days, problem);
}

/* A clock that would start on that day, as it would stand today. */
static bool simulate(struct call *call, const struct rulebook *rulebook, const char *kind,
    struct date starts_on, struct date *ret_due_on, json_t *clocks, struct problem *problem)
{
	struct duty_decision decision = {.duty = DUTY_SERIOUS_INCIDENT, .rule = "simulated"};
	json_t *made = NULL;

	if (!duties_clock(rulebook, kind, &decision, starts_on, &made, problem))
		return false;
	json_object_del(made, "id");
	json_object_del(made, "duty");
	json_object_del(made, "rule");
	if (!date_parse(json_string_value(json_object_get(made, "due_on")), ret_due_on))
		*ret_due_on = DATE_NONE;
	struct clock clock = {.starts_on = starts_on, .due_on = *ret_due_on, .completed_on = DATE_NONE};
	if (!clock_unit_parse(json_string_value(json_object_get(made, "unit")), &clock.unit))
		clock.unit = UNIT_CALENDAR_DAY;
	struct clock_view view = clock_view_on(&clock, &rulebook->calendar, call->today);
	json_object_set_new(made, "state", json_string(clock_state_name(view.state)));
	json_object_set_new(made, "completed_on", json_null());
	json_object_set_new(made, "elapsed", view.counted ? json_integer(view.elapsed) : json_null());
	json_object_set_new(
	    made, "remaining", view.counted ? json_integer(view.remaining) : json_null());
	json_object_set_new(made, "extensions", json_array());
	json_array_append_new(clocks, made);
	return true;
}

static bool show_simulated(
    struct call *call, const struct rulebook *rulebook, struct problem *problem)
{
	CLEANUP(json_decref) json_t *clocks = json_array();
	const char *notified_on = request_argument(call->request, "notified_on");
	struct date aware_on;
	struct date notified;
	struct date due_on;

	if (!check_rules(call, rulebook, problem) ||
	    !check_parse(request_argument(call->request, "aware_on"), &aware_on, problem) ||
	    !simulate(call, rulebook, "sin", aware_on, &notified, clocks, problem))
		return false;
	/* Unless it is said when the notification is sent, it is sent on its last day. */
	if (notified_on && !check_parse(notified_on, &notified, problem))
		return false;
	if (!simulate(call, rulebook, "scoping", notified, &due_on, clocks, problem) ||
	    !simulate(call, rulebook, "rapid_review", notified, &due_on, clocks, problem))
		return false;
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s, s:O}", "aware_on", date_format(aware_on).text,
	    "notified_on", date_format(notified).text, "clocks", clocks);
	CLEANUP(free) char *text = json_dumps(body, JSON_COMPACT);
	call->reply->status = 200;
	text_puts(&call->reply->body, text ? text : "{}");
	return true;
}

bool clocks_simulate(struct call *call, struct problem *problem)
{
	return serve_by_rules(call, show_simulated, problem);
}
