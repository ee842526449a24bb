/* Long lists, imports, and the forms of output. */
#include "fixture.h"

#include <string.h>

#define ROWS 205

STAGE(ALL_SCOPES, NULL)
TestSuite(list, .init = scratch_make, .fini = scratch_remove);
TestSuite(import, .init = scratch_make, .fini = scratch_remove);
TestSuite(output, .init = scratch_make, .fini = scratch_remove);

static const char heading[] = "local_ref,nature,aware_on,incident_date,abuse_neglect_status,"
                              "harm_types,narrative,children.0.index_child,children.0.role,"
                              "children.0.nature,children.0.age_years\r\n";

static const char *rows(const char *prefix, size_t count)
{
	CLEANUP(text_finish) struct text csv = TEXT_INIT(1U << 20);

	text_puts(&csv, heading);
	for (size_t i = 1; i <= count; i++)
		text_printf(&csv,
		    "%s-%03zu,serious_harm,2024-02-01,2024-01-31,suspected,"
		    "physical_abuse; non_accidental_injury,\"a \"\"quoted\"\", cell\",true,victim,"
		    "serious_harm,%zu\r\n",
		    prefix, i, i % 18);
	return text_of("%s", text_string(&csv));
}

/* All of south's, which no other test of this executable writes to. */
Test(list, with_all_goes_through_every_page)
{
	as(stage()->south);
	const struct ran *imported = run(
	    "incident", "import", scratch_file("many.csv", rows("MANY", ROWS)), "-o", "ndjson", NULL);
	expect_status(imported, 0);
	cr_assert_eq(count_lines(imported->output), ROWS);
	expect_has(imported->errors, "205 created, 0 were there already, 0 refused");

	const struct ran *page = run("incident", "list", "--limit", "200", NULL);
	expect_status(page, 0);
	cr_assert_eq(json_array_size(value_at(page, "/data")), 200);
	cr_assert(json_is_true(value_at(page, "/has_more")));
	const struct ran *next =
	    run("incident", "list", "--limit", "200", "--cursor", text_at(page, "/next_cursor"), NULL);
	cr_assert_eq(json_array_size(value_at(next, "/data")), 5);

	const struct ran *json = run("incident", "list", "--all", "--limit", "200", NULL);
	expect_status(json, 0);
	cr_assert_eq(json_array_size(value_at(json, "/data")), ROWS);
	cr_assert(json_is_false(value_at(json, "/has_more")));
	static const char *const forms[] = {"id", "ndjson"};
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		const struct ran *ran = run("incident", "list", "--all", "-o", forms[i], NULL);
		expect_status(ran, 0);
		cr_assert_eq(count_lines(ran->output), ROWS, "%s", forms[i]);
	}
	const struct ran *table = run("incident", "list", "--all", "-o", "table", NULL);
	cr_assert_eq(count_lines(table->output), ROWS + 1);
	const struct ran *csv = run("incident", "list", "--all", "-o", "csv", NULL);
	cr_assert_eq(count_lines(csv->output), ROWS + 1);
	for (size_t i = 1; i <= ROWS; i++)
		expect_has(csv->output, text_of("MANY-%03zu,", i));
	const struct ran *api = run("api", "GET", "/v1/incidents?limit=200", "--all", "-o", "id", NULL);
	expect_status(api, 0);
	cr_assert_eq(count_lines(api->output), ROWS);
}

Test(import, goes_on_after_a_bad_row_and_creates_nothing_twice)
{
	const char *csv = scratch_file("some.csv",
	    text_of("%sBAD-1,serious_harm,2024-02-01,2024-02-31,suspected,,,true,victim,serious_harm,\n"
	            "only,three,cells\n",
	        rows("SOME", 2)));
	const struct ran *dry = run("incident", "import", csv, "--dry-run", "-o", "ndjson", NULL);
	expect_status(dry, 6);
	expect_has(dry->errors, "2 would be created, 0 were there already, 2 refused");
	const struct ran *first = run("incident", "import", csv, NULL);
	expect_status(first, 6);
	expect_has(first->errors, "2 created, 0 were there already, 2 refused");
	cr_assert_str_eq(text_at(first, "/0/result"), "created");
	cr_assert_str_eq(text_at(first, "/2/result"), "refused");
	expect_has(text_at(first, "/2/detail"), "/incident_date");
	cr_assert_str_eq(text_at(first, "/3/result"), "refused");

	const struct ran *again = run("incident", "import", csv, NULL);
	expect_status(again, 6);
	expect_has(again->errors, "0 created, 2 were there already, 2 refused");
	cr_assert_str_eq(text_at(first, "/0/id"), text_at(again, "/0/id"));
	const struct ran *made = run("incident", "get", text_at(first, "/1/id"), NULL);
	cr_assert_str_eq(text_at(made, "/narrative"), "a \"quoted\", cell");
	cr_assert_str_eq(text_at(made, "/harm_types/1"), "non_accidental_injury");
	cr_assert_eq(json_integer_value(value_at(made, "/children/0/age_years")), 2);
}

Test(import, refuses_a_heading_that_the_document_does_not_know)
{
	const struct ran *ran =
	    run("incident", "import", scratch_file("odd.csv", "nature,colour\nother,red\n"), NULL);

	expect_status(ran, 2);
	expect_has(ran->errors, "colour");
	expect_status(run("incident", "import", scratch_path("absent.csv"), NULL), 2);
}

Test(output, of_a_page_is_what_the_document_has_of_it)
{
	const struct ran *paper = run("report", "scrutiny", "--year", "2023-24", NULL);
	expect_status(paper, 0);
	cr_assert(strncmp(paper->output, "# ", 2) == 0, "%s", paper->output);
	const struct ran *page = run("report", "rapid-reviews-by-year", "-o", "html", NULL);
	expect_status(page, 0);
	cr_assert(strncmp(page->output, "<!DOCTYPE html>", 15) == 0, "%s", page->output);
	const struct ran *data = run("report", "scrutiny", "-o", "json", NULL);
	cr_assert_str_eq(text_at(data, "/name"), "scrutiny");
	const struct ran *none = run("incident", "list", "-o", "markdown", NULL);
	expect_status(none, 2);
	expect_has(none->errors, "text/markdown");
}

Test(output, has_the_form_that_is_asked_for)
{
	give(incident_body());
	const struct ran *made =
	    run("incident", "create", "-f", "-", "--set", "narrative==1+1", "-o", "json", NULL);
	expect_status(made, 0);
	const char *id = text_at(made, "/id");
	const char *reference = text_at(made, "/local_ref");
	const struct ran *bare = run("incident", "get", id, "-o", "id", NULL);
	cr_assert_str_eq(bare->output, text_of("%s\n", id));
	const struct ran *line = run("incident", "get", id, "-o", "ndjson", NULL);
	cr_assert_eq(count_lines(line->output), 1);
	cr_assert_str_eq(text_at(line, "/id"), id);
	const struct ran *csv = run("incident", "list", "--local-ref", reference, "-o", "csv", NULL);
	cr_assert_str_eq(csv->output,
	    text_of("local_ref,aware_on,nature,duty,sin_due_on,state,id\r\n"
	            "%s,2024-01-08,serious_harm,serious_incident,2024-01-15,recorded,%s\r\n",
	        reference, id));
	const struct ran *table =
	    run("incident", "list", "--local-ref", reference, "-o", "table", NULL);
	cr_assert_eq(count_lines(table->output), 2);
	cr_assert_eq(strncmp(table->output, "local_ref ", 10), 0, "%s", table->output);
	const struct ran *piped = run("incident", "list", "--local-ref", reference, NULL);
	cr_assert_str_eq(text_at(piped, "/data/0/id"), id);
	/* What a spreadsheet would take for a formula is none, from either side. */
	expect_has(run("incident", "get", id, "-o", "csv", NULL)->output, ",'=1+1,");
	const struct ran *service_csv =
	    run("incident", "list", "--local-ref", reference, "--accept", "text/csv", NULL);
	expect_status(service_csv, 0);
	expect_has(service_csv->output, ",'=1+1,");
}

/* Through script(1), which gives the program a terminal. */
Test(output, is_a_table_on_a_terminal)
{
	const char *id = incident_made();

	with("COLUMNS", "300");
	const struct ran *ran = run_program("/usr/bin/script", "--quiet", "--return", "--command",
	    text_of("%s incident list", environment_value("CSPR")), "/dev/null", NULL);
	expect_status(ran, 0);
	expect_has(ran->output, "local_ref");
	expect_lacks(ran->output, "\"data\"");
	expect_lacks(ran->output, "\033[");
	cr_assert(id);
}
