/* An action plan between the service and a spreadsheet. */
#include "fixture.h"

#include <string.h>

STAGE("actions:read actions:write recommendations:read recommendations:write", NULL)
TestSuite(plan, .init = scratch_make, .fini = scratch_remove);

static const char sheet[] =
    "recommendation_number,recommendation,action_number,action,agreed_on,due_on\n"
    "1,Know who cares.,1.1,\"Add it, at once.\",12/10/2021,31/12/2021\n";

/* Of north's; how it came to be is for the tests of the API. */
static const char *review(void)
{
	static const char query[] =
	    "INSERT INTO review (partnership_id, id, version, state, type, reference, title, "
	    "decided_on,"
	    " asked_agency_ids, created_by_agency_id, created_at, updated_at)"
	    " SELECT a.partnership_id, gen_random_uuid(), 1, 'initiated', 'other_learning',"
	    " gen_random_uuid()::text, 'Child A', '2021-09-01', '{}', a.id, now(), now()"
	    " FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' ORDER BY a.slug LIMIT 1 RETURNING id";
	CLEANUP(free) char *id = sql_text(&stage()->database, query, NULL, NULL);

	return text_of("%s", id);
}

Test(plan, goes_into_a_spreadsheet_and_back)
{
	const char *id = review();
	const char *file = scratch_file("plan.csv", sheet);
	const struct ran *preview = run("action-plan", "put", id, "-f", file, "--dry-run", NULL);

	expect_status(preview, 0);
	cr_assert(json_is_true(value_at(preview, "/dry_run")));
	cr_assert_eq(json_array_size(value_at(preview, "/would_create")), 2);
	expect_status(run("action-plan", "put", id, "-f", file, NULL), 0);
	const struct ran *shown = run("action-plan", "get", id, "-o", "csv", NULL);
	expect_status(shown, 0);
	cr_assert(strncmp(shown->output, "recommendation_number,recommendation,", 37) == 0, "%s",
	    shown->output);
	expect_has(shown->output, ",1.1,\"Add it, at once.\",");
	const struct ran *again =
	    run("action-plan", "put", id, "-f", scratch_file("again.csv", shown->output), NULL);
	expect_status(again, 0);
	cr_assert_eq(json_array_size(value_at(again, "/unchanged")), 2);
	cr_assert_eq(json_array_size(value_at(again, "/would_change")), 0);
}

Test(plan, comes_from_stdin_as_a_sheet_or_as_json)
{
	const char *id = review();

	give(sheet);
	const struct ran *made = run("action-plan", "put", id, "-f", "-", NULL);
	expect_status(made, 0);
	cr_assert_eq(json_array_size(value_at(made, "/would_create")), 2);
	/* What is shown can be given back, in either form. */
	static const char *const forms[] = {"csv", "json"};
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		const struct ran *shown = run("action-plan", "get", id, "-o", forms[i], NULL);
		expect_status(shown, 0);
		give(text_of("%s", shown->output));
		const struct ran *again = run("action-plan", "put", id, "-f", "-", NULL);
		expect_status(again, 0);
		cr_assert_eq(json_array_size(value_at(again, "/unchanged")), 2, "%s", forms[i]);
	}
}

Test(plan, that_is_a_sheet_takes_no_settings)
{
	const char *const files[] = {scratch_file("plan.csv", sheet), scratch_file("plan", sheet)};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		const struct ran *refused =
		    run("action-plan", "put", review(), "-f", files[i], "--set", "a=b", NULL);
		expect_status(refused, 2);
		expect_has(refused->errors, "--set is for JSON");
	}
}

Test(plan, that_is_neither_is_refused_for_what_it_is_called)
{
	const struct ran *refused =
	    run("action-plan", "put", review(), "-f", scratch_file("plan.json", sheet), NULL);

	expect_status(refused, 2);
	expect_has(refused->errors, "is not JSON");
	give("");
	expect_status(run("action-plan", "put", review(), "-f", "-", NULL), 2);
}

Test(plan, that_has_faults_is_refused_with_their_lines)
{
	static const char faulty[] = "action_number,action,due_on\n1,,2021-12-31\n";
	const struct ran *refused =
	    run("action-plan", "put", review(), "-f", scratch_file("plan.csv", faulty), NULL);

	expect_status(refused, 6);
	expect_has(refused->errors, "/2/action");
}
