/* Owns the reading of one operation: its id, who may call it, and the body that it takes. */
#include "contract/contract_model.h"

#include <ctype.h>
#include <string.h>

static bool read_id(struct loader *loader, struct operation *operation, const struct place *place)
{
	operation->id = json_string_value(json_object_get(operation->document, "operationId"));
	if (!operation->id || !isalpha((unsigned char)operation->id[0]))
		return loader_refuse(loader, place, "an operationId is needed");
	for (const char *at = operation->id; *at; at++)
		if (!isalnum((unsigned char)*at))
			return loader_refuse(loader, place, "an operationId has letters and digits only");
	return true;
}

/* One alternative is one scheme with one scope: a list without a scope would open the door. */
static bool read_scope(struct loader *loader, const json_t *alternative, const char **ret_scope,
    const struct place *place)
{
	void *scheme = json_object_iter((json_t *)alternative);
	const json_t *scopes = json_object_iter_value(scheme);
	const json_t *schemes = pointer_find(loader->contract->document, "/components/securitySchemes");

	if (json_object_size(alternative) != 1)
		return loader_refuse(loader, place, "an alternative of security has one scheme");
	if (!json_object_get(schemes, json_object_iter_key(scheme)))
		return loader_refuse(loader, place, "the security scheme is not in components");
	*ret_scope = json_array_size(scopes) == 1 ? json_string_value(json_array_get(scopes, 0)) : NULL;
	if (!*ret_scope || !**ret_scope)
		return loader_refuse(loader, place, "an alternative of security has one scope");
	return true;
}

static bool read_security(
    struct loader *loader, struct operation *operation, const struct place *parent)
{
	struct place place = {parent, "security", 0};
	const json_t *security = json_object_get(operation->document, "security");
	if (!security)
		security = json_object_get(loader->contract->document, "security");
	if (!json_is_array(security))
		return loader_refuse(loader, parent, "a list of security is needed, [] for none");

	size_t count = json_array_size(security);
	const char **scopes = arena_take(&loader->contract->arena, count + 1, sizeof(*scopes));
	for (size_t i = 0; i < count; i++) {
		struct place here = {&place, NULL, i};
		if (!read_scope(loader, json_array_get(security, i), &scopes[i], &here))
			return false;
	}
	operation->scopes = scopes;
	operation->open = count == 0;
	return true;
}

static bool read_json_body(struct loader *loader, struct operation *operation, const char *type,
    const json_t *schema, const struct place *parent)
{
	struct place place = {parent, "schema", 0};

	if (operation->body)
		return loader_refuse(loader, parent, "a body has one type of JSON");
	operation->body_type = type;
	return loader_compile(loader, schema, &place, &operation->body);
}

/* A sheet is a list of lines, whose members are its columns. */
static bool read_sheet_body(struct loader *loader, struct operation *operation,
    const json_t *schema, const struct place *parent)
{
	struct place place = {parent, "schema", 0};
	struct place in_items = {&place, "items", 0};
	const json_t *items = json_object_get(schema, "items");
	const json_t *line = items ? loader_resolve(loader, items, &in_items) : NULL;
	json_int_t most = json_integer_value(json_object_get(schema, "maxItems"));

	operation->columns = json_object_get(line, "properties");
	operation->lines_max = most > 0 ? (size_t)most : 0;
	if (!json_object_size(operation->columns) || !operation->lines_max)
		return loader_refuse(
		    loader, &place, "an array with maxItems is needed whose items have properties");
	return loader_compile(loader, items, &in_items, &operation->line);
}

static bool read_media(struct loader *loader, struct operation *operation, const char *type,
    const json_t *media, const struct place *parent)
{
	static const char *const known[] = {"schema", "example", "examples", NULL};
	struct place place = {parent, type, 0};
	const json_t *schema = json_object_get(media, "schema");

	if (!loader_know(loader, media, known, &place))
		return false;
	if (!schema)
		return loader_refuse(loader, &place, "a schema is needed");
	if (strcmp(type, "application/json") == 0 || strcmp(type, "application/merge-patch+json") == 0)
		return read_json_body(loader, operation, type, schema, &place);
	if (strcmp(type, "text/csv") == 0)
		return read_sheet_body(loader, operation, schema, &place);
	return loader_refuse(loader, &place,
	    "either application/json or application/merge-patch+json is needed, and text/csv may stand "
	    "beside it");
}

static bool read_body(
    struct loader *loader, struct operation *operation, const struct place *parent)
{
	static const char *const known[] = {"description", "required", "content", NULL};
	struct place place = {parent, "requestBody", 0};
	struct place in_content = {&place, "content", 0};
	const json_t *body = json_object_get(operation->document, "requestBody");
	const char *type;
	json_t *media;

	if (!body)
		return true;
	body = loader_resolve(loader, body, &place);
	if (!body || !loader_know(loader, body, known, &place))
		return false;
	json_object_foreach (json_object_get(body, "content"), type, media)
		if (!read_media(loader, operation, type, media, &in_content))
			return false;
	if (!operation->body)
		return loader_refuse(loader, &in_content,
		    "either application/json or application/merge-patch+json is needed");
	operation->body_required = json_is_true(json_object_get(body, "required"));
	return true;
}

static bool read_most(
    struct loader *loader, struct operation *operation, const struct place *parent)
{
	struct place place = {parent, "x-most", 0};
	const json_t *most = json_object_get(operation->document, "x-most");

	if (most && json_integer_value(most) < 1)
		return loader_refuse(loader, &place, "a whole number from 1 on is needed");
	operation->most = (size_t)json_integer_value(most);
	return true;
}

bool operation_read(struct loader *loader, struct entry *entry, const struct route *route,
    const json_t *shared_parameters, const json_t *json, const struct place *place)
{
	static const char *const known[] = {"tags", "summary", "description", "externalDocs",
	    "operationId", "parameters", "requestBody", "responses", "deprecated", "security", NULL};
	struct operation *operation = &entry->operation;

	operation->document = json;
	return loader_know(loader, json, known, place) && read_id(loader, operation, place) &&
	       read_security(loader, operation, place) &&
	       parameters_read(loader, operation, route, shared_parameters,
	           json_object_get(json, "parameters"), place) &&
	       read_body(loader, operation, place) && read_most(loader, operation, place) &&
	       answers_read(loader, entry, json_object_get(json, "responses"), place);
}
