/*
 * Reports. A report is an operation with x-report in the document, and a row of operations.c with
 * its statement: $1 as_of, $2 year, $3 from, $4 to and then whatever else its parameters name. A
 * long one has the parameters limit and after, takes limit, after_key and after_id as a list does,
 * and has _key and _id in its rows; its totals are those of all pages.
 */
#pragma once

#include "api/call.h"

/* GET /v1/reports/…: the report as of a day, in the negotiated format. */
MUST_CHECK bool report_show(struct call *call, struct problem *problem);
/*
 * GET /v1/reports/{report_name}/records: what the report of that name counted, by its .records,
 * which takes the report's own parameters and row, figure, limit and after_key.
 */
MUST_CHECK bool report_records(struct call *call, struct problem *problem);
