/* Owns Markdown: escapes, tables, and a report as a whole. */
#include "api/markdown.h"

#include <string.h>

#include "api/page.h"
#include "api/report_page.h"

#define CELL_BYTES ((size_t)64 * 1024)

void markdown_put(const char *plain, struct text *ret_text)
{
	for (; plain && *plain; plain++) {
		if (*plain == '\n' || *plain == '\r') {
			text_putc(ret_text, ' ');
			continue;
		}
		if (strchr("\\`*_{}[]<>|#&~", *plain))
			text_putc(ret_text, '\\');
		text_putc(ret_text, *plain);
	}
}

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void put_line(
    const json_t *columns, const json_t *row, const char *first, struct text *ret_text)
{
	size_t index;
	json_t *column;

	json_array_foreach (columns, index, column) {
		CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
		const json_t *value = json_object_get(row, member(column, "key"));
		if (index == 0 && first)
			text_puts(&plain, first);
		else if (value || !first)
			page_put_value(member(column, "type"), value, &plain);
		text_puts(ret_text, "| ");
		markdown_put(text_string(&plain), ret_text);
		text_putc(ret_text, ' ');
	}
	text_puts(ret_text, "|\n");
}

/* Totals that no column of the table has. */
static void put_totals(const json_t *totals, struct text *ret_text)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)totals, key, value) {
		CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
		for (const char *at = key; *at; at++)
			text_putc(&plain, *at == '_' ? ' ' : *at);
		text_puts(&plain, ": ");
		page_put_value(strstr(key, "percent") ? "percent" : "text", value, &plain);
		text_puts(ret_text, "- ");
		markdown_put(text_string(&plain), ret_text);
		text_putc(ret_text, '\n');
	}
	if (json_object_size(totals) > 0)
		text_putc(ret_text, '\n');
}

void markdown_put_table(const json_t *report, struct text *ret_text)
{
	const json_t *columns = json_object_get(report, "columns");
	const json_t *totals = json_object_get(report, "totals");
	size_t index;
	json_t *column;
	json_t *row;

	json_array_foreach (columns, index, column) {
		text_puts(ret_text, "| ");
		markdown_put(member(column, "label"), ret_text);
		text_putc(ret_text, ' ');
	}
	text_puts(ret_text, "|\n");
	json_array_foreach (columns, index, column)
		text_puts(ret_text, report_is_number(column) ? "| ---: " : "| --- ");
	text_puts(ret_text, "|\n");
	json_array_foreach (json_object_get(report, "rows"), index, row)
		put_line(columns, row, NULL, ret_text);
	if (report_has_totals(columns, totals))
		put_line(columns, totals, "Total", ret_text);
	text_putc(ret_text, '\n');
	if (!report_has_totals(columns, totals))
		put_totals(totals, ret_text);
}

void report_markdown_put(const json_t *report, const char *by, struct text *ret_text)
{
	size_t index;
	json_t *note;

	text_puts(ret_text, "# ");
	markdown_put(member(report, "title"), ret_text);
	text_puts(ret_text, "\n\n");
	markdown_put(by, ret_text);
	text_printf(ret_text, "; as of %s; counted: ", member(report, "as_of"));
	markdown_put(member(report, "unit"), ret_text);
	text_puts(ret_text, "\n\n");
	markdown_put_table(report, ret_text);
	json_array_foreach (json_object_get(report, "notes"), index, note) {
		text_puts(ret_text, "- ");
		markdown_put(json_string_value(note), ret_text);
		text_putc(ret_text, '\n');
	}
}
