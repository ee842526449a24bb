/*
 * Identifiers: UUID version 7 (RFC 9562), so that new rows land at the end of their indexes, and
 * random bytes. Ids are text everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uuid {
	char text[37];
};

/* A new id from the clock and the kernel's random numbers. */
struct uuid uuid_new(void);
/* The canonical lower-case form of 36 characters, and nothing else. */
bool uuid_is_valid(const char *text);
/* Bytes from the kernel; ends the program when the kernel has none to give. */
void random_bytes(void *ret_bytes, size_t length);
/* Milliseconds since 1970, UTC. */
int64_t clock_milliseconds(void);
/* "2024-06-30T23:30:00.123Z". */
struct instant_text {
	char text[32];
};
struct instant_text instant_format(int64_t milliseconds);
