/*
 * Owns the fuzzing of sheets: whatever is read stays within the limits and is UTF-8, each line says
 * where it stands, and what is written back as RFC 4180 has it is read as the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "http/characters.h"
#include "http/csv.h"

#define LINES_MAX 50

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void put_cell(const char *cell, struct text *ret_sheet)
{
	text_putc(ret_sheet, '"');
	for (; *cell; cell++) {
		if (*cell == '"')
			text_putc(ret_sheet, '"');
		text_putc(ret_sheet, *cell);
	}
	text_putc(ret_sheet, '"');
}

/* It would lose its first character. */
static bool is_guarded(const char *cell)
{
	return cell[0] == '\'' && cell[1] && strchr("=+-@\t", cell[1]);
}

static void check_line(const json_t *line, struct text *ret_sheet, bool *ret_plain)
{
	size_t index;
	json_t *cell;

	assert(json_array_size(json_object_get(line, "cells")) <= CSV_COLUMNS_MAX);
	json_array_foreach (json_object_get(line, "cells"), index, cell) {
		const char *text = json_string_value(cell);
		assert(text && strlen(text) == json_string_length(cell));
		assert(strlen(text) <= CSV_CELL_BYTES);
		*ret_plain = *ret_plain && !is_guarded(text);
		text_puts(ret_sheet, index ? "," : "");
		put_cell(text, ret_sheet);
	}
	text_puts(ret_sheet, "\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text sheet = TEXT_INIT((size_t)64 * 1024 * 1024);
	CLEANUP(json_decref) json_t *lines = NULL;
	CLEANUP(json_decref) json_t *again = NULL;
	json_int_t before = 0;
	bool is_plain = true;
	size_t index;
	json_t *line;

	if (!csv_parse((const char *)bytes, length, LINES_MAX, &lines, &problem)) {
		assert(!lines && problem.kind == PROBLEM_MALFORMED_BODY && problem.detail[0]);
		return 0;
	}
	assert(json_array_size(lines) <= LINES_MAX + 1);
	json_array_foreach (lines, index, line) {
		assert(json_integer_value(json_object_get(line, "line")) > before);
		before = json_integer_value(json_object_get(line, "line"));
		check_line(line, &sheet, &is_plain);
	}
	if (!is_plain)
		return 0;
	assert(csv_parse(text_string(&sheet), sheet.length, LINES_MAX, &again, &problem));
	assert(json_array_size(again) == json_array_size(lines));
	json_array_foreach (lines, index, line)
		assert(json_equal(json_object_get(line, "cells"),
		    json_object_get(json_array_get(again, index), "cells")));
	return 0;
}
