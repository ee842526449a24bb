/* How an action stands on a day, as a colour: worked out from what is stored, and never typed. */
#pragma once

#include <jansson.h>

#include "domain/date.h"

/*
 * From an action's facts: `state`, `due_on`, `is_revised` (its due date was moved), and
 * `amber_until`, the twentieth working day after today or null where the calendar does not reach.
 * The first that holds:
 *
 *   red    it was not accepted; or it is not complete and its due date has passed
 *   blue   closed, and assured with evidence
 *   grey   closed without verification, or superseded
 *   amber  its due date was revised; or it is not complete and due within 20 working days
 *   green  on track, also while it is complete and waits for assurance
 *
 * NULL where only the calendar could tell. The SQL function action_rag() says the same for filters.
 * The colours are those of the partnership's action tracker (Leeds' "live" tracker, S001 §4.15).
 */
const char *action_rag(const json_t *facts, struct date today);
