/* Owns the tests of the table of a rapid review's steps. */
#include <criterion/criterion.h>
#include <string.h>

#include "domain/rapid_review_process.h"

TestSuite(rapid_review_process, .timeout = 30);

#define STATES 9
static const char *const states[STATES] = {"opened", "scoping", "met", "decided", "signed_off",
    "submitted", "responded", "closed", "lapsed"};

/* Two partners of today, of whom the second signs last. */
#define FACTS                                                                                      \
	"{\"statutory_partners\": [{\"agency_id\": \"a\", \"valid_from\": null, \"valid_to\": null},"  \
	" {\"agency_id\": \"b\", \"valid_from\": \"2000-01-01\", \"valid_to\": null},"                 \
	" {\"agency_id\": \"old\", \"valid_from\": null, \"valid_to\": \"2022-06-30\"}],"              \
	" \"decided_on\": \"2024-01-05\", \"sign_offs\": [{\"agency_id\": \"a\"}]}"

#define NO NULL /* refused */
#define STAY ""

/* Where each step leads from each state. */
static const struct {
	const char *operation;
	const char *to;
	const char *body;
	const char *leads_to[STATES];
} rows[] = {
    {"patchRapidReview", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO, NO}},
    {"createRapidReviewTransition", "scoping", "{}", {"scoping", NO, NO, NO, NO, NO, NO, NO, NO}},
    {"createRapidReviewTransition", "closed", "{}",
        {NO, NO, NO, NO, NO, "closed", "closed", NO, NO}},
    {"createRapidReviewTransition", "met", "{}", {NO, NO, NO, NO, NO, NO, NO, "met", NO}},
    {"createRapidReviewTransition", "lapsed", "{}",
        {"lapsed", "lapsed", "lapsed", "lapsed", "lapsed", "lapsed", "lapsed", NO, NO}},
    {"createRapidReviewTransition", "opened", "{}", {NO, NO, NO, NO, NO, NO, NO, NO, "opened"}},
    {"createScopingReturn", NULL, "{}",
        {"scoping", "scoping", STAY, STAY, STAY, STAY, STAY, NO, NO}},
    {"patchScopingReturn", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO, NO}},
    {"createScopingChaser", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO, NO}},
    {"createRapidReviewMeeting", NULL, "{}", {"met", "met", "met", STAY, STAY, STAY, STAY, NO, NO}},
    {"createImmediateAction", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO, NO}},
    {"patchImmediateAction", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO}},
    {"createRapidReviewDecision", NULL,
        "{\"decided_on\": \"2024-01-05\", \"sign_offs\": [{\"agency_id\": \"a\"}]}",
        {"decided", "decided", "decided", "decided", "decided", NO, "decided", NO, NO}},
    {"createRapidReviewDecision", NULL,
        "{\"decided_on\": \"2024-01-05\","
        " \"sign_offs\": [{\"agency_id\": \"a\"}, {\"agency_id\": \"b\"}]}",
        {"signed_off", "signed_off", "signed_off", "signed_off", "signed_off", NO, "signed_off", NO,
            NO}},
    {"createRapidReviewDecision", NULL,
        "{\"decided_on\": \"2022-06-30\","
        " \"sign_offs\": [{\"agency_id\": \"a\"}, {\"agency_id\": \"b\"}]}",
        {"decided", "decided", "decided", "decided", "decided", NO, "decided", NO, NO}},
    {"createRapidReviewSignOff", NULL, "{\"agency_id\": \"c\"}",
        {NO, NO, NO, STAY, "signed_off", NO, NO, NO, NO}},
    {"createRapidReviewSignOff", NULL, "{\"agency_id\": \"b\"}",
        {NO, NO, NO, "signed_off", "signed_off", NO, NO, NO, NO}},
    {"createRapidReviewSubmission", NULL, "{}",
        {"submitted", "submitted", "submitted", "submitted", "submitted", "submitted", "submitted",
            NO, NO}},
    {"createPanelResponse", NULL, "{\"response\": \"agreed\"}",
        {NO, NO, STAY, STAY, STAY, "responded", "responded", STAY, NO}},
    {"createPanelResponse", NULL, "{\"response\": \"no_response_yet\"}",
        {NO, NO, STAY, STAY, STAY, STAY, STAY, STAY, NO}},
    {"patchPanelResponse", NULL, "{}", {STAY, STAY, STAY, STAY, STAY, STAY, STAY, STAY, NO}},
};

/* Where the step leads from that state; NULL where it is refused. */
static const char *led(size_t row, const char *state)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *facts = json_loads(FACTS, 0, NULL);
	CLEANUP(json_decref) json_t *body = json_loads(rows[row].body, 0, NULL);
	const struct act act = {.facts = facts, .body = body, .today = date_from_civil(2024, 1, 8)};
	const struct step *step = NULL;

	if (!process_find(
	        &rapid_review_process, rows[row].operation, rows[row].to, state, &step, &problem))
		return NO;
	if (!rows[row].to)
		step = process_choose(&rapid_review_process, step, state, &act);
	return step->to ? step->to : STAY;
}

Test(rapid_review_process, leads_each_step_from_each_state_where_the_law_does)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		for (size_t k = 0; k < STATES; k++) {
			const char *wanted = rows[i].leads_to[k];
			const char *seen = led(i, states[k]);
			cr_expect((!wanted && !seen) || (wanted && seen && strcmp(wanted, seen) == 0),
			    "%s %s from %s leads to %s", rows[i].operation, rows[i].body, states[k],
			    seen ? seen : "nothing");
		}
	}
}

Test(rapid_review_process, has_no_step_that_the_tests_do_not_know)
{
	for (size_t i = 0; i < rapid_review_process.step_count; i++) {
		bool known = false;
		for (size_t k = 0; k < ARRAY_LENGTH(rows); k++)
			known =
			    known || strcmp(rows[k].operation, rapid_review_process.steps[i].operation) == 0;
		cr_expect(known, "%s", rapid_review_process.steps[i].operation);
	}
}

static bool judged(const char *operation, const char *state, const char *facts_text,
    const char *body_text, struct problem *problem)
{
	CLEANUP(json_decref) json_t *facts = json_loads(facts_text, 0, NULL);
	CLEANUP(json_decref) json_t *body = json_loads(body_text, 0, NULL);
	const struct act act = {.facts = facts, .body = body, .today = date_from_civil(2024, 1, 31)};
	const struct step *step = NULL;

	return process_find(&rapid_review_process, operation, NULL, state, &step, problem) &&
	       process_judge(&rapid_review_process,
	           process_choose(&rapid_review_process, step, state, &act), &act, "{}", problem);
}

#define CRITERIA(c1, c4)                                                                           \
	"\"criteria\": {\"c1_improvements\": {\"answer\": \"" c1                                       \
	"\"}, \"c4_panel_local\": {\"answer\": \"" c4 "\"}}"
#define MET "{\"meeting_held\": true, \"notified_on\": \"2024-01-11\", \"met_on\": \"2024-01-25\"}"

Test(rapid_review_process, takes_a_local_review_only_on_a_criterion)
{
	static const struct {
		const char *body;
		enum problem_kind kind;
	} decisions[] = {
	    {"{\"outcome\": \"lcspr_local\", " CRITERIA("not_met", "not_met") "}", PROBLEM_INVALID},
	    {"{\"outcome\": \"lcspr_local\", " CRITERIA("may_be_met", "not_met") "}", PROBLEM_NONE},
	    {"{\"outcome\": \"threshold_met_no_further_learning\", " CRITERIA("met", "not_met") "}",
	        PROBLEM_NONE},
	    {"{\"outcome\": \"lcspr_local\", " CRITERIA("met", "met") "}", PROBLEM_CONFLICT},
	    {"{\"outcome\": \"lcspr_local\", \"decided_on\": \"2024-01-24\", " CRITERIA(
	         "met", "not_met") "}",
	        PROBLEM_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(decisions); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		bool fine = judged("createRapidReviewDecision", "met", MET, decisions[i].body, &problem);
		cr_expect_eq(problem.kind, decisions[i].kind, "%s", decisions[i].body);
		cr_expect_eq(fine, decisions[i].kind == PROBLEM_NONE, "%s", decisions[i].body);
	}
}

Test(rapid_review_process, names_the_decision_and_the_sign_offs_that_a_submission_lacks)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert_not(judged("createRapidReviewSubmission", "opened", "{}", "{}", &problem));
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
	cr_assert_eq(json_array_size(problem.missing), 2);
}
