/* Rows made by hand, without a server: their order, their names and what is left out. */
#include <signal.h>

#include <criterion/criterion.h>

#include "store/rows.h"

#define TEXT_OID 25
#define INTEGER_OID 23
#define BOOLEAN_OID 16

struct made_column {
	const char *name;
	unsigned int oid;
};

static struct rows *make_rows(
    const struct made_column columns[], int column_count, const char *const cells[], int row_count)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[8] = {0};

	for (int i = 0; i < column_count; i++) {
		attributes[i].name = (char *)columns[i].name;
		attributes[i].typid = columns[i].oid;
	}
	cr_assert(PQsetResultAttrs(result, column_count, attributes));
	for (int i = 0; i < row_count * column_count; i++) {
		const char *cell = cells[i];
		cr_assert(PQsetvalue(result, i / column_count, i % column_count, (char *)cell,
		    cell ? (int)strlen(cell) : -1));
	}
	struct rows *rows = rows_create(result);
	cr_assert_not_null(rows);
	return rows;
}

static const struct made_column columns[] = {
    {"id", INTEGER_OID},
    {"_version", INTEGER_OID},
    {"Name", TEXT_OID},
    {"odd\"name", BOOLEAN_OID},
};
static const char *const cells[] = {"1", "7", "=A", "t", "2", "8", NULL, NULL};

Test(rows, become_objects_without_the_program_s_columns)
{
	CLEANUP(rows_destroy) struct rows *rows = make_rows(columns, 4, cells, 2);
	CLEANUP(text_finish) struct text json = TEXT_INIT(1000);

	cr_expect_eq(rows_count(rows), 2);
	rows_put_object(rows, 0, &json);
	cr_expect_str_eq(text_string(&json), "{\"id\":1,\"Name\":\"=A\",\"odd\\\"name\":true}");
	text_clear(&json);
	rows_put_open_object(rows, 1, &json);
	cr_expect_str_eq(text_string(&json), "{\"id\":2,\"Name\":null,\"odd\\\"name\":null");
}

Test(rows, become_an_array_of_just_the_rows_asked_for)
{
	CLEANUP(rows_destroy) struct rows *rows = make_rows(columns, 1, cells, 2);
	CLEANUP(text_finish) struct text json = TEXT_INIT(1000);

	rows_put_array(rows, 0, 0, &json);
	rows_put_array(rows, 0, 2, &json);
	rows_put_array(rows, 1, 1, &json);
	cr_expect_str_eq(text_string(&json), "[][{\"id\":1},{\"id\":7}][{\"id\":7}]");
}

Test(rows, become_csv_line_by_line)
{
	CLEANUP(rows_destroy) struct rows *rows = make_rows(columns, 4, cells, 2);
	CLEANUP(text_finish) struct text csv = TEXT_INIT(1000);

	rows_put_csv_header(rows, &csv);
	cr_expect_str_eq(text_string(&csv), "id,Name,\"odd\"\"name\"");
	text_clear(&csv);
	rows_put_csv_row(rows, 0, &csv);
	cr_expect_str_eq(text_string(&csv), "1,'=A,true");
	text_clear(&csv);
	rows_put_csv_row(rows, 1, &csv);
	cr_expect_str_eq(text_string(&csv), "2,,");
}

Test(rows, give_values_by_exact_name)
{
	CLEANUP(rows_destroy) struct rows *rows = make_rows(columns, 4, cells, 2);

	cr_expect_str_eq(rows_text(rows, 0, "Name"), "=A");
	cr_expect_null(rows_text(rows, 1, "Name"));
	cr_expect_eq(rows_number(rows, 1, "_version"), 8);
	cr_expect(rows_flag(rows, 0, "odd\"name"));
	cr_expect_not(rows_flag(rows, 1, "odd\"name"));
}

Test(rows, asked_for_a_column_that_is_not_there_end_the_program, .signal = SIGABRT)
{
	struct rows *rows = make_rows(columns, 4, cells, 2);

	rows_text(rows, 0, "name");
}
