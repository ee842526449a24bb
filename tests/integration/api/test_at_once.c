/* Owns the tests of writes that want the same incident at the same moment: none waits in vain. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(at_once, .timeout = 120);

#define MANY 6

/* Each was done, or is told what came between; and no transaction was ended for another. */
static void expect_order(const struct answer *const answers[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int status = answers[i]->status;
		cr_assert(status == 200 || status == 201 || status == 409 || status == 412, "%s",
		    told(answers[i]));
	}
	CLEANUP(free) char *log = service_log(&stage()->service);
	cr_assert_null(strstr(log, "40P01"));
}

static size_t count_status(const struct answer *const answers[], size_t count, int status)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += answers[i]->status == status;
	return found;
}

Test(at_once, an_incident_and_its_rapid_review_take_their_steps)
{
	const char *id = notified_incident(incident_with("{}"));
	const char *review = answer_text(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/id");
	CLEANUP(json_decref)
	json_t *withdraw = json_of("{'to': 'withdrawn', 'reason': 'x', 'agreed_by': 'the partners'}");
	CLEANUP(json_decref) json_t *reopen = json_of("{'to': 'reopened', 'reason': 'x'}");
	CLEANUP(json_decref) json_t *action = json_of("{'text': 'x', 'owner_role': 'team'}");
	size_t moved = 0;

	for (int round = 0; round < 20; round++) {
		struct call calls[MANY] = {{.method = "POST",
		    .path = text_of("/v1/incidents/%s/transitions", id),
		    .if_match = etag_of(get("/v1/incidents/%s", id)),
		    .json = round % 2 == 0 ? withdraw : reopen}};
		const struct answer *answers[MANY];
		for (size_t i = 1; i < MANY; i++)
			calls[i] = (struct call){.method = "POST",
			    .path = text_of("/v1/rapid-reviews/%s/immediate-actions", review),
			    .idempotency_key = new_id(),
			    .json = action};
		make_at_once(calls, MANY, answers);
		expect_order(answers, MANY);
		expect_status(answers[0], 200);
		moved += count_status(answers, MANY, 201);
	}
	cr_assert_gt(moved, 0);
}

Test(at_once, reviews_take_the_same_incidents_in_another_order)
{
	for (int round = 0; round < 5; round++) {
		const char *a = notified_incident(incident_with("{}"));
		const char *b = notified_incident(incident_with("{}"));
		struct call calls[MANY] = {{0}};
		json_t *bodies[MANY];
		const struct answer *answers[MANY];
		for (size_t i = 0; i < MANY; i++) {
			bodies[i] = json_of("{'type': 'table_top', 'title': 'x', 'decided_on': '2024-02-20',"
			                    " 'incident_ids': ['%s', '%s']}",
			    i % 2 == 0 ? a : b, i % 2 == 0 ? b : a);
			calls[i] = (struct call){.method = "POST",
			    .path = "/v1/reviews",
			    .idempotency_key = new_id(),
			    .json = bodies[i]};
		}
		make_at_once(calls, MANY, answers);
		for (size_t i = 0; i < MANY; i++)
			json_decref(bodies[i]);
		expect_order(answers, MANY);
		cr_assert_eq(count_status(answers, MANY, 201), MANY);
	}
}

/* Complete and assured. */
static const char *assured(const char *date)
{
	const char *id = answer_text(post(json_of("{'summary': 'x', 'nature': 'serious_harm',"
	                                          " 'abuse_neglect_status': 'suspected',"
	                                          " 'received_on': '%s', 'aware_on': '%s',"
	                                          " 'incident_date': '%s', 'children': [{'role':"
	                                          " 'victim', 'age_years': 2, 'sex': 'F'}],"
	                                          " 'la_of_incident': 'E08000028'}",
	                                      date, date, date),
	                                 "/v1/referrals"),
	    "/id");

	expect_status(
	    move(json_of("{'to': 'quality_assured'}"), "\"1\"", "/v1/referrals/%s/transitions", id),
	    200);
	return id;
}

/* That many referrals of the day, all decided at the same moment with that member. */
static void decide_at_once(
    size_t count, const char *date, const char *member, const struct answer *ret_answers[])
{
	CLEANUP(json_decref)
	json_t *body = json_of("{'outcome': 'met', 'decided_on': '%s', 'rationale': 'x', 'views':"
	                       " [{'agency_id': '%s', 'view': 'met'}], 'referrer_told_on': '%s',"
	                       " 'chair_told_on': '%s', %s}",
	    date, agency_of("council"), date, date, member);
	struct call calls[MANY] = {{0}};

	for (size_t i = 0; i < count; i++)
		calls[i] = (struct call){.method = "POST",
		    .path = text_of("/v1/referrals/%s/decision", assured(date)),
		    .idempotency_key = new_id(),
		    .json = body};
	make_at_once(calls, count, ret_answers);
}

Test(at_once, referrals_join_one_incident)
{
	const char *id = recorded(incident_with("{}"));

	for (int round = 0; round < 5; round++) {
		const struct answer *answers[MANY];
		decide_at_once(MANY, "2024-01-10", text_of("'incident_id': '%s'", id), answers);
		expect_order(answers, MANY);
		cr_assert_eq(count_status(answers, MANY, 201), MANY);
	}
}

/* The one that was made, or NULL unless exactly one was. */
static const struct answer *only_made(const struct answer *const answers[], size_t count)
{
	const struct answer *made = NULL;

	for (size_t i = 0; i < count; i++)
		if (answers[i]->status == 201 && !made)
			made = answers[i];
	return count_status(answers, count, 201) == 1 ? made : NULL;
}

Test(at_once, of_referrals_of_one_incident_only_the_first_makes_it)
{
	for (int round = 1; round <= 5; round++) {
		const struct answer *answers[MANY];
		decide_at_once(MANY, text_of("2020-0%d-10", round), "'incident': {}", answers);
		expect_order(answers, MANY);
		const struct answer *made = only_made(answers, MANY);
		cr_assert_not_null(made);
		const char *id = answer_text(made, "/incident_id");
		const char *local_ref = answer_text(get("/v1/incidents/%s", id), "/local_ref");
		for (size_t i = 0; i < MANY; i++) {
			if (answers[i] == made)
				continue;
			expect_problem(answers[i], 409, "conflict");
			expect_value(answers[i], "/missing/0/code", "'similar_incident'");
			expect_value(answers[i], "/missing/0/detail", text_of("'%s'", local_ref));
		}
	}
}
