/* Lays rows out in columns for a person to read. */
#pragma once

#include "lib/text.h"

struct table {
	size_t column_count;
	char **cells; /* row by row, the heading first; without control characters */
	size_t cell_count;
	size_t cell_capacity;
};

void table_finish(struct table *table);
DEFINE_VALUE_CLEANUP(struct table, table_finish)

/* Adds one cell; what could command a terminal is replaced. False when memory ended. */
MUST_CHECK bool table_add(struct table *table, const char *cell);
/*
 * Appends the table. With `cells` above 0 no line is wider: the widest columns give way first.
 * With `bold` the heading stands out.
 */
void table_put(const struct table *table, size_t cells, bool bold, struct text *text);
