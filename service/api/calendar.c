/* Owns the working-day calendar and what clocks would be: nothing here reads a case. */
#include "api/calendar.h"

#include "api/duties.h"
#include "store/statements.h"

bool calendar_parse(const char *text, struct date *ret_date, struct problem *problem)
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
	       call_run(call, &batch, problem);
}

static bool count_working_days(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	struct date from = DATE_NONE;
	struct date result = DATE_NONE;
	int add = (int)request_number(call->request, "add");

	if (!check_rules(call, rulebook, problem) ||
	    !calendar_parse(request_argument(call->request, "from"), &from, problem) ||
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
	return call_by_rules(call, count_working_days, NULL, problem);
}

/* A clock that would start on that day, or by its policy on the incident's, as it stands today. */
static bool simulate(struct call *call, const struct rulebook *rulebook, const char *kind,
    const json_t *incident, struct date event_day, struct date *ret_due_on, json_t *clocks,
    struct problem *problem)
{
	struct date starts_on = event_day;
	json_t *made = NULL;

	if (!duties_count_from(rulebook, kind, incident, event_day, &made, problem))
		return false;
	json_object_del(made, "id");
	if (!date_parse(json_string_value(json_object_get(made, "starts_on")), &starts_on))
		starts_on = event_day;
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
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(json_decref) json_t *clocks = json_array();
	const char *notified_on = request_argument(call->request, "notified_on");
	struct date aware_on = DATE_NONE;
	struct date notified = DATE_NONE;
	struct date due_on = DATE_NONE;
	const char *aware_text = request_argument(call->request, "aware_on");
	CLEANUP(json_decref) json_t *incident = json_pack("{s:s?}", "aware_on", aware_text);

	if (!check_rules(call, rulebook, problem) || !calendar_parse(aware_text, &aware_on, problem) ||
	    !simulate(call, rulebook, "sin", incident, aware_on, &notified, clocks, problem))
		return false;
	/* Unless it is said when the notification is sent, it is sent on its last day. */
	if (notified_on && !calendar_parse(notified_on, &notified, problem))
		return false;
	if (!simulate(call, rulebook, "scoping", incident, notified, &due_on, clocks, problem) ||
	    !simulate(call, rulebook, "rapid_review", incident, notified, &due_on, clocks, problem))
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
	return call_by_rules(call, show_simulated, NULL, problem);
}
