/* Rules across the fields of one child of an incident; the half of incident_rules.h per child. */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

/*
 * Adds a fault below /children/<index> for each broken rule. `today` is London's; true
 * when nothing is broken.
 */
bool child_rules_check(
    const json_t *children, size_t index, struct date today, struct problem *problem);
