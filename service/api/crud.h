/*
 * What most resources need: one by its id, and a list. Driven by a row of operations.c; whatever
 * needs more than this gets a file of its own.
 */
#pragma once

#include "api/call.h"

/*
 * The row that the statement finds for the path's parameters. A column `version` becomes the ETag,
 * else the ETag is the content's hash; If-None-Match is honoured. No row is a 404.
 */
MUST_CHECK bool crud_get(struct call *call, struct problem *problem);
/* The same of an endpoint that gathers: those that come at once are read together. */
MUST_CHECK bool crud_gather(struct call *call, struct problem *problem);
/* A page of the statement, or of the one that `sorts` names for ?sort=. */
MUST_CHECK bool crud_list(struct call *call, struct problem *problem);
/*
 * A new record without states: POST with an Idempotency-Key, answered by 201. `.write` takes its id
 * by the name that is `.record`, and the body as `record`; `.statement` and `.stored` show it.
 */
MUST_CHECK bool crud_create(struct call *call, struct problem *problem);
