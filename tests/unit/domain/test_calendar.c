/* Owns the tests of working days: the vectors, the inverses, and where the calendar ends. */
#include <criterion/criterion.h>

#include "seed_calendar.h"
#include "vectors.h"

static struct calendar calendar;

static void load(void)
{
	seed_calendar(&calendar);
}

TestSuite(working_days, .init = load);

static void expect_add(const char *from, int n, const char *expected)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct date date = DATE_NONE;

	cr_expect(calendar_add(&calendar, on(from), n, &date, &problem), "%s", problem.detail);
	cr_expect_str_eq(date_format(date).text, expected, "%s %+d working days: %s", from, n,
	    date_format(date).text);
}

Test(working_days, every_forward_vector_holds)
{
	for (size_t i = 0; i < ARRAY_LENGTH(forward_vectors); i++) {
		const char *aware_on = forward_vectors[i].aware_on;
		const char *notified_on = forward_vectors[i].notification_due;
		expect_add(aware_on, 5, notified_on);
		expect_add(notified_on, 5, forward_vectors[i].scoping_due);
		expect_add(notified_on, 15, forward_vectors[i].rapid_review_due);
		expect_add(aware_on, 15, forward_vectors[i].rapid_review_due_from_aware);
	}
}

Test(working_days, every_notice_vector_holds_backwards)
{
	for (size_t i = 0; i < ARRAY_LENGTH(notice_vectors); i++)
		expect_add(notice_vectors[i].publish_on, -7, notice_vectors[i].notice_by);
}

Test(working_days, every_six_month_vector_holds)
{
	for (size_t i = 0; i < ARRAY_LENGTH(six_month_vectors); i++)
		cr_expect_str_eq(date_format(date_add_months(on(six_month_vectors[i].from), 6)).text,
		    six_month_vectors[i].due, "%s", six_month_vectors[i].from);
}

Test(working_days, count_from_the_next_one_when_day_0_is_none)
{
	expect_add("2024-01-06", 0, "2024-01-06");  /* a Saturday stays where it is */
	expect_add("2024-01-06", 1, "2024-01-08");  /* aware on Saturday: day 1 is Monday */
	expect_add("2024-01-06", -1, "2024-01-05"); /* and Friday is the day before */
	expect_add("2023-12-25", 1, "2023-12-27");
	expect_add("2023-12-26", -1, "2023-12-22");
}

Test(working_days, know_the_holidays_that_were_moved_or_proclaimed)
{
	static const struct {
		const char *date;
		bool working;
	} rows[] = {
	    {"2020-05-04", true},  /* the first Monday of May 2020 was an ordinary one */
	    {"2020-05-08", false}, /* its holiday moved to VE day */
	    {"2022-05-30", true},  /* the spring holiday moved for the Jubilee */
	    {"2022-06-02", false},
	    {"2022-06-03", false},
	    {"2022-09-19", false}, /* the State Funeral */
	    {"2023-05-08", false}, /* the Coronation */
	    {"2021-12-25", false}, /* a Saturday, with substitutes after it */
	    {"2021-12-27", false},
	    {"2021-12-28", false},
	    {"2021-12-29", true},
	    {"2028-12-29", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(calendar_is_working_day(&calendar, on(rows[i].date)), rows[i].working, "%s",
		    rows[i].date);
}

Test(working_days, are_as_many_as_weekdays_without_the_91_holidays)
{
	int weekdays = 0;
	int working = 0;

	for (struct date date = on("2018-01-01"); date.days <= on("2028-12-31").days; date.days++) {
		weekdays += date_weekday(date) <= 5;
		working += calendar_is_working_day(&calendar, date);
	}
	/* Each seeded holiday falls on a weekday, because those on weekends have substitutes. */
	cr_expect_eq(weekdays - working, 91, "%d holidays", weekdays - working);
}

/* Adds n, takes n away, and counts between; false once the calendar ends. */
static bool goes_and_comes_back(struct date from, int n)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct date there = DATE_NONE;
	struct date back = DATE_NONE;
	int count = 0;

	if (!calendar_add(&calendar, from, n, &there, &problem)) {
		cr_assert_eq(problem.kind, PROBLEM_CALENDAR_INCOMPLETE);
		cr_assert_not(date_is_set(there), "a failure leaves the result alone");
		return false;
	}
	cr_assert(calendar_is_working_day(&calendar, there));
	cr_assert(calendar_add(&calendar, there, -n, &back, &problem), "%s", problem.detail);
	cr_assert_eq(back.days, from.days, "%s %+d and back", date_format(from).text, n);
	cr_assert(calendar_between(&calendar, from, there, &count, &problem));
	cr_assert_eq(count, n, "from %s: %d instead of %d", date_format(from).text, count, n);
	cr_assert(calendar_between(&calendar, there, from, &count, &problem));
	cr_assert_eq(count, -n, "back to %s: %d instead of %d", date_format(from).text, count, -n);
	return true;
}

Test(working_days, adding_and_taking_away_returns_from_every_day_of_2018_to_2028)
{
	int pairs = 0;
	int refused = 0;

	for (struct date date = on("2018-01-01"); date.days <= on("2028-12-31").days; date.days++) {
		if (!calendar_is_working_day(&calendar, date))
			continue;
		for (int n = 1; n <= 60; n++) {
			bool came_back = goes_and_comes_back(date, n);
			pairs += came_back;
			refused += !came_back;
		}
	}
	/* From the last 60 working days only 0 to 59 can be added: 60 * 61 / 2 pairs have no answer. */
	cr_expect_eq(refused, 60 * 61 / 2, "%d refused", refused);
	cr_expect_eq(pairs + refused, (2870 - 91) * 60, "%d pairs", pairs + refused);
}

Test(working_days, between_counts_the_end_and_not_the_start)
{
	static const struct {
		const char *from;
		const char *to;
		int count;
	} rows[] = {
	    {"2024-01-08", "2024-01-08", 0},
	    {"2024-01-08", "2024-01-15", 5},
	    {"2024-01-15", "2024-01-08", -5},
	    {"2024-01-05", "2024-01-07", 0},  /* Friday to Sunday */
	    {"2024-01-06", "2024-01-08", 1},  /* Saturday to Monday */
	    {"2024-01-06", "2024-01-05", -1}, /* on Saturday, Friday is one working day past */
	    {"2024-01-08", "2024-01-06", 0},
	    {"2023-12-22", "2024-01-02", 4},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		int count = 77;
		cr_expect(calendar_between(&calendar, on(rows[i].from), on(rows[i].to), &count, &problem));
		cr_expect_eq(count, rows[i].count, "%s to %s: %d", rows[i].from, rows[i].to, count);
	}
}

static void expect_incomplete(const struct calendar *used, const char *from, int n)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct date date = {4711};

	cr_expect_not(calendar_add(used, on(from), n, &date, &problem), "%s %+d", from, n);
	cr_expect_eq(problem.kind, PROBLEM_CALENDAR_INCOMPLETE, "%s %+d", from, n);
	cr_expect_neq(problem.detail[0], '\0', "%s %+d", from, n);
	cr_expect_eq(date.days, 4711, "%s %+d: a failure leaves the result alone", from, n);
}

Test(working_days, past_the_loaded_years_have_no_answer)
{
	expect_add("2028-12-22", 3, "2028-12-29");
	expect_incomplete(&calendar, "2028-12-22", 4);
	expect_incomplete(&calendar, "2028-12-29", 1);
	expect_incomplete(&calendar, "2029-06-01", 5);
	expect_incomplete(&calendar, "2024-01-08", 1000000);
	expect_incomplete(&calendar, "2024-01-08", INT32_MAX);
}

Test(working_days, before_the_loaded_years_have_no_answer)
{
	expect_add("2018-01-03", -1, "2018-01-02");
	expect_incomplete(&calendar, "2018-01-02", -1);
	expect_incomplete(&calendar, "2017-06-01", 5);
	expect_incomplete(&calendar, "2024-01-08", INT32_MIN);
}

Test(working_days, between_has_no_answer_outside_the_loaded_years)
{
	static const char *const ends[] = {"2029-01-02", "2017-12-31", "2199-12-31", "1900-01-01"};

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		int count = 77;
		cr_expect_not(calendar_between(&calendar, on("2024-01-08"), on(ends[i]), &count, &problem));
		cr_expect_eq(problem.kind, PROBLEM_CALENDAR_INCOMPLETE, "%s", ends[i]);
		cr_expect_eq(count, 77, "%s", ends[i]);
	}
}

Test(calendar, without_holidays_answers_nothing)
{
	struct calendar empty;

	calendar_init(&empty, NULL, 0, 0);
	cr_expect_not(calendar_covers(&empty, on("2024-01-08")));
	expect_incomplete(&empty, "2024-01-08", 1);
}

Test(calendar, takes_holidays_in_any_order_and_covers_whole_years)
{
	struct calendar two_years;
	struct date holidays[] = {on("2025-12-25"), on("2024-05-06"), on("2025-01-01")};

	calendar_init(&two_years, holidays, ARRAY_LENGTH(holidays), 9);
	cr_expect_eq(two_years.first_year, 2024);
	cr_expect_eq(two_years.last_year, 2025);
	cr_expect_eq(two_years.version, 9);
	cr_expect(calendar_covers(&two_years, on("2024-01-01")));
	cr_expect(calendar_covers(&two_years, on("2025-12-31")));
	cr_expect_not(calendar_covers(&two_years, on("2023-12-31")));
	cr_expect_not(calendar_covers(&two_years, on("2026-01-01")));
	cr_expect_not(calendar_is_working_day(&two_years, on("2024-05-06")));
	cr_expect(calendar_is_working_day(&two_years, on("2024-05-07")));
}

Test(calendar, does_not_guess_across_a_year_that_was_not_loaded)
{
	struct calendar holed;
	struct date holidays[] = {on("2020-01-01"), on("2021-01-01"), on("2023-01-02")};

	calendar_init(&holed, holidays, ARRAY_LENGTH(holidays), 1);
	cr_expect_eq(holed.first_year, 2020);
	cr_expect_eq(holed.last_year, 2021);
	expect_incomplete(&holed, "2021-12-31", 1);
}

Test(calendar, prefers_the_later_of_two_equal_runs_of_years)
{
	struct calendar holed;
	struct date holidays[] = {on("2020-01-01"), on("2023-01-02")};

	calendar_init(&holed, holidays, ARRAY_LENGTH(holidays), 1);
	cr_expect_eq(holed.first_year, 2023);
	cr_expect_eq(holed.last_year, 2023);
}

Test(calendar, keeps_the_latest_years_when_there_are_more_than_it_holds)
{
	struct calendar long_one;
	struct date holidays[100];

	for (int i = 0; i < 100; i++)
		holidays[i] = date_from_civil(2000 + i, 12, 31);
	calendar_init(&long_one, holidays, ARRAY_LENGTH(holidays), 1);
	cr_expect_eq(long_one.last_year, 2099);
	cr_expect_eq(long_one.first_year, 2099 - CALENDAR_YEARS_MAX + 1);
	cr_expect_not(calendar_is_working_day(&long_one, on("2099-12-31")));
	cr_expect(calendar_is_working_day(&long_one, on("2099-12-30")));
}

Test(calendar, leaves_out_years_that_no_date_can_have)
{
	struct calendar odd;
	struct date holidays[] = {on("2024-01-01"), {3652059 * 2}};

	calendar_init(&odd, holidays, ARRAY_LENGTH(holidays), 1);
	cr_expect_eq(odd.first_year, 2024);
	cr_expect_eq(odd.last_year, 2024);
}
