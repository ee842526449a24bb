/* Owns the table of a rapid review's steps. */
#include "domain/rapid_review_process.h"

#define UNTIL_CLOSED "opened scoping met decided signed_off submitted responded"

static const struct step steps[] = {
    {.operation = "patchRapidReview", .from = UNTIL_CLOSED},
};

const struct process rapid_review_process = {
    .resource = "rapid_review",
    .noun = "rapid review",
    .states = UNTIL_CLOSED " closed lapsed",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
