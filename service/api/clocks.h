/* The clocks of an incident, and the deadlines of the partnership. */
#pragma once

#include "api/call.h"

/* Which rule led to which duty, and every clock of the incident. */
MUST_CHECK bool clocks_of_incident(struct call *call, struct problem *problem);
MUST_CHECK bool deadlines_list(struct call *call, struct problem *problem);
