/* Single values: PostgreSQL's text forms as JSON and as CSV. */
#include <criterion/criterion.h>

#include "store/cells.h"

static struct cell cell_of(const char *text)
{
	return (struct cell){.bytes = text, .length = text ? strlen(text) : 0};
}

static void expect_json(unsigned int oid, const char *value, const char *expected)
{
	CLEANUP(text_finish) struct text json = TEXT_INIT(10000);

	cell_put_json(cell_type(oid), cell_of(value), &json);
	cr_expect_str_eq(text_string(&json), expected, "oid %u of %s: %s", oid, value ? value : "NULL",
	    text_string(&json));
	cr_expect_not(json.failed);
}

static void expect_csv(unsigned int oid, const char *value, const char *expected)
{
	CLEANUP(text_finish) struct text csv = TEXT_INIT(10000);

	cell_put_csv(cell_type(oid), cell_of(value), &csv);
	cr_expect_str_eq(text_string(&csv), expected, "oid %u of %s: %s", oid, value ? value : "NULL",
	    text_string(&csv));
	cr_expect_not(csv.failed);
}

enum {
	BOOLEAN = 16,
	BIGINT = 20,
	INTEGER = 23,
	TEXT = 25,
	JSON = 114,
	DOUBLE = 701,
	INTEGER_ARRAY = 1007,
	TEXT_ARRAY = 1009,
	BOOLEAN_ARRAY = 1000,
	DATE = 1082,
	NUMERIC = 1700,
	NUMERIC_ARRAY = 1231,
	JSONB = 3802,
	JSONB_ARRAY = 3807,
	UUID_ARRAY = 2951,
};

Test(cell_json, writes_each_type_as_its_json_type)
{
	expect_json(BOOLEAN, "t", "true");
	expect_json(BOOLEAN, "f", "false");
	expect_json(INTEGER, "-7", "-7");
	expect_json(BIGINT, "9223372036854775807", "9223372036854775807");
	expect_json(NUMERIC, "1.50", "1.50");
	expect_json(DOUBLE, "1e+20", "1e+20");
	expect_json(DATE, "2024-06-30", "\"2024-06-30\"");
	expect_json(JSONB, "{\"a\": [1]}", "{\"a\": [1]}");
	expect_json(JSON, "null", "null");
	expect_json(999999, "of an enum", "\"of an enum\"");
}

Test(cell_json, writes_null_for_every_type)
{
	expect_json(BOOLEAN, NULL, "null");
	expect_json(TEXT, NULL, "null");
	expect_json(TEXT_ARRAY, NULL, "null");
	expect_json(JSONB, NULL, "null");
}

Test(cell_json, has_no_word_for_what_is_not_finite)
{
	expect_json(NUMERIC, "NaN", "null");
	expect_json(DOUBLE, "Infinity", "null");
	expect_json(DOUBLE, "-Infinity", "null");
}

Test(cell_json, escapes_what_would_end_the_string)
{
	expect_json(TEXT, "", "\"\"");
	expect_json(TEXT, "\"},{\"x\":\"", "\"\\\"},{\\\"x\\\":\\\"\"");
	expect_json(TEXT, "a\\b\n\x01", "\"a\\\\b\\n\\u0001\"");
	expect_json(TEXT, "Sián’s £5", "\"Sián’s £5\"");
}

Test(cell_json, takes_arrays_apart)
{
	expect_json(TEXT_ARRAY, "{}", "[]");
	expect_json(TEXT_ARRAY, "{a,b}", "[\"a\",\"b\"]");
	expect_json(TEXT_ARRAY, "{\"a b\",\"c,d\",\"{e}\"}", "[\"a b\",\"c,d\",\"{e}\"]");
	expect_json(TEXT_ARRAY, "{\"say \\\"hi\\\"\",\"back\\\\slash\"}",
	    "[\"say \\\"hi\\\"\",\"back\\\\slash\"]");
	expect_json(TEXT_ARRAY, "{NULL,\"NULL\",\"\",null_}", "[null,\"NULL\",\"\",\"null_\"]");
	expect_json(TEXT_ARRAY, "{{a,b},{c,d}}", "[[\"a\",\"b\"],[\"c\",\"d\"]]");
	expect_json(TEXT_ARRAY, "[0:1]={a,b}", "[\"a\",\"b\"]");
	expect_json(INTEGER_ARRAY, "{1,-2,NULL}", "[1,-2,null]");
	expect_json(NUMERIC_ARRAY, "{1.5,NaN}", "[1.5,null]");
	expect_json(BOOLEAN_ARRAY, "{t,f}", "[true,false]");
	expect_json(JSONB_ARRAY, "{\"{\\\"a\\\": 1}\",2}", "[{\"a\": 1},2]");
	expect_json(UUID_ARRAY, "{018f3c5e-0000-7000-8000-000000000001}",
	    "[\"018f3c5e-0000-7000-8000-000000000001\"]");
}

Test(cell_json, says_so_when_the_text_is_full)
{
	CLEANUP(text_finish) struct text json = TEXT_INIT(4);

	cell_put_json(cell_type(TEXT_ARRAY), cell_of("{\"long enough\"}"), &json);
	cr_expect(json.failed);
}

Test(cell_csv, quotes_where_it_must)
{
	expect_csv(TEXT, "plain", "plain");
	expect_csv(TEXT, "", "");
	expect_csv(TEXT, NULL, "");
	expect_csv(TEXT, "a,b", "\"a,b\"");
	expect_csv(TEXT, "say \"hi\"", "\"say \"\"hi\"\"\"");
	expect_csv(TEXT, "two\nlines", "\"two\nlines\"");
	expect_csv(TEXT, "x;=1+1", "\"x;=1+1\"");
}

Test(cell_csv, keeps_formulas_from_running)
{
	expect_csv(TEXT, "=1+1", "'=1+1");
	expect_csv(TEXT, "+44 121", "'+44 121");
	expect_csv(TEXT, "-2", "'-2");
	expect_csv(TEXT, "@SUM(A1)", "'@SUM(A1)");
	expect_csv(TEXT, "\tx", "\"'\tx\"");
	expect_csv(TEXT, "\rx", "\"'\rx\"");
	expect_csv(
	    TEXT, "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

Test(cell_csv, leaves_numbers_numbers)
{
	expect_csv(INTEGER, "-5", "-5");
	expect_csv(NUMERIC, "-0.25", "-0.25");
	expect_csv(BOOLEAN, "t", "true");
	expect_csv(NUMERIC, "NaN", "");
}

Test(cell_csv, writes_arrays_and_json_as_json)
{
	expect_csv(TEXT_ARRAY, "{a,b}", "\"[\"\"a\"\",\"\"b\"\"]\"");
	expect_csv(JSONB, "{\"a\": 1}", "\"{\"\"a\"\": 1}\"");
	expect_csv(JSON, "-1", "'-1");
}
