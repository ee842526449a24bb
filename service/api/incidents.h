/* Incidents and their children, from people and from case systems. */
#pragma once

#include "api/exchange.h"

MUST_CHECK bool incidents_create(struct exchange *exchange, struct problem *problem);
MUST_CHECK bool incidents_patch(struct exchange *exchange, struct problem *problem);
MUST_CHECK bool children_create(struct exchange *exchange, struct problem *problem);
MUST_CHECK bool children_patch(struct exchange *exchange, struct problem *problem);
/* Creates or updates by the system's own key; the same message again changes nothing. */
MUST_CHECK bool case_systems_put(struct exchange *exchange, struct problem *problem);
