/* What somebody could work out from everything that is published, and is not told. */
#include "fixture.h"

#include <string.h>

STAGE(ALL_SCOPES, NULL)

static void counted_as(const char *nature, int count, const char *notified_on)
{
	for (int i = 0; i < count; i++) {
		const char *id = recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s', "
		                                        "'nature': '%s'}",
		    notified_on, notified_on, nature));
		expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record', "
		                           "'notified_on': '%s'}",
		                       notified_on),
		                  "/v1/incidents/%s/notifications", id),
		    201);
	}
}

static void counted(int count, const char *notified_on)
{
	counted_as("serious_harm", count, notified_on);
}

static const char *theme_called(const char *label)
{
	return answer_text(
	    post(json_of("{'label': '%s', 'kind': 'practice'}", label), "/v1/themes"), "/id");
}

static void code(const char *review, const char *theme)
{
	expect_status(change(json_of("{'coded_by': 'subgroup', 'on': '2024-03-10', 'themes': "
	                             "[{'theme_id': '%s'}]}",
	                         theme),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
}

Test(public_reports, tell_no_total_from_which_a_hidden_year_follows_one_year_later)
{
	static const char *const path = "/v1/reports/rapid-reviews-by-year?audience=public&as_of=";

	counted(5, "2018-05-06");
	counted(3, "2019-05-06");
	counted(3, "2020-05-06");
	expect_value(get("%s2019-03-31", path), "/totals/rapid_reviews", "5");
	const struct answer *report = get("%s2021-03-31", path);
	expect_value(report, "/rows/0/rapid_reviews", "5");
	/* Less that of the year before it would be the three of 2020-21. */
	expect_value(report, "/totals/rapid_reviews", "null");
	expect_value(report, "/totals/percent", "null");
	expect_value(report, "/totals/suppressed/0", "'rapid_reviews'");
}

static void reviewed_on(int count, const char *decided_on)
{
	for (int i = 0; i < count; i++)
		reviewed("lcspr", "{'decided_on': '%s'}", decided_on);
}

Test(public_reports, tell_of_reviews_together_and_in_an_order_that_tells_nothing)
{
	theme_called("Alpha");
	code(reviewed("lcspr", "{}"), theme_called("Zulu"));
	reviewed_on(4, "2024-02-20");
	reviewed_on(3, "2024-05-20");
	reviewed_on(2, "2025-05-20");
	const struct answer *shown = get("/v1/reports/themes?as_of=2024-03-31");
	const struct answer *first = get("/v1/reports/themes?as_of=2024-03-31&audience=public");
	const struct answer *second = get("/v1/reports/themes?as_of=2025-03-31&audience=public");
	const struct answer *third = get("/v1/reports/themes?as_of=2026-03-31&audience=public");

	expect_value(shown, "/rows/0/theme", "'Zulu'");
	expect_value(first, "/rows/0/theme", "'Alpha'");
	expect_value(first, "/rows/1/theme", "'Zulu'");
	expect_value(first, "/rows/1/count", "null");
	expect_value(first, "/totals/denominator", "5");
	cr_assert_null(strstr(told(first), "Told are reviews"));
	/* Eight less five would be three. */
	expect_value(second, "/totals/denominator", "5");
	cr_assert_not_null(strstr(told(second), "Told are reviews decided on by 31 March 2024: others "
	                                        "are told once there are at least 5 more."));
	expect_value(third, "/totals/denominator", "10");
}

Test(public_reports, have_one_form_so_that_two_cannot_be_taken_from_one_another)
{
	static const char *const path = "/v1/reports/annual-report?audience=public&year=2019-20";

	expect_fault(get("%s&nature=current", path), "nature", "one_form");
	expect_fault(get("%s&age_bands=ar2020", path), "age_bands", "one_form");
	expect_status(get("%s&nature=as_notified&age_bands=dfe", path), 200);
}

Test(public_reports, tell_of_a_year_once_as_it_stood_at_its_end)
{
	static const char *const path = "/v1/reports/annual-report?audience=public&year=";

	expect_value(get("%s2019-20", path), "/as_of", "'2020-03-31'");
	expect_status(get("%s2019-20&as_of=2020-03-31", path), 200);
	expect_fault(get("%s2019-20&as_of=2021-03-31", path), "as_of", "told_once");
	expect_fault(get("%s2098-99", path), "year", "not_over");
}

/* What the partnership has decided; every test ends with what it began with. */
static void decide(const char *policy)
{
	CLEANUP(free)
	char *slug = sql_text(&stage()->database,
	    text_of("UPDATE partnership SET %s WHERE slug = 'north' RETURNING slug", policy), NULL);

	cr_assert_str_eq(slug, "north");
}

Test(public_reports, are_rounded_as_was_decided_with_shares_of_what_is_shown)
{
	static const char *const path =
	    "/v1/reports/annual-report?audience=public&year=2021-22&as_of=2022-03-31";

	counted_as("child_death", 1, "2021-05-06");
	counted(2, "2021-05-06");
	decide("disclosure_threshold = 1");
	const struct answer *exact = get("%s", path);
	counted(5, "2021-05-06");
	decide("disclosure_rounding = 5");
	const struct answer *rounded = get("%s", path);
	decide("disclosure_threshold = 5, disclosure_rounding = 1");

	expect_value(exact, "/rows/1/breakdown", "'Serious harm'");
	expect_value(exact, "/rows/1/count", "2");
	expect_value(exact, "/rows/1/percent", "66.7");
	expect_value(rounded, "/rows/0/count", "0");
	expect_value(rounded, "/rows/0/percent", "0.0");
	expect_value(rounded, "/rows/1/count", "5");
	expect_value(rounded, "/rows/1/denominator", "10");
	expect_value(rounded, "/rows/1/percent", "50.0");
	cr_assert_not_null(
	    strstr(told(rounded), "Counts are rounded to the nearest 5 and may not sum"));
}
