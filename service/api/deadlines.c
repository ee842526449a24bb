/* Owns which clocks are looked at, on which day, and the extensions that are agreed. */
#include "api/deadlines.h"

#include <stdio.h>
#include <string.h>

#include "api/calendar.h"
#include "api/clocks.h"
#include "api/deadline_events.h"
#include "api/duties.h"
#include "base/ids.h"
#include "store/statements.h"

#define EARLIEST "-infinity"
#define LATEST "infinity"
#define DEADLINE_BYTES (256UL * 1024)
/* No run of days without a working day is as long, so what is at risk is due within it. */
#define RISK_DAYS 14

/* ---- Which clocks ---- */

/* The due days between which clocks of one standing are looked for; both ends count. */
struct stretch {
	const char *standing; /* as clock_standing() says */
	bool wanted;
	struct date from; /* DATE_NONE is no limit */
	struct date until;
};

enum { OPEN, PAUSED, MET, MET_LATE, CANCELLED, STANDINGS };

struct view {
	struct standing standing;
	struct date within; /* DATE_NONE is no limit */
	struct stretch stretches[STANDINGS];
	struct date_text as_of;
	struct text standings; /* arrays of the stretches */
	struct text from;
	struct text until;
};

static void view_finish(struct view *view)
{
	text_finish(&view->standings);
	text_finish(&view->from);
	text_finish(&view->until);
}
DEFINE_VALUE_CLEANUP(struct view, view_finish)

static struct date later(struct date date, int days)
{
	return (struct date){date.days + days};
}

/* One more state that is asked for; several of one standing make its stretch longer. */
static void want(struct stretch *stretch, struct date from, struct date until)
{
	bool both_begin = date_is_set(stretch->from) && date_is_set(from);
	bool both_end = date_is_set(stretch->until) && date_is_set(until);

	if (!stretch->wanted) {
		*stretch = (struct stretch){stretch->standing, true, from, until};
		return;
	}
	stretch->from = both_begin && from.days > stretch->from.days ? stretch->from : from;
	stretch->until = both_end && until.days < stretch->until.days ? stretch->until : until;
	if (!both_begin)
		stretch->from = DATE_NONE;
	if (!both_end)
		stretch->until = DATE_NONE;
}

static void want_state(struct view *view, const char *state, size_t length)
{
	static const struct {
		const char *state;
		int standing;
	} settled[] = {
	    {"paused", PAUSED}, {"met", MET}, {"met_late", MET_LATE}, {"cancelled", CANCELLED}};
	struct stretch *open = &view->stretches[OPEN];
	struct date day = view->standing.as_of;

	if (strncmp(state, "running", length) == 0)
		want(open, day, DATE_NONE);
	else if (strncmp(state, "breached", length) == 0)
		want(open, DATE_NONE, later(day, -1));
	else if (strncmp(state, "at_risk", length) == 0)
		want(open, day, later(day, RISK_DAYS));
	for (size_t i = 0; i < ARRAY_LENGTH(settled); i++)
		if (strlen(settled[i].state) == length && strncmp(state, settled[i].state, length) == 0)
			want(&view->stretches[settled[i].standing], DATE_NONE, DATE_NONE);
}

static void choose_states(struct view *view, const char *states)
{
	static const char *const names[STANDINGS] = {"open", "paused", "met", "met_late", "cancelled"};

	for (size_t i = 0; i < STANDINGS; i++)
		view->stretches[i].standing = names[i];
	for (const char *at = states; at && *at;) {
		size_t length = strcspn(at, ",");
		want_state(view, at, length);
		at += length + (at[length] == ',');
	}
	for (size_t i = 0; i < STANDINGS; i++) {
		struct stretch *stretch = &view->stretches[i];
		if (!states)
			want(stretch, DATE_NONE, DATE_NONE);
		if (date_is_set(view->within) &&
		    (!date_is_set(stretch->until) || stretch->until.days > view->within.days))
			stretch->until = view->within;
	}
}

static void put_day(struct text *array, struct date day, const char *otherwise)
{
	text_printf(array, "%s%s", array->length > 1 ? "," : "",
	    date_is_set(day) ? date_format(day).text : otherwise);
}

static void put_stretch(struct view *view, const struct stretch *stretch)
{
	text_printf(&view->standings, "%s%s", view->standings.length > 1 ? "," : "", stretch->standing);
	put_day(&view->from, stretch->from, EARLIEST);
	put_day(&view->until, stretch->until, LATEST);
}

static void bind_stretches(struct view *view, struct bindings *bindings)
{
	view->standings = TEXT_INIT(200);
	view->from = TEXT_INIT(200);
	view->until = TEXT_INIT(200);
	text_putc(&view->standings, '{');
	text_putc(&view->from, '{');
	text_putc(&view->until, '{');
	for (size_t i = 0; i < STANDINGS; i++)
		if (view->stretches[i].wanted)
			put_stretch(view, &view->stretches[i]);
	text_putc(&view->standings, '}');
	text_putc(&view->from, '}');
	text_putc(&view->until, '}');
	bind_text(bindings, "standings", text_string(&view->standings));
	bind_text(bindings, "due_from", text_string(&view->from));
	bind_text(bindings, "due_until", text_string(&view->until));
}

/* What had which standing on a past day is not known before it is read; only `within` limits it. */
static void bind_past(struct view *view, struct bindings *bindings)
{
	view->until = TEXT_INIT(20);
	text_puts(&view->until, date_is_set(view->within) ? date_format(view->within).text : LATEST);
	bind_text(bindings, "due_from", EARLIEST);
	bind_text(bindings, "due_until", text_string(&view->until));
}

static const struct statement *bind_view(
    const struct call *call, struct view *view, struct bindings *bindings)
{
	const char *sort = request_argument(call->request, "sort");
	bool latest_first = sort && sort[0] == '-';
	bool is_past = view->standing.as_of.days < call->today.days;

	choose_states(view, request_argument(call->request, "state"));
	view->as_of = date_format(view->standing.as_of);
	bind_text(bindings, "as_of", view->as_of.text);
	if (!is_past && !request_argument(call->request, "incident_id")) {
		bind_stretches(view, bindings);
		return latest_first ? &SQL_DEADLINE_LIST_DESC : &SQL_DEADLINE_LIST;
	}
	bind_past(view, bindings);
	if (request_argument(call->request, "incident_id"))
		return latest_first ? &SQL_DEADLINE_LIST_OF_INCIDENT_DESC : &SQL_DEADLINE_LIST_OF_INCIDENT;
	return latest_first ? &SQL_DEADLINE_LIST_PAST_DESC : &SQL_DEADLINE_LIST_PAST;
}

/* The day that ?as_of= names, or today; and the last due day within ?within= working days of it. */
static bool read_days(const struct call *call, struct view *view, struct problem *problem)
{
	const char *as_of = request_argument(call->request, "as_of");

	view->standing.as_of = call->today;
	view->within = DATE_NONE;
	if (as_of && !calendar_parse(as_of, &view->standing.as_of, problem))
		return false;
	return !request_argument(call->request, "within") ||
	       calendar_add(view->standing.calendar, view->standing.as_of,
	           (int)request_number(call->request, "within"), &view->within, problem);
}

static bool close_calendar(struct call *call, const struct list_page *page, const struct rows *rows,
    struct problem *problem)
{
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);
	size_t count = list_cut(call, page, rows, &cursor);

	call->reply->status = 200;
	deadline_events_put(call, NULL, rows, count, &call->reply->body);
	return !call->reply->body.failed ||
	       problem_fail(problem, PROBLEM_INTERNAL, "a calendar outgrew its limit");
}

static bool list_deadlines(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(view_finish) struct view view = {.standing.calendar = &rulebook->calendar};
	struct list_page page;

	call_bind(call, &arguments);
	if (!read_days(call, &view, problem) || !list_open(call, &page, &arguments.bindings, problem))
		return call_refuse(call, rulebook, problem);
	const struct statement *statement = bind_view(call, &view, &arguments.bindings);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t number = batch_add(&batch, statement, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (strcmp(call->reply->media_type, "text/calendar") == 0)
		return close_calendar(call, &page, rows, problem);
	return list_close(call, &page, rows, clocks_put_standing, &view.standing, problem);
}

bool deadlines_list(struct call *call, struct problem *problem)
{
	return call_by_rules(call, list_deadlines, NULL, problem);
}

/* ---- One of them ---- */

/* Reads it as it stands today, and how it stands is told with it. */
static bool read_deadline(struct call *call, const struct rulebook *rulebook, struct text *ret_text,
    struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	struct date_text today = date_format(call->today);
	struct standing standing = {.calendar = &rulebook->calendar, .as_of = call->today};

	bind_text(&bindings, "as_of", today.text);
	bind_text(&bindings, "clock_id", request_argument(call->request, "clock_id"));
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t number = batch_add(&batch, &SQL_DEADLINE_GET, &bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such clock.");
	rows_put_open_object(rows, 0, ret_text);
	clocks_put_standing(call, &standing, rows, 0, LIST_JSON_ROW, ret_text);
	text_putc(ret_text, '}');
	return true;
}

static bool show_deadline(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	if (!read_deadline(call, rulebook, &call->reply->body, problem))
		return false;
	call->reply->status = 200;
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}

bool deadlines_get(struct call *call, struct problem *problem)
{
	return call_by_rules(call, show_deadline, NULL, problem);
}

/* ---- Extensions ---- */

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool check_open(const json_t *deadline, struct problem *problem)
{
	const char *state = member(deadline, "state");

	if (member(deadline, "superseded_at"))
		return problem_set(problem, PROBLEM_CONFLICT,
		    "A correction put another clock in the place of this one; extend that one.");
	if (strcmp(state, "running") == 0 || strcmp(state, "breached") == 0 ||
	    strcmp(state, "paused") == 0)
		return true;
	return problem_set(
	    problem, PROBLEM_CONFLICT, "The clock is %s, so there is nothing to extend.", state);
}

static bool check_days(
    const struct call *call, const json_t *deadline, json_t *extension, struct problem *problem)
{
	struct date due_on = DATE_NONE;
	struct date until = DATE_NONE;
	struct date agreed_on = call->today;

	if (!date_parse(member(deadline, "due_on"), &due_on))
		return problem_fail(problem, PROBLEM_INTERNAL, "a clock has no due day");
	if (!date_parse(member(extension, "until"), &until))
		problem_add(problem, PROBLEM_INVALID, "/until", "date_out_of_range",
		    "Dates are of the years 1900 to 2199.");
	else if (until.days <= due_on.days)
		problem_add(problem, PROBLEM_INVALID, "/until", "until_before_due",
		    "An extension leads to a later day than the clock is due on.");
	if (member(extension, "agreed_on") && !date_parse(member(extension, "agreed_on"), &agreed_on))
		problem_add(problem, PROBLEM_INVALID, "/agreed_on", "date_out_of_range",
		    "Dates are of the years 1900 to 2199.");
	if (agreed_on.days > call->today.days)
		problem_add(problem, PROBLEM_INVALID, "/agreed_on", "date_in_future",
		    "What was agreed cannot lie in the future.");
	json_object_set_new(extension, "agreed_on", json_string(date_format(agreed_on).text));
	return problem->kind == PROBLEM_NONE;
}

static void add_extended_event(struct call *call, struct batch *batch, const json_t *deadline)
{
	static const char *const told[] = {
	    "kind", "due_on", "subject", "subject_id", "incident_id", "agency_id"};
	CLEANUP(text_finish) struct text link = TEXT_INIT(700);
	const char *incident_id = member(deadline, "incident_id");

	call_link(call, "/v1/deadlines/", &link);
	text_puts(&link, member(deadline, "id"));
	CLEANUP(json_decref)
	json_t *data =
	    json_pack("{s:s, s:s}", "clock_id", member(deadline, "id"), "link", text_string(&link));
	for (size_t i = 0; i < ARRAY_LENGTH(told); i++)
		if (member(deadline, told[i]))
			json_object_set(data, told[i], json_object_get(deadline, told[i]));
	struct event event = {
	    .type = "deadline.extended",
	    .incident_id = incident_id,
	    .recipients = "{}",
	    .data = data,
	};
	duties_add_event(&event, uuid_new().text, batch);
}

static bool write_extension(struct call *call, const struct rulebook *rulebook,
    const json_t *deadline, const json_t *extension, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	const char *id = member(deadline, "id");
	char location[80];

	snprintf(location, sizeof(location), "/v1/deadlines/%s", id);
	bind_text(&bindings, "clock_id", id);
	bind_text(&bindings, "due_on", member(deadline, "due_on"));
	bind_text(&bindings, "incident_id", member(deadline, "incident_id"));
	if (!call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	call_claim(call, &batch);
	if (member(deadline, "incident_id"))
		batch_add(&batch, &SQL_INCIDENT_LOCK, &bindings);
	duties_add_json(&batch, &SQL_CLOCK_EXTEND, &bindings, "extension", extension);
	add_extended_event(call, &batch, deadline);
	call_audit(call, &batch, id);
	size_t answer = call_keep(call, &batch, &SQL_CLOCK_EXTENSIONS, &SQL_CLOCK_EXTENSIONS_STORED,
	    &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, VERSION_OF_ANSWER);
	return true;
}

static bool extend(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(DEADLINE_BYTES);

	if (!read_deadline(call, rulebook, &text, problem))
		return false;
	CLEANUP(json_decref) json_t *deadline = json_loads(text_string(&text), 0, NULL);
	CLEANUP(json_decref) json_t *extension = json_deep_copy(call->request->json);
	if (!deadline)
		return problem_fail(problem, PROBLEM_INTERNAL, "a clock was not JSON");
	return check_open(deadline, problem) && check_days(call, deadline, extension, problem) &&
	       write_extension(call, rulebook, deadline, extension, problem);
}

bool deadlines_extend(struct call *call, struct problem *problem)
{
	bool replayed;

	if (!call_replay_first(call, &replayed, problem))
		return false;
	if (replayed)
		return true;
	/* Again while the clock is corrected or met between the reading and the writing. */
	for (int tries = 0;;) {
		if (call_by_rules(call, extend, NULL, problem))
			return true;
		if (!call_try_again(call_was_overtaken(call), &tries, problem))
			return false;
	}
}
