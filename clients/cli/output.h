/*
 * Writes the service's answers to standard output in the format that was asked for. Of a list
 * ({"data": […]}) the rows are meant, of anything else the whole.
 */
#pragma once

#include "cli/arguments.h"

struct output {
	enum output_format format; /* OUTPUT_DEFAULT is decided by whether `stream` is a terminal */
	const json_t *columns;     /* x-columns: paths, or {key, label}; NULL chooses from the rows */
	FILE *stream;
};

/* False when it could not be written. */
MUST_CHECK bool output_value(const struct output *output, const json_t *value);
/* The same into a text; `cells` limits the width of tables, 0 does not. */
void output_put(enum output_format format, const json_t *columns, const json_t *value, size_t cells,
    bool bold, struct text *text);
/* Writes bytes that are not JSON as they came. */
MUST_CHECK bool output_bytes(FILE *stream, const char *bytes, size_t length);
/* Writes a text and says whether all of it went out. */
MUST_CHECK bool output_text(FILE *stream, const struct text *text);
enum output_format output_format_for(enum output_format wanted, FILE *stream);
