/* Owns the arithmetic of days, London's summer time and the reading of dates and instants. */
#include "domain/date.h"

#include <assert.h>
#include <string.h>

#define DAY_MILLISECONDS INT64_C(86400000)
#define HOUR_MILLISECONDS INT64_C(3600000)
#define FIRST_YEAR 1900
#define LAST_YEAR 2199

static bool is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

static int64_t floor_divide(int64_t dividend, int64_t divisor)
{
	int64_t quotient = dividend / divisor;

	return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/* Years begin in March here, so that the leap day comes last; an era has 400 of them. */
struct date date_from_civil(int year, int month, int day)
{
	assert(month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month));
	int march_year = month <= 2 ? year - 1 : year;
	int era = (int)floor_divide(march_year, 400);
	int year_of_era = march_year - era * 400;
	int day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (struct date){era * 146097 + day_of_era - 719468};
}

void date_to_civil(struct date date, int *ret_year, int *ret_month, int *ret_day)
{
	assert(date_is_set(date));
	int days = date.days + 719468;
	int era = (int)floor_divide(days, 146097);
	int day_of_era = days - era * 146097;
	int year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int march_month = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * march_month + 2) / 5 + 1;
	*ret_month = march_month < 10 ? march_month + 3 : march_month - 9;
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

int date_weekday(struct date date)
{
	assert(date_is_set(date));
	/* 1970-01-01 was a Thursday. */
	int from_monday = (date.days % 7 + 7 + 3) % 7;

	return from_monday + 1;
}

struct date date_add_months(struct date date, int months)
{
	int year;
	int month;
	int day;

	date_to_civil(date, &year, &month, &day);
	int64_t count = (int64_t)year * 12 + month - 1 + months;
	int later_year = (int)floor_divide(count, 12);
	int later_month = (int)(count - (int64_t)later_year * 12) + 1;
	int last_day = days_in_month(later_year, later_month);
	return date_from_civil(later_year, later_month, day < last_day ? day : last_day);
}

static void put_digits(char *at, int digits, int number)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
}

struct date_text date_format(struct date date)
{
	struct date_text result = {.text = ""};
	int year;
	int month;
	int day;

	if (!date_is_set(date))
		return result;
	date_to_civil(date, &year, &month, &day);
	assert(year >= 0 && year <= 9999);
	put_digits(result.text, 4, year);
	result.text[4] = '-';
	put_digits(result.text + 5, 2, month);
	result.text[7] = '-';
	put_digits(result.text + 8, 2, day);
	return result;
}

/* Reads exactly `digits` digits and moves on; -1 when there is anything else. */
static int take_number(const char **at, int digits)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		char character = (*at)[i];
		if (character < '0' || character > '9')
			return -1;
		number = number * 10 + (character - '0');
	}
	*at += digits;
	return number;
}

static bool take_character(const char **at, const char *either)
{
	if (**at == '\0' || !strchr(either, **at))
		return false;
	(*at)++;
	return true;
}

static bool take_date(const char **at, struct date *ret_date)
{
	int year = take_number(at, 4);
	if (year < FIRST_YEAR || year > LAST_YEAR || !take_character(at, "-"))
		return false;
	int month = take_number(at, 2);
	if (month < 1 || month > 12 || !take_character(at, "-"))
		return false;
	int day = take_number(at, 2);
	if (day < 1 || day > days_in_month(year, month))
		return false;
	*ret_date = date_from_civil(year, month, day);
	return true;
}

bool date_parse(const char *text, struct date *ret_date)
{
	struct date date;

	if (!take_date(&text, &date) || *text)
		return false;
	*ret_date = date;
	return true;
}

struct time_of_day {
	int hour;
	int minute;
	int second;
	int millisecond;
};

static bool take_time(const char **at, struct time_of_day *ret_time)
{
	struct time_of_day time = {0};

	time.hour = take_number(at, 2);
	if (time.hour < 0 || time.hour > 23 || !take_character(at, ":"))
		return false;
	time.minute = take_number(at, 2);
	if (time.minute < 0 || time.minute > 59 || !take_character(at, ":"))
		return false;
	time.second = take_number(at, 2);
	if (time.second < 0 || time.second > 60)
		return false;
	if (take_character(at, ".")) {
		int weight = 100;
		if (**at < '0' || **at > '9')
			return false;
		for (; **at >= '0' && **at <= '9'; (*at)++, weight /= 10)
			time.millisecond += (**at - '0') * weight;
	}
	*ret_time = time;
	return true;
}

static bool take_offset(const char **at, int64_t *ret_milliseconds)
{
	if (take_character(at, "Zz")) {
		*ret_milliseconds = 0;
		return true;
	}
	bool west = **at == '-';
	if (!take_character(at, "+-"))
		return false;
	int hours = take_number(at, 2);
	if (hours < 0 || hours > 23 || !take_character(at, ":"))
		return false;
	int minutes = take_number(at, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	int64_t offset = (hours * INT64_C(60) + minutes) * 60000;
	*ret_milliseconds = west ? -offset : offset;
	return true;
}

bool instant_parse(const char *text, int64_t *ret_milliseconds)
{
	struct date date;
	struct time_of_day time;
	int64_t offset;

	if (!take_date(&text, &date) || !take_character(&text, "Tt") || !take_time(&text, &time) ||
	    !take_offset(&text, &offset) || *text)
		return false;

	bool leap_second = time.second == 60;
	if (leap_second) {
		/* Kept in the last millisecond before, so that it does not slip into the next day. */
		time.second = 59;
		time.millisecond = 999;
	}
	int64_t milliseconds = date.days * DAY_MILLISECONDS + time.hour * HOUR_MILLISECONDS +
	                       time.minute * INT64_C(60000) + time.second * INT64_C(1000) +
	                       time.millisecond - offset;
	if (leap_second &&
	    floor_divide(milliseconds + 1, DAY_MILLISECONDS) * DAY_MILLISECONDS != milliseconds + 1)
		return false;
	*ret_milliseconds = milliseconds;
	return true;
}

/* 01:00 UTC on the last Sunday of a month with 31 days, in milliseconds. */
static int64_t change_of_clocks(int year, int month)
{
	struct date last = date_from_civil(year, month, 31);
	int days_since_sunday = date_weekday(last) % 7;

	return (last.days - days_since_sunday) * DAY_MILLISECONDS + HOUR_MILLISECONDS;
}

struct date date_in_london(int64_t milliseconds)
{
	struct date utc = {(int32_t)floor_divide(milliseconds, DAY_MILLISECONDS)};
	int year;
	int month;
	int day;

	date_to_civil(utc, &year, &month, &day);
	bool summer =
	    milliseconds >= change_of_clocks(year, 3) && milliseconds < change_of_clocks(year, 10);
	if (summer)
		milliseconds += HOUR_MILLISECONDS;
	return (struct date){(int32_t)floor_divide(milliseconds, DAY_MILLISECONDS)};
}
