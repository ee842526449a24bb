/* Owns the tests of working days and of clocks that a date would start. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(calendar, .timeout = 60);
TestSuite(simulation, .timeout = 60);
TestSuite(holiday, .timeout = 60);

static const char *working_day(const char *from, int add)
{
	const struct answer *answer = get("/v1/calendar/working-day?from=%s&add=%d", from, add);

	expect_status(answer, 200);
	return answer_text(answer, "/date");
}

/* Day of awareness, and the due dates of the notification and of what it starts on that day. */
static const struct {
	const char *aware_on;
	const char *sin;
	const char *scoping;
	const char *rapid_review;
} vectors[] = {
    {"2024-01-08", "2024-01-15", "2024-01-22", "2024-02-05"},
    {"2023-12-18", "2023-12-27", "2024-01-04", "2024-01-18"},
    {"2023-12-22", "2024-01-03", "2024-01-10", "2024-01-24"},
    {"2023-12-23", "2024-01-03", "2024-01-10", "2024-01-24"},
    {"2023-12-25", "2024-01-03", "2024-01-10", "2024-01-24"},
    {"2021-12-23", "2022-01-04", "2022-01-11", "2022-01-25"},
    {"2024-03-28", "2024-04-08", "2024-04-15", "2024-04-29"},
    {"2023-04-28", "2023-05-09", "2023-05-16", "2023-05-31"},
    {"2022-05-30", "2022-06-08", "2022-06-15", "2022-06-29"},
    {"2022-09-14", "2022-09-22", "2022-09-29", "2022-10-13"},
    {"2026-12-24", "2027-01-05", "2027-01-12", "2027-01-26"},
    {"2027-12-23", "2028-01-04", "2028-01-11", "2028-01-25"},
};

Test(simulation, gives_the_due_dates_of_every_published_vector)
{
	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
		const struct answer *answer = get("/v1/clocks/simulate?aware_on=%s", vectors[i].aware_on);

		expect_status(answer, 200);
		expect_value(answer, "/notified_on", text_of("'%s'", vectors[i].sin));
		expect_value(answer, "/clocks/0/kind", "'sin'");
		expect_value(answer, "/clocks/0/due_on", text_of("'%s'", vectors[i].sin));
		expect_value(answer, "/clocks/1/kind", "'scoping'");
		expect_value(answer, "/clocks/1/due_on", text_of("'%s'", vectors[i].scoping));
		expect_value(answer, "/clocks/2/kind", "'rapid_review'");
		expect_value(answer, "/clocks/2/due_on", text_of("'%s'", vectors[i].rapid_review));
	}
}

Test(simulation, counts_from_the_day_of_the_notification_when_that_is_known)
{
	const struct answer *answer =
	    get("/v1/clocks/simulate?aware_on=2024-01-08&notified_on=2024-01-10");

	expect_value(answer, "/clocks/0/due_on", "'2024-01-15'");
	expect_value(answer, "/clocks/1/due_on", "'2024-01-17'");
	expect_value(answer, "/clocks/2/starts_on", "'2024-01-10'");
	expect_value(answer, "/clocks/2/due_on", "'2024-01-31'");
}

Test(simulation, keeps_nothing)
{
	const char *kept = everything_kept();

	expect_status(get("/v1/clocks/simulate?aware_on=2024-01-08"), 200);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(calendar, counts_forwards_and_backwards)
{
	cr_assert_str_eq(working_day("2024-01-08", 5), "2024-01-15");
	cr_assert_str_eq(working_day("2024-01-08", -7), "2023-12-27");
	cr_assert_str_eq(working_day("2024-01-03", -7), "2023-12-20");
	cr_assert_str_eq(working_day("2024-04-05", -7), "2024-03-25");
	cr_assert_str_eq(working_day("2023-05-12", -7), "2023-05-02");
	cr_assert_str_eq(working_day("2024-03-30", 0), "2024-03-30");
	expect_value(get("/v1/calendar/working-day?from=2024-03-30&add=0"), "/working_day", "false");
}

Test(calendar, says_where_it_ends_and_never_guesses)
{
	static const char *const paths[] = {
	    "/v1/calendar/working-day?from=2028-12-22&add=5",
	    "/v1/calendar/working-day?from=2029-03-01&add=1",
	    "/v1/calendar/working-day?from=2018-01-03&add=-3",
	    "/v1/clocks/simulate?aware_on=2028-12-22",
	    "/v1/clocks/simulate?aware_on=2024-01-08&notified_on=2028-12-15",
	    "/v1/deadlines?as_of=2028-12-22&within=5",
	};

	cr_assert_str_eq(working_day("2028-12-22", 3), "2028-12-29");
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const struct answer *refused = get("%s", paths[i]);
		cr_assert(
		    is_problem(refused, 422, "calendar-incomplete"), "%s: %s", paths[i], told(refused));
	}
}

Test(calendar, lists_its_bank_holidays_by_year)
{
	const struct answer *list = get("/v1/calendar/bank-holidays?year=2022");

	expect_status(list, 200);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 10);
	expect_value(list, "/data/7/date", "'2022-09-19'");
	list = get("/v1/calendar/bank-holidays?limit=200");
	expect_value(list, "/data/0/date", "'2018-01-01'");
	expect_value(list, "/has_more", "false");
}

static void proclaim(const char *date)
{
	sql_run(&stage()->database,
	    "INSERT INTO bank_holiday (date, title) VALUES ($1::date, 'Proclaimed')", date, NULL);
}

Test(holiday, counts_at_once_although_the_service_remembers_the_calendar)
{
	CLEANUP(free)
	char *before = sql_text(&stage()->database, "SELECT version FROM calendar_state", NULL);

	cr_assert_str_eq(working_day("2019-07-01", 5), "2019-07-08");
	expect_value(
	    get("/v1/clocks/simulate?aware_on=2019-07-01"), "/clocks/0/due_on", "'2019-07-08'");
	proclaim("2019-07-03");
	cr_assert_str_eq(working_day("2019-07-01", 5), "2019-07-09");
	expect_value(
	    get("/v1/clocks/simulate?aware_on=2019-07-01"), "/clocks/0/due_on", "'2019-07-09'");
	expect_value(get("/v1/calendar/working-day?from=2019-07-01&add=5"), "/calendar_version",
	    text_of("%d", (int)strtol(before, NULL, 10) + 1));
}

Test(holiday, counts_for_an_incident_that_is_recorded_after_it)
{
	const char *members = "{'incident_date': '2019-08-01', 'aware_on': '2019-08-05'}";

	expect_value(record(incident_with("%s", members)), "/sin_due_on", "'2019-08-12'");
	proclaim("2019-08-07");
	expect_value(record(incident_with("%s", members)), "/sin_due_on", "'2019-08-13'");
}

Test(holiday, counts_in_what_is_left_of_a_clock)
{
	const char *id =
	    recorded(incident_with("{'incident_date': '2019-10-01', 'aware_on': '2019-10-07'}"));
	int64_t elapsed = answer_number(get("/v1/incidents/%s/clocks", id), "/clocks/0/elapsed");

	proclaim("2019-10-09");
	cr_assert_eq(
	    answer_number(get("/v1/incidents/%s/clocks", id), "/clocks/0/elapsed"), elapsed - 1);
	int64_t due = (int64_t)json_array_size(
	    answer_at(get("/v1/deadlines?as_of=2019-10-08&within=3"), "/data"));
	proclaim("2019-10-10");
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/deadlines?as_of=2019-10-08&within=3"), "/data")),
	    (size_t)due);
}

Test(holiday, is_never_forgotten_by_those_who_race_for_it)
{
	struct call calls[8];
	const struct answer *answers[8];

	for (size_t i = 0; i < 8; i++)
		calls[i] = (struct call){.path = "/v1/calendar/working-day?from=2019-11-04&add=3"};
	cr_assert_str_eq(working_day("2019-11-04", 3), "2019-11-07");
	proclaim("2019-11-06");
	make_at_once(calls, 8, answers);
	for (size_t i = 0; i < 8; i++)
		expect_value(answers[i], "/date", "'2019-11-08'");
}
