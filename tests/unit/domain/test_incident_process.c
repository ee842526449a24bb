/* Owns the tests of an incident's own steps, without a service. */
#include <criterion/criterion.h>

#include "domain/incident_process.h"

TestSuite(incident_process, .timeout = 20);

#define DECIDE "{incidents:write,incidents:decide}"

static bool judged(const char *from, const char *to, json_t *facts, json_t *body,
    const char *scopes, struct problem *problem)
{
	CLEANUP(json_decref) json_t *owned_facts = facts;
	CLEANUP(json_decref) json_t *owned_body = body;
	const struct act act = {
	    .facts = owned_facts, .body = owned_body, .today = date_from_civil(2024, 2, 1)};
	const struct step *step = NULL;

	return process_find(&incident_process, "createIncidentTransition", to, from, &step, problem) &&
	       process_judge(&incident_process, step, &act, scopes, problem);
}

static const char *missing(const struct problem *problem, size_t place)
{
	const char *code =
	    json_string_value(json_object_get(json_array_get(problem->missing, place), "code"));

	return code ? code : "";
}

Test(incident_process, closes_nothing_of_which_something_is_open)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert_not(judged("recorded", "closed", json_object(), json_object(), DECIDE, &problem));
	cr_assert_str_eq(missing(&problem, 0), "notification_is_settled");
	cr_assert_str_eq(missing(&problem, 1), "no_open_rapid_review");
	cr_assert_str_eq(missing(&problem, 2), "no_open_review");
	cr_assert_str_eq(missing(&problem, 3), "reason");
}

Test(incident_process, withdraws_with_a_reason_and_who_agreed)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(judged("notified", "withdrawn", json_object(),
	    json_pack("{s:s, s:s}", "reason", "x", "agreed_by", "y"), DECIDE, &problem));
	cr_assert_not(judged("notified", "withdrawn", json_object(), json_pack("{s:s}", "reason", "x"),
	    DECIDE, &problem));
	cr_assert_str_eq(missing(&problem, 0), "agreed_by");
}

Test(incident_process, takes_the_scope_of_who_decides)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert_not(judged("closed", "reopened", json_object(), json_pack("{s:s}", "reason", "x"),
	    "{incidents:write}", &problem));
	cr_assert_eq(problem.kind, PROBLEM_FORBIDDEN);
}

Test(incident_process, leaves_nothing_unnotified_that_was_notified)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert_not(
	    judged("notified", "not_notified", json_object(), json_object(), DECIDE, &problem));
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
}
