/*
 * What recipients say of what was delivered to them: {"acknowledged": {"reference", "received_at"}}
 * in the body of a 2xx, which is read from the recorded attempts by a thread of its own, or as a
 * call that is signed with the endpoint's secret as webhooks are.
 */
#pragma once

#include "base/problem.h"
#include "base/settings.h"
#include "domain/receipt.h"

struct receipts;

/* A retired endpoint's secret signs receipts for so many hours on. */
MUST_CHECK bool receipts_start(const struct settings *settings, int64_t retired_hours,
    struct receipts **ret_receipts, struct problem *problem);
/* NULL is nothing to stop. */
void receipts_stop(struct receipts *receipts);

/* PROBLEM_UNAUTHENTICATED unless an endpoint's own secret has signed it within five minutes. */
MUST_CHECK bool receipts_verify(
    struct receipts *receipts, const struct receipt *receipt, struct problem *problem);
/*
 * Records what a verified call says. The same twice is as once; another reference after the first
 * is PROBLEM_DUPLICATE, and a time at which it cannot have been received PROBLEM_INVALID.
 */
MUST_CHECK bool receipts_take(
    struct receipts *receipts, const struct receipt *receipt, struct problem *problem);
