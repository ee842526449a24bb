/* The service's own state: alive, ready, and what it is. */
#pragma once

#include "api/call.h"

MUST_CHECK bool service_live(struct call *call, struct problem *problem);
/* Ready when the database answers and is migrated to what this program needs. */
MUST_CHECK bool service_ready(struct call *call, struct problem *problem);
/* The OpenAPI document that the program runs by. */
MUST_CHECK bool service_document(struct call *call, struct problem *problem);
