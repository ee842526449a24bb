/* What a caller is told when a value breaks its schema. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

/* One row: the faults as "pointer code" lines, and words of the first sentence (or NULL). */
struct row {
	const char *schema;
	const char *value;
	const char *faults;
	const char *words;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		CLEANUP(json_decref) json_t *document = json_of(row->schema);
		CLEANUP(json_decref) json_t *value = json_of(row->value);
		CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
		CLEANUP(problem_finish) struct problem problem = {0};

		bool ok = schema_check(schema, value, "", &problem);
		cr_expect_str_eq(faults_of(&problem), row->faults, "%s of %s gives\n%s", row->value,
		    row->schema, faults_of(&problem));
		cr_expect_eq(ok, !*row->faults);
		cr_expect_eq(problem.kind, ok ? PROBLEM_NONE : PROBLEM_INVALID);
		if (!row->words)
			continue;
		const char *sentence =
		    json_string_value(json_object_get(json_array_get(problem.errors, 0), "detail"));
		cr_expect(sentence && strstr(sentence, row->words), "\"%s\" lacks \"%s\"",
		    sentence ? sentence : "", row->words);
	}
}

Test(schema_faults, have_a_code_and_a_sentence_for_each_keyword)
{
	static const struct row rows[] = {
	    {"{'type': 'string'}", "1", " type\n", "Must be a string."},
	    {"{'type': ['integer', 'null']}", "'a'", " type\n", "Must be an integer or null."},
	    {"{'type': ['object', 'boolean', 'number']}", "'a'", " type\n",
	        "Must be an object, a number or a boolean."},
	    {"{'enum': ['a', 'b', null]}", "'c'", " enum\n", "Must be one of: a, b, null."},
	    {"{'const': 'a'}", "'c'", " const\n", "Must be \"a\"."},
	    {"{'required': ['a']}", "{}", "/a required\n", "required"},
	    {"{'dependentRequired': {'a': ['b']}}", "{'a': 1}", "/b dependent_required\n",
	        "where a is given"},
	    {"{'properties': {'a': {}, 'b': {}}, 'additionalProperties': false}", "{'c': 1}",
	        "/c unknown_field\n", "The fields are: a, b."},
	    {"{'additionalProperties': {'type': 'string'}}", "{'c': 1}", "/c type\n", NULL},
	    {"{'propertyNames': {'maxLength': 1}}", "{'cc': 1}", "/cc property_names\n", NULL},
	    {"{'minProperties': 1}", "{}", " min_properties\n", "at least 1 field."},
	    {"{'maxProperties': 1}", "{'a': 1, 'b': 2}", " max_properties\n", "at most 1 field."},
	    {"{'minItems': 2}", "[1]", " min_items\n", "at least 2 items."},
	    {"{'maxItems': 1}", "[1, 2]", " max_items\n", "at most 1 item."},
	    {"{'uniqueItems': true}", "[1, 1.0]", " unique_items\n", NULL},
	    {"{'contains': {'const': 1}}", "[2]", " contains\n", "at least 1 item"},
	    {"{'contains': {'const': 1}, 'maxContains': 1}", "[1, 1]", " max_contains\n", NULL},
	    {"{'minLength': 1}", "''", " min_length\n", "Must not be empty."},
	    {"{'minLength': 3}", "'ab'", " min_length\n", "at least 3 characters."},
	    {"{'maxLength': 1}", "'ab'", " max_length\n", "at most 1 character."},
	    {"{'pattern': '^[a-z]+$'}", "'A'", " pattern\n", "^[a-z]+$"},
	    {"{'format': 'date'}", "'30 June'", " format\n", "2024-06-30"},
	    {"{'minimum': 1}", "0", " minimum\n", "Must be at least 1."},
	    {"{'maximum': 1.5}", "2", " maximum\n", "Must be at most 1.5."},
	    {"{'exclusiveMinimum': 1}", "1", " exclusive_minimum\n", "more than 1."},
	    {"{'exclusiveMaximum': 1}", "1", " exclusive_maximum\n", "less than 1."},
	    {"{'multipleOf': 5}", "7", " multiple_of\n", "a multiple of 5."},
	    {"{'not': {'type': 'string'}}", "'a'", " not\n", NULL},
	    {"{'properties': {'a': false}}", "{'a': 1}", "/a not_allowed\n", NULL},
	};

	check_rows(rows, ARRAY_LENGTH(rows));
}

Test(schema_faults, are_all_told_at_once_and_in_order)
{
	static const struct row rows[] = {
	    {"{'type': 'object', 'required': ['name', 'born_on'], 'additionalProperties': false,"
	     " 'properties': {'name': {'type': 'string'}, 'born_on': {'type': 'string'},"
	     " 'children': {'type': 'array', 'items': {'type': 'object', 'required': ['sex'],"
	     "  'properties': {'age': {'type': 'integer', 'minimum': 0, 'multipleOf': 2}}}}}}",
	        "{'nam': 1, 'name': 2, 'children': [{'sex': 1}, {'age': -1}, 'x']}",
	        "/born_on required\n/nam unknown_field\n/name type\n/children/1/sex required\n"
	        "/children/1/age minimum\n/children/1/age multiple_of\n/children/2 type\n",
	        NULL},
	    {"{'allOf': [{'required': ['a']}, {'required': ['a', 'b']}]}", "{}",
	        "/a required\n/b required\n", NULL},
	};

	check_rows(rows, ARRAY_LENGTH(rows));
}

Test(schema_faults, point_with_escapes)
{
	static const struct row rows[] = {
	    {"{'additionalProperties': false}", "{'a/b~c': 1}", "/a~1b~0c unknown_field\n", NULL},
	    {"{'items': {'items': {'type': 'null'}}}", "[[], [null, 1]]", "/1/1 type\n", NULL},
	    {"{'required': ['m/n']}", "{}", "/m~1n required\n", NULL},
	};

	check_rows(rows, ARRAY_LENGTH(rows));
}

Test(schema_faults, of_branches_are_those_of_the_branch_that_was_meant)
{
	static const char nullable[] = "{'anyOf': [{'type': 'string', 'format': 'date'},"
	                               " {'type': 'null'}]}";
	static const char tagged[] =
	    "{'oneOf': [{'properties': {'kind': {'const': 'a'}, 'n': {'type': 'integer'}}},"
	    " {'properties': {'kind': {'const': 'b'}, 'n': {'type': 'string'}}}]}";
	static const struct row rows[] = {
	    {nullable, "'x'", " format\n", NULL},
	    {nullable, "5", " type\n", "Must be a string or null."},
	    {nullable, "null", "", NULL},
	    {tagged, "{'kind': 'a', 'n': 'x'}", "/n type\n", "an integer"},
	    {tagged, "{'kind': 'b', 'n': 1}", "/n type\n", "a string"},
	    {tagged, "{'kind': 'c'}", " one_of\n", "the 2 forms"},
	    {tagged, "{}", " one_of\n", "only one"},
	    {"{'anyOf': [{'title': 'Death', 'required': ['a']}, {'title': 'Harm', 'required': ['b']}]}",
	        "{}", " any_of\n", "Death, Harm"},
	    {"{'if': {'required': ['a']}, 'then': {'required': ['b']}, 'else': {'required': ['c']}}",
	        "{'a': 1}", "/b required\n", NULL},
	    {"{'if': {'required': ['a']}, 'then': {'required': ['b']}, 'else': {'required': ['c']}}",
	        "{}", "/c required\n", NULL},
	};

	check_rows(rows, ARRAY_LENGTH(rows));
}

Test(schema_faults, never_quote_the_value)
{
	static const char *const schemas[] = {"{'type': 'integer'}", "{'enum': ['a']}",
	    "{'const': 'a'}", "{'maxLength': 2}", "{'minLength': 200}", "{'pattern': '^a$'}",
	    "{'format': 'date'}", "{'format': 'email'}", "{'not': {}}", "{'anyOf': [{'const': 1}]}",
	    "{'oneOf': [{}, {}]}", "false"};
	CLEANUP(json_decref) json_t *value = json_string("Jane Roe of 3 Elm Row");

	for (size_t i = 0; i < ARRAY_LENGTH(schemas); i++) {
		CLEANUP(json_decref) json_t *document = json_of(schemas[i]);
		CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
		CLEANUP(problem_finish) struct problem problem = {0};

		cr_expect_not(schema_check(schema, value, "", &problem));
		CLEANUP(free) char *told = json_dumps(problem.errors, 0);
		cr_expect_not(strstr(told, "Jane"), "%s", told);
	}
}

Test(schema_faults, stand_below_the_base_and_beside_earlier_ones)
{
	CLEANUP(json_decref) json_t *document = json_of("{'type': 'object', 'required': ['a']}");
	CLEANUP(json_decref) json_t *value = json_object();
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(problem_finish) struct problem problem = {0};

	problem_add(&problem, PROBLEM_BAD_PARAMETER, "limit", "type", "Must be an integer.");
	cr_expect_not(schema_check(schema, value, "/items/3", &problem));
	cr_expect_str_eq(faults_of(&problem), "limit type\n/items/3/a required\n");
	cr_expect_eq(problem.kind, PROBLEM_BAD_PARAMETER);
}

Test(schema_faults, end_soon_after_a_hundred)
{
	CLEANUP(json_decref) json_t *document = json_of("{'items': {'type': 'string'}}");
	CLEANUP(json_decref) json_t *value = json_array();
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(problem_finish) struct problem problem = {0};

	for (int i = 0; i < 5000; i++)
		json_array_append_new(value, json_integer(i));
	cr_expect_not(schema_check(schema, value, "", &problem));
	cr_expect_eq(json_array_size(problem.errors), 101);
	cr_expect_str_eq(
	    json_string_value(json_object_get(json_array_get(problem.errors, 100), "code")),
	    "more_faults");
}

Test(schema_faults, name_the_container_where_a_name_is_too_long_for_a_pointer)
{
	CLEANUP(json_decref)
	json_t *document = json_of("{'properties': {'a': {'additionalProperties': false}}}");
	CLEANUP(json_decref) json_t *value = json_of("{'a': {}}");
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(problem_finish) struct problem problem = {0};
	char name[5000];

	memset(name, '~', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	json_object_set_new(json_object_get(value, "a"), name, json_null());
	cr_expect_not(schema_check(schema, value, "", &problem));
	cr_expect_str_eq(faults_of(&problem), "/a unknown_field\n");
}

Test(schema_limits, refuse_a_value_that_is_nested_too_deeply)
{
	CLEANUP(json_decref) json_t *document = json_of("{'items': {'$ref': '#'}}");
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(json_decref) json_t *value = json_array();
	CLEANUP(problem_finish) struct problem problem = {0};

	for (int i = 0; i < 1500; i++)
		value = json_pack("[o]", value);
	cr_expect_not(schema_check(schema, value, "", &problem));
	cr_expect_str_eq(faults_of(&problem), " too_complex\n");
}

Test(schema_limits, end_a_check_that_would_try_branches_for_ever)
{
	CLEANUP(json_decref)
	json_t *document =
	    json_of("{'anyOf': [{'items': {'$ref': '#'}, 'maxItems': 1, 'type': 'array'},"
	            " {'items': {'$ref': '#'}, 'maxItems': 1, 'minItems': 1}]}");
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(json_decref) json_t *value = json_of("[1, 2]");
	CLEANUP(problem_finish) struct problem problem = {0};

	for (int i = 0; i < 60; i++)
		value = json_pack("[o]", value);
	cr_expect_not(schema_check(schema, value, "", &problem));
	cr_expect_str_eq(faults_of(&problem), " too_complex\n");
}

Test(schema_limits, refuse_a_text_that_a_pattern_takes_too_long_for)
{
	CLEANUP(json_decref) json_t *document = json_of("{'pattern': '^(a+)+$'}");
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(json_decref) json_t *value = json_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_expect_not(schema_check(schema, value, "", &problem));
	cr_expect_str_eq(faults_of(&problem), " pattern\n");
}
