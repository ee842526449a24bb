/* The tables of makers, one file makers_<group>.c for each group of resources; see fixture.h. */
#pragma once

#include "fixture.h"

/* The agency that examples name, a local authority, in every partnership. */
void have_authority(void);

extern const struct maker makers_clocks[];
extern const struct maker makers_rapid_reviews[];
extern const struct maker makers_actions[];
extern const struct maker makers_referrals[];
extern const struct maker makers_incident_records[];
extern const struct maker makers_reviews[];
extern const struct maker makers_publication[];
extern const struct maker makers_reports[];
extern const struct maker makers_themes[];
extern const struct maker makers_webhook_endpoints[];
