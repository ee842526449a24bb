/*
 * Writing incidents: what a new one, a correction, a child and a case system's message have in
 * common. The facts are checked whole, the duty and its clock follow, and the change, its clocks,
 * its event and its audit entry are one transaction.
 */
#pragma once

#include "api/duties.h"
#include "base/ids.h"

/* The incident as the API shows it, or PROBLEM_NOT_FOUND; `arguments` name it for `statement`. */
MUST_CHECK bool incident_read(struct call *call, const struct statement *statement,
    const struct bindings *bindings, json_t **ret_incident, struct problem *problem);
/* Finds it by the path parameter incident_id. */
MUST_CHECK bool incident_read_by_path(
    struct call *call, json_t **ret_incident, struct problem *problem);

/*
 * Stores a new incident with its children and fills the reply with 201. `incident` is the checked
 * body and is changed on the way. case_system and external_id may be set in it by the caller.
 */
MUST_CHECK bool incident_create(struct call *call, json_t *incident, struct problem *problem);

/* A new incident that has been judged, for a batch that writes more than the incident. */
struct incident_draft {
	json_t *row;      /* its own fields, with the duty */
	json_t *children; /* each with its id */
	struct duties duties;
	struct uuid id;
};
void incident_draft_finish(struct incident_draft *draft);
DEFINE_VALUE_CLEANUP(struct incident_draft, incident_draft_finish)
/* Checks it by the rules of a new incident and counts its clocks. It is changed on the way. */
MUST_CHECK bool incident_draft(struct call *call, const struct rulebook *rulebook, json_t *incident,
    struct incident_draft *ret_draft, struct problem *problem);
/* Adds the incident, its children, its clocks and the event that tells of it. */
void incident_add(struct call *call, struct batch *batch, const struct incident_draft *draft);

struct incident_change {
	const json_t *current; /* as incident_read() gave it */
	const json_t *patch;   /* incident fields, or NULL */
	json_t *new_children;  /* array of children without id, or NULL; ids are added */
	json_t *child_patches; /* array of {id, …}, or NULL */
	/* Where the faults of the one child that the body is are found: "/children/N", or NULL. */
	const char *fault_base;
	/* What answers: a statement by `id_name`, and its kept form for keyed requests or NULL. */
	const struct statement *answer;
	const struct statement *answer_stored;
	const char *id_name;
	const char *id;         /* NULL: the first of new_children */
	const char *collection; /* the collection that the new one stands in, or NULL */
	int status;
};

/* Applies a change; a change that changes nothing writes nothing. Fills the reply. */
MUST_CHECK bool incident_apply(
    struct call *call, struct incident_change *change, struct problem *problem);

/* True when every member of the patch is in the stored incident or child as it stands. */
bool incident_has(const json_t *stored, const json_t *patch);
