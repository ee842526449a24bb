/* What reports count, and what may be asked of them. */
#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

/* A rapid review of an incident that was notified on that day. */
static const char *counted(const char *notified_on)
{
	const char *id = recorded(
	    incident_with("{'incident_date': '%s', 'aware_on': '%s'}", notified_on, notified_on));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record', "
	                           "'notified_on': '%s'}",
	                       notified_on),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	return id;
}

Test(reports, count_a_rapid_review_in_the_year_of_its_notification)
{
	counted("2022-03-28");
	counted("2022-04-01");
	const struct answer *report =
	    get("/v1/reports/rapid-reviews-by-year?from=2021-04-01&as_of=2022-04-01");

	expect_status(report, 200);
	expect_value(report, "/rows/0/year", "'2021-22'");
	expect_value(report, "/rows/0/rapid_reviews", "1");
	expect_value(report, "/rows/0/part_year", "false");
	expect_value(report, "/rows/1/year", "'2022-23'");
	expect_value(report, "/rows/1/part_year", "true");
	expect_value(report, "/rows/1/percent", "0.0");
	expect_value(report, "/totals/rapid_reviews", "2");
	expect_value(report, "/unit", "'incident'");
	expect_value(report, "/columns/1/label", "'Rapid reviews'");
}

Test(reports, give_the_figures_as_they_then_stood)
{
	const char *before =
	    text_of("%s", told(get("/v1/reports/rapid-reviews-by-year?as_of=2024-02-19")));

	reviewed("lcspr", "{}");
	const struct answer *after = get("/v1/reports/rapid-reviews-by-year?as_of=2024-02-19");
	expect_value(after, "/totals/lcsprs", "0");
	cr_assert(before);
	expect_value(get("/v1/reports/rapid-reviews-by-year?as_of=2024-02-20"), "/totals/lcsprs", "1");
}

Test(reports, lead_to_the_records_behind_a_figure)
{
	counted("2025-05-06");
	const struct answer *report = get("/v1/reports/rapid-reviews-by-year");
	const char *records = answer_text(report, "/links/records");
	const struct answer *found = get("%s&row=2025-26&figure=rapid_reviews", records);

	expect_status(found, 200);
	expect_value(found, "/data/0/kind", "'rapid_review'");
	expect_status(get("%s", answer_text(found, "/data/0/link")), 200);
	expect_value(get("%s&row=2025-26&figure=lcsprs", records), "/data", "[]");
	expect_problem(get("/v1/reports/nothing/records"), 404, "not-found");
}

Test(reports, refuse_a_period_that_is_none_and_name_every_fault)
{
	const struct answer *refused =
	    get("/v1/reports/"
	        "rapid-reviews-by-year?year=2023-25&from=2024-02-01&to=2024-01-01&as_of=2999-01-01");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "year", "reporting_year");
	expect_fault(refused, "year", "period");
	expect_fault(refused, "to", "period_order");
	expect_fault(refused, "as_of", "in_future");
}

Test(reports, are_tables_for_spreadsheets_too)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};
	static const char wanted[] = "year,rapid_reviews,lcsprs,percent,part_year\r\n";
	const struct answer *sheet =
	    make(&(struct call){.path = "/v1/reports/rapid-reviews-by-year", .headers = headers});

	expect_status(sheet, 200);
	cr_assert(strncmp(text_string(&sheet->body), wanted, strlen(wanted)) == 0, "%s", told(sheet));
}

/* The report in that format. */
static const struct answer *as_format(const char *format)
{
	const char *const headers[] = {text_of("Accept: %s", format), NULL};

	counted("2020-05-06");
	const struct answer *answer = make(&(struct call){
	    .path = "/v1/reports/rapid-reviews-by-year?as_of=2020-06-01", .headers = headers});

	expect_status(answer, 200);
	return answer;
}

Test(reports, are_pages_to_print_with_the_table_beside_the_chart)
{
	const char *page = text_string(&as_format("text/html")->body);

	cr_assert_not_null(strstr(page, "<html lang=\"en-GB\">"));
	cr_assert_not_null(strstr(page, "<svg role=\"img\""));
	cr_assert_not_null(strstr(page, "<th scope=\"row\">2020-21</th>"));
	cr_assert_not_null(strstr(page, "&amp;row=2020-21&amp;figure=rapid_reviews\">"));
	cr_assert_null(strstr(page, "<script"));
}

Test(reports, are_markdown_for_a_board_paper)
{
	const char *page = text_string(&as_format("text/markdown")->body);

	cr_assert_not_null(strstr(page, "| 2020-21 | "), "%s", page);
}

/* ---- For the public ---- */

Test(reports, hide_small_counts_from_the_public_with_what_would_tell_of_them)
{
	for (int i = 0; i < 3; i++)
		counted("2018-05-06");
	for (int i = 0; i < 6; i++)
		counted("2019-05-06");
	const struct answer *report =
	    get("/v1/reports/rapid-reviews-by-year?audience=public&as_of=2020-03-31");

	expect_status(report, 200);
	expect_value(report, "/rows/0/rapid_reviews", "null");
	expect_value(report, "/rows/0/percent", "null");
	expect_value(report, "/rows/1/rapid_reviews", "6");
	expect_value(report, "/rows/1/lcsprs", "0");
	/* Nine less six would be the three. */
	expect_value(report, "/totals/rapid_reviews", "null");
	expect_value(report, "/links/records", "null");
}

Test(reports, refuse_to_the_public_what_could_be_taken_from_one_another)
{
	const struct answer *refused = get("/v1/reports/rapid-reviews-by-year?audience=public"
	                                   "&from=2020-04-01&as_of=2024-06-30");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "from", "whole_years");
	expect_fault(refused, "as_of", "year_end");
}

Test(reports, leave_embargoed_reviews_out_of_what_is_public)
{
	const char *review = review_in("lcspr", "signed_off");

	const char *path = "/v1/reports/rapid-reviews-by-year?as_of=2024-03-31";
	int64_t kept = json_integer_value(
	    json_object_get(json_object_get(get("%s", path)->json, "totals"), "lcsprs"));
	expect_status(post(json_of("{'reason': 'A trial is listed.', 'embargoed_on': '2024-07-01', "
	                           "'owner': 'business manager', 'review_by': '2027-06-01', "
	                           "'other_reason_until': '2027-06-01'}"),
	                  "/v1/reviews/%s/embargoes", review),
	    201);
	expect_value(get("%s", path), "/totals/lcsprs", text_of("%ld", (long)kept));
	CLEANUP(free)
	char *shown = sql_text(&stage()->database,
	    "UPDATE partnership SET disclosure_threshold = 1 WHERE slug = 'north' RETURNING slug",
	    NULL);
	cr_assert_str_eq(shown, "north");
	expect_value(get("%s&audience=public", path), "/totals/lcsprs", text_of("%ld", (long)kept - 1));
}
