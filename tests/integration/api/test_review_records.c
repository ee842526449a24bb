/* Owns the tests of what belongs to a review: who makes it, drafts, responses, approvals. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(reviewer, .timeout = 60);
TestSuite(terms, .timeout = 60);
TestSuite(family, .timeout = 60);
TestSuite(draft, .timeout = 60);
TestSuite(response, .timeout = 60);
TestSuite(approval, .timeout = 60);
TestSuite(clock, .timeout = 60);

static const char *agency_id(const char *slug)
{
	CLEANUP(free)
	char *id = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = $1",
	    slug, NULL);

	return text_of("%s", id);
}

static const char *police(void)
{
	if (count_rows("SELECT count(*) FROM agency WHERE slug = $1", "police") == 0)
		agency_create(&stage()->database, "north", "police", "police", true);
	return agency_id("police");
}

static const char *asked(const char *review, const char *agency, const char *shared_on)
{
	const struct answer *made =
	    post(json_of("{'agency_id': '%s', 'shared_on': '%s'}", agency, shared_on),
	        "/v1/reviews/%s/agency-responses", review);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

Test(reviewer, that_has_ended_has_a_reason)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *made =
	    post(json_of("{'appointed_on': '2024-02-27'}"), "/v1/reviews/%s/reviewers", review);
	const char *id = answer_text(made, "/id");

	expect_status(made, 201);
	expect_value(made, "/role", "'lead'");
	expect_fault(patch(json_of("{'ended_on': '2024-05-31'}"), "\"1\"",
	                 "/v1/reviews/%s/reviewers/%s", review, id),
	    "/ended_reason", "ended_whole");
	expect_fault(patch(json_of("{'ended_on': '2024-02-26', 'ended_reason': 'x'}"), "\"1\"",
	                 "/v1/reviews/%s/reviewers/%s", review, id),
	    "/ended_on", "dates_out_of_order");
	const struct answer *ended = patch(json_of("{'ended_on': '2024-05-31', 'ended_reason': 'ill'}"),
	    "\"1\"", "/v1/reviews/%s/reviewers/%s", review, id);
	expect_value(ended, "/version", "2");
	expect_problem(
	    patch(json_of("{'organisation': 'x'}"), "\"1\"", "/v1/reviews/%s/reviewers/%s", review, id),
	    412, "stale");
}

Test(reviewer, without_a_statement_of_independence_lets_no_terms_be_agreed)
{
	const char *review = reviewed("lcspr", "{'methodology': 'silp'}");

	expect_status(
	    post(json_of("{'appointed_on': '2024-02-27'}"), "/v1/reviews/%s/reviewers", review), 201);
	expect_status(post(json_of("{'agreed_on': '2024-03-05', 'content': 'Terms.'}"),
	                  "/v1/reviews/%s/terms-of-reference", review),
	    201);
	const struct answer *refused = review_moved(review, "{'to': 'terms_agreed'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'reviewer_in_office'");
	cr_assert_eq(json_array_size(answer_at(refused, "/missing")), 1);
}

Test(terms, are_versions_of_which_each_stays)
{
	const char *review = reviewed("lcspr", "{}");

	expect_value(post(json_of("{'agreed_on': '2024-03-05', 'content': 'First.'}"),
	                 "/v1/reviews/%s/terms-of-reference", review),
	    "/number", "1");
	expect_value(post(json_of("{'agreed_on': '2024-04-05', 'content': 'Second.'}"),
	                 "/v1/reviews/%s/terms-of-reference", review),
	    "/number", "2");
	expect_fault(
	    post(json_of("{'agreed_on': '2024-04-05'}"), "/v1/reviews/%s/terms-of-reference", review),
	    "/content", "terms_required");
	const struct answer *listed = get("/v1/reviews/%s/terms-of-reference", review);
	expect_value(listed, "/data/0/content", "'First.'");
	expect_value(listed, "/data/1/content", "'Second.'");
	expect_value(get("/v1/reviews/%s", review), "/version", "3");
}

Test(family, is_invited_and_what_came_of_it_is_kept)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *made = post(json_of("{'relation': 'mother', 'invited_on': '2024-03-12'}"),
	    "/v1/reviews/%s/participation", review);
	const char *id = answer_text(made, "/id");

	expect_value(made, "/response", "'invited'");
	expect_fault(patch(json_of("{'responded_on': '2024-03-11'}"), "\"1\"",
	                 "/v1/reviews/%s/participation/%s", review, id),
	    "/responded_on", "dates_out_of_order");
	expect_value(patch(json_of("{'response': 'declined', 'feedback_offered_on': '2024-07-12'}"),
	                 "\"1\"", "/v1/reviews/%s/participation/%s", review, id),
	    "/feedback_offered_on", "'2024-07-12'");
}

Test(draft, is_checked_against_the_terms_before_agencies_respond)
{
	const char *review = review_in("table_top", "drafted");
	const struct answer *made =
	    post(json_of("{'received_on': '2024-05-28'}"), "/v1/reviews/%s/drafts", review);

	expect_value(made, "/number", "2");
	const struct answer *refused = review_moved(review, "{'to': 'agency_responses'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'draft_checked'");
	expect_status(patch(json_of("{'checked_against_terms': true}"), "\"1\"",
	                  "/v1/reviews/%s/drafts/%s", review, answer_text(made, "/id")),
	    200);
	expect_status(review_moved(review, "{'to': 'agency_responses'}"), 200);
}

Test(draft, before_there_is_work_on_it_is_refused)
{
	expect_problem(post(json_of("{'received_on': '2024-05-28'}"), "/v1/reviews/%s/drafts",
	                   reviewed("lcspr", "{}")),
	    409, "conflict");
}

Test(response, is_asked_of_every_agency_on_the_panel)
{
	const char *review = review_in("lcspr", "drafted");

	expect_status(post(json_of("{'agency_id': '%s', 'role': 'detective', 'member_from':"
	                           " '2024-02-27'}",
	                       police()),
	                  "/v1/reviews/%s/panel-members", review),
	    201);
	const struct answer *refused = review_moved(review, "{'to': 'agency_responses'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'responses_asked'");
	asked(review, police(), "2024-06-03");
	expect_status(review_moved(review, "{'to': 'agency_responses'}"), 200);
	expect_fault(post(json_of("{'agency_id': '%s', 'shared_on': '2024-06-04'}", police()),
	                 "/v1/reviews/%s/agency-responses", review),
	    "/agency_id", "duplicate");
}

Test(response, has_fourteen_days_and_is_met_or_late)
{
	const char *review = review_in("lcspr", "drafted");
	const char *id = asked(review, police(), "2024-06-03");

	expect_value(get("/v1/reviews/%s/agency-responses/%s", review, id), "/due_on", "'2024-06-17'");
	expect_value(patch(json_of("{'shared_on': '2024-06-05'}"), "\"1\"",
	                 "/v1/reviews/%s/agency-responses/%s", review, id),
	    "/due_on", "'2024-06-19'");
	expect_fault(change(json_of("{'response': 'confirmed', 'responded_on': '2024-06-04'}"), "\"2\"",
	                 "/v1/reviews/%s/agency-responses/%s/answer", review, id),
	    "/responded_on", "dates_out_of_order");
	const struct answer *answered = change(json_of("{'response': 'amendments', 'responded_on':"
	                                               " '2024-06-20', 'note': 'Paragraph 4.'}"),
	    "\"2\"", "/v1/reviews/%s/agency-responses/%s/answer", review, id);
	expect_value(answered, "/response", "'amendments'");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock AS c JOIN agency AS a ON a.id = c.agency_id"
	                        " WHERE c.resource_id = $1::uuid AND a.slug = 'police' AND"
	                        " c.completed_on = '2024-06-20' AND c.due_on = '2024-06-19'",
	                 id),
	    1);
}

Test(response, that_is_overdue_for_a_reason_holds_nothing_up)
{
	const char *review = review_in("lcspr", "drafted");
	const char *late = asked(review, police(), "2024-06-03");
	const char *running = asked(review, agency_id("council"), day(0));

	expect_status(review_moved(review, "{'to': 'agency_responses'}"), 200);
	expect_status(patch(json_of("{'overdue_reason': 'merging'}"), "\"1\"",
	                  "/v1/reviews/%s/agency-responses/%s", review, late),
	    200);
	/* One that still has time is waited for, whatever is written about it. */
	expect_status(patch(json_of("{'overdue_reason': 'busy'}"), "\"1\"",
	                  "/v1/reviews/%s/agency-responses/%s", review, running),
	    200);
	expect_status(post(json_of("{'kind': 'subgroup', 'decided_on': '%s', 'outcome': 'approved',"
	                           " 'decided_by': 'subgroup'}",
	                       day(0)),
	                  "/v1/reviews/%s/approvals", review),
	    201);
	const struct answer *refused = review_moved(review, "{'to': 'approved'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'responses_in'");
	expect_status(change(json_of("{'response': 'confirmed', 'responded_on': '%s'}", day(0)),
	                  "\"2\"", "/v1/reviews/%s/agency-responses/%s/answer", review, running),
	    200);
	expect_status(review_moved(review, "{'to': 'approved'}"), 200);
}

Test(response, is_given_by_the_agency_itself_and_no_other)
{
	const char *review = review_in("lcspr", "drafted");
	const char *own = asked(review, police(), "2024-06-03");
	const char *other = asked(review, agency_id("council"), "2024-06-03");

	as(key_of("north", "police", "reviews:respond_own"));
	const struct answer *listed = get("/v1/reviews/%s/agency-responses", review);
	expect_status(listed, 200);
	cr_assert_eq(json_array_size(answer_at(listed, "/data")), 1);
	expect_value(listed, "/data/0/id", text_of("'%s'", own));
	/* Nobody judges a clock of one's own: that it came on another day the business unit says. */
	expect_problem(change(json_of("{'response': 'confirmed', 'responded_on': '2024-06-10'}"),
	                   "\"1\"", "/v1/reviews/%s/agency-responses/%s/answer", review, own),
	    403, "forbidden");
	expect_status(change(json_of("{'response': 'confirmed', 'responded_on': '%s'}", day(0)),
	                  "\"1\"", "/v1/reviews/%s/agency-responses/%s/answer", review, own),
	    200);
	cr_assert_eq(count_rows(text_of("SELECT count(*) FROM clock WHERE resource_id = $1::uuid"
	                                " AND completed_on = '%s'",
	                            day(0)),
	                 own),
	    1);
	expect_problem(change(json_of("{'response': 'confirmed', 'responded_on': '2024-06-10'}"),
	                   "\"1\"", "/v1/reviews/%s/agency-responses/%s/answer", review, other),
	    404, "not-found");
	expect_problem(patch(json_of("{'shared_on': '2024-06-10'}"), "\"2\"",
	                   "/v1/reviews/%s/agency-responses/%s", review, own),
	    403, "forbidden");
	expect_problem(get("/v1/reviews/%s", review), 403, "forbidden");
	as(NULL);
	as(stage()->council);
	const char *unasked = review_in("lcspr", "drafted");
	as(key_of("north", "police", "reviews:respond_own"));
	expect_problem(get("/v1/reviews/%s/agency-responses", unasked), 404, "not-found");
}

Test(approval, comes_in_its_turn_and_from_whoever_may)
{
	const char *review = review_in("lcspr", "agency_responses");
	const char *subgroup = "{'kind': 'subgroup', 'decided_on': '2024-06-24',"
	                       " 'outcome': 'approved', 'decided_by': 'subgroup'}";
	const char *board = "{'kind': 'board', 'decided_on': '2024-07-01', 'outcome': 'approved',"
	                    " 'decided_by': 'board'}";

	expect_fault(
	    post(json_of("%s", board), "/v1/reviews/%s/approvals", review), "/kind", "out_of_turn");
	as(key_with("reviews:read reviews:write reviews:sign_off"));
	expect_problem(
	    post(json_of("%s", subgroup), "/v1/reviews/%s/approvals", review), 403, "forbidden");
	as(key_with("reviews:read reviews:approve"));
	expect_status(post(json_of("%s", subgroup), "/v1/reviews/%s/approvals", review), 201);
	expect_status(review_moved(review, "{'to': 'approved', 'on': '2024-06-24'}"), 200);
	expect_problem(
	    post(json_of("%s", board), "/v1/reviews/%s/approvals", review), 403, "forbidden");
	as(key_with("reviews:read reviews:sign_off"));
	expect_status(post(json_of("%s", board), "/v1/reviews/%s/approvals", review), 201);
	const struct answer *signed_off =
	    review_moved(review, "{'to': 'signed_off', 'on': '2024-07-01'}");
	expect_value(signed_off, "/signed_off_on", "'2024-07-01'");
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'review.signed_off' AND"
	                        " body::jsonb -> 'data' ->> 'review_id' = $1",
	                 review),
	    1);
}

Test(approval, that_refers_a_draft_back_waits_for_the_next_one)
{
	const char *review = review_in("lcspr", "approved");

	expect_fault(post(json_of("{'kind': 'board', 'decided_on': '2024-07-01', 'outcome':"
	                          " 'referred_back', 'decided_by': 'board'}"),
	                 "/v1/reviews/%s/approvals", review),
	    "/reason", "required");
	expect_problem(review_moved(review, "{'to': 'drafted', 'reason': 'x'}"), 409, "conflict");
	expect_status(post(json_of("{'kind': 'board', 'decided_on': '2024-07-01', 'outcome':"
	                           " 'referred_back', 'decided_by': 'board', 'reason': 'Too long.'}"),
	                  "/v1/reviews/%s/approvals", review),
	    201);
	expect_problem(review_moved(review, "{'to': 'signed_off'}"), 409, "conflict");
	expect_status(review_moved(review, "{'to': 'drafted', 'reason': 'Too long.'}"), 200);
	expect_status(post(json_of("{'received_on': '2024-07-08', 'checked_against_terms': true}"),
	                  "/v1/reviews/%s/drafts", review),
	    201);
	expect_status(review_moved(review, "{'to': 'agency_responses'}"), 200);
	/* The subgroup approved the draft before this one. */
	const struct answer *refused = review_moved(review, "{'to': 'approved'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'subgroup_approved'");
}

/* Nobody knew how far it came; the approvals that are found lead it on. */
Test(approval, of_a_review_that_was_not_stated_takes_it_where_it_is)
{
	const char *review = review_in("lcspr", "in_progress");
	const char *subgroup = "{'kind': 'subgroup', 'decided_on': '2024-06-24',"
	                       " 'outcome': 'approved', 'decided_by': 'subgroup'}";
	const char *board = "{'kind': 'board', 'decided_on': '2024-07-01', 'outcome': 'approved',"
	                    " 'decided_by': 'board'}";

	expect_status(review_moved(review, "{'to': 'not_stated', 'reason': 'no minutes'}"), 200);
	expect_problem(
	    post(json_of("%s", subgroup), "/v1/reviews/%s/approvals", review), 409, "conflict");
	expect_status(post(json_of("{'received_on': '2024-06-10', 'checked_against_terms': true}"),
	                  "/v1/reviews/%s/drafts", review),
	    201);
	expect_problem(post(json_of("%s", board), "/v1/reviews/%s/approvals", review), 409, "conflict");
	expect_status(post(json_of("%s", subgroup), "/v1/reviews/%s/approvals", review), 201);
	as(key_with("reviews:read reviews:write reviews:approve"));
	expect_problem(
	    post(json_of("%s", board), "/v1/reviews/%s/approvals", review), 403, "forbidden");
	as(key_with("reviews:read reviews:sign_off"));
	expect_status(post(json_of("%s", board), "/v1/reviews/%s/approvals", review), 201);
	expect_value(
	    review_moved(review, "{'to': 'signed_off', 'on': '2024-07-01'}"), "/state", "'signed_off'");
}

Test(reviewer, of_a_review_that_is_hidden_is_hidden_too)
{
	const char *review = reviewed("lcspr", "{}");
	const char *id = answer_text(
	    post(json_of("{'appointed_on': '2024-02-27'}"), "/v1/reviews/%s/reviewers", review), "/id");
	const char *incident = answer_text(get("/v1/reviews/%s", review), "/incident_ids/0");

	police();
	expect_status(
	    post(json_of("{'agency_id': '%s', 'reason': 'A conflict of interest.'}", police()),
	        "/v1/incidents/%s/restrictions", incident),
	    201);
	as(key_of("north", "police", ALL_SCOPES));
	expect_problem(get("/v1/reviews/%s/reviewers/%s", review, id), 404, "not-found");
}

Test(clock, of_a_review_that_is_hidden_is_hidden_too)
{
	const char *review = reviewed("lcspr", "{}");
	const char *first = answer_text(get("/v1/reviews/%s", review), "/incident_ids/0");
	const char *second = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *conflicted = police();
	const char *police_key = key_of("north", "police", ALL_SCOPES);

	expect_status(change(json_of("{'incident_ids': ['%s', '%s']}", first, second),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/incidents", review),
	    200);
	as(police_key);
	cr_assert_not_null(strstr(text_string(&get("/v1/deadlines?kind=lcspr")->body), review));
	as(stage()->council);
	expect_status(
	    post(json_of("{'agency_id': '%s', 'reason': 'A conflict of interest.'}", conflicted),
	        "/v1/incidents/%s/restrictions", second),
	    201);
	as(police_key);
	expect_problem(get("/v1/reviews/%s", review), 404, "not-found");
	cr_assert_null(strstr(text_string(&get("/v1/deadlines?kind=lcspr")->body), review));
}
