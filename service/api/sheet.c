/* Owns how values of JSON become cells. */
#include "api/sheet.h"

#include "store/cells.h"

#define CELL_BYTES ((size_t)256 * 1024)

static void put_value(const json_t *value, struct text *text)
{
	size_t index;
	json_t *item;

	if (json_is_string(value)) {
		text_append(text, json_string_value(value), json_string_length(value));
		return;
	}
	if (json_is_array(value)) {
		json_array_foreach (value, index, item) {
			text_puts(text, index ? "; " : "");
			put_value(item, text);
		}
		return;
	}
	if (!value || json_is_null(value))
		return;
	CLEANUP(free) char *written = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | SHEET_DIGITS);
	text_puts(text, written ? written : "");
}

static void put_cell(const json_t *value, struct text *ret_text)
{
	CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
	struct cell_type type = {.kind = json_is_number(value) ? CELL_NUMBER : CELL_TEXT};

	put_value(value, &plain);
	cell_put_csv(type, (struct cell){text_string(&plain), plain.length}, ret_text);
	ret_text->failed = ret_text->failed || plain.failed;
}

void sheet_put(const json_t *objects, const char *const columns[], struct text *ret_text)
{
	size_t index;
	json_t *object;

	for (size_t i = 0; columns[i]; i++)
		text_printf(ret_text, "%s%s", i ? "," : "", columns[i]);
	text_puts(ret_text, "\r\n");
	json_array_foreach (objects, index, object) {
		for (size_t i = 0; columns[i]; i++) {
			text_puts(ret_text, i ? "," : "");
			put_cell(json_object_get(object, columns[i]), ret_text);
		}
		text_puts(ret_text, "\r\n");
	}
}
