/* Owns the tests of reviews: initiating them, their incidents, their clock and their steps. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(review, .timeout = 60);

Test(review, takes_its_incidents_into_review_and_starts_six_months)
{
	const char *incident = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const struct answer *made = post(json_of("{'type': 'lcspr', 'title': 'Baby A',"
	                                         " 'decided_on': '2023-08-31', 'incident_ids': ['%s']}",
	                                     incident),
	    "/v1/reviews");

	expect_status(made, 201);
	expect_value(made, "/state", "'initiated'");
	expect_value(made, "/counted", "true");
	expect_value(made, "/due_on", "'2024-02-29'");
	expect_value(made, "/incident_ids", text_of("['%s']", incident));
	expect_value(get("/v1/incidents/%s", incident), "/state", "'in_review'");
	const char *id = answer_text(made, "/id");
	cr_assert_str_eq(answer_header(made, "Location"), text_of("/v1/reviews/%s", id));
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM event WHERE type = 'review.initiated' AND"
	               " incident_id IS NOT NULL AND body::jsonb -> 'data' ->> 'review_id' = $1",
	        id),
	    1);
}

Test(review, ends_its_six_months_on_the_last_day_of_a_shorter_month)
{
	static const char *const days[][2] = {{"2023-08-30", "2024-02-29"},
	    {"2024-08-31", "2025-02-28"}, {"2023-09-30", "2024-03-30"}, {"2024-02-29", "2024-08-29"},
	    {"2019-04-01", "2019-10-01"}};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++)
		expect_value(get("/v1/reviews/%s", reviewed("lcspr", "{'decided_on': '%s'}", days[i][0])),
		    "/due_on", text_of("'%s'", days[i][1]));
}

Test(review, counts_anew_from_a_corrected_day_and_shows_both)
{
	const char *id = reviewed("joint", "{'decided_on': '2024-02-20'}");

	expect_value(patch(json_of("{'decided_on': '2024-02-27'}"), "\"1\"", "/v1/reviews/%s", id),
	    "/due_on", "'2024-08-27'");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid"
	                        " AND kind = 'lcspr' AND superseded_at IS NOT NULL",
	                 id),
	    1);
}

Test(review, counts_from_the_panel_s_concurrence_where_the_policy_says_so)
{
	sql_run(&stage()->database,
	    "UPDATE clock_policy SET basis = 'panel_concurrence'"
	    " WHERE kind = 'lcspr'",
	    NULL);
	const char *id = reviewed("lcspr", "{}");

	expect_value(get("/v1/reviews/%s", id), "/due_on", "null");
	expect_value(
	    patch(json_of("{'panel_concurred_on': '2024-03-05'}"), "\"1\"", "/v1/reviews/%s", id),
	    "/due_on", "'2024-09-05'");
	sql_run(&stage()->database,
	    "UPDATE clock_policy SET basis = 'decision_to_initiate'"
	    " WHERE kind = 'lcspr'",
	    NULL);
}

Test(review, without_an_incident_is_refused_unless_it_is_national)
{
	expect_fault(post(json_of("{'type': 'table_top', 'title': 'Baby B',"
	                          " 'decided_on': '2024-01-02'}"),
	                 "/v1/reviews"),
	    "/incident_ids", "incident_required");
	const struct answer *national = post(json_of("{'type': 'national', 'title': 'Infants',"
	                                             " 'decided_on': '2024-01-02'}"),
	    "/v1/reviews");
	expect_status(national, 201);
	expect_value(national, "/due_on", "null");
	expect_fault(post(json_of("{'type': 'joint', 'title': 'Baby C', 'decided_on': '2024-01-02',"
	                          " 'incident_ids': ['%s']}",
	                      new_id()),
	                 "/v1/reviews"),
	    "/incident_ids", "unknown_incident");
}

Test(review, faults_are_all_told_at_once)
{
	const struct answer *refused =
	    post(json_of("{'type': 'lcspr', 'title': 'Baby C',"
	                 " 'decided_on': '%s', 'scope_from': '2024-02-02', 'scope_to': '2024-02-01'}",
	             day(1)),
	        "/v1/reviews");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/incident_ids", "incident_required");
	expect_fault(refused, "/decided_on", "date_in_future");
	expect_fault(refused, "/scope_to", "dates_out_of_order");
}

Test(review, leaves_an_incident_as_it_was_when_it_is_about_it_no_more)
{
	const char *first = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *second = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *id = reviewed("lcspr", "{'incident_ids': ['%s']}", first);

	expect_value(change(json_of("{'incident_ids': ['%s']}", second), "\"1\"",
	                 "/v1/reviews/%s/incidents", id),
	    "/incident_ids", text_of("['%s']", second));
	expect_value(get("/v1/incidents/%s", first), "/state", "'rapid_review'");
	expect_value(get("/v1/incidents/%s", second), "/state", "'in_review'");
	expect_value(change(json_of("{'incident_ids': ['%s', '%s']}", first, second), "\"2\"",
	                 "/v1/reviews/%s/incidents", id),
	    "/incident_ids", text_of("['%s', '%s']", second, first));
	expect_value(get("/v1/incidents/%s", first), "/state", "'in_review'");
	expect_fault(change(json_of("{'incident_ids': []}"), "\"3\"", "/v1/reviews/%s/incidents", id),
	    "/incident_ids", "incident_required");
}

Test(review, names_everything_that_its_next_step_waits_for)
{
	const struct answer *read = get("/v1/reviews/%s", reviewed("lcspr", "{}"));

	expect_value(read, step_to(read, "terms_agreed", "allowed"), "false");
	expect_value(read, step_to(read, "terms_agreed", "missing/0/code"), "'reviewer_in_office'");
	expect_value(read, step_to(read, "terms_agreed", "missing/1/code"), "'terms_agreed'");
	expect_value(read, step_to(read, "terms_agreed", "missing/2/code"), "'methodology_chosen'");
	expect_value(read, step_to(read, "discontinued", "evidence/1/code"), "'decided_by'");
}

Test(review, that_is_discontinued_owes_nothing_any_more)
{
	const char *id = reviewed("lcspr", "{}");

	expect_problem(move(json_of("{'to': 'discontinued', 'reason': 'joined'}"), "\"1\"",
	                   "/v1/reviews/%s/transitions", id),
	    409, "conflict");
	const struct answer *ended = move(json_of("{'to': 'discontinued', 'reason': 'joined',"
	                                          " 'decided_by': 'the partners', 'on': '2024-04-02'}"),
	    "\"1\"", "/v1/reviews/%s/transitions", id);
	expect_value(ended, "/state", "'discontinued'");
	expect_value(ended, "/discontinued_on", "'2024-04-02'");
	expect_value(ended, "/discontinued_by", "'the partners'");
	expect_value(ended, "/due_on", "null");
	expect_value(ended, "/next_steps", "[]");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid"
	                        " AND cancelled_at IS NOT NULL",
	                 id),
	    1);
}

Test(review, of_which_nobody_knows_how_far_it_came_moves_on_when_that_is_learnt)
{
	const char *id = reviewed("lcspr", "{}");

	expect_problem(move(json_of("{'to': 'not_stated'}"), "\"1\"", "/v1/reviews/%s/transitions", id),
	    409, "conflict");
	expect_value(move(json_of("{'to': 'not_stated', 'reason': 'the minutes do not say'}"), "\"1\"",
	                 "/v1/reviews/%s/transitions", id),
	    "/state_reason", "'the minutes do not say'");
	expect_value(move(json_of("{'to': 'initiated', 'reason': 'a letter was found'}"), "\"2\"",
	                 "/v1/reviews/%s/transitions", id),
	    "/state", "'initiated'");
}

Test(review, history_has_changes_and_steps_in_their_order)
{
	const char *id = reviewed("lcspr", "{}");
	expect_status(move(json_of("{'to': 'not_stated', 'reason': 'why'}"), "\"1\"",
	                  "/v1/reviews/%s/transitions", id),
	    200);
	const struct answer *history = get("/v1/reviews/%s/history", id);

	expect_status(history, 200);
	cr_assert_eq(count_of(answer_at(history, "/data"), "entry", "transition"), 2);
	cr_assert_eq(count_of(answer_at(history, "/data"), "resource", "review_incident"), 1);
	const struct answer *page = get("/v1/reviews/%s/history?limit=1", id);
	expect_value(page, "/has_more", "true");
	const struct answer *rest =
	    get("/v1/reviews/%s/history?cursor=%s", id, answer_text(page, "/next_cursor"));
	cr_assert_eq(json_array_size(answer_at(rest, "/data")) + 1,
	    json_array_size(answer_at(history, "/data")));
}

Test(review, is_found_by_type_state_and_incident)
{
	const char *incident = rapidly_reviewed(incident_with("{}"), "lcspr_local");
	const char *id = reviewed("other_learning", "{'incident_ids': ['%s']}", incident);
	const struct answer *found =
	    get("/v1/reviews?type=other_learning,table_top&state=initiated&incident_id=%s", incident);

	expect_value(found, "/data/0/id", text_of("'%s'", id));
	expect_value(found, "/data/0/counted", "false");
	expect_value(get("/v1/reviews?type=lcspr&incident_id=%s", incident), "/data", "[]");
	expect_value(get("/v1/reviews?state=closed&incident_id=%s", incident), "/data", "[]");
}

Test(review, that_is_local_follows_a_rapid_review_that_decided_on_it)
{
	const char *incident =
	    rapidly_reviewed(incident_with("{}"), "threshold_not_met_no_further_action");
	const char *wanted = text_of("{'type': 'lcspr', 'title': 'Baby A', 'decided_on': '2024-02-20',"
	                             " 'incident_ids': ['%s']}",
	    incident);
	const struct answer *refused = post(json_of("%s", wanted), "/v1/reviews");

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'local_review_decided'");
	expect_value(get("/v1/incidents/%s", incident), "/state", "'rapid_review'");
	const char *review = reviewed("lcspr", "{}");
	expect_problem(change(json_of("{'incident_ids': ['%s']}", incident), "\"1\"",
	                   "/v1/reviews/%s/incidents", review),
	    409, "conflict");
	expect_status(post(json_of("{'type': 'other_learning', 'title': 'Baby A', 'decided_on':"
	                           " '2024-02-20', 'incident_ids': ['%s']}",
	                       incident),
	                  "/v1/reviews"),
	    201);
}

Test(review, that_is_local_may_follow_when_the_panel_did_not_agree)
{
	const char *incident =
	    rapidly_reviewed(incident_with("{}"), "threshold_not_met_no_further_action");

	sql_run(&stage()->database,
	    "INSERT INTO panel_response (partnership_id, rapid_review_id, id, version, number, "
	    "response,"
	    " received_on, created_at, updated_at) SELECT partnership_id, id, gen_random_uuid(), 1, 1,"
	    " 'not_agreed', '2024-02-13', now(), now() FROM rapid_review WHERE incident_id = $1::uuid",
	    incident, NULL);
	reviewed("lcspr", "{'incident_ids': ['%s']}", incident);
}
