/* Owns the tests of what the cells of a sheet are taken for. */
#include <criterion/criterion.h>

#include "http/csv.h"
#include "http/lines.h"

static const char line_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"number\":{\"type\":\"string\",\"maxLength\":3},"
    "\"owner\":{\"type\":[\"string\",\"null\"]},"
    "\"due_on\":{\"type\":\"string\",\"format\":\"date\"},"
    "\"months\":{\"type\":\"integer\",\"minimum\":1},"
    "\"leads\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}";

static void expect(const char *sheet, const char *wanted_lines, const char *wanted_faults)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *document = json_loads(line_schema, 0, NULL);
	CLEANUP(schema_destroy) struct schema *schema = NULL;
	CLEANUP(json_decref) json_t *table = NULL;

	cr_assert(schema_compile(document, "", &schema, &problem));
	cr_assert(csv_parse(sheet, strlen(sheet), 10, &table, &problem));
	const struct operation operation = {
	    .line = schema, .columns = json_object_get(document, "properties"), .lines_max = 10};
	CLEANUP(json_decref) json_t *lines = lines_of(&operation, table, &problem);
	CLEANUP(free)
	char *read = json_dumps(json_object_get(lines, "lines"), JSON_COMPACT | JSON_SORT_KEYS);
	cr_expect_str_eq(read, wanted_lines, "%s", read);
	CLEANUP(json_decref) json_t *faults = json_array();
	size_t index;
	json_t *item;
	json_array_foreach (problem.errors, index, item) {
		json_array_append(faults, json_object_get(item, "pointer"));
		json_array_append(faults, json_object_get(item, "code"));
	}
	CLEANUP(free) char *told = json_dumps(faults, JSON_COMPACT);
	cr_expect_str_eq(told, wanted_faults, "%s", told);
}

Test(lines, are_members_by_the_heading)
{
	expect("months,number,leads\n6, 1.1 ,police; trust ;\n",
	    "[{\"cells\":{\"leads\":[\"police\",\"trust\"],\"months\":6,\"number\":\"1.1\"},"
	    "\"line\":2}]",
	    "[]");
}

Test(lines, have_days_as_a_spreadsheet_writes_them)
{
	expect("due_on\n2024-01-31\n31/01/2024\n1/2/2024\n",
	    "[{\"cells\":{\"due_on\":\"2024-01-31\"},\"line\":2},"
	    "{\"cells\":{\"due_on\":\"2024-01-31\"},\"line\":3},"
	    "{\"cells\":{\"due_on\":\"2024-02-01\"},\"line\":4}]",
	    "[]");
}

Test(lines, leave_empty_cells_out_or_clear_with_them)
{
	expect("number,owner,due_on\n1,,\n",
	    "[{\"cells\":{\"number\":\"1\",\"owner\":null},\"line\":2}]", "[]");
}

Test(lines, tell_every_fault_with_its_line)
{
	expect("number,months,due_on,number,rags\n1234,none,31/31/2024,1,red,x\n1,0,,,\n",
	    "[{\"cells\":{\"due_on\":\"2024-31-31\",\"months\":\"none\",\"number\":\"1\"},\"line\":2},"
	    "{\"cells\":{\"months\":0,\"number\":\"1\"},\"line\":3}]",
	    "[\"/1/number\",\"duplicate\",\"/1\",\"unknown_column\",\"/2\",\"no_column\","
	    "\"/2/months\",\"type\",\"/2/due_on\",\"format\",\"/3/months\",\"minimum\"]");
}
