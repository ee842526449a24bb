/*
 * Rules across the fields of an incident and its children, beyond what the schema can say. Pure.
 */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

/*
 * Adds a fault (PROBLEM_INVALID) with pointer, code and rule for each broken rule: dates in the
 * future, death before the incident, awareness before the incident, not exactly one index child,
 * death facts without a death, abuse status not_known_or_suspected where the law does not allow
 * it, aware_at and aware_on that disagree, age and unborn that contradict … `incident` is in the
 * shape of the API and has passed the schema; `today` is London's. True when nothing is broken.
 */
bool incident_rules_check(const json_t *incident, struct date today, struct problem *problem);
/*
 * Fills what follows from other fields and is absent: aware_on from aware_at, date_precision,
 * the single child as index child. Changes `incident` in place.
 */
void incident_rules_complete(json_t *incident);
