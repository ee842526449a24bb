/* Owns the tests of an incident's own steps: withdrawn, not notified, closed, reopened. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(incident_step, .timeout = 60);

static const struct answer *moved(const char *id, int version, const char *members)
{
	return move(
	    json_of("%s", members), text_of("\"%d\"", version), "/v1/incidents/%s/transitions", id);
}

static const char *notified(void)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	return id;
}

static const char *clock_state(const char *id, const char *kind)
{
	const struct answer *clocks = get("/v1/incidents/%s/clocks", id);
	const char *state = "";
	size_t index;
	json_t *clock;

	json_array_foreach (answer_at(clocks, "/clocks"), index, clock) {
		if (strcmp(json_string_value(json_object_get(clock, "kind")), kind) == 0)
			state = json_string_value(json_object_get(clock, "state"));
	}
	return state;
}

#define WITHDRAWN "{'to': 'withdrawn', 'reason': 'a medical cause', 'agreed_by': 'the partners'}"

Test(incident_step, shows_what_comes_next_wherever_one_incident_is_shown)
{
	const struct answer *made = record(incident_with("{}"));
	const char *id = answer_text(made, "/id");

	expect_value(made, step_to(made, "closed", "missing/0/code"), "'notification_is_settled'");
	const struct answer *read = get("/v1/incidents/%s", id);
	cr_assert(json_equal(made->json, read->json), "%s", told(read));
	const struct answer *patched =
	    patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id);
	expect_value(patched, step_to(patched, "withdrawn", "allowed"), "true");
	/* A list leaves them out: fifty of them cost as much as the page itself. */
	cr_assert_null(answer_at(get("/v1/incidents"), "/data/0/next_steps"));
}

Test(incident_step, withdraws_it_and_ends_its_clocks)
{
	const char *id = notified();
	const struct answer *withdrawn = moved(id, 2, WITHDRAWN);

	expect_status(withdrawn, 200);
	expect_value(withdrawn, "/state", "'withdrawn'");
	cr_assert_str_eq(clock_state(id, "rapid_review"), "cancelled");
	cr_assert_str_eq(clock_state(id, "sin"), "met");
	expect_value(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/state", "'lapsed'");
	expect_problem(patch(json_of("{'media_interest': true}"), "\"3\"", "/v1/incidents/%s", id), 409,
	    "conflict");
	expect_problem(
	    post(json_of("{'age_years': 3}"), "/v1/incidents/%s/children", id), 409, "conflict");
	const struct answer *steps = get("/v1/incidents/%s/transitions", id);
	expect_value(steps, "/data/0/reason", "'a medical cause'");
	expect_value(steps, "/data/0/agreed_by", "'the partners'");
}

Test(incident_step, reopens_what_was_withdrawn_with_its_clock_from_where_it_began)
{
	const char *id = notified();

	expect_status(moved(id, 2, WITHDRAWN), 200);
	const struct answer *reopened = moved(id, 3, "{'to': 'reopened', 'reason': 'new evidence'}");
	expect_status(reopened, 200);
	expect_value(reopened, "/state", "'reopened'");
	cr_assert_str_eq(clock_state(id, "sin"), "met");
	const struct answer *reviews = get("/v1/rapid-reviews?incident_id=%s", id);
	expect_value(reviews, "/data/0/state", "'opened'");
	expect_value(reviews, "/data/0/due_on", "'2024-02-01'");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE incident_id = $1::uuid"
	                        " AND kind = 'rapid_review' AND starts_on = '2024-01-11'"
	                        " AND cancelled_at IS NULL",
	                 id),
	    1);
	expect_status(patch(json_of("{'media_interest': true}"), "\"4\"", "/v1/incidents/%s", id), 200);
}

static const char *rapid_review_of(const char *incident)
{
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", incident), "/data/0/id");
}

Test(incident_step, stands_in_the_log_of_the_rapid_review_that_it_moves)
{
	const char *id = notified();
	const char *review = rapid_review_of(id);

	expect_status(move(json_of("{'to': 'scoping', 'on': '2024-01-15'}"), "\"1\"",
	                  "/v1/rapid-reviews/%s/transitions", review),
	    200);
	expect_status(moved(id, 3,
	                  "{'to': 'withdrawn', 'reason': 'a medical cause', 'agreed_by': 'the"
	                  " partners', 'on': '2024-01-20'}"),
	    200);
	expect_status(moved(id, 4, "{'to': 'reopened', 'reason': 'new evidence'}"), 200);
	expect_value(get("/v1/rapid-reviews/%s", review), "/state", "'scoping'");
	CLEANUP(free)
	char *log = sql_text(&stage()->database,
	    "SELECT string_agg(concat_ws('|', t.operation, t.from_state, t.to_state, CASE"
	    "         WHEN t.at::date > t.happened_on THEN t.happened_on END, t.reason), ' '"
	    "         ORDER BY t.id)"
	    "  FROM transition AS t"
	    " WHERE t.subject = 'rapid_review' AND t.subject_id = $1::uuid"
	    "   AND t.key_id IS NOT NULL AND t.agency_id IS NOT NULL",
	    review, NULL);
	cr_assert_str_eq(log, "createIncidentNotification||opened|2024-01-11"
	                      " createRapidReviewTransition|opened|scoping|2024-01-15"
	                      " createIncidentTransition|scoping|lapsed|2024-01-20|a medical cause"
	                      " createIncidentTransition|lapsed|scoping|new evidence");
}

Test(incident_step, decides_not_to_notify_with_each_partner_s_view)
{
	const char *id = recorded(incident_with("{}"));

	agency_create(&stage()->database, "north", "police", "police", true);
	const char *police = agency_of("police");
	expect_fault(moved(id, 1,
	                 text_of("{'to': 'not_notified', 'reason': 'x', 'views':"
	                         " [{'agency_id': '%s', 'view': 'notify'}]}",
	                     agency_of("council"))),
	    "/views/0/view", "local_authority_decides");
	expect_problem(moved(id, 1, "{'to': 'not_notified', 'reason': 'x'}"), 409, "conflict");
	const struct answer *decided = moved(id, 1,
	    text_of("{'to': 'not_notified', 'reason': 'x', 'views': [{'agency_id': '%s', 'view':"
	            " 'not_notify'}, {'agency_id': '%s', 'view': 'notify', 'dissent': 'escalated'}]}",
	        agency_of("council"), police));
	expect_status(decided, 200);
	expect_value(decided, "/sin_due_on", "null");
	expect_value(get("/v1/incidents/%s/transitions", id), "/data/0/views/1/dissent", "'escalated'");
	cr_assert_str_eq(clock_state(id, "sin"), "cancelled");
	expect_status(patch(json_of("{'media_interest': true}"), "\"2\"", "/v1/incidents/%s", id), 200);
	cr_assert_str_eq(clock_state(id, "sin"), "cancelled");
	expect_problem(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                            " 'notified_on': '2024-01-11'}"),
	                   "/v1/incidents/%s/notifications", id),
	    409, "conflict");
	expect_value(moved(id, 3, "{'to': 'reopened', 'reason': 'x'}"), "/sin_due_on", "'2024-01-15'");
}

Test(incident_step, closes_only_what_is_done)
{
	const char *id = notified();
	const struct answer *refused = moved(id, 2, "{'to': 'closed', 'reason': 'x'}");

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'no_open_rapid_review'");
	const char *other = recorded(incident_with("{'nature': 'other', 'children':"
	                                           " [{'age_years': 3, 'nature': 'other'}]}"));
	expect_status(moved(other, 1, "{'to': 'closed', 'reason': 'no duty'}"), 200);
}

Test(incident_step, is_taken_only_by_whoever_may)
{
	const char *id = recorded(incident_with("{}"));

	as(key_with("incidents:read incidents:write"));
	const struct answer *read = get("/v1/incidents/%s", id);
	expect_value(read, step_to(read, "withdrawn", "allowed"), "false");
	expect_problem(moved(id, 1, WITHDRAWN), 403, "forbidden");
}

Test(incident_step, leaves_out_of_the_figures_what_another_area_leads)
{
	const struct answer *made = record(incident_with("{'our_role': 'contributing'}"));

	expect_value(made, "/counted", "false");
	expect_value(made, "/duty", "'none'");
	expect_value(made, "/duty_rule", "'lead_authority_notifies'");
	expect_value(made, "/sin_due_on", "null");
	expect_value(record(incident_with("{'our_role': 'lead'}")), "/counted", "true");
}
