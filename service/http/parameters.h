/* Puts the values of path, query and headers together with their parameters of the contract. */
#pragma once

#include "contract/contract.h"
#include "http/headers.h"
#include "http/target.h"

struct arguments {
	struct argument list[PARAMETERS_MAX];
	size_t count;
};

/*
 * Adds the values of query and headers, and the defaults of what did not come, to the path's
 * values in `arguments`, and checks them all. Every fault is added to `problem`: unknown, sent
 * twice, missing, malformed. A missing If-Match alone is PROBLEM_PRECONDITION_REQUIRED.
 */
void parameters_check(const struct operation *operation, const struct target *target,
    const struct headers *headers, struct arguments *arguments, struct problem *problem);
