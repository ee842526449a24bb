/*
 * What a request says of a webhook endpoint, checked and with everything secret sealed: what is
 * left may be kept in the log of steps and shown.
 */
#pragma once

#include "api/call.h"
#include "base/ids.h"

#define MATERIALS_MAX 3

/* Something that is kept sealed; it is `kind` that says what, and `facts` what is shown of it. */
struct material {
	const char *kind;
	struct uuid id;
	char *sealed; /* hexadecimal; owned */
	json_t *facts;
};

struct webhook_terms {
	json_t *said; /* the record for webhook_endpoint_insert, _rewrite and _propose */
	struct material materials[MATERIALS_MAX];
	size_t material_count;
};
void webhook_terms_finish(struct webhook_terms *terms);
DEFINE_VALUE_CLEANUP(struct webhook_terms, webhook_terms_finish)

/* Checks everything, so that every fault is told at once. */
MUST_CHECK bool webhook_terms_read(
    const struct call *call, struct webhook_terms *ret_terms, struct problem *problem);
/* Adds the statements that keep the materials. */
void webhook_terms_add(struct batch *batch, const struct webhook_terms *terms);

/* Seals a text under the service's key, as hexadecimal (free()); PROBLEM_INTERNAL when it cannot.
 */
MUST_CHECK bool webhook_seal(
    const struct call *call, const char *text, char **ret_hex, struct problem *problem);
