/* Bodies from settings, and CSV rows into bodies. */
#include "cli/body.h"
#include "cli/import.h"
#include "document.h"

static char *body_of(const char *const *sets, size_t count, struct body_schema schema)
{
	json_t *body CLEANUP(json_decref) = NULL;
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);

	if (!body_make(NULL, sets, count, schema, &body, &message))
		return NULL;
	return json_dumps(body, JSON_COMPACT);
}

Test(settings, become_nested_json_with_its_types)
{
	const char *const sets[] = {"a.b=1", "a.c=true", "d=null", "e=plain text", "f=\"12\"",
	    "g.0.h=2.5", "g.1.h=x=y", "i=", "j=[1,2]"};
	char *body CLEANUP(free) = body_of(sets, ARRAY_LENGTH(sets), (struct body_schema){0});

	cr_assert_str_eq(body,
	    "{\"a\":{\"b\":1,\"c\":true},\"d\":null,\"e\":\"plain text\",\"f\":\"12\","
	    "\"g\":[{\"h\":2.5},{\"h\":\"x=y\"}],\"i\":\"\",\"j\":[1,2]}");
}

Test(settings, stay_strings_where_the_schema_wants_a_string)
{
	struct document document CLEANUP(document_finish) = read_test_document();
	const char *const sets[] = {"local_ref=123", "count=4", "note=null", "other=5"};
	struct body_schema schema = {&document, document_operation(&document, "createIncident")->body};
	char *body CLEANUP(free) = body_of(sets, ARRAY_LENGTH(sets), schema);

	cr_assert_str_eq(body, "{\"local_ref\":\"123\",\"count\":4,\"note\":null,\"other\":5}");
}

Test(settings, are_refused_when_they_make_no_sense)
{
	const char *const refused[][2] = {{"novalue", NULL}, {"=1", NULL}, {"a..b=1", NULL},
	    {".a=1", NULL}, {"a.=1", NULL}, {"list=[]", "list.5=x"}, {"list=[]", "list.name=x"},
	    {"a=\xff", NULL}};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		char *body CLEANUP(free) =
		    body_of(refused[i], refused[i][1] ? 2 : 1, (struct body_schema){0});
		cr_expect_null(body, "case %zu gave %s", i, body);
	}
}

Test(settings, given_later_win)
{
	const char *const sets[] = {"a=1", "a.b.c=1", "d=1", "d=2"};
	char *body CLEANUP(free) = body_of(sets, ARRAY_LENGTH(sets), (struct body_schema){0});

	cr_assert_str_eq(body, "{\"a\":{\"b\":{\"c\":1}},\"d\":2}");
}

static json_t *import_first(const char *csv, struct text *message)
{
	struct document document CLEANUP(document_finish) = read_test_document();
	const json_t *schema = document_operation(&document, "createIncident")->body;
	struct csv_reader reader = csv_open(csv, strlen(csv));
	struct csv_row heading CLEANUP(csv_row_finish) = {0};
	struct csv_row row CLEANUP(csv_row_finish) = {0};
	json_t *body = NULL;

	cr_assert_eq(csv_next(&reader, &heading), CSV_ROW);
	cr_assert_eq(csv_next(&reader, &row), CSV_ROW);
	if (!import_check_heading(&document, schema, &heading, message) ||
	    !import_body(&document, schema, &heading, &row, &body, message))
		return NULL;
	return body;
}

Test(import, reads_cells_as_what_the_schema_says)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);
	json_t *body CLEANUP(json_decref) =
	    import_first("local_ref,count,open,kinds,children.0.sex,children.0.age_years,note\r\n"
	                 "007,3,yes,a; b,M,12,\r\n",
	        &message);
	char *dumped CLEANUP(free) = json_dumps(body, JSON_COMPACT);

	cr_assert_str_eq(dumped,
	    "{\"local_ref\":\"007\",\"count\":3,\"open\":true,\"kinds\":[\"a\",\"b\"],"
	    "\"children\":[{\"sex\":\"M\",\"age_years\":12}]}");
}

Test(import, names_every_heading_that_the_schema_does_not_know)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);

	cr_assert_null(import_first("local_ref,shoe,children.0.hat\na,b,c\n", &message));
	cr_assert(strstr(text_string(&message), "\"shoe\", \"children.0.hat\""));
}

Test(import, refuses_a_row_of_another_length)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);

	cr_assert_null(import_first("local_ref,count\na\n", &message));
	cr_assert(strstr(text_string(&message), "1 cells and the heading 2"));
}

Test(import, gives_the_same_row_the_same_key_and_others_another)
{
	char first[65];
	char again[65];
	char second[65];
	char dry[65];

	import_key("{}", 1, false, first);
	import_key("{}", 1, false, again);
	import_key("{}", 2, false, second);
	import_key("{}", 1, true, dry);
	cr_assert_str_eq(first, again);
	cr_assert_str_neq(first, second);
	cr_assert_str_neq(first, dry);
}

Test(csv, reads_quotes_line_ends_and_a_byte_order_mark)
{
	const char text[] = "\xef\xbb\xbf"
	                    "a,\"b \"\"q\"\", c\"\r\n\r\n\"two\nlines\",\n";
	struct csv_reader reader = csv_open(text, sizeof(text) - 1);
	struct csv_row first CLEANUP(csv_row_finish) = {0};
	struct csv_row second CLEANUP(csv_row_finish) = {0};
	struct csv_row none CLEANUP(csv_row_finish) = {0};

	cr_assert_eq(csv_next(&reader, &first), CSV_ROW);
	cr_assert_eq(first.count, 2);
	cr_assert_str_eq(first.cells[0], "a");
	cr_assert_str_eq(first.cells[1], "b \"q\", c");
	cr_assert_eq(csv_next(&reader, &second), CSV_ROW);
	cr_assert_eq(second.line, 3);
	cr_assert_str_eq(second.cells[0], "two\nlines");
	cr_assert_str_eq(second.cells[1], "");
	cr_assert_eq(csv_next(&reader, &none), CSV_END);
}

Test(csv, passes_over_a_broken_record)
{
	const char text[] = "a\"b\nc\n\"open";
	struct csv_reader reader = csv_open(text, sizeof(text) - 1);
	struct csv_row row CLEANUP(csv_row_finish) = {0};
	struct csv_row none CLEANUP(csv_row_finish) = {0};

	cr_assert_eq(csv_next(&reader, &none), CSV_BROKEN);
	cr_assert_eq(csv_next(&reader, &row), CSV_ROW);
	cr_assert_str_eq(row.cells[0], "c");
	cr_assert_eq(csv_next(&reader, &none), CSV_BROKEN);
	cr_assert_eq(csv_next(&reader, &none), CSV_END);
}

Test(csv, disarms_formulas)
{
	const char *const cells[][2] = {{"=1+1", "'=1+1"}, {"-2", "'-2"}, {"@x", "'@x"},
	    {"\tx", "'\tx"}, {"a,b", "\"a,b\""}, {"q\"q", "\"q\"\"q\""}, {"plain", "plain"}};

	for (size_t i = 0; i < ARRAY_LENGTH(cells); i++) {
		struct text text CLEANUP(text_finish) = TEXT_INIT(64);
		csv_put_cell(&text, cells[i][0], true);
		cr_expect_str_eq(text_string(&text), cells[i][1]);
	}
}
