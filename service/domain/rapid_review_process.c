/* Owns the table of a rapid review's steps. */
#include "domain/rapid_review_process.h"

#include <stdio.h>
#include <string.h>

/* ---- What is read of a request and of the facts ---- */

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static bool is_true(const struct act *act, const char *name)
{
	return json_is_true(json_object_get(act->body, name));
}

/* The answer to a criterion or circumstance of the decision. */
static const char *answer_to(const struct act *act, const char *group, const char *code)
{
	return text_at(json_object_get(json_object_get(act->body, group), code), "answer");
}

static bool is_claimed(const struct act *act, const char *criterion)
{
	const char *answer = answer_to(act, "criteria", criterion);

	return strcmp(answer, "met") == 0 || strcmp(answer, "may_be_met") == 0;
}

static bool has_agency(const json_t *sign_offs, const char *agency_id)
{
	size_t index;
	json_t *item;

	json_array_foreach (sign_offs, index, item)
		if (strcmp(text_at(item, "agency_id"), agency_id) == 0)
			return true;
	return false;
}

static bool is_valid_on(const json_t *partner, struct date day)
{
	struct date from = DATE_NONE;
	struct date to = DATE_NONE;

	if (date_parse(text_at(partner, "valid_from"), &from) && day.days < from.days)
		return false;
	return !date_parse(text_at(partner, "valid_to"), &to) || day.days <= to.days;
}

/* Whether every statutory partner of the day has signed in the one list or the other. */
static bool all_have_signed(
    const struct act *act, struct date day, const json_t *earlier, const json_t *now)
{
	size_t index;
	json_t *partner;

	json_array_foreach (json_object_get(act->facts, "statutory_partners"), index, partner) {
		const char *id = text_at(partner, "agency_id");
		if (is_valid_on(partner, day) && !has_agency(earlier, id) && !has_agency(now, id))
			return false;
	}
	return json_array_size(earlier) + json_array_size(now) > 0;
}

/* ---- Needs ---- */

static bool no_c4_without_panel(const struct act *act)
{
	return !is_claimed(act, "c4_panel_local") || act_fact(act, "panel_has_responded");
}

static bool is_still_wanted(const struct act *act)
{
	return !json_is_string(json_object_get(act->record, "withdrawn_on"));
}

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need meeting_held = {
    .code = "meeting_held",
    .sentence = "The rapid review meeting is held and recorded before a decision is taken"
                " (Working Together 2023, chapter 5; the partnership's procedure).",
};
static const struct need panel_has_responded = {
    .code = "panel_has_responded",
    .sentence = "The Panel's response is recorded: that the Panel found a local review more"
                " appropriate (criterion C4) can only be said once it has considered the case"
                " (SI 2018/789, regulation 11).",
    .is_there = no_c4_without_panel,
};
static const struct need decision_is_taken = {
    .code = "decision_is_taken",
    .sentence = "The decision on the four criteria and the four circumstances is recorded"
                " (SI 2018/789, regulation 11).",
};
static const struct need all_partners_signed = {
    .code = "all_partners_signed",
    .sentence = "Each statutory safeguarding partner of the day has signed off the decision;"
                " missing_sign_offs names those who have not (Children Act 2004, section 16E).",
};
static const struct need was_submitted = {
    .code = "was_submitted",
    .sentence = "The rapid review was submitted; the Panel responds to what it has received.",
};
static const struct need submission_is_complete = {
    .code = "submission_is_complete",
    .sentence = "A complete rapid review was submitted to the Panel"
                " (Working Together 2023, chapter 5).",
};
static const struct need request_not_withdrawn = {
    .code = "request_not_withdrawn",
    .sentence = "The scoping request was not withdrawn.",
    .is_there = is_still_wanted,
};
static const struct need incident_is_withdrawn = {
    .code = "incident_is_withdrawn",
    .sentence = "The incident's notification was withdrawn: until then the duty to review stands"
                " (Working Together 2023, chapter 5).",
};
static const struct need incident_is_notified = {
    .code = "incident_is_notified",
    .sentence = "The incident's notification stands: there is no rapid review without one"
                " (Children Act 2004, section 16C).",
};

/* ---- Rules across fields ---- */

#define AFTER_NOTIFICATION                                                                         \
	"A rapid review follows the notification of the incident; nothing of it comes before"          \
	" (Children Act 2004, section 16C; Working Together 2023, chapter 5)."

static bool add_fault(
    struct problem *problem, const char *pointer, const char *code, const char *sentence)
{
	return problem_add(problem, PROBLEM_INVALID, pointer, code, "%s", sentence);
}

static bool check_day(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "on", problem);
}

static bool check_request(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "sent_on", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_return(const struct act *act, struct problem *problem)
{
	bool nil = is_true(act, "nil_return");

	act_check_not_future(act, "sent_on", problem);
	act_check_not_future(act, "received_on", problem);
	act_check_not_future(act, "withdrawn_on", problem);
	act_check_not_future(act, "last_involved_on", problem);
	act_check_order(act, "sent_on", "received_on",
	    "A return is not received before its request was sent.", problem);
	act_check_order(
	    act, "sent_on", "withdrawn_on", "A request is not withdrawn before it was sent.", problem);
	act_check_order(act, "first_involved_on", "last_involved_on",
	    "The last involvement is not before the first.", problem);
	if (nil && strcmp(act_text(act, "known"), "yes") == 0)
		add_fault(problem, "/known", "nil_return",
		    "A nil return says that the agency has nothing on the child or family.");
	if (date_is_set(act_date(act, "withdrawn_on")) && !act_text(act, "withdrawn_reason")[0])
		add_fault(problem, "/withdrawn_reason", "required", "Say why the request was withdrawn.");
	if (date_is_set(act_date(act, "withdrawn_on")) && date_is_set(act_date(act, "received_on")))
		add_fault(
		    problem, "/withdrawn_on", "received", "What was returned can no longer be withdrawn.");
	return problem->kind == PROBLEM_NONE;
}

static bool check_chaser(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "chased_on", problem);
}

static bool check_meeting(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "held_on", problem);
	act_check_order(act, "notified_on", "held_on", AFTER_NOTIFICATION, problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_immediate_action(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "agreed_on", problem);
	act_check_not_future(act, "done_on", problem);
	act_check_order(act, "agreed_on", "due_on", "It is not due before it was agreed.", problem);
	return problem->kind == PROBLEM_NONE;
}

/* A partner who does not agree says what it would have decided, and why. */
static void check_sign_off(
    const struct act *act, const json_t *sign_off, const char *base, struct problem *problem)
{
	struct date on = DATE_NONE;
	char pointer[60];

	if (date_parse(text_at(sign_off, "on"), &on) && on.days > act->today.days) {
		snprintf(pointer, sizeof(pointer), "%s/on", base);
		add_fault(
		    problem, pointer, "date_in_future", "What has happened cannot lie in the future.");
	}
	if (date_is_set(on) && date_is_set(act_date(act, "decided_on")) &&
	    on.days < act_date(act, "decided_on").days) {
		snprintf(pointer, sizeof(pointer), "%s/on", base);
		add_fault(
		    problem, pointer, "dates_out_of_order", "Nobody signs off before it was decided.");
	}
	if (json_is_false(json_object_get(sign_off, "agreed")) && !text_at(sign_off, "dissent")[0]) {
		snprintf(pointer, sizeof(pointer), "%s/dissent", base);
		add_fault(problem, pointer, "required", "A partner who does not agree says why.");
	}
}

static bool check_one_sign_off(const struct act *act, struct problem *problem)
{
	check_sign_off(act, act->body, "", problem);
	return problem->kind == PROBLEM_NONE;
}

static void check_outcome(const struct act *act, struct problem *problem)
{
	static const char *const criteria[] = {
	    "c1_improvements", "c2_recurrent_themes", "c3_interagency", "c4_panel_local"};
	bool claimed = false;

	for (size_t i = 0; i < ARRAY_LENGTH(criteria); i++)
		claimed = claimed || is_claimed(act, criteria[i]);
	if (strcmp(act_text(act, "outcome"), "lcspr_local") == 0 && !claimed)
		add_fault(problem, "/outcome", "no_criterion_met",
		    "A local child safeguarding practice review rests on at least one of the criteria C1 to"
		    " C4 being met or perhaps met (SI 2018/789, regulation 11).");
}

static bool check_decision(const struct act *act, struct problem *problem)
{
	size_t index;
	json_t *sign_off;
	char base[40];

	act_check_not_future(act, "decided_on", problem);
	act_check_order(act, "notified_on", "decided_on", AFTER_NOTIFICATION, problem);
	act_check_order(act, "met_on", "decided_on", "The decision follows the meeting.", problem);
	check_outcome(act, problem);
	json_array_foreach (json_object_get(act->body, "sign_offs"), index, sign_off) {
		snprintf(base, sizeof(base), "/sign_offs/%zu", index);
		check_sign_off(act, sign_off, base, problem);
	}
	return problem->kind == PROBLEM_NONE;
}

static bool check_submission(const struct act *act, struct problem *problem)
{
	struct date day = act_date(act, "submitted_on");

	act_check_not_future(act, "submitted_on", problem);
	act_check_order(act, "notified_on", "submitted_on", AFTER_NOTIFICATION, problem);
	act_check_order(act, "decided_on", "submitted_on",
	    "What is submitted has the decision, so it does not come before it.", problem);
	act_check_order(act, "signed_on", "submitted_on",
	    "It is submitted once each statutory partner has signed it off, and not before that.",
	    problem);
	if (strcmp(act_text(act, "transmission"), "send") == 0 && date_is_set(day) &&
	    day.days < act->today.days)
		add_fault(problem, "/submitted_on", "submitted_on_not_allowed",
		    "A submission that is sent now is dated today; only a recorded one names its day.");
	return problem->kind == PROBLEM_NONE;
}

static bool check_response(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "letter_on", problem);
	act_check_not_future(act, "received_on", problem);
	act_check_order(act, "letter_on", "received_on",
	    "A letter is not received before it was written.", problem);
	act_check_order(act, "first_submitted_on", "received_on",
	    "The Panel responds to what was submitted.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_answer(const struct act *act, struct problem *problem)
{
	const char *answer = act_text(act, "answer");

	act_check_not_future(act, "answered_on", problem);
	act_check_order(act, "received_on", "answered_on",
	    "The partnership does not answer before it has the response.", problem);
	if (strcmp(answer, "maintained_with_reasons") == 0 && !act_text(act, "answer_reason")[0])
		add_fault(problem, "/answer_reason", "required",
		    "The partnership that maintains its decision says why.");
	if (answer[0] && !date_is_set(act_date(act, "answered_on")))
		add_fault(problem, "/answered_on", "required", "An answer has its day.");
	return problem->kind == PROBLEM_NONE;
}

/* ---- Which of the steps of an operation it is ---- */

/*
 * What was asked of the agency is the business unit's to change, and not the agency's; and so is on
 * which other day than today its return was there, because that judges the agency's own clock.
 */
static bool changes_request(const struct act *act)
{
	struct date received_on = act_date(act, "received_on");
	static const char *const members[] = {
	    "sent_on", "owner_role", "withdrawn_on", "withdrawn_reason"};

	for (size_t i = 0; act->record && i < ARRAY_LENGTH(members); i++) {
		const char *name = members[i];
		if (strcmp(text_at(act->body, name), text_at(act->record, name)) != 0)
			return true;
	}
	return date_is_set(received_on) && received_on.days != act->today.days &&
	       strcmp(text_at(act->body, "received_on"), text_at(act->record, "received_on")) != 0;
}

static bool decision_is_signed_by_all(const struct act *act)
{
	return all_have_signed(
	    act, act_date(act, "decided_on"), NULL, json_object_get(act->body, "sign_offs"));
}

static bool is_last_sign_off(const struct act *act)
{
	CLEANUP(json_decref) json_t *now = json_pack("[O]", act->body);
	struct date day = DATE_NONE;

	if (!date_parse(text_at(act->facts, "decided_on"), &day))
		return false;
	return all_have_signed(act, day, json_object_get(act->facts, "sign_offs"), now);
}

static bool is_a_response(const struct act *act)
{
	return strcmp(act_text(act, "response"), "no_response_yet") != 0;
}

/* ---- When clocks follow, and recipients are told ---- */

static bool is_complete_on_its_day(const struct act *act)
{
	return is_true(act, "complete") && date_is_set(act_date(act, "submitted_on"));
}

static bool is_complete_today(const struct act *act)
{
	return is_true(act, "complete") && !date_is_set(act_date(act, "submitted_on"));
}

static bool is_agreed_today(const struct act *act)
{
	return !date_is_set(act_date(act, "agreed_on"));
}

static bool has_no_due_day(const struct act *act)
{
	return !date_is_set(act_date(act, "due_on"));
}

static bool is_sent_now(const struct act *act)
{
	struct date day = act_date(act, "submitted_on");

	return strcmp(act_text(act, "transmission"), "record") != 0 &&
	       (!date_is_set(day) || day.days == act->today.days);
}

/* ---- The table ---- */

#define UNTIL_CLOSED "opened scoping met decided signed_off submitted responded"
#define UNTIL_SUBMITTED "opened scoping met decided signed_off"
#define TRANSITION "createRapidReviewTransition"
/* Of an immediate action with a day by which it is to be done. */
#define ACTION_CLOCK(change_, day_, applies_)                                                      \
	{                                                                                              \
		.change = (change_), .kind = "action", .day = (day_), .due = "due_on",                     \
		.of_the_record = true, .applies = (applies_)                                               \
	}

static const struct step steps[] = {
    {.operation = "patchRapidReview", .from = UNTIL_CLOSED},
    {.operation = TRANSITION, .from = "opened", .to = "scoping", .check = check_day},
    {.operation = TRANSITION,
        .from = "submitted responded",
        .to = "closed",
        .needs = {&submission_is_complete, &reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "closed",
        .to = "met",
        .needs = {&incident_is_notified, &reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = UNTIL_CLOSED,
        .to = "lapsed",
        .needs = {&incident_is_withdrawn, &reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "lapsed",
        .to = "opened",
        .needs = {&incident_is_notified, &reason},
        .check = check_day,
        .effects = {{CLOCK_STARTS, "rapid_review", .day = "notified_on"}}},

    {.operation = "createScopingReturn",
        .from = "opened scoping",
        .to = "scoping",
        .check = check_request,
        .effects = {{CLOCK_STARTS, "scoping", .day = "sent_on", .of_the_record = true}}},
    {.operation = "createScopingReturn",
        .from = "met decided signed_off submitted responded",
        .check = check_request,
        .effects = {{CLOCK_STARTS, "scoping", .day = "sent_on", .of_the_record = true}}},
    {.operation = "patchScopingReturn",
        .from = UNTIL_CLOSED,
        .when = changes_request,
        .role = "scoping:write",
        .needs = {&request_not_withdrawn},
        .check = check_return,
        .effects = {{CLOCK_CORRECTED, "scoping", .day = "sent_on", .of_the_record = true},
            {CLOCK_COMPLETES, "scoping", .day = "received_on", .of_the_record = true},
            {CLOCK_LAPSES, "scoping", .day = "withdrawn_on", .of_the_record = true}}},
    {.operation = "patchScopingReturn",
        .from = UNTIL_CLOSED,
        .needs = {&request_not_withdrawn},
        .check = check_return,
        .effects = {{CLOCK_COMPLETES, "scoping", .day = "received_on", .of_the_record = true}}},
    {.operation = "createScopingChaser", .from = UNTIL_CLOSED, .check = check_chaser},

    {.operation = "createRapidReviewMeeting",
        .from = "opened scoping met",
        .to = "met",
        .check = check_meeting},
    {.operation = "createRapidReviewMeeting",
        .from = "decided signed_off submitted responded",
        .check = check_meeting},
    {.operation = "createImmediateAction",
        .from = UNTIL_CLOSED,
        .check = check_immediate_action,
        .effects = {ACTION_CLOCK(CLOCK_STARTS, "agreed_on", NULL),
            ACTION_CLOCK(CLOCK_STARTS, NULL, is_agreed_today),
            {CLOCK_COMPLETES, "action", .day = "done_on", .of_the_record = true}}},
    {.operation = "patchImmediateAction",
        .from = UNTIL_CLOSED " closed",
        .check = check_immediate_action,
        .effects = {ACTION_CLOCK(CLOCK_CORRECTED, "agreed_on", NULL),
            {CLOCK_COMPLETES, "action", .day = "done_on", .of_the_record = true},
            {CLOCK_LAPSES, "action", .of_the_record = true, .applies = has_no_due_day}}},

    {.operation = "createRapidReviewDecision",
        .from = UNTIL_SUBMITTED " responded",
        .to = "signed_off",
        .when = decision_is_signed_by_all,
        .needs = {&meeting_held, &panel_has_responded},
        .check = check_decision,
        .event = "rapid_review.decided"},
    {.operation = "createRapidReviewDecision",
        .from = UNTIL_SUBMITTED " responded",
        .to = "decided",
        .needs = {&meeting_held, &panel_has_responded},
        .check = check_decision,
        .event = "rapid_review.decided"},
    {.operation = "createRapidReviewSignOff",
        .from = "decided signed_off",
        .to = "signed_off",
        .when = is_last_sign_off,
        .check = check_one_sign_off},
    {.operation = "createRapidReviewSignOff", .from = "decided", .check = check_one_sign_off},

    {.operation = "createRapidReviewSubmission",
        .from = UNTIL_CLOSED,
        .to = "submitted",
        .needs = {&decision_is_taken, &all_partners_signed},
        .check = check_submission,
        .effects = {{CLOCK_COMPLETES, "rapid_review", .day = "submitted_on",
                        .applies = is_complete_on_its_day},
            {CLOCK_COMPLETES, "rapid_review", .applies = is_complete_today}},
        .event = "rapid_review.submitted",
        .recipients = "{panel,dfe,ofsted}",
        .tells = is_sent_now},

    {.operation = "createPanelResponse",
        .from = "submitted responded",
        .to = "responded",
        .when = is_a_response,
        .needs = {&was_submitted},
        .check = check_response,
        .event = "rapid_review.responded"},
    {.operation = "createPanelResponse",
        .from = "met decided signed_off submitted responded closed",
        .needs = {&was_submitted},
        .check = check_response,
        .event = "rapid_review.responded"},
    {.operation = "patchPanelResponse", .from = UNTIL_CLOSED " closed", .check = check_answer},
};

const struct process rapid_review_process = {
    .resource = "rapid_review",
    .noun = "rapid review",
    .states = UNTIL_CLOSED " closed lapsed",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
