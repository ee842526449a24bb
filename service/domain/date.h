/* Calendar days and Europe/London's civil date. Pure. Days are counted from 1970-01-01. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct date {
	int32_t days;
};

struct date_text {
	char text[11]; /* YYYY-MM-DD */
};

#define DATE_NONE ((struct date){INT32_MIN})

static inline bool date_is_set(struct date date)
{
	return date.days != INT32_MIN;
}

/* Exactly YYYY-MM-DD, a real day of the years 1900 to 2199. */
MUST_CHECK bool date_parse(const char *text, struct date *ret_date);
/* DATE_NONE gives the empty string. */
struct date_text date_format(struct date date);
struct date date_from_civil(int year, int month, int day);
void date_to_civil(struct date date, int *ret_year, int *ret_month, int *ret_day);
/* 1 is Monday … 7 is Sunday. */
int date_weekday(struct date date);
/*
 * Calendar months later (or earlier), clamped to the month's last day and not moved to a working
 * day: 31 August 2023 and six months is 29 February 2024.
 */
struct date date_add_months(struct date date, int months);
/*
 * The date in London at an instant (milliseconds since 1970, UTC). British Summer Time runs from
 * 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of October (Summer Time
 * Act 1972 as amended from 2002; the same days since 1996).
 */
struct date date_in_london(int64_t milliseconds);
/*
 * Strict RFC 3339 date-time with Z or an offset, to milliseconds since 1970. Finer fractions are
 * cut off; a leap second is the last millisecond before it, so that it stays in its day.
 */
MUST_CHECK bool instant_parse(const char *text, int64_t *ret_milliseconds);
