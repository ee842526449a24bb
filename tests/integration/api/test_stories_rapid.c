/* Owns the stories of rapid reviews: from scoping to the Panel, and what may go wrong on the way.
 */
#include <string.h>

#include "fixture.h"

static const struct setting settings[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
TestSuite(scoping, .timeout = 60);
TestSuite(decision, .timeout = 60);
TestSuite(submission, .timeout = 60);
TestSuite(panel, .timeout = 60);

/* ---- What has happened before ---- */

static const char *incident_of(const char *id)
{
	return answer_text(get("/v1/rapid-reviews/%s", id), "/incident_id");
}

/* Notified on 15 January 2024, so due on 5 February. */
static const char *opened(void)
{
	const char *incident_id = recorded(incident_with("{}"));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-15'}"),
	                  "/v1/incidents/%s/notifications", incident_id),
	    201);
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", incident_id), "/data/0/id");
}

static const struct answer *meet(const char *id, const char *held_on)
{
	return post(json_of("{'held_on': '%s', 'chair_role': 'scrutineer'}", held_on),
	    "/v1/rapid-reviews/%s/meetings", id);
}

/* Nothing met, nothing follows; these members in place of its own. */
static const struct answer *decide(const char *id, const char *members)
{
	json_t *body = json_of("{'decided_on': '2024-01-30', 'rationale': 'x',"
	                       " 'outcome': 'threshold_not_met_no_further_action'}");
	static const char *const groups[][5] = {
	    {"criteria", "c1_improvements", "c2_recurrent_themes", "c3_interagency", "c4_panel_local"},
	    {"circumstances", "r1_single_agency", "r2_no_agency", "r3_cross_border",
	        "r4_institutional"}};

	for (size_t i = 0; i < 2; i++) {
		json_t *group = json_object();
		for (size_t k = 1; k < 5; k++)
			json_object_set_new(
			    group, groups[i][k], json_of("{'answer': 'not_met', 'rationale': 'x'}"));
		json_object_set_new(body, groups[i][0], group);
	}
	json_t *given = json_of("%s", members);
	json_object_update_recursive(body, given);
	json_decref(given);
	return post(body, "/v1/rapid-reviews/%s/decision", id);
}

static const struct answer *sign(const char *id, const char *slug)
{
	return post(json_of("{'agency_id': '%s', 'agreed': true, 'by_role': 'lead',"
	                    " 'on': '2024-01-31'}",
	                agency_of(slug)),
	    "/v1/rapid-reviews/%s/sign-offs", id);
}

/* North has one statutory partner, the council, unless a story adds others. */
static void sign_by_all(const char *id)
{
	const struct answer *decision = get("/v1/rapid-reviews/%s/decision", id);
	size_t index;
	json_t *partner;

	json_array_foreach (answer_at(decision, "/missing_sign_offs"), index, partner)
		expect_status(post(json_of("{'agency_id': '%s', 'agreed': true, 'by_role': 'lead',"
		                           " 'on': '%s'}",
		                       json_string_value(json_object_get(partner, "agency_id")),
		                       answer_text(decision, "/decided_on")),
		                  "/v1/rapid-reviews/%s/sign-offs", id),
		    201);
}

static const char *signed_off(void)
{
	const char *id = opened();

	expect_status(meet(id, "2024-01-29"), 201);
	expect_status(decide(id, "{}"), 201);
	sign_by_all(id);
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'signed_off'");
	return id;
}

static const struct answer *submit(const char *id, const char *body)
{
	return post(json_of("%s", body), "/v1/rapid-reviews/%s/submission", id);
}

static const struct answer *respond(const char *id, const char *response)
{
	return post(json_of("{'response': '%s', 'received_on': '2024-02-12'}", response),
	    "/v1/rapid-reviews/%s/panel-responses", id);
}

static const char *submitted(void)
{
	const char *id = signed_off();

	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-02'}"), 201);
	return id;
}

/* The rapid review's own clock as it stands in the incident's; there is one. */
static const char *clock_state(const char *id)
{
	const struct answer *clocks = get("/v1/incidents/%s/clocks", incident_of(id));
	size_t index;
	json_t *clock;
	const char *state = NULL;

	cr_assert_eq(count_of(answer_at(clocks, "/clocks"), "kind", "rapid_review"), 1);
	json_array_foreach (answer_at(clocks, "/clocks"), index, clock)
		if (strcmp(json_string_value(json_object_get(clock, "kind")), "rapid_review") == 0)
			state = json_string_value(json_object_get(clock, "state"));
	return text_of("%s", state);
}

static const struct answer *ask(const char *id, const char *slug)
{
	return post(json_of("{'agency_id': '%s', 'sent_on': '2024-01-16'}", agency_of(slug)),
	    "/v1/rapid-reviews/%s/scoping-returns", id);
}

/* ---- Scoping ---- */

Test(scoping, begins_with_the_first_request_and_takes_the_incident_along)
{
	const char *id = opened();
	const struct answer *asked = ask(id, "trust");

	expect_status(asked, 201);
	expect_value(asked, "/due_on", "'2024-01-23'");
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'scoping'");
	expect_value(get("/v1/incidents/%s", incident_of(id)), "/state", "'rapid_review'");
	const struct answer *again = ask(id, "trust");
	expect_problem(again, 409, "duplicate");
	expect_fault(again, "/agency_id", "duplicate");
}

Test(scoping, is_answered_by_the_agency_itself_which_sees_only_its_own)
{
	const char *id = opened();
	const char *other = answer_text(ask(id, "council"), "/id");
	const char *own = answer_text(ask(id, "trust"), "/id");

	as(key_of("north", "trust", OWN_SCOPES));
	const struct answer *listed = get("/v1/rapid-reviews/%s/scoping-returns", id);
	expect_status(listed, 200);
	cr_assert_eq(json_array_size(answer_at(listed, "/data")), 1);
	expect_value(listed, "/data/0/id", text_of("'%s'", own));
	expect_problem(get("/v1/rapid-reviews/%s/scoping-returns/%s", id, other), 404, "not-found");
	expect_problem(patch(json_of("{'sent_on': '2024-01-20'}"), "\"1\"",
	                   "/v1/rapid-reviews/%s/scoping-returns/%s", id, own),
	    403, "forbidden");
	/* Nobody judges a clock of one's own: that it was there on another day the business unit says.
	 */
	expect_problem(patch(json_of("{'received_on': '2024-01-22', 'known': 'yes'}"), "\"1\"",
	                   "/v1/rapid-reviews/%s/scoping-returns/%s", id, own),
	    403, "forbidden");
	const struct answer *returned =
	    patch(json_of("{'received_on': '%s', 'known': 'yes', 'learning': 'x'}", day(0)), "\"1\"",
	        "/v1/rapid-reviews/%s/scoping-returns/%s", id, own);
	expect_status(returned, 200);
	expect_value(returned, "/version", "2");
	cr_assert_eq(count_rows(text_of("SELECT count(*) FROM clock WHERE kind = 'scoping' AND"
	                                " completed_on = '%s' AND resource_id = $1::uuid",
	                            day(0)),
	                 own),
	    1);
	expect_problem(get("/v1/rapid-reviews/%s", id), 403, "forbidden");
}

Test(scoping, of_another_rapid_review_is_not_seen_by_an_agency)
{
	const char *id = opened();

	ask(id, "council");
	as(key_of("north", "trust", OWN_SCOPES));
	expect_problem(get("/v1/rapid-reviews/%s/scoping-returns", id), 404, "not-found");
}

Test(scoping, takes_a_nil_return_for_a_return)
{
	const char *id = opened();
	const char *own = answer_text(ask(id, "trust"), "/id");

	expect_fault(patch(json_of("{'received_on': '2024-01-30', 'nil_return': true, 'known': 'yes'}"),
	                 "\"1\"", "/v1/rapid-reviews/%s/scoping-returns/%s", id, own),
	    "/known", "nil_return");
	expect_status(
	    patch(json_of("{'received_on': '2024-01-30', 'nil_return': true, 'known': 'nil'}"), "\"1\"",
	        "/v1/rapid-reviews/%s/scoping-returns/%s", id, own),
	    200);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE kind = 'scoping' AND"
	                        " completed_on > due_on AND resource_id = $1::uuid",
	                 own),
	    1);
}

Test(scoping, that_is_withdrawn_lapses_and_can_be_asked_anew)
{
	const char *id = opened();
	const char *own = answer_text(ask(id, "trust"), "/id");

	const struct answer *withdrawn =
	    patch(json_of("{'withdrawn_on': '2024-01-17', 'withdrawn_reason': 'Not the right trust.'}"),
	        "\"1\"", "/v1/rapid-reviews/%s/scoping-returns/%s", id, own);
	expect_status(withdrawn, 200);
	expect_value(withdrawn, "/due_on", "null");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE resource_id = $1::uuid AND"
	                        " cancelled_at IS NULL AND superseded_at IS NULL",
	                 own),
	    0);
	expect_problem(patch(json_of("{'known': 'no'}"), "\"2\"",
	                   "/v1/rapid-reviews/%s/scoping-returns/%s", id, own),
	    409, "conflict");
	expect_status(ask(id, "trust"), 201);
}

Test(scoping, is_chased_and_counts_the_reminders)
{
	const char *id = opened();
	const char *own = answer_text(ask(id, "trust"), "/id");

	for (int i = 0; i < 2; i++)
		expect_status(post(json_of("{'channel': 'email'}"),
		                  "/v1/rapid-reviews/%s/scoping-returns/%s/chasers", id, own),
		    201);
	expect_value(get("/v1/rapid-reviews/%s/scoping-returns/%s", id, own), "/chasers", "2");
	expect_problem(
	    post(json_of("{}"), "/v1/rapid-reviews/%s/scoping-returns/%s/chasers", id, new_id()), 404,
	    "not-found");
}

static const char *contributing(void)
{
	return recorded(incident_with("{'our_role': 'contributing'}"));
}

Test(scoping, by_an_area_that_leads_the_incident_has_a_clock_and_no_rapid_review_of_ours)
{
	const char *id = contributing();
	const struct answer *asked =
	    post(json_of("{'from_partnership': 'Birmingham', 'requested_on': '2024-01-12'}"),
	        "/v1/incidents/%s/scoping-requests", id);
	const char *request = answer_text(asked, "/id");

	expect_status(asked, 201);
	expect_value(asked, "/due_on", "'2024-01-19'");
	expect_status(patch(json_of("{'due_on': '2024-01-17'}"), "\"1\"",
	                  "/v1/incidents/%s/scoping-requests/%s", id, request),
	    200);
	expect_value(get("/v1/incidents/%s/scoping-requests", id), "/data/0/due_on", "'2024-01-17'");
	expect_status(patch(json_of("{'returned_on': '2024-01-18', 'nil_return': true}"), "\"2\"",
	                  "/v1/incidents/%s/scoping-requests/%s", id, request),
	    200);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE kind = 'scoping' AND"
	                        " superseded_at IS NULL AND completed_on = '2024-01-18' AND"
	                        " due_on = '2024-01-17' AND resource_id = $1::uuid",
	                 request),
	    1);
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/rapid-reviews?incident_id=%s", id), "/data")), 0);
	const struct answer *refused =
	    post(json_of("{'from_partnership': 'Birmingham', 'requested_on': '2024-01-12'}"),
	        "/v1/incidents/%s/scoping-requests", recorded(incident_with("{}")));
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'we_contribute'");
}

Test(scoping, leaves_what_is_done_at_once_with_a_clock_of_its_own)
{
	const char *id = opened();
	const struct answer *made = post(json_of("{'text': 'x', 'agreed_on': '2024-01-16',"
	                                         " 'due_on': '2024-01-31'}"),
	    "/v1/rapid-reviews/%s/immediate-actions", id);
	const char *action = answer_text(made, "/id");

	expect_status(made, 201);
	expect_status(
	    post(json_of("{'text': 'x'}"), "/v1/rapid-reviews/%s/immediate-actions", id), 201);
	expect_status(patch(json_of("{'done_on': '2024-01-30'}"), "\"1\"",
	                  "/v1/rapid-reviews/%s/immediate-actions/%s", id, action),
	    200);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE kind = 'action' AND"
	                        " completed_on = '2024-01-30' AND resource_id = $1::uuid",
	                 action),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE kind = 'action' AND"
	                        " subject_id = $1::uuid",
	                 id),
	    1);
}

/* ---- The decision ---- */

Test(decision, of_a_rapid_review_follows_its_meeting_and_that_the_notification)
{
	const char *id = opened();

	expect_fault(meet(id, "2024-01-14"), "/held_on", "dates_out_of_order");
	const struct answer *refused = decide(id, "{}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'meeting_held'");
	expect_status(meet(id, "2024-01-15"), 201);
	expect_status(decide(id, "{'decided_on': '2024-01-15'}"), 201);
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'decided'");
}

Test(decision, answers_all_eight_and_rests_a_local_review_on_a_criterion)
{
	const char *id = opened();

	meet(id, "2024-01-29");
	expect_problem(decide(id, "{'circumstances': {'r5': {}}}"), 422, "invalid");
	expect_fault(decide(id, "{'outcome': 'lcspr_local'}"), "/outcome", "no_criterion_met");
	const struct answer *decided = decide(id, "{'outcome': 'lcspr_local',"
	                                          " 'criteria': {'c2_recurrent_themes':"
	                                          " {'answer': 'may_be_met'}}}");
	expect_status(decided, 201);
	expect_value(decided, "/criteria/c2_recurrent_themes/answer", "'may_be_met'");
	cr_assert_not_null(answer_text(decided, "/code_list_version"));
}

Test(decision, whose_criteria_are_met_obliges_to_no_review)
{
	const char *id = opened();

	meet(id, "2024-01-29");
	expect_status(decide(id, "{'outcome': 'threshold_met_no_further_learning',"
	                         " 'criteria': {'c1_improvements': {'answer': 'met'}}}"),
	    201);
}

Test(decision, is_signed_by_each_statutory_partner_of_its_day)
{
	const char *id = opened();

	agency_create(&stage()->database, "north", "police", "police", true);
	agency_create(&stage()->database, "north", "ccg", "icb", true);
	sql_run(
	    &stage()->database, "UPDATE agency SET valid_to = '2022-06-30' WHERE slug = 'ccg'", NULL);
	meet(id, "2024-01-29");
	expect_status(decide(id, text_of("{'sign_offs': [{'agency_id': '%s', 'agreed': true,"
	                                 " 'by_role': 'lead', 'on': '2024-01-31'}]}",
	                             agency_of("council"))),
	    201);
	const struct answer *refused = submit(id, "{'complete': true, 'submitted_on': '2024-02-02'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'all_partners_signed'");
	expect_value(get("/v1/rapid-reviews/%s", id), "/missing_sign_offs",
	    text_of("[{'agency_id': '%s', 'name': 'police'}]", agency_of("police")));
	expect_fault(post(json_of("{'agency_id': '%s', 'agreed': false, 'by_role': 'lead'}",
	                      agency_of("police")),
	                 "/v1/rapid-reviews/%s/sign-offs", id),
	    "/dissent", "required");
	expect_status(post(json_of("{'agency_id': '%s', 'agreed': false, 'by_role': 'lead',"
	                           " 'dissent': 'A review is needed.'}",
	                       agency_of("police")),
	                  "/v1/rapid-reviews/%s/sign-offs", id),
	    201);
	expect_problem(sign(id, "council"), 409, "duplicate");
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'signed_off'");
	expect_value(get("/v1/rapid-reviews/%s", id), "/missing_sign_offs", "[]");
	sql_run(&stage()->database,
	    "UPDATE agency SET statutory_partner = false WHERE slug IN ('police', 'ccg')", NULL);
}

Test(decision, is_signed_by_nobody_before_it_was_taken)
{
	const char *id = opened();

	meet(id, "2024-01-29");
	expect_fault(decide(id, text_of("{'sign_offs': [{'agency_id': '%s', 'agreed': true,"
	                                " 'by_role': 'lead', 'on': '2024-01-01'}]}",
	                            agency_of("council"))),
	    "/sign_offs/0/on", "dates_out_of_order");
}

Test(decision, is_kept_from_an_agency_with_a_conflict_of_interest)
{
	const char *id = opened();
	const char *meeting = answer_text(meet(id, "2024-01-29"), "/id");
	const char *request = answer_text(ask(id, "trust"), "/id");

	expect_status(decide(id, "{}"), 201);
	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'a conflict'}", agency_of("trust")),
	                  "/v1/incidents/%s/restrictions", incident_of(id)),
	    201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_problem(get("/v1/rapid-reviews/%s", id), 404, "not-found");
	expect_problem(get("/v1/rapid-reviews/%s/decision", id), 404, "not-found");
	expect_problem(get("/v1/rapid-reviews/%s/decisions", id), 404, "not-found");
	expect_problem(get("/v1/rapid-reviews/%s/meetings/%s", id, meeting), 404, "not-found");
	expect_problem(get("/v1/rapid-reviews/%s/scoping-returns/%s", id, request), 404, "not-found");
}

/* ---- Submission ---- */

Test(submission, is_judged_by_the_first_complete_one)
{
	const char *id = signed_off();

	expect_status(submit(id, "{'complete': false, 'submitted_on': '2024-02-01'}"), 201);
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'submitted'");
	expect_value(get("/v1/incidents/%s", incident_of(id)), "/state", "'submitted'");
	cr_assert_str_eq(clock_state(id), "breached");
	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-06'}"), 201);
	cr_assert_str_eq(clock_state(id), "met_late");
	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-20'}"), 201);
	expect_value(get("/v1/rapid-reviews/%s", id), "/completed_on", "'2024-02-06'");
	const struct answer *listed = get("/v1/rapid-reviews/%s/submissions", id);
	cr_assert_eq(json_array_size(answer_at(listed, "/data")), 3);
	expect_value(listed, "/data/2/number", "3");
}

Test(submission, does_not_come_before_the_last_partner_has_signed)
{
	const char *id = opened();

	expect_status(meet(id, "2024-01-29"), 201);
	expect_status(decide(id, "{}"), 201);
	expect_status(post(json_of("{'agency_id': '%s', 'agreed': true, 'by_role': 'lead',"
	                           " 'on': '2024-02-05'}",
	                       agency_of("council")),
	                  "/v1/rapid-reviews/%s/sign-offs", id),
	    201);
	expect_fault(submit(id, "{'complete': true, 'submitted_on': '2024-02-02'}"), "/submitted_on",
	    "dates_out_of_order");
	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-05'}"), 201);
}

Test(submission, is_not_dated_before_its_decision_nor_tomorrow)
{
	const char *id = signed_off();

	expect_fault(submit(id, "{'complete': true, 'submitted_on': '2024-01-29'}"), "/submitted_on",
	    "dates_out_of_order");
	expect_fault(submit(id, text_of("{'complete': true, 'submitted_on': '%s'}", day(1))),
	    "/submitted_on", "date_in_future");
	expect_fault(
	    submit(id, "{'complete': true, 'submitted_on': '2024-02-02', 'transmission': 'send'}"),
	    "/submitted_on", "submitted_on_not_allowed");
}

static int64_t told_to_recipients(const char *id)
{
	return count_rows("SELECT count(*) FROM delivery AS d JOIN event AS e ON e.id = d.event_id"
	                  " JOIN webhook_endpoint AS w ON w.id = d.endpoint_id"
	                  " WHERE e.type = 'rapid_review.submitted' AND w.recipient IS NOT NULL"
	                  " AND e.body::jsonb -> 'data' ->> 'rapid_review_id' = $1",
	    id);
}

Test(submission, tells_the_recipients_in_law_when_it_is_sent_and_not_when_it_is_recorded)
{
	const char *sent = signed_off();
	const char *kept = signed_off();

	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types,"
	    " secret_sealed) SELECT p.id, gen_random_uuid(), r.name, r.name, 'http://127.0.0.1:9/',"
	    " '{rapid_review.submitted}', '\\x00' FROM partnership AS p,"
	    " (VALUES ('dfe'), ('ofsted'), ('panel')) AS r (name) WHERE p.slug = 'north'",
	    NULL);
	expect_value(submit(sent, "{'complete': true}"), "/transmission", "'send'");
	expect_value(submit(kept, "{'complete': true, 'submitted_on': '2024-02-02'}"), "/transmission",
	    "'record'");
	cr_assert_eq(told_to_recipients(sent), 3);
	cr_assert_eq(told_to_recipients(kept), 0);
	expect_value(get("/v1/rapid-reviews/%s", sent), "/completed_on", text_of("'%s'", day(0)));
	cr_assert_str_eq(clock_state(kept), "met");
}

/* ---- The Panel ---- */

Test(panel, that_has_not_answered_yet_changes_nothing)
{
	const char *id = submitted();

	expect_status(respond(id, "no_response_yet"), 201);
	expect_value(get("/v1/rapid-reviews/%s", id), "/state", "'submitted'");
	expect_value(get("/v1/rapid-reviews/%s", id), "/panel_response", "'no_response_yet'");
	expect_problem(respond(signed_off(), "agreed"), 409, "conflict");
}

Test(panel, that_asks_for_more_starts_no_clock)
{
	const char *id = submitted();
	int64_t clocks = count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid", id);

	expect_status(respond(id, "more_information"), 201);
	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-15'}"), 201);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid", id), clocks);
	cr_assert_str_eq(clock_state(id), "met");
	expect_value(get("/v1/incidents/%s", incident_of(id)), "/state", "'responded'");
}

Test(panel, that_disagrees_opens_the_fourth_criterion_and_a_new_decision)
{
	const char *id = submitted();
	static const char *const anew = "{'outcome': 'lcspr_local', 'decided_on': '2024-02-20',"
	                                " 'criteria': {'c4_panel_local': {'answer': 'met'}}}";

	expect_problem(decide(id, anew), 409, "conflict");
	const char *early = opened();
	expect_status(meet(early, "2024-01-29"), 201);
	const struct answer *refused = decide(early, anew);
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'panel_has_responded'");

	const struct answer *letter = respond(id, "not_agreed");
	expect_status(letter, 201);
	expect_value(get("/v1/incidents/%s", incident_of(id)), "/state", "'responded'");
	expect_fault(patch(json_of("{'answer': 'maintained_with_reasons',"
	                           " 'answered_on': '2024-02-19'}"),
	                 etag_of(letter), "/v1/rapid-reviews/%s/panel-responses/%s", id,
	                 answer_text(letter, "/id")),
	    "/answer_reason", "required");
	expect_status(
	    patch(json_of("{'answer': 'accepted', 'answered_on': '2024-02-19'}"), etag_of(letter),
	        "/v1/rapid-reviews/%s/panel-responses/%s", id, answer_text(letter, "/id")),
	    200);
	expect_value(decide(id, anew), "/number", "2");
	expect_value(get("/v1/rapid-reviews/%s", id), "/outcome", "'lcspr_local'");
	expect_value(get("/v1/rapid-reviews/%s/decisions", id), "/data/0/outcome",
	    "'threshold_not_met_no_further_action'");
	sign_by_all(id);
	expect_status(submit(id, "{'complete': true, 'submitted_on': '2024-02-21'}"), 201);
	expect_value(get("/v1/rapid-reviews/%s", id), "/completed_on", "'2024-02-02'");
}

static const struct answer *moved(const char *id, const char *body)
{
	const char *etag = etag_of(get("/v1/rapid-reviews/%s", id));

	return move(json_of("%s", body), etag, "/v1/rapid-reviews/%s/transitions", id);
}

Test(panel, has_answered_and_new_evidence_reopens_the_case_without_overwriting)
{
	const char *id = submitted();

	respond(id, "agreed");
	expect_problem(moved(id, "{'to': 'closed'}"), 409, "conflict");
	expect_status(moved(id, "{'to': 'closed', 'reason': 'Nothing follows.'}"), 200);
	expect_problem(decide(id, "{}"), 409, "conflict");
	expect_status(moved(id, "{'to': 'met', 'reason': 'A conviction.'}"), 200);
	/* What was decided and signed before the conviction was known is not submitted again. */
	const struct answer *refused =
	    post(json_of("{'complete': true, 'transmission': 'record', 'submitted_on': '2024-06-03'}"),
	        "/v1/rapid-reviews/%s/submission", id);
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'decision_is_taken'");
	expect_status(decide(id, "{'outcome': 'lcspr_local', 'decided_on': '2024-06-03',"
	                         " 'criteria': {'c1_improvements': {'answer': 'met'}}}"),
	    201);
	cr_assert_eq(json_array_size(answer_at(get("/v1/rapid-reviews/%s/decisions", id), "/data")), 2);
	cr_assert_eq(json_array_size(
	                 answer_at(get("/v1/rapid-reviews?incident_id=%s", incident_of(id)), "/data")),
	    1);
}

Test(panel, is_spared_a_rapid_review_only_when_the_notification_was_withdrawn)
{
	const char *id = opened();

	const struct answer *refused = moved(id, "{'to': 'lapsed', 'reason': 'x'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'incident_is_withdrawn'");
	sql_run(&stage()->database,
	    text_of("UPDATE incident SET state = 'withdrawn' WHERE id = '%s'", incident_of(id)), NULL);
	ask(id, "trust");
	expect_status(moved(id, "{'to': 'lapsed', 'reason': 'x'}"), 200);
	expect_value(get("/v1/rapid-reviews/%s", id), "/due_on", "null");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid AND"
	                        " cancelled_at IS NULL",
	                 id),
	    0);
}
