/*
 * What of webhook endpoints is more than a step of a process: secrets that are shown once, what is
 * sealed before it is written, and pings. Steps are judged by domain/webhook_endpoint_process.h.
 */
#pragma once

#include "api/call.h"

MUST_CHECK bool webhook_endpoints_create(struct call *call, struct problem *problem);
/* Of a proposed one at once; of one in force as a change that another key decides on. */
MUST_CHECK bool webhook_endpoints_patch(struct call *call, struct problem *problem);
/* Retires it: nothing is deleted. */
MUST_CHECK bool webhook_endpoints_delete(struct call *call, struct problem *problem);
MUST_CHECK bool webhook_endpoints_rotate(struct call *call, struct problem *problem);
MUST_CHECK bool webhook_endpoints_ping(struct call *call, struct problem *problem);
