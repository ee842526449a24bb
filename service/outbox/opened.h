/*
 * What of a claimed delivery was sealed, opened for one call: its signature, the endpoint's own
 * headers, its client certificate and its authorities. Pure.
 */
#pragma once

#include "outbox/queue.h"
#include "outbox/sign.h"

struct opened {
	char signature[WEBHOOK_SIGNATURE_MAX];
	json_t *headers;    /* array of {name, value}, or NULL */
	json_t *client;     /* {certificate, key} in PEM, or NULL */
	struct text bundle; /* PEM, empty where the system's authorities count */
};
void opened_finish(struct opened *opened);
DEFINE_VALUE_CLEANUP(struct opened, opened_finish)

/* Opens what was sealed and signs the body. False when something cannot be opened with the key. */
MUST_CHECK bool delivery_open(const struct delivery *delivery, const unsigned char key[32],
    int64_t timestamp, struct opened *ret_opened);
/* The call; all of it is borrowed from the two. */
struct letter delivery_letter(
    const struct delivery *delivery, const struct opened *opened, int64_t timestamp);
