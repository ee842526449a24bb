/* Owns the tests of the report to a scrutiny board: that it says what the reports say, and to whom.
 */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(scrutiny, .timeout = 60);

/* The section of that heading, or NULL. */
static const json_t *section(const struct answer *answer, const char *heading)
{
	size_t index;
	json_t *found;

	expect_status(answer, 200);
	json_array_foreach (answer_at(answer, "/sections"), index, found)
		if (strcmp(json_string_value(json_object_get(found, "heading")), heading) == 0)
			return found;
	return NULL;
}

#define TABLE_1 "Rapid reviews and what they led to"

static bool says(const json_t *of, const char *words)
{
	size_t index;
	json_t *paragraph;

	json_array_foreach (json_object_get(of, "paragraphs"), index, paragraph)
		if (strstr(json_string_value(paragraph), words))
			return true;
	return false;
}

/* An incident that was notified on that day, and so has a rapid review. */
static void counted(const char *notified_on)
{
	const char *id =
	    recorded(incident_with("{'incident_date': '2019-01-07', 'aware_on': '%s'}", notified_on));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '%s'}",
	                       notified_on),
	                  "/v1/incidents/%s/notifications", id),
	    201);
}

Test(scrutiny, has_the_very_report_of_each_table)
{
	static const struct {
		const char *heading;
		const char *report;
	} tables[] = {{TABLE_1, "rapid-reviews-by-year"},
	    {"How far the reviews have come", "review-status"}, {"Themes", "themes"},
	    {"Actions and their evidence", "action-tracker"}};

	reviewed("lcspr", "{}");
	const struct answer *whole = get("/v1/reports/scrutiny?year=2023-24");
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
		const struct answer *alone =
		    get("/v1/reports/%s?as_of=2024-03-31&audience=partnership", tables[i].report);
		const json_t *shown = json_object_get(section(whole, tables[i].heading), "report");
		expect_status(alone, 200);
		cr_assert(json_equal(json_object_get(shown, "rows"), answer_at(alone, "/rows")), "%s",
		    told(whole));
		cr_assert(json_equal(json_object_get(shown, "totals"), answer_at(alone, "/totals")));
		cr_assert(json_equal(json_object_get(shown, "columns"), answer_at(alone, "/columns")));
		cr_assert(json_equal(json_object_get(shown, "notes"), answer_at(alone, "/notes")));
	}
	expect_value(whole, "/as_of", "'2024-03-31'");
}

Test(scrutiny, says_in_words_what_its_tables_say)
{
	reviewed("lcspr", "{}");
	const struct answer *whole = get("/v1/reports/scrutiny?year=2023-24");
	const json_t *totals =
	    answer_at(get("/v1/reports/rapid-reviews-by-year?as_of=2024-03-31"), "/totals");
	long reviews = (long)json_integer_value(json_object_get(totals, "rapid_reviews"));
	long lcsprs = (long)json_integer_value(json_object_get(totals, "lcsprs"));
	cr_assert(lcsprs > 0);
	cr_assert(says(section(whole, TABLE_1),
	              text_of("Of %ld serious incidents that went to a rapid review, %ld (%.1f %%) led",
	                  reviews, lcsprs, json_number_value(json_object_get(totals, "percent")))),
	    "%s", told(whole));
	const struct answer *timely = get("/v1/reports/timeliness?as_of=2024-03-31");
	cr_assert(says(section(whole, "Compliance"),
	              text_of("%d of %d notifications",
	                  (int)json_integer_value(answer_at(timely, "/totals/notifications_on_time")),
	                  (int)json_integer_value(answer_at(timely, "/totals/notifications")))),
	    "%s", told(whole));
}

Test(scrutiny, names_the_themes_that_were_found_most_often)
{
	const char *review = reviewed("lcspr", "{}");
	const char *theme = answer_text(
	    post(json_of("{'label': 'Hidden men', 'kind': 'practice'}"), "/v1/themes"), "/id");

	expect_status(change(json_of("{'coded_by': 'manager', 'on': '2024-03-01',"
	                             " 'themes': [{'theme_id': '%s'}]}",
	                         theme),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
	const struct answer *whole = get("/v1/reports/scrutiny?year=2023-24");
	cr_assert(says(section(whole, "Themes"), "Hidden men (1 of "), "%s", told(whole));
	cr_assert(!says(section(get("/v1/reports/scrutiny?as_of=2024-02-29"), "Themes"), "Hidden men"));
}

Test(scrutiny, shows_all_years_up_to_the_one_that_is_asked_for)
{
	counted("2020-05-06");
	counted("2021-05-06");
	const struct answer *whole = get("/v1/reports/scrutiny?year=2020-21");
	const json_t *rows =
	    json_object_get(json_object_get(section(whole, TABLE_1), "report"), "rows");

	expect_value(whole, "/as_of", "'2021-03-31'");
	cr_assert_eq(count_of(rows, "year", "2020-21"), 1, "%s", told(whole));
	cr_assert_eq(count_of(rows, "year", "2021-22"), 0);
	cr_assert(says(section(get("/v1/reports/scrutiny?as_of=2021-03-01"), TABLE_1),
	    "The year 2020-21 had not ended"));
}

Test(scrutiny, tells_what_was_done_with_what_shows_it)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *action = post(
	    json_of("{'text': 'A course on hidden men.', 'review_id': '%s', 'agreed_on': '2024-03-01',"
	            " 'due_on': '2024-06-03'}",
	        review),
	    "/v1/actions");

	expect_status(action, 201);
	expect_status(post(json_of("{'on': '2024-05-02', 'kind': 'training', 'shows': 'impact',"
	                           " 'description': 'Six of seven plans name the father.'}"),
	                  "/v1/actions/%s/evidence", answer_text(action, "/id")),
	    201);
	const json_t *actions =
	    section(get("/v1/reports/scrutiny?year=2024-25"), "Actions and their evidence");
	cr_assert_eq(count_of(json_object_get(actions, "examples"), "evidence",
	                 "Six of seven plans name the father."),
	    1);
	cr_assert(says(actions, "Of 1 action 1 is not begun."));
	cr_assert(says(actions, "1 is red: past the due day, or not accepted."));
	actions = section(get("/v1/reports/scrutiny?as_of=2024-05-01"), "Actions and their evidence");
	cr_assert_eq(json_array_size(json_object_get(actions, "examples")), 0);
}

Test(scrutiny, tells_the_public_the_public_form_of_each_report_and_no_single_case)
{
	counted("2020-05-06");
	const struct answer *whole = get("/v1/reports/scrutiny?year=2020-21&audience=public");
	const struct answer *alone =
	    get("/v1/reports/rapid-reviews-by-year?as_of=2021-03-31&audience=public");
	const json_t *table = json_object_get(section(whole, TABLE_1), "report");

	expect_status(alone, 200);
	cr_assert(
	    json_equal(json_object_get(table, "rows"), answer_at(alone, "/rows")), "%s", told(whole));
	cr_assert(says(section(whole, TABLE_1), "too small for the public"), "%s", told(whole));
	cr_assert(says(section(whole, "Compliance"), "not to the public"), "%s", told(whole));
	cr_assert_eq(
	    json_array_size(json_object_get(section(whole, "Actions and their evidence"), "examples")),
	    0);
	expect_fault(get("/v1/reports/scrutiny?as_of=2021-03-01&audience=public"), "as_of", "year_end");
	expect_fault(get("/v1/reports/scrutiny?year=2020-22"), "year", "reporting_year");
}

static const char *as_format(const char *format)
{
	const char *const headers[] = {text_of("Accept: %s", format), NULL};

	counted("2020-05-06");
	const struct answer *answer =
	    make(&(struct call){.path = "/v1/reports/scrutiny?year=2020-21", .headers = headers});

	expect_status(answer, 200);
	return text_string(&answer->body);
}

Test(scrutiny, is_a_page_and_a_paper_in_markdown)
{
	const char *page = as_format("text/html");

	cr_assert_not_null(strstr(page, "<h2>4. " TABLE_1 "</h2>"), "%s", page);
	cr_assert_not_null(strstr(page, "<th scope=\"row\">2020-21</th>"));
	cr_assert_null(strstr(page, "<script"));
	page = as_format("text/markdown");
	cr_assert_not_null(strstr(page, "## 4. " TABLE_1 "\n\n4.1 Of "), "%s", page);
	cr_assert_not_null(strstr(page, "| 2020-21 | "), "%s", page);
}
