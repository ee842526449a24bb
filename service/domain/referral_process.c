/* Owns the table of a referral's steps. */
#include "domain/referral_process.h"

#include <string.h>

#include "domain/partner_views.h"

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need nature_is_known = {
    .code = "nature_is_known",
    .sentence =
        "The referral says what happened (nature): a child died, was seriously harmed, or other.",
};
static const struct need child_is_described = {
    .code = "child_is_described",
    .sentence = "The referral describes at least one child; one not named or identified counts.",
};

static bool check_dates(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "received_on", problem);
	act_check_not_future(act, "incident_date", problem);
	act_check_not_future(act, "aware_on", problem);
	act_check_order(
	    act, "incident_date", "aware_on", "Nobody became aware before it happened.", problem);
	act_check_order(
	    act, "incident_date", "received_on", "Nobody referred it before it happened.", problem);
	return problem->kind == PROBLEM_NONE;
}

/* Whoever sees only its own agency's referrals writes down no other's. */
static bool check_new(const struct act *act, struct problem *problem)
{
	if (act_fact(act, "is_for_another"))
		problem_add(problem, PROBLEM_INVALID, "/agency_id", "not_own_agency",
		    "The API key refers for its own agency; for another the business unit does.");
	return check_dates(act, problem);
}

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

static const struct need referrer_told = {
    .code = "referrer_told_on",
    .sentence = "The referrer is told of the decision either way (the partnership's procedure).",
    .is_evidence = true,
};
static const struct need chair_told = {
    .code = "chair_told_on",
    .sentence =
        "The chair of the partnership is told of the decision either way (the partnership's "
        "procedure).",
    .is_evidence = true,
};

static bool is_given(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);

	return value && !json_is_null(value);
}

/* What is decided leads to exactly one incident, or to none. */
static void check_incident(const struct act *act, struct problem *problem)
{
	bool met = strcmp(act_text(act, "outcome"), "met") == 0;
	bool joins = is_given(act, "incident_id");
	bool makes = is_given(act, "incident");

	if (met && joins == makes)
		problem_add(problem, PROBLEM_INVALID, joins ? "/incident" : "/incident_id", "one_incident",
		    "Where the criteria are met the referral joins an incident (incident_id) or makes a "
		    "new one (incident): exactly one of the two.");
	if (!met && joins)
		problem_add(problem, PROBLEM_INVALID, "/incident_id", "no_incident",
		    "Where the criteria are not met there is no incident.");
	if (!met && makes)
		problem_add(problem, PROBLEM_INVALID, "/incident", "no_incident",
		    "Where the criteria are not met there is no incident.");
	if (joins && !act_fact(act, "incident_is_there"))
		problem_add(problem, PROBLEM_INVALID, "/incident_id", "unknown_incident",
		    "There is no such incident.");
}

static bool check_decision(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "decided_on", problem);
	act_check_not_future(act, "referrer_told_on", problem);
	act_check_not_future(act, "chair_told_on", problem);
	act_check_order(act, "received_on", "decided_on",
	    "Nobody decided on the referral before it was received.", problem);
	act_check_order(act, "decided_on", "referrer_told_on",
	    "Nobody was told of the decision before it was taken.", problem);
	act_check_order(act, "decided_on", "chair_told_on",
	    "Nobody was told of the decision before it was taken.", problem);
	check_incident(act, problem);
	return partner_views_check(act, act_text(act, "outcome"), problem);
}

#define TRANSITION "createReferralTransition"
#define DECISION "createReferralDecision"

static const struct step steps[] = {
    {.operation = "createReferral",
        .from = "",
        .to = "received",
        .check = check_new,
        .event = "referral.received"},
    {.operation = "patchReferral",
        .from = "received returned quality_assured",
        .check = check_dates},
    {.operation = TRANSITION,
        .from = "received returned",
        .to = "quality_assured",
        .role = "referrals:assess",
        .needs = {&nature_is_known, &child_is_described},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "received quality_assured",
        .to = "returned",
        .role = "referrals:assess",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "received returned quality_assured",
        .to = "withdrawn",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "not_met withdrawn",
        .to = "received",
        .role = "referrals:assess",
        .needs = {&reason},
        .check = check_day},
    {.operation = DECISION,
        .from = "quality_assured",
        .to = "met",
        .role = "referrals:decide",
        .needs = {&partner_views_authority, &referrer_told, &chair_told},
        .check = check_decision,
        .event = "referral.decided"},
    {.operation = DECISION,
        .from = "quality_assured",
        .to = "not_met",
        .role = "referrals:decide",
        .needs = {&partner_views_authority, &referrer_told, &chair_told},
        .check = check_decision,
        .event = "referral.decided"},
};

const struct process referral_process = {
    .resource = "referral",
    .noun = "referral",
    .states = "received returned quality_assured met not_met withdrawn",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
