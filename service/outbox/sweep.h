/*
 * What time alone does to clocks. What a sweep guarantees: a clock is announced as at risk and as
 * breached once each, in this order, by whichever process comes first, also when none ran
 * meanwhile; an open clock that an older calendar counted is counted anew, and one that was judged
 * stays.
 */
#pragma once

#include "store/store.h"

/*
 * Does a part of it; `ret_more` says whether there is likely to be more. `link` is how clients
 * reach the service.
 */
MUST_CHECK bool sweep_run(
    struct lease *lease, const char *link, bool *ret_more, struct problem *problem);
