/*
 * Statutory clocks: which policy starts which clock, when it is due, and how it stands on a day.
 * Pure. Policies are data (table clock_policy); a clock names the one it used.
 */
#pragma once

#include "domain/calendar.h"

enum clock_unit { UNIT_WORKING_DAY, UNIT_CALENDAR_DAY, UNIT_MONTH };

struct clock_policy {
	char kind[32];        /* sin, scoping, rapid_review, panel_response, lcspr, … */
	char basis[64];       /* the policy's name, such as aware_by_local_authority */
	char start_event[64]; /* what the clock starts from */
	enum clock_unit unit;
	int length; /* negative counts backwards from the start date */
	char source[160];
};

enum clock_state {
	CLOCK_RUNNING,
	CLOCK_MET,
	CLOCK_MET_LATE,
	CLOCK_BREACHED,
	CLOCK_PAUSED,
	CLOCK_CANCELLED
};

struct clock {
	struct date starts_on;
	struct date due_on;
	struct date completed_on; /* DATE_NONE while open */
	bool cancelled;
	bool paused;
	enum clock_unit unit;
};

struct clock_view {
	enum clock_state state;
	bool counted;  /* false: cancelled or beyond the calendar, the two below have no value */
	int elapsed;   /* units since the start, up to completion or `today`; negative before it */
	int remaining; /* units until due; negative when past; 0 when completed */
};

MUST_CHECK bool clock_due(const struct clock_policy *policy, const struct calendar *calendar,
    struct date starts_on, struct date *ret_due_on, struct problem *problem);
/*
 * The day from which a clock is at risk: one working day before it is due, for a clock of months
 * too, because people act on that day. Not before the start of one that counts forwards.
 */
MUST_CHECK bool clock_risk_day(const struct calendar *calendar, struct date starts_on,
    struct date due_on, struct date *ret_day, struct problem *problem);
/*
 * The other way round, for a clock that counts backwards: the first day that it may start from when
 * what it asks for was done on `done_on`. Each later day is as good.
 */
MUST_CHECK bool clock_earliest_start(const struct clock_policy *policy,
    const struct calendar *calendar, struct date done_on, struct date *ret_day,
    struct problem *problem);
/*
 * How a clock stands on `today` (London). Met when completed on or before the due date, met late
 * after it; breached from the day after the due date. Cancelled goes before completed, completed
 * before paused; a paused clock is never breached. Months are counted as calendar days.
 */
struct clock_view clock_view_on(
    const struct clock *clock, const struct calendar *calendar, struct date today);
const char *clock_state_name(enum clock_state state);
const char *clock_unit_name(enum clock_unit unit);
MUST_CHECK bool clock_unit_parse(const char *name, enum clock_unit *ret_unit);
