/* Owns the tests of days, months, London's civil date and the reading of instants. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "domain/date.h"

#define HOUR INT64_C(3600000)

static struct date on(const char *text)
{
	struct date date = DATE_NONE;

	cr_assert(date_parse(text, &date), "%s is no date", text);
	return date;
}

static int64_t at(const char *text)
{
	int64_t milliseconds = 0;

	cr_assert(instant_parse(text, &milliseconds), "%s is no instant", text);
	return milliseconds;
}

Test(date, reads_only_real_days_in_one_form)
{
	static const struct {
		const char *text;
		int days; /* -1: refused */
	} rows[] = {
	    {"1970-01-01", 0},
	    {"2000-02-29", 11016},
	    {"2024-02-29", 19782},
	    {"1900-02-28", -25509},
	    {"2199-12-31", 84005},
	    {"2023-02-29", -1},
	    {"1900-02-29", -1},
	    {"2024-04-31", -1},
	    {"2024-00-10", -1},
	    {"2024-13-10", -1},
	    {"2024-01-00", -1},
	    {"2024-01-32", -1},
	    {"1899-12-31", -1},
	    {"2200-01-01", -1},
	    {"2024-1-01", -1},
	    {"2024-01-1", -1},
	    {"24-01-01", -1},
	    {"2024-01-01 ", -1},
	    {" 2024-01-01", -1},
	    {"2024-01-01T00:00:00Z", -1},
	    {"2024/01/01", -1},
	    {"20240101", -1},
	    {"+024-01-01", -1},
	    {"2024-0a-01", -1},
	    {"2024", -1},
	    {"", -1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct date date = {12345};
		bool read = date_parse(rows[i].text, &date);
		cr_expect_eq(read, rows[i].days != -1, "%s", rows[i].text);
		cr_expect_eq(date.days, read ? rows[i].days : 12345, "%s: %d", rows[i].text, date.days);
	}
}

Test(date, writes_what_it_reads_for_every_day_of_three_centuries)
{
	int last = on("2199-12-31").days;
	int weekday = 1; /* 1900-01-01 was a Monday */

	for (int days = on("1900-01-01").days; days <= last; days++) {
		struct date date = {days};
		struct date again = DATE_NONE;
		struct date_text text = date_format(date);
		cr_assert(date_parse(text.text, &again), "%s", text.text);
		cr_assert_eq(again.days, days, "%s", text.text);
		cr_assert_eq(date_weekday(date), weekday, "%s", text.text);
		weekday = weekday % 7 + 1;
	}
}

Test(date, that_is_not_set_is_written_as_nothing)
{
	cr_expect_str_empty(date_format(DATE_NONE).text);
	cr_expect_not(date_is_set(DATE_NONE));
	cr_expect(date_is_set((struct date){0}));
}

Test(date, adds_months_and_clamps_to_the_months_end)
{
	static const struct {
		const char *from;
		int months;
		const char *to;
	} rows[] = {
	    {"2024-01-31", 1, "2024-02-29"},
	    {"2023-01-31", 1, "2023-02-28"},
	    {"2024-03-31", -1, "2024-02-29"},
	    {"2024-12-31", 2, "2025-02-28"},
	    {"2024-01-15", -1, "2023-12-15"},
	    {"2024-01-15", -13, "2022-12-15"},
	    {"2024-01-15", 0, "2024-01-15"},
	    {"2024-02-29", 12, "2025-02-28"},
	    {"2024-02-29", 48, "2028-02-29"},
	    {"2024-11-30", 1, "2024-12-30"},
	    {"2024-12-01", 1, "2025-01-01"},
	    {"1970-01-01", -1, "1969-12-01"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct date_text to = date_format(date_add_months(on(rows[i].from), rows[i].months));
		cr_expect_str_eq(
		    to.text, rows[i].to, "%s %+d months: %s", rows[i].from, rows[i].months, to.text);
	}
}

Test(instant, is_read_strictly)
{
	static const struct {
		const char *text;
		int64_t milliseconds; /* -1: refused */
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01T00:00:01.5Z", 1500},
	    {"1970-01-01T00:00:00.123456789Z", 123},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"1969-12-31T18:30:00-05:30", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"2024-06-30T23:30:00.000Z", INT64_C(1719790200000)},
	    {"2016-12-31T23:59:60Z", INT64_C(1483228799999)},
	    {"2017-01-01T00:59:60+01:00", INT64_C(1483228799999)},
	    {"2016-12-31T22:59:60Z", -1},
	    {"2016-12-31T23:59:61Z", -1},
	    {"2024-06-30T24:00:00Z", -1},
	    {"2024-06-30T23:60:00Z", -1},
	    {"2024-06-31T23:00:00Z", -1},
	    {"2024-06-30T23:30:00", -1},
	    {"2024-06-30T23:30Z", -1},
	    {"2024-06-30 23:30:00Z", -1},
	    {"2024-06-30T23:30:00.Z", -1},
	    {"2024-06-30T23:30:00,5Z", -1},
	    {"2024-06-30T23:30:00+0100", -1},
	    {"2024-06-30T23:30:00+24:00", -1},
	    {"2024-06-30T23:30:00+01:60", -1},
	    {"2024-06-30T23:30:00Z ", -1},
	    {"2024-06-30", -1},
	    {"", -1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int64_t milliseconds = 77;
		bool read = instant_parse(rows[i].text, &milliseconds);
		cr_expect_eq(read, rows[i].milliseconds != -1, "%s", rows[i].text);
		cr_expect_eq(milliseconds, read ? rows[i].milliseconds : 77, "%s: %" PRId64, rows[i].text,
		    milliseconds);
	}
}

Test(london_date, follows_summer_time)
{
	static const struct {
		const char *instant;
		const char *date;
	} rows[] = {
	    {"2024-06-30T23:30:00Z", "2024-07-01"}, /* after hours in summer: already July */
	    {"2024-06-30T22:59:59Z", "2024-06-30"},
	    {"2024-01-31T23:59:59Z", "2024-01-31"}, /* in winter London is on UTC */
	    {"2024-02-01T00:00:00Z", "2024-02-01"},
	    {"2024-03-30T23:30:00Z", "2024-03-30"}, /* the night before summer time */
	    {"2024-03-31T23:00:00Z", "2024-04-01"}, /* its first evening */
	    {"2024-10-26T23:00:00Z", "2024-10-27"}, /* its last midnight */
	    {"2024-10-27T23:30:00Z", "2024-10-27"}, /* the evening after it ended */
	    {"2024-07-01T00:30:00+01:00", "2024-07-01"},
	    {"1969-12-31T23:59:59.999Z", "1969-12-31"}, /* before 1970 rounds down too */
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct date_text date = date_format(date_in_london(at(rows[i].instant)));
		cr_expect_str_eq(date.text, rows[i].date, "%s: %s", rows[i].instant, date.text);
	}
}

Test(london_date, agrees_with_the_time_zone_database_for_every_hour_from_2018_to_2030)
{
	if (access("/usr/share/zoneinfo/Europe/London", R_OK) != 0)
		cr_skip_test("tzdata is not installed: Europe/London has nothing to be compared with");
	cr_assert_eq(setenv("TZ", "Europe/London", 1), 0);
	tzset();
	int changes = 0;
	bool summer = false;

	for (int64_t instant = at("2018-01-01T00:00:00Z"); instant < at("2031-01-01T00:00:00Z");
	     instant += HOUR) {
		time_t seconds = (time_t)(instant / 1000);
		struct tm local;
		cr_assert(localtime_r(&seconds, &local));
		struct date expected =
		    date_from_civil(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
		changes += summer != (local.tm_isdst > 0);
		summer = local.tm_isdst > 0;
		/* The hour itself, and the last millisecond of it. */
		cr_assert_eq(date_in_london(instant).days, expected.days, "%" PRId64, instant);
		cr_assert_eq(date_in_london(instant + HOUR - 1).days, expected.days, "%" PRId64, instant);
	}
	cr_expect_eq(changes, 26, "the zone in use has %d changes, so it is not London's", changes);
}
