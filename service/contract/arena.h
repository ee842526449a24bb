/*
 * Memory that lives as long as a compiled contract: taken piece by piece, released all at once.
 * Everything here is made at start-up, so a lack of memory ends the process (there is no request
 * to save yet) and no caller needs to ask for NULL.
 */
#pragma once

#include <stddef.h>

struct arena {
	struct arena_piece *pieces;
};

/* Zeroed memory, never NULL. */
void *arena_take(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));
char *arena_copy(struct arena *arena, const char *bytes, size_t length)
    __attribute__((returns_nonnull));
void arena_finish(struct arena *arena);
