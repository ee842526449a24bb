/* Owns the tests of what an agency that is kept from an incident learns of it by events and
 * deliveries, and of what it goes on writing all the same. */
#include <string.h>

#include "fixture.h"

/* Nothing is sent here, and no clock adds events of its own. */
static const struct setting settings[] = {
    {"CSPR_DISPATCH", "off"}, {"CSPR_SWEEP_SECONDS", "0"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
TestSuite(kept_from, .timeout = 60);

static void restrict_trust(const char *incident)
{
	as(stage()->council);
	expect_status(
	    post(json_of("{'agency_id': '%s', 'reason': 'conflict_of_interest'}", agency_of("trust")),
	        "/v1/incidents/%s/restrictions", incident),
	    201);
}

static const char *endpoint_for(const char *recipient, const char *types)
{
	const char *id = new_id();

	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types,"
	    " secret_sealed) SELECT p.id, $1::uuid, 'limits', nullif($2, ''), 'http://127.0.0.1:9/',"
	    " $3::text[], '\\x00' FROM partnership AS p WHERE p.slug = 'north'",
	    id, recipient, types, NULL);
	return id;
}

/*
 * A review of two incidents whose events name the first one; the trust is kept from the second one,
 * and so from the review.
 */
static const char *half_hidden_review(const char **ret_first)
{
	const char *review = reviewed("lcspr", "{}");
	const char *first = answer_text(get("/v1/reviews/%s", review), "/incident_ids/0");
	const char *second = rapidly_reviewed(incident_with("{}"), "lcspr_local");

	expect_status(change(json_of("{'incident_ids': ['%s', '%s']}", first, second),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/incidents", review),
	    200);
	restrict_trust(second);
	*ret_first = first;
	return review;
}

Test(kept_from, an_incident_is_from_the_warnings_of_its_deliveries)
{
	endpoint_for("dfe", "{incident.notified}");
	const char *id = recorded(incident_with("{}"));

	expect_status(
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", id), 201);
	sql_run(&stage()->database,
	    "UPDATE delivery SET created_at = created_at - interval '1 hour' WHERE incident_id = "
	    "$1::uuid",
	    id, NULL);
	sql_run(&stage()->database, "SELECT deliveries_at_risk('https://cspr.example.org', 50)", NULL);
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT NOT EXISTS (SELECT FROM event WHERE epoch = feed_epoch()"
	    " AND transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))",
	    NULL));
	as(stage()->trust);
	const struct answer *open = get("/v1/events?type=delivery.at_risk");
	cr_assert(strstr(text_string(&open->body), id), "%s", told(open));
	restrict_trust(id);
	as(stage()->trust);
	const struct answer *page = get("/v1/events?type=delivery.at_risk");
	expect_status(page, 200);
	cr_assert_null(strstr(text_string(&page->body), id), "%s", told(page));
}

Test(kept_from, a_review_is_from_resending_what_told_of_it)
{
	const char *first;

	endpoint_for("", "{review.updated}");
	const char *review = half_hidden_review(&first);
	CLEANUP(free)
	char *delivery = sql_text(&stage()->database,
	    "SELECT d.id FROM delivery AS d JOIN event AS v ON v.id = d.event_id"
	    " WHERE v.body::json -> 'data' ->> 'review_id' = $1",
	    review, NULL);
	cr_assert_not_null(delivery);
	const char *nobodys = new_id();
	for (int i = 0; i < 2; i++) {
		const char *id = i ? nobodys : delivery;
		as(stage()->trust);
		expect_problem(get("/v1/deliveries/%s", id), 404, "not-found");
		expect_problem(post(NULL, "/v1/deliveries/%s/resend", id), 404, "not-found");
	}
	cr_assert_eq(count_rows("SELECT count(*) FROM delivery_resend", NULL), 0);
}

/* The number of the next event follows from those that the writer does not see, too. */
Test(kept_from, a_review_an_agency_goes_on_writing_the_incident)
{
	const char *first;

	half_hidden_review(&first);
	as(stage()->trust);
	const char *etag = etag_of(get("/v1/incidents/%s", first));
	expect_status(patch(json_of("{'local_ref': 'L-1'}"), etag, "/v1/incidents/%s", first), 200);
	cr_assert_eq(
	    count_rows(
	        "SELECT count(*) - max(sequence) FROM event WHERE incident_id = $1::uuid", first),
	    0);
}
