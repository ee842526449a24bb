/* Owns the step from facts to duty, clocks and events. */
#include "api/duties.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "domain/clock_policies.h"
#include "domain/incident_rules.h"
#include "store/statements.h"

void duties_finish(struct duties *duties)
{
	json_decref(duties->clocks);
	*duties = (struct duties){0};
}

static bool count_by(const struct rulebook *rulebook, const struct clock_policy *policy,
    struct date starts_on, struct date agreed_on, json_t **ret_clock, struct problem *problem)
{
	struct date due_on = agreed_on;
	struct date risk_on;

	if (!date_is_set(agreed_on) &&
	    !clock_due(policy, &rulebook->calendar, starts_on, &due_on, problem))
		return false;
	if (!clock_risk_day(&rulebook->calendar, starts_on, due_on, &risk_on, problem))
		return false;
	*ret_clock = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i}", "id",
	    uuid_new().text, "kind", policy->kind, "basis", policy->basis, "starts_on",
	    date_format(starts_on).text, "start_event", policy->start_event, "unit",
	    clock_unit_name(policy->unit), "length", policy->length, "due_on", date_format(due_on).text,
	    "at_risk_on", date_format(risk_on).text, "calendar_version", rulebook->calendar.version);
	if (!*ret_clock)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	if (date_is_set(agreed_on))
		json_object_set_new(*ret_clock, "agreed", json_true());
	return true;
}

static bool find_policy(const struct rulebook *rulebook, const char *kind,
    const struct clock_policy **ret_policy, struct problem *problem)
{
	*ret_policy = rulebook_policy(rulebook, kind);
	return *ret_policy ||
	       problem_fail(problem, PROBLEM_INTERNAL, "there is no policy for the clock %s", kind);
}

bool duties_count(const struct rulebook *rulebook, const char *kind, struct date starts_on,
    struct date agreed_on, json_t **ret_clock, struct problem *problem)
{
	const struct clock_policy *policy;

	return find_policy(rulebook, kind, &policy, problem) &&
	       count_by(rulebook, policy, starts_on, agreed_on, ret_clock, problem);
}

bool duties_count_from(const struct rulebook *rulebook, const char *kind, const json_t *incident,
    struct date event_day, json_t **ret_clock, struct problem *problem)
{
	const struct clock_policy *chosen;

	if (!find_policy(rulebook, kind, &chosen, problem))
		return false;
	struct clock_policy policy = *chosen;
	struct date starts_on = policy_start_day(&policy, incident, event_day);
	return count_by(rulebook, &policy, starts_on, DATE_NONE, ret_clock, problem);
}

bool duties_recount(const struct rulebook *rulebook, const char *kind, const json_t *incident,
    json_t **ret_clock, struct problem *problem)
{
	const struct clock_policy *chosen;

	*ret_clock = NULL;
	if (!find_policy(rulebook, kind, &chosen, problem))
		return false;
	struct clock_policy policy = *chosen;
	struct date starts_on = policy_start_day(&policy, incident, DATE_NONE);
	return !date_is_set(starts_on) ||
	       count_by(rulebook, &policy, starts_on, DATE_NONE, ret_clock, problem);
}

bool duties_clock(const struct rulebook *rulebook, const char *kind,
    const struct duty_decision *decision, struct date starts_on, json_t **ret_clock,
    struct problem *problem)
{
	if (!duties_count(rulebook, kind, starts_on, DATE_NONE, ret_clock, problem))
		return false;
	json_object_set_new(*ret_clock, "duty", json_string(duty_name(decision->duty)));
	json_object_set_new(*ret_clock, "rule", json_string(decision->rule));
	return true;
}

bool duties_assess(const struct call *call, const struct rulebook *rulebook, json_t *incident,
    struct duties *ret_duties, struct problem *problem)
{
	struct date aware_on;
	json_t *clock = NULL;

	*ret_duties = (struct duties){.clocks = json_array()};
	/* Checked as it came, so that faults point at fields that the caller sent. */
	if (!incident_rules_check(incident, call->today, problem))
		return false;
	incident_rules_complete(incident);
	ret_duties->decision = notifiability_decide(incident);
	if (ret_duties->decision.duty == DUTY_NONE)
		return true;
	if (!date_parse(json_string_value(json_object_get(incident, "aware_on")), &aware_on))
		return problem_add(problem, PROBLEM_INVALID, "/aware_on", "required",
		    "The date on which the local authority became aware starts its clock.");
	if (!duties_clock(rulebook, "sin", &ret_duties->decision, aware_on, &clock, problem))
		return false;
	json_array_append_new(ret_duties->clocks, clock);
	return true;
}

json_t *duties_event(const struct call *call, const char *incident_id)
{
	CLEANUP(text_finish) struct text link = TEXT_INIT(700);

	call_link(call, "/v1/incidents/", &link);
	text_puts(&link, incident_id);
	return json_pack("{s:s, s:s}", "incident_id", incident_id, "link", text_string(&link));
}

size_t duties_add_json(struct batch *batch, const struct statement *statement,
    struct bindings *bindings, const char *name, const json_t *value)
{
	CLEANUP(free) char *text = json_dumps(value, JSON_COMPACT);

	if (!text)
		abort();
	bind_text(bindings, name, text);
	return batch_add(batch, statement, bindings);
}

void duties_add_event(const struct event *event, const char *event_id, struct batch *batch)
{
	struct bindings bindings = {0};
	struct instant_text at = instant_format(clock_milliseconds());

	bind_text(&bindings, "event_id", event_id);
	bind_text(&bindings, "type", event->type);
	bind_text(&bindings, "incident_id", event->incident_id);
	bind_text(&bindings, "recipients", event->recipients);
	bind_text(&bindings, "at", at.text);
	duties_add_json(batch, &SQL_EVENT_APPEND, &bindings, "data", event->data);
}
