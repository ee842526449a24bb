/* Owns the tests of due dates and of how clocks stand. */
#include <criterion/criterion.h>

#include "domain/clock.h"
#include "seed_calendar.h"

static struct calendar calendar;

static void load(void)
{
	seed_calendar(&calendar);
}

TestSuite(clock, .init = load);
TestSuite(rapid_review_clock, .init = load);
TestSuite(notification_clock, .init = load);

static void expect_due(enum clock_unit unit, int length, const char *starts_on, const char *due_on)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct clock_policy policy = {.unit = unit, .length = length};
	struct date due = DATE_NONE;

	cr_expect(clock_due(&policy, &calendar, on(starts_on), &due, &problem), "%s", problem.detail);
	cr_expect_str_eq(date_format(due).text, due_on, "%s %+d %s: %s", starts_on, length,
	    clock_unit_name(unit), date_format(due).text);
}

Test(rapid_review_clock, skips_the_late_may_bank_holiday)
{
	expect_due(UNIT_WORKING_DAY, 15, "2023-05-09", "2023-05-31");
}

Test(rapid_review_clock, skips_the_state_funeral)
{
	expect_due(UNIT_WORKING_DAY, 15, "2022-09-14", "2022-10-06");
}

Test(notification_clock, is_the_same_for_a_saturday_and_christmas_day)
{
	expect_due(UNIT_WORKING_DAY, 5, "2023-12-23", "2024-01-03");
	expect_due(UNIT_WORKING_DAY, 5, "2023-12-25", "2024-01-03");
}

Test(clock, counts_each_unit_in_both_directions)
{
	expect_due(UNIT_WORKING_DAY, -7, "2023-05-12", "2023-05-02");
	expect_due(UNIT_CALENDAR_DAY, 14, "2023-12-20", "2024-01-03");
	expect_due(UNIT_CALENDAR_DAY, -14, "2024-01-03", "2023-12-20");
	expect_due(UNIT_MONTH, 6, "2023-08-31", "2024-02-29");
	expect_due(UNIT_MONTH, 6, "2023-09-30", "2024-03-30"); /* a Saturday stays */
	expect_due(UNIT_MONTH, -6, "2024-08-31", "2024-02-29");
}

/* Of every day of two years with holidays of all kinds: not a day earlier, and none later fails. */
Test(clock, that_counts_backwards_may_start_from_the_first_day_that_leaves_time_enough)
{
	static const struct clock_policy policies[] = {{.unit = UNIT_WORKING_DAY, .length = -7},
	    {.unit = UNIT_CALENDAR_DAY, .length = -14}, {.unit = UNIT_MONTH, .length = -1}};

	for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
		for (struct date day = on("2022-05-01"); day.days < on("2024-05-01").days; day.days++) {
			CLEANUP(problem_finish) struct problem problem = {0};
			struct date first;
			struct date due;
			cr_assert(clock_earliest_start(&policies[i], &calendar, day, &first, &problem));
			cr_assert(clock_due(&policies[i], &calendar, first, &due, &problem));
			cr_expect_geq(due.days, day.days, "%s", date_format(day).text);
			struct date before = {first.days - 1};
			cr_assert(clock_due(&policies[i], &calendar, before, &due, &problem));
			cr_expect_lt(due.days, day.days, "%s", date_format(day).text);
		}
	}
}

Test(clock, of_the_notice_is_as_the_vectors_say)
{
	static const char *const days[][2] = {{"2023-12-27", "2024-01-06"},
	    {"2023-12-20", "2024-01-03"}, {"2024-03-25", "2024-04-05"}, {"2023-05-02", "2023-05-12"}};
	const struct clock_policy policy = {.unit = UNIT_WORKING_DAY, .length = -7};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		struct date first;
		cr_assert(clock_earliest_start(&policy, &calendar, on(days[i][0]), &first, &problem));
		cr_expect_str_eq(date_format(first).text, days[i][1]);
	}
}

Test(clock, has_no_due_date_past_the_calendar_unless_it_needs_none)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct clock_policy policy = {.unit = UNIT_WORKING_DAY, .length = 15};
	struct date due = {4711};

	cr_expect_not(clock_due(&policy, &calendar, on("2028-12-20"), &due, &problem));
	cr_expect_eq(problem.kind, PROBLEM_CALENDAR_INCOMPLETE);
	cr_expect_eq(due.days, 4711);
	expect_due(UNIT_MONTH, 6, "2028-12-20", "2029-06-20");
}

/* A clock of 5 working days from Monday 2024-01-08, due on Monday 2024-01-15. */
struct standing {
	const char *completed_on; /* NULL: open */
	const char *today;
	bool paused;
	bool cancelled;
	enum clock_state state;
	int elapsed;
	int remaining;
};

static void expect_standing(const struct standing *row)
{
	struct clock clock = {
	    .starts_on = on("2024-01-08"),
	    .due_on = on("2024-01-15"),
	    .completed_on = row->completed_on ? on(row->completed_on) : DATE_NONE,
	    .paused = row->paused,
	    .cancelled = row->cancelled,
	    .unit = UNIT_WORKING_DAY,
	};
	struct clock_view view = clock_view_on(&clock, &calendar, on(row->today));

	cr_expect_str_eq(clock_state_name(view.state), clock_state_name(row->state),
	    "completed %s, today %s: %s", row->completed_on ? row->completed_on : "never", row->today,
	    clock_state_name(view.state));
	cr_expect_eq(view.counted, !row->cancelled, "%s", row->today);
	cr_expect_eq(view.elapsed, row->elapsed, "%s: elapsed %d", row->today, view.elapsed);
	cr_expect_eq(view.remaining, row->remaining, "%s: remaining %d", row->today, view.remaining);
}

Test(clock, stands_as_the_day_says)
{
	static const struct standing rows[] = {
	    {NULL, "2024-01-08", false, false, CLOCK_RUNNING, 0, 5},
	    {NULL, "2024-01-12", false, false, CLOCK_RUNNING, 4, 1},
	    {NULL, "2024-01-13", false, false, CLOCK_RUNNING, 4, 1},
	    {NULL, "2024-01-15", false, false, CLOCK_RUNNING, 5, 0}, /* on time all of the due date */
	    {NULL, "2024-01-16", false, false, CLOCK_BREACHED, 6, -1},
	    {NULL, "2024-01-22", false, false, CLOCK_BREACHED, 10, -5},
	    {NULL, "2024-01-05", false, false, CLOCK_RUNNING, -1, 6},
	    {"2024-01-10", "2024-01-22", false, false, CLOCK_MET, 2, 0},
	    {"2024-01-15", "2024-01-22", false, false, CLOCK_MET, 5, 0},
	    {"2024-01-16", "2024-01-22", false, false, CLOCK_MET_LATE, 6, 0},
	    {NULL, "2024-01-22", true, false, CLOCK_PAUSED, 10, -5},
	    {"2024-01-16", "2024-01-22", true, false, CLOCK_MET_LATE, 6, 0},
	    {NULL, "2024-01-22", false, true, CLOCK_CANCELLED, 0, 0},
	    {"2024-01-10", "2024-01-22", true, true, CLOCK_CANCELLED, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		expect_standing(&rows[i]);
}

Test(clock, is_breached_on_the_weekend_after_a_friday)
{
	struct clock clock = {.starts_on = on("2024-01-05"),
	    .due_on = on("2024-01-12"),
	    .completed_on = DATE_NONE,
	    .unit = UNIT_WORKING_DAY};
	struct clock_view view = clock_view_on(&clock, &calendar, on("2024-01-13"));

	cr_expect_eq(view.state, CLOCK_BREACHED);
	cr_expect_eq(view.remaining, -1, "remaining %d", view.remaining);
}

Test(clock, counts_months_as_calendar_days)
{
	struct clock clock = {.starts_on = on("2024-01-31"),
	    .due_on = on("2024-07-31"),
	    .completed_on = DATE_NONE,
	    .unit = UNIT_MONTH};
	struct clock_view view = clock_view_on(&clock, &calendar, on("2024-03-01"));

	cr_expect(view.counted);
	cr_expect_eq(view.elapsed, 30, "elapsed %d", view.elapsed);
	cr_expect_eq(view.remaining, 152, "remaining %d", view.remaining);
}

Test(clock, keeps_its_state_but_not_its_count_beyond_the_calendar)
{
	struct clock clock = {.starts_on = on("2028-12-01"),
	    .due_on = on("2028-12-29"),
	    .completed_on = DATE_NONE,
	    .unit = UNIT_WORKING_DAY};
	struct clock_view view = clock_view_on(&clock, &calendar, on("2029-01-05"));

	cr_expect_eq(view.state, CLOCK_BREACHED);
	cr_expect_not(view.counted);
	cr_expect_eq(view.elapsed, 0);
	cr_expect_eq(view.remaining, 0);
}

Test(clock, names_its_units_and_reads_them_back)
{
	enum clock_unit unit = UNIT_MONTH;

	for (enum clock_unit each = UNIT_WORKING_DAY; each <= UNIT_MONTH; each++) {
		cr_expect(clock_unit_parse(clock_unit_name(each), &unit));
		cr_expect_eq(unit, each);
	}
	unit = UNIT_CALENDAR_DAY;
	cr_expect_not(clock_unit_parse("fortnight", &unit));
	cr_expect_not(clock_unit_parse("", &unit));
	cr_expect_eq(unit, UNIT_CALENDAR_DAY);
}
