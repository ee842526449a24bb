/* Owns the tests of recording an incident and reading it back. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(incident, .timeout = 60);
TestSuite(dry_run, .timeout = 60);
TestSuite(csv, .timeout = 60);

Test(incident, is_recorded_with_its_children_its_duty_and_its_due_date)
{
	const struct answer *made =
	    record(incident_with("{'children': [{'role': 'other_affected', 'nature': 'none'},"
	                         " {'index_child': true, 'role': 'victim', 'age_years': 4}]}"));
	const char *id = answer_text(made, "/id");

	cr_assert_str_eq(answer_header(made, "Location"), text_of("/v1/incidents/%s", id));
	cr_assert_str_eq(etag_of(made), "\"1\"");
	expect_value(made, "/version", "1");
	expect_value(made, "/state", "'recorded'");
	expect_value(made, "/duty", "'serious_incident'");
	expect_value(made, "/duty_rule", "'s16c_serious_harm_abuse_known_or_suspected'");
	expect_value(made, "/sin_due_on", "'2024-01-15'");
	expect_value(made, "/date_precision", "'exact'");
	cr_assert_eq(json_array_size(answer_at(made, "/children")), 2);
	expect_value(made, "/children/0/index_child", "true");
	expect_value(made, "/children/0/role", "'victim'");
	expect_value(made, "/children/1/nature", "'none'");
}

Test(incident, reads_as_it_was_answered_when_it_was_recorded)
{
	const struct answer *made = record(incident_with("{'harm_types': ['neglect', 'other'],"
	                                                 " 'suspected_perpetrators':"
	                                                 " [{'relationship': 'stranger'}]}"));
	const struct answer *read = get("/v1/incidents/%s", answer_text(made, "/id"));

	expect_status(read, 200);
	cr_assert(json_equal(made->json, read->json), "%s", told(read));
	cr_assert_str_eq(etag_of(read), etag_of(made));
}

Test(incident, is_found_at_the_location_it_was_given)
{
	const struct answer *made = record(incident_with("{}"));

	expect_status(get("%s", answer_header(made, "Location")), 200);
}

Test(incident, is_written_whole_or_not_at_all)
{
	const char *id = recorded(incident_with("{}"));

	cr_assert_eq(count_rows("SELECT count(*) FROM child WHERE incident_id = $1::uuid", id), 1);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE incident_id = $1::uuid", id), 1);
	cr_assert_eq(count_rows("SELECT count(*) FROM change WHERE subject_id = $1::uuid", id), 2);
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE incident_id = $1::uuid", id), 1);
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry WHERE resource_id = $1"
	                        " AND action = 'createIncident' AND outcome = 'done'",
	                 id),
	    1);
}

Test(incident, keeps_what_was_not_asked_apart_from_what_nobody_knew)
{
	const struct answer *made =
	    record(incident_with("{'location_type': 'not_known', 'cause_of_death': 'not_applicable'}"));

	expect_value(made, "/location_type", "'not_known'");
	expect_value(made, "/cause_of_death", "'not_applicable'");
	expect_value(made, "/media_interest", "null");
}

Test(incident, takes_its_day_of_awareness_in_london_from_the_instant)
{
	const struct answer *made =
	    record(incident_with("{'aware_on': null, 'incident_date': '2024-06-28',"
	                         " 'aware_at': '2024-06-30T23:30:00Z'}"));

	expect_value(made, "/aware_on", "'2024-07-01'");
	expect_value(made, "/aware_at", "'2024-06-30T23:30:00.000Z'");
	expect_value(made, "/sin_due_on", "'2024-07-08'");
}

Test(incident, has_no_clock_where_no_duty_follows)
{
	const struct answer *made = record(incident_with(
	    "{'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': null}"));

	expect_value(made, "/duty", "'none'");
	expect_value(made, "/sin_due_on", "null");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE incident_id = $1::uuid",
	                 answer_text(made, "/id")),
	    0);
}

Test(incident, gets_a_reference_of_its_own_when_it_comes_without)
{
	const char *first = answer_text(record(incident_with("{}")), "/local_ref");
	const char *second = answer_text(record(incident_with("{}")), "/local_ref");

	cr_assert_eq(strncmp(first, "SI-20", 5), 0, "%s", first);
	cr_assert_str_neq(first, second);
}

Test(incident, is_refused_when_its_reference_is_taken)
{
	recorded(incident_with("{'local_ref': 'TAKEN/1'}"));
	const char *kept = everything_kept();
	const struct answer *again = post(incident_with("{'local_ref': 'TAKEN/1'}"), "/v1/incidents");

	expect_problem(again, 409, "duplicate");
	expect_fault(again, "/local_ref", "duplicate");
	cr_assert_str_eq(everything_kept(), kept);
	as(stage()->south);
	expect_status(post(incident_with("{'local_ref': 'TAKEN/1'}"), "/v1/incidents"), 201);
}

Test(incident, keeps_every_character_of_its_text)
{
	const struct answer *made = record(
	    incident_with("{'narrative': 'Zoë – “quoted” \\\\ \\n\\t \\u0022 日本 👶 {\\u007d $1'}"));
	const struct answer *read = get("/v1/incidents/%s", answer_text(made, "/id"));

	cr_assert_str_eq(answer_text(read, "/narrative"), "Zoë – “quoted” \\ \n\t \" 日本 👶 {} $1");
}

Test(incident, is_the_council_s_whoever_of_it_reads)
{
	const struct answer *made = record(incident_with("{}"));
	CLEANUP(free)
	char *council = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = 'council'",
	    NULL);

	cr_assert_str_eq(answer_text(made, "/created_by_agency_id"), council);
	as(stage()->trust);
	expect_status(get("/v1/incidents/%s", answer_text(made, "/id")), 200);
}

Test(dry_run, shows_the_incident_and_keeps_nothing)
{
	const char *kept = everything_kept();
	const struct answer *shown = post(incident_with("{}"), "/v1/incidents?dry_run=true");

	expect_status(shown, 200);
	expect_value(shown, "/sin_due_on", "'2024-01-15'");
	cr_assert_null(answer_header(shown, "Location"));
	cr_assert_str_eq(everything_kept(), kept);
	expect_problem(get("/v1/incidents/%s", answer_text(shown, "/id")), 404, "not-found");
}

Test(dry_run, refuses_what_the_real_one_would_refuse)
{
	recorded(incident_with("{'local_ref': 'TAKEN/2'}"));

	expect_problem(post(incident_with("{'local_ref': 'TAKEN/2'}"), "/v1/incidents?dry_run=true"),
	    409, "duplicate");
	expect_problem(post(incident_with("{'aware_on': '2024-01-01'}"), "/v1/incidents?dry_run=true"),
	    422, "invalid");
}

Test(dry_run, leaves_its_key_free_for_the_real_request)
{
	CLEANUP(json_decref) json_t *body = incident_with("{}");
	struct call call = {.method = "POST",
	    .path = "/v1/incidents?dry_run=true",
	    .idempotency_key = new_id(),
	    .json = body};

	expect_status(make(&call), 200);
	call.path = "/v1/incidents";
	const struct answer *made = make(&call);
	expect_status(made, 201);
	cr_assert_null(answer_header(made, "Idempotency-Replayed"));
}

Test(dry_run, of_a_patch_shows_the_change_and_keeps_nothing)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *shown =
	    patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s?dry_run=true", id);

	expect_status(shown, 200);
	expect_value(shown, "/media_interest", "true");
	cr_assert_str_eq(everything_kept(), kept);
}

static const char *list_as_csv(const char *path)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};
	const struct answer *answer = make(&(struct call){.path = path, .headers = headers});

	expect_status(answer, 200);
	cr_assert_str_eq(answer_header(answer, "Content-Type"), "text/csv");
	return text_string(&answer->body);
}

Test(csv, has_a_line_of_names_and_one_for_each_incident)
{
	recorded(incident_with("{'local_ref': 'CSV-1'}"));
	const char *csv = list_as_csv("/v1/incidents?local_ref=CSV-1");
	const char *first = strstr(csv, "\r\n");

	cr_assert_not_null(first);
	cr_assert_not_null(strstr(csv, ",local_ref,"));
	cr_assert_not_null(strstr(first, ",CSV-1,"));
	cr_assert_str_eq(strstr(first + 2, "\r\n"), "\r\n");
}

Test(csv, takes_the_force_from_cells_that_a_spreadsheet_would_run)
{
	static const char *const formulas[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\\tX"};

	for (size_t i = 0; i < ARRAY_LENGTH(formulas); i++) {
		const char *reference = text_of("FORMULA-%zu", i);
		recorded(incident_with(
		    "{'local_ref': '%s', 'narrative': '%s,\\u0022x\\u0022'}", reference, formulas[i]));
		const char *csv = list_as_csv(text_of("/v1/incidents?local_ref=%s", reference));
		const char *safe =
		    text_of(",\"'%s,\"\"x\"\"\",", strcmp(formulas[i], "\\tX") == 0 ? "\tX" : formulas[i]);
		cr_assert_not_null(strstr(csv, safe), "%s", csv);
	}
}
