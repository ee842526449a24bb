/*
 * The dispatcher: one thread with its own connection that claims due deliveries, signs and sends
 * them, records each attempt and settles. Any number of processes may run one; what two of them
 * never do is hold the same delivery at the same time.
 */
#pragma once

#include "base/problem.h"
#include "base/settings.h"
#include "base/text.h"

struct outbox;

MUST_CHECK bool outbox_start(
    const struct settings *settings, struct outbox **ret_outbox, struct problem *problem);
/* Takes no new deliveries, lets those in flight end (bounded), settles, and joins the thread. */
void outbox_stop(struct outbox *outbox);
/* Prometheus text: attempts by outcome, in flight, lag of the oldest due delivery. */
void outbox_measure(struct outbox *outbox, struct text *ret_metrics);
