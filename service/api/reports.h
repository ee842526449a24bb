/*
 * Reports. A report is an operation with x-report in the document, and a row of operations.c with
 * its statement: $1 as_of, $2 year, $3 from, $4 to and then whatever else its parameters name. A
 * long one has the parameters limit and after, takes limit, after_key and after_id as a list does,
 * and has _key and _id in its rows; its totals are those of all pages.
 */
#pragma once

#include "api/call.h"
#include "api/list.h"

/* GET /v1/reports/…: the report as of a day, in the negotiated format. */
MUST_CHECK bool report_show(struct call *call, struct problem *problem);
/*
 * GET /v1/reports/{report_name}/records: what the report of that name counted, by its .records,
 * which takes the report's own parameters and row, figure, limit and after_key.
 */
MUST_CHECK bool report_records(struct call *call, struct problem *problem);

/* Adds every fault of year, from, to and as_of; true when there is none. */
MUST_CHECK bool report_check_period(const struct call *call, struct problem *problem);

/*
 * A report as a part of another answer: asked as of a day, of all years, for the audience of the
 * call. It is not there when the document has none of that name, or none for that audience.
 */
struct report_part {
	bool is_there;
	struct call call; /* as if it had been asked for */
	struct request request;
	struct argument arguments[PARAMETERS_MAX];
	struct reply reply;
	struct list_page page;
	bool is_long;
	size_t number; /* of its statement in the batch */
};
void report_part_finish(struct report_part *part);
/* Adds it to a batch that call_begin() has started; `as_of` stays while the part does. */
MUST_CHECK bool report_part_add(const struct call *call, const char *name, const char *as_of,
    struct batch *batch, struct report_part *ret_part, struct problem *problem);
/* The report object, a new reference, once the batch has run; NULL when it is not there. */
MUST_CHECK bool report_part_take(struct report_part *part, const struct batch *batch,
    const char *as_of, const struct rows *partnership, json_t **ret_report,
    struct problem *problem);
