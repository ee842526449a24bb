/* JSON objects as the lines of a CSV, for answers that are worked out and no rows of a statement.
 */
#pragma once

#include "base/problem.h"
#include "base/text.h"

/* For json_dumps(): as many digits as a figure of SQL keeps. By default 67.2 is 67.200000000000003.
 */
#define SHEET_DIGITS JSON_REAL_PRECISION(15)

/*
 * Appends a header and a line for each object of the array: the members that `columns` (ended by
 * NULL) name. What is in a list is parted by "; ". Cells are neutralised as those of lists are.
 */
void sheet_put(const json_t *objects, const char *const columns[], struct text *ret_text);
