/* CSV as RFC 4180 has it, safe to open in a spreadsheet. */
#pragma once

#include "base/problem.h"
#include "base/text.h"

/*
 * A JSON array of flat objects as CSV: the first object's keys are the header. Nested values stand
 * as JSON. Texts that begin with = + - @ tab or CR get an apostrophe in front, so that a
 * spreadsheet does not run them.
 */
MUST_CHECK bool csv_write(const char *json, struct text *ret_csv, struct problem *problem);
