/* Owns the tests of rapid reviews: what opens them, what they record. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(rapid_review, .timeout = 60);

static const char *notified(void)
{
	const char *incident_id = recorded(incident_with("{}"));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-15'}"),
	                  "/v1/incidents/%s/notifications", incident_id),
	    201);
	return incident_id;
}

static const char *opened(void)
{
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", notified()), "/data/0/id");
}

Test(rapid_review, is_opened_by_the_notification_of_a_serious_incident)
{
	const char *incident_id = notified();
	const struct answer *listed = get("/v1/rapid-reviews?incident_id=%s", incident_id);

	expect_status(listed, 200);
	expect_value(listed, "/data/0/state", "'opened'");
	expect_value(listed, "/data/0/incident_id", text_of("'%s'", incident_id));
	expect_value(listed, "/data/0/notified_on", "'2024-01-15'");
	expect_value(listed, "/data/0/due_on", "'2024-02-05'");
	expect_value(listed, "/has_more", "false");
	cr_assert_eq(json_array_size(answer_at(listed, "/data")), 1);
}

Test(rapid_review, is_not_there_before_the_incident_was_notified)
{
	const char *incident_id = recorded(incident_with("{}"));

	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/rapid-reviews?incident_id=%s", incident_id), "/data")),
	    0);
}

Test(rapid_review, owns_the_clock_of_its_fifteen_working_days)
{
	const char *id = opened();

	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject = 'rapid_review' AND"
	                        " kind = 'rapid_review' AND subject_id = $1::uuid AND"
	                        " incident_id IS NOT NULL",
	                 id),
	    1);
}

Test(rapid_review, is_found_by_its_state_and_its_due_date)
{
	const char *id = opened();

	cr_assert_gt(
	    count_of(answer_at(get("/v1/rapid-reviews?state=opened&due_on[lte]=2024-02-05"), "/data"),
	        "id", id),
	    0);
	cr_assert_eq(
	    count_of(answer_at(get("/v1/rapid-reviews?state=opened&due_on[gte]=2024-02-06"), "/data"),
	        "id", id),
	    0);
	cr_assert_eq(
	    count_of(answer_at(get("/v1/rapid-reviews?state=closed,lapsed"), "/data"), "id", id), 0);
}

Test(rapid_review, keeps_what_is_written_under_its_headings)
{
	const char *id = opened();
	const struct answer *changed = patch(
	    json_of("{'analysis': 'x', 'national_issue': true}"), "\"1\"", "/v1/rapid-reviews/%s", id);

	expect_status(changed, 200);
	expect_value(changed, "/analysis", "'x'");
	expect_value(changed, "/national_issue", "true");
	expect_value(changed, "/version", "2");
	expect_problem(
	    patch(json_of("{'analysis': 'y'}"), "\"1\"", "/v1/rapid-reviews/%s", id), 412, "stale");
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'rapid_review.updated' AND"
	                        " body::jsonb -> 'data' ->> 'rapid_review_id' = $1",
	                 id),
	    1);
}
