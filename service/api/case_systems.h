/* Incidents from case management systems. */
#pragma once

#include "api/call.h"

/* Creates or updates by the system's own key; the same message again changes nothing. */
MUST_CHECK bool case_systems_put(struct call *call, struct problem *problem);
