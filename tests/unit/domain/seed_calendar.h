/* The calendar of the bank holidays that the service is seeded with, for tests. */
#pragma once

#include "domain/calendar.h"

/* Reads db/seed/bank_holidays.csv; a row that cannot be read fails the test. */
void seed_calendar(struct calendar *ret_calendar);
/* The date that `text` stands for; a text that is none fails the test. */
struct date on(const char *text);
