/* Incidents and their children. */
#pragma once

#include "api/call.h"

MUST_CHECK bool incidents_create(struct call *call, struct problem *problem);
MUST_CHECK bool incidents_patch(struct call *call, struct problem *problem);
MUST_CHECK bool children_create(struct call *call, struct problem *problem);
MUST_CHECK bool children_patch(struct call *call, struct problem *problem);
