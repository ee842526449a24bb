/* What the server counts, and its form for Prometheus. Counting is lock-free and thread-safe. */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "contract/contract.h"

struct metrics;

MUST_CHECK bool metrics_create(
    const struct contract *contract, struct metrics **ret_metrics, struct problem *problem);
void metrics_destroy(struct metrics *metrics);
DEFINE_CLEANUP(struct metrics *, metrics_destroy)

/* Counts one answer; `operation` is NULL when the request matched none. */
void metrics_count(
    struct metrics *metrics, const struct operation *operation, int status, int64_t microseconds);
/* Appends everything that has been counted, and the process's memory and descriptors. */
void metrics_write(struct metrics *metrics, struct text *ret_text);
