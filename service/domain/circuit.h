/*
 * Whether an endpoint is called freely, or only tried now and then because its calls have failed
 * one after the other. Pure. An open circuit delays what is due to the next trial; nothing is lost
 * by it and nothing comes to count as failed. Source: the interface's rules for webhooks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* So many failures one after the other open the circuit; one success closes it. */
#define CIRCUIT_FAILURES 5

struct circuit {
	int failures;      /* one after the other, up to now */
	int trials;        /* that have failed since it opened */
	int64_t opened_at; /* milliseconds since 1970; 0: it is closed */
	int64_t trial_at;  /* the earliest next trial; 0: it is closed */
};

/* What has ended at an endpoint since its circuit was judged last. */
struct circuit_news {
	bool delivered;          /* at least one */
	int failures;            /* after the last success */
	int retry_after_seconds; /* as the last failure asks, 0 when it does not */
};

enum circuit_change { CIRCUIT_STAYS, CIRCUIT_OPENS, CIRCUIT_CLOSES };

/*
 * What follows from the news at `now`. Trials are 10 s apart, and twice as far each time, up to a
 * minute for a statutory recipient, which is so tried on its schedule, and to 15 minutes for
 * others; ±20 % by `random`, shortened by `scale_percent` (1–100), lengthened by what the receiver
 * asks for, up to an hour.
 */
enum circuit_change circuit_judge(struct circuit *circuit, const struct circuit_news *news,
    bool statutory, int64_t now, uint32_t random, int scale_percent);
