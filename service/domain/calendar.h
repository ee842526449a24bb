/*
 * Working days: Monday to Friday without the bank holidays of England and Wales. A calendar is a
 * value made from the loaded holidays; past its last year there is no answer, never a guess.
 */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

#define CALENDAR_YEARS_MAX 64

struct calendar {
	int first_year; /* first and last year whose holidays are loaded; none: last < first */
	int last_year;
	int version; /* counts the changes of the holiday table */
	uint64_t holidays[CALENDAR_YEARS_MAX * 366 / 64 + 1]; /* bit per day from first_year-01-01 */
};

/*
 * Years that have at least one holiday are loaded years; dates need no order. With a hole between
 * loaded years the longest run without one counts, the later of two.
 */
void calendar_init(
    struct calendar *ret_calendar, const struct date holidays[], size_t count, int version);
bool calendar_covers(const struct calendar *calendar, struct date date);
/* Asks only for covered dates. */
bool calendar_is_working_day(const struct calendar *calendar, struct date date);
/*
 * The n-th working day after `from` (before it when n is negative); day 0 is `from` itself,
 * whether or not it is a working day, so 0 gives `from`. PROBLEM_CALENDAR_INCOMPLETE past the
 * loaded years. Source: Working Together 2023 chapter 5 counts in working days; counting rule
 * `exclude_start`.
 */
MUST_CHECK bool calendar_add(const struct calendar *calendar, struct date from, int n,
    struct date *ret_date, struct problem *problem);
/*
 * Working days after `from` up to and including `to`; when `to` is earlier, minus the working days
 * before `from` down to and including `to`. The inverse of calendar_add() on working days.
 */
MUST_CHECK bool calendar_between(const struct calendar *calendar, struct date from, struct date to,
    int *ret_count, struct problem *problem);
