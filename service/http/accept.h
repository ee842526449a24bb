/* Chooses the form of the answer (RFC 9110 section 12.5.1). */
#pragma once

#include <stddef.h>

/*
 * The media type of `types` (NULL-terminated, preferred first) that `accept` values most, or NULL
 * when it wants none of them. A NULL `accept` takes the first. Of two equal ones the earlier wins.
 */
const char *accept_choose(const char *accept, const char *const types[]);
