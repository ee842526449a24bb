/* Owns the tests of the form's answers and of the proof that each recipient was told. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(form, .timeout = 60);
TestSuite(proof, .timeout = 60);

static const struct answer *as_csv(const char *path)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};

	return make(&(struct call){.path = path, .headers = headers});
}

static const char *whole_incident(void)
{
	return recorded(incident_with(
	    "{'notifying_basis': 'in_area', 'location_type': 'home', 'la_of_incident': 'E08000028',"
	    " 'la_of_residence': 'E08000028', 'narrative': '=He said, \\\"nothing\\\"',"
	    " 'immediate_actions': 'A strategy meeting.', 'harm_types': ['neglect', 'physical_abuse'],"
	    " 'other_children_at_risk_considered': true, 'abuse_neglect_status': 'known',"
	    " 'children': [{'role': 'victim', 'age_years': 3, 'sex': 'F', 'ethnicity': 'WBRI',"
	    " 'disabilities': ['NONE'], 'mental_health_condition': 'no', 'known_to_any_agency': 'yes',"
	    " 'csc_status': 'cin_plan', 'cp_plan': 'none', 'lac_status': 'none',"
	    " 'education_status': 'early_years'}]}"));
}

Test(form, of_a_whole_incident_can_be_copied)
{
	const char *id = whole_incident();
	const struct answer *form = get("/v1/incidents/%s/notification-form", id);

	expect_status(form, 200);
	expect_value(form, "/complete", "true");
	expect_value(form, "/missing", "[]");
	expect_value(form, "/due_on", "'2024-01-15'");
	expect_value(form, "/time_limit_minutes", "20");
	expect_value(form, "/saves_drafts", "false");
	expect_value(form, "/sections/0/section", "'notifier'");
	expect_value(form, "/sections/0/answers/1/state", "'not_held'");
	expect_value(form, "/sections/2/answers/0/value", "'serious_harm'");
	expect_value(form, "/sections/3/section", "'child_1'");
	const char *etag = etag_of(form);
	const char *const headers[] = {text_of("If-None-Match: %s", etag), NULL};
	expect_status(make(&(struct call){.path = text_of("/v1/incidents/%s/notification-form", id),
	                  .headers = headers}),
	    304);
}

Test(form, is_a_sheet_too_which_no_program_runs)
{
	const struct answer *form =
	    as_csv(text_of("/v1/incidents/%s/notification-form", whole_incident()));

	expect_status(form, 200);
	const char *text = text_string(&form->body);
	cr_assert_eq(strncmp(text, "section,question,value,state,field,note\r\n", 41), 0, "%s", text);
	cr_assert_not_null(
	    strstr(text, "incident,Kinds of harm,\"neglect; physical_abuse\",answered,"), "%s", text);
	cr_assert_not_null(
	    strstr(text, ",\"'=He said, \"\"nothing\"\"\",answered,/narrative,"), "%s", text);
	cr_assert_not_null(strstr(text, "child_1,Age in years,3,answered,/children/0/age_years,"));
}

Test(form, tells_what_is_missing_before_anybody_opens_it)
{
	const char *id = recorded(incident_with("{'children': [{'lac_status': 'current'}]}"));
	const struct answer *form = get("/v1/incidents/%s/notification-form", id);

	expect_value(form, "/complete", "false");
	cr_assert_eq(count_of(answer_at(form, "/missing"), "code", "child_1_legal_status"), 1);
	cr_assert_eq(count_of(answer_at(form, "/missing"), "code", "child_1_sex"), 1);
	expect_problem(get("/v1/incidents/%s/notification-form", new_id()), 404, "not-found");
}

static const struct answer *notify(const char *id, const char *notified_on)
{
	return post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                    " 'notified_on': '%s'}",
	                notified_on),
	    "/v1/incidents/%s/notifications", id);
}

Test(proof, begins_with_those_whom_nobody_has_told)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *proof = get("/v1/incidents/%s/proof", id);

	expect_status(proof, 200);
	cr_assert_eq(json_array_size(answer_at(proof, "/data")), 3);
	cr_assert_eq(count_of(answer_at(proof, "/data"), "standing", "outstanding"), 3);
	expect_value(proof, "/data/0/kind", "'serious_incident'");
	expect_value(proof, "/data/0/due_on", "'2024-01-15'");
	expect_value(proof, "/data/0/on_time", "false");
	expect_value(proof, "/data/0/notified_on", "null");
}

Test(proof, of_an_incident_without_a_duty_is_empty)
{
	const char *id = recorded(incident_with(
	    "{'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': null}"));
	const struct answer *proof = get("/v1/incidents/%s/proof", id);

	expect_value(proof, "/duty", "'none'");
	expect_value(proof, "/data", "[]");
}

Test(proof, sets_what_counts_in_law_beside_the_services_own_record)
{
	const char *id = recorded(incident_with("{}"));
	const char *notification = answer_text(notify(id, "2024-01-11"), "/id");
	expect_status(post(json_of("{'recipient': 'dfe', 'acknowledged_on': '2024-01-11',"
	                           " 'channel': 'telephone'}"),
	                  "/v1/notifications/%s/acknowledgements", notification),
	    201);
	expect_status(
	    post(json_of("{'recipient': 'dfe', 'reference': 'SIN-7',"
	                 " 'acknowledged_on': '2024-01-12', 'channel': 'dfe_form',"
	                 " 'acknowledged_by': 'service desk', 'document_sha256':"
	                 " '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'}"),
	        "/v1/notifications/%s/acknowledgements", notification),
	    201);

	const struct answer *proof = get("/v1/incidents/%s/proof", id);
	cr_assert_eq(json_array_size(answer_at(proof, "/data")), 3);
	expect_value(proof, "/data/0/recipient", "'dfe'");
	expect_value(proof, "/data/0/standing", "'acknowledged'");
	expect_value(proof, "/data/0/reference", "'SIN-7'");
	expect_value(proof, "/data/0/acknowledged_on", "'2024-01-12'");
	expect_value(proof, "/data/0/acknowledged_by", "'service desk'");
	expect_value(proof, "/data/0/channel", "'dfe_form'");
	expect_value(proof, "/data/0/acknowledgements", "2");
	expect_value(proof, "/data/0/due_on", "'2024-01-15'");
	expect_value(proof, "/data/0/on_time", "true");
	expect_value(proof, "/data/0/working_days", "3");
	expect_value(proof, "/data/0/delivery_state", "null");
	expect_value(proof, "/data/1/standing", "'notified'");
	expect_value(proof, "/data/1/acknowledged_on", "null");
}

Test(proof, tells_a_late_notification_and_counts_no_days_for_an_update)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, "2024-01-17"), 201);
	expect_status(post(json_of("{'kind': 'update', 'changes': 'News.'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	const struct answer *proof = get("/v1/incidents/%s/proof", id);
	cr_assert_eq(json_array_size(answer_at(proof, "/data")), 6);
	expect_value(proof, "/data/0/on_time", "false");
	expect_value(proof, "/data/0/working_days", "7");
	expect_value(proof, "/data/3/kind", "'update'");
	expect_value(proof, "/data/3/due_on", "null");
	expect_value(proof, "/data/3/on_time", "null");
	expect_value(proof, "/data/3/working_days", "null");
}

Test(proof, has_the_state_of_each_delivery)
{
	const char *id = recorded(incident_with("{}"));
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, recipient, name, url, event_types,"
	    " secret_sealed) SELECT p.id, gen_random_uuid(), 'panel', 'panel', "
	    "'https://panel.invalid/',"
	    " '{incident.notified}', '\\x00' FROM partnership AS p WHERE p.slug = 'north'",
	    NULL);

	expect_status(
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", id), 201);
	const struct answer *proof = get("/v1/incidents/%s/proof", id);
	expect_value(proof, "/data/2/recipient", "'panel'");
	cr_assert(json_is_string(answer_at(proof, "/data/2/delivery_state")));
	cr_assert(json_is_integer(answer_at(proof, "/data/2/attempts")));
	expect_value(proof, "/data/2/standing", "'notified'");
	expect_value(proof, "/data/0/delivery_state", "null");
}

Test(proof, is_a_sheet_too)
{
	const char *id = recorded(incident_with("{}"));

	notify(id, "2024-01-11");
	const struct answer *proof = as_csv(text_of("/v1/incidents/%s/proof", id));
	expect_status(proof, 200);
	const char *text = text_string(&proof->body);
	cr_assert_eq(strncmp(text, "kind,recipient,standing,notification_id,", 40), 0, "%s", text);
	cr_assert_not_null(strstr(text, "serious_incident,panel,notified,"), "%s", text);
	cr_assert_not_null(strstr(text, ",record,2024-01-11,2024-01-15,true,3,"), "%s", text);
}
