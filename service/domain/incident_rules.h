/*
 * Rules across the fields of an incident and its children, beyond what the schema can say. Pure.
 */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

/*
 * Adds a fault (PROBLEM_INVALID) with pointer, code and rule for each broken rule, all at once;
 * the rules with their codes are the two tables in incident_rules.c and child_rules.c. `incident`
 * is in the shape of the API with all its `children` and has passed the schema; null and absent
 * both mean "not asked" and break nothing by themselves. `today` is London's. True when nothing
 * is broken.
 *
 * On abuse_neglect_status `not_known_or_suspected`: domain sources allow it for a notification of
 * a looked-after child's or a care leaver's death only, yet an incident that turns out not to be
 * notifiable is recorded too, with the decision against (steps 1a and 1b of the process). So the
 * status is refused only where the record contradicts it: when notifying_basis is in_area or
 * outside_england_normally_resident, which claim a notification under s16C(1), and nobody who
 * was looked after or a care leaver died (abuse_status_not_allowed); or when death_subtype says
 * otherwise (death_subtype_contradicts). Without a basis it is recorded, and notifiability.h
 * answers that no duty follows.
 *
 * On nature: the incident's is the most serious of its children's (nature_not_most_serious). It
 * is refused only when a child's is more serious, because the incident and its children are
 * changed one at a time: first the incident upwards, or first the child downwards.
 */
bool incident_rules_check(const json_t *incident, struct date today, struct problem *problem);
/*
 * Fills what follows from other fields and is absent: aware_on from aware_at, date_precision,
 * the single child as index child. Changes `incident` in place.
 */
void incident_rules_complete(json_t *incident);
