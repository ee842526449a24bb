/*
 * Pages to read and print: one self-contained HTML document with a style sheet of its own, no
 * script and nothing from elsewhere.
 */
#pragma once

#include <jansson.h>

#include "base/text.h"
#include "http/http.h"

/* The head and the page's first heading. `by` is whose page it is, or NULL. */
void page_open(const char *title, const char *by, struct text *ret_text);
void page_close(struct text *ret_text);
/* What the headers of an answer say of a page: nothing but its own style is to be loaded. */
void page_guard(struct reply *reply);
/* Plain text, so that nothing of it is read as HTML. NULL is nothing. */
void page_put(const char *plain, struct text *ret_text);
/* As page_put() between the tags of that element. */
void page_put_element(const char *element, const char *plain, struct text *ret_text);
/*
 * A value as people read it, not yet escaped: a date as 8 January 2024, a percent with its sign, a
 * boolean as yes or no, a code as words, a list parted by semicolons, null as a dash. `type` is
 * that of a report's column.
 */
void page_put_value(const char *type, const json_t *value, struct text *ret_text);
