/* The action plan of a review as a whole: shown, and put by the steps that each part of it has. */
#pragma once

#include "api/call.h"

/* GET: as JSON, or as lines in the columns that PUT takes. */
MUST_CHECK bool action_plan_show(struct call *call, struct problem *problem);
/*
 * PUT with If-Match of the review: JSON or text/csv. All of it in one transaction or nothing; each
 * recommendation and action with its own version, history, clocks, event and audit entry.
 */
MUST_CHECK bool action_plan_put(struct call *call, struct problem *problem);
