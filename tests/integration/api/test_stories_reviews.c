/* Owns the stories of reviews that are not simple: thematic ones, joint ones, replaced reviewers.
 */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(story, .timeout = 60);

Test(story, several_incidents_have_one_thematic_review)
{
	const char *first = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *second = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *third = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *review = reviewed("lcspr",
	    "{'title': 'Infants who do not move by themselves',"
	    " 'incident_ids': ['%s', '%s', '%s']}",
	    first, second, third);

	expect_value(get("/v1/reviews/%s", review), "/incident_ids",
	    text_of("['%s', '%s', '%s']", first, second, third));
	expect_value(get("/v1/reviews?incident_id=%s", third), "/data/0/id", text_of("'%s'", review));
	expect_value(get("/v1/incidents/%s", second), "/state", "'in_review'");
	/* Its events stand in the order of the first incident's. */
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'review.initiated'"
	                        " AND incident_id = $1::uuid",
	                 first),
	    1);
}

Test(story, one_incident_has_several_reviews_and_stays_in_review_until_the_last_has_left_it)
{
	const char *incident = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *other = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *local = reviewed("lcspr", "{'incident_ids': ['%s', '%s']}", incident, other);
	const char *learning =
	    reviewed("other_learning", "{'incident_ids': ['%s', '%s']}", incident, other);

	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/reviews?incident_id=%s", incident), "/data")), 2);
	expect_status(change(json_of("{'incident_ids': ['%s']}", other), "\"1\"",
	                  "/v1/reviews/%s/incidents", local),
	    200);
	expect_value(get("/v1/incidents/%s", incident), "/state", "'in_review'");
	expect_status(change(json_of("{'incident_ids': ['%s']}", other), "\"1\"",
	                  "/v1/reviews/%s/incidents", learning),
	    200);
	expect_value(get("/v1/incidents/%s", incident), "/state", "'rapid_review'");
	expect_value(get("/v1/incidents/%s", other), "/state", "'in_review'");
}

Test(story, an_incident_that_was_never_notified_is_still_to_be_notified_although_it_has_a_review)
{
	const char *incident = recorded(incident_with("{}"));

	reviewed("table_top", "{'incident_ids': ['%s']}", incident);
	expect_value(get("/v1/incidents/%s", incident), "/state", "'recorded'");
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", incident),
	    201);
	expect_value(get("/v1/incidents/%s", incident), "/state", "'notified'");
}

Test(story, a_joint_review_keeps_its_own_six_months_and_is_held_to_the_independence_of_its_reviewer)
{
	const char *review = reviewed("joint", "{'decided_on': '2023-08-31', 'methodology': 'hybrid',"
	                                       " 'commissioning_reason': 'With the review of a death"
	                                       " related to domestic abuse.'}");
	const struct answer *read = get("/v1/reviews/%s", review);

	expect_value(read, "/due_on", "'2024-02-29'");
	expect_value(read, "/counted", "true");
	expect_value(read, step_to(read, "terms_agreed", "missing/0/code"), "'reviewer_in_office'");
	/* The six months may not be met: that stops no step, and the clock says so. */
	const char *late = review_in("joint", "signed_off");
	expect_value(get("/v1/reviews/%s", late), "/state", "'signed_off'");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid AND kind ="
	                        " 'lcspr' AND completed_on IS NULL AND due_on = '2024-08-20'",
	                 late),
	    1);
}

Test(story, a_reviewer_is_replaced_midway_and_both_stay_to_be_seen)
{
	const char *review = review_in("lcspr", "terms_agreed");
	const char *first = answer_text(get("/v1/reviews/%s/reviewers", review), "/data/0/id");

	expect_status(patch(json_of("{'ended_on': '2024-04-30', 'ended_reason': 'A conflict of"
	                            " interest came to light.'}"),
	                  "\"1\"", "/v1/reviews/%s/reviewers/%s", review, first),
	    200);
	const struct answer *refused = review_moved(review, "{'to': 'in_progress'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'reviewer_in_office'");
	expect_status(post(json_of("{'appointed_on': '2024-05-07', 'independence_statement': 'Works for"
	                           " none of them.'}"),
	                  "/v1/reviews/%s/reviewers", review),
	    201);
	expect_status(review_moved(review, "{'to': 'in_progress'}"), 200);
	const struct answer *reviewers = get("/v1/reviews/%s/reviewers", review);
	cr_assert_eq(json_array_size(answer_at(reviewers, "/data")), 2);
	expect_value(reviewers, "/data/0/ended_reason", "'A conflict of interest came to light.'");
	expect_value(reviewers, "/data/1/ended_on", "null");
	const struct answer *history = get("/v1/reviews/%s/history?limit=200", review);
	cr_assert_eq(count_of(answer_at(history, "/data"), "resource", "reviewer"), 3);
}

Test(story, a_table_top_review_counts_in_no_statistics_and_has_no_statutory_clock)
{
	static const char *const types[] = {"table_top", "other_learning"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		const char *review = review_in(types[i], "signed_off");
		const struct answer *read = get("/v1/reviews/%s", review);
		expect_value(read, "/counted", "false");
		expect_value(read, "/due_on", "null");
		cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid AND"
		                        " kind = 'lcspr'",
		                 review),
		    0);
	}
}

Test(story, a_review_of_2019_is_written_down_from_its_beginning_to_its_sign_off)
{
	const char *incident = recorded(incident_with("{'incident_date': '2019-04-02', 'aware_on':"
	                                              " '2019-04-03'}"));
	const char *review = reviewed("table_top",
	    "{'decided_on': '2019-06-03', 'incident_ids': ['%s'],"
	    " 'methodology': 'table_top'}",
	    incident);

	expect_status(post(json_of("{'agreed_on': '2019-06-10', 'content': 'Terms.'}"),
	                  "/v1/reviews/%s/terms-of-reference", review),
	    201);
	expect_value(review_moved(review, "{'to': 'terms_agreed', 'on': '2019-06-10'}"), "/state",
	    "'terms_agreed'");
	expect_status(review_moved(review, "{'to': 'in_progress', 'on': '2019-06-11'}"), 200);
	expect_status(post(json_of("{'received_on': '2019-07-01', 'checked_against_terms': true}"),
	                  "/v1/reviews/%s/drafts", review),
	    201);
	expect_status(review_moved(review, "{'to': 'drafted', 'on': '2019-07-01'}"), 200);
	expect_status(review_moved(review, "{'to': 'agency_responses', 'on': '2019-07-02'}"), 200);
	expect_status(post(json_of("{'kind': 'subgroup', 'decided_on': '2019-07-22', 'outcome':"
	                           " 'approved', 'decided_by': 'subgroup'}"),
	                  "/v1/reviews/%s/approvals", review),
	    201);
	expect_status(review_moved(review, "{'to': 'approved', 'on': '2019-07-22'}"), 200);
	expect_status(post(json_of("{'kind': 'board', 'decided_on': '2019-09-02', 'outcome':"
	                           " 'approved', 'decided_by': 'board'}"),
	                  "/v1/reviews/%s/approvals", review),
	    201);
	expect_value(review_moved(review, "{'to': 'signed_off', 'on': '2019-09-02'}"), "/signed_off_on",
	    "'2019-09-02'");
	expect_fault(review_moved(review, "{'to': 'discontinued', 'reason': 'x', 'decided_by': 'y',"
	                                  " 'on': '2019-06-02'}"),
	    "/on", "dates_out_of_order");
}
