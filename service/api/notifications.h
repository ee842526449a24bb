/* Notifications of incidents and the proof that recipients have given. */
#pragma once

#include "api/exchange.h"

MUST_CHECK bool notifications_create(struct exchange *exchange, struct problem *problem);
MUST_CHECK bool acknowledgements_create(struct exchange *exchange, struct problem *problem);
