/* Incidents and their children, from people and from case systems. */
#pragma once

#include "api/call.h"

MUST_CHECK bool incidents_create(struct call *call, struct problem *problem);
MUST_CHECK bool incidents_patch(struct call *call, struct problem *problem);
MUST_CHECK bool children_create(struct call *call, struct problem *problem);
MUST_CHECK bool children_patch(struct call *call, struct problem *problem);
/* Creates or updates by the system's own key; the same message again changes nothing. */
MUST_CHECK bool case_systems_put(struct call *call, struct problem *problem);
