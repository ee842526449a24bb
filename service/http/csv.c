/* Owns the reading of comma-separated values. */
#include "http/csv.h"

#include <string.h>

#include "base/text.h"
#include "http/characters.h"

struct reader {
	const char *at;
	const char *end;
	size_t line;
	struct text cell;
	struct problem *problem;
};

static bool refuse(struct reader *reader, const char *why)
{
	return problem_set(reader->problem, PROBLEM_MALFORMED_BODY, "Line %zu: %s.", reader->line, why);
}

static bool is_at(const struct reader *reader, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(reader->end - reader->at) >= length && memcmp(reader->at, text, length) == 0;
}

static bool is_at_line_end(const struct reader *reader)
{
	return reader->at == reader->end || *reader->at == '\n' || is_at(reader, "\r\n");
}

static void skip_line_end(struct reader *reader)
{
	if (reader->at < reader->end && *reader->at == '\r')
		reader->at++;
	if (reader->at < reader->end && *reader->at == '\n')
		reader->at++;
	reader->line++;
}

/* One character of a cell, whole. */
static bool take_character(struct reader *reader)
{
	uint32_t code;
	size_t taken = character_read(reader->at, (size_t)(reader->end - reader->at), &code);

	if (taken == 0)
		return refuse(reader, "the text is not UTF-8; save the sheet as CSV UTF-8");
	if (code == 0)
		return refuse(reader, "a cell has a NUL character");
	text_append(&reader->cell, reader->at, taken);
	reader->at += taken;
	return !reader->cell.failed || refuse(reader, "a cell is too long");
}

/* Behind its first quote, up to behind the last one. */
static bool read_quoted(struct reader *reader)
{
	while (reader->at < reader->end) {
		if (*reader->at == '"') {
			reader->at++;
			if (reader->at == reader->end || *reader->at != '"')
				return is_at_line_end(reader) || *reader->at == ',' ||
				       refuse(reader, "something follows a cell's closing quote");
		}
		if (is_at(reader, "\r\n"))
			reader->at++;
		if (*reader->at == '\n')
			reader->line++;
		if (*reader->at == '\r')
			return refuse(reader, "a carriage return stands by itself");
		if (!take_character(reader))
			return false;
	}
	return refuse(reader, "a quoted cell does not end");
}

static bool read_plain(struct reader *reader)
{
	while (!is_at_line_end(reader) && *reader->at != ',') {
		if (*reader->at == '"')
			return refuse(reader, "a quote stands inside a cell that is not quoted");
		if (*reader->at == '\r')
			return refuse(reader, "a carriage return stands by itself");
		if (!take_character(reader))
			return false;
	}
	return true;
}

/* What a list or report of ours has put before =, +, -, @ or a tab is taken off again. */
static const char *without_guard(const char *cell)
{
	bool is_guarded = cell[0] == '\'' && cell[1] && strchr("=+-@\t", cell[1]);

	return cell + is_guarded;
}

static bool read_cell(struct reader *reader, json_t *cells)
{
	bool is_quoted = reader->at < reader->end && *reader->at == '"';

	if (json_array_size(cells) == CSV_COLUMNS_MAX)
		return refuse(reader, "there are too many columns");
	text_clear(&reader->cell);
	reader->at += is_quoted;
	if (is_quoted ? !read_quoted(reader) : !read_plain(reader))
		return false;
	json_array_append_new(cells, json_string(without_guard(text_string(&reader->cell))));
	return true;
}

static bool has_something(const json_t *cells)
{
	size_t index;
	json_t *cell;

	json_array_foreach (cells, index, cell)
		if (json_string_length(cell) > 0)
			return true;
	return false;
}

static bool read_line(struct reader *reader, json_t *lines)
{
	json_int_t line = (json_int_t)reader->line;
	CLEANUP(json_decref) json_t *cells = json_array();

	for (;;) {
		if (!read_cell(reader, cells))
			return false;
		if (is_at_line_end(reader))
			break;
		reader->at++;
	}
	skip_line_end(reader);
	if (has_something(cells))
		json_array_append_new(lines, json_pack("{s:I, s:O}", "line", line, "cells", cells));
	return true;
}

bool csv_parse(
    const char *bytes, size_t length, size_t lines_max, json_t **ret_lines, struct problem *problem)
{
	CLEANUP(json_decref) json_t *lines = json_array();
	struct reader reader = {
	    .at = bytes,
	    .end = bytes + length,
	    .line = 1,
	    .cell = TEXT_INIT(CSV_CELL_BYTES),
	    .problem = problem,
	};
	bool good = true;

	if (is_at(&reader, "\xef\xbb\xbf"))
		reader.at += 3;
	while (good && reader.at < reader.end) {
		good = json_array_size(lines) <= lines_max ||
		       refuse(&reader, "there are more lines than are taken at once");
		good = good && read_line(&reader, lines);
	}
	text_finish(&reader.cell);
	if (good)
		*ret_lines = TAKE(lines);
	return good;
}
