/* Owns the tests of reading comma-separated values. */
#include <criterion/criterion.h>

#include "base/text.h"
#include "http/csv.h"

/* The lines as JSON, or the problem's detail. */
static void expect(const char *sheet, const char *wanted)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *lines = NULL;

	if (!csv_parse(sheet, strlen(sheet), 10, &lines, &problem)) {
		cr_expect_eq(problem.kind, PROBLEM_MALFORMED_BODY);
		cr_expect_str_eq(problem.detail, wanted, "%s: %s", sheet, problem.detail);
		return;
	}
	CLEANUP(free) char *read = json_dumps(lines, JSON_COMPACT);
	cr_expect_str_eq(read, wanted, "%s: %s", sheet, read);
}

Test(csv, is_lines_of_cells)
{
	expect("a,b\r\n1,2\r\n", "[{\"line\":1,\"cells\":[\"a\",\"b\"]},"
	                         "{\"line\":2,\"cells\":[\"1\",\"2\"]}]");
	expect("a\n1", "[{\"line\":1,\"cells\":[\"a\"]},{\"line\":2,\"cells\":[\"1\"]}]");
	expect("a,,\n", "[{\"line\":1,\"cells\":[\"a\",\"\",\"\"]}]");
	expect("", "[]");
}

Test(csv, may_begin_with_a_byte_order_mark)
{
	expect("\xef\xbb\xbf\"a\"\n", "[{\"line\":1,\"cells\":[\"a\"]}]");
}

Test(csv, keeps_commas_quotes_and_line_ends_of_quoted_cells)
{
	expect("\"a,\"\"b\"\"\r\nc\"\r\nd\r\n",
	    "[{\"line\":1,\"cells\":[\"a,\\\"b\\\"\\nc\"]},{\"line\":3,\"cells\":[\"d\"]}]");
}

Test(csv, passes_over_lines_that_have_nothing_in_them)
{
	expect("a\n\n,,\n\"\"\nb\n", "[{\"line\":1,\"cells\":[\"a\"]},{\"line\":5,\"cells\":[\"b\"]}]");
}

Test(csv, takes_the_guard_of_a_formula_off_again)
{
	expect("'=1+1,'-2,\"'@x\",'quoted',''=1,'\n",
	    "[{\"line\":1,\"cells\":[\"=1+1\",\"-2\",\"@x\",\"'quoted'\",\"''=1\",\"'\"]}]");
}

Test(csv, that_is_none_says_where)
{
	expect("a\n\"b\n", "Line 3: a quoted cell does not end.");
	expect("a\nb\"c\n", "Line 2: a quote stands inside a cell that is not quoted.");
	expect("a\n\"b\"c\n", "Line 2: something follows a cell's closing quote.");
	expect("a\rb\n", "Line 1: a carriage return stands by itself.");
	expect("a\n\xff\n", "Line 2: the text is not UTF-8; save the sheet as CSV UTF-8.");
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
	    "Line 12: there are more lines than are taken at once.");
}

Test(csv, has_limits)
{
	CLEANUP(text_finish) struct text long_cell = TEXT_INIT(CSV_CELL_BYTES * 2);
	CLEANUP(text_finish) struct text many = TEXT_INIT((size_t)CSV_COLUMNS_MAX * 2);

	for (size_t i = 0; i <= CSV_CELL_BYTES; i++)
		text_putc(&long_cell, 'x');
	expect(text_string(&long_cell), "Line 1: a cell is too long.");
	for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
		text_putc(&many, ',');
	expect(text_string(&many), "Line 1: there are too many columns.");
}
