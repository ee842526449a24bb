/* Owns the small document of the contract's tests. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char small[] =
    "{'openapi': '3.1.0', 'info': {'title': 'small', 'version': '1'},"
    "'security': [{'bearer': ['things:read']}],"
    "'paths': {"
    " '/': {'get': {'operationId': 'getRoot', 'security': [], 'responses': {'200':"
    "  {'description': 'ok', 'content': {'text/html': {}}}}}},"
    " '/v1/things': {"
    "  'parameters': [{'$ref': '#/components/parameters/Limit'}],"
    "  'get': {'operationId': 'listThings', 'x-list': true, 'parameters': ["
    "    {'name': 'status', 'in': 'query', 'explode': false, 'schema': {'type': 'array',"
    "     'maxItems': 2, 'uniqueItems': true, 'items': {'enum': ['open', 'closed', 'lost']}}},"
    "    {'name': 'since[gte]', 'in': 'query', 'schema': {'type': 'string', 'format': 'date'}},"
    "    {'name': 'exact', 'in': 'query', 'schema': {'type': 'boolean'}},"
    "    {'name': 'ratio', 'in': 'query', 'schema': {'type': 'number', 'maximum': 1}}],"
    "   'responses': {'200': {'description': 'ok', 'content': {"
    "     'application/json': {'schema': {'type': 'array', 'items':"
    "      {'$ref': '#/components/schemas/Thing'}}}, 'text/csv': {}}},"
    "    '304': {'description': 'same'}, 'default': {'$ref': '#/components/responses/Problem'}}},"
    "  'post': {'operationId': 'createThing', 'x-most': 7,"
    "   'security': [{'bearer': ['things:write']}, {'bearer': ['admin']}],"
    "   'parameters': [{'name': 'Idempotency-Key', 'in': 'header', 'required': true,"
    "     'schema': {'type': 'string', 'minLength': 1}},"
    "    {'name': 'limit', 'in': 'query', 'schema': {'type': 'integer', 'maximum': 5}}],"
    "   'requestBody': {'required': true, 'content': {'application/json': {'schema':"
    "    {'$ref': '#/components/schemas/Thing'}}}},"
    "   'responses': {'201': {'description': 'made', 'headers': {'Location':"
    "     {'schema': {'type': 'string', 'format': 'uri-reference'}}}, 'content':"
    "     {'application/json': {'schema': {'$ref': '#/components/schemas/Thing'}}}},"
    "    '202': {'description': 'later', 'content': {'application/json': {'schema': {}}}}}}},"
    " '/v1/things/batch': {'post': {'operationId': 'createBatch', 'responses':"
    "   {'204': {'description': 'done'}}}},"
    " '/v1/things/{thing_id}': {'parameters': [{'name': 'thing_id', 'in': 'path',"
    "    'required': true, 'schema': {'type': 'string', 'format': 'uuid'}}],"
    "  'get': {'operationId': 'getThing', 'responses': {'200': {'description': 'ok'}}},"
    "  'patch': {'operationId': 'patchThing', 'requestBody': {'content':"
    "    {'application/merge-patch+json': {'schema': {'type': 'object'}}}},"
    "   'responses': {'200': {'description': 'ok'}}}},"
    " '/v1/{kind}/{name}/parts/{part}': {'get': {'operationId': 'getPart', 'parameters': ["
    "    {'name': 'kind', 'in': 'path', 'required': true, 'schema': {'type': 'string'}},"
    "    {'name': 'name', 'in': 'path', 'required': true, 'schema': {'type': 'string'}},"
    "    {'name': 'part', 'in': 'path', 'required': true, 'schema': {'type': 'integer'}}],"
    "   'responses': {'200': {'description': 'ok'}}}}},"
    "'components': {"
    " 'securitySchemes': {'bearer': {'type': 'http', 'scheme': 'bearer'}},"
    " 'parameters': {'Limit': {'name': 'limit', 'in': 'query', 'schema':"
    "  {'$ref': '#/components/schemas/Limit'}}},"
    " 'responses': {'Problem': {'description': 'refused', 'content': {'application/problem+json':"
    "  {'schema': {'type': 'object', 'required': ['code']}}}}},"
    " 'schemas': {"
    "  'Limit': {'type': 'integer', 'minimum': 1, 'maximum': 200, 'default': 50},"
    "  'Thing': {'type': 'object', 'required': ['name'], 'additionalProperties': false,"
    "   'properties': {'name': {'type': 'string', 'minLength': 1},"
    "    'parts': {'type': 'array', 'items': {'$ref': '#/components/schemas/Thing'}}}}}}}";

json_t *json_of(const char *text)
{
	json_error_t error;
	CLEANUP(free) char *copy = strdup(text);

	/* The tests write JSON with single quotes, as there is no text with one in it. */
	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *json = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	cr_assert(json, "%s at %d: %s", error.text, error.position, text);
	return json;
}

json_t *small_document(void)
{
	return json_of(small);
}

struct contract *small_contract(void)
{
	CLEANUP(json_decref) json_t *document = small_document();
	CLEANUP(free) char *text = json_dumps(document, 0);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct contract *contract = NULL;

	cr_assert(contract_load(text, strlen(text), &contract, &problem), "%s", problem.detail);
	return contract;
}

struct schema *schema_of(json_t *document)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct schema *schema = NULL;

	cr_assert(schema_compile(document, "", &schema, &problem), "%s", problem.detail);
	return schema;
}

const char *faults_of(const struct problem *problem)
{
	static char lines[8000];
	size_t length = 0;
	size_t index;
	json_t *fault;

	lines[0] = '\0';
	json_array_foreach (problem->errors, index, fault) {
		length += (size_t)snprintf(lines + length, sizeof(lines) - length, "%s %s\n",
		    json_string_value(json_object_get(fault, "pointer")),
		    json_string_value(json_object_get(fault, "code")));
		cr_assert(length < sizeof(lines));
	}
	return lines;
}
