/* Bodies that are spreadsheets: each line an object of the members that the operation's lines have.
 */
#pragma once

#include "contract/contract.h"

/*
 * {lines: [{line, cells: {name: value}}]} of what csv_parse() gave for text/csv, a new reference;
 * `line` is that of the file. Its first line names the columns, in any order. A cell is of its
 * member's type: lists are parted by semicolons, and a day may be written as 31/01/2024, which is
 * what spreadsheets in this country make of it. An empty cell is null where the member may be null,
 * else it is left out.
 *
 * Every fault of what is in it is added with a pointer that begins with the line, such as
 * /3/due_on.
 */
json_t *lines_of(const struct operation *operation, const json_t *table, struct problem *problem);
