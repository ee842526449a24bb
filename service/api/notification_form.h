/* GET /v1/incidents/{id}/notification-form: what the DfE's form asks, ready to copy. */
#pragma once

#include "api/call.h"

bool notification_form_show(struct call *call, struct problem *problem);
