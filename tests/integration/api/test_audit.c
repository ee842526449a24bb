/* Owns the tests of the audit trail: what it holds, and that tampering shows. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(trail, .timeout = 60);
TestSuite(verification, .timeout = 60);

static const struct answer *newest(void)
{
	return get("/v1/audit?limit=1");
}

static void expect_newest(const char *action, const char *outcome, const char *code)
{
	const struct answer *entry = newest();

	expect_value(entry, "/data/0/action", text_of("'%s'", action));
	expect_value(entry, "/data/0/outcome", text_of("'%s'", outcome));
	expect_value(entry, "/data/0/code", code ? text_of("'%s'", code) : "null");
}

Test(trail, holds_every_write)
{
	const struct answer *made = record(incident_with("{}"));
	const char *id = answer_text(made, "/id");
	const char *child = answer_text(made, "/children/0/id");

	expect_newest("createIncident", "done", NULL);
	expect_value(newest(), "/data/0/resource_id", text_of("'%s'", id));
	cr_assert_str_eq(
	    answer_text(newest(), "/data/0/request_id"), answer_header(made, "X-Request-ID"));
	patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id);
	expect_newest("patchIncident", "done", NULL);
	patch(json_of("{'sex': 'M'}"), "\"1\"", "/v1/incidents/%s/children/%s", id, child);
	expect_newest("patchIncidentChild", "done", NULL);
	post(json_of("{}"), "/v1/incidents/%s/children", id);
	expect_newest("createIncidentChild", "done", NULL);
	const struct answer *notified =
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", id);
	expect_newest("createIncidentNotification", "done", NULL);
	post(json_of("{'recipient': 'dfe', 'acknowledged_on': '%s', 'channel': 'email'}", day(0)),
	    "/v1/notifications/%s/acknowledgements", answer_text(notified, "/id"));
	expect_newest("createNotificationAcknowledgement", "done", NULL);
	put(incident_with("{'children': [{'external_id': '1'}]}"),
	    "/v1/case-systems/mosaic/incidents/1");
	expect_newest("putCaseSystemIncident", "done", NULL);
}

Test(trail, holds_every_refusal_of_a_write)
{
	const char *id = recorded(incident_with("{'local_ref': 'TAKEN'}"));

	post(json_of("{}"), "/v1/incidents");
	expect_newest("createIncident", "refused", "invalid");
	post(incident_with("{'aware_on': '2024-01-01'}"), "/v1/incidents");
	expect_newest("createIncident", "refused", "invalid");
	post(incident_with("{'local_ref': 'TAKEN'}"), "/v1/incidents");
	expect_newest("createIncident", "refused", "duplicate");
	make(&(struct call){.method = "POST", .path = "/v1/incidents", .body = "{"});
	expect_newest("createIncident", "refused", "bad-parameter");
	patch(json_of("{'media_interest': true}"), "\"9\"", "/v1/incidents/%s", id);
	expect_newest("patchIncident", "refused", "stale");
	expect_value(newest(), "/data/0/resource_id", text_of("'%s'", id));
	patch(json_of("{'media_interest': true}"), NULL, "/v1/incidents/%s", id);
	expect_newest("patchIncident", "refused", "precondition-required");
	post(json_of("{'kind': 'care_leaver_death'}"), "/v1/incidents/%s/notifications", id);
	expect_newest("createIncidentNotification", "refused", "conflict");
	patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", new_id());
	expect_newest("patchIncident", "refused", "not-found");
}

Test(trail, holds_what_a_key_may_not_do)
{
	const char *token = key_with("deadlines:read");

	as(token);
	expect_problem(get("/v1/incidents"), 403, "forbidden");
	as(stage()->council);
	expect_newest("listIncidents", "refused", "forbidden");
	as(token);
	expect_problem(post(incident_with("{}"), "/v1/incidents"), 403, "forbidden");
	as(stage()->council);
	expect_newest("createIncident", "refused", "forbidden");
}

Test(trail, leaves_out_reading_and_what_would_work)
{
	const char *id = recorded(incident_with("{}"));
	int64_t before = answer_number(newest(), "/data/0/sequence");

	get("/v1/incidents/%s", id);
	get("/v1/incidents/%s", new_id());
	post(incident_with("{}"), "/v1/incidents?dry_run=true");
	cr_assert_eq(answer_number(newest(), "/data/0/sequence"), before);
}

Test(trail, records_what_was_refused_although_it_was_only_tried)
{
	expect_problem(post(json_of("{}"), "/v1/incidents?dry_run=true"), 422, "invalid");
	expect_newest("createIncident", "refused", "invalid");
}

Test(trail, names_the_body_by_its_digest_and_never_holds_it)
{
	recorded(incident_with("{'narrative': 'canary-of-the-trail'}"));
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry AS e"
	                        " WHERE position('canary-of-the-trail' IN to_jsonb(e)::text) > 0",
	                 NULL),
	    0);
	cr_assert_gt(count_rows("SELECT count(*) FROM audit_entry WHERE action = 'createIncident'"
	                        " AND body_sha256 ~ '^[0-9a-f]{64}$'",
	                 NULL),
	    0);
}

Test(trail, is_one_for_each_partnership)
{
	int64_t before = answer_number(newest(), "/data/0/sequence");

	as(stage()->south);
	recorded(incident_with("{}"));
	as(stage()->council);
	cr_assert_eq(answer_number(newest(), "/data/0/sequence"), before);
}

Test(trail, of_simultaneous_writes_has_no_gap)
{
	struct call calls[16];
	const struct answer *answers[16];

	for (size_t i = 0; i < 16; i++)
		calls[i] = (struct call){.method = "POST",
		    .path = "/v1/incidents",
		    .idempotency_key = new_id(),
		    .body = i % 2 ? "{\"nature\":\"other\",\"aware_on\":\"2024-01-08\","
		                    "\"date_precision\":\"unknown\",\"children\":[{}]}"
		                  : "{}"};
	make_at_once(calls, 16, answers);
	cr_assert_eq(count_rows("SELECT count(*) FROM (SELECT sequence, row_number() OVER"
	                        " (PARTITION BY partnership_id ORDER BY sequence) AS number"
	                        " FROM audit_entry) AS e WHERE sequence <> number",
	                 NULL),
	    0);
}

/* What `csprd audit verify` says of south, whose trail these tests break and mend. */
static const char *verify(int status)
{
	static const char *const arguments[] = {"audit", "verify", "--partnership", "south", NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	csprd_run(&stage()->database, arguments, NULL, &outcome);
	const char *said = text_of("%s", text_string(&outcome.output));
	cr_assert_eq(outcome.status, status, "%s", said);
	return said;
}

#define SOUTH "partnership_id = (SELECT id FROM partnership WHERE slug = 'south')"

/* Some entries and a copy of them, to be put back. */
static void prepare(void)
{
	as(stage()->south);
	for (int i = 0; i < 6; i++)
		recorded(incident_with("{}"));
	as(stage()->council);
	cr_assert_not_null(strstr(verify(0), "unbroken"));
	sql_run(&stage()->database, "CREATE TABLE kept_entry AS SELECT * FROM audit_entry", NULL);
}

static void mend(void)
{
	sql_run(&stage()->database, "DELETE FROM audit_entry", NULL);
	sql_run(&stage()->database, "INSERT INTO audit_entry SELECT * FROM kept_entry", NULL);
	sql_run(&stage()->database, "DROP TABLE kept_entry", NULL);
	sql_run(&stage()->database,
	    "UPDATE audit_head AS h SET hash = e.hash FROM audit_entry AS e "
	    "WHERE e.partnership_id = h.partnership_id AND e.sequence = h.sequence",
	    NULL);
	cr_assert_not_null(strstr(verify(0), "unbroken"));
}

static void expect_broken(const char *sql, const char *where)
{
	prepare();
	sql_run(&stage()->database, sql, NULL);
	const char *said = verify(1);
	cr_assert_not_null(strstr(said, where), "%s", said);
	mend();
}

Test(verification, finds_an_entry_that_was_edited)
{
	static const char *const edits[] = {"action = 'x'", "resource_id = 'x'", "outcome = 'done '",
	    "key_id = NULL", "agency_id = gen_random_uuid()", "at = at + interval '1 microsecond'",
	    "request_id = 'x'", "body_sha256 = NULL", "code = 'x'", "resource = 'x'",
	    "hash = sha256('x')"};

	for (size_t i = 0; i < ARRAY_LENGTH(edits); i++)
		expect_broken(text_of("UPDATE audit_entry SET %s WHERE sequence = 5 AND " SOUTH, edits[i]),
		    "BROKEN at entry 5");
}

Test(verification, finds_an_entry_that_was_taken_out)
{
	expect_broken("DELETE FROM audit_entry WHERE sequence = 4 AND " SOUTH, "BROKEN at entry 5");
	expect_broken("DELETE FROM audit_entry WHERE sequence = 1 AND " SOUTH, "BROKEN at entry 2");
}

Test(verification, finds_entries_that_changed_places)
{
	expect_broken("UPDATE audit_entry AS e SET at = k.at, action = k.action, request_id ="
	              " k.request_id, resource = k.resource, resource_id = k.resource_id, key_id ="
	              " k.key_id, agency_id = k.agency_id, body_sha256 = k.body_sha256, hash = k.hash"
	              " FROM kept_entry AS k WHERE k.partnership_id = e.partnership_id"
	              " AND k.sequence + e.sequence = 9 AND e.sequence IN (4, 5) AND e." SOUTH,
	    "BROKEN at entry 4");
}

Test(verification, finds_a_tail_that_was_cut_off)
{
	prepare();
	int64_t head = count_rows("SELECT max(sequence) FROM audit_entry WHERE " SOUTH, NULL);
	sql_run(&stage()->database,
	    "DELETE FROM audit_entry WHERE sequence > $1::bigint - 2 AND " SOUTH,
	    text_of("%ld", (long)head), NULL);
	const char *said = verify(1);
	cr_assert_not_null(strstr(said, text_of("entry %ld is the head", (long)head)), "%s", said);
	cr_assert_not_null(strstr(said, text_of("end with %ld", (long)head - 2)), "%s", said);
	mend();
}

Test(verification, finds_a_head_that_is_not_the_last_entry)
{
	prepare();
	sql_run(&stage()->database,
	    "UPDATE audit_head SET hash = decode(repeat('ab', 32), 'hex') WHERE " SOUTH, NULL);
	const char *said = verify(1);
	cr_assert_not_null(strstr(said, "the head is not entry"), "%s", said);
	mend();
}

Test(verification, finds_an_entry_beyond_the_head)
{
	prepare();
	sql_run(&stage()->database,
	    "INSERT INTO audit_entry (partnership_id, sequence, at, action, resource, outcome, hash) "
	    "SELECT h.partnership_id, h.sequence + 1, now(), 'x', 'x', 'done', h.hash "
	    "FROM audit_head AS h WHERE h." SOUTH,
	    NULL);
	const char *said = verify(1);
	cr_assert_not_null(strstr(said, "is the head"), "%s", said);
	mend();
}

Test(verification, finds_a_whole_trail_that_is_gone)
{
	expect_broken("DELETE FROM audit_entry WHERE " SOUTH, "BROKEN");
}

Test(verification, does_not_blame_one_partnership_for_another)
{
	static const char *const arguments[] = {"audit", "verify", NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	prepare();
	sql_run(&stage()->database, "UPDATE audit_entry SET action = 'x' WHERE sequence = 2 AND " SOUTH,
	    NULL);
	csprd_run(&stage()->database, arguments, NULL, &outcome);
	mend();
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(text_string(&outcome.output), "south: BROKEN at entry 2"));
	cr_assert_not_null(strstr(text_string(&outcome.output), "north: "));
	cr_assert_null(strstr(text_string(&outcome.output), "north: BROKEN"));
}
