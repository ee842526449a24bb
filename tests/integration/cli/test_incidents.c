/* Incidents, their children and their records, as a shell brings them in and reads them. */
#include "fixture.h"

#include <string.h>

STAGE(ALL_SCOPES, NULL)
TestSuite(incident, .init = scratch_make, .fini = scratch_remove);
TestSuite(child, .init = scratch_make, .fini = scratch_remove);
TestSuite(case_system, .init = scratch_make, .fini = scratch_remove);
TestSuite(administration, .init = scratch_make, .fini = scratch_remove);

Test(incident, is_created_from_a_file_from_stdin_and_from_settings)
{
	const struct ran *file =
	    run("incident", "create", "-f", scratch_file("incident.json", incident_body()), NULL);
	expect_status(file, 0);
	cr_assert_str_eq(text_at(file, "/duty"), "serious_incident");

	give(incident_body());
	const struct ran *stdin_and_settings = run("incident", "create", "--file=-", "--set",
	    "local_ref=12345", "--set", "children.0.age_years=7", NULL);
	expect_status(stdin_and_settings, 0);
	cr_assert_str_eq(text_at(stdin_and_settings, "/local_ref"), "12345",
	    "what the document calls a string is sent as one");
	cr_assert_eq(json_integer_value(value_at(stdin_and_settings, "/children/0/age_years")), 7);

	const struct ran *settings =
	    run("incident", "create", "--set", "nature=serious_harm", "--set", "aware_on=2024-01-08",
	        "--set", "incident_date=2024-01-06", "--set", "abuse_neglect_status=known", "--set",
	        "harm_types=[\"physical_abuse\"]", "--set", "children.0.index_child=true", "--set",
	        "children.0.role=victim", "--set", "children.0.nature=serious_harm", "--set",
	        "children.1.role=other_affected", "--set", "children.1.nature=none", NULL);
	expect_status(settings, 0);
	cr_assert_eq(json_array_size(value_at(settings, "/children")), 2);
	cr_assert_str_eq(text_at(settings, "/harm_types/0"), "physical_abuse");
}

Test(incident, is_checked_and_not_kept_by_a_dry_run)
{
	give(incident_body());
	const struct ran *dry =
	    run("incident", "create", "-f", "-", "--set", "local_ref=DRY-1", "--dry-run", NULL);
	expect_status(dry, 0);
	cr_assert_str_eq(text_at(dry, "/duty"), "serious_incident");
	const struct ran *list = run("incident", "list", "--local-ref", "DRY-1", NULL);
	expect_status(list, 0);
	cr_assert_eq(json_array_size(value_at(list, "/data")), 0);

	give(incident_body());
	expect_status(
	    run("incident", "create", "-f", "-", "--set", "nature=bogus", "--dry-run", NULL), 6);
}

Test(incident, is_created_once_under_one_idempotency_key)
{
	const char *body = scratch_file("incident.json", incident_body());
	const struct ran *first =
	    run("incident", "create", "-f", body, "--idempotency-key", "the-key-of-this-test", NULL);
	const struct ran *again =
	    run("incident", "create", "-f", body, "--idempotency-key", "the-key-of-this-test", NULL);

	expect_status(first, 0);
	expect_status(again, 0);
	cr_assert_str_eq(text_at(first, "/id"), text_at(again, "/id"));
	expect_has(again->errors, "done before");
	const struct ran *other = run("incident", "create", "-f", body, "--set", "media_interest=true",
	    "--idempotency-key", "the-key-of-this-test", NULL);
	expect_status(other, 6);
}

Test(incident, is_read_changed_and_shown_with_its_clocks_and_history)
{
	const char *id = incident_made();
	const struct ran *read = run("incident", "get", id, NULL);
	expect_status(read, 0);
	cr_assert_str_eq(text_at(read, "/id"), id);
	cr_assert_eq(json_integer_value(value_at(read, "/version")), 1);

	/* The version is looked up unless it is given. */
	const struct ran *changed = run("incident", "patch", id, "--set", "media_interest=true", NULL);
	expect_status(changed, 0);
	cr_assert(json_is_true(value_at(changed, "/media_interest")));
	cr_assert_eq(json_integer_value(value_at(changed, "/version")), 2);
	const struct ran *denied = run("incident", "patch", id, "--set", "media_interest=false", NULL);
	expect_status(denied, 0);
	cr_assert(json_is_false(value_at(denied, "/media_interest")));
	const struct ran *cleared =
	    run("incident", "patch", id, "--if-match", "3", "--set", "media_interest=null", NULL);
	expect_status(cleared, 0);
	cr_assert(json_is_null(value_at(cleared, "/media_interest")));
	expect_status(
	    run("incident", "patch", id, "--if-match", "2", "--set", "police_appeal=true", NULL), 7);

	const struct ran *clocks = run("incident", "clocks", id, NULL);
	expect_status(clocks, 0);
	cr_assert_str_eq(text_at(clocks, "/clocks/0/kind"), "sin");
	cr_assert_str_eq(text_at(clocks, "/clocks/0/due_on"), "2024-01-15");
	const struct ran *history = run("incident", "history", id, NULL);
	expect_status(history, 0);
	cr_assert_geq(json_array_size(value_at(history, "/data")), 3);
}

Test(incident, is_found_by_its_filters)
{
	const char *id = incident_made();
	const struct ran *read = run("incident", "get", id, NULL);
	const char *reference = text_at(read, "/local_ref");
	const struct ran *found = run("incident", "list", "--local-ref", reference, "--state",
	    "recorded,notified", "--nature=serious_harm", "--aware-on-gte", "2024-01-08",
	    "--aware-on-lte", "2024-01-08", "--sort=-aware_on", "-o", "id", NULL);

	expect_status(found, 0);
	cr_assert_str_eq(found->output, text_of("%s\n", id));
	const struct ran *missed = run("incident", "list", "--local-ref", reference, "--aware-on-gte",
	    "2024-01-09", "-o", "id", NULL);
	expect_status(missed, 0);
	cr_assert_str_eq(missed->output, "");
}

Test(child, is_added_listed_read_and_changed)
{
	const char *incident = incident_made();
	const struct ran *made = run("child", "create", incident, "--set", "role=other_affected",
	    "--set", "nature=none", "--set", "age_years=3", NULL);
	expect_status(made, 0);
	const char *id = text_at(made, "/id");
	const struct ran *list = run("child", "list", incident, "-o", "id", NULL);
	expect_status(list, 0);
	cr_assert_eq(count_lines(list->output), 2);
	expect_has(list->output, id);
	const struct ran *changed = run("child", "patch", incident, id, "--set", "age_years=4", NULL);
	expect_status(changed, 0);
	const struct ran *read = run("child", "get", incident, id, NULL);
	expect_status(read, 0);
	cr_assert_eq(json_integer_value(value_at(read, "/age_years")), 4);
}

Test(case_system, puts_the_same_incident_as_often_as_it_likes)
{
	const char *body = scratch_file("incident.json",
	    json_of("{'incident_date':'2024-01-06','aware_on':'2024-01-08','nature':'serious_harm',"
	            "'abuse_neglect_status':'suspected','children':[{'external_id':'C-1',"
	            "'index_child':true,'role':'victim','nature':'serious_harm'}]}"));
	const struct ran *first = run("case-system", "put", "trustsys", "CASE-1", "-f", body, NULL);
	const struct ran *again = run("case-system", "put", "trustsys", "CASE-1", "-f", body, NULL);

	expect_status(first, 0);
	expect_status(again, 0);
	cr_assert_str_eq(text_at(first, "/id"), text_at(again, "/id"));
	const struct ran *read = run("case-system", "get", "trustsys", "CASE-1", NULL);
	expect_status(read, 0);
	cr_assert_str_eq(text_at(read, "/external_id"), "CASE-1");
}

Test(administration, shows_the_partnership_its_agencies_the_calendar_and_the_audit_trail)
{
	const struct ran *partnership = run("partnership", "get", NULL);
	expect_status(partnership, 0);
	cr_assert_str_eq(text_at(partnership, "/slug"), "north");
	const struct ran *agencies = run("agency", "list", "-o", "csv", NULL);
	expect_status(agencies, 0);
	expect_has(agencies->output, "council,");
	expect_has(agencies->output, "trust,");
	const struct ran *partners = run("agency", "list", "--statutory-partner", "-o", "csv", NULL);
	expect_status(partners, 0);
	expect_has(partners->output, "council,");
	expect_lacks(partners->output, "trust,");
	static const char *const others[] = {"--no-statutory-partner", "--statutory-partner=false"};
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		const struct ran *rest = run("agency", "list", others[i], "-o", "csv", NULL);
		expect_status(rest, 0);
		expect_has(rest->output, "trust,");
		expect_lacks(rest->output, "council,");
	}
	const struct ran *working_day =
	    run("calendar", "working-day", "--from", "2024-03-28", "--add", "1", NULL);
	expect_status(working_day, 0);
	cr_assert_str_eq(text_at(working_day, "/date"), "2024-04-02", "Easter lies between them");
	const struct ran *holidays = run("calendar", "bank-holidays", "--year", "2024", NULL);
	expect_status(holidays, 0);
	cr_assert_eq(json_array_size(value_at(holidays, "/data")), 8);
	const struct ran *clocks = run("clocks", "simulate", "--aware-on", "2024-01-08", NULL);
	expect_status(clocks, 0);
	expect_has(clocks->output, "2024-01-15");
	incident_made();
	const struct ran *audit = run("audit", "list", "-o", "ndjson", NULL);
	expect_status(audit, 0);
	expect_has(audit->output, "\"createIncident\"");
	cr_assert_str_eq(text_at(run("service", "live", NULL), "/status"), "live");
	cr_assert_str_eq(text_at(run("service", "ready", NULL), "/status"), "ready");
	cr_assert_str_eq(text_at(run("service", "openapi", NULL), "/info/title"), "cspr");
}
