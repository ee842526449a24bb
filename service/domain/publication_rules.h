/*
 * What publication waits for: the needs and checks of those steps of review_process.c that embargo,
 * announce and publish a review, and that look whether what it taught is seen in practice.
 *
 * Sources: Working Together 2023 chapter 5 (published in full unless there are compelling reasons;
 * seven working days' notice to the Panel and the Secretary of State), the partnership's flowchart
 * (the cabinet member is told by its chair), the NSPCC's national case review repository.
 */
#pragma once

#include "domain/process.h"

/* Embargoes. */
extern const struct need embargo_is_grounded; /* when it is made: it brings its reason itself */
extern const struct need embargo_is_not_lifted;
extern const struct need embargo_is_open;
extern const struct need embargo_has_ground;
extern const struct need no_open_embargo;
extern const struct need no_proceeding_holds_publication;
bool proceeding_check(const struct act *act, struct problem *problem);
bool embargo_check(const struct act *act, struct problem *problem);

/* The plan, by how far the review is. */
bool publication_check(const struct act *act, struct problem *problem);
bool publication_check_embargoed(const struct act *act, struct problem *problem);
bool publication_check_announced(const struct act *act, struct problem *problem);
bool publication_check_published(const struct act *act, struct problem *problem);
bool publication_check_not_published(const struct act *act, struct problem *problem);

/* Whether the plan names no day. */
bool publication_is_unplanned(const struct act *act);

/* The notice. */
/* Whether it is sent now; else it was given before and is only recorded. */
bool notice_is_sent(const struct act *act);
extern const struct need form_is_decided;
extern const struct need publication_is_planned;
extern const struct need planned_day_is_ahead;
extern const struct need report_is_hashed;
extern const struct need panel_is_told;
extern const struct need dfe_is_told;
extern const struct need ofsted_is_told;
bool notice_check(const struct act *act, struct problem *problem);
bool notice_record_check(const struct act *act, struct problem *problem);

/* The day itself, or the decision against it. */
extern const struct need published_on;
extern const struct need notice_has_run;
extern const struct need is_national;      /* the Panel publishes it itself */
extern const struct need is_not_statutory; /* table-top and other learning is not published */
extern const struct need not_publishing_reason;
extern const struct need not_publishing_decided_by;
extern const struct need not_publishing_panel_told_on;
bool published_check(const struct act *act, struct problem *problem);
bool not_published_check(const struct act *act, struct problem *problem);

/* What follows. */
extern const struct need interval_months;
extern const struct need first_check_due_on;
extern const struct need is_assured;
bool assurance_check(const struct act *act, struct problem *problem);
bool assurance_check_check(const struct act *act, struct problem *problem);
bool dissemination_check(const struct act *act, struct problem *problem);
