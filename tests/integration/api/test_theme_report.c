/* What the report on themes counts. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

static const char *theme_with(const char *members)
{
	const struct answer *made = post(json_of("%s", members), "/v1/themes");

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static void code(const char *review, const char *theme, const char *day)
{
	expect_status(change(json_of("{'coded_by': 'subgroup', 'on': '%s', 'themes': [{'theme_id':"
	                             " '%s'}]}",
	                         day, theme),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
}

/* The pointer to a member of the row of that theme. */
static const char *row_of(const struct answer *report, const char *theme, const char *member)
{
	size_t index;
	json_t *row;

	json_array_foreach (answer_at(report, "/rows"), index, row)
		if (strcmp(json_string_value(json_object_get(row, "theme")), theme) == 0)
			return text_of("/rows/%zu/%s", index, member);
	return "/rows/none";
}

static const struct answer *report_on(const char *day)
{
	const struct answer *report = get("/v1/reports/themes?as_of=%s", day);

	expect_status(report, 200);
	return report;
}

Test(theme_report, counts_reviews_by_what_stood_on_the_day)
{
	const char *theme = theme_with("{'label': 'Professional curiosity', 'kind': 'practice'}");
	const char *review = reviewed("lcspr", "{}");

	reviewed("table_top", "{}");
	code(review, theme, "2024-03-10");
	expect_status(change(json_of("{'coded_by': 'subgroup', 'on': '2024-04-10', 'themes': []}"),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
	const struct answer *before = report_on("2024-03-09");
	const struct answer *then = report_on("2024-03-10");
	const struct answer *after = report_on("2024-04-10");
	expect_value(before, row_of(before, "Professional curiosity", "count"), "0");
	expect_value(then, row_of(then, "Professional curiosity", "count"), "1");
	expect_value(after, row_of(after, "Professional curiosity", "count"), "0");
	expect_value(then, row_of(then, "Professional curiosity", "kind"), "'practice'");
	expect_value(then, row_of(then, "Professional curiosity", "disagreements"), "null");
	expect_value(then, "/unit", "'review'");
	const struct answer *records =
	    get("%s&row=Professional%%20curiosity&figure=count", answer_text(then, "/links/records"));
	expect_value(records, "/data/0/id", text_of("'%s'", review));
	cr_assert_null(answer_at(records, "/data/1"));
	expect_value(get("/v1/reports/themes?as_of=2024-02-19"), "/totals/denominator", "0");
}

Test(theme_report, counts_a_demographic_theme_by_the_records_and_says_where_they_disagree)
{
	const char *label = "Under 1s";
	const char *theme =
	    theme_with("{'label': 'Under 1s', 'kind': 'demographic', 'derivation': 'under_1'}");
	const char *incident =
	    rapidly_reviewed(incident_with("{'children': [{'age_years': 0}]}"), "lcspr_local");
	const char *review = answer_text(post(json_of("{'type': 'lcspr', 'title': 'Baby', 'decided_on':"
	                                              " '2024-02-20', 'incident_ids': ['%s']}",
	                                          incident),
	                                     "/v1/reviews"),
	    "/id");
	const struct answer *uncoded = report_on("2024-03-31");

	expect_value(uncoded, row_of(uncoded, label, "count"), "1");
	expect_value(uncoded, row_of(uncoded, label, "disagreements"), "1");
	const char *notes = told(uncoded);
	cr_assert_not_null(strstr(notes, "Under 1s: what was coded of 1 review is not"));
	code(review, theme, "2024-03-31");
	const struct answer *coded = report_on("2024-03-31");
	expect_value(coded, row_of(coded, label, "count"), "1");
	expect_value(coded, row_of(coded, label, "disagreements"), "0");
}

Test(theme_report, keeps_what_was_coded_by_a_theme_that_is_retired)
{
	const char *theme = theme_with("{'label': 'Hard to reach', 'kind': 'practice'}");
	const char *unused = theme_with("{'label': 'Unused', 'kind': 'practice'}");
	static const char *const retired = "{'retired_on': '2024-04-01', 'retired_reason': 'language'}";

	code(reviewed("lcspr", "{}"), theme, "2024-03-10");
	expect_status(patch(json_of("%s", retired), "\"1\"", "/v1/themes/%s", theme), 200);
	expect_status(patch(json_of("%s", retired), "\"1\"", "/v1/themes/%s", unused), 200);
	const struct answer *report = report_on("2024-06-01");
	expect_value(report, row_of(report, "Hard to reach", "count"), "1");
	cr_assert_str_eq(row_of(report, "Unused", "count"), "/rows/none");
}

Test(theme_report, is_of_one_set_or_of_one_kind)
{
	theme_with("{'label': 'Own practice', 'kind': 'practice'}");
	theme_with("{'label': 'Own factor', 'kind': 'factor'}");
	const struct answer *practice = get("/v1/reports/themes?set=local&kind=practice");
	const struct answer *national = get("/v1/reports/themes?set=panel");
	const char *row = row_of(practice, "Own practice", "row");

	expect_status(practice, 200);
	expect_value(practice, row_of(practice, "Own practice", "kind"), "'practice'");
	cr_assert_str_eq(row_of(practice, "Own factor", "count"), "/rows/none");
	cr_assert_str_eq(row_of(national, "Own practice", "count"), "/rows/none");
	expect_status(
	    get("%s&row=%s", answer_text(practice, "/links/records"), answer_text(practice, row)), 200);
	expect_fault(get("/v1/reports/themes?audience=public&kind=practice"), "kind", "one_form");
}

static const char *written_as(const char *format)
{
	const char *const headers[] = {text_of("Accept: %s", format), NULL};
	const struct answer *answer =
	    make(&(struct call){.path = "/v1/reports/themes?set=local", .headers = headers});

	expect_status(answer, 200);
	return text_string(&answer->body);
}

Test(theme_report, has_no_markup_and_no_formula_in_a_label)
{
	theme_with("{'label': '=<b>|*x*', 'kind': 'practice'}");
	const char *page = written_as("text/html");

	cr_assert_null(strstr(page, "<b>"));
	/* In the table, and in the chart above it. */
	cr_assert_not_null(strstr(page, "<th scope=\"row\">=&lt;b&gt;|*x*</th>"), "%s", page);
	cr_assert_not_null(strstr(page, "\">=&lt;b&gt;|*x*</text>"), "%s", page);
	cr_assert_not_null(strstr(written_as("text/markdown"), "| =\\<b\\>\\|\\*x\\* |"));
	cr_assert_not_null(strstr(written_as("text/csv"), "\n'=<b>|*x*,"));
}
