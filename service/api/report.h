/*
 * A report: what the document says of it (x-report and the row's schema) with the rows that its
 * statement gave, as one JSON object that every format is made from.
 */
#pragma once

#include "api/call.h"
#include "api/list.h"

/* The parameter of long reports that leads on: a cursor, as that of lists. */
#define REPORT_AFTER "after"

/* The x-report object of the operation; NULL when it is no report. Borrowed. */
const json_t *report_of(const struct operation *operation);
/* [{key, label, type}] of the row's schema, in its order; a new reference. */
json_t *report_columns(const struct contract *contract, const struct operation *operation);
/*
 * The whole report, a new reference. Parts of rows that are "note" become notes after those of the
 * document, the "total" becomes totals without its nulls. `as_of` is the day it is as of. Of a long
 * report `page` is the page, NULL of another; the next one is linked.
 */
MUST_CHECK bool report_make(struct call *call, const struct rows *rows, const char *as_of,
    const struct list_page *page, json_t **ret_report, struct problem *problem);
/* The same in the format that was negotiated; `by` is the partnership's name, for pages. */
MUST_CHECK bool report_put(
    struct call *call, json_t *report, const char *by, struct problem *problem);
