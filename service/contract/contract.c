/* Owns the loading of the OpenAPI document, and the look-up of its operations. */
#include "contract/contract_model.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REFERENCES_MAX 8

/* A path item's key is the name in lower case. This is the order of an Allow header. */
const char *const method_names[METHODS] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
static const char *const method_keys[METHODS] = {
    "get", "head", "post", "put", "patch", "delete", "options"};

bool loader_refuse(struct loader *loader, const struct place *place, const char *format, ...)
{
	CLEANUP(text_finish) struct text where = TEXT_INIT(160);
	char reason[140];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	pointer_write(&where, "", place);
	return problem_set(loader->problem, PROBLEM_INTERNAL, "#%s: %s", text_string(&where), reason);
}

const json_t *loader_resolve(struct loader *loader, const json_t *json, const struct place *place)
{
	for (int i = 0; i < REFERENCES_MAX; i++) {
		const json_t *reference = json_object_get(json, "$ref");
		if (!reference)
			return json;
		const char *target = json_string_value(reference);
		json = target ? reference_find(loader->contract->document, target) : NULL;
		if (!json) {
			loader_refuse(loader, place, "the reference leads nowhere");
			return NULL;
		}
	}
	loader_refuse(loader, place, "the reference leads back to itself");
	return NULL;
}

bool loader_know(
    struct loader *loader, const json_t *json, const char *const known[], const struct place *place)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return loader_refuse(loader, place, "an object is needed");
	json_object_foreach ((json_t *)json, key, value) {
		bool found = strncmp(key, "x-", 2) == 0;
		for (size_t i = 0; known[i] && !found; i++)
			found = strcmp(known[i], key) == 0;
		if (!found)
			return loader_refuse(loader, place, "\"%.60s\" is not known here", key);
	}
	return true;
}

bool loader_compile(struct loader *loader, const json_t *schema, const struct place *place,
    const struct schema **ret_schema)
{
	CLEANUP(text_finish) struct text where = TEXT_INIT(POINTER_MAX);

	pointer_write(&where, "", place);
	return schema_set_compile(
	    loader->contract->set, schema, text_string(&where), ret_schema, loader->problem);
}

char *loader_copy(struct loader *loader, const char *string)
{
	return arena_copy(&loader->contract->arena, string, strlen(string));
}

static bool add_operation(struct loader *loader, struct route *route, size_t method,
    const json_t *item, const struct place *place)
{
	struct contract *contract = loader->contract;
	struct place here = {place, method_keys[method], 0};
	struct entry *entry = &contract->entries[contract->entry_count];

	entry->operation.method = method_names[method];
	entry->operation.path = route->path;
	entry->operation.index = contract->entry_count;
	if (!operation_read(loader, entry, route, json_object_get(item, "parameters"),
	        json_object_get(item, method_keys[method]), &here))
		return false;
	if (contract_find(contract, entry->operation.id))
		return loader_refuse(
		    loader, &here, "operationId \"%.60s\" stands twice", entry->operation.id);
	route->entries[method] = entry;
	contract->entry_count++;
	return true;
}

static bool add_path(
    struct loader *loader, const char *path, const json_t *item, const struct place *parent)
{
	static const char *const known[] = {"get", "head", "post", "put", "patch", "delete", "options",
	    "parameters", "summary", "description", NULL};
	struct contract *contract = loader->contract;
	struct place here = {parent, path, 0};
	struct route *route = &contract->routes[contract->route_count];

	if (!loader_know(loader, item, known, &here) || !route_read(loader, route, path, &here))
		return false;
	for (size_t method = 0; method < METHODS; method++)
		if (json_object_get(item, method_keys[method]) &&
		    !add_operation(loader, route, method, item, &here))
			return false;
	contract->route_count++;
	return true;
}

static bool add_paths(struct loader *loader, const json_t *paths)
{
	struct contract *contract = loader->contract;
	const char *path;
	json_t *item;
	size_t count = json_object_size(paths);
	struct place place = {NULL, "paths", 0};

	if (!count)
		return loader_refuse(loader, &place, "the document has no paths");
	contract->routes = arena_take(&contract->arena, count, sizeof(*contract->routes));
	contract->entries = arena_take(&contract->arena, count * METHODS, sizeof(*contract->entries));
	json_object_foreach ((json_t *)paths, path, item)
		if (!add_path(loader, path, item, &place))
			return false;
	return routes_arrange(loader);
}

/* Every schema of the document, so that one which nobody uses yet is checked, too. */
static bool compile_components(struct loader *loader)
{
	const char *name;
	json_t *schema;
	const struct schema *compiled;
	struct place components = {NULL, "components", 0};
	struct place schemas = {&components, "schemas", 0};

	json_object_foreach (
	    (json_t *)pointer_find(loader->contract->document, "/components/schemas"), name, schema) {
		struct place here = {&schemas, name, 0};
		if (!loader_compile(loader, schema, &here, &compiled))
			return false;
	}
	return true;
}

static bool read_document(struct loader *loader, const char *json, size_t length)
{
	json_error_t error;
	struct contract *contract = loader->contract;

	contract->document = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
	if (!contract->document)
		return problem_set(loader->problem, PROBLEM_INTERNAL,
		    "The OpenAPI document is not JSON: line %d, column %d: %.120s", error.line,
		    error.column, error.text);
	const char *version = json_string_value(json_object_get(contract->document, "openapi"));
	if (!version || strncmp(version, "3.1.", 4) != 0)
		return loader_refuse(loader, NULL, "the document is not OpenAPI 3.1");
	contract->set = schema_set_create(contract->document);
	if (!contract->set)
		return loader_refuse(loader, NULL, "there is no memory for the schemas");
	return compile_components(loader) &&
	       add_paths(loader, json_object_get(contract->document, "paths"));
}

bool contract_load(
    const char *json, size_t length, struct contract **ret_contract, struct problem *problem)
{
	CLEANUP(contract_destroy) struct contract *contract = calloc(1, sizeof(*contract));
	if (!contract)
		return problem_set(problem, PROBLEM_UNAVAILABLE, "There is no memory for the contract.");

	struct loader loader = {contract, problem};
	if (!read_document(&loader, json, length))
		return false;
	*ret_contract = TAKE(contract);
	return true;
}

void contract_destroy(struct contract *contract)
{
	if (!contract)
		return;
	schema_set_destroy(contract->set);
	arena_finish(&contract->arena);
	json_decref(contract->document);
	free(contract);
}

size_t contract_operation_count(const struct contract *contract)
{
	return contract->entry_count;
}

const struct operation *contract_operation(const struct contract *contract, size_t index)
{
	assert(index < contract->entry_count);
	return &contract->entries[index].operation;
}

const struct operation *contract_find(const struct contract *contract, const char *operation_id)
{
	for (size_t i = 0; i < contract->entry_count; i++)
		if (strcmp(contract->entries[i].operation.id, operation_id) == 0)
			return &contract->entries[i].operation;
	return NULL;
}

const json_t *contract_document(const struct contract *contract)
{
	return contract->document;
}
