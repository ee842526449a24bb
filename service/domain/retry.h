/* When a delivery is tried again. Pure. Source: the interface's schedule, ten attempts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS 10

/*
 * Milliseconds to wait after `attempts` attempts (1 or more) have failed: 5 s, 5 min, 30 min, 2 h,
 * 5 h, 10 h, 14 h, 20 h, 24 h, and 24 h for every later one of a statutory recipient, each ±20 %
 * by `random` (any 32 bits). `retry_after_seconds` (0: none) lengthens it, to 24 h at most.
 * `scale_percent` (1–100) shortens the schedule for demonstrations. -1: no further attempt.
 */
int64_t retry_delay(
    int attempts, bool statutory, int retry_after_seconds, uint32_t random, int scale_percent);
