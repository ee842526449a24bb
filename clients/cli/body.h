/* The body of a request, from -f and --set. */
#pragma once

#include "cli/document.h"

#define BODY_BYTES ((size_t)16 * 1024 * 1024)

/* Reads a file, or standard input for "-", into the text. False leaves a sentence. */
MUST_CHECK bool body_read_file(const char *path, struct text *bytes, struct text *message);
/* What the settings of a body are read against; both members may be NULL. */
struct body_schema {
	const struct document *document;
	const json_t *schema;
};

/*
 * Makes the body of a JSON file (or NULL) and settings "a.b=value", later ones winning. A value is
 * JSON when it is true, false, null, a number, a list, an object or a quoted string, else a string;
 * where the schema wants a string, a number or truth value is one too. A path step that is a
 * number is a place in a list; a new place must be the next one.
 */
MUST_CHECK bool body_make(const char *path, const char *const *sets, size_t set_count,
    struct body_schema schema, json_t **ret_body, struct text *message);
/* The same of what has been read from the path. */
MUST_CHECK bool body_make_of(const char *path, const struct text *bytes, const char *const *sets,
    size_t set_count, struct body_schema schema, json_t **ret_body, struct text *message);
/*
 * Whether a body that may be a sheet too is one: a path that ends in .csv or .json says so, of any
 * other, such as standard input, the first character does. JSON begins with { or [.
 */
bool body_is_sheet(const char *path, const struct text *bytes);
/* Puts one setting into an object. */
MUST_CHECK bool body_set(
    json_t *body, const char *setting, struct body_schema schema, struct text *message);
/* Puts a value at a dotted path, making objects and lists on the way; steals the value. */
MUST_CHECK bool body_put(json_t *body, const char *path, json_t *value, struct text *message);
