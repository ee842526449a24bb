/*
 * What the service does for each operation: http on one side, domain and store on the other.
 * operations.c is the whole surface on one screen.
 */
#pragma once

#include "base/settings.h"
#include "contract/contract.h"
#include "domain/receipt.h"
#include "http/http.h"

struct api;

/* Begins to connect to the database, and does not wait for it. The settings must outlive it. */
MUST_CHECK bool api_create(
    const struct settings *settings, struct api **ret_api, struct problem *problem);
/*
 * Binds every operation of the contract to its handler, once and before the first call. Fails,
 * naming them, when an operation has no handler or a handler no operation. The contract must
 * outlive it.
 */
MUST_CHECK bool api_bind(struct api *api, const struct contract *contract, struct problem *problem);
/* Appends what Prometheus is told. */
void api_measure(struct api *api, struct text *ret_metrics);
void api_destroy(struct api *api);
DEFINE_CLEANUP(struct api *, api_destroy)

/*
 * Who knows the secrets of endpoints, which requests never read: looks whether one of them has
 * signed a receipt, and records it. Set before the first request.
 */
struct api_receipts {
	bool (*verify)(void *context, const struct receipt *receipt, struct problem *problem);
	bool (*take)(void *context, const struct receipt *receipt, struct problem *problem);
	void *context;
};
void api_set_receipts(struct api *api, const struct api_receipts *receipts);

/* For http_options: answers one request. Thread-safe. */
void api_serve(void *context, const struct request *request, struct reply *reply);
