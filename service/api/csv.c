/* Owns the CSV form of lists. */
#include "api/csv.h"

#include <string.h>

static void put_quoted(const char *value, size_t length, struct text *ret_csv)
{
	if (!memchr(value, ',', length) && !memchr(value, '"', length) &&
	    !memchr(value, '\n', length) && !memchr(value, '\r', length)) {
		text_append(ret_csv, value, length);
		return;
	}
	text_putc(ret_csv, '"');
	for (size_t i = 0; i < length; i++) {
		if (value[i] == '"')
			text_putc(ret_csv, '"');
		text_putc(ret_csv, value[i]);
	}
	text_putc(ret_csv, '"');
}

static void put_string(const char *value, struct text *ret_csv)
{
	CLEANUP(text_finish) struct text safe = TEXT_INIT(strlen(value) + 1);

	if (value[0] && strchr("=+-@\t\r", value[0]))
		text_putc(&safe, '\'');
	text_puts(&safe, value);
	put_quoted(text_string(&safe), safe.length, ret_csv);
}

static void put_cell(const json_t *value, struct text *ret_csv)
{
	if (!value || json_is_null(value))
		return;
	if (json_is_string(value)) {
		put_string(json_string_value(value), ret_csv);
		return;
	}
	CLEANUP(free) char *plain = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (plain)
		put_quoted(plain, strlen(plain), ret_csv);
}

bool csv_write(const char *json, struct text *ret_csv, struct problem *problem)
{
	CLEANUP(json_decref) json_t *rows = json_loads(json, 0, NULL);
	json_t *first = json_array_get(rows, 0);
	size_t index;
	json_t *row;
	const char *key;
	json_t *value;

	if (!rows)
		return problem_fail(problem, PROBLEM_INTERNAL, "a list was not JSON");
	const char *separator = "";
	json_object_foreach (first, key, value) {
		text_puts(ret_csv, separator);
		put_string(key, ret_csv);
		separator = ",";
	}
	if (first)
		text_puts(ret_csv, "\r\n");
	json_array_foreach (rows, index, row) {
		separator = "";
		json_object_foreach (first, key, value) {
			text_puts(ret_csv, separator);
			put_cell(json_object_get(row, key), ret_csv);
			separator = ",";
		}
		text_puts(ret_csv, "\r\n");
	}
	return true;
}
