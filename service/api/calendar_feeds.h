/* Calendar feeds: an address with a secret, by which a calendar program reads deadlines. */
#pragma once

#include "api/call.h"

/* Makes one. Its address is in the answer to this one request and in no other. */
MUST_CHECK bool calendar_feeds_create(struct call *call, struct problem *problem);
/* Ends one, at once; ending it again changes nothing. */
MUST_CHECK bool calendar_feeds_revoke(struct call *call, struct problem *problem);
/* The calendar itself, for whoever knows the secret. What opens nothing is a path without anything.
 */
MUST_CHECK bool calendar_feeds_show(struct call *call, struct problem *problem);
