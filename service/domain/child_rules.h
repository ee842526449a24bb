/* Rules across the fields of one child of an incident; the half of incident_rules.h per child. */
#pragma once

#include "base/problem.h"

/* Adds a fault below /children/<index> for each broken rule. True when nothing is broken. */
bool child_rules_check(const json_t *children, size_t index, struct problem *problem);
