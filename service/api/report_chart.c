/*
 * Owns charts: inline SVG, one line of bars for each row. Its numbers stand beside the bars, so
 * that nobody has to tell colours apart, and its description names the table, which says the same.
 */
#include <string.h>

#include "api/page.h"
#include "api/report_page.h"

#define WIDTH 720
#define BARS_MAX 3
#define BAR_HEIGHT 16
#define BAR_GAP 4
#define LABEL_HEIGHT 22
#define LINE_GAP 10
#define LEGEND_HEIGHT 28
#define WIDEST 600.0
#define ROWS_MAX 60 /* a longer table is no picture */

struct series {
	size_t count;
	const char *keys[BARS_MAX];
	const char *labels[BARS_MAX];
	const char *types[BARS_MAX];
	double most;
};

static const json_t *column_of(const json_t *report, const char *key)
{
	size_t index;
	json_t *column;

	json_array_foreach (json_object_get(report, "columns"), index, column)
		if (strcmp(json_string_value(json_object_get(column, "key")), key) == 0)
			return column;
	return NULL;
}

static void read_series(const json_t *report, const json_t *bars, struct series *ret_series)
{
	size_t index;
	json_t *bar;
	json_t *row;

	*ret_series = (struct series){0};
	json_array_foreach (bars, index, bar) {
		const json_t *column = column_of(report, json_string_value(bar));
		if (!column || ret_series->count == BARS_MAX)
			continue;
		size_t i = ret_series->count++;
		ret_series->keys[i] = json_string_value(bar);
		ret_series->labels[i] = json_string_value(json_object_get(column, "label"));
		ret_series->types[i] = json_string_value(json_object_get(column, "type"));
	}
	json_array_foreach (json_object_get(report, "rows"), index, row) {
		for (size_t i = 0; i < ret_series->count; i++) {
			double value = json_number_value(json_object_get(row, ret_series->keys[i]));
			ret_series->most = value > ret_series->most ? value : ret_series->most;
		}
	}
}

static void put_legend(const struct series *series, struct text *ret_text)
{
	int left = 0;

	for (size_t i = 0; i < series->count; i++) {
		text_printf(ret_text,
		    "<rect class=\"bar-%zu\" x=\"%d\" y=\"4\" width=\"14\" height=\"14\"/>"
		    "<text x=\"%d\" y=\"16\">",
		    i + 1, left, left + 20);
		page_put(series->labels[i], ret_text);
		text_puts(ret_text, "</text>\n");
		left += 40 + 8 * (int)strlen(series->labels[i]);
	}
}

static void put_bar(
    const struct series *series, size_t number, const json_t *value, int top, struct text *ret_text)
{
	CLEANUP(text_finish) struct text shown = TEXT_INIT(100);
	double length = series->most > 0 ? json_number_value(value) * WIDEST / series->most : 0;

	page_put_value(series->types[number], value, &shown);
	text_printf(ret_text,
	    "<rect class=\"bar-%zu\" x=\"0\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
	    "<text x=\"%.1f\" y=\"%d\">",
	    number + 1, top, length, BAR_HEIGHT, length + 6, top + BAR_HEIGHT - 3);
	page_put(text_string(&shown), ret_text);
	text_puts(ret_text, "</text>\n");
}

static int put_line(const json_t *report, const struct series *series, const json_t *row, int top,
    struct text *ret_text)
{
	CLEANUP(text_finish) struct text label = TEXT_INIT(1000);
	const json_t *first = json_array_get(json_object_get(report, "columns"), 0);

	page_put_value(json_string_value(json_object_get(first, "type")),
	    json_object_get(row, json_string_value(json_object_get(first, "key"))), &label);
	text_printf(ret_text, "<text x=\"0\" y=\"%d\">", top + 15);
	page_put(text_string(&label), ret_text);
	text_puts(ret_text, "</text>\n");
	top += LABEL_HEIGHT;
	for (size_t i = 0; i < series->count; i++) {
		put_bar(series, i, json_object_get(row, series->keys[i]), top, ret_text);
		top += BAR_HEIGHT + BAR_GAP;
	}
	return top + LINE_GAP;
}

void report_chart_put(const json_t *report, const json_t *bars, struct text *ret_text)
{
	const json_t *rows = json_object_get(report, "rows");
	const char *name = json_string_value(json_object_get(report, "name"));
	struct series series;
	size_t index;
	json_t *row;
	int top = LEGEND_HEIGHT;

	read_series(report, bars, &series);
	if (series.count == 0 || json_array_size(rows) == 0 || json_array_size(rows) > ROWS_MAX)
		return;
	int height =
	    LEGEND_HEIGHT + (int)json_array_size(rows) *
	                        (LABEL_HEIGHT + LINE_GAP + (int)series.count * (BAR_HEIGHT + BAR_GAP));
	text_puts(ret_text, "<figure>\n<figcaption>");
	page_put(json_string_value(json_object_get(report, "title")), ret_text);
	text_printf(ret_text,
	    "</figcaption>\n<svg role=\"img\" aria-label=\"Bar chart; the table below says the same.\" "
	    "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" id=\"chart-%s\">\n",
	    WIDTH, height, WIDTH, height, name);
	put_legend(&series, ret_text);
	json_array_foreach (rows, index, row)
		top = put_line(report, &series, row, top, ret_text);
	text_puts(ret_text, "</svg>\n</figure>\n");
}
