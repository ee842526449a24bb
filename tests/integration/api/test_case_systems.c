/* Owns the tests of incidents as a case system pushes them, under its own keys. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(message, .timeout = 60);
TestSuite(children_of_message, .timeout = 60);
TestSuite(race, .timeout = 60);

/* As the case system "mosaic" would send it. */
static const char *place_of(const char *external_id)
{
	return text_of("/v1/case-systems/mosaic/incidents/%s", external_id);
}

static const struct answer *push(const char *external_id, const char *members)
{
	json_t *incident = incident_with("{'children': [{'external_id': 'P-1', 'age_years': 4}]}");
	CLEANUP(json_decref) json_t *changes = json_of("%s", members);

	json_object_update(incident, changes);
	return put(incident, "%s", place_of(external_id));
}

Test(message, is_recorded_when_it_is_the_first)
{
	const struct answer *made = push("A-1", "{}");
	const char *id = answer_text(made, "/id");

	expect_status(made, 201);
	cr_assert_str_eq(answer_header(made, "Location"), text_of("/v1/incidents/%s", id));
	cr_assert_str_eq(etag_of(made), "\"1\"");
	expect_value(made, "/case_system", "'mosaic'");
	expect_value(made, "/external_id", "'A-1'");
	expect_value(made, "/sin_due_on", "'2024-01-15'");
	cr_assert(json_equal(get("%s", place_of("A-1"))->json, made->json));
	cr_assert(json_equal(get("/v1/incidents/%s", id)->json, made->json));
}

Test(message, that_is_repeated_changes_nothing)
{
	const struct answer *made = push("B-1", "{}");
	const char *kept = everything_kept();
	const struct answer *again = push("B-1", "{}");

	expect_status(made, 201);
	expect_status(again, 200);
	cr_assert(json_equal(again->json, made->json));
	cr_assert_str_eq(etag_of(again), "\"1\"");
	cr_assert_str_eq(everything_kept(), kept);
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE incident_id = $1::uuid",
	                 answer_text(made, "/id")),
	    1);
}

Test(message, that_says_something_new_changes_just_that)
{
	const struct answer *made = push("C-1", "{'aware_by': 'hub', 'location_type': 'home'}");
	const struct answer *changed = push("C-1", "{'aware_by': null, 'media_interest': true}");

	expect_status(changed, 200);
	cr_assert_str_eq(etag_of(changed), "\"2\"");
	cr_assert_str_eq(answer_text(changed, "/id"), answer_text(made, "/id"));
	expect_value(changed, "/aware_by", "null");
	expect_value(changed, "/media_interest", "true");
	expect_value(changed, "/location_type", "'home'");
	expect_value(changed, "/children/0/version", "1");
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE incident_id = $1::uuid",
	                 answer_text(made, "/id")),
	    2);
}

Test(message, heeds_the_version_that_it_names)
{
	struct call call = {.method = "PUT", .path = place_of("D-1"), .if_match = "\"1\""};
	CLEANUP(json_decref)
	json_t *body = incident_with("{'media_interest': true, 'children': [{'external_id': 'P-1'}]}");

	call.json = body;
	expect_problem(make(&call), 412, "stale");
	expect_status(push("D-1", "{}"), 201);
	expect_status(make(&call), 200);
	json_object_set_new(body, "media_interest", json_false());
	expect_problem(make(&call), 412, "stale");
	expect_value(get("%s", place_of("D-1")), "/media_interest", "true");
}

Test(message, is_another_for_another_system_or_partnership)
{
	const char *id = answer_text(push("E-1", "{}"), "/id");
	const struct answer *other = put(incident_with("{'children': [{'external_id': 'P-1'}]}"),
	    "/v1/case-systems/eclipse/incidents/E-1");

	expect_status(other, 201);
	cr_assert_str_neq(answer_text(other, "/id"), id);
	as(stage()->south);
	expect_status(push("E-1", "{}"), 201);
	expect_problem(get("/v1/incidents/%s", id), 404, "not-found");
}

Test(message, that_is_tried_keeps_nothing)
{
	const char *kept = everything_kept();
	const struct answer *shown = put(incident_with("{'children': [{'external_id': 'P-1'}]}"),
	    "%s?dry_run=true", place_of("F-1"));

	expect_status(shown, 200);
	expect_value(shown, "/external_id", "'F-1'");
	cr_assert_str_eq(everything_kept(), kept);
	expect_problem(get("%s", place_of("F-1")), 404, "not-found");
}

Test(message, may_have_any_key_that_fits_a_path)
{
	const char *longest = text_of("%0100d", 1);

	expect_status(push("G.1:a_b-c", "{}"), 201);
	expect_status(get("%s", place_of("G.1%3Aa_b%2Dc")), 200);
	expect_status(push(longest, "{}"), 201);
	expect_problem(push(text_of("%s0", longest), "{}"), 400, "bad-parameter");
	expect_problem(push("-1", "{}"), 400, "bad-parameter");
	expect_problem(push("a%2Fb", "{}"), 400, "malformed-request");
}

Test(message, with_a_reference_that_is_taken_is_refused)
{
	recorded(incident_with("{'local_ref': 'TAKEN'}"));

	expect_problem(push("H-1", "{'local_ref': 'TAKEN'}"), 409, "duplicate");
	expect_status(push("H-1", "{}"), 201);
	expect_problem(push("H-1", "{'local_ref': 'TAKEN'}"), 409, "duplicate");
}

Test(message, is_refused_whole_for_a_fault_in_it)
{
	const char *kept = everything_kept();

	expect_problem(push("I-1", "{'nature': 'bad'}"), 422, "invalid");
	expect_problem(push("I-1", "{'aware_on': '2024-01-01'}"), 422, "invalid");
	expect_problem(push("I-1", "{'children': [{'sex': 'F'}]}"), 422, "invalid");
	expect_problem(push("I-1", "{'case_system': 'x'}"), 422, "invalid");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(children_of_message, are_known_again_by_their_keys)
{
	const struct answer *made = push("J-1", "{'children': ["
	                                        "{'external_id': 'P-1', 'index_child': true},"
	                                        "{'external_id': 'P-2', 'age_years': 5}]}");
	const struct answer *changed = push("J-1", "{'children': ["
	                                           "{'external_id': 'P-3', 'age_years': 7},"
	                                           "{'external_id': 'P-2', 'age_years': 6}]}");

	expect_status(changed, 200);
	expect_value(changed, "/version", "2");
	cr_assert_eq(json_array_size(answer_at(changed, "/children")), 3, "%s", told(changed));
	expect_value(changed, "/children/0/external_id", "'P-1'");
	expect_value(changed, "/children/0/version", "1");
	cr_assert_str_eq(answer_text(changed, "/children/1/id"), answer_text(made, "/children/1/id"));
	expect_value(changed, "/children/1/age_years", "6");
	expect_value(changed, "/children/1/version", "2");
	expect_value(changed, "/children/2/external_id", "'P-3'");
}

Test(children_of_message, add_up_to_fifty_and_no_more)
{
	CLEANUP(text_finish) struct text children = TEXT_INIT(10000);

	expect_status(push("MANY", "{'children': [{'external_id': 'P-0', 'index_child': true}]}"), 201);
	for (int i = 1; i <= 50; i++)
		text_printf(&children, "%s{'external_id': 'P-%d'}", i > 1 ? "," : "", i);
	const struct answer *refused =
	    push("MANY", text_of("{'children': [%s]}", text_string(&children)));
	expect_fault(refused, "/children", "too_many_children");
	cr_assert_eq(json_array_size(answer_at(get("%s", place_of("MANY")), "/children")), 1);
}

Test(children_of_message, have_each_a_key_of_their_own)
{
	const struct answer *refused =
	    push("K-1", "{'children': [{'external_id': 'P-1'}, {'external_id': 'P-1'}]}");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/children/1/external_id", "duplicate");
}

Test(children_of_message, hand_the_mark_of_the_index_child_on)
{
	push("L-1", "{'children': [{'external_id': 'P-1', 'index_child': true},"
	            " {'external_id': 'P-2'}]}");
	const struct answer *changed = push("L-1", "{'children': [{'external_id': 'P-1',"
	                                           " 'index_child': false}, {'external_id': 'P-2',"
	                                           " 'index_child': true}]}");

	expect_status(changed, 200);
	expect_value(changed, "/children/0/external_id", "'P-2'");
	changed = push("L-1", "{'children': [{'external_id': 'P-1', 'index_child': true}]}");
	expect_value(changed, "/children/0/external_id", "'P-1'");
	expect_value(changed, "/children/1/index_child", "false");
}

Test(children_of_message, cannot_both_be_the_index_child)
{
	static const char both[] = "{'children': [{'external_id': 'P-1', 'index_child': true},"
	                           " {'external_id': 'P-2', 'index_child': true}]}";

	expect_fault(push("M-1", both), "/children/1/index_child", "index_child");
	expect_status(push("M-1", "{}"), 201);
	const char *kept = everything_kept();
	expect_fault(push("M-1", both), "/children/1/index_child", "index_child");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(children_of_message, are_told_of_their_faults_by_their_place_in_it)
{
	push("N-1", "{'children': [{'external_id': 'P-1', 'index_child': true},"
	            " {'external_id': 'P-2'}]}");
	const struct answer *refused = push("N-1", "{'children': ["
	                                           "{'external_id': 'P-9', 'age_days': 400,"
	                                           " 'age_years': 2}, {'external_id': 'P-3',"
	                                           " 'unborn': true, 'expected_on': '2024-03-01',"
	                                           " 'age_years': 2}, {'external_id': 'P-2',"
	                                           " 'age_days': 9, 'age_years': 3}]}");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/children/0/age_days", "maximum");
	refused = push("N-1", "{'children': [{'external_id': 'P-3', 'unborn': true,"
	                      " 'expected_on': '2024-03-01', 'age_years': 2},"
	                      " {'external_id': 'P-2', 'age_days': 9, 'age_years': 3}]}");
	expect_fault(refused, "/children/0/age_years", "unborn_age");
	expect_fault(refused, "/children/1/age_days", "age_days_beyond_first_year");
	cr_assert_eq(json_array_size(answer_at(refused, "/errors")), 2, "%s", told(refused));
}

Test(race, of_first_messages_leaves_one_incident)
{
	struct call calls[16];
	const struct answer *answers[16];
	size_t made = 0;
	CLEANUP(json_decref) json_t *body = incident_with("{'children': [{'external_id': 'P-1'}]}");
	CLEANUP(free) char *text = json_dumps(body, 0);

	for (size_t i = 0; i < 16; i++)
		calls[i] = (struct call){.method = "PUT", .path = place_of("R-1"), .body = text};
	make_at_once(calls, 16, answers);
	for (size_t i = 0; i < 16; i++) {
		cr_assert(answers[i]->status == 201 || answers[i]->status == 200, "%s", told(answers[i]));
		made += answers[i]->status == 201;
		cr_assert_str_eq(answer_text(answers[i], "/id"), answer_text(answers[0], "/id"));
	}
	cr_assert_eq(made, 1);
	expect_value(answers[0], "/version", "1");
	cr_assert_eq(count_rows("SELECT count(*) FROM incident WHERE external_id = $1", "R-1"), 1);
}

Test(race, of_different_messages_keeps_every_one_of_them)
{
	struct call calls[16];
	const struct answer *answers[16];
	size_t made = 0;

	for (int i = 0; i < 16; i++)
		calls[i] = (struct call){.method = "PUT",
		    .path = place_of("R-2"),
		    .body = text_of("{\"aware_on\":\"2024-01-08\",\"incident_date\":\"2024-01-06\","
		                    "\"nature\":\"serious_harm\",\"aware_by\":\"%d\","
		                    "\"children\":[{\"external_id\":\"P-%d\",\"index_child\":%s}]}",
		        i, i, "true")};
	make_at_once(calls, 16, answers);
	for (size_t i = 0; i < 16; i++) {
		cr_assert(answers[i]->status == 201 || answers[i]->status == 200, "%s", told(answers[i]));
		made += answers[i]->status == 201;
	}
	const struct answer *kept = get("%s", place_of("R-2"));
	cr_assert_eq(made, 1);
	cr_assert_eq(json_array_size(answer_at(kept, "/children")), 16);
	expect_value(kept, "/version", "16");
}
