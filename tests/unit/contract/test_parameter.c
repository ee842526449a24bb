/* Parameters: how they are declared and which values they take. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

Test(parameters, of_the_path_item_are_replaced_by_the_operations_own)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();
	const struct operation *list = contract_find(contract, "listThings");
	const struct operation *create = contract_find(contract, "createThing");
	const struct parameter *shared = operation_parameter(list, IN_QUERY, "limit");
	const struct parameter *own = operation_parameter(create, IN_QUERY, "limit");

	cr_assert(shared && own);
	cr_expect_str_eq(shared->type, "integer");
	cr_expect_str_eq(shared->fallback, "50");
	cr_expect_null(own->fallback);
	cr_expect_eq(create->parameter_count, 2);
	cr_expect(parameter_check(shared, "200", NULL));
	cr_expect_not(parameter_check(own, "6", NULL));
}

Test(parameters, are_found_by_place_and_name_and_headers_in_any_case)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();
	const struct operation *create = contract_find(contract, "createThing");

	const struct parameter *key = operation_parameter(create, IN_HEADER, "idempotency-KEY");
	cr_assert(key);
	cr_expect(key->required);
	cr_expect_str_eq(key->name, "Idempotency-Key");
	cr_expect_null(operation_parameter(create, IN_QUERY, "Idempotency-Key"));
	cr_expect_null(operation_parameter(create, IN_QUERY, "LIMIT"));
}

Test(parameters, take_values_of_their_type_only)
{
	static const struct {
		const char *name, *value, *faults;
	} rows[] = {
	    {"limit", "1", ""},
	    {"limit", "200", ""},
	    {"limit", "0", "limit minimum\n"},
	    {"limit", "201", "limit maximum\n"},
	    {"limit", "", "limit type\n"},
	    {"limit", "+5", "limit type\n"},
	    {"limit", " 5", "limit type\n"},
	    {"limit", "5 ", "limit type\n"},
	    {"limit", "05", "limit type\n"},
	    {"limit", "5.0", "limit type\n"},
	    {"limit", "5e1", "limit type\n"},
	    {"limit", "0x5", "limit type\n"},
	    {"limit", "99999999999999999999", "limit type\n"},
	    {"ratio", "0.5", ""},
	    {"ratio", "-1e3", ""},
	    {"ratio", "1.5", "ratio maximum\n"},
	    {"ratio", ".5", "ratio type\n"},
	    {"ratio", "NaN", "ratio type\n"},
	    {"ratio", "[1]", "ratio type\n"},
	    {"exact", "true", ""},
	    {"exact", "false", ""},
	    {"exact", "TRUE", "exact type\n"},
	    {"exact", "1", "exact type\n"},
	    {"since[gte]", "2024-06-30", ""},
	    {"since[gte]", "2024-06-31", "since[gte] format\n"},
	    {"since[gte]", "\xff", "since[gte] type\n"},
	    {"status", "open", ""},
	    {"status", "open,closed", ""},
	    {"status", "", "status enum\n"},
	    {"status", "open,", "status enum\n"},
	    {"status", "open,shut", "status enum\n"},
	    {"status", "open,closed,lost", "status max_items\n"},
	    {"status", "open,open", "status unique_items\n"},
	};
	CLEANUP(contract_destroy) struct contract *contract = small_contract();
	const struct operation *list = contract_find(contract, "listThings");

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		const struct parameter *parameter = operation_parameter(list, IN_QUERY, rows[i].name);
		bool ok = parameter_check(parameter, rows[i].value, &problem);
		cr_expect_str_eq(faults_of(&problem), rows[i].faults, "%s=%s gives %s", rows[i].name,
		    rows[i].value, faults_of(&problem));
		cr_expect_eq(ok, !*rows[i].faults);
		cr_expect_eq(problem.kind, ok ? PROBLEM_NONE : PROBLEM_BAD_PARAMETER);
	}
}

Test(parameters, are_refused_when_they_cannot_be_read)
{
	static const struct {
		const char *parameter, *words;
	} rows[] = {
	    {"{'in': 'query', 'schema': {'type': 'string'}}", "a name is needed"},
	    {"{'name': 'a', 'in': 'cookie', 'schema': {'type': 'string'}}", "path, query or header"},
	    {"{'name': 'a', 'in': 'query'}", "a schema is needed"},
	    {"{'name': 'a', 'in': 'query', 'schema': {}}", "one of string"},
	    {"{'name': 'a', 'in': 'query', 'schema': {'type': 'object'}}", "one of string"},
	    {"{'name': 'a', 'in': 'query', 'schema': {'type': ['string', 'null']}}", "one of string"},
	    {"{'name': 'a', 'in': 'query', 'style': 'deepObject', 'schema': {'type': 'string'}}",
	        "style"},
	    {"{'name': 'a', 'in': 'query', 'allowReserved': true, 'schema': {'type': 'string'}}",
	        "\"allowReserved\""},
	    {"{'name': 'a', 'in': 'query', 'schema': {'type': 'array', 'items': {'type': 'string'}}}",
	        "explode"},
	    {"{'name': 'a', 'in': 'query', 'explode': false, 'schema': {'type': 'array'}}", "items"},
	    {"{'name': 'a', 'in': 'query', 'schema': {'type': 'integer', 'default': 'x'}}",
	        "breaks the schema"},
	    {"{'name': 'a', 'in': 'query', 'schema': {'type': 'integer', 'default': [1]}}",
	        "another type"},
	    {"{'name': 'status', 'in': 'query', 'schema': {'type': 'string'}}", "stands twice"},
	    {"{'$ref': '#/components/parameters/None'}", "leads nowhere"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(json_decref) json_t *document = small_document();
		json_t *things = json_object_get(json_object_get(document, "paths"), "/v1/things");
		json_array_append_new(json_object_get(json_object_get(things, "get"), "parameters"),
		    json_of(rows[i].parameter));
		CLEANUP(free) char *text = json_dumps(document, 0);
		CLEANUP(problem_finish) struct problem problem = {0};
		struct contract *contract = NULL;

		cr_expect_not(contract_load(text, strlen(text), &contract, &problem), "%s is taken",
		    rows[i].parameter);
		cr_expect(
		    strstr(problem.detail, rows[i].words), "%s: \"%s\"", rows[i].parameter, problem.detail);
	}
}

Test(parameters, may_be_lists_with_a_default)
{
	CLEANUP(json_decref) json_t *document = small_document();
	json_t *things = json_object_get(json_object_get(document, "paths"), "/v1/things");
	json_array_append_new(json_object_get(json_object_get(things, "get"), "parameters"),
	    json_of("{'name': 'n', 'in': 'query', 'explode': false, 'schema': {'type': 'array',"
	            " 'items': {'type': 'integer'}, 'default': [1, 2]}}"));
	CLEANUP(free) char *text = json_dumps(document, 0);
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(contract_destroy) struct contract *contract = NULL;

	cr_assert(contract_load(text, strlen(text), &contract, &problem), "%s", problem.detail);
	const struct parameter *parameter =
	    operation_parameter(contract_find(contract, "listThings"), IN_QUERY, "n");
	cr_expect(parameter->list);
	cr_expect_str_eq(parameter->type, "integer");
	cr_expect_str_eq(parameter->fallback, "1,2");
}
