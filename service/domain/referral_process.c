/* Owns the table of a referral's steps. */
#include "domain/referral_process.h"

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need nature_is_known = {
    .code = "nature_is_known",
    .sentence = "The referral says what happened (nature): a child died, was seriously harmed, or other.",
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
	act_check_order(act, "incident_date", "aware_on",
	    "Nobody became aware before it happened.", problem);
	act_check_order(act, "incident_date", "received_on",
	    "Nobody referred it before it happened.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

#define TRANSITION "createReferralTransition"

static const struct step steps[] = {
    {.operation = "createReferral", .from = "", .to = "received", .check = check_dates,
        .event = "referral.received"},
    {.operation = "patchReferral", .from = "received returned quality_assured",
        .check = check_dates},
    {.operation = TRANSITION, .from = "received returned", .to = "quality_assured",
        .role = "referrals:assess", .needs = {&nature_is_known, &child_is_described},
        .check = check_day},
    {.operation = TRANSITION, .from = "received quality_assured", .to = "returned",
        .role = "referrals:assess", .needs = {&reason}, .check = check_day},
    {.operation = TRANSITION, .from = "received returned quality_assured", .to = "withdrawn",
        .needs = {&reason}, .check = check_day},
    {.operation = TRANSITION, .from = "not_met withdrawn", .to = "received",
        .role = "referrals:assess", .needs = {&reason}, .check = check_day},
};

const struct process referral_process = {
    .resource = "referral",
    .noun = "referral",
    .states = "received returned quality_assured met not_met withdrawn",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
