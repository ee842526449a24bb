/* Owns the table of an incident's own steps. */
#include "domain/incident_process.h"

#include <string.h>

#include "domain/partner_views.h"
#include "domain/theme_process.h"

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need agreed_by = {
    .code = "agreed_by",
    .sentence = "Who agreed that it does not meet the criteria, as roles or agencies: after a "
                "notification that is for the safeguarding partners (the Panel's questions and "
                "answers).",
    .is_evidence = true,
};
static const struct need views = {
    .code = "views",
    .sentence = "Each safeguarding partner's view of the decision not to notify, and who dissents "
                "(Working Together 2023 chapter 5).",
    .is_evidence = true,
};
static const struct need was_not_notified = {
    .code = "was_not_notified",
    .sentence = "It has not been notified: what was notified is withdrawn and not left out (the "
                "Panel's questions and answers).",
};
static const struct need notification_is_settled = {
    .code = "notification_is_settled",
    .sentence = "The duty to notify is met, or it was decided not to notify (Children Act 2004 "
                "s16C(1)).",
};
static const struct need no_open_rapid_review = {
    .code = "no_open_rapid_review",
    .sentence = "Its rapid review has been submitted or has lapsed (Working Together 2023 chapter "
                "5).",
};
static const struct need no_open_review = {
    .code = "no_open_review",
    .sentence = "Each review of it is closed or was discontinued (the partnership's procedure).",
};

static const struct need we_contribute = {
    .code = "we_contribute",
    .sentence =
        "Another area leads (our_role is contributing or informed): an incident of our own has "
        "a notification and a rapid review of ours, and asks other agencies itself (Working "
        "Together 2023 chapter 5).",
};

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

static bool check_not_notified(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	return partner_views_check(act, "not_notify", problem);
}

static bool check_disclosure(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "decided_on", problem);
}

/* Whoever restricts must be able to lift it again. */
static bool check_restriction(const struct act *act, struct problem *problem)
{
	const char *caller = json_string_value(json_object_get(act->facts, "caller_agency_id"));

	if (caller && strcmp(act_text(act, "agency_id"), caller) == 0)
		problem_add(problem, PROBLEM_INVALID, "/agency_id", "own_agency",
		    "Another agency restricts the one that has the conflict, so that it can be lifted.");
	act_check_order(act, "from", "until", "A restriction does not end before it begins.", problem);
	return problem->kind == PROBLEM_NONE;
}

#define OPEN "recorded notified rapid_review submitted responded in_review not_notified reopened"
#define ANY OPEN " closed withdrawn"
static bool check_request(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "requested_on", problem);
	act_check_not_future(act, "returned_on", problem);
	act_check_order(act, "requested_on", "due_on", "It is not due before it was asked.", problem);
	act_check_order(
	    act, "requested_on", "returned_on", "It is not returned before it was asked.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool names_no_due_day(const struct act *act)
{
	return !date_is_set(act_date(act, "due_on"));
}

#define TRANSITION "createIncidentTransition"
/* By the day that the other area names, else by our policy; met when we return it. */
#define SCOPING_CLOCK(change_)                                                                     \
	{                                                                                              \
		{.change = (change_),                                                                      \
		    .kind = "scoping",                                                                     \
		    .day = "requested_on",                                                                 \
		    .due = "due_on",                                                                       \
		    .of_the_record = true},                                                                \
		    {.change = (change_),                                                                  \
		        .kind = "scoping",                                                                 \
		        .day = "requested_on",                                                             \
		        .of_the_record = true,                                                             \
		        .applies = names_no_due_day},                                                      \
		    {.change = CLOCK_COMPLETES,                                                            \
		        .kind = "scoping",                                                                 \
		        .day = "returned_on",                                                              \
		        .of_the_record = true},                                                            \
	}
#define DECIDE "incidents:decide"

static const struct step steps[] = {
    /* The transition's own statement ends every open clock, and lapses the rapid review. */
    {.operation = TRANSITION,
        .from = "recorded notified rapid_review submitted responded reopened",
        .to = "withdrawn",
        .role = DECIDE,
        .needs = {&reason, &agreed_by},
        .check = check_day,
        .event = "incident.withdrawn"},
    {.operation = TRANSITION,
        .from = "recorded reopened",
        .to = "not_notified",
        .role = DECIDE,
        .needs = {&was_not_notified, &reason, &views, &partner_views_authority},
        .check = check_not_notified,
        .effects = {{CLOCK_LAPSES, "sin"}},
        .event = "incident.not_notified"},
    /* A clock that was judged stays; one that was cancelled runs again from where it began. */
    {.operation = TRANSITION,
        .from = "closed withdrawn not_notified",
        .to = "reopened",
        .role = DECIDE,
        .needs = {&reason},
        .check = check_day,
        .effects = {{CLOCK_CORRECTED, "sin", .day = "duty_since"}},
        .event = "incident.reopened"},
    {.operation = TRANSITION,
        .from = OPEN,
        .to = "closed",
        .needs = {&notification_is_settled, &no_open_rapid_review, &no_open_review, &reason},
        .check = check_day,
        .event = "incident.closed"},
    {.operation = "createIncidentLinkedProcess", .from = OPEN},
    {.operation = "putIncidentThemes", .from = ANY, .check = theme_coding_check},
    {.operation = "createIncidentDisclosure", .from = ANY, .check = check_disclosure},
    {.operation = "createIncidentRestriction", .from = ANY, .check = check_restriction},
    {.operation = "patchIncidentRestriction", .from = ANY, .check = check_restriction},
    {.operation = "createScopingRequest",
        .from = OPEN,
        .needs = {&we_contribute},
        .check = check_request,
        .effects = SCOPING_CLOCK(CLOCK_STARTS)},
    {.operation = "patchScopingRequest",
        .from = OPEN,
        .check = check_request,
        .effects = SCOPING_CLOCK(CLOCK_CORRECTED)},
};

const struct process incident_process = {
    .resource = "incident",
    .noun = "incident",
    .states = "recorded notified rapid_review submitted responded in_review closed not_notified "
              "withdrawn reopened",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
