/* The threshold decision of a referral, and the incident that it makes. */
#pragma once

#include "api/call.h"

/* POST …/decision with an Idempotency-Key; answered by 201 with the decision. */
MUST_CHECK bool referral_decision_create(struct call *call, struct problem *problem);
