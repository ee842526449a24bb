/* What the command line's files share about jansson's values. */
#pragma once

#include <jansson.h>

#include "lib/text.h"

DEFINE_CLEANUP(json_t *, json_decref)

/* The string of a member, or "" when it is absent or not a string. */
static inline const char *json_text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

/* The value at a dotted path ("children.0.sex", "sin.due_on"); borrowed, or NULL. */
const json_t *json_at(const json_t *value, const char *path);
/* Appends a value as one line of plain text: strings as they are, lists divided by ", ". */
void json_put_plain(struct text *text, const json_t *value);
