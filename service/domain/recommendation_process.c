/* Owns the table of a recommendation's steps. */
#include "domain/recommendation_process.h"

#include <string.h>

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need accepted = {
    .code = "accepted",
    .sentence = "Say whether it is accepted wholly (yes) or partly.",
    .is_evidence = true,
};
static const struct need is_local = {
    .code = "is_local",
    .sentence =
        "It is addressed to the partnership or its agencies; one to a national body alone is "
        "raised with it instead.",
};
static const struct need is_national = {
    .code = "is_national",
    .sentence = "It is addressed to a national body, which is named.",
};
static const struct need raised_to = {
    .code = "raised_to",
    .sentence = "Say with whom it was raised, as an office and not a person.",
    .is_evidence = true,
};
static const struct need response = {
    .code = "response",
    .sentence = "Give the national body's response.",
    .is_evidence = true,
};
static const struct need actions_are_closed = {
    .code = "actions_are_closed",
    .sentence = "No action of it is open any more (the partnership's action plan).",
};

static bool has(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);

	return value && !json_is_null(value);
}

static bool is_text(const struct act *act, const char *name, const char *text)
{
	return strcmp(act_text(act, name), text) == 0;
}

static void check_origin(const struct act *act, struct problem *problem)
{
	if (is_text(act, "origin", "rapid_review") && !has(act, "rapid_review_id"))
		problem_add(problem, PROBLEM_INVALID, "/rapid_review_id", "required",
		    "A recommendation of a rapid review names it.");
	if (is_text(act, "origin", "lcspr") && !has(act, "review_id"))
		problem_add(problem, PROBLEM_INVALID, "/review_id", "required",
		    "A recommendation of a local review names it.");
}

static void check_addressee(const struct act *act, struct problem *problem)
{
	size_t agencies = json_array_size(json_object_get(act->body, "addressee_agency_ids"));
	bool is_several = is_text(act, "addressee", "several");
	bool is_agency = is_text(act, "addressee", "agency");
	bool is_national_body = is_text(act, "addressee", "national_body");

	if (is_agency && agencies == 0)
		problem_add(problem, PROBLEM_INVALID, "/addressee_agency_ids", "required",
		    "A recommendation to an agency names it.");
	if (!is_agency && !is_several && agencies > 0)
		problem_add(problem, PROBLEM_INVALID, "/addressee_agency_ids", "not_addressed",
		    "Agencies are named where it is addressed to them, or to several.");
	if (is_national_body && !has(act, "national_body"))
		problem_add(problem, PROBLEM_INVALID, "/national_body", "required",
		    "A recommendation to a national body names it.");
	if (!is_national_body && !is_several && has(act, "national_body"))
		problem_add(problem, PROBLEM_INVALID, "/national_body", "not_addressed",
		    "A national body is named where it is addressed to it, or to several.");
}

static bool check_fields(const struct act *act, struct problem *problem)
{
	check_origin(act, problem);
	check_addressee(act, problem);
	act_check_not_future(act, "made_on", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

static bool check_acceptance(const struct act *act, struct problem *problem)
{
	if (is_text(act, "accepted", "partly") && !has(act, "reason"))
		problem_add(problem, PROBLEM_INVALID, "/reason", "required",
		    "What is accepted partly says which part is not, and why.");
	act_check_not_future(act, "on", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_response(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "raised_on", "on", "Nobody responded before it was raised.", problem);
	return problem->kind == PROBLEM_NONE;
}

#define TRANSITION "createRecommendationTransition"
#define OPEN "proposed accepted raised responded"

static const struct step steps[] = {
    {.operation = "createRecommendation",
        .from = "",
        .to = "proposed",
        .check = check_fields,
        .event = "recommendation.made"},
    {.operation = "patchRecommendation", .from = OPEN, .check = check_fields},
    {.operation = TRANSITION,
        .from = "proposed",
        .to = "accepted",
        .needs = {&is_local, &accepted},
        .check = check_acceptance},
    {.operation = TRANSITION,
        .from = "proposed",
        .to = "not_accepted",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "proposed accepted",
        .to = "raised",
        .needs = {&is_national, &raised_to},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "raised",
        .to = "responded",
        .needs = {&response},
        .check = check_response},
    {.operation = TRANSITION,
        .from = "accepted responded",
        .to = "closed",
        .needs = {&actions_are_closed},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "raised",
        .to = "closed",
        .needs = {&actions_are_closed, &reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = OPEN,
        .to = "superseded",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "not_accepted closed superseded",
        .to = "proposed",
        .needs = {&reason},
        .check = check_day},
};

const struct process recommendation_process = {
    .resource = "recommendation",
    .noun = "recommendation",
    .states = OPEN " not_accepted closed superseded",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
