/*
 * JSON Pointer (RFC 6901). A place is a chain of steps on the stack, written out only when
 * somebody has to be told, so that a check without faults allocates nothing.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

#define POINTER_MAX 1000

/* One step down from `parent`; NULL is the whole value. */
struct place {
	const struct place *parent;
	const char *key; /* NULL: a step into an array */
	size_t index;
};

/*
 * Appends `base` and then the pointer to `place`, with ~ and / escaped. What does not fit the text
 * is left out in whole steps: the pointer then names a container of the place.
 */
void pointer_write(struct text *text, const char *base, const struct place *place);

/* What stands at the pointer ("" is the document), or NULL. */
const json_t *pointer_find(const json_t *document, const char *pointer);

/* As pointer_find() for a reference such as "#/components/schemas/A%20b"; NULL for any other URI.
 */
const json_t *reference_find(const json_t *document, const char *reference);
