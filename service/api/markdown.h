/* Markdown (CommonMark with GitHub's tables), in which no text of a record is read as markup. */
#pragma once

#include <jansson.h>

#include "base/text.h"

/* Plain text on one line; what Markdown or HTML would read as more than text is escaped. */
void markdown_put(const char *plain, struct text *ret_text);
/* The table of a report's columns, rows and totals. */
void markdown_put_table(const json_t *report, struct text *ret_text);
