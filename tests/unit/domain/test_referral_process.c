/* Owns the tests of a referral's steps, without a service. */
#include <criterion/criterion.h>

#include "base/problem.h"
#include "domain/partner_views.h"
#include "domain/referral_process.h"

TestSuite(referral_process, .timeout = 20);

static struct date today(void)
{
	return date_from_civil(2024, 1, 20);
}

static json_t *facts(void)
{
	return json_pack("{s:s, s:b, s:[{s:s, s:s}, {s:s, s:s}]}", "received_on", "2024-01-09",
	    "incident_is_there", 1, "agencies", "id", "la", "kind", "local_authority", "id", "police",
	    "kind", "police");
}

static bool judged(const json_t *body, const char *outcome, struct problem *problem)
{
	CLEANUP(json_decref) json_t *known = facts();
	const struct act act = {.facts = known, .body = body, .today = today()};
	const struct step *step = NULL;

	return process_find(&referral_process, "createReferralDecision", outcome, "quality_assured",
	           &step, problem) &&
	       process_judge(&referral_process, step, &act, "{referrals:decide}", problem);
}

static const char *fault_of(const struct problem *problem)
{
	const char *code =
	    json_string_value(json_object_get(json_array_get(problem->errors, 0), "code"));

	return code ? code : "";
}

Test(referral_process, takes_a_decision_that_one_partner_dissents_from)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s, s:s}]}", "outcome",
	    "not_met", "decided_on", "2024-01-10", "referrer_told_on", "2024-01-10", "chair_told_on",
	    "2024-01-11", "views", "agency_id", "la", "view", "not_met", "agency_id", "police", "view",
	    "met", "dissent", "x");

	cr_assert(judged(body, "not_met", &problem), "%s", problem.detail);
}

Test(referral_process, gives_the_local_authority_the_last_word)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "outcome", "not_met",
	    "decided_on", "2024-01-10", "referrer_told_on", "2024-01-10", "chair_told_on", "2024-01-11",
	    "views", "agency_id", "la", "view", "met");

	cr_assert_not(judged(body, "not_met", &problem));
	cr_assert_eq(problem.kind, PROBLEM_INVALID);
	cr_assert_str_eq(fault_of(&problem), "local_authority_decides");
}

Test(referral_process, tells_nobody_of_a_decision_before_it_was_taken)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "outcome", "not_met",
	    "decided_on", "2024-01-10", "referrer_told_on", "2024-01-09", "chair_told_on", "2024-01-11",
	    "views", "agency_id", "la", "view", "not_met");

	cr_assert_not(judged(body, "not_met", &problem));
	cr_assert_str_eq(fault_of(&problem), "dates_out_of_order");
}

Test(referral_process, decides_nothing_that_was_decided)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct step *step = NULL;

	cr_assert_not(process_find(
	    &referral_process, "createReferralDecision", "met", "not_met", &step, &problem));
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
}
