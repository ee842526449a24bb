/* National figures, and when a partnership's own are held against them. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

#define REPORT "/v1/reports/benchmarks"
#define NEGLECT ", 'harm_types': ['neglect']"

/* An incident with these members, each with a comma before it, known and notified on that day. */
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

/* The pointer to a member of the row of that key and base. */
static const char *at_row(
    const struct answer *report, const char *key, const char *base, const char *member)
{
	size_t index;
	json_t *row;

	json_array_foreach (answer_at(report, "/rows"), index, row)
		if (strcmp(json_string_value(json_object_get(row, "key")), key) == 0 &&
		    strcmp(json_string_value(json_object_get(row, "base")), base) == 0)
			return text_of("/rows/%zu/%s", index, member);
	give_up("no row of %s: %s", key, told(report));
}

#define expect_row(report, key, base, member, value)                                               \
	expect_value(report, at_row(report, key, base, member), value)

static const struct answer *added(const char *key, const char *base, const char *from)
{
	return post(json_of("{'key': '%s', 'label': 'Ours', 'base': '%s', 'percent': 41.5,"
	                    " 'period_from': '%s', 'period_to': '2023-12-31', 'source': 'Ours'}",
	                key, base, from),
	    "/v1/benchmarks");
}

Test(benchmarks, have_each_a_base_a_period_and_a_source)
{
	const struct answer *list = get("/v1/benchmarks?limit=200");
	size_t index;
	json_t *one;

	expect_status(list, 200);
	cr_assert_geq(json_array_size(answer_at(list, "/data")), 23);
	json_array_foreach (answer_at(list, "/data"), index, one) {
		cr_assert_str_not_empty(json_string_value(json_object_get(one, "source")));
		cr_assert(json_is_number(json_object_get(one, "percent")) ||
		          json_is_integer(json_object_get(one, "count")));
	}
	expect_value(get("/v1/benchmarks?key=child_protection_plan"), "/data/0/count", "70");
	expect_value(get("/v1/benchmarks?key=aged_11_to_15"), "/data/0/qualifier", "'over'");
	cr_assert_eq(json_array_size(answer_at(get("/v1/benchmarks?key=domestic_abuse"), "/data")), 2);
}

Test(benchmarks, are_compared_on_the_same_base)
{
	for (int i = 0; i < 5; i++)
		notified(i < 2 ? NEGLECT : "", "2019-05-07");
	const struct answer *report = get(REPORT "?year=2019-20");

	expect_status(report, 200);
	expect_row(report, "neglect", "incidents", "local_count", "2");
	expect_row(report, "neglect", "incidents", "local_n", "5");
	expect_row(report, "neglect", "incidents", "local_percent", "40.0");
	expect_row(report, "neglect", "incidents", "national_percent", "35.0");
	expect_row(report, "neglect", "incidents", "difference", "5.0");
	expect_row(report, "neglect", "incidents", "period", "'2020-01-01 to 2020-12-31'");
	expect_row(report, "neglect", "incidents", "compared", "true");
	expect_row(
	    report, "public_care_proceedings_before", "rapid_reviews", "national_percent", "9.1");
	expect_row(
	    report, "public_care_proceedings_before", "rapid_reviews", "refusal", "'not_recorded'");
	expect_row(report, "incidents_notified", "incidents", "refusal", "'no_share'");
	const struct answer *records =
	    get("/v1/reports/benchmarks/records?year=2019-20&row=neglect&figure=local_count");
	cr_assert_eq(json_array_size(answer_at(records, "/data")), 2);
}

Test(benchmarks, have_the_digits_that_were_counted)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};
	const struct answer *sheet = make(&(struct call){.path = REPORT, .headers = headers});

	cr_assert_not_null(strstr(text_string(&get(REPORT)->body), "\"national_percent\":9.1,"));
	cr_assert_not_null(strstr(text_string(&sheet->body), ",9.1,"), "%s", told(sheet));
}

Test(benchmarks, of_too_few_are_compared_only_when_that_is_forced_and_said)
{
	for (int i = 0; i < 4; i++)
		notified(NEGLECT, "2020-05-05");
	const struct answer *refused = get(REPORT "?year=2020-21");
	const struct answer *forced = get(REPORT "?year=2020-21&force=true");
	size_t notes = json_array_size(answer_at(refused, "/notes"));

	expect_row(refused, "neglect", "incidents", "compared", "false");
	expect_row(refused, "neglect", "incidents", "refusal", "'too_few'");
	expect_row(refused, "neglect", "incidents", "local_percent", "null");
	expect_row(refused, "neglect", "incidents", "forced", "false");
	expect_row(forced, "neglect", "incidents", "compared", "true");
	expect_row(forced, "neglect", "incidents", "forced", "true");
	expect_row(forced, "neglect", "incidents", "local_percent", "100.0");
	cr_assert_eq(json_array_size(answer_at(forced, "/notes")), notes + 1);
}

Test(benchmarks, of_another_base_are_compared_only_when_that_is_forced)
{
	for (int i = 0; i < 5; i++)
		notified(NEGLECT, "2021-05-05");
	expect_status(added("neglect", "notifications", "2022-04-01"), 201);
	const struct answer *refused = get(REPORT "?year=2021-22");
	const struct answer *forced = get(REPORT "?year=2021-22&force=true");

	expect_row(refused, "neglect", "notifications", "refusal", "'bases_differ'");
	expect_row(refused, "neglect", "notifications", "local_base", "'incidents'");
	expect_row(refused, "neglect", "notifications", "compared", "false");
	expect_row(forced, "neglect", "notifications", "forced", "true");
	expect_row(forced, "neglect", "notifications", "difference", "58.5");
	expect_row(forced, "neglect", "incidents", "forced", "false");
}

Test(benchmarks, of_a_partnership_take_the_place_of_those_of_the_same_period)
{
	const struct answer *ours = added("children_under_1", "children", "2020-01-01");
	const struct answer *list = get("/v1/benchmarks?key=children_under_1");

	expect_status(ours, 201);
	expect_value(ours, "/own", "true");
	expect_status(get("%s", answer_header(ours, "Location")), 200);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 1);
	expect_value(list, "/data/0/percent", "41.5");
	as(stage()->south);
	expect_value(get("/v1/benchmarks?key=children_under_1"), "/data/0/percent", "35.0");
}

Test(benchmarks, that_cannot_be_are_refused)
{
	expect_problem(post(json_of("{'key': 'x', 'label': 'x', 'base': 'children', 'count': 6, 'n': 5,"
	                            " 'period_from': '2020-01-01', 'period_to': '2020-12-31',"
	                            " 'source': 'x'}"),
	                   "/v1/benchmarks"),
	    422, "invalid");
	expect_fault(added("x", "children", "2024-01-01"), "/period_to", "period_order");
	expect_problem(post(json_of("{'key': 'x', 'label': 'x', 'base': 'children',"
	                            " 'period_from': '2020-01-01', 'period_to': '2020-12-31',"
	                            " 'source': 'x'}"),
	                   "/v1/benchmarks"),
	    422, "invalid");
}
