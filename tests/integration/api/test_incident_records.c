/* Owns the tests of linked processes, disclosures and restrictions. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(linked_process, .timeout = 60);
TestSuite(disclosure, .timeout = 60);
TestSuite(restriction, .timeout = 60);

Test(linked_process, keeps_the_reference_of_another_body)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *made = post(json_of("{'type': 'child_death_overview', 'reference':"
	                                         " 'CDOP-1', 'body': 'panel'}"),
	    "/v1/incidents/%s/linked-processes", id);

	expect_status(made, 201);
	expect_status(get("%s", answer_header(made, "Location")), 200);
	expect_value(get("/v1/incidents/%s/linked-processes", id), "/data/0/reference", "'CDOP-1'");
	expect_value(get("/v1/incidents/%s", id), "/version", "2");
	expect_problem(post(json_of("{'type': 'child_death_overview', 'reference': 'CDOP-1'}"),
	                   "/v1/incidents/%s/linked-processes", id),
	    409, "duplicate");
}

Test(disclosure, is_a_log_that_only_grows)
{
	const char *id = recorded(incident_with("{}"));
	json_t *body = json_of("{'kind': 'freedom_of_information', 'requested_by': 'member of the"
	                       " public', 'decided_on': '2024-01-20', 'outcome': 'refused'}");

	expect_status(post(json_incref(body), "/v1/incidents/%s/disclosures", id), 201);
	expect_status(post(json_incref(body), "/v1/incidents/%s/disclosures", id), 201);
	cr_assert_eq(json_array_size(answer_at(get("/v1/incidents/%s/disclosures", id), "/data")), 2);
	json_object_set_new(body, "decided_on", json_string(day(1)));
	expect_fault(post(body, "/v1/incidents/%s/disclosures", id), "/decided_on", "date_in_future");
}

static const struct answer *restricted(const char *id, const char *slug, const char *members)
{
	json_t *body = json_of("{'agency_id': '%s', 'reason': 'a conflict'}", agency_of(slug));

	json_object_update_new(body, json_of("%s", members));
	return post(body, "/v1/incidents/%s/restrictions", id);
}

/* Everything of the incident, as the caller of the moment finds it. */
static void expect_everywhere(const char *id, const char *notification, int status)
{
	static const char *const below[] = {"", "/children", "/clocks", "/history", "/notifications",
	    "/transitions", "/linked-processes", "/disclosures", "/restrictions", "/similar-incidents"};

	for (size_t i = 0; i < ARRAY_LENGTH(below); i++)
		expect_status(get("/v1/incidents/%s%s", id, below[i]), status);
	expect_status(get("/v1/notifications/%s", notification), status);
	const struct answer *lists[] = {get("/v1/incidents"), get("/v1/deadlines"),
	    get("/v1/notifications"), get("/v1/rapid-reviews")};
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
		cr_assert_eq(strstr(text_string(&lists[i]->body), id) != NULL, status == 200, "%zu", i);
}

Test(restriction, keeps_the_incident_from_the_agency_while_it_is_active)
{
	const char *id = recorded(incident_with("{}"));
	const char *notification =
	    answer_text(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                             " 'notified_on': '2024-01-11'}"),
	                    "/v1/incidents/%s/notifications", id),
	        "/id");
	const char *trust = key_of("north", "trust", ALL_SCOPES);

	as(trust);
	expect_everywhere(id, notification, 200);
	as(stage()->council);
	const struct answer *made = restricted(id, "trust", "{}");
	expect_status(made, 201);
	expect_value(made, "/from", text_of("'%s'", day(0)));
	expect_everywhere(id, notification, 200);
	as(trust);
	expect_everywhere(id, notification, 404);
	expect_problem(patch(json_of("{'media_interest': true}"), "\"3\"", "/v1/incidents/%s", id), 404,
	    "not-found");
	as(stage()->council);
	expect_status(patch(json_of("{'until': '%s'}", day(-1)), "\"1\"",
	                  "/v1/incidents/%s/restrictions/%s", id, answer_text(made, "/id")),
	    422);
	sql_run(&stage()->database,
	    "UPDATE restriction SET active_from = active_from - 3 WHERE id = $1::uuid",
	    answer_text(made, "/id"), NULL);
	expect_status(patch(json_of("{'until': '%s'}", day(-1)), "\"1\"",
	                  "/v1/incidents/%s/restrictions/%s", id, answer_text(made, "/id")),
	    200);
	as(trust);
	expect_everywhere(id, notification, 200);
}

Test(restriction, that_has_not_begun_or_has_ended_hides_nothing)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(restricted(id, "trust", text_of("{'from': '%s'}", day(1))), 201);
	expect_status(
	    restricted(id, "trust", text_of("{'from': '%s', 'until': '%s'}", day(-9), day(-1))), 201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_status(get("/v1/incidents/%s", id), 200);
}

Test(restriction, is_made_by_another_agency_and_by_whoever_may)
{
	const char *id = recorded(incident_with("{}"));

	expect_fault(restricted(id, "council", "{}"), "/agency_id", "own_agency");
	expect_fault(restricted(id, "trust", text_of("{'agency_id': '%s'}", new_id())), "/agency_id",
	    "unknown_agency");
	as(key_with("incidents:read incidents:write incidents:decide"));
	expect_problem(restricted(id, "trust", "{}"), 403, "forbidden");
}

Test(restriction, hides_the_referral_that_led_to_the_incident_and_its_reviews)
{
	const char *id = recorded(incident_with("{}"));
	const char *referral = answer_text(post(json_of("{'summary': 'x'}"), "/v1/referrals"), "/id");
	sql_run(&stage()->database,
	    text_of("UPDATE referral SET incident_id = '%s'"
	            " WHERE id = $1::uuid",
	        id),
	    referral, NULL);
	const struct answer *review = post(json_of("{'type': 'national', 'title': 'x', 'incident_ids': "
	                                           "['%s'], 'decided_on': '2024-02-01'}",
	                                       id),
	    "/v1/reviews");

	expect_status(review, 201);
	expect_status(restricted(id, "trust", "{}"), 201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_problem(get("/v1/referrals/%s", referral), 404, "not-found");
	expect_problem(get("/v1/reviews/%s", answer_text(review, "/id")), 404, "not-found");
}

Test(restriction, hides_the_records_of_the_rapid_review)
{
	const char *id = recorded(incident_with("{}"));
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	const char *review = answer_text(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/id");
	const struct answer *sent =
	    post(json_of("{'agency_id': '%s', 'sent_on': '2024-01-16'}", agency_of("trust")),
	        "/v1/rapid-reviews/%s/scoping-returns", review);
	expect_status(sent, 201);
	const char *other = recorded(incident_with("{}"));

	as(key_of("north", "trust", ALL_SCOPES));
	expect_status(get("%s", answer_header(sent, "Location")), 200);
	as(stage()->council);
	expect_status(restricted(other, "trust", "{}"), 201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_status(get("%s", answer_header(sent, "Location")), 200);
	as(stage()->council);
	expect_status(restricted(id, "trust", "{}"), 201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_problem(get("%s", answer_header(sent, "Location")), 404, "not-found");
	cr_assert_eq(count_rows("SELECT count(*) FROM scoping_return WHERE id = $1::uuid",
	                 answer_text(sent, "/id")),
	    1);
}
