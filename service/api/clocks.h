/* Clocks, deadlines and the working-day calendar. */
#pragma once

#include "api/call.h"

/* Which rule led to which duty, and every clock of the incident. */
MUST_CHECK bool clocks_of_incident(struct call *call, struct problem *problem);
MUST_CHECK bool deadlines_list(struct call *call, struct problem *problem);
MUST_CHECK bool calendar_working_day(struct call *call, struct problem *problem);
MUST_CHECK bool clocks_simulate(struct call *call, struct problem *problem);
