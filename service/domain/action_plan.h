/*
 * An action plan that is put, as JSON or as the lines of a sheet, against the one that is there:
 * what it makes, what it changes and what it leaves alone. Pure; whether each step may be taken is
 * judged by action_process.h and recommendation_process.h.
 */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

/* The plan that is there. Rows have their "_facts". Nothing is owned. */
struct known_plan {
	const json_t *review; /* id, type */
	const json_t *recommendations;
	const json_t *actions;
	const json_t *agencies; /* id, slug, name, valid_to */
	struct date today;
};

/* What comes of it; each an array, owned. */
struct plan_outcome {
	/*
	 * What is to be done, recommendations before actions: {kind, operation, pointer, is_sheet,
	 * stored (or absent), facts, said, body}. A new recommendation has a `ref`, and a new action of
	 * it the same as `of`.
	 */
	json_t *steps;
	/* As openapi/schemas/action_plan.yaml has them; would_create without ids. */
	json_t *would_create;
	json_t *would_change;
	json_t *unchanged;
	json_t *left_alone;
};
void plan_outcome_finish(struct plan_outcome *outcome);
DEFINE_VALUE_CLEANUP(struct plan_outcome, plan_outcome_finish)

/*
 * Compares the body of the request with the plan. Every fault is added to `problem`; the outcome is
 * filled as far as it goes.
 */
void action_plan_compare(const struct known_plan *known, const json_t *body, bool is_sheet,
    struct plan_outcome *ret_outcome, struct problem *problem);
/*
 * Adds the faults of a step's judgement to `problem`, with pointers to where the body said it.
 * Takes what `judged` holds.
 */
void action_plan_put_faults(const json_t *step, struct problem *judged, struct problem *problem);
/* The plan as lines with the columns of a sheet, a new reference. */
json_t *action_plan_lines(const json_t *recommendations, const json_t *actions);
