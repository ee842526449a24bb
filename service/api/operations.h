/* The table of everything the service does; operations.c. */
#pragma once

#include "api/call.h"

extern const struct endpoint operations[];
extern const size_t operation_count;
