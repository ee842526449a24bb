/* A report as a page to print, and as Markdown; both have nothing that its JSON has not. */
#pragma once

#include <jansson.h>

#include "base/text.h"

/* `by` is the partnership's name; `bars` names the columns that are drawn, or is NULL. */
void report_page_put(
    const json_t *report, const char *by, const json_t *bars, struct text *ret_text);
/* The heading, what was asked, the table and the notes. */
void report_markdown_put(const json_t *report, const char *by, struct text *ret_text);

/* The parts that other pages are made of: the table with its chart, and the notes. */
void report_page_put_table(const json_t *report, const json_t *bars, struct text *ret_text);
void report_page_put_notes(const json_t *report, struct text *ret_text);
/* Whether its values are numbers, which stand to the right. */
bool report_is_number(const json_t *column);
/* Whether a column of the table has a total; totals that none has stand by themselves. */
bool report_has_totals(const json_t *columns, const json_t *totals);
/* report_chart.c: the named columns of each row as bars; the table beside it says the same. */
void report_chart_put(const json_t *report, const json_t *bars, struct text *ret_text);
