/* Owns the tests of changing an incident: merge patch, versions and history. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(merge_patch, .timeout = 60);
TestSuite(version, .timeout = 60);
TestSuite(history, .timeout = 60);

Test(merge_patch, keeps_what_is_absent_clears_null_and_sets_values)
{
	const char *id =
	    recorded(incident_with("{'aware_by': 'night team', 'media_interest': false,"
	                           " 'harm_types': ['neglect'], 'location_type': 'home'}"));
	const struct answer *changed =
	    patch(json_of("{'aware_by': null, 'media_interest': true, 'harm_types': "
	                  "['self_harm_or_attempted_suicide', 'other']}"),
	        "\"1\"", "/v1/incidents/%s", id);

	expect_status(changed, 200);
	expect_value(changed, "/aware_by", "null");
	expect_value(changed, "/media_interest", "true");
	expect_value(changed, "/harm_types", "['self_harm_or_attempted_suicide', 'other']");
	expect_value(changed, "/location_type", "'home'");
	expect_value(changed, "/version", "2");
	cr_assert_str_eq(etag_of(changed), "\"2\"");
	cr_assert(json_equal(get("/v1/incidents/%s", id)->json, changed->json));
}

Test(merge_patch, replaces_a_list_of_objects_whole)
{
	const char *id =
	    recorded(incident_with("{'suspected_perpetrators': [{'relationship': 'mother', 'sex': 'F'},"
	                           " {'relationship': 'stranger'}]}"));
	const struct answer *changed =
	    patch(json_of("{'suspected_perpetrators': [{'relationship': 'father'}]}"), "\"1\"",
	        "/v1/incidents/%s", id);

	expect_value(changed, "/suspected_perpetrators", "[{'relationship': 'father'}]");
}

Test(merge_patch, decides_the_duty_anew)
{
	const char *id = recorded(incident_with("{'notifying_basis': null}"));
	const struct answer *changed =
	    patch(json_of("{'abuse_neglect_status': 'not_known_or_suspected'}"), "\"1\"",
	        "/v1/incidents/%s", id);

	expect_value(changed, "/duty", "'none'");
	expect_value(changed, "/sin_due_on", "null");
	changed = patch(json_of("{'abuse_neglect_status': 'known'}"), "\"2\"", "/v1/incidents/%s", id);
	expect_value(changed, "/duty", "'serious_incident'");
	expect_value(changed, "/sin_due_on", "'2024-01-15'");
}

Test(merge_patch, cannot_clear_what_an_incident_must_have)
{
	static const char *const fields[] = {"nature", "aware_on", "local_ref"};
	const char *id = recorded(incident_with("{}"));

	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		const struct answer *refused =
		    patch(json_of("{'%s': null}", fields[i]), "\"1\"", "/v1/incidents/%s", id);
		expect_problem(refused, 422, "invalid");
		expect_fault(refused, text_of("/%s", fields[i]), "type");
	}
}

Test(merge_patch, obeys_the_rules_of_the_whole_incident)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *refused =
	    patch(json_of("{'aware_on': '2024-01-05'}"), "\"1\"", "/v1/incidents/%s", id);

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/aware_on", "aware_before_incident");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(merge_patch, refuses_children_empty_objects_and_plain_json)
{
	const char *id = recorded(incident_with("{}"));
	const char *path = text_of("/v1/incidents/%s", id);

	expect_fault(
	    patch(json_of("{'children': []}"), "\"1\"", "%s", path), "/children", "unknown_field");
	expect_problem(patch(json_of("{}"), "\"1\"", "%s", path), 422, "invalid");
	expect_problem(make(&(struct call){.method = "PATCH",
	                   .path = path,
	                   .if_match = "\"1\"",
	                   .content_type = "application/json",
	                   .body = "{\"media_interest\":true}"}),
	    415, "unsupported-media-type");
}

Test(merge_patch, to_a_reference_that_is_taken_is_refused)
{
	const char *id = recorded(incident_with("{}"));

	recorded(incident_with("{'local_ref': 'TAKEN'}"));
	expect_problem(patch(json_of("{'local_ref': 'TAKEN'}"), "\"1\"", "/v1/incidents/%s", id), 409,
	    "duplicate");
	expect_value(patch(json_of("{'local_ref': 'FREE'}"), "\"1\"", "/v1/incidents/%s", id),
	    "/local_ref", "'FREE'");
}

Test(merge_patch, that_changes_nothing_writes_nothing)
{
	const char *id = recorded(incident_with("{'media_interest': true}"));
	const char *kept = everything_kept();
	int64_t audited = count_rows("SELECT count(*) FROM audit_entry", NULL);
	const struct answer *same =
	    patch(json_of("{'media_interest': true, 'narrative': null, 'aware_on': '2024-01-08'}"),
	        "\"1\"", "/v1/incidents/%s", id);

	expect_status(same, 200);
	cr_assert_str_eq(etag_of(same), "\"1\"");
	cr_assert_str_eq(everything_kept(), kept);
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry", NULL), audited);
}

Test(version, must_be_named_by_whoever_changes_it)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *refused =
	    patch(json_of("{'media_interest': true}"), NULL, "/v1/incidents/%s", id);

	expect_problem(refused, 428, "precondition-required");
	expect_fault(refused, "If-Match", "required");
}

Test(version, that_is_not_the_present_one_is_refused)
{
	static const char *const tags[] = {"\"2\"", "\"0\"", "\"-1\"", "1", "*", "W/\"1\"",
	    "\"1\", \"2\"", "\"1x\"", "\"\"", "\" 1\""};
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();

	for (size_t i = 0; i < ARRAY_LENGTH(tags); i++)
		expect_problem(patch(json_of("{'media_interest': true}"), tags[i], "/v1/incidents/%s", id),
		    412, "stale");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(version, is_unchanged_for_whoever_has_it_already)
{
	const char *id = recorded(incident_with("{}"));
	static const char *const headers[] = {"If-None-Match: \"1\"", NULL};
	struct call call = {.path = text_of("/v1/incidents/%s", id), .headers = headers};
	const struct answer *known = make(&call);

	expect_status(known, 304);
	cr_assert_eq(known->body.length, 0);
	cr_assert_str_eq(etag_of(known), "\"1\"");
	expect_status(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id), 200);
	expect_status(make(&call), 200);
}

Test(version, is_known_of_every_single_resource)
{
	const char *id = recorded(incident_with("{}"));
	const char *const paths[] = {text_of("/v1/incidents/%s", id),
	    text_of("/v1/incidents/%s/clocks", id),
	    text_of("/v1/incidents/%s/children/%s", id,
	        answer_text(get("/v1/incidents/%s", id), "/children/0/id")),
	    "/v1/partnership"};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const char *tag = etag_of(get("%s", paths[i]));
		const char *const headers[] = {text_of("If-None-Match: %s", tag), NULL};
		const char *const other[] = {"If-None-Match: \"other\"", NULL};
		expect_status(make(&(struct call){.path = paths[i], .headers = headers}), 304);
		expect_status(make(&(struct call){.path = paths[i], .headers = other}), 200);
	}
}

Test(version, lets_one_of_two_editors_win)
{
	for (int round = 0; round < 20; round++) {
		const char *path = text_of("/v1/incidents/%s", recorded(incident_with("{}")));
		const struct call calls[2] = {
		    {.method = "PATCH", .path = path, .if_match = "\"1\"", .body = "{\"aware_by\":\"a\"}"},
		    {.method = "PATCH", .path = path, .if_match = "\"1\"", .body = "{\"aware_by\":\"b\"}"}};
		const struct answer *answers[2];

		make_at_once(calls, 2, answers);
		int first = answers[0]->status == 200 ? 0 : 1;
		expect_status(answers[first], 200);
		expect_problem(answers[1 - first], 412, "stale");
		expect_value(get("%s", path), "/aware_by", first == 0 ? "'a'" : "'b'");
		expect_value(get("%s", path), "/version", "2");
	}
}

Test(history, lists_each_change_with_what_was_before_and_after)
{
	const char *id = recorded(incident_with("{'aware_by': 'night team'}"));
	patch(json_of("{'aware_by': 'day team', 'media_interest': true}"), "\"1\"", "/v1/incidents/%s",
	    id);
	patch(json_of("{'aware_by': null}"), "\"2\"", "/v1/incidents/%s", id);
	const struct answer *history = get("/v1/incidents/%s/history", id);

	expect_status(history, 200);
	cr_assert_eq(json_array_size(answer_at(history, "/data")), 4, "%s", told(history));
	expect_value(history, "/data/0/resource", "'incident'");
	expect_value(history, "/data/1/resource", "'child'");
	expect_value(history, "/data/2/version", "2");
	expect_value(history, "/data/2/resource_id", text_of("'%s'", id));
	expect_value(history, "/data/2/changes",
	    "[{'field': 'aware_by', 'from': 'night team', 'to': 'day team'},"
	    " {'field': 'media_interest', 'from': null, 'to': true}]");
	expect_value(
	    history, "/data/3/changes", "[{'field': 'aware_by', 'from': 'day team', 'to': null}]");
}

Test(history, begins_with_what_came_in_as_changes_from_nothing)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *history = get("/v1/incidents/%s/history", id);
	const json_t *first = answer_at(history, "/data/0/changes");

	cr_assert_eq(count_of(first, "field", "nature"), 1);
	cr_assert_eq(count_of(first, "to", "serious_harm"), 1);
	cr_assert_eq(count_of(first, "field", "narrative"), 0);
	cr_assert_eq(count_of(first, "field", "partnership_id"), 0);
}

Test(history, names_the_key_and_the_agency_of_each_change)
{
	const char *id = recorded(incident_with("{}"));
	as(stage()->trust);
	patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id);
	const struct answer *history = get("/v1/incidents/%s/history", id);

	cr_assert_str_neq(
	    answer_text(history, "/data/0/actor_id"), answer_text(history, "/data/2/actor_id"));
	cr_assert_str_neq(
	    answer_text(history, "/data/0/agency_id"), answer_text(history, "/data/2/agency_id"));
}

Test(history, keeps_no_change_that_was_refused)
{
	const char *id = recorded(incident_with("{}"));
	patch(json_of("{'media_interest': true}"), "\"7\"", "/v1/incidents/%s", id);
	patch(json_of("{'nature': 'bad'}"), "\"1\"", "/v1/incidents/%s", id);

	cr_assert_eq(json_array_size(answer_at(get("/v1/incidents/%s/history", id), "/data")), 2);
}
