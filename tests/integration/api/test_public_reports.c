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
	                                        "are told later, at least 5 together."));
	expect_value(third, "/totals/denominator", "10");
	/* Were three of the ten incidents of a year of their own, ten less the seven others would tell
	 * so. */
	sql_run(&stage()->database,
	    "UPDATE rapid_review AS r SET notified_on = '2024-05-06'"
	    " FROM review_incident AS l, review AS v"
	    " WHERE l.incident_id = r.incident_id AND v.id = l.review_id"
	    " AND v.decided_on = '2024-05-20'",
	    NULL);
	expect_value(
	    get("/v1/reports/themes?as_of=2026-03-31&audience=public"), "/totals/denominator", "5");
}

/* `led` has how many incidents of which reporting year led to a review from which day to which. */
static void expect_told_until(const char *wanted, const char *led)
{
	CLEANUP(free)
	char *until = sql_text(&stage()->database,
	    text_of("WITH us AS MATERIALIZED ("
	            "  SELECT set_config('app.partnership_id', p.id::text, false)"
	            "    FROM partnership AS p WHERE p.slug = 'north')"
	            " SELECT told_together_until(array_agg(l.day::date),"
	            "          array_agg(reporting_year_starts(l.year)), array_agg(l.day::date),"
	            "          array_agg(l.until::date), array_agg(1::bigint))"
	            "   FROM (SELECT l.year, l.day, l.until, set_config FROM us,"
	            "                (VALUES %s) AS l (count, year, day, until),"
	            "                generate_series(1, l.count)) AS l"
	            "  WHERE l.set_config <> ''",
	        led),
	    NULL);

	cr_assert_str_eq(until, wanted, "told until %s and not %s: %s", until, wanted, led);
}

Test(public_reports, tell_no_sum_of_reviews_that_tells_of_the_one_year_that_is_hidden)
{
#define FIRST "(6, '2019-20', '2019-07-06', NULL), (5, '2020-21', '2020-07-06', NULL)"
#define THEN FIRST ", (4, '2020-21', '2021-07-06', NULL), (4, '2021-22', '2021-07-06', NULL)"

	expect_told_until("2021-03-31", FIRST);
	/* The four are what 19 less the 6 and 15 leave, which the tables of other days tell. */
	expect_told_until("2021-03-31", THEN);
	expect_told_until("2023-03-31", THEN ", (3, '2021-22', '2022-07-06', NULL)");
}

Test(public_reports, tell_a_sum_of_reviews_of_hidden_years_that_might_be_others)
{
#define TWO "(3, '2018-19', '2019-07-06', NULL), (3, '2019-20', '2019-07-06', NULL)"

	expect_told_until("2020-03-31", TWO);
	/* Each of two is four when they are eight. */
	expect_told_until(
	    "infinity", "(4, '2018-19', '2019-07-06', NULL), (4, '2019-20', '2019-07-06', NULL)");
	/* One of the two is known to be eight now, and had five fewer. */
	expect_told_until("2020-03-31", TWO ", (5, '2019-20', '2020-07-06', NULL)");
	/* Nothing changed but years that are shown. */
	expect_told_until("2021-03-31", TWO ", (5, '2020-21', '2020-07-06', NULL)");
}

Test(public_reports, count_an_incident_for_a_year_while_it_has_led_to_a_review)
{
#define FOUR ", (4, '2020-21', '2021-07-06', NULL), (4, '2021-22', '2021-07-06', "

	/* At the year's end they are the four that the sum would tell, or no more. */
	expect_told_until("2021-03-31", FIRST FOUR "'2022-04-01')");
	expect_told_until("2022-03-31", FIRST FOUR "'2022-03-31')");
	/* Taken from it on the day on which they led to it, they never had. */
	expect_told_until("2022-03-31", FIRST FOUR "'2021-07-06')");
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
