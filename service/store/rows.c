/* Owns the way from PostgreSQL's rows to JSON text and to values by name. */
#include "store/rows.h"

#include <assert.h>
#include <string.h>

/* PostgreSQL's results have 1,664 columns at the most, whose names have 63 bytes. */
#define KEYS_BYTES ((size_t)1024 * 1024)

static struct cell cell_at(const struct rows *rows, size_t row, size_t column)
{
	size_t length = (size_t)PQgetlength(rows->result, (int)row, (int)column);

	if (length == 0 && PQgetisnull(rows->result, (int)row, (int)column))
		return (struct cell){.bytes = NULL};
	return (struct cell){PQgetvalue(rows->result, (int)row, (int)column), length};
}

/* Once for all rows, which a list has fifty of. */
static void prepare_key(struct rows *rows, struct column *column)
{
	column->key = rows->keys.length;
	text_putc(&rows->keys, ',');
	text_put_json(&rows->keys, column->name, column->name_length);
	text_putc(&rows->keys, ':');
	column->key_length = rows->keys.length - column->key;
}

struct rows *rows_create(PGresult *result)
{
	size_t count = (size_t)PQnfields(result);
	struct rows *rows = calloc(1, sizeof(*rows) + count * sizeof(rows->columns[0]));

	if (!rows)
		return NULL;
	rows->result = result;
	rows->keys = TEXT_INIT(KEYS_BYTES);
	rows->column_count = count;
	for (size_t i = 0; i < count; i++) {
		struct column *column = &rows->columns[i];
		column->name = PQfname(result, (int)i);
		column->name_length = strlen(column->name);
		column->type = cell_type(PQftype(result, (int)i));
		column->is_hidden = column->name[0] == '_';
		if (!column->is_hidden)
			prepare_key(rows, column);
	}
	assert(!rows->keys.failed);
	return rows;
}

void rows_destroy(struct rows *rows)
{
	if (!rows)
		return;
	PQclear(rows->result);
	text_finish(&rows->keys);
	free(rows);
}

size_t rows_count(const struct rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

/* By exact name, else how many columns there are; PQfnumber() would fold the case. */
static size_t seek_column(const struct rows *rows, const char *name)
{
	size_t length = strlen(name);
	size_t i = 0;

	while (i < rows->column_count && (rows->columns[i].name_length != length ||
	                                     memcmp(rows->columns[i].name, name, length) != 0))
		i++;
	return i;
}

static size_t find_column(const struct rows *rows, const char *name)
{
	size_t column = seek_column(rows, name);

	assert(column < rows->column_count);
	return column;
}

bool rows_has(const struct rows *rows, const char *column)
{
	return seek_column(rows, column) < rows->column_count;
}

const char *rows_text(const struct rows *rows, size_t row, const char *column)
{
	assert(row < rows_count(rows));
	return cell_at(rows, row, find_column(rows, column)).bytes;
}

bool rows_flag(const struct rows *rows, size_t row, const char *column)
{
	const char *text = rows_text(rows, row, column);

	return text && text[0] == 't';
}

int64_t rows_number(const struct rows *rows, size_t row, const char *column)
{
	const char *text = rows_text(rows, row, column);

	return text ? strtoll(text, NULL, 10) : 0;
}

void rows_put_open_object(const struct rows *rows, size_t row, struct text *ret_text)
{
	size_t comma = 1; /* which the first has not */

	assert(row < rows_count(rows));
	text_putc(ret_text, '{');
	for (size_t i = 0; i < rows->column_count; i++) {
		const struct column *column = &rows->columns[i];
		if (column->is_hidden)
			continue;
		text_append(ret_text, rows->keys.data + column->key + comma, column->key_length - comma);
		comma = 0;
		cell_put_json(column->type, cell_at(rows, row, i), ret_text);
	}
}

void rows_put_object(const struct rows *rows, size_t row, struct text *ret_text)
{
	rows_put_open_object(rows, row, ret_text);
	text_putc(ret_text, '}');
}

void rows_put_array(const struct rows *rows, size_t first, size_t count, struct text *ret_text)
{
	size_t start = ret_text->length;

	assert(first + count <= rows_count(rows));
	text_putc(ret_text, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_putc(ret_text, ',');
		rows_put_object(rows, first + i, ret_text);
		/* The others are about as long. */
		if (i == 0)
			text_expect(ret_text, (count - 1) * (ret_text->length - start));
	}
	text_putc(ret_text, ']');
}

void rows_put_csv_header(const struct rows *rows, struct text *ret_text)
{
	bool first = true;

	for (size_t i = 0; i < rows->column_count; i++) {
		const struct column *column = &rows->columns[i];
		if (column->is_hidden)
			continue;
		if (!first)
			text_putc(ret_text, ',');
		first = false;
		cell_put_csv((struct cell_type){.kind = CELL_TEXT},
		    (struct cell){column->name, column->name_length}, ret_text);
	}
}

void rows_put_csv_row(const struct rows *rows, size_t row, struct text *ret_text)
{
	bool first = true;

	assert(row < rows_count(rows));
	for (size_t i = 0; i < rows->column_count; i++) {
		if (rows->columns[i].is_hidden)
			continue;
		if (!first)
			text_putc(ret_text, ',');
		first = false;
		cell_put_csv(rows->columns[i].type, cell_at(rows, row, i), ret_text);
	}
}
