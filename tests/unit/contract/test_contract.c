/* Loading a document, its operations and routes, and everything that is refused at start-up. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

/* Puts `value` (JSON, or NULL to remove) at `pointer` of the small document. */
static void change(json_t *document, const char *pointer, const char *value)
{
	CLEANUP(free) char *copy = strdup(pointer + 1);
	json_t *parent = document;
	char *rest = copy;
	char *key = strsep(&rest, " ");

	for (; rest; key = strsep(&rest, " ")) {
		parent = json_is_array(parent) ? json_array_get(parent, strtoul(key, NULL, 10))
		                               : json_object_get(parent, key);
		cr_assert(parent, "%s has no %s", pointer, key);
	}
	if (json_is_array(parent))
		json_array_insert_new(parent, strtoul(key, NULL, 10), json_of(value));
	else if (value)
		json_object_set_new(parent, key, json_of(value));
	else
		cr_assert_eq(json_object_del(parent, key), 0, "%s", pointer);
}

/* Steps of the pointer are parted by blanks here, because paths are full of slashes. */
static void expect_refused(const char *pointer, const char *value, const char *words)
{
	CLEANUP(json_decref) json_t *document = small_document();
	change(document, pointer, value);
	CLEANUP(free) char *text = json_dumps(document, 0);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct contract *contract = NULL;

	cr_expect_not(contract_load(text, strlen(text), &contract, &problem), "%s = %s is taken",
	    pointer, value ? value : "nothing");
	cr_expect_null(contract);
	cr_expect(
	    strstr(problem.detail, words), "%s: \"%s\" lacks \"%s\"", pointer, problem.detail, words);
}

Test(contract, knows_each_operation)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();

	cr_expect_eq(contract_operation_count(contract), 7);
	for (size_t i = 0; i < contract_operation_count(contract); i++) {
		const struct operation *operation = contract_operation(contract, i);
		cr_expect_eq(operation->index, i);
		cr_expect_eq(contract_find(contract, operation->id), operation);
	}
	cr_expect_null(contract_find(contract, "dropThings"));

	const struct operation *post = contract_find(contract, "createThing");
	cr_expect_str_eq(post->method, "POST");
	cr_expect_str_eq(post->path, "/v1/things");
	cr_expect(post->body_required && post->body);
	cr_expect_str_eq(post->body_type, "application/json");
	cr_expect_eq(post->most, 7);
	cr_expect_str_eq(post->answer_types[0], "application/json");
	cr_expect_null(post->answer_types[1]);

	const struct operation *list = contract_find(contract, "listThings");
	cr_expect_null(list->body);
	cr_expect_eq(list->most, 0);
	cr_expect_str_eq(list->answer_types[0], "application/json");
	cr_expect_str_eq(list->answer_types[1], "text/csv");
	cr_expect_null(list->answer_types[2]);
	cr_expect(json_is_true(json_object_get(list->document, "x-list")));

	const struct operation *patch = contract_find(contract, "patchThing");
	cr_expect_str_eq(patch->body_type, "application/merge-patch+json");
	cr_expect_not(patch->body_required);
}

Test(contract, tells_what_a_member_of_a_body_may_be)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();
	const struct operation *post = contract_find(contract, "createThing");
	const json_t *name = contract_body_member(contract, post, "name");

	cr_expect_eq(json_integer_value(json_object_get(name, "minLength")), 1);
	cr_expect_null(contract_body_member(contract, post, "other"));
	cr_expect_null(contract_body_member(contract, contract_find(contract, "getRoot"), "name"));
}

Test(contract, reads_scopes_as_alternatives)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();

	const struct operation *inherited = contract_find(contract, "listThings");
	cr_expect_str_eq(inherited->scopes[0], "things:read");
	cr_expect_null(inherited->scopes[1]);
	cr_expect_not(inherited->open);

	const struct operation *own = contract_find(contract, "createThing");
	cr_expect_str_eq(own->scopes[0], "things:write");
	cr_expect_str_eq(own->scopes[1], "admin");
	cr_expect_null(own->scopes[2]);

	const struct operation *open = contract_find(contract, "getRoot");
	cr_expect(open->open);
	cr_expect_null(open->scopes[0]);
}

Test(contract, refuses_what_leaves_access_open_by_mistake)
{
	expect_refused("/security", NULL, "a list of security is needed");
	expect_refused("/security 0", "{}", "one scheme");
	expect_refused("/security 0", "{'bearer': []}", "one scope");
	expect_refused("/security 0", "{'bearer': ['a', 'b']}", "one scope");
	expect_refused("/security 0", "{'cookie': ['a']}", "not in components");
	expect_refused("/paths /v1/things post security 0", "{'bearer': ['']}", "one scope");
}

Test(contract, refuses_paths_that_do_not_fit_their_parameters)
{
	expect_refused("/paths /v1/things/{thing_id} parameters", NULL, "\"thing_id\"");
	expect_refused("/paths /v1/things/{thing_id} parameters 0 required", "false", "\"thing_id\"");
	expect_refused("/paths /v1/things parameters 0",
	    "{'name': 'x', 'in': 'path', 'required': true, 'schema': {'type': 'string'}}",
	    "not in the path");
	expect_refused("/paths /v1/a-{b}", "{}", "whole segment");
	expect_refused("/paths /v1/{b}/{b}", "{}", "twice in the path");
	expect_refused("/paths /v1//b", "{}", "empty segment");
	expect_refused("/paths v1", "{}", "begins with a slash");
	expect_refused("/paths /v1/things/{other}", "{}", "cannot be told apart");
	expect_refused("/paths /a/a/a/a/a/a/a/a/a/a/a/a/a", "{}", "more than 12");
	expect_refused("/paths /v1/things trace", "{}", "\"trace\" is not known");
}

Test(contract, refuses_a_limit_that_is_none)
{
	expect_refused("/paths /v1/things post x-most", "0", "from 1 on");
	expect_refused("/paths /v1/things post x-most", "-1", "from 1 on");
	expect_refused("/paths /v1/things post x-most", "'many'", "from 1 on");
	expect_refused("/paths /v1/things post x-most", "null", "from 1 on");
}

Test(contract, refuses_operations_without_a_name_of_their_own)
{
	expect_refused("/paths /v1/things get operationId", "'createThing'", "stands twice");
	expect_refused("/paths /v1/things get operationId", NULL, "operationId is needed");
	expect_refused("/paths /v1/things get operationId", "'list-things'", "letters and digits");
	expect_refused("/paths /v1/things get callbacks", "{}", "\"callbacks\" is not known");
}

Test(contract, refuses_bodies_and_answers_that_it_cannot_check)
{
	expect_refused("/paths /v1/things post requestBody content", "{'text/plain': {'schema': {}}}",
	    "application/json or application/merge-patch+json");
	expect_refused("/paths /v1/things post requestBody content text/csv",
	    "{'schema': {'type': 'array', 'items': {'properties': {'a': {}}}}}", "with maxItems");
	expect_refused("/paths /v1/things post requestBody content text/csv",
	    "{'schema': {'type': 'string'}}", "whose items have properties");
	expect_refused("/paths /v1/things post requestBody content", "{}", "application/json or");
	expect_refused(
	    "/paths /v1/things post requestBody content application/json", "{}", "a schema is needed");
	expect_refused("/paths /v1/things post requestBody content application/json schema nullable",
	    "true", "nullable");
	expect_refused("/paths /v1/things get responses", "{}", "at least one answer");
	expect_refused("/paths /v1/things get responses 2XX", "{'description': ''}", "three digits");
	expect_refused(
	    "/paths /v1/things get responses 200 content application/json", "{}", "a schema is needed");
	expect_refused("/paths /v1/things get responses 200 description", NULL, "description");
	expect_refused(
	    "/paths /v1/things get responses default", "{'$ref': '#/components/x'}", "leads nowhere");
	expect_refused(
	    "/components schemas Unused", "{'type': 'strnig'}", "#/components/schemas/Unused/type");
}

Test(contract, refuses_documents_of_another_kind)
{
	static const char *const texts[] = {"", "{", "[]", "{\"openapi\":\"3.0.3\"}",
	    "{\"openapi\":\"3.1.0\"}", "{\"openapi\":\"3.1.0\",\"openapi\":\"3.1.0\"}"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		struct contract *contract = NULL;
		cr_expect_not(contract_load(texts[i], strlen(texts[i]), &contract, &problem));
		cr_expect_eq(problem.kind, PROBLEM_INTERNAL);
		cr_expect(problem.detail[0]);
	}
}

static const struct operation *match(const struct contract *contract, const char *method,
    const char *path, struct argument arguments[SEGMENTS_MAX], size_t *ret_count, char allow[64])
{
	static char copy[200];
	const char *segments[20];
	size_t count = 0;

	strncpy(copy, path + 1, sizeof(copy) - 1);
	char *rest = *copy ? copy : NULL;
	while (rest)
		segments[count++] = strsep(&rest, "/");
	return contract_match(contract, method, segments, count, arguments, ret_count, allow);
}

Test(contract_match, finds_the_operation_or_says_what_is_allowed)
{
	static const struct {
		const char *method, *path, *id, *allow;
	} rows[] = {
	    {"GET", "/", "getRoot", ""},
	    {"GET", "/v1/things", "listThings", ""},
	    {"POST", "/v1/things", "createThing", ""},
	    {"POST", "/v1/things/batch", "createBatch", ""},
	    {"GET", "/v1/things/7", "getThing", ""},
	    {"PATCH", "/v1/things/batches", "patchThing", ""},
	    {"GET", "/v1/things/a/parts/b", "getPart", ""},
	    /* The literal path is the resource, whatever its methods. */
	    {"GET", "/v1/things/batch", NULL, "POST"},
	    {"DELETE", "/v1/things", NULL, "GET, POST"},
	    {"DELETE", "/v1/things/7", NULL, "GET, PATCH"},
	    {"get", "/v1/things", NULL, "GET, POST"},
	    {"POST", "/", NULL, "GET"},
	    {"GET", "/v1", NULL, ""},
	    {"GET", "/v1/things/", NULL, ""},
	    {"GET", "/v1//", NULL, ""},
	    {"GET", "/v1/thing", NULL, ""},
	    {"GET", "/v1/things/7/parts", NULL, ""},
	    {"GET", "/v1/things/a/parts/b/c", NULL, ""},
	    {"GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o", NULL, ""},
	};
	CLEANUP(contract_destroy) struct contract *contract = small_contract();

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct argument arguments[SEGMENTS_MAX];
		size_t count;
		char allow[64];
		const struct operation *found =
		    match(contract, rows[i].method, rows[i].path, arguments, &count, allow);
		cr_expect_str_eq(found ? found->id : "", rows[i].id ? rows[i].id : "", "%s %s: %s",
		    rows[i].method, rows[i].path, found ? found->id : "none");
		cr_expect_str_eq(allow, rows[i].allow, "%s %s: %s", rows[i].method, rows[i].path, allow);
	}
}

Test(contract_match, hands_out_the_values_of_the_path)
{
	CLEANUP(contract_destroy) struct contract *contract = small_contract();
	struct argument arguments[SEGMENTS_MAX];
	size_t count;
	char allow[64];

	cr_assert(match(contract, "GET", "/v1/apples/red/parts/3", arguments, &count, allow));
	cr_assert_eq(count, 3);
	static const char *const expected[][2] = {{"kind", "apples"}, {"name", "red"}, {"part", "3"}};
	for (size_t i = 0; i < count; i++) {
		cr_expect_str_eq(arguments[i].parameter->name, expected[i][0]);
		cr_expect_eq(arguments[i].parameter->place, IN_PATH);
		cr_expect_str_eq(arguments[i].value, expected[i][1]);
	}
}
