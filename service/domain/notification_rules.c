/* Owns which notification an incident allows. */
#include "domain/notification_rules.h"

#include <string.h>

#include "base/cleanup.h"
#include "domain/incident_facts.h"
#include "domain/process.h"

static const struct notification_kind kinds[] = {
    {"serious_incident", DUTY_SERIOUS_INCIDENT, "incident.notified"},
    {"looked_after_child_death", DUTY_LOOKED_AFTER_CHILD_DEATH, "incident.notified"},
    {"care_leaver_death", DUTY_CARE_LEAVER_DEATH, "incident.notified"},
    {"update", DUTY_NONE, "incident.notification_updated"},
    {"withdrawal", DUTY_NONE, "incident.notification_withdrawn"},
};

const struct notification_kind *notification_kind(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LENGTH(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool notification_follows(const struct notification_kind *kind)
{
	return kind->duty == DUTY_NONE;
}

/* What a rule sees. */
struct judged {
	const struct notification_kind *kind;
	const json_t *incident;
	const struct duty_decision *decision;
	const json_t *earlier;
};

static bool is_withdrawn(const struct judged *judged)
{
	return fact_is(judged->incident, "state", "withdrawn");
}

static bool is_update_of_withdrawn(const struct judged *judged)
{
	return strcmp(judged->kind->name, "update") == 0 && is_withdrawn(judged);
}

static bool is_not_withdrawn(const struct judged *judged)
{
	return strcmp(judged->kind->name, "withdrawal") == 0 && !is_withdrawn(judged);
}

static bool is_ended(const struct judged *judged)
{
	return !notification_follows(judged->kind) &&
	       process_has_word("withdrawn not_notified closed", fact_text(judged->incident, "state"));
}

static bool is_without_earlier(const struct judged *judged)
{
	return notification_follows(judged->kind) && json_array_size(judged->earlier) == 0;
}

/* A death after a notified harm is told with its day, which the incident has by a correction. */
static bool is_death_without_day(const struct judged *judged)
{
	const json_t *first = json_array_get(judged->earlier, 0);

	return strcmp(judged->kind->name, "update") == 0 && first &&
	       fact_is_asked(first, "nature_as_notified") &&
	       !fact_is(first, "nature_as_notified", "child_death") &&
	       incident_has_death(judged->incident) && !fact_is_asked(judged->incident, "death_date");
}

static const struct {
	const char *code;
	bool (*is_missing)(const struct judged *judged);
	const char *sentence;
} rules[] = {
    {"incident_is_open", is_ended,
        "What was withdrawn, closed or decided not to be notified is reopened first."},
    {"not_withdrawn", is_update_of_withdrawn,
        "The incident has been withdrawn, which is told by the notification of kind withdrawal."},
    {"withdrawn", is_not_withdrawn,
        "The recipients are told of a withdrawal when the incident is withdrawn, with its reason "
        "and who agreed to it (the Panel's questions and answers)."},
    {"notification", is_without_earlier,
        "An update or a withdrawal follows a notification, and this incident has none "
        "(DfE, Report a serious child safeguarding incident)."},
    {"death_date", is_death_without_day,
        "A child has died since the incident was notified; the update tells the day, so the "
        "incident needs its death_date."},
};

static void add_missing(struct problem *problem, const char *code, const char *sentence)
{
	if (!problem->missing)
		problem->missing = json_array();
	json_array_append_new(
	    problem->missing, json_pack("{s:s, s:s}", "code", code, "detail", sentence));
}

bool notification_check(const struct notification_kind *kind, const json_t *incident,
    const struct duty_decision *decision, const json_t *earlier, struct problem *problem)
{
	const struct judged judged = {kind, incident, decision, earlier};

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
		if (rules[i].is_missing(&judged))
			add_missing(problem, rules[i].code, rules[i].sentence);
	if (problem->missing)
		return problem_set(problem, PROBLEM_CONFLICT,
		    "The incident cannot be notified in this way yet; `missing` says why.");
	if (notification_follows(kind) || kind->duty == decision->duty)
		return true;
	add_missing(problem, decision->rule, decision->explanation);
	return problem_set(problem, PROBLEM_CONFLICT,
	    "The facts of the incident lead to the duty '%s' and not to '%s'.",
	    duty_name(decision->duty), kind->name);
}
