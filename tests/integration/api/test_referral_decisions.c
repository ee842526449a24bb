/* Owns the tests of the threshold decision, and of incidents that may be the same. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(decision, .timeout = 60);
TestSuite(similar_incidents, .timeout = 60);

/* Complete and assured, and like no incident of another test. */
static const char *assured(const char *members)
{
	json_t *body = json_of("{'summary': 'An infant was brought to hospital.',"
	                       " 'nature': 'serious_harm', 'abuse_neglect_status': 'suspected',"
	                       " 'received_on': '2024-01-09', 'aware_on': '2024-01-08',"
	                       " 'incident_date': '2024-01-06', 'location_type': 'home',"
	                       " 'children': [{'role': 'victim', 'age_years': 2}]}");

	json_object_update_new(body, json_of("%s", members));
	const char *id = answer_text(post(body, "/v1/referrals"), "/id");
	expect_status(
	    move(json_of("{'to': 'quality_assured'}"), "\"1\"", "/v1/referrals/%s/transitions", id),
	    200);
	return id;
}

static json_t *decided(const char *outcome, const char *members)
{
	json_t *body = json_of("{'outcome': '%s', 'decided_on': '2024-01-10', 'rationale': 'x',"
	                       " 'views': [{'agency_id': '%s', 'view': '%s'}],"
	                       " 'referrer_told_on': '2024-01-10', 'chair_told_on': '2024-01-10'}",
	    outcome, agency_of("council"), outcome);

	json_object_update_new(body, json_of("%s", members));
	return body;
}

Test(decision, that_the_criteria_are_met_makes_the_incident_with_its_clock)
{
	const char *id = assured("{'incident_date': '2023-03-01', 'aware_on': '2023-03-02',"
	                         " 'received_on': '2023-03-03'}");
	const struct answer *made = post(decided("met", "{'incident': {'notifying_basis': 'in_area'}}"),
	    "/v1/referrals/%s/decision", id);

	expect_status(made, 201);
	expect_value(made, "/made_incident", "true");
	const char *incident_id = answer_text(made, "/incident_id");
	const struct answer *incident = get("/v1/incidents/%s", incident_id);
	expect_value(incident, "/duty", "'serious_incident'");
	expect_value(incident, "/sin_due_on", "'2023-03-09'");
	expect_value(incident, "/referral_received_on", "'2023-03-03'");
	expect_value(incident, "/narrative", "'An infant was brought to hospital.'");
	expect_value(incident, "/location_type", "'home'");
	expect_value(incident, "/children/0/index_child", "true");
	const struct answer *referral = get("/v1/referrals/%s", id);
	expect_value(referral, "/state", "'met'");
	expect_value(referral, "/incident_id", text_of("'%s'", incident_id));
	expect_value(referral, "/decided_on", "'2024-01-10'");
	expect_value(
	    get("/v1/referrals/%s/decisions", id), "/data/0/incident_id", text_of("'%s'", incident_id));
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE incident_id = $1::uuid"
	                        " AND type IN ('incident.created', 'referral.decided')",
	                 incident_id),
	    2);
}

Test(decision, is_written_once_however_often_it_is_sent)
{
	CLEANUP(json_decref) json_t *body = decided("not_met", "{}");
	struct call call = {.method = "POST",
	    .path = text_of("/v1/referrals/%s/decision", assured("{}")),
	    .idempotency_key = new_id(),
	    .json = body};
	const struct answer *first = make(&call);
	const struct answer *again = make(&call);

	expect_status(first, 201);
	expect_status(again, 201);
	cr_assert(json_equal(first->json, again->json), "%s", told(again));
}

Test(decision, waits_for_quality_assurance)
{
	const char *id = answer_text(post(json_of("{'summary': 'x'}"), "/v1/referrals"), "/id");

	expect_problem(
	    post(decided("not_met", "{}"), "/v1/referrals/%s/decision", id), 409, "conflict");
}

Test(decision, cannot_go_against_the_local_authority)
{
	const char *id = assured("{}");
	const struct answer *refused =
	    post(decided("not_met", text_of("{'views': [{'agency_id': '%s', 'view': 'met'},"
	                                    " {'agency_id': '%s', 'view': 'not_met'}]}",
	                                agency_of("council"), new_id())),
	        "/v1/referrals/%s/decision", id);

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/views/0/view", "local_authority_decides");
	expect_fault(refused, "/views/1/agency_id", "unknown_agency");
}

Test(decision, needs_the_authority_s_view_and_that_people_were_told)
{
	const char *id = assured("{}");

	agency_create(&stage()->database, "north", "police", "police", true);
	const struct answer *refused =
	    post(decided("not_met", text_of("{'views': [{'agency_id': '%s', 'view': 'met',"
	                                    " 'dissent': 'x'}], 'referrer_told_on': null,"
	                                    " 'chair_told_on': null}",
	                                agency_of("police"))),
	        "/v1/referrals/%s/decision", id);
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'local_authority_view'");
	expect_value(refused, "/missing/1/code", "'referrer_told_on'");
	expect_value(refused, "/missing/2/code", "'chair_told_on'");
}

Test(decision, leads_to_exactly_one_incident_or_none)
{
	const char *id = assured("{}");

	expect_fault(post(decided("met", "{}"), "/v1/referrals/%s/decision", id), "/incident_id",
	    "one_incident");
	expect_fault(post(decided("not_met", "{'incident': {}}"), "/v1/referrals/%s/decision", id),
	    "/incident", "no_incident");
	expect_fault(post(decided("met", text_of("{'incident_id': '%s'}", new_id())),
	                 "/v1/referrals/%s/decision", id),
	    "/incident_id", "unknown_incident");
}

Test(decision, may_join_the_referral_to_an_incident_that_is_known)
{
	const char *incident_id = recorded(incident_with("{}"));
	const char *id = assured("{}");
	const struct answer *made = post(decided("met", text_of("{'incident_id': '%s'}", incident_id)),
	    "/v1/referrals/%s/decision", id);

	expect_status(made, 201);
	expect_value(made, "/made_incident", "false");
	expect_value(get("/v1/referrals/%s", id), "/incident_id", text_of("'%s'", incident_id));
	expect_value(get("/v1/incidents/%s", incident_id), "/version", "1");
}

Test(decision, checks_the_new_incident_by_the_rules_of_every_incident)
{
	const char *id = assured("{'incident_date': null}");
	const struct answer *refused =
	    post(decided("met", "{'incident': {'death_date': '2024-01-07'}}"),
	        "/v1/referrals/%s/decision", id);

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/incident/incident_date", "incident_date_required");
	expect_fault(refused, "/incident/death_date", "death_facts_without_death");
	expect_value(get("/v1/referrals/%s", id), "/version", "2");
}

Test(decision, is_taken_only_by_whoever_may)
{
	const char *id = assured("{}");
	json_t *body = decided("not_met", "{}");

	as(key_with("referrals:read referrals:write referrals:assess"));
	expect_problem(post(body, "/v1/referrals/%s/decision", id), 403, "forbidden");
}

Test(decision, that_was_not_met_may_be_followed_by_another)
{
	const char *id = assured("{}");

	expect_status(post(decided("not_met", "{}"), "/v1/referrals/%s/decision", id), 201);
	expect_status(move(json_of("{'to': 'received', 'reason': 'new evidence'}"), "\"3\"",
	                  "/v1/referrals/%s/transitions", id),
	    200);
	expect_status(
	    move(json_of("{'to': 'quality_assured'}"), "\"4\"", "/v1/referrals/%s/transitions", id),
	    200);
	expect_status(
	    post(decided("met", text_of("{'incident_id': '%s'}", recorded(incident_with("{}")))),
	        "/v1/referrals/%s/decision", id),
	    201);
	const struct answer *decisions = get("/v1/referrals/%s/decisions", id);
	expect_value(decisions, "/data/0/outcome", "'not_met'");
	expect_value(decisions, "/data/1/outcome", "'met'");
}

static const char *known(const char *date)
{
	return recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s',"
	                              " 'la_of_incident': 'E08000028'}",
	    date, date));
}

Test(similar_incidents, are_named_before_a_new_one_is_made)
{
	const char *incident_id = known("2022-05-10");
	const char *id = assured("{'incident_date': '2022-05-10', 'aware_on': '2022-05-11',"
	                         " 'received_on': '2022-05-12', 'la_of_incident': 'E08000028',"
	                         " 'children': [{'age_years': 5, 'sex': 'F'}]}");
	const struct answer *similar = get("/v1/referrals/%s/similar-incidents", id);

	expect_value(similar, "/data/0/incident_id", text_of("'%s'", incident_id));
	expect_value(similar, "/data/0/score", "100");
	expect_value(similar, "/data/0/reasons/0", "'incident_date_same'");
	const struct answer *refused =
	    post(decided("met", "{'incident': {}}"), "/v1/referrals/%s/decision", id);
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'similar_incident'");
	expect_value(refused, "/missing/0/detail",
	    text_of("'%s'", answer_text(get("/v1/incidents/%s", incident_id), "/local_ref")));
	expect_value(get("/v1/referrals/%s", id), "/state", "'quality_assured'");
	expect_status(
	    post(decided("met", text_of("{'incident': {}, 'distinct_from': ['%s']}", incident_id)),
	        "/v1/referrals/%s/decision", id),
	    201);
	expect_value(get("/v1/referrals/%s/similar-incidents", id), "/data/0/incident_id",
	    text_of("'%s'", incident_id));
	expect_value(get("/v1/incidents/%s/similar-incidents", incident_id), "/data/0/score", "100");
}

Test(similar_incidents, are_each_named_and_not_only_one_of_them)
{
	const char *one = known("2020-05-10");
	const char *other = known("2020-05-10");
	const char *id = assured("{'incident_date': '2020-05-10', 'aware_on': '2020-05-11',"
	                         " 'received_on': '2020-05-12', 'la_of_incident': 'E08000028',"
	                         " 'children': [{'age_years': 5, 'sex': 'F'}]}");
	const struct answer *refused =
	    post(decided("met", text_of("{'incident': {}, 'distinct_from': ['%s']}", one)),
	        "/v1/referrals/%s/decision", id);

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/detail",
	    text_of("'%s'", answer_text(get("/v1/incidents/%s", other), "/local_ref")));
}

Test(similar_incidents, are_not_those_of_another_time)
{
	const char *incident_id = known("2021-05-10");

	known("2021-06-10");
	expect_value(get("/v1/incidents/%s/similar-incidents", incident_id), "/data", "[]");
}
