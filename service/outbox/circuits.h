/*
 * The circuits of endpoints as they stand in the database, where all processes agree on them
 * (domain/circuit.h). What an update guarantees: an opening and a closing are told once each.
 */
#pragma once

#include "outbox/allowance.h"
#include "store/store.h"

/*
 * Judges the circuits of all endpoints that have news, and forgets the news. What somebody else
 * changed meanwhile keeps its news for the next time. `link` is how clients reach the service.
 */
MUST_CHECK bool circuits_update(struct lease *lease, struct allowances *allowances,
    const char *link, int scale_percent, struct problem *problem);
/* Whether there is anything to judge. */
bool circuits_have_news(const struct allowances *allowances);
/* Takes warnings of deliveries at risk down, once for each; `ret_done` is how many. */
MUST_CHECK bool circuits_warn(
    struct lease *lease, const char *link, int64_t *ret_done, struct problem *problem);
