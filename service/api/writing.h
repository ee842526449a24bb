/*
 * What one judged step writes: the resource's next version and state, its own record, the log of
 * the step, the clocks, the event. Of one request there may be several, in one transaction: the
 * caller reads what each is judged by, judges them all, and then adds them to its batch.
 */
#pragma once

#include "api/process.h"
#include "base/ids.h"

struct writing {
	const struct subject *subject;
	const char *operation; /* whose step it is */
	const struct step *step;
	bool is_new_record;
	bool is_new_resource;
	const char *to_wanted; /* a transition's, else NULL */
	const json_t *said;    /* what the request says of it; borrowed */
	json_t *resource;      /* as it is stored; NULL when it is new */
	json_t *facts;
	json_t *record; /* what is changed, as it is stored; or NULL */
	json_t *body;   /* what is said, over the record that it changes */
	struct uuid new_id;
	struct uuid event_id;
	const char *record_id;   /* of the record, or NULL when the step has none */
	const char *resource_id; /* of the resource */
	/* How the record is written, and under which name its id is bound; as in struct endpoint. */
	const struct statement *write;
	const char *record_name;
	/* By writing_count(). */
	json_t *effects; /* for clocks_apply() */
	json_t *put;     /* what is said, with the days that only the rulebook counts */
};
void writing_finish(struct writing *writing);
DEFINE_VALUE_CLEANUP(struct writing, writing_finish)

/* Finds the step of the operation from the state that it is in, and judges it. */
MUST_CHECK bool writing_judge(
    const struct call *call, struct writing *writing, struct problem *problem);
/* Counts its clocks by the rulebook, which may be asked for a year that is not loaded. */
MUST_CHECK bool writing_count(const struct call *call, const struct rulebook *rulebook,
    struct writing *writing, struct problem *problem);

/* The numbers and days that bindings point at. */
struct writing_numbers {
	char version[24];
	char record_version[24];
	struct date_text today;
};
void writing_bind(const struct call *call, const struct writing *writing,
    struct writing_numbers *ret_numbers, struct bindings *bindings);
/*
 * Appends the incidents that a transaction with it has to hold before anything else is written: a
 * step of an incident goes on to what belongs to it, and that one's steps back to the incident.
 */
void writing_put_incidents(const struct writing *writing, json_t *ids);
/* Adds the statement that holds them, where there are any. */
void writing_add_lock(struct batch *batch, const json_t *incident_ids);
/* Adds everything that it writes, with what writing_bind() has bound. */
void writing_add(struct call *call, struct batch *batch, const struct writing *writing,
    struct bindings *bindings);
