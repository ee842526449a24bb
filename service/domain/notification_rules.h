/*
 * The kinds of notifications, and when each may be made. Pure.
 * Sources: Children Act 2004 s16C(1); Working Together 2023, chapter 5; the DfE's "Report a serious
 * child safeguarding incident", by which an incident has one notification and its news follow it.
 */
#pragma once

#include "domain/notifiability.h"

struct notification_kind {
	const char *name;
	/* The duty that it meets; DUTY_NONE: it follows one that was made. */
	enum duty duty;
	const char *event;
};

/* NULL when there is no such kind. */
const struct notification_kind *notification_kind(const char *name);
bool notification_follows(const struct notification_kind *kind);

/*
 * Whether the incident (in the shape of the API) may be notified in this way. `earlier` are its
 * notifications that met a duty, the first one first, each with nature_as_notified. Else
 * PROBLEM_CONFLICT with everything that is `missing`.
 */
MUST_CHECK bool notification_check(const struct notification_kind *kind, const json_t *incident,
    const struct duty_decision *decision, const json_t *earlier, struct problem *problem);
