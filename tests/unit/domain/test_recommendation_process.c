/* Owns the tests of a recommendation's table of steps. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/recommendation_process.h"

#define TRANSITION "createRecommendationTransition"

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
    const char *body, struct problem *problem)
{
	CLEANUP(json_decref) json_t *known = read_json(facts);
	CLEANUP(json_decref) json_t *sent = read_json(body);
	const struct act act = {.facts = known, .body = sent, .today = date_from_civil(2024, 1, 8)};
	const struct step *step = NULL;

	return process_find(&recommendation_process, operation, to, from, &step, problem) &&
	       process_judge(&recommendation_process, step, &act, "{recommendations:write}", problem);
}

/* The code of the first thing that is missing or wrong; "" when it may be done. */
static const char *refusal(
    const char *operation, const char *to, const char *from, const char *facts, const char *body)
{
	static char code[80];
	CLEANUP(problem_finish) struct problem problem = {0};

	code[0] = '\0';
	if (judge(operation, to, from, facts, body, &problem))
		return code;
	const json_t *list = problem.errors ? problem.errors : problem.missing;
	snprintf(code, sizeof(code), "%s",
	    json_string_value(json_object_get(json_array_get(list, 0), "code")));
	return code;
}

#define ALL_FACTS "{'is_local': true, 'is_national': true, 'actions_are_closed': true}"
#define ALL_EVIDENCE                                                                               \
	"{'reason': 'why', 'accepted': 'yes', 'raised_to': 'DfE', 'response': 'Thank you.'}"

static const struct {
	const char *from;
	const char *to;
} allowed[] = {
    {"proposed", "accepted not_accepted raised superseded"},
    {"accepted", "raised closed superseded"},
    {"raised", "responded closed superseded"},
    {"responded", "closed superseded"},
    {"not_accepted", "proposed"},
    {"closed", "proposed"},
    {"superseded", "proposed"},
};

Test(recommendation_process, leads_from_each_state_to_these_and_no_others)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(allowed); k++) {
			const char *to = allowed[k].from;
			bool holds =
			    refusal(TRANSITION, to, allowed[i].from, ALL_FACTS, ALL_EVIDENCE)[0] == '\0';
			cr_expect_eq(
			    holds, process_has_word(allowed[i].to, to), "%s to %s", allowed[i].from, to);
		}
	}
}

Test(recommendation_process, raises_what_is_national_and_accepts_what_is_local)
{
	cr_expect_str_eq(
	    refusal(TRANSITION, "accepted", "proposed", "{'is_national': true}", "{'accepted': 'yes'}"),
	    "is_local");
	cr_expect_str_eq(
	    refusal(TRANSITION, "raised", "proposed", "{'is_local': true}", "{'raised_to': 'DfE'}"),
	    "is_national");
	cr_expect_str_eq(
	    refusal(TRANSITION, "raised", "proposed", "{'is_national': true}", "{}"), "raised_to");
}

Test(recommendation_process, wants_a_reason_for_what_is_accepted_partly_or_not)
{
	cr_expect_str_eq(
	    refusal(TRANSITION, "accepted", "proposed", ALL_FACTS, "{'accepted': 'partly'}"),
	    "required");
	cr_expect_str_eq(refusal(TRANSITION, "not_accepted", "proposed", ALL_FACTS, "{}"), "reason");
}

Test(recommendation_process, closes_with_no_action_open)
{
	cr_expect_str_eq(
	    refusal(TRANSITION, "closed", "accepted", "{'actions_are_closed': false}", "{}"),
	    "actions_are_closed");
}

Test(recommendation_process, answers_no_sooner_than_it_was_raised)
{
	cr_expect_str_eq(refusal(TRANSITION, "responded", "raised", "{'raised_on': '2023-12-02'}",
	                     "{'response': 'x', 'on': '2023-12-01'}"),
	    "dates_out_of_order");
}

static const struct {
	const char *body;
	const char *code;
} bodies[] = {
    {"{'origin': 'national', 'addressee': 'partnership'}", ""},
    {"{'origin': 'lcspr', 'addressee': 'partnership'}", "required"},
    {"{'origin': 'lcspr', 'review_id': 'r', 'addressee': 'partnership'}", ""},
    {"{'origin': 'rapid_review', 'review_id': 'r', 'addressee': 'partnership'}", "required"},
    {"{'origin': 'national', 'addressee': 'agency'}", "required"},
    {"{'origin': 'national', 'addressee': 'agency', 'addressee_agency_ids': ['a']}", ""},
    {"{'origin': 'national', 'addressee': 'partnership', 'addressee_agency_ids': ['a']}",
        "not_addressed"},
    {"{'origin': 'national', 'addressee': 'national_body'}", "required"},
    {"{'origin': 'national', 'addressee': 'national_body', 'national_body': 'DfE'}", ""},
    {"{'origin': 'national', 'addressee': 'agency', 'addressee_agency_ids': ['a'],"
     " 'national_body': 'DfE'}",
        "not_addressed"},
    {"{'origin': 'national', 'addressee': 'several', 'addressee_agency_ids': ['a'],"
     " 'national_body': 'DfE'}",
        ""},
    {"{'origin': 'national', 'addressee': 'partnership', 'made_on': '2024-01-09'}",
        "date_in_future"},
};

Test(recommendation_process, names_whom_it_is_addressed_to_and_what_made_it)
{
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
		cr_expect_str_eq(refusal("createRecommendation", NULL, "", "{}", bodies[i].body),
		    bodies[i].code, "%s", bodies[i].body);
}
