/* Owns the reading and writing of comma-separated values. */
#include "cli/csv.h"

void csv_row_finish(struct csv_row *row)
{
	free(row->storage);
	*row = (struct csv_row){0};
}

struct csv_reader csv_open(const char *bytes, size_t length)
{
	bool marked = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;

	return (struct csv_reader){.at = bytes + (marked ? 3 : 0), .end = bytes + length, .line = 1};
}

static bool at_line_end(const struct csv_reader *reader)
{
	return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

static void skip_line_end(struct csv_reader *reader)
{
	if (reader->at < reader->end && *reader->at == '\r')
		reader->at++;
	if (reader->at < reader->end && *reader->at == '\n')
		reader->at++;
	reader->line++;
}

static enum csv_result give_up(struct csv_reader *reader)
{
	while (!at_line_end(reader))
		reader->at++;
	skip_line_end(reader);
	return CSV_BROKEN;
}

/* Copies a quoted cell; the reader stands behind its first quote. */
static bool read_quoted(struct csv_reader *reader, char **out)
{
	while (reader->at < reader->end) {
		char character = *reader->at++;
		if (character == '\0')
			return false;
		if (character == '"' && (reader->at == reader->end || *reader->at != '"'))
			return at_line_end(reader) || *reader->at == ',';
		if (character == '"')
			reader->at++;
		if (character == '\n')
			reader->line++;
		*(*out)++ = character;
	}
	return false;
}

static bool read_plain(struct csv_reader *reader, char **out)
{
	while (!at_line_end(reader) && *reader->at != ',') {
		if (*reader->at == '"' || *reader->at == '\0')
			return false;
		*(*out)++ = *reader->at++;
	}
	return true;
}

enum csv_result csv_next(struct csv_reader *reader, struct csv_row *ret_row)
{
	struct csv_row row CLEANUP(csv_row_finish) = {0};

	while (reader->at < reader->end && at_line_end(reader))
		skip_line_end(reader);
	if (reader->at == reader->end)
		return CSV_END;
	row.line = reader->line;
	/* What is left of the text, and a NUL for each of its cells, is the most that a row takes. */
	row.storage = malloc((size_t)(reader->end - reader->at) + 2);
	if (!row.storage)
		return CSV_NO_MEMORY;
	char *out = row.storage;
	for (;;) {
		if (row.count == CSV_COLUMNS)
			return give_up(reader);
		row.cells[row.count++] = out;
		bool quoted = reader->at < reader->end && *reader->at == '"';
		reader->at += quoted;
		if (quoted ? !read_quoted(reader, &out) : !read_plain(reader, &out))
			return give_up(reader);
		*out++ = '\0';
		if (at_line_end(reader))
			break;
		reader->at++;
	}
	skip_line_end(reader);
	*ret_row = row;
	row.storage = NULL;
	return CSV_ROW;
}

void csv_put_cell(struct text *text, const char *cell, bool first)
{
	bool formula = cell[0] && strchr("=+-@\t\r", cell[0]);
	bool quoted = strpbrk(cell, ",\"\r\n") || cell[0] == ' ';

	if (!first)
		text_putc(text, ',');
	if (quoted)
		text_putc(text, '"');
	if (formula)
		text_putc(text, '\'');
	for (; *cell; cell++) {
		if (*cell == '"')
			text_putc(text, '"');
		text_putc(text, *cell);
	}
	if (quoted)
		text_putc(text, '"');
}

void csv_put_number(struct text *text, const char *number, bool first)
{
	if (!first)
		text_putc(text, ',');
	text_puts(text, number);
}
