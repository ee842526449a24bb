/* The letter of the sender's tests; what differs from one test to the other is said by it. */
#pragma once

#include "outbox/send.h"

#define LETTER_ID "0190a1b2-0000-7000-8000-000000000001"
#define LETTER_BODY "{\"type\":\"incident.notified\"}"

/* Sends it there and waits until it has ended. What `more` has besides is kept; NULL is nothing. */
void letter_send(
    struct sender *sender, const char *url, const struct letter *more, struct sent *ret_sent);
