/* Lists: pages by keyset, cursors bound to their filter, and the formats a list can have. */
#pragma once

#include "api/call.h"

/* Another order of a list: the value of `sort` and the statement that has it. */
struct list_sort {
	const char *name;
	const struct statement *statement;
};

/* What a list is written as, and which part of it. */
enum list_part { LIST_JSON_ROW, LIST_CSV_HEADER, LIST_CSV_ROW };

/*
 * Appends what a row has beyond its columns, beginning with a comma: members to an open JSON
 * object, or cells to a line of CSV. Sees the row's "_" columns too; the header has no row.
 */
typedef void list_decorate(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text);

/* The most bytes of a cursor. */
#define CURSOR_BYTES 600

struct list_page {
	const char *parameter; /* that has the cursor */
	char limit[8];         /* one more than the page, to see whether there is more */
	size_t size;
	char key[128];
	char id[64];
	bool has_cursor;
	char filter[17]; /* what its cursors belong to: the operation and its filters, as a hash */
};

/*
 * Reads limit and cursor and binds limit, after_key and after_id. A cursor from another list or
 * filter is PROBLEM_BAD_PARAMETER. list_open_at() is for what calls its cursor something else.
 */
MUST_CHECK bool list_open(const struct call *call, struct list_page *ret_page,
    struct bindings *bindings, struct problem *problem);
/* The same from the start, whatever the cursor says; binds nothing. */
void list_start(const struct call *call, const char *parameter, struct list_page *ret_page);
MUST_CHECK bool list_open_at(const struct call *call, const char *parameter,
    struct list_page *ret_page, struct bindings *bindings, struct problem *problem);
/*
 * Adds the cursor to `ret_cursor` that leads on after this row, and the Link to the reply. For what
 * has other rows among those of the page.
 */
void list_put_next(struct call *call, const struct list_page *page, const struct rows *rows,
    size_t row, struct text *ret_cursor);
/* Both by themselves, for what has no row to go on from; the cursor needs no request any more. */
void list_put_cursor(
    const struct list_page *page, const char *key, const char *id, struct text *ret_cursor);
void list_put_link(struct call *call, const struct list_page *page, const char *cursor);
/*
 * How many of the rows the page shows; adds the Link to the next page when there are more, and its
 * cursor to `ret_cursor`, which stays empty else. For lists that write their own format.
 */
size_t list_cut(struct call *call, const struct list_page *page, const struct rows *rows,
    struct text *ret_cursor);
/*
 * Fills the reply from rows that have "_key" and, where the order needs it, "_id". `decorate` may
 * be NULL.
 */
MUST_CHECK bool list_close(struct call *call, const struct list_page *page, const struct rows *rows,
    list_decorate *decorate, const void *context, struct problem *problem);
