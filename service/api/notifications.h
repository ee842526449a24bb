/* Notifications of incidents and the proof that recipients have given. */
#pragma once

#include "api/call.h"

MUST_CHECK bool notifications_create(struct call *call, struct problem *problem);
MUST_CHECK bool acknowledgements_create(struct call *call, struct problem *problem);
