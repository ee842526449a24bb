/* The figures of the annual report and DfE's breakdown: what is counted once, and as what. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

/* An incident with these members, each with a comma before it, known on that day; its id. */
static const char *known(const char *members, const char *on)
{
	return recorded(
	    incident_with("{'incident_date': '2018-01-06', 'aware_on': '%s'%s}", on, members));
}

static const char *notified(const char *kind, const char *members, const char *on)
{
	const char *id = known(members, on);

	expect_status(
	    post(json_of("{'kind': '%s', 'transmission': 'record', 'notified_on': '%s'}", kind, on),
	        "/v1/incidents/%s/notifications", id),
	    201);
	return id;
}

/* Whether the row is of these words, as the members are named. */
static bool is_row(const json_t *row, const char *const members[], const char *const words[])
{
	for (size_t i = 0; members[i]; i++)
		if (strcmp(json_string_value(json_object_get(row, members[i])), words[i]) != 0)
			return false;
	return true;
}

static long long number_of(const struct answer *report, const char *const members[],
    const char *const words[], const char *figure)
{
	size_t index;
	json_t *row;

	json_array_foreach (answer_at(report, "/rows"), index, row)
		if (is_row(row, members, words))
			return json_integer_value(json_object_get(row, figure));
	give_up("no row of %s: %s", words[0], told(report));
}

static long long annual(const struct answer *report, const char *section, const char *measure,
    const char *breakdown, const char *figure)
{
	static const char *const members[] = {"section", "measure", "breakdown", NULL};
	const char *const words[] = {section, measure, breakdown};

	return number_of(report, members, words, figure);
}

static long long dfe(
    const struct answer *report, const char *topic, const char *breakdown, const char *nature)
{
	static const char *const members[] = {
	    "breakdown_topic", "breakdown", "nature_of_notification", NULL};
	const char *const words[] = {topic, breakdown, nature};

	return number_of(report, members, words, "number_notifications");
}

Test(dfe_breakdown, counts_notifications_as_they_were_reported)
{
	const char *id = notified("serious_incident", "", "2018-05-08");
	const char *child = answer_text(get("/v1/incidents/%s", id), "/children/0/id");
	const char *path = text_of("/v1/incidents/%s/children/%s", id, child);

	expect_status(
	    patch(json_of("{'age_years': 12, 'sex': 'M'}"), etag_of(get("%s", path)), "%s", path), 200);
	const struct answer *report = get("/v1/reports/dfe-breakdown?year=2018-19");
	expect_status(report, 200);
	cr_assert_eq(dfe(report, "Age", "1 to 5", "Serious harm"), 1, "%s", told(report));
	cr_assert_eq(dfe(report, "Age", "11 to 15", "Serious harm"), 0);
	cr_assert_eq(dfe(report, "Sex", "Female", "Serious harm"), 1);
	cr_assert_eq(dfe(report, "CLA", "Not known", "Serious harm"), 1);
	expect_value(report, "/rows/0/time_period", "'201819'");
	expect_value(report, "/rows/0/quarter", "'Q1-Q4'");
	expect_value(report, "/totals/number_notifications", "1");
}

Test(dfe_breakdown, has_deaths_of_looked_after_children_and_no_care_leavers)
{
	notified("looked_after_child_death",
	    ", 'nature': 'child_death', 'death_date': '2018-01-06', 'abuse_neglect_status':"
	    " 'not_known_or_suspected', 'notifying_basis': 'lac_death', 'children': [{'age_years': 12,"
	    " 'nature': 'child_death', 'lac_status': 'current'}]",
	    "2019-05-07");
	notified("care_leaver_death",
	    ", 'nature': 'child_death', 'death_date': '2018-01-06', 'abuse_neglect_status':"
	    " 'not_known_or_suspected', 'notifying_basis': 'care_leaver_death', 'children':"
	    " [{'age_years': 19, 'nature': 'child_death', 'csc_status': 'care_leaver'}]",
	    "2019-05-07");
	const struct answer *report = get("/v1/reports/dfe-breakdown?year=2019-20");

	expect_value(report, "/totals/number_notifications", "1");
	cr_assert_eq(dfe(report, "CLA", "Looked after", "Child death"), 1);
	const struct answer *figures = get("/v1/reports/annual-report?year=2019-20");
	cr_assert_eq(
	    annual(figures, "Notifications", "Submitted", "Death of a care leaver", "count"), 1);
	cr_assert_eq(
	    annual(figures, "Notifications", "Submitted", "Death of a care leaver", "denominator"), 2);
	cr_assert_eq(annual(figures, "Reviews", "Rapid reviews", "All", "count"), 0);
}

Test(annual_report, is_of_the_year_of_its_day_where_no_period_is_asked_for)
{
	expect_value(
	    get("/v1/reports/annual-report?as_of=2021-03-31"), "/parameters/year", "'2020-21'");
	expect_value(
	    get("/v1/reports/annual-report?as_of=2021-04-01"), "/parameters/year", "'2021-22'");
	expect_value(get("/v1/reports/annual-report?as_of=2021-04-01&from=2019-04-01"),
	    "/parameters/year", "null");
	notified("serious_incident", "", "2018-03-31");
	const struct answer *report = get("/v1/reports/annual-report?as_of=2018-03-31");
	const struct answer *later = get("/v1/reports/annual-report?as_of=2018-04-01");
	cr_assert_eq(annual(report, "Notifications", "Submitted", "Serious incident", "count"), 1);
	cr_assert_eq(annual(later, "Notifications", "Submitted", "Serious incident", "count"), 0);
	expect_value(
	    get("/v1/reports/annual-report/records?as_of=2018-04-01&row=Notifications"), "/data", "[]");
}

Test(annual_report, keeps_the_nature_that_was_notified_beside_the_current_one)
{
	const char *id = notified("serious_incident", "", "2020-05-05");
	const char *path = text_of("/v1/incidents/%s", id);

	expect_status(patch(json_of("{'nature': 'child_death', 'death_date': '2020-06-30'}"),
	                  etag_of(get("%s", path)), "%s", path),
	    200);
	const struct answer *then = get("/v1/reports/annual-report?year=2020-21");
	const struct answer *now = get("/v1/reports/annual-report?year=2020-21&nature=current");
	const struct answer *before =
	    get("/v1/reports/annual-report?year=2020-21&nature=current&as_of=2020-06-29");
	cr_assert_eq(annual(then, "Incidents", "Nature", "Serious harm", "count"), 1, "%s", told(then));
	cr_assert_eq(annual(now, "Incidents", "Nature", "Child death", "count"), 1);
	cr_assert_eq(annual(before, "Incidents", "Nature", "Child death", "count"), 0);
	cr_assert_eq(annual(before, "Incidents", "Nature", "Serious harm", "count"), 1);
}

Test(annual_report, counts_every_child_in_the_bands_that_are_asked_for)
{
	notified("serious_incident",
	    ", 'children': [{'index_child': true, 'age_years': 15}, {'age_days': 20}, {'age_years': 0},"
	    " {'unborn': true, 'expected_on': '2021-09-01'}, {}]",
	    "2021-05-05");
	const struct answer *by_dfe = get("/v1/reports/annual-report?year=2021-22");
	const struct answer *by_panel = get("/v1/reports/annual-report?year=2021-22&age_bands=ar2020");

	cr_assert_eq(annual(by_dfe, "Children", "Age", "11 to 15", "count"), 1, "%s", told(by_dfe));
	cr_assert_eq(annual(by_dfe, "Children", "Age", "Under 1", "count"), 2);
	cr_assert_eq(annual(by_dfe, "Children", "Age", "Unborn", "count"), 1);
	cr_assert_eq(annual(by_dfe, "Children", "Age", "Not known", "count"), 1);
	cr_assert_eq(annual(by_dfe, "Children", "Age", "Under 1", "denominator"), 5);
	cr_assert_eq(annual(by_panel, "Children", "Age", "15 to 17", "count"), 1);
}

Test(annual_report, leads_to_what_a_section_counted)
{
	notified("serious_incident", "", "2022-05-05");
	const struct answer *records =
	    get("/v1/reports/annual-report/records?year=2022-23&row=Notifications");

	expect_status(records, 200);
	expect_value(records, "/data/0/kind", "'notification'");
	expect_status(get("%s", answer_text(records, "/data/0/link")), 200);
	expect_value(get("/v1/reports/annual-report/records?year=2022-23&row=Actions"), "/data", "[]");
}
