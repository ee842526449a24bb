/* Owns the tests of a review's table of steps. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/review_process.h"

#define EVERY_SCOPE "{reviews:write,reviews:approve,reviews:sign_off}"
#define TRANSITION "createReviewTransition"

/* Everything that is ever needed, and everything that a body may bring. */
static json_t *all_facts(void)
{
	return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "type", "lcspr",
	    "reviewer_in_office", 1, "terms_agreed", 1, "methodology_chosen", 1, "draft_received", 1,
	    "draft_checked", 1, "responses_asked", 1, "responses_in", 1, "subgroup_approved", 1,
	    "board_approved", 1, "board_referred_back", 1);
}

/* Each state of the flowchart, with the states that a transition may lead to. */
static const struct {
	const char *from;
	const char *to;
} allowed[] = {
    {"initiated", "terms_agreed not_stated discontinued"},
    {"terms_agreed", "in_progress not_stated discontinued"},
    {"in_progress", "drafted not_stated discontinued"},
    {"drafted", "agency_responses in_progress discontinued"},
    {"agency_responses", "approved drafted discontinued"},
    {"approved", "signed_off drafted discontinued"},
    {"signed_off", "discontinued"},
    {"embargoed", "discontinued"},
    {"notice_given", "discontinued"},
    {"published", ""},
    {"not_published", ""},
    {"assurance", ""},
    {"closed", ""},
    {"discontinued", ""},
    {"not_stated", "initiated terms_agreed in_progress drafted agency_responses approved"
                   " signed_off discontinued"},
};
/* What this table is about; what comes after the sign-off is tested where it is decided. */
static const char *const targets[] = {"initiated", "terms_agreed", "in_progress", "drafted",
    "agency_responses", "approved", "signed_off", "discontinued", "not_stated"};

static bool may(const char *from, const char *to, const char *scopes, const json_t *facts)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s}", "reason", "why", "decided_by", "the partners");
	const struct act act = {.facts = facts, .body = body, .today = {.days = 20000}};
	struct problem problem = {0};
	const struct step *step = NULL;
	bool holds = process_find(&review_process, TRANSITION, to, from, &step, &problem) &&
	             process_judge(&review_process, step, &act, scopes, &problem);

	problem_finish(&problem);
	return holds;
}

Test(review, takes_the_steps_of_the_flowchart_and_no_others)
{
	CLEANUP(json_decref) json_t *facts = all_facts();

	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		for (size_t k = 0; k < ARRAY_LENGTH(targets); k++)
			cr_expect_eq(may(allowed[i].from, targets[k], EVERY_SCOPE, facts),
			    process_has_word(allowed[i].to, targets[k]), "%s to %s", allowed[i].from,
			    targets[k]);
}

Test(review, knows_every_state_that_its_steps_name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		cr_expect(process_has_word(review_process.states, allowed[i].from), "%s", allowed[i].from);
	for (size_t i = 0; i < review_process.step_count; i++)
		cr_expect(!review_process.steps[i].to ||
		          process_has_word(review_process.states, review_process.steps[i].to));
}

Test(review, is_approved_and_signed_off_only_by_whoever_may)
{
	static const struct {
		const char *from;
		const char *to;
		const char *scope;
	} special[] = {
	    {"agency_responses", "approved", "reviews:approve"},
	    {"approved", "signed_off", "reviews:sign_off"},
	};
	static const char *const scopes[] = {"reviews:write", "reviews:approve", "reviews:sign_off"};
	CLEANUP(json_decref) json_t *facts = all_facts();

	for (size_t i = 0; i < ARRAY_LENGTH(special); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(scopes); k++) {
			char key[64];
			snprintf(key, sizeof(key), "{%s}", scopes[k]);
			cr_expect_eq(may(special[i].from, special[i].to, key, facts),
			    strcmp(scopes[k], special[i].scope) == 0, "%s with %s", special[i].to, scopes[k]);
		}
	}
}

Test(review, waits_for_each_thing_that_a_step_needs)
{
	static const struct {
		const char *from;
		const char *to;
		const char *fact;
	} needs[] = {
	    {"initiated", "terms_agreed", "reviewer_in_office"},
	    {"initiated", "terms_agreed", "terms_agreed"},
	    {"initiated", "terms_agreed", "methodology_chosen"},
	    {"terms_agreed", "in_progress", "reviewer_in_office"},
	    {"in_progress", "drafted", "draft_received"},
	    {"drafted", "agency_responses", "draft_checked"},
	    {"drafted", "agency_responses", "responses_asked"},
	    {"agency_responses", "approved", "responses_in"},
	    {"agency_responses", "approved", "subgroup_approved"},
	    {"approved", "signed_off", "board_approved"},
	    {"approved", "drafted", "board_referred_back"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(needs); i++) {
		CLEANUP(json_decref) json_t *facts = all_facts();
		json_object_set_new(facts, needs[i].fact, json_false());
		cr_expect(!may(needs[i].from, needs[i].to, EVERY_SCOPE, facts), "%s without %s",
		    needs[i].to, needs[i].fact);
	}
}

Test(review, that_is_no_local_practice_review_needs_no_independent_reviewer)
{
	static const struct {
		const char *type;
		bool needs_reviewer;
	} types[] = {{"lcspr", true}, {"joint", true}, {"national", false}, {"table_top", false},
	    {"other_learning", false}};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		CLEANUP(json_decref) json_t *facts = all_facts();
		json_object_set_new(facts, "type", json_string(types[i].type));
		json_object_del(facts, "reviewer_in_office");
		cr_expect_eq(may("initiated", "terms_agreed", EVERY_SCOPE, facts), !types[i].needs_reviewer,
		    "%s", types[i].type);
	}
}

Test(review, that_is_local_is_initiated_only_after_a_decision_for_it)
{
	static const char *const types[] = {
	    "lcspr", "joint", "national", "table_top", "other_learning"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		for (int decided = 0; decided <= 1; decided++) {
			CLEANUP(json_decref)
			json_t *facts = json_pack("{s:b}", "local_review_decided", decided);
			CLEANUP(json_decref)
			json_t *body = json_pack("{s:s, s:[s]}", "type", types[i], "incident_ids", "one");
			const struct act act = {.facts = facts, .body = body, .today = {.days = 20000}};
			struct problem problem = {0};
			const struct step *step = NULL;
			bool holds = process_find(&review_process, "createReview", NULL, "", &step, &problem) &&
			             process_judge(&review_process, step, &act, EVERY_SCOPE, &problem);
			cr_expect_eq(holds, decided || i > 0, "%s", types[i]);
			problem_finish(&problem);
		}
	}
}
