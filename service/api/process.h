/*
 * The steps of processes: reading what a step is judged by, judging it (domain/process.h), and
 * writing all of it in one transaction - the record, the resource's next version and state, the log
 * of the step, the clocks, the event and the audit entry.
 */
#pragma once

#include "api/call.h"
#include "domain/process.h"

/* A resource that has states. */
struct subject {
	const struct process *process;
	const char *path;    /* /v1/reviews/ */
	const char *id_name; /* the path parameter, such as review_id */
	/*
	 * Shows the resource: with id, version, state, and the column "_facts", a JSON object that has
	 * everything the needs of its steps ask for, and incident_id where there is one.
	 */
	const struct statement *get;
	/* Takes id_name, version, to (a state, or null to stay): CS412 when it is another version. */
	const struct statement *advance;
};

/*
 * Handlers for rows of operations.c that have .subject. What the row has decides what is written:
 * .write is the statement for the step's own record. It is given the path's parameters, the
 * resource's id under its name, `record` (the body as a JSON object), `record_id`, `to`, `today`,
 * the `event_id` of the event that tells of it, and for a change `record_version`. .record names
 * the id of the record in .statement, which shows it; without it .statement shows the resource.
 */

/*
 * A new record of a resource, or (without the resource's id in the path) a new resource: POST with
 * an Idempotency-Key, answered by 201. The step is the operation's.
 */
bool process_create(struct call *call, struct problem *problem);
/* A change of a record or of the resource itself: PATCH or PUT with If-Match, answered by 200. */
bool process_change(struct call *call, struct problem *problem);
/* POST …/transitions with If-Match: the step is the one that leads to the body's `to`. */
bool process_transition(struct call *call, struct problem *problem);
