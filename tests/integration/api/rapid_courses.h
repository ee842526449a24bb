/* A rapid review on the days that a report's test says; every step is taken over HTTP. */
#pragma once

#include "fixture.h"

/* Of an incident known and notified on these days, which leads itself; the rapid review's id. */
const char *rapid_course(const char *aware_on, const char *notified_on, const char *members);
/* Met, decided and signed on the one day, and submitted as complete on the other. */
void rapid_submitted(const char *rapid_review, const char *decided_on, const char *submitted_on);
/* The Panel's response on that day. */
void panel_says(const char *rapid_review, const char *response, const char *received_on);
/* The incident's id. */
const char *incident_of(const char *rapid_review);
