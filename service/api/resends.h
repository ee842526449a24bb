/* Deliveries that are made again: one of them, or all that an endpoint has missed. */
#pragma once

#include "api/call.h"

bool resends_create(struct call *call, struct problem *problem);
bool recoveries_create(struct call *call, struct problem *problem);
