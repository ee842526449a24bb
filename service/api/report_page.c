/* Owns the look of a report as HTML and as Markdown. */
#include "api/report_page.h"

#include <string.h>

#include "api/page.h"

#define CELL_BYTES ((size_t)64 * 1024)

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

bool report_is_number(const json_t *column)
{
	const char *type = member(column, "type");

	return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0 ||
	       strcmp(type, "percent") == 0;
}

/* ---- What was asked ---- */

static void put_period(const json_t *report, struct text *ret_plain)
{
	const json_t *parameters = json_object_get(report, "parameters");
	const char *year = member(parameters, "year");
	const char *from = member(parameters, "from");
	const char *to = member(parameters, "to");

	if (*year)
		text_printf(ret_plain, "1 April to 31 March, %s", year);
	else if (*from || *to)
		text_printf(ret_plain, "%s to %s", *from ? from : "the first", *to ? to : "the last");
	else
		text_puts(ret_plain, "all");
}

static void put_asked(const json_t *report, struct text *ret_text)
{
	CLEANUP(text_finish) struct text day = TEXT_INIT(40);
	CLEANUP(text_finish) struct text period = TEXT_INIT(100);

	page_put_value("date", json_object_get(report, "as_of"), &day);
	put_period(report, &period);
	const char *const asked[][2] = {
	    {"As of", text_string(&day)},
	    {"Period", text_string(&period)},
	    {"Counted", member(report, "unit")},
	    {"For", strcmp(member(report, "audience"), "public") == 0 ? "the public"
	                                                              : "the partnership only"},
	};
	text_puts(ret_text, "<dl class=\"asked\">\n");
	for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
		page_put_element("dt", asked[i][0], ret_text);
		page_put_element("dd", asked[i][1], ret_text);
	}
	text_puts(ret_text, "</dl>\n");
}

/* ---- The table ---- */

/* Opens the link to the records behind a figure, where the report has them and the figure is not
 * nothing; `name` is the row's, or NULL for all of them. */
static bool put_link(const json_t *report, const char *name, const char *figure,
    const json_t *value, struct text *ret_text)
{
	const char *records = member(json_object_get(report, "links"), "records");

	if (!*records || !json_is_integer(value) || json_integer_value(value) == 0)
		return false;
	CLEANUP(text_finish) struct text link = TEXT_INIT(4000);
	text_puts(&link, records);
	if (name) {
		text_puts(&link, "&row=");
		text_put_url(&link, name);
	}
	text_printf(&link, "&figure=%s", figure);
	text_puts(ret_text, "<a href=\"");
	page_put(text_string(&link), ret_text);
	text_puts(ret_text, "\">");
	return true;
}

/* As the records of a row are asked for. */
static const char *row_name(const json_t *report, const json_t *row)
{
	const json_t *first = json_array_get(json_object_get(report, "columns"), 0);
	const char *name = member(row, "row");

	return *name ? name : member(row, member(first, "key"));
}

static void put_cell(
    const json_t *report, const json_t *row, const json_t *column, bool first, struct text *text)
{
	CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
	const char *element = first ? "th" : "td";

	page_put_value(member(column, "type"), json_object_get(row, member(column, "key")), &plain);
	text_printf(text, "<%s%s%s>", element, first ? " scope=\"row\"" : "",
	    report_is_number(column) ? " class=\"number\"" : "");
	const char *name = row_name(report, row);
	const char *key = member(column, "key");
	bool linked = *name && put_link(report, name, key, json_object_get(row, key), text);
	page_put(text_string(&plain), text);
	text_printf(text, "%s</%s>", linked ? "</a>" : "", element);
}

static void put_heads(const json_t *columns, struct text *ret_text)
{
	size_t index;
	json_t *column;

	text_puts(ret_text, "<thead>\n<tr>");
	json_array_foreach (columns, index, column) {
		text_printf(
		    ret_text, "<th scope=\"col\"%s>", report_is_number(column) ? " class=\"number\"" : "");
		page_put(member(column, "label"), ret_text);
		text_puts(ret_text, "</th>");
	}
	text_puts(ret_text, "</tr>\n</thead>\n");
}

bool report_has_totals(const json_t *columns, const json_t *totals)
{
	size_t index;
	json_t *column;

	json_array_foreach (columns, index, column)
		if (json_object_get(totals, member(column, "key")))
			return true;
	return false;
}

static void put_totals(const json_t *report, struct text *ret_text)
{
	const json_t *columns = json_object_get(report, "columns");
	const json_t *totals = json_object_get(report, "totals");
	size_t index;
	json_t *column;

	if (!report_has_totals(columns, totals))
		return;
	text_puts(ret_text, "<tfoot>\n<tr>");
	json_array_foreach (columns, index, column) {
		CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
		const json_t *total = json_object_get(totals, member(column, "key"));
		if (index == 0) {
			text_puts(ret_text, "<th scope=\"row\">Total</th>");
			continue;
		}
		if (total)
			page_put_value(member(column, "type"), total, &plain);
		text_printf(ret_text, "<td%s>", report_is_number(column) ? " class=\"number\"" : "");
		bool linked = put_link(report, NULL, member(column, "key"), total, ret_text);
		page_put(text_string(&plain), ret_text);
		text_puts(ret_text, linked ? "</a></td>" : "</td>");
	}
	text_puts(ret_text, "</tr>\n</tfoot>\n");
}

/* Totals that no column of the table has. */
static void put_other_totals(const json_t *report, struct text *ret_text)
{
	const json_t *columns = json_object_get(report, "columns");
	const char *key;
	json_t *value;

	if (report_has_totals(columns, json_object_get(report, "totals")) ||
	    json_object_size(json_object_get(report, "totals")) == 0)
		return;
	text_puts(ret_text, "<h2>In all</h2>\n<dl class=\"asked\">\n");
	json_object_foreach (json_object_get(report, "totals"), key, value) {
		CLEANUP(text_finish) struct text label = TEXT_INIT(200);
		CLEANUP(text_finish) struct text plain = TEXT_INIT(CELL_BYTES);
		for (const char *at = key; *at; at++)
			text_putc(&label, *at == '_' ? ' ' : *at);
		page_put_value(strstr(key, "percent") ? "percent" : "text", value, &plain);
		page_put_element("dt", text_string(&label), ret_text);
		text_puts(ret_text, "<dd>");
		bool linked = put_link(report, NULL, key, value, ret_text);
		page_put(text_string(&plain), ret_text);
		text_puts(ret_text, linked ? "</a></dd>\n" : "</dd>\n");
	}
	text_puts(ret_text, "</dl>\n");
}

/* What a long report has beyond this page. */
static void put_next(const json_t *report, struct text *ret_text)
{
	const char *next = member(json_object_get(report, "links"), "next");

	if (!*next)
		return;
	text_puts(ret_text, "<p><a rel=\"next\" href=\"");
	page_put(next, ret_text);
	text_puts(ret_text, "\">The rows that follow</a></p>\n");
}

void report_page_put_table(const json_t *report, const json_t *bars, struct text *ret_text)
{
	const json_t *columns = json_object_get(report, "columns");
	size_t index;
	size_t number;
	json_t *row;
	json_t *column;

	report_chart_put(report, bars, ret_text);
	/* A region that scrolls has to be reached by the keyboard, and so has a name. */
	text_puts(ret_text, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
	page_put(member(report, "title"), ret_text);
	text_puts(ret_text, "\">\n<table>\n");
	page_put_element("caption", member(report, "title"), ret_text);
	put_heads(columns, ret_text);
	text_puts(ret_text, "<tbody>\n");
	json_array_foreach (json_object_get(report, "rows"), index, row) {
		text_puts(ret_text, "<tr>");
		json_array_foreach (columns, number, column)
			put_cell(report, row, column, number == 0, ret_text);
		text_puts(ret_text, "</tr>\n");
	}
	text_puts(ret_text, "</tbody>\n");
	put_totals(report, ret_text);
	text_puts(ret_text, "</table>\n</div>\n");
	put_next(report, ret_text);
	put_other_totals(report, ret_text);
}

void report_page_put_notes(const json_t *report, struct text *ret_text)
{
	size_t index;
	json_t *note;

	if (json_array_size(json_object_get(report, "notes")) == 0)
		return;
	text_puts(ret_text, "<h2>Notes</h2>\n<ul>\n");
	json_array_foreach (json_object_get(report, "notes"), index, note)
		page_put_element("li", json_string_value(note), ret_text);
	text_puts(ret_text, "</ul>\n");
}

void report_page_put(
    const json_t *report, const char *by, const json_t *bars, struct text *ret_text)
{
	page_open(member(report, "title"), by, ret_text);
	put_asked(report, ret_text);
	report_page_put_table(report, bars, ret_text);
	report_page_put_notes(report, ret_text);
	page_close(ret_text);
}
