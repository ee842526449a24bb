/* Owns the tests of problems: kinds, the cap on faults, and their form on the wire. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/problem.h"

Test(problem, lists_100_faults_and_then_says_that_there_are_more)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	for (int i = 0; i < 250; i++) {
		char pointer[40];
		snprintf(pointer, sizeof(pointer), "/children/%d/age_years", i);
		cr_expect_not(problem_add(&problem, PROBLEM_INVALID, pointer, "maximum", "Fault %d.", i));
	}
	cr_assert_eq(json_array_size(problem.errors), 101);
	const json_t *hundredth = json_array_get(problem.errors, 99);
	cr_expect_str_eq(
	    json_string_value(json_object_get(hundredth, "pointer")), "/children/99/age_years");
	cr_expect_str_eq(json_string_value(json_object_get(hundredth, "detail")), "Fault 99.");
	const json_t *last = json_array_get(problem.errors, 100);
	cr_expect_str_eq(json_string_value(json_object_get(last, "code")), "more_faults");
	cr_expect_str_empty(json_string_value(json_object_get(last, "pointer")));
}

Test(problem, has_the_kind_of_its_first_fault)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	problem_add(&problem, PROBLEM_BAD_PARAMETER, "limit", "maximum", "At most 200.");
	problem_add(&problem, PROBLEM_INVALID, "/nature", "enum", "No such nature.");
	cr_expect_eq(problem.kind, PROBLEM_BAD_PARAMETER);
	cr_expect_eq(json_array_size(problem.errors), 2);
}

Test(problem, keeps_a_fault_whose_pointer_is_not_utf_8)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	problem_add(&problem, PROBLEM_INVALID, "/\xff", "unknown_field", "There is no such field.");
	cr_assert_eq(json_array_size(problem.errors), 1);
	const json_t *fault = json_array_get(problem.errors, 0);
	cr_expect_str_eq(json_string_value(json_object_get(fault, "code")), "unknown_field");
}

Test(problem, cuts_long_details_and_keeps_causes_apart)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	char long_text[1000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	cr_expect_not(problem_set(&problem, PROBLEM_CONFLICT, "%s", long_text));
	cr_expect_eq(strlen(problem.detail), sizeof(problem.detail) - 1);
	cr_expect_not(problem_fail(&problem, PROBLEM_UNAVAILABLE, "pool: %d", 7));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_str_eq(problem.cause, "pool: 7");
	CLEANUP(json_decref) json_t *body = problem_json(&problem, "/v1/incidents", "request-1");
	CLEANUP(free) char *wire = json_dumps(body, 0);
	cr_expect_null(strstr(wire, "pool"), "the cause is for the log only");
}

Test(problem, has_the_shape_of_rfc_9457)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	problem_add(&problem, PROBLEM_INVALID, "/aware_on", "date_in_future", "Not yet.");
	CLEANUP(json_decref) json_t *body = problem_json(&problem, "/v1/incidents", "request-1");
	CLEANUP(json_decref)
	json_t *expected = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}", "type",
	    "/problems/invalid", "title", "The content breaks a rule", "status", 422, "detail",
	    "The content breaks a rule", "instance", "/v1/incidents", "code", "invalid", "request_id",
	    "request-1", "errors", "pointer", "/aware_on", "code", "date_in_future", "detail",
	    "Not yet.");
	CLEANUP(free) char *got = json_dumps(body, 0);
	cr_expect(json_equal(body, expected), "%s", got);
}

Test(problem, finishes_empty_and_twice)
{
	struct problem problem = {0};

	problem_add(&problem, PROBLEM_INVALID, "/nature", "enum", "No such nature.");
	problem_finish(&problem);
	cr_expect_null(problem.errors);
	cr_expect_eq(problem.kind, PROBLEM_NONE);
	problem_finish(&problem);
}

Test(problem, every_kind_has_an_error_status_and_a_slug)
{
	for (enum problem_kind kind = PROBLEM_NONE + 1; kind < PROBLEM_KINDS; kind++) {
		const char *slug = problem_slug(kind);
		cr_expect(problem_status(kind) >= 400 && problem_status(kind) <= 599, "%s", slug);
		cr_expect_eq(strspn(slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(slug), "%s", slug);
		cr_expect_gt(strlen(problem_title(kind)), 5, "%s", slug);
		for (enum problem_kind other = PROBLEM_NONE + 1; other < kind; other++)
			cr_expect_str_neq(problem_slug(other), slug);
	}
}
