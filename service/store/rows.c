/* Owns the way from PostgreSQL's rows to JSON text and to values by name. */
#include "store/rows.h"

#include <assert.h>
#include <string.h>

/* PostgreSQL's names have 63 bytes. */
#define KEY_BYTES 80

static struct cell cell_at(const struct rows *rows, size_t row, size_t column)
{
	if (PQgetisnull(rows->result, (int)row, (int)column))
		return (struct cell){.bytes = NULL};
	return (struct cell){
	    .bytes = PQgetvalue(rows->result, (int)row, (int)column),
	    .length = (size_t)PQgetlength(rows->result, (int)row, (int)column),
	};
}

/* True when the name can stand between quotes in JSON as it is. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < 0x20 || *name == '"' || *name == '\\')
			return false;
	return true;
}

struct rows *rows_create(PGresult *result)
{
	size_t count = (size_t)PQnfields(result);
	struct rows *rows = calloc(1, sizeof(*rows) + count * sizeof(rows->columns[0]));

	if (!rows)
		return NULL;
	rows->result = result;
	rows->column_count = count;
	for (size_t i = 0; i < count; i++) {
		struct column *column = &rows->columns[i];
		column->name = PQfname(result, (int)i);
		column->name_length = strlen(column->name);
		column->type = cell_type(PQftype(result, (int)i));
		column->is_hidden = column->name[0] == '_';
		column->is_plain = is_plain(column->name);
	}
	return rows;
}

void rows_destroy(struct rows *rows)
{
	if (!rows)
		return;
	PQclear(rows->result);
	free(rows);
}

size_t rows_count(const struct rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

/* By exact name; PQfnumber() would fold the case. */
static size_t find_column(const struct rows *rows, const char *name)
{
	size_t i = 0;

	while (i < rows->column_count && strcmp(rows->columns[i].name, name) != 0)
		i++;
	assert(i < rows->column_count);
	return i;
}

bool rows_has(const struct rows *rows, const char *column)
{
	for (size_t i = 0; i < rows->column_count; i++)
		if (strcmp(rows->columns[i].name, column) == 0)
			return true;
	return false;
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

static void put_key(const struct column *column, struct text *ret_text)
{
	if (!column->is_plain) {
		text_put_json(ret_text, column->name, column->name_length);
		text_putc(ret_text, ':');
		return;
	}
	char key[KEY_BYTES];
	size_t length = column->name_length;
	if (length + 3 > sizeof(key)) {
		text_printf(ret_text, "\"%s\":", column->name);
		return;
	}
	key[0] = '"';
	memcpy(key + 1, column->name, length);
	key[length + 1] = '"';
	key[length + 2] = ':';
	text_append(ret_text, key, length + 3);
}

void rows_put_open_object(const struct rows *rows, size_t row, struct text *ret_text)
{
	bool first = true;

	assert(row < rows_count(rows));
	text_putc(ret_text, '{');
	for (size_t i = 0; i < rows->column_count; i++) {
		const struct column *column = &rows->columns[i];
		if (column->is_hidden)
			continue;
		if (!first)
			text_putc(ret_text, ',');
		first = false;
		put_key(column, ret_text);
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
	assert(first + count <= rows_count(rows));
	text_putc(ret_text, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_putc(ret_text, ',');
		rows_put_object(rows, first + i, ret_text);
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
