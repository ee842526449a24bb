/* Owns the tests of Idempotency-Key: one effect, and one answer again and again. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(repetition, .timeout = 60);
TestSuite(idempotency_key, .timeout = 60);
TestSuite(simultaneous, .timeout = 60);
TestSuite(kept_answer, .timeout = 60);

static const char body[] = "{\"incident_date\":\"2024-01-06\",\"aware_on\":\"2024-01-08\","
                           "\"nature\":\"serious_harm\",\"abuse_neglect_status\":\"known\","
                           "\"children\":[{}]}";

static struct call creation(const char *key)
{
	return (struct call){
	    .method = "POST", .path = "/v1/incidents", .idempotency_key = key, .body = body};
}

static void expect_same(const struct answer *first, const struct answer *again)
{
	cr_assert_eq(again->status, first->status, "%s", told(again));
	cr_assert_str_eq(text_string(&again->body), text_string(&first->body));
	cr_assert_str_eq(answer_header(again, "Location"), answer_header(first, "Location"));
	cr_assert_str_eq(etag_of(again), etag_of(first));
	cr_assert_null(answer_header(first, "Idempotency-Replayed"));
	cr_assert_str_eq(answer_header(again, "Idempotency-Replayed"), "true");
}

Test(repetition, gets_the_same_status_body_location_and_etag)
{
	struct call call = creation(new_id());
	const struct answer *first = make(&call);
	const char *kept = everything_kept();

	expect_status(first, 201);
	expect_same(first, make(&call));
	expect_same(first, make(&call));
	cr_assert_str_eq(everything_kept(), kept);
}

Test(repetition, gets_the_first_answer_although_the_incident_has_changed)
{
	struct call call = creation(new_id());
	const struct answer *first = make(&call);

	patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s",
	    answer_text(first, "/id"));
	expect_same(first, make(&call));
}

Test(repetition, of_a_child_a_notification_and_an_acknowledgement_is_kept_too)
{
	const char *id = recorded(incident_with("{}"));
	struct call child = {.method = "POST",
	    .path = text_of("/v1/incidents/%s/children", id),
	    .idempotency_key = new_id(),
	    .body = "{\"index_child\":true}"};
	struct call notification = {.method = "POST",
	    .path = text_of("/v1/incidents/%s/notifications", id),
	    .idempotency_key = new_id(),
	    .body = "{\"kind\":\"serious_incident\",\"transmission\":\"record\","
	            "\"notified_on\":\"2024-01-11\"}"};
	struct call acknowledgement = {.method = "POST",
	    .idempotency_key = new_id(),
	    .body = "{\"recipient\":\"dfe\",\"acknowledged_on\":\"2024-01-12\",\"channel\":\"email\"}"};

	const struct answer *added = make(&child);
	expect_status(added, 201);
	const struct answer *notified = make(&notification);
	expect_status(notified, 201);
	acknowledgement.path =
	    text_of("/v1/notifications/%s/acknowledgements", answer_text(notified, "/id"));
	const struct answer *acknowledged = make(&acknowledgement);
	expect_status(acknowledged, 201);

	const char *kept = everything_kept();
	expect_same(added, make(&child));
	expect_same(notified, make(&notification));
	expect_same(acknowledged, make(&acknowledgement));
	cr_assert_str_eq(everything_kept(), kept);
}

Test(repetition, is_not_written_in_the_audit_trail_as_a_second_effect)
{
	struct call call = creation(new_id());
	const char *id = answer_text(make(&call), "/id");

	make(&call);
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry WHERE resource_id = $1", id), 1);
}

Test(idempotency_key, with_another_body_is_refused)
{
	struct call call = creation(new_id());

	expect_status(make(&call), 201);
	const char *kept = everything_kept();
	call.body = text_of("%s ", body);
	const struct answer *refused = make(&call);
	expect_problem(refused, 422, "idempotency-mismatch");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(idempotency_key, must_be_there_and_sound)
{
	static const char *const keys[] = {"a b", "\xc3\xa9", "", NULL};
	const char *kept = everything_kept();

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		struct call call = creation(keys[i]);
		const struct answer *refused = make(&call);
		cr_assert(is_problem(refused, 400, "bad-parameter"), "%zu: %s", i, told(refused));
	}
	struct call call = creation(text_of("%0256d", 1));
	expect_problem(make(&call), 400, "bad-parameter");
	cr_assert_str_eq(everything_kept(), kept);
	call.idempotency_key = text_of("%0255d", 1);
	expect_status(make(&call), 201);
}

Test(idempotency_key, of_another_caller_is_another)
{
	struct call call = creation("same");
	const char *first = answer_text(make(&call), "/id");

	call.token = key_with(ALL_SCOPES);
	const struct answer *second = make(&call);
	expect_status(second, 201);
	cr_assert_null(answer_header(second, "Idempotency-Replayed"));
	cr_assert_str_neq(answer_text(second, "/id"), first);
	call.token = stage()->south;
	expect_status(make(&call), 201);
}

Test(idempotency_key, of_another_path_is_another)
{
	const char *first = recorded(incident_with("{}"));
	const char *second = recorded(incident_with("{}"));
	struct call call = {.method = "POST",
	    .path = text_of("/v1/incidents/%s/children", first),
	    .idempotency_key = new_id(),
	    .body = "{}"};

	expect_status(make(&call), 201);
	call.path = text_of("/v1/incidents/%s/children", second);
	const struct answer *other = make(&call);
	expect_status(other, 201);
	cr_assert_null(answer_header(other, "Idempotency-Replayed"));
}

Test(idempotency_key, of_what_was_refused_is_free)
{
	struct call call = creation(new_id());

	call.body = "{\"nature\":\"bad\"}";
	expect_problem(make(&call), 422, "invalid");
	call.body = "{\"nature\":\"other\",\"aware_on\":\"2024-01-08\",\"children\":[{}]}";
	expect_problem(make(&call), 422, "invalid");
	call.body = body;
	const struct answer *made = make(&call);
	expect_status(made, 201);
	cr_assert_null(answer_header(made, "Idempotency-Replayed"));
}

Test(idempotency_key, of_a_conflict_is_free)
{
	const char *id = recorded(incident_with("{'local_ref': 'TAKEN'}"));
	struct call call = creation(new_id());

	call.body = text_of("%.*s,\"local_ref\":\"TAKEN\"}", (int)strlen(body) - 1, body);
	expect_problem(make(&call), 409, "duplicate");
	patch(json_of("{'local_ref': 'FREED'}"), "\"1\"", "/v1/incidents/%s", id);
	expect_status(make(&call), 201);
}

Test(simultaneous, requests_with_one_key_leave_one_incident)
{
	enum { CLIENTS = 32 };
	struct call calls[CLIENTS];
	const struct answer *answers[CLIENTS];
	int64_t before = count_rows("SELECT count(*) FROM incident", NULL);
	const char *key = new_id();
	const struct answer *first = NULL;
	size_t made = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		calls[i] = creation(key);
	make_at_once(calls, CLIENTS, answers);
	for (size_t i = 0; i < CLIENTS; i++)
		if (answers[i]->status == 201 && !answer_header(answers[i], "Idempotency-Replayed")) {
			first = answers[i];
			made++;
		}
	cr_assert_eq(made, 1);
	for (size_t i = 0; i < CLIENTS; i++) {
		if (answers[i] == first)
			continue;
		if (answers[i]->status == 201) {
			expect_same(first, answers[i]);
		} else {
			expect_problem(answers[i], 409, "idempotency-in-progress");
		}
	}
	cr_assert_eq(count_rows("SELECT count(*) FROM incident", NULL), before + 1);
}

Test(simultaneous, requests_that_are_told_to_wait_get_the_answer_later)
{
	struct call calls[8];
	const struct answer *answers[8];
	const char *id = recorded(incident_with("{}"));

	for (size_t i = 0; i < 8; i++)
		calls[i] = (struct call){.method = "POST",
		    .path = text_of("/v1/incidents/%s/notifications", id),
		    .idempotency_key = "one-notification",
		    .body = "{\"kind\":\"serious_incident\"}"};
	make_at_once(calls, 8, answers);
	const struct answer *again = make(&calls[0]);
	expect_status(again, 201);
	cr_assert_str_eq(answer_header(again, "Idempotency-Replayed"), "true");
	for (size_t i = 0; i < 8; i++)
		cr_assert(
		    answers[i]->status == 201 || is_problem(answers[i], 409, "idempotency-in-progress"),
		    "%s", told(answers[i]));
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM notification WHERE incident_id = $1::uuid", id), 1);
}

Test(simultaneous, requests_with_keys_of_their_own_all_count)
{
	struct call calls[32];
	const struct answer *answers[32];
	int64_t before = count_rows("SELECT count(*) FROM incident", NULL);

	for (size_t i = 0; i < 32; i++)
		calls[i] = creation(new_id());
	make_at_once(calls, 32, answers);
	for (size_t i = 0; i < 32; i++)
		expect_status(answers[i], 201);
	cr_assert_eq(count_rows("SELECT count(*) FROM incident", NULL), before + 32);
}

Test(kept_answer, is_forgotten_after_thirty_days)
{
	static const char *const tidy[] = {"tidy", NULL};
	const struct database *database = &stage()->database;
	const char *key = new_id();
	struct call call = creation(key);
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	CLEANUP(outcome_finish) struct outcome again = {0};

	expect_status(make(&call), 201);
	csprd_run(database, tidy, NULL, &outcome);
	cr_assert_eq(outcome.status, 0);
	cr_assert_eq(sql_number(database, "SELECT count(*) FROM idempotency WHERE key = $1", key, NULL),
	    1, "not before its time");

	sql_run(database,
	    "UPDATE idempotency SET created_at = now() - interval '31 days' WHERE key = $1", key, NULL);
	const struct answer *fresh = make(&call);
	expect_status(fresh, 201);
	cr_assert_null(answer_header(fresh, "Idempotency-Replayed"));

	sql_run(database,
	    "UPDATE idempotency SET created_at = now() - interval '31 days' WHERE key = $1", key, NULL);
	csprd_run(database, tidy, NULL, &again);
	cr_assert_eq(again.status, 0);
	cr_assert_eq(
	    sql_number(database, "SELECT count(*) FROM idempotency WHERE key = $1", key, NULL), 0);
}

static void restrict_trust_from(const char *incident)
{
	as(stage()->council);
	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'A conflict.'}", agency_of("trust")),
	                  "/v1/incidents/%s/restrictions", incident),
	    201);
}

Test(kept_answer, is_told_no_more_to_an_agency_that_is_kept_from_it_since)
{
	const char *trust = key_of("north", "trust", ALL_SCOPES);
	struct call creating = creation(new_id());
	struct call another = creation(new_id());

	as(trust);
	const char *id = answer_text(make(&creating), "/id");
	const struct answer *first = make(&another);
	struct call calls[] = {
	    {.path = text_of("/v1/incidents/%s/children", id), .body = "{\"index_child\":false}"},
	    {.path = text_of("/v1/incidents/%s/notifications", id),
	        .body = "{\"kind\":\"serious_incident\"}"},
	    {.path = text_of("/v1/incidents/%s/linked-processes", id),
	        .body = "{\"type\":\"child_death_overview\",\"reference\":\"CDOP-1\"}"},
	};
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		calls[i].method = "POST";
		calls[i].idempotency_key = new_id();
		expect_status(make(&calls[i]), 201);
		expect_status(make(&calls[i]), 201);
	}
	restrict_trust_from(id);
	as(trust);
	expect_problem(make(&creating), 404, "not-found");
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++)
		expect_problem(make(&calls[i]), 404, "not-found");
	expect_same(first, make(&another));
}
