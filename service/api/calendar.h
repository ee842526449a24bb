/* Working days, and the clocks that a date would start. */
#pragma once

#include "api/call.h"

MUST_CHECK bool calendar_working_day(struct call *call, struct problem *problem);
MUST_CHECK bool clocks_simulate(struct call *call, struct problem *problem);
/* A date of a parameter, or PROBLEM_BAD_PARAMETER: the schema takes years that we do not. */
MUST_CHECK bool calendar_parse(const char *text, struct date *ret_date, struct problem *problem);
