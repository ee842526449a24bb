/* The deadlines of the partnership: every clock, whatever it belongs to, and what was agreed. */
#pragma once

#include "api/call.h"

MUST_CHECK bool deadlines_list(struct call *call, struct problem *problem);
/* One of them, with its earlier versions. */
MUST_CHECK bool deadlines_get(struct call *call, struct problem *problem);
/* Agrees a later day. The due day in law stays, and so does its breach. */
MUST_CHECK bool deadlines_extend(struct call *call, struct problem *problem);
