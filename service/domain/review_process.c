/* Owns the table of a review's steps. */
#include "domain/review_process.h"

#include "domain/finding_rules.h"
#include "domain/publication_rules.h"
#include "domain/theme_process.h"

#include <string.h>

/* Of the review; a new one says it itself. */
static const char *type_of(const struct act *act)
{
	const char *type = json_string_value(json_object_get(act->facts, "type"));

	return type ? type : act_text(act, "type");
}

static bool is_local_practice_review(const struct act *act)
{
	const char *type = json_string_value(json_object_get(act->facts, "type"));

	return type && process_has_word("lcspr joint", type);
}

static bool reviewer_is_there(const struct act *act)
{
	return !is_local_practice_review(act) || act_fact(act, "reviewer_in_office");
}

static bool local_review_is_decided(const struct act *act)
{
	return strcmp(type_of(act), "lcspr") != 0 || act_fact(act, "local_review_decided");
}

static const struct need local_review_decided = {
    .code = "local_review_decided",
    .sentence = "A local child safeguarding practice review follows a rapid review that decided on "
                "it, or with which the Panel did not agree (Working Together 2023, chapter 5; SI "
                "2018/789).",
    .is_there = local_review_is_decided,
};
static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need decided_by = {
    .code = "decided_by",
    .sentence = "Say who decided to end it, as a role or body; the decision is the safeguarding "
                "partners' (Working Together 2023, chapter 5).",
    .is_evidence = true,
};
static const struct need reviewer_in_office = {
    .code = "reviewer_in_office",
    .sentence = "A local child safeguarding practice review has a lead reviewer in office with a "
                "statement of independence (SI 2018/789; Working Together 2023, chapter 5).",
    .is_there = reviewer_is_there,
};
static const struct need terms_agreed = {
    .code = "terms_agreed",
    .sentence = "Terms of reference are agreed (the partnership's procedure).",
};
static const struct need methodology_chosen = {
    .code = "methodology_chosen",
    .sentence = "The methodology is chosen (Working Together 2023, chapter 5).",
};
static const struct need draft_received = {
    .code = "draft_received",
    .sentence = "A draft report is received (the partnership's procedure).",
};
static const struct need draft_checked = {
    .code = "draft_checked",
    .sentence = "The latest draft is checked against the terms of reference (the partnership's "
                "procedure).",
};
static const struct need responses_asked = {
    .code = "responses_asked",
    .sentence =
        "Every agency on the panel is asked for its response (the partnership's procedure).",
};
static const struct need responses_in = {
    .code = "responses_in",
    .sentence = "Every agency that was asked has responded, or is overdue for a reason that is "
                "recorded (the partnership's procedure: 14 days).",
};
static const struct need subgroup_approved = {
    .code = "subgroup_approved",
    .sentence = "The subgroup's last word on the latest draft is its approval (the partnership's "
                "procedure).",
};
static const struct need board_approved = {
    .code = "board_approved",
    .sentence = "The board's last word on the latest draft is its approval (the partnership's "
                "procedure).",
};
static const struct need board_referred_back = {
    .code = "board_referred_back",
    .sentence = "The board's last word on the latest draft is to refer it back.",
};

/* Only a national review can concern the Panel's choice of incidents and none of ours. */
static bool check_incidents(const struct act *act, struct problem *problem)
{
	if (json_array_size(json_object_get(act->body, "incident_ids")) ||
	    strcmp(type_of(act), "national") == 0)
		return true;
	return problem_add(problem, PROBLEM_INVALID, "/incident_ids", "incident_required",
	    "Every review but a national one concerns at least one incident.");
}

static bool check_review(const struct act *act, struct problem *problem)
{
	check_incidents(act, problem);
	act_check_not_future(act, "decided_on", problem);
	act_check_not_future(act, "panel_concurred_on", problem);
	act_check_order(act, "scope_from", "scope_to",
	    "The period under review does not end before it begins.", problem);
	act_check_order(act, "decided_on", "target_completion_on",
	    "A review is not completed before it was decided on.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_reviewer(const struct act *act, struct problem *problem)
{
	bool has_ended = date_is_set(act_date(act, "ended_on"));

	act_check_not_future(act, "appointed_on", problem);
	act_check_not_future(act, "ended_on", problem);
	act_check_order(
	    act, "appointed_on", "ended_on", "Nobody is removed before being appointed.", problem);
	if (has_ended != (act_text(act, "ended_reason")[0] != '\0'))
		problem_add(problem, PROBLEM_INVALID, has_ended ? "/ended_reason" : "/ended_on",
		    "ended_whole", "A reviewer's end has both its day and its reason.");
	return problem->kind == PROBLEM_NONE;
}

static bool check_panel_member(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "member_from", problem);
	act_check_not_future(act, "member_until", problem);
	act_check_order(
	    act, "member_from", "member_until", "Nobody leaves a panel before joining it.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_terms(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "agreed_on", problem);
	if (!act_text(act, "content")[0] && !act_text(act, "document_sha256")[0])
		problem_add(problem, PROBLEM_INVALID, "/content", "terms_required",
		    "Terms are their text, or the digest of the document that has them.");
	return problem->kind == PROBLEM_NONE;
}

static bool check_participation(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "invited_on", problem);
	act_check_not_future(act, "responded_on", problem);
	act_check_not_future(act, "feedback_offered_on", problem);
	act_check_order(
	    act, "invited_on", "responded_on", "Nobody responds before the invitation.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_draft(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "received_on", problem);
	act_check_not_future(act, "circulated_on", problem);
	act_check_order(act, "decided_on", "received_on",
	    "Nothing happened to the review before it was decided on.", problem);
	act_check_order(
	    act, "received_on", "circulated_on", "No draft is circulated before it came.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_response(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "shared_on", problem);
	act_check_not_future(act, "responded_on", problem);
	act_check_not_future(act, "governance_told_on", problem);
	act_check_order(act, "shared_on", "responded_on",
	    "No agency responds to a report that it has not got.", problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_approval(const struct act *act, const char *kind, struct problem *problem)
{
	act_check_not_future(act, "decided_on", problem);
	if (strcmp(act_text(act, "kind"), kind) != 0)
		problem_add(problem, PROBLEM_INVALID, "/kind", "out_of_turn",
		    "The subgroup approves once the agencies are asked, the board once the subgroup has "
		    "approved.");
	if (strcmp(act_text(act, "outcome"), "referred_back") == 0 && !act_text(act, "reason")[0])
		problem_add(problem, PROBLEM_INVALID, "/reason", "required",
		    "A draft that is referred back is told why.");
	return problem->kind == PROBLEM_NONE;
}

static bool check_subgroup(const struct act *act, struct problem *problem)
{
	return check_approval(act, "subgroup", problem);
}

static bool check_board(const struct act *act, struct problem *problem)
{
	return check_approval(act, "board", problem);
}

static bool check_day(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "decided_on", "on",
	    "Nothing happened to the review before it was decided on.", problem);
	return problem->kind == PROBLEM_NONE;
}

#define TRANSITION "createReviewTransition"
/* A review of which nobody knew how far it came goes on from wherever it turns out to be. */
#define NOT_STATED " not_stated"
#define OPEN                                                                                       \
	"initiated terms_agreed in_progress drafted agency_responses approved signed_off embargoed "   \
	"notice_given not_stated"
#define NOT_ENDED OPEN " published not_published assurance"

/* From the sharing of the final draft on, however late an agency responds. */
#define SHARED "drafted agency_responses approved signed_off embargoed notice_given not_stated"

/* The six months: Working Together 2023 chapter 5; from which day says the partnership's policy. */
#define SIX_MONTHS(change_)                                                                        \
	{                                                                                              \
		{.change = (change_), .kind = "lcspr", .day = "decided_on", .when = "starts_at_decision"}, \
		{                                                                                          \
			.change = (change_), .kind = "lcspr", .day = "panel_concurred_on",                     \
			.when = "starts_at_concurrence"                                                        \
		}                                                                                          \
	}

#define PUBLICATION "putReviewPublication"
/* Assurance runs from the publication, the decision against it, or the sign-off. */
#define FIRST_CHECK                                                                                \
	{                                                                                              \
		{                                                                                          \
			.change = CLOCK_STARTS, .kind = "assurance", .day = "concluded_on",                    \
			.due = "first_check_due_on"                                                            \
		}                                                                                          \
	}

/* It judges the agency's own clock, so on which other day than today it came the business unit
 * says. */
static bool is_of_another_day(const struct act *act)
{
	struct date responded_on = act_date(act, "responded_on");

	return date_is_set(responded_on) && responded_on.days != act->today.days;
}

static bool is_of_the_board(const struct act *act)
{
	return strcmp(act_text(act, "kind"), "board") == 0;
}

static const struct step steps[] = {
    {.operation = "createReview",
        .from = "",
        .to = "initiated",
        .needs = {&local_review_decided},
        .check = check_review,
        .effects = SIX_MONTHS(CLOCK_STARTS),
        .event = "review.initiated"},
    {.operation = "patchReview",
        .from = NOT_ENDED,
        .check = check_review,
        .effects = SIX_MONTHS(CLOCK_CORRECTED)},
    {.operation = "putReviewIncidents",
        .from = NOT_ENDED,
        .needs = {&local_review_decided},
        .check = check_incidents},

    {.operation = TRANSITION,
        .from = "initiated" NOT_STATED,
        .to = "terms_agreed",
        .needs = {&reviewer_in_office, &terms_agreed, &methodology_chosen},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "terms_agreed" NOT_STATED,
        .to = "in_progress",
        .needs = {&reviewer_in_office, &terms_agreed, &methodology_chosen},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "in_progress" NOT_STATED,
        .to = "drafted",
        .needs = {&draft_received},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "drafted" NOT_STATED,
        .to = "agency_responses",
        .needs = {&draft_checked, &responses_asked},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "agency_responses" NOT_STATED,
        .to = "approved",
        .role = "reviews:approve",
        .needs = {&responses_in, &subgroup_approved},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "approved" NOT_STATED,
        .to = "signed_off",
        .role = "reviews:sign_off",
        .needs = {&board_approved},
        .check = check_day,
        .event = "review.signed_off"},

    {.operation = TRANSITION,
        .from = "drafted",
        .to = "in_progress",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "agency_responses",
        .to = "drafted",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "approved",
        .to = "drafted",
        .needs = {&board_referred_back, &reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "initiated terms_agreed in_progress",
        .to = "not_stated",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = "not_stated",
        .to = "initiated",
        .needs = {&reason},
        .check = check_day},
    {.operation = TRANSITION,
        .from = OPEN,
        .to = "discontinued",
        .needs = {&reason, &decided_by},
        .check = check_day,
        .effects = {{.change = CLOCK_LAPSES, .kind = "lcspr"},
            {.change = CLOCK_LAPSES, .kind = "publication_notice"},
            {.change = CLOCK_LAPSES, .kind = "assurance"}},
        .event = "review.discontinued"},

    {.operation = "createReviewer", .from = NOT_ENDED, .check = check_reviewer},
    {.operation = "patchReviewer", .from = NOT_ENDED, .check = check_reviewer},
    {.operation = "createPanelMember", .from = NOT_ENDED, .check = check_panel_member},
    {.operation = "patchPanelMember", .from = NOT_ENDED, .check = check_panel_member},
    {.operation = "createTermsOfReference", .from = NOT_ENDED, .check = check_terms},
    {.operation = "createFamilyParticipation", .from = NOT_ENDED, .check = check_participation},
    {.operation = "patchFamilyParticipation", .from = NOT_ENDED, .check = check_participation},
    {.operation = "createReviewDraft",
        .from = "in_progress drafted agency_responses not_stated",
        .check = check_draft},
    {.operation = "patchReviewDraft",
        .from = "in_progress drafted agency_responses not_stated",
        .check = check_draft},
    {.operation = "createAgencyResponse",
        .from = "drafted agency_responses not_stated",
        .needs = {&draft_received},
        .check = check_response,
        .effects = {{.change = CLOCK_STARTS,
            .kind = "agency_response",
            .day = "shared_on",
            .of_the_record = true}}},
    {.operation = "patchAgencyResponse",
        .from = SHARED,
        .check = check_response,
        .effects = {{.change = CLOCK_CORRECTED,
            .kind = "agency_response",
            .day = "shared_on",
            .of_the_record = true}}},
    {.operation = "putAgencyResponseAnswer",
        .from = SHARED,
        .role = "reviews:write",
        .when = is_of_another_day,
        .check = check_response,
        .effects = {{.change = CLOCK_COMPLETES,
            .kind = "agency_response",
            .day = "responded_on",
            .of_the_record = true}}},
    {.operation = "putAgencyResponseAnswer",
        .from = SHARED,
        .check = check_response,
        .effects = {{.change = CLOCK_COMPLETES,
            .kind = "agency_response",
            .day = "responded_on",
            .of_the_record = true}}},
    {.operation = "createReviewApproval",
        .from = "not_stated",
        .when = is_of_the_board,
        .role = "reviews:sign_off",
        .needs = {&draft_received, &subgroup_approved},
        .check = check_board},
    {.operation = "createReviewApproval",
        .from = "agency_responses not_stated",
        .role = "reviews:approve",
        .needs = {&draft_received},
        .check = check_subgroup},
    {.operation = "createReviewApproval",
        .from = "approved",
        .role = "reviews:sign_off",
        .check = check_board},
    {.operation = "createReviewProceeding", .from = NOT_ENDED, .check = proceeding_check},
    {.operation = "patchReviewProceeding", .from = NOT_ENDED, .check = proceeding_check},
    {.operation = "createReviewEmbargo",
        .from = OPEN,
        .role = "reviews:publish",
        .needs = {&embargo_is_grounded},
        .check = embargo_check,
        .effects = {{.change = CLOCK_STARTS,
            .kind = "embargo_review",
            .day = "embargoed_on",
            .due = "review_by",
            .of_the_record = true}}},
    {.operation = "patchReviewEmbargo",
        .from = NOT_ENDED,
        .role = "reviews:publish",
        .needs = {&embargo_is_not_lifted},
        .check = embargo_check,
        .effects = {{.change = CLOCK_CORRECTED,
                        .kind = "embargo_review",
                        .day = "embargoed_on",
                        .due = "review_by",
                        .of_the_record = true},
            {.change = CLOCK_COMPLETES,
                .kind = "embargo_review",
                .day = "lifted_on",
                .of_the_record = true}}},
    {.operation = TRANSITION,
        .from = "signed_off notice_given",
        .to = "embargoed",
        .role = "reviews:publish",
        .needs = {&embargo_is_open, &embargo_has_ground},
        .check = check_day,
        .effects = {{.change = CLOCK_LAPSES, .kind = "publication_notice"}},
        .event = "review.embargoed"},
    {.operation = TRANSITION,
        .from = "embargoed",
        .to = "signed_off",
        .role = "reviews:publish",
        .needs = {&no_open_embargo},
        .check = check_day},

    /* After an embargo a notice is given anew: its clock starts beside the one that was judged. */
    {.operation = PUBLICATION,
        .from = "drafted agency_responses approved signed_off",
        .role = "reviews:publish",
        .check = publication_check,
        .effects = {{.change = CLOCK_STARTS, .kind = "publication_notice", .day = "planned_on"},
            {.change = CLOCK_LAPSES,
                .kind = "publication_notice",
                .applies = publication_is_unplanned}}},
    {.operation = PUBLICATION,
        .from = "embargoed",
        .role = "reviews:publish",
        .check = publication_check_embargoed},
    {.operation = PUBLICATION,
        .from = "notice_given",
        .role = "reviews:publish",
        .check = publication_check_announced},
    {.operation = PUBLICATION,
        .from = "published not_published assurance closed",
        .role = "reviews:publish",
        .check = publication_check_published},
    {.operation = TRANSITION,
        .from = "signed_off",
        .to = "notice_given",
        .role = "reviews:publish",
        .needs = {&form_is_decided, &publication_is_planned, &planned_day_is_ahead,
            &no_open_embargo, &report_is_hashed, &panel_is_told, &dfe_is_told, &ofsted_is_told},
        .check = notice_check,
        .effects = {{.change = CLOCK_COMPLETES, .kind = "publication_notice", .day = "on"}},
        .earliest = {.member = "earliest_publication_on",
            .kind = "publication_notice",
            .day = "on"},
        .event = "review.publication_notice",
        .carries = {"publication_planned_on"},
        .recipients = "{panel,dfe,ofsted}",
        .tells = notice_is_sent},
    {.operation = "createReviewPublicationNotice",
        .from = "notice_given published assurance closed",
        .role = "reviews:publish",
        .check = notice_record_check},
    {.operation = "patchReviewPublicationNotice",
        .from = NOT_ENDED " closed discontinued",
        .role = "reviews:publish",
        .check = notice_record_check},
    {.operation = TRANSITION,
        .from = "notice_given",
        .to = "published",
        .role = "reviews:publish",
        .needs = {&published_on, &form_is_decided, &no_open_embargo,
            &no_proceeding_holds_publication, &notice_has_run},
        .check = published_check,
        .effects = {{.change = CLOCK_COMPLETES, .kind = "lcspr", .day = "published_on"}},
        .event = "review.published",
        .carries = {"published_on"}},
    {.operation = TRANSITION,
        .from = "signed_off",
        .to = "published",
        .role = "reviews:publish",
        .needs = {&is_national, &published_on, &form_is_decided, &no_open_embargo,
            &no_proceeding_holds_publication},
        .check = published_check,
        .event = "review.published",
        .carries = {"published_on"}},
    {.operation = TRANSITION,
        .from = "signed_off notice_given",
        .to = "not_published",
        .role = "reviews:publish",
        .needs = {&not_publishing_reason, &not_publishing_decided_by, &not_publishing_panel_told_on,
            &no_open_embargo},
        .check = not_published_check,
        .effects = {{.change = CLOCK_LAPSES, .kind = "publication_notice"},
            {.change = CLOCK_COMPLETES, .kind = "lcspr", .day = "on"}},
        .event = "review.not_published"},

    {.operation = TRANSITION,
        .from = "published not_published",
        .to = "assurance",
        .needs = {&interval_months, &first_check_due_on},
        .check = assurance_check,
        .effects = FIRST_CHECK},
    {.operation = TRANSITION,
        .from = "signed_off",
        .to = "assurance",
        .needs = {&is_not_statutory, &no_open_embargo, &interval_months, &first_check_due_on},
        .check = assurance_check,
        .effects = FIRST_CHECK},
    {.operation = "createReviewAssuranceCheck",
        .from = "assurance",
        .check = assurance_check_check,
        .effects = {{.change = CLOCK_COMPLETES, .kind = "assurance", .day = "checked_on"},
            {.change = CLOCK_STARTS,
                .kind = "assurance",
                .day = "checked_on",
                .due = "next_due_on"}}},
    {.operation = TRANSITION,
        .from = "assurance",
        .to = "closed",
        .needs = {&is_assured},
        .check = check_day,
        .effects = {{.change = CLOCK_LAPSES, .kind = "assurance"}}},
    {.operation = "createReviewFinding",
        .from = NOT_ENDED " closed discontinued",
        .check = finding_check},
    {.operation = "patchReviewFinding",
        .from = NOT_ENDED " closed discontinued",
        .check = finding_check},
    {.operation = "createReviewDissemination",
        .from = NOT_ENDED " closed discontinued",
        .check = dissemination_check},
    {.operation = "putReviewThemes",
        .from = NOT_ENDED " closed discontinued",
        .check = theme_coding_check},
};

const struct process review_process = {
    .resource = "review",
    .noun = "review",
    .states = OPEN " published not_published assurance closed discontinued",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
