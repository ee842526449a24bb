/* From an incident's facts to its duty, the clocks that run, and what events say of them. */
#pragma once

#include "api/call.h"
#include "domain/notifiability.h"

struct duties {
	struct duty_decision decision;
	json_t *clocks; /* array for clocks_insert and clocks_reconcile, each with an id */
};
void duties_finish(struct duties *duties);
DEFINE_VALUE_CLEANUP(struct duties, duties_finish)

/*
 * Checks the rules across the incident's fields (every fault at once), completes it, decides the
 * duty and makes the clock for the notification when there is one.
 */
MUST_CHECK bool duties_assess(const struct call *call, const struct rulebook *rulebook,
    json_t *incident, struct duties *ret_duties, struct problem *problem);

/*
 * A clock of a kind by the policy of the partnership, as clocks_apply() takes it: counted from a
 * day, or due on the day that was agreed (else DATE_NONE). A new reference.
 * PROBLEM_CALENDAR_INCOMPLETE past the loaded years.
 */
MUST_CHECK bool duties_count(const struct rulebook *rulebook, const char *kind,
    struct date starts_on, struct date agreed_on, json_t **ret_clock, struct problem *problem);
/*
 * The same for the clock of an incident, from the day that the policy of its kind wants: the
 * incident's own, or `event_day`. A clock names the policy that it was counted by.
 */
MUST_CHECK bool duties_count_from(const struct rulebook *rulebook, const char *kind,
    const json_t *incident, struct date event_day, json_t **ret_clock, struct problem *problem);
/*
 * The same after a correction of the incident, for clock_correct: NULL unless the policy of the
 * kind counts from a day that stands at the incident.
 */
MUST_CHECK bool duties_recount(const struct rulebook *rulebook, const char *kind,
    const json_t *incident, json_t **ret_clock, struct problem *problem);
/* The same for a duty, for clocks_insert. */
MUST_CHECK bool duties_clock(const struct rulebook *rulebook, const char *kind,
    const struct duty_decision *decision, struct date starts_on, json_t **ret_clock,
    struct problem *problem);

/*
 * The `data` of an event about an incident: its id and link. The database adds the rest: reference,
 * version, duty, and the clocks as the change leaves them, so the event comes after it in a batch.
 * Nothing of the case (data class P1). A new reference; the caller may add members.
 */
json_t *duties_event(const struct call *call, const char *incident_id);

/* Adds the statement that writes an event and its deliveries. */
struct event {
	const char *type;
	const char *incident_id;
	const char *recipients; /* PostgreSQL array of the recipients in law, or NULL: any endpoint */
	json_t *data;           /* borrowed */
};
void duties_add_event(const struct event *event, const char *event_id, struct batch *batch);
/* Adds a statement with a JSON value: `name` is bound to its text. Its number. */
size_t duties_add_json(struct batch *batch, const struct statement *statement,
    struct bindings *bindings, const char *name, const json_t *value);
