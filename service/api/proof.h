/* GET /v1/incidents/{id}/proof: that each recipient in law was told, and how that is proven. */
#pragma once

#include "api/call.h"

bool proof_show(struct call *call, struct problem *problem);
