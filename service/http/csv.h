/* Comma-separated values by RFC 4180, as spreadsheets save them. */
#pragma once

#include "base/problem.h"

#define CSV_COLUMNS_MAX 100
#define CSV_CELL_BYTES ((size_t)20000)

/*
 * [{line, cells: [text]}] of every line that has something in it, the heading too; `line` counts
 * from 1 as a text editor does. A new reference. Read as one writes them: behind a byte order mark,
 * lines end with CRLF or LF, quoted cells may hold both (as LF), and an apostrophe that keeps a
 * spreadsheet from running a cell is no part of it.
 *
 * PROBLEM_MALFORMED_BODY, with the line: a quote that does not end or stands inside a cell, bytes
 * that are not UTF-8, NUL, a carriage return by itself, or more than the limits allow.
 */
MUST_CHECK bool csv_parse(const char *bytes, size_t length, size_t lines_max, json_t **ret_lines,
    struct problem *problem);
