/* The clocks of an incident, and how any clock is shown. */
#pragma once

#include "api/call.h"
#include "api/list.h"

/* What a clock is looked at with. */
struct standing {
	const struct calendar *calendar;
	struct date as_of;
};
/*
 * How the row's clock stands on that day: state, units gone and left, whether it is at risk, and
 * whether it is past its due day within what was agreed. A list_decorate() whose context is a
 * struct standing.
 */
void clocks_put_standing(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text);

/* Which rule led to which duty, and every clock of the incident. */
MUST_CHECK bool clocks_of_incident(struct call *call, struct problem *problem);
