/* Lists: pages by keyset, cursors bound to their filter, and the formats a list can have. */
#pragma once

#include "api/call.h"

/* Another order of a list: the value of `sort` and the statement that has it. */
struct list_sort {
	const char *name;
	const struct statement *statement;
};

/* Appends members to the open JSON object of a row; sees the row's "_" columns too. */
typedef void list_decorate(const struct call *call, const void *context, const struct rows *rows,
    size_t row, struct text *ret_object);

struct list_page {
	char limit[8]; /* one more than the page, to see whether there is more */
	size_t size;
	char key[128];
	char id[64];
	bool has_cursor;
};

/*
 * Reads limit and cursor and binds limit, after_key and after_id. A cursor from another list or
 * filter is PROBLEM_BAD_PARAMETER.
 */
MUST_CHECK bool list_open(const struct call *call, struct list_page *ret_page,
    struct bindings *bindings, struct problem *problem);
/*
 * Fills the reply from rows that have "_key" and, where the order needs it, "_id". `decorate` may
 * be NULL.
 */
MUST_CHECK bool list_close(struct call *call, const struct list_page *page, const struct rows *rows,
    list_decorate *decorate, const void *context, struct problem *problem);
