/*
 * The steps of a webhook endpoint: proposed by one API key and approved by another, changed in the
 * same way, paused, resumed and retired; and the rules of its headers.
 */
#pragma once

#include "domain/process.h"

extern const struct process webhook_endpoint_process;

/*
 * What a recipient in law is told in any case: notifications, what follows them, and what is
 * published. As a PostgreSQL array.
 */
extern const char webhook_statutory_events[];

/*
 * Checks headers of an endpoint's own, an array of {name, value}: adds every fault below `pointer`,
 * such as /headers, and returns false. Forbidden is what the message itself consists of, and what
 * would make two headers of one.
 */
MUST_CHECK bool webhook_headers_check(
    const json_t *headers, const char *pointer, struct problem *problem);
