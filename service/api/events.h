/* The feed of events: GET /v1/events, for who cannot be called. */
#pragma once

#include "api/call.h"

bool events_list(struct call *call, struct problem *problem);
