/* Owns the formats of standard output: table, json, ndjson, csv and id. */
#include "cli/output.h"

#include "cli/csv.h"
#include "cli/table.h"
#include "cli/terminal.h"

#define OUTPUT_BYTES ((size_t)1024 * 1024 * 1024)
#define CHOSEN_COLUMNS 8 /* at most, where the document names none */
#define JSON_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

enum output_format output_format_for(enum output_format wanted, FILE *stream)
{
	if (wanted != OUTPUT_DEFAULT)
		return wanted;
	return terminal_is(stream) ? OUTPUT_TABLE : OUTPUT_JSON;
}

static void put_json(const json_t *value, size_t flags, struct text *text)
{
	char *dumped CLEANUP(free) = json_dumps(value, flags | JSON_FLAGS);

	if (!dumped) {
		text->failed = true;
		return;
	}
	text_puts(text, dumped);
	text_putc(text, '\n');
}

/*
 * The rows of a list or report; NULL when the value is one thing. Where the document names columns,
 * they are of the first member that is a list of objects ("clocks").
 */
static const json_t *rows_of(const json_t *value, const json_t *columns)
{
	const char *name;
	json_t *member;

	if (json_is_array(value))
		return value;
	const json_t *data = json_object_get(value, "data");
	const json_t *rows = json_is_array(data) ? data : json_object_get(value, "rows");

	if (json_is_array(rows) || !json_is_array(columns))
		return json_is_array(rows) ? rows : NULL;
	json_object_foreach ((json_t *)value, name, member) {
		if (json_is_object(json_array_get(member, 0)))
			return member;
	}
	return NULL;
}

static const char *column_path(const json_t *column)
{
	return json_is_string(column) ? json_string_value(column) : json_text(column, "key");
}

static const char *column_label(const json_t *column)
{
	const char *label = json_text(column, "label");

	return label[0] ? label : column_path(column);
}

/*
 * Whether the rows have lists of their own that a column reaches into: "answers" for the column
 * "answers.question".
 */
static bool has_inner_list(const json_t *rows, const json_t *columns, char ret_name[64])
{
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const char *path = column_path(json_array_get(columns, i));
		size_t length = strcspn(path, ".");
		if (path[length] != '.' || length >= 64)
			continue;
		memcpy(ret_name, path, length);
		ret_name[length] = '\0';
		const json_t *inner = json_object_get(json_array_get(rows, 0), ret_name);
		if (json_is_array(inner) && path[length + 1] && !strchr("0123456789", path[length + 1]))
			return true;
	}
	return false;
}

/* A line for each item of the rows' own list; NULL when they have none. A new reference. */
static json_t *unfold(const json_t *rows, const json_t *columns)
{
	char name[64];

	if (!has_inner_list(rows, columns, name))
		return NULL;
	json_t *lines = json_array();
	for (size_t row = 0; row < json_array_size(rows); row++) {
		const json_t *inner = json_object_get(json_array_get(rows, row), name);
		for (size_t i = 0; i < json_array_size(inner); i++) {
			json_t *line = json_copy(json_array_get(rows, row));
			json_object_set(line, name, json_array_get(inner, i));
			json_array_append_new(lines, line);
		}
	}
	return lines;
}

/* The scalar members of the first row, in their order. */
static json_t *choose_columns(const json_t *rows, size_t most)
{
	json_t *columns CLEANUP(json_decref) = json_array();
	const char *name;
	json_t *value;

	json_object_foreach (json_array_get(rows, 0), name, value) {
		if (json_is_object(value) || json_is_array(value))
			continue;
		if (most && json_array_size(columns) == most)
			break;
		if (json_array_append_new(columns, json_string(name)) != 0)
			return NULL;
	}
	return TAKE(columns);
}

static bool add_plain(struct table *table, const json_t *value)
{
	struct text plain CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);

	json_put_plain(&plain, value);
	return table_add(table, text_string(&plain));
}

static bool fill_rows(struct table *table, const json_t *rows, const json_t *columns)
{
	size_t count = json_array_size(columns);

	table->column_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!table_add(table, column_label(json_array_get(columns, i))))
			return false;
	}
	for (size_t row = 0; row < json_array_size(rows); row++) {
		for (size_t i = 0; i < count; i++) {
			const char *path = column_path(json_array_get(columns, i));
			if (!add_plain(table, json_at(json_array_get(rows, row), path)))
				return false;
		}
	}
	return true;
}

static bool fill_members(struct table *table, const json_t *object)
{
	const char *name;
	json_t *value;

	table->column_count = 2;
	if (!table_add(table, "field") || !table_add(table, "value"))
		return false;
	json_object_foreach ((json_t *)object, name, value) {
		if (!table_add(table, name) || !add_plain(table, value))
			return false;
	}
	return true;
}

static void put_table(
    const json_t *columns, const json_t *value, size_t cells, bool bold, struct text *text)
{
	struct table table CLEANUP(table_finish) = {0};
	const json_t *rows = rows_of(value, columns);
	bool filled;

	if (!rows && !json_is_object(value)) {
		put_json(value, JSON_INDENT(2), text);
		return;
	}
	if (!rows) {
		filled = fill_members(&table, value);
	} else if (json_array_size(rows) == 0) {
		return;
	} else {
		json_t *chosen CLEANUP(json_decref) =
		    json_is_array(columns) ? NULL : choose_columns(rows, CHOSEN_COLUMNS);
		filled = fill_rows(&table, rows, chosen ? chosen : columns);
	}
	if (!filled || table.column_count == 0)
		text->failed = true;
	else
		table_put(&table, cells, bold, text);
}

static void put_csv(const json_t *columns, const json_t *value, struct text *text)
{
	json_t *single CLEANUP(json_decref) = NULL;
	const json_t *rows = rows_of(value, columns);

	if (!rows) {
		single = json_pack("[O]", value);
		rows = single;
	}
	json_t *chosen CLEANUP(json_decref) = json_is_array(columns) ? NULL : choose_columns(rows, 0);
	const json_t *shown = chosen ? chosen : columns;

	for (size_t i = 0; i < json_array_size(shown); i++)
		csv_put_cell(text, column_path(json_array_get(shown, i)), i == 0);
	text_puts(text, "\r\n");
	for (size_t row = 0; row < json_array_size(rows); row++) {
		for (size_t i = 0; i < json_array_size(shown); i++) {
			struct text cell CLEANUP(text_finish) = TEXT_INIT(OUTPUT_BYTES);
			const char *path = column_path(json_array_get(shown, i));
			const json_t *content = json_at(json_array_get(rows, row), path);
			json_put_plain(&cell, content);
			if (json_is_number(content))
				csv_put_number(text, text_string(&cell), i == 0);
			else
				csv_put_cell(text, text_string(&cell), i == 0);
		}
		text_puts(text, "\r\n");
	}
}

static void put_id(const json_t *columns, const json_t *row, struct text *text)
{
	const json_t *id = json_object_get(row, "id");

	if (!id && json_array_size(columns))
		id = json_at(row, column_path(json_array_get(columns, 0)));
	json_put_plain(text, id);
	text_putc(text, '\n');
}

void output_put(enum output_format format, const json_t *columns, const json_t *value, size_t cells,
    bool bold, struct text *text)
{
	const json_t *rows = rows_of(value, columns);
	bool has_lines = format == OUTPUT_TABLE || format == OUTPUT_CSV;
	json_t *lines CLEANUP(json_decref) = has_lines ? unfold(rows, columns) : NULL;

	value = lines ? lines : value;
	if (format == OUTPUT_TABLE)
		put_table(columns, value, cells, bold, text);
	else if (format == OUTPUT_CSV)
		put_csv(columns, value, text);
	else if (format == OUTPUT_NDJSON || format == OUTPUT_ID) {
		for (size_t i = 0; i < (rows ? json_array_size(rows) : 1); i++) {
			const json_t *row = rows ? json_array_get(rows, i) : value;
			if (format == OUTPUT_ID)
				put_id(columns, row, text);
			else
				put_json(row, JSON_COMPACT, text);
		}
	} else
		put_json(value, JSON_INDENT(2), text);
}

bool output_bytes(FILE *stream, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, stream) == length && fflush(stream) == 0;
}

bool output_text(FILE *stream, const struct text *text)
{
	return !text->failed && output_bytes(stream, text_string(text), text->length);
}

bool output_value(const struct output *output, const json_t *value)
{
	struct text text CLEANUP(text_finish) = TEXT_INIT(OUTPUT_BYTES);
	enum output_format format = output_format_for(output->format, output->stream);

	output_put(format, output->columns, value, terminal_columns(),
	    terminal_has_colour(output->stream), &text);
	if (!terminal_is(output->stream) || format == OUTPUT_TABLE)
		return output_text(output->stream, &text);
	struct text clean CLEANUP(text_finish) = TEXT_INIT(OUTPUT_BYTES);
	terminal_put(&clean, text_string(&text), true);
	clean.failed = clean.failed || text.failed;
	return output_text(output->stream, &clean);
}
