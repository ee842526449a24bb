/* Owns the tests of an action's table of steps. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/action_process.h"

#define EVERY_SCOPE "{actions:write,actions:assure}"
#define TRANSITION "createActionTransition"
#define TODAY date_from_civil(2024, 1, 8)

static json_t *read_json(const char *text)
{
	char json[1000];

	cr_assert_lt(strlen(text), sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *value = json_loads(json, 0, NULL);
	cr_assert(value, "%s", text);
	return value;
}

static bool judge(const char *operation, const char *to, const char *from, const char *facts,
    const char *body, const char *scopes, struct problem *problem)
{
	CLEANUP(json_decref) json_t *known = read_json(facts);
	CLEANUP(json_decref) json_t *sent = read_json(body);
	const struct act act = {.facts = known, .body = sent, .today = TODAY};
	const struct step *step = NULL;

	return process_find(&action_process, operation, to, from, &step, problem) &&
	       process_judge(&action_process, step, &act, scopes, problem);
}

static bool is_judged(
    const char *operation, const char *to, const char *from, const char *facts, const char *body)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	return judge(operation, to, from, facts, body, EVERY_SCOPE, &problem);
}

static bool is_missing(
    const char *to, const char *from, const char *facts, const char *body, const char *code)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	size_t index;
	json_t *item;

	if (judge(TRANSITION, to, from, facts, body, EVERY_SCOPE, &problem))
		return false;
	json_array_foreach (problem.missing, index, item)
		if (strcmp(json_string_value(json_object_get(item, "code")), code) == 0)
			return true;
	return false;
}

static bool is_fault(
    const char *operation, const char *from, const char *facts, const char *body, const char *code)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	size_t index;
	json_t *item;

	if (judge(operation, NULL, from, facts, body, EVERY_SCOPE, &problem))
		return false;
	json_array_foreach (problem.errors, index, item)
		if (strcmp(json_string_value(json_object_get(item, "code")), code) == 0)
			return true;
	return false;
}

#define ALL_FACTS "{'leads_are_complete': true, 'has_evidence': true, 'is_assured': true}"

static const struct {
	const char *from;
	const char *to;
} allowed[] = {
    {"not_started", "in_progress complete_pending_assurance not_accepted superseded"},
    {"in_progress", "complete_pending_assurance closed_unverified not_accepted superseded"},
    {"complete_pending_assurance", "in_progress closed_assured closed_unverified superseded"},
    {"closed_assured", "in_progress"},
    {"closed_unverified", "in_progress"},
    {"not_accepted", "in_progress"},
    {"superseded", "in_progress"},
};

Test(action_process, leads_from_each_state_to_these_and_no_others)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(allowed); k++) {
			const char *to = allowed[k].from;
			cr_expect_eq(is_judged(TRANSITION, to, allowed[i].from, ALL_FACTS, "{'reason': 'why'}"),
			    process_has_word(allowed[i].to, to), "%s to %s", allowed[i].from, to);
		}
	}
}

Test(action_process, completes_a_collective_action_only_when_every_lead_has)
{
	cr_expect(is_missing("complete_pending_assurance", "in_progress",
	    "{'leads_are_complete': false}", "{}", "leads_are_complete"));
	cr_expect(is_judged(TRANSITION, "complete_pending_assurance", "in_progress",
	    "{'leads_are_complete': true}", "{}"));
}

Test(action_process, closes_as_assured_only_with_evidence_and_a_check)
{
	const char *from = "complete_pending_assurance";

	cr_expect(is_missing("closed_assured", from, "{'is_assured': true}", "{}", "has_evidence"));
	cr_expect(is_missing("closed_assured", from, "{'has_evidence': true}", "{}", "is_assured"));
	cr_expect(is_missing("closed_unverified", from, ALL_FACTS, "{}", "reason"));
}

Test(action_process, lets_nobody_close_who_may_not_assure)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_expect_not(judge(TRANSITION, "closed_assured", "complete_pending_assurance", ALL_FACTS, "{}",
	    "{actions:write}", &problem));
	cr_expect_eq(problem.kind, PROBLEM_FORBIDDEN);
}

Test(action_process, has_one_lead_for_what_is_individual)
{
	const char *facts = "{'recommendation_is_local': true, 'lead_count': 1}";

	cr_expect(is_fault("createAction", "", facts,
	    "{'lead_agency_ids': ['a', 'b'], 'due_on': '2024-02-01'}", "one_lead"));
	cr_expect(is_judged("createAction", NULL, "", facts,
	    "{'responsibility': 'collective', 'lead_agency_ids': ['a', 'b'], 'due_on': '2024-02-01'}"));
	cr_expect(is_judged("createAction", NULL, "", facts, "{'due_on': '2019-04-01'}"));
	cr_expect(is_fault("patchAction", "in_progress", "{'lead_count': 2, 'due_on': '2024-02-01'}",
	    "{'responsibility': 'individual', 'due_on': '2024-02-01'}", "one_lead"));
}

Test(action_process, moves_a_due_date_only_with_a_reason)
{
	const char *facts = "{'due_on': '2024-02-01', 'lead_count': 1}";

	cr_expect(
	    is_fault("patchAction", "not_started", facts, "{'due_on': '2024-03-01'}", "required"));
	cr_expect(is_judged("patchAction", NULL, "not_started", facts,
	    "{'due_on': '2024-03-01', 'due_revision': {'reason': 'x', 'approved_by': 'y'}}"));
	cr_expect(is_fault("patchAction", "not_started", facts,
	    "{'due_on': '2024-02-01', 'due_revision': {'reason': 'x'}}", "nothing_revised"));
	cr_expect(is_fault("patchAction", "not_started", facts,
	    "{'due_on': '2024-03-01', 'due_revision': {'reason': 'x', 'on': '2024-01-09'}}",
	    "date_in_future"));
	cr_expect(is_fault("createAction", "", "{'lead_count': 1, 'recommendation_is_local': true}",
	    "{'due_on': '2024-03-01', 'original_due_on': '2024-02-01'}", "required"));
}

Test(action_process, settles_leads_and_due_date_with_the_completion)
{
	const char *facts =
	    "{'state': 'complete_pending_assurance', 'due_on': '2024-02-01', 'lead_count': 1}";

	cr_expect(is_fault("patchAction", "complete_pending_assurance", facts,
	    "{'due_on': '2024-02-01', 'lead_agency_ids': ['a']}", "already_complete"));
	cr_expect(is_fault("patchAction", "complete_pending_assurance", facts,
	    "{'due_on': '2024-03-01', 'due_revision': {'reason': 'x', 'approved_by': 'y'}}",
	    "already_complete"));
	cr_expect(is_judged("patchAction", NULL, "complete_pending_assurance", facts,
	    "{'due_on': '2024-02-01', 'owner': 'x'}"));
}

Test(action_process, refuses_dates_that_cannot_be)
{
	cr_expect(is_fault("createAction", "", "{'recommendation_is_local': true, 'lead_count': 1}",
	    "{'due_on': '2024-01-01', 'agreed_on': '2024-01-02'}", "dates_out_of_order"));
	cr_expect(is_fault("createActionAssurance", "complete_pending_assurance",
	    "{'completed_on': '2024-01-05'}", "{'on': '2024-01-04'}", "dates_out_of_order"));
	cr_expect(is_fault(
	    "createActionEvidence", "in_progress", "{}", "{'on': '2024-01-09'}", "date_in_future"));
	cr_expect(
	    is_fault("patchActionLead", "not_started", "{}", "{'state': 'not_started'}", "not_begun"));
	cr_expect(is_fault("patchActionLead", "in_progress", "{}",
	    "{'state': 'in_progress', 'completed_on': '2024-01-05'}", "not_complete"));
}
