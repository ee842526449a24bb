/* Owns the counting of working days. */
#include "domain/calendar.h"

#include <assert.h>

/* The place of a day in the calendar's bits. */
static int place_of(const struct calendar *calendar, struct date date)
{
	return date.days - date_from_civil(calendar->first_year, 1, 1).days;
}

static bool is_holiday(const struct calendar *calendar, struct date date)
{
	int day = place_of(calendar, date);

	return calendar->holidays[day / 64] >> (day % 64) & 1;
}

static int year_of(struct date date)
{
	int year;
	int month;
	int day;

	date_to_civil(date, &year, &month, &day);
	return year;
}

/*
 * The years that can be answered for: the longest run of loaded years without a hole, the later
 * one of two. A year between two loaded ones that has no holiday itself was not loaded.
 */
static void find_years(struct calendar *calendar, const struct date holidays[], size_t count)
{
	enum { FIRST = 1900, YEARS = 300 };
	bool loaded[YEARS] = {false};
	int run = 0;
	int longest = 0;

	for (size_t i = 0; i < count; i++) {
		int year = year_of(holidays[i]);
		if (year >= FIRST && year < FIRST + YEARS)
			loaded[year - FIRST] = true;
	}
	for (int i = 0; i < YEARS; i++) {
		run = loaded[i] ? run + 1 : 0;
		if (run == 0 || run < longest)
			continue;
		longest = run;
		calendar->last_year = FIRST + i;
		calendar->first_year = FIRST + i - run + 1;
	}
	if (longest > CALENDAR_YEARS_MAX)
		calendar->first_year = calendar->last_year - CALENDAR_YEARS_MAX + 1;
}

void calendar_init(
    struct calendar *ret_calendar, const struct date holidays[], size_t count, int version)
{
	*ret_calendar = (struct calendar){.first_year = 1, .last_year = 0, .version = version};
	find_years(ret_calendar, holidays, count);
	for (size_t i = 0; i < count; i++) {
		/* One that falls on a weekend takes no working day away, and is not to be counted as one.
		 */
		if (!calendar_covers(ret_calendar, holidays[i]) || date_weekday(holidays[i]) > 5)
			continue;
		int day = place_of(ret_calendar, holidays[i]);
		ret_calendar->holidays[day / 64] |= UINT64_C(1) << (day % 64);
	}
}

bool calendar_covers(const struct calendar *calendar, struct date date)
{
	int year = year_of(date);

	return year >= calendar->first_year && year <= calendar->last_year;
}

bool calendar_is_working_day(const struct calendar *calendar, struct date date)
{
	assert(calendar_covers(calendar, date));
	return date_weekday(date) <= 5 && !is_holiday(calendar, date);
}

static bool is_incomplete(
    const struct calendar *calendar, struct date date, struct problem *problem)
{
	if (calendar_covers(calendar, date))
		return false;
	if (calendar->last_year < calendar->first_year)
		problem_set(problem, PROBLEM_CALENDAR_INCOMPLETE, "No bank holidays are loaded.");
	else
		problem_set(problem, PROBLEM_CALENDAR_INCOMPLETE,
		    "The count of working days reaches %s, but bank holidays are loaded for the years %d "
		    "to %d only.",
		    date_format(date).text, calendar->first_year, calendar->last_year);
	return true;
}

bool calendar_add(const struct calendar *calendar, struct date from, int n, struct date *ret_date,
    struct problem *problem)
{
	int step = n < 0 ? -1 : 1;
	struct date date = from;

	for (int64_t left = n < 0 ? -(int64_t)n : n; left > 0;) {
		date.days += step;
		if (is_incomplete(calendar, date, problem))
			return false;
		if (calendar_is_working_day(calendar, date))
			left--;
	}
	*ret_date = date;
	return true;
}

/* Mondays to Fridays up to and including the date, from a Monday long before any of ours. */
static int weekdays_until(struct date date)
{
	int days = date.days - date_from_civil(1600, 1, 3).days;
	int rest = days % 7 + 1;

	return days / 7 * 5 + (rest < 5 ? rest : 5);
}

/* The bits first … last of the calendar that are set, word by word. */
static int holidays_within(const struct calendar *calendar, int first, int last)
{
	int count = 0;

	for (int word = first / 64; word <= last / 64; word++) {
		uint64_t bits = calendar->holidays[word];
		if (word == first / 64)
			bits &= ~UINT64_C(0) << (first % 64);
		if (word == last / 64)
			bits &= ~UINT64_C(0) >> (63 - last % 64);
		count += __builtin_popcountll(bits);
	}
	return count;
}

/*
 * By arithmetic and not by walking: a list of deadlines asks for years at a time. The first day
 * that walking would not have found loaded is the one that is told.
 */
bool calendar_between(const struct calendar *calendar, struct date from, struct date to,
    int *ret_count, struct problem *problem)
{
	bool back = to.days < from.days;
	struct date first = {back ? to.days : from.days + 1};
	struct date last = {back ? from.days - 1 : to.days};

	if (from.days == to.days) {
		*ret_count = 0;
		return true;
	}
	if (is_incomplete(calendar, back ? last : first, problem))
		return false;
	if (!calendar_covers(calendar, to))
		return !is_incomplete(calendar,
		    back ? date_from_civil(calendar->first_year - 1, 12, 31)
		         : date_from_civil(calendar->last_year + 1, 1, 1),
		    problem);
	int count = weekdays_until(last) - weekdays_until((struct date){first.days - 1}) -
	            holidays_within(calendar, place_of(calendar, first), place_of(calendar, last));
	*ret_count = back ? -count : count;
	return true;
}
