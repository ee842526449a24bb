/* Owns the table of an action's steps. */
#include "domain/action_process.h"

#include <stdio.h>
#include <string.h>

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need recommendation_is_local = {
    .code = "recommendation_is_local",
    .sentence = "A recommendation to a national body is raised with it and has no local action or "
                "due date; where something is to be done locally too, it is addressed to several.",
};
static const struct need leads_are_complete = {
    .code = "leads_are_complete",
    .sentence =
        "Every lead agency has completed its part: a collective action is complete only when "
        "all of them are (the partnership's action plan).",
};
static const struct need has_evidence = {
    .code = "has_evidence",
    .sentence = "There is evidence of what was done (the partnership's action plan).",
};
static const struct need is_assured = {
    .code = "is_assured",
    .sentence =
        "The last check since it was completed found it assured (the partnership's assurance "
        "at agreed intervals).",
};

static const json_t *member(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);

	return json_is_null(value) ? NULL : value;
}

/* What an action comes from, where it comes from a recommendation, a review or a rapid review. */
static void check_origin(const struct act *act, struct problem *problem)
{
	const char *review = json_string_value(member(act, "review_id"));
	const char *known = json_string_value(json_object_get(act->facts, "recommendation_review_id"));

	if (review && known && strcmp(review, known) != 0)
		problem_add(problem, PROBLEM_INVALID, "/review_id", "another_review",
		    "The recommendation belongs to another review.");
}

static void check_leads(const struct act *act, struct problem *problem)
{
	const json_t *leads = member(act, "lead_agency_ids");
	json_int_t count = leads ? (json_int_t)json_array_size(leads)
	                         : json_integer_value(json_object_get(act->facts, "lead_count"));

	if (strcmp(act_text(act, "responsibility"), "collective") != 0 && count != 1)
		problem_add(problem, PROBLEM_INVALID, "/lead_agency_ids", "one_lead",
		    "An individual action has exactly one lead agency; several lead a collective one.");
}

/* A due date that was moved is told with its reason, and the one before it is kept. */
static void check_due(const struct act *act, const char *before, struct problem *problem)
{
	const json_t *revision = member(act, "due_revision");
	const char *due_on = act_text(act, "due_on");
	struct act told = {.body = revision, .today = act->today};
	bool is_moved = before && strcmp(before, due_on) != 0;
	struct date on = act_date(&told, "on");

	if (is_moved && !revision)
		problem_add(problem, PROBLEM_INVALID, "/due_revision", "required",
		    "A due date is revised with the reason and who approved it.");
	if (!is_moved && revision)
		problem_add(problem, PROBLEM_INVALID, "/due_revision", "nothing_revised",
		    "The due date is what it was.");
	if (date_is_set(on) && on.days > act->today.days)
		problem_add(problem, PROBLEM_INVALID, "/due_revision/on", "date_in_future",
		    "What has happened cannot lie in the future.");
	act_check_order(act, "agreed_on", "due_on", "Nothing is due before it was agreed.", problem);
}

static bool check_new(const struct act *act, struct problem *problem)
{
	check_origin(act, problem);
	check_leads(act, problem);
	check_due(act, json_string_value(member(act, "original_due_on")), problem);
	act_check_not_future(act, "agreed_on", problem);
	return problem->kind == PROBLEM_NONE;
}

/* What was completed was completed by its leads and by its day; neither changes afterwards. */
static void check_complete(const struct act *act, struct problem *problem)
{
	static const char *const settled[] = {"due_revision", "lead_agency_ids"};
	const char *state = json_string_value(json_object_get(act->facts, "state"));
	char pointer[40];

	if (!state || strcmp(state, "complete_pending_assurance") != 0)
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(settled); i++) {
		snprintf(pointer, sizeof(pointer), "/%s", settled[i]);
		if (member(act, settled[i]))
			problem_add(problem, PROBLEM_INVALID, pointer, "already_complete",
			    "The action is complete; it is opened again before this changes.");
	}
}

static bool check_change(const struct act *act, struct problem *problem)
{
	check_complete(act, problem);
	check_leads(act, problem);
	check_due(act, json_string_value(json_object_get(act->facts, "due_on")), problem);
	act_check_not_future(act, "agreed_on", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

static bool check_lead(const struct act *act, struct problem *problem)
{
	bool is_complete = strcmp(act_text(act, "state"), "complete") == 0;
	/* What is merged in may be of a completion that this takes back. */
	bool says_day =
	    member(act, "completed_on") &&
	    !json_equal(member(act, "completed_on"), json_object_get(act->record, "completed_on"));

	if (says_day && !is_complete)
		problem_add(problem, PROBLEM_INVALID, "/completed_on", "not_complete",
		    "Only a part that is complete has the day of it.");
	act_check_not_future(act, "completed_on", problem);
	act_check_order(
	    act, "agreed_on", "completed_on", "Nothing is complete before it was agreed.", problem);
	return problem->kind == PROBLEM_NONE;
}

/* It cannot have been met before there was anything to meet. */
static bool check_completion(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "agreed_on", "on", "Nothing is complete before it was agreed.", problem);
	return problem->kind == PROBLEM_NONE;
}

/* The first lead that begins is the beginning of the action. */
static bool check_beginning(const struct act *act, struct problem *problem)
{
	if (strcmp(act_text(act, "state"), "not_started") == 0)
		problem_add(problem, PROBLEM_INVALID, "/state", "not_begun",
		    "No lead has begun; this says that one has, or is complete.");
	return check_lead(act, problem);
}

static bool check_assurance(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "completed_on", "on", "What is checked was completed before.", problem);
	act_check_order(act, "on", "next_due_on", "The next check comes after this one.", problem);
	return problem->kind == PROBLEM_NONE;
}

#define TRANSITION "createActionTransition"
#define UNDONE "not_started in_progress"
#define OPEN UNDONE " complete_pending_assurance"
#define ENDED "closed_assured closed_unverified not_accepted superseded"
#define ASSURE "actions:assure"

#define ACTION_RUNS                                                                                \
	{                                                                                              \
		.change = CLOCK_STARTS, .kind = "action", .day = "agreed_on", .due = "due_on"              \
	}
#define ACTION_LAPSES                                                                              \
	{                                                                                              \
		.change = CLOCK_LAPSES, .kind = "action"                                                   \
	}
#define ASSURANCE_RUNS(due_member)                                                                 \
	{                                                                                              \
		.change = CLOCK_STARTS, .kind = "assurance", .day = "on", .due = (due_member),             \
		.months = "assurance_interval_months"                                                      \
	}
#define ASSURANCE_LAPSES                                                                           \
	{                                                                                              \
		.change = CLOCK_LAPSES, .kind = "assurance"                                                \
	}

static const struct step steps[] = {
    {.operation = "createAction",
        .from = "",
        .to = "not_started",
        .needs = {&recommendation_is_local},
        .check = check_new,
        .effects = {ACTION_RUNS},
        .event = "action.agreed"},
    {.operation = "patchAction",
        .from = OPEN,
        .check = check_change,
        .effects =
            {{.change = CLOCK_CORRECTED, .kind = "action", .day = "agreed_on", .due = "due_on"}}},
    {.operation = "patchActionLead",
        .from = "not_started",
        .to = "in_progress",
        .check = check_beginning},
    {.operation = "patchActionLead", .from = "in_progress", .check = check_lead},
    {.operation = "createActionEvidence",
        .from = OPEN " closed_assured closed_unverified",
        .check = check_day},
    {.operation = "createActionAssurance",
        .from = "complete_pending_assurance",
        .check = check_assurance,
        .effects = {{.change = CLOCK_COMPLETES, .kind = "assurance", .day = "on"},
            ASSURANCE_RUNS("next_due_on")}},
    {.operation = TRANSITION, .from = "not_started", .to = "in_progress", .check = check_day},
    {.operation = TRANSITION,
        .from = UNDONE,
        .to = "complete_pending_assurance",
        .needs = {&leads_are_complete},
        .check = check_completion,
        .effects = {{.change = CLOCK_COMPLETES, .kind = "action", .day = "on"},
            ASSURANCE_RUNS("next_assurance_on")}},
    {.operation = TRANSITION,
        .from = "complete_pending_assurance",
        .to = "in_progress",
        .needs = {&reason},
        .check = check_day,
        .effects = {ACTION_RUNS, ASSURANCE_LAPSES}},
    {.operation = TRANSITION,
        .from = "complete_pending_assurance",
        .to = "closed_assured",
        .role = ASSURE,
        .needs = {&is_assured, &has_evidence},
        .check = check_day,
        .effects = {ASSURANCE_LAPSES},
        .event = "action.closed"},
    {.operation = TRANSITION,
        .from = "in_progress complete_pending_assurance",
        .to = "closed_unverified",
        .role = ASSURE,
        .needs = {&reason},
        .check = check_day,
        .effects = {ACTION_LAPSES, ASSURANCE_LAPSES},
        .event = "action.closed"},
    {.operation = TRANSITION,
        .from = UNDONE,
        .to = "not_accepted",
        .needs = {&reason},
        .check = check_day,
        .effects = {ACTION_LAPSES}},
    {.operation = TRANSITION,
        .from = OPEN,
        .to = "superseded",
        .needs = {&reason},
        .check = check_day,
        .effects = {ACTION_LAPSES, ASSURANCE_LAPSES}},
    {.operation = TRANSITION,
        .from = ENDED,
        .to = "in_progress",
        .needs = {&reason},
        .check = check_day,
        .effects = {ACTION_RUNS}},
};

const struct process action_process = {
    .resource = "action",
    .noun = "action",
    .states = OPEN " " ENDED,
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
