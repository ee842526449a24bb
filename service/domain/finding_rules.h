/* What is checked across the fields of a review's finding. */
#pragma once

#include "domain/process.h"

bool finding_check(const struct act *act, struct problem *problem);
