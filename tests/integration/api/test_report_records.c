/* That each figure leads to the records behind it: as many as it says. */
#include <ctype.h>
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

static void notified(const char *members, const char *on)
{
	const char *id =
	    recorded(incident_with("{'incident_date': '2018-01-06', 'aware_on': '%s'%s}", on, members));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record', "
	                           "'notified_on': '%s'}",
	                       on),
	                  "/v1/incidents/%s/notifications", id),
	    201);
}

static const char *in_url(const char *name)
{
	const char *text = "";

	for (const char *at = name; *at; at++)
		text = isalnum((unsigned char)*at) ? text_of("%s%c", text, *at)
		                                   : text_of("%s%%%02X", text, (unsigned char)*at);
	return text;
}

static size_t behind(const struct answer *report, const char *row, const char *figure)
{
	const struct answer *records = get("%s&limit=200&row=%s&figure=%s",
	    answer_text(report, "/links/records"), in_url(row), figure);

	expect_status(records, 200);
	return json_array_size(answer_at(records, "/data"));
}

/* Every figure of every row; one of children leads to their incidents, which may be fewer. */
static void expect_records(const struct answer *report, const char *figure)
{
	size_t index;
	json_t *row;

	expect_status(report, 200);
	json_array_foreach (answer_at(report, "/rows"), index, row) {
		const char *name = json_string_value(json_object_get(row, "row"));
		const json_t *figure_value = json_object_get(row, figure);
		if (!json_is_integer(figure_value))
			continue;
		size_t count = (size_t)json_integer_value(figure_value);
		size_t found = behind(report, name, figure);
		if (strncmp(name, "Children/", 9) == 0)
			cr_assert(found <= count && (found > 0) == (count > 0), "%s: %zu", name, found);
		else
			cr_assert_eq(found, count, "%s: %zu of %zu", name, found, count);
	}
}

static void stage_incidents(void)
{
	notified(", 'nature': 'child_death'", "2022-05-05");
	notified("", "2022-06-06");
	notified(", 'children': [{'index_child': true, 'role': 'victim', 'nature': 'serious_harm',"
	         " 'age_years': 15, 'sex': 'F'}, {'index_child': false, 'role': 'sibling_also_harmed',"
	         " 'nature': 'serious_harm', 'age_years': 0, 'sex': 'M'}]",
	    "2022-07-07");
}

Test(report_records, are_as_many_as_each_figure_of_the_annual_report)
{
	stage_incidents();
	reviewed("lcspr", "{}");
	expect_records(get("/v1/reports/annual-report"), "count");
	expect_records(get("/v1/reports/annual-report?year=2022-23"), "denominator");
	expect_records(get("/v1/reports/annual-report?age_bands=ar2020&nature=current"), "count");
}

Test(report_records, are_as_many_as_each_figure_of_the_breakdown)
{
	stage_incidents();
	expect_records(get("/v1/reports/dfe-breakdown?year=2022-23"), "number_notifications");
}

Test(report_records, of_a_theme_held_against_a_national_figure_are_reviews)
{
	const char *review = reviewed("lcspr", "{}");
	const char *theme = answer_text(get("/v1/themes?q=domestic&limit=1"), "/data/0/id");
	const struct answer *report = get("/v1/reports/benchmarks?force=true");

	expect_status(change(json_of("{'coded_by': 'subgroup', 'on': '2024-03-10', 'themes': "
	                             "[{'theme_id': '%s'}]}",
	                         theme),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
	const struct answer *records =
	    get("%s&row=domestic_abuse&figure=local_count", answer_text(report, "/links/records"));
	expect_status(records, 200);
	expect_value(records, "/data/0/kind", "'review'");
	expect_value(records, "/data/0/id", text_of("'%s'", review));
	cr_assert_null(answer_at(records, "/data/1"));
}

Test(report_records, of_rows_and_totals_are_linked_from_the_page)
{
	static const char *const headers[] = {"Accept: text/html", NULL};

	stage_incidents();
	const struct answer *page = make(&(struct call){
	    .path = "/v1/reports/rapid-reviews-by-year?year=2022-23", .headers = headers});
	const char *text = text_string(&page->body);
	cr_assert_not_null(
	    strstr(text, "records?year=2022-23&amp;audience=partnership&amp;row=2022-23&amp;figure="
	                 "rapid_reviews\">"),
	    "%s", text);
	cr_assert_not_null(
	    strstr(text, "records?year=2022-23&amp;audience=partnership&amp;figure=rapid_reviews\">"));
}
