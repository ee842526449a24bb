/* Owns the tests of referrals: receiving them, assuring their quality, moving them. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(referral, .timeout = 60);

static const char *referred(const char *members)
{
	json_t *body = json_of("{'summary': 'An infant was brought to hospital.'}");

	json_object_update_new(body, json_of("%s", members));
	const struct answer *made = post(body, "/v1/referrals");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

Test(referral, is_received_with_its_next_steps)
{
	const struct answer *read = get("/v1/referrals/%s", referred("{}"));

	expect_status(read, 200);
	expect_value(read, "/state", "'received'");
	expect_value(read, "/received_on", text_of("'%s'", day(0)));
	expect_value(read, step_to(read, "quality_assured", "allowed"), "false");
	expect_value(read, step_to(read, "quality_assured", "missing/0/code"), "'nature_is_known'");
	expect_value(read, step_to(read, "withdrawn", "allowed"), "true");
	expect_value(read, step_to(read, "withdrawn", "evidence/0/code"), "'reason'");
}

Test(referral, answers_a_repeated_request_with_its_next_steps_again)
{
	CLEANUP(json_decref) json_t *body = json_of("{'summary': 'x'}");
	struct call call = {
	    .method = "POST", .path = "/v1/referrals", .idempotency_key = new_id(), .json = body};
	const struct answer *first = make(&call);
	const struct answer *again = make(&call);

	expect_status(again, 201);
	cr_assert_str_eq(answer_header(again, "Idempotency-Replayed"), "true");
	cr_assert(json_equal(first->json, again->json), "%s", told(again));
	expect_value(again, step_to(again, "withdrawn", "allowed"), "true");
}

Test(referral, that_lacks_what_it_needs_is_refused_with_everything_that_is_missing)
{
	const char *id = referred("{}");
	const struct answer *refused =
	    move(json_of("{'to': 'quality_assured'}"), "\"1\"", "/v1/referrals/%s/transitions", id);

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'nature_is_known'");
	expect_value(refused, "/missing/1/code", "'child_is_described'");
	expect_value(get("/v1/referrals/%s", id), "/version", "1");
}

Test(referral, is_moved_once_it_is_complete_and_remembers_who_and_why)
{
	const char *id = referred("{}");
	expect_status(patch(json_of("{'nature': 'serious_harm', 'children': [{'age_years': 2}]}"),
	                  "\"1\"", "/v1/referrals/%s", id),
	    200);
	const struct answer *moved = move(json_of("{'to': 'quality_assured', 'reason': 'complete'}"),
	    "\"2\"", "/v1/referrals/%s/transitions", id);

	expect_status(moved, 200);
	cr_assert_str_eq(etag_of(moved), "\"3\"");
	expect_value(moved, "/quality_assured_on", text_of("'%s'", day(0)));
	expect_problem(
	    move(json_of("{'to': 'withdrawn'}"), "\"2\"", "/v1/referrals/%s/transitions", id), 412,
	    "stale");
	cr_assert_eq(count_rows("SELECT count(*) FROM transition WHERE subject_id = $1::uuid", id), 2);
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'referral.updated' AND"
	                        " body::jsonb -> 'data' ->> 'referral_id' = $1",
	                 id),
	    2);
	cr_assert_eq(count_rows("SELECT count(*) FROM change WHERE subject_id = $1::uuid", id), 4);
}

Test(referral, is_assessed_only_by_whoever_may)
{
	const char *id = referred("{'nature': 'other', 'children': [{}]}");

	as(key_with("referrals:read referrals:write"));
	const struct answer *read = get("/v1/referrals/%s", id);
	expect_value(read, step_to(read, "quality_assured", "missing/0/code"), "'scope'");
	expect_problem(
	    move(json_of("{'to': 'quality_assured'}"), "\"1\"", "/v1/referrals/%s/transitions", id),
	    403, "forbidden");
}

Test(referral, faults_are_all_told_at_once)
{
	const struct answer *refused = post(
	    json_of("{'summary': 'x', 'incident_date': '%s', 'received_on': '%s'}", day(1), day(2)),
	    "/v1/referrals");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/incident_date", "date_in_future");
	expect_fault(refused, "/received_on", "date_in_future");
}

Test(referral, of_another_agency_is_not_seen_with_own_scopes)
{
	const char *id = referred("{}");

	agency_create(&stage()->database, "north", "police", "police", true);
	as(key_of("north", "police", OWN_SCOPES));
	expect_problem(get("/v1/referrals/%s", id), 404, "not-found");
	const char *own = referred("{}");
	expect_status(get("/v1/referrals/%s", own), 200);
	expect_value(get("/v1/referrals"), "/has_more", "false");
}

Test(referral, is_written_down_for_another_agency_only_by_the_business_unit)
{
	agency_create(&stage()->database, "north", "hospital", "health", false);
	CLEANUP(free)
	char *council = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = 'council'",
	    NULL);

	as(key_of("north", "hospital", OWN_SCOPES));
	expect_fault(post(json_of("{'summary': 'x', 'agency_id': '%s'}", council), "/v1/referrals"),
	    "/agency_id", "not_own_agency");
}

Test(referral, tells_a_key_that_only_reads_that_it_takes_no_step)
{
	const char *id = referred("{}");
	const struct answer *whole = get("/v1/referrals/%s", id);

	expect_value(whole, step_to(whole, "withdrawn", "allowed"), "true");
	as(key_with("referrals:read"));
	const struct answer *read = get("/v1/referrals/%s", id);
	expect_value(read, step_to(read, "withdrawn", "allowed"), "false");
	expect_value(read, step_to(read, "withdrawn", "missing/0/code"), "'scope'");
	cr_assert_null(strstr(text_string(&get("/v1/referrals?limit=200")->body), "\"allowed\":true"));
}
