/* Comma-separated values by RFC 4180, in and out. */
#pragma once

#include "lib/text.h"

#define CSV_COLUMNS 500

/* One record of a text; cells point into `storage`. */
struct csv_row {
	char *storage;
	const char *cells[CSV_COLUMNS];
	size_t count;
	size_t line; /* where it begins, from 1 */
};

struct csv_reader {
	const char *at;
	const char *end;
	size_t line;
};

enum csv_result {
	CSV_ROW,
	CSV_END,
	CSV_BROKEN, /* a quote that does not end or stands inside a cell, NUL, or too many columns */
	CSV_NO_MEMORY,
};

void csv_row_finish(struct csv_row *row);
DEFINE_VALUE_CLEANUP(struct csv_row, csv_row_finish)

/* Begins at the text's first record, behind a byte order mark if there is one. */
struct csv_reader csv_open(const char *bytes, size_t length);
/* Reads the next record that is not an empty line. A broken one is passed over to its line end. */
MUST_CHECK enum csv_result csv_next(struct csv_reader *reader, struct csv_row *ret_row);

/*
 * Appends a cell, quoted where needed. A cell that a spreadsheet would run as a formula (= + - @
 * tab or carriage return at its beginning) gets an apostrophe in front.
 */
void csv_put_cell(struct text *text, const char *cell, bool first);
/* Appends a number as it is: its sign begins no formula. */
void csv_put_number(struct text *text, const char *number, bool first);
