/* Owns the memory of compiled contracts and schemas. */
#include "contract/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct arena_piece {
	struct arena_piece *next;
	alignas(max_align_t) char memory[];
};

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(struct arena_piece), &bytes))
		abort();
	struct arena_piece *piece = calloc(1, bytes);
	if (!piece)
		abort();
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->memory;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = arena_take(arena, length + 1, 1);

	memcpy(copy, bytes, length);
	return copy;
}

void arena_finish(struct arena *arena)
{
	while (arena->pieces) {
		struct arena_piece *piece = arena->pieces;
		arena->pieces = piece->next;
		free(piece);
	}
}
