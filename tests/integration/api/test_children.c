/* Owns the tests of the children of an incident. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(child, .timeout = 60);
TestSuite(index_child, .timeout = 60);

static const char *child_of(const char *incident_id, int number)
{
	return answer_text(get("/v1/incidents/%s", incident_id), text_of("/children/%d/id", number));
}

Test(child, is_added_to_its_incident)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *added =
	    post(json_of("{'role': 'other_affected', 'nature': 'none', 'disabilities': ['LD', 'VIS']}"),
	        "/v1/incidents/%s/children", id);

	expect_status(added, 201);
	cr_assert_str_eq(answer_header(added, "Location"),
	    text_of("/v1/incidents/%s/children/%s", id, answer_text(added, "/id")));
	cr_assert_str_eq(etag_of(added), "\"1\"");
	expect_value(added, "/index_child", "false");
	expect_value(added, "/disabilities", "['LD', 'VIS']");
	cr_assert(json_equal(get("%s", answer_header(added, "Location"))->json, added->json));
	expect_value(get("/v1/incidents/%s", id), "/version", "2");
}

Test(child, is_changed_by_merge_patch_under_its_own_version)
{
	const char *id = recorded(incident_with("{'children': [{'sex': 'F', 'age_years': 3}]}"));
	const char *child = child_of(id, 0);
	const struct answer *changed = patch(json_of("{'sex': null, 'ethnicity': 'APKN'}"), "\"1\"",
	    "/v1/incidents/%s/children/%s", id, child);

	expect_status(changed, 200);
	cr_assert_str_eq(etag_of(changed), "\"2\"");
	expect_value(changed, "/sex", "null");
	expect_value(changed, "/ethnicity", "'APKN'");
	expect_value(changed, "/age_years", "3");
	expect_value(get("/v1/incidents/%s", id), "/version", "2");
	expect_problem(
	    patch(json_of("{'sex': 'M'}"), "\"1\"", "/v1/incidents/%s/children/%s", id, child), 412,
	    "stale");
	expect_problem(patch(json_of("{'sex': 'M'}"), NULL, "/v1/incidents/%s/children/%s", id, child),
	    428, "precondition-required");
}

Test(child, that_stays_the_same_keeps_its_version)
{
	const char *id = recorded(incident_with("{'children': [{'sex': 'F'}]}"));
	const char *kept = everything_kept();
	const struct answer *same = patch(json_of("{'sex': 'F', 'flags': null}"), "\"1\"",
	    "/v1/incidents/%s/children/%s", id, child_of(id, 0));

	expect_status(same, 200);
	cr_assert_str_eq(etag_of(same), "\"1\"");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(child, changes_the_duty_of_its_incident)
{
	const char *id = recorded(incident_with(
	    "{'nature': 'child_death', 'abuse_neglect_status': 'not_known_or_suspected',"
	    " 'notifying_basis': null, 'children': [{'nature': 'child_death', 'age_years': 9}]}"));

	expect_value(get("/v1/incidents/%s", id), "/duty", "'none'");
	expect_status(patch(json_of("{'lac_status': 'current'}"), "\"1\"",
	                  "/v1/incidents/%s/children/%s", id, child_of(id, 0)),
	    200);
	expect_value(get("/v1/incidents/%s", id), "/duty", "'looked_after_child_death'");
	expect_value(get("/v1/incidents/%s", id), "/sin_due_on", "'2024-01-15'");
}

Test(child, is_told_of_its_own_faults_by_their_place_in_the_body)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *refused =
	    post(json_of("{'unborn': true, 'age_years': 1}"), "/v1/incidents/%s/children", id);

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/age_years", "unborn_age");
	expect_fault(refused, "/expected_on", "expected_on_required");
	refused = patch(json_of("{'cp_started_on': '%s'}", day(2)), "\"1\"",
	    "/v1/incidents/%s/children/%s", id, child_of(id, 0));
	expect_fault(refused, "/cp_started_on", "date_in_future");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(child, belongs_to_one_incident_only)
{
	const char *id = recorded(incident_with("{}"));
	const char *other = recorded(incident_with("{}"));
	const char *child = child_of(other, 0);

	expect_problem(get("/v1/incidents/%s/children/%s", id, child), 404, "not-found");
	expect_problem(
	    patch(json_of("{'sex': 'M'}"), "\"1\"", "/v1/incidents/%s/children/%s", id, child), 404,
	    "not-found");
	expect_problem(post(json_of("{}"), "/v1/incidents/%s/children", new_id()), 404, "not-found");
}

Test(child, shows_in_the_history_of_its_incident)
{
	const char *id = recorded(incident_with("{'children': [{'sex': 'F'}]}"));
	const char *child = child_of(id, 0);
	patch(json_of("{'sex': 'M'}"), "\"1\"", "/v1/incidents/%s/children/%s", id, child);
	const struct answer *history = get("/v1/incidents/%s/history", id);

	cr_assert_eq(json_array_size(answer_at(history, "/data")), 3, "%s", told(history));
	expect_value(history, "/data/2/resource", "'child'");
	expect_value(history, "/data/2/resource_id", text_of("'%s'", child));
	expect_value(history, "/data/2/changes", "[{'field': 'sex', 'from': 'F', 'to': 'M'}]");
}

Test(child, keeps_its_place_in_the_order_it_was_given)
{
	const char *id = recorded(incident_with("{'children': [{'role': 'victim', 'age_years': 1},"
	                                        " {'index_child': true, 'age_years': 2},"
	                                        " {'age_years': 3}]}"));
	post(json_of("{'age_years': 4}"), "/v1/incidents/%s/children", id);
	const struct answer *list = get("/v1/incidents/%s/children", id);

	expect_status(list, 200);
	for (int i = 0; i < 4; i++)
		expect_value(list, text_of("/data/%d/age_years", i), text_of("%d", i + 1));
	/* In the incident the index child stands first. */
	expect_value(get("/v1/incidents/%s", id), "/children/0/age_years", "2");
}

Test(child, and_others_can_be_added_at_the_same_moment)
{
	const char *path = text_of("/v1/incidents/%s/children", recorded(incident_with("{}")));
	struct call calls[8];
	const struct answer *answers[8];

	for (size_t i = 0; i < 8; i++)
		calls[i] = (struct call){.method = "POST",
		    .path = path,
		    .idempotency_key = new_id(),
		    .body = "{\"role\":\"other_affected\"}"};
	make_at_once(calls, 8, answers);
	for (size_t i = 0; i < 8; i++)
		expect_status(answers[i], 201);
	cr_assert_eq(json_array_size(answer_at(get("%s", path), "/data")), 9);
}

Test(child, and_another_can_be_changed_at_the_same_moment)
{
	for (int round = 0; round < 10; round++) {
		const char *id = recorded(
		    incident_with("{'children': [{'index_child': true}, {'role': 'other_affected'}]}"));
		const struct call calls[2] = {
		    {.method = "PATCH",
		        .path = text_of("/v1/incidents/%s/children/%s", id, child_of(id, 0)),
		        .if_match = "\"1\"",
		        .body = "{\"age_years\":1}"},
		    {.method = "PATCH",
		        .path = text_of("/v1/incidents/%s/children/%s", id, child_of(id, 1)),
		        .if_match = "\"1\"",
		        .body = "{\"age_years\":2}"}};
		const struct answer *answers[2];

		make_at_once(calls, 2, answers);
		expect_status(answers[0], 200);
		expect_status(answers[1], 200);
	}
}

static void expect_index(const char *id, const char *child)
{
	const struct answer *incident = get("/v1/incidents/%s", id);

	cr_assert_eq(count_rows("SELECT count(*) FROM child WHERE incident_id = $1::uuid"
	                        " AND index_child",
	                 id),
	    1);
	cr_assert_str_eq(answer_text(incident, "/children/0/id"), child);
	expect_value(incident, "/children/0/index_child", "true");
}

Test(index_child, is_a_single_child_by_itself)
{
	const char *id = recorded(incident_with("{'children': [{'sex': 'M'}]}"));

	expect_index(id, child_of(id, 0));
}

Test(index_child, is_taken_from_the_child_that_had_it)
{
	const char *id = recorded(
	    incident_with("{'children': [{'index_child': true, 'age_years': 1}, {'age_years': 2}]}"));
	const char *first = child_of(id, 0);
	const char *second = child_of(id, 1);

	expect_status(patch(json_of("{'index_child': true}"), "\"1\"", "/v1/incidents/%s/children/%s",
	                  id, second),
	    200);
	expect_index(id, second);
	expect_value(get("/v1/incidents/%s/children/%s", id, first), "/index_child", "false");
	expect_value(get("/v1/incidents/%s/children/%s", id, first), "/version", "2");
}

Test(index_child, is_taken_by_a_new_child)
{
	const char *id = recorded(incident_with("{'children': [{'age_years': 1}]}"));
	const struct answer *added =
	    post(json_of("{'index_child': true}"), "/v1/incidents/%s/children", id);

	expect_status(added, 201);
	expect_index(id, answer_text(added, "/id"));
}

Test(index_child, is_given_up_only_to_another)
{
	const char *id = recorded(incident_with("{'children': [{'index_child': true}, {}]}"));
	const char *first = child_of(id, 0);
	const struct answer *refused = patch(
	    json_of("{'index_child': false}"), "\"1\"", "/v1/incidents/%s/children/%s", id, first);

	expect_problem(refused, 422, "invalid");
	cr_assert_eq(count_of(answer_at(refused, "/errors"), "code", "index_child"), 1);
	expect_index(id, first);
}
