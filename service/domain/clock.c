/* Owns when a clock is due and how it stands; the policies themselves are rows of clock_policy. */
#include "domain/clock.h"

#include <assert.h>
#include <string.h>

static const char *const unit_names[] = {
    [UNIT_WORKING_DAY] = "working_day",
    [UNIT_CALENDAR_DAY] = "calendar_day",
    [UNIT_MONTH] = "month",
};

static const char *const state_names[] = {
    [CLOCK_RUNNING] = "running",
    [CLOCK_MET] = "met",
    [CLOCK_MET_LATE] = "met_late",
    [CLOCK_BREACHED] = "breached",
    [CLOCK_PAUSED] = "paused",
    [CLOCK_CANCELLED] = "cancelled",
};

bool clock_due(const struct clock_policy *policy, const struct calendar *calendar,
    struct date starts_on, struct date *ret_due_on, struct problem *problem)
{
	assert(date_is_set(starts_on));
	switch (policy->unit) {
	case UNIT_WORKING_DAY:
		return calendar_add(calendar, starts_on, policy->length, ret_due_on, problem);
	case UNIT_CALENDAR_DAY:
		*ret_due_on = (struct date){starts_on.days + policy->length};
		return true;
	case UNIT_MONTH:
		*ret_due_on = date_add_months(starts_on, policy->length);
		return true;
	}
	assert(!"a unit without a way to count it");
	return false;
}

bool clock_risk_day(const struct calendar *calendar, struct date starts_on, struct date due_on,
    struct date *ret_day, struct problem *problem)
{
	if (!calendar_add(calendar, due_on, -1, ret_day, problem))
		return false;
	if (ret_day->days < starts_on.days && starts_on.days <= due_on.days)
		*ret_day = starts_on;
	return true;
}

bool clock_earliest_start(const struct clock_policy *policy, const struct calendar *calendar,
    struct date done_on, struct date *ret_day, struct problem *problem)
{
	struct clock_policy forwards = *policy;
	struct date due_on;
	struct date day;

	assert(policy->length < 0);
	forwards.length = -policy->length;
	if (!clock_due(&forwards, calendar, done_on, &day, problem))
		return false;
	/* What is not a working day, and months of unequal length, count differently each way. */
	for (;; day.days--) {
		struct date before = {day.days - 1};
		if (!clock_due(policy, calendar, before, &due_on, problem))
			return false;
		if (due_on.days < done_on.days)
			break;
	}
	for (;; day.days++) {
		if (!clock_due(policy, calendar, day, &due_on, problem))
			return false;
		if (due_on.days >= done_on.days)
			break;
	}
	*ret_day = day;
	return true;
}

static enum clock_state state_on(const struct clock *clock, struct date today)
{
	if (clock->cancelled)
		return CLOCK_CANCELLED;
	if (date_is_set(clock->completed_on))
		return clock->completed_on.days <= clock->due_on.days ? CLOCK_MET : CLOCK_MET_LATE;
	if (clock->paused)
		return CLOCK_PAUSED;
	return today.days > clock->due_on.days ? CLOCK_BREACHED : CLOCK_RUNNING;
}

static bool count(const struct clock *clock, const struct calendar *calendar, struct date from,
    struct date to, int *ret_count)
{
	if (clock->unit != UNIT_WORKING_DAY) {
		*ret_count = to.days - from.days;
		return true;
	}
	/* The view has a member for "not counted"; why it could not be counted is of no use to it. */
	CLEANUP(problem_finish) struct problem ignored = {0};
	return calendar_between(calendar, from, to, ret_count, &ignored);
}

struct clock_view clock_view_on(
    const struct clock *clock, const struct calendar *calendar, struct date today)
{
	assert(date_is_set(clock->starts_on) && date_is_set(clock->due_on) && date_is_set(today));
	struct clock_view view = {.state = state_on(clock, today)};
	bool completed = date_is_set(clock->completed_on);
	struct date until = completed ? clock->completed_on : today;

	if (view.state == CLOCK_CANCELLED)
		return view;
	int elapsed = 0;
	int remaining = 0;
	if (!count(clock, calendar, clock->starts_on, until, &elapsed))
		return view;
	if (!completed && !count(clock, calendar, today, clock->due_on, &remaining))
		return view;
	view.counted = true;
	view.elapsed = elapsed;
	view.remaining = remaining;
	return view;
}

const char *clock_state_name(enum clock_state state)
{
	assert((size_t)state < ARRAY_LENGTH(state_names));
	return state_names[state];
}

const char *clock_unit_name(enum clock_unit unit)
{
	assert((size_t)unit < ARRAY_LENGTH(unit_names));
	return unit_names[unit];
}

bool clock_unit_parse(const char *name, enum clock_unit *ret_unit)
{
	for (size_t i = 0; i < ARRAY_LENGTH(unit_names); i++) {
		if (strcmp(name, unit_names[i]) != 0)
			continue;
		*ret_unit = (enum clock_unit)i;
		return true;
	}
	return false;
}
