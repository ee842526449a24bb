/* POST /acknowledgements: what a recipient says of a delivery, signed with its endpoint's secret.
 */
#pragma once

#include "api/call.h"

bool receipts_create(struct call *call, struct problem *problem);
