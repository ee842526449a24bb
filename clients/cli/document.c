/* Owns the reading of the OpenAPI document into operations. */
#include "cli/document.h"

#include <ctype.h>
#include <errno.h>

#define REFERENCES 16 /* the longest chain of $ref, so that a circle ends */

const json_t *document_resolve(const struct document *document, const json_t *node)
{
	for (int i = 0; i < REFERENCES; i++) {
		const char *reference = json_string_value(json_object_get(node, "$ref"));
		if (!reference)
			return node;
		if (strncmp(reference, "#/", 2) != 0)
			return NULL;
		const json_t *target = document->root;
		for (const char *at = reference + 2; target && *at;) {
			struct text name CLEANUP(text_finish) = TEXT_INIT(512);
			for (; *at && *at != '/'; at++) {
				if (at[0] == '~' && (at[1] == '0' || at[1] == '1'))
					text_putc(&name, *++at == '1' ? '/' : '~');
				else
					text_putc(&name, *at);
			}
			target = json_object_get(target, text_string(&name));
			at += *at == '/';
		}
		node = target;
	}
	return NULL;
}

bool schema_allows(const json_t *schema, const char *type)
{
	const json_t *types = json_object_get(schema, "type");

	if (json_is_string(types))
		return strcmp(json_string_value(types), type) == 0;
	for (size_t i = 0; i < json_array_size(types); i++) {
		const char *one = json_string_value(json_array_get(types, i));
		if (one && strcmp(one, type) == 0)
			return true;
	}
	return false;
}

static bool is_index(const char *name)
{
	return name[0] && strspn(name, "0123456789") == strlen(name);
}

static const json_t *schema_member(
    const struct document *document, const json_t *schema, const char *name, int depth)
{
	schema = document_resolve(document, schema);
	if (!schema || depth > REFERENCES)
		return NULL;
	const json_t *found = json_object_get(json_object_get(schema, "properties"), name);
	if (!found && is_index(name))
		found = json_object_get(schema, "items");
	if (found)
		return document_resolve(document, found);

	const char *const combinations[] = {"allOf", "anyOf", "oneOf"};
	for (size_t i = 0; i < ARRAY_LENGTH(combinations); i++) {
		const json_t *list = json_object_get(schema, combinations[i]);
		for (size_t j = 0; j < json_array_size(list); j++) {
			found = schema_member(document, json_array_get(list, j), name, depth + 1);
			if (found)
				return found;
		}
	}
	return NULL;
}

const json_t *document_schema_at(
    const struct document *document, const json_t *schema, const char *path)
{
	while (schema && *path) {
		char name[128];
		size_t length = strcspn(path, ".");
		if (length == 0 || length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		schema = schema_member(document, schema, name, 0);
		path += length;
		path += *path == '.';
	}
	return document_resolve(document, schema);
}

/* "aware_on[gte]" is --aware-on-gte. */
static char *flag_of(const char *name)
{
	struct text flag CLEANUP(text_finish) = TEXT_INIT(128);

	for (; *name; name++) {
		if (*name == '_' || *name == '[')
			text_putc(&flag, '-');
		else if (*name != ']')
			text_putc(&flag, *name);
	}
	return text_take(&flag);
}

static bool read_parameter(
    const struct document *document, const json_t *node, struct parameter *parameter)
{
	const json_t *schema = document_resolve(document, json_object_get(node, "schema"));

	parameter->name = json_text(node, "name");
	parameter->flag = flag_of(parameter->name);
	parameter->description = json_text(node, "description");
	parameter->is_switch = schema_allows(schema, "boolean");
	parameter->is_negatable =
	    parameter->is_switch && !json_is_false(json_object_get(schema, "default"));
	parameter->required = json_is_true(json_object_get(node, "required"));
	parameter->values = json_object_get(schema, "enum");
	if (!parameter->values)
		parameter->values =
		    json_object_get(document_resolve(document, json_object_get(schema, "items")), "enum");
	return parameter->flag;
}

static bool grow(struct parameter **list, size_t count)
{
	struct parameter *grown = reallocarray(*list, count + 1, sizeof(**list));

	if (!grown)
		return false;
	grown[count] = (struct parameter){0};
	*list = grown;
	return true;
}

static bool take_parameter(
    const struct document *document, const json_t *node, struct operation *operation)
{
	node = document_resolve(document, node);
	const char *in = json_text(node, "in");

	/* Where it may be left out, leaving it out means something: a case system's PUT may create. */
	if (strcmp(in, "header") == 0 && strcmp(json_text(node, "name"), "If-Match") == 0 &&
	    json_is_true(json_object_get(node, "required")))
		operation->takes_if_match = true;
	if (strcmp(in, "query") != 0)
		return true;
	return grow(&operation->flags, operation->flag_count) &&
	       read_parameter(document, node, &operation->flags[operation->flag_count++]);
}

/* The path's own order decides, because that is how a person reads it. */
static bool take_path_parameters(struct operation *operation)
{
	for (const char *at = strchr(operation->path, '{'); at; at = strchr(at + 1, '{')) {
		size_t length = strcspn(at + 1, "}");
		if (!grow(&operation->path_parameters, operation->path_parameter_count))
			return false;
		struct parameter *parameter =
		    &operation->path_parameters[operation->path_parameter_count++];
		parameter->flag = strndup(at + 1, length);
		parameter->name = parameter->flag;
		parameter->description = "";
		parameter->required = true;
		if (!parameter->flag)
			return false;
	}
	return true;
}

static void take_body(
    const struct document *document, const json_t *node, struct operation *operation)
{
	const json_t *body = document_resolve(document, json_object_get(node, "requestBody"));
	json_t *content = json_object_get(body, "content");
	const char *type;
	json_t *media;

	json_object_foreach (content, type, media) {
		if (strcmp(type, "text/csv") == 0)
			operation->takes_csv = true;
		if (operation->body_type || !strstr(type, "json"))
			continue;
		operation->body_type = type;
		operation->body = document_resolve(document, json_object_get(media, "schema"));
	}
}

static void take_answer(
    const struct document *document, const json_t *node, struct operation *operation)
{
	json_t *responses = json_object_get(node, "responses");
	const char *status;
	json_t *response;

	json_object_foreach (responses, status, response) {
		const json_t *content = json_object_get(document_resolve(document, response), "content");
		if (status[0] == '2' && content && !operation->answers)
			operation->answers = content;
		/* What lists show is said by x-columns. */
		if (status[0] == '2' && !operation->columns && json_object_get(content, "text/csv"))
			operation->makes_csv = true;
	}
}

static bool take_parameters(
    const struct document *document, const json_t *list, struct operation *operation)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!take_parameter(document, json_array_get(list, i), operation))
			return false;
	}
	return true;
}

static bool take_operation(struct document *document, const char *method, const char *path,
    const json_t *item, const json_t *node)
{
	struct operation *grown = reallocarray(
	    document->operations, document->operation_count + 1, sizeof(*document->operations));

	if (!grown)
		return false;
	document->operations = grown;
	struct operation *operation = &grown[document->operation_count++];
	*operation = (struct operation){
	    .id = json_text(node, "operationId"),
	    .method = method,
	    .path = path,
	    .words = json_string_value(json_object_get(node, "x-cli")),
	    .summary = json_text(node, "summary"),
	    .description = json_text(node, "description"),
	    .takes_if_match = strcmp(method, "PATCH") == 0,
	    .confirms =
	        strcmp(method, "DELETE") == 0 || json_is_true(json_object_get(node, "x-confirm")),
	    .columns = json_object_get(node, "x-columns"),
	    .accept = json_string_value(json_object_get(node, "x-accept")),
	};
	take_body(document, node, operation);
	take_answer(document, node, operation);
	return take_path_parameters(operation) &&
	       take_parameters(document, json_object_get(item, "parameters"), operation) &&
	       take_parameters(document, json_object_get(node, "parameters"), operation);
}

static bool take_paths(struct document *document)
{
	static const struct {
		const char *member;
		const char *method;
	} methods[] = {
	    {"get", "GET"},
	    {"post", "POST"},
	    {"put", "PUT"},
	    {"patch", "PATCH"},
	    {"delete", "DELETE"},
	};
	const char *path;
	json_t *item;

	json_object_foreach (json_object_get(document->root, "paths"), path, item) {
		const json_t *resolved = document_resolve(document, item);
		for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
			const json_t *node = json_object_get(resolved, methods[i].member);
			if (node && !take_operation(document, methods[i].method, path, resolved, node))
				return false;
		}
	}
	return true;
}

bool document_read(
    const char *bytes, size_t length, struct document *ret_document, struct text *message)
{
	struct document document CLEANUP(document_finish) = {0};
	json_error_t error;

	document.root = json_loadb(bytes, length, 0, &error);
	if (!document.root) {
		text_printf(message, "The OpenAPI document cannot be read: %s", error.text);
		return false;
	}
	if (!take_paths(&document)) {
		text_puts(message, "Memory ended while the OpenAPI document was read");
		return false;
	}
	*ret_document = document;
	document = (struct document){0};
	return true;
}

static void free_parameters(struct parameter *parameters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(parameters[i].flag);
	free(parameters);
}

void document_finish(struct document *document)
{
	for (size_t i = 0; i < document->operation_count; i++) {
		struct operation *operation = &document->operations[i];
		free_parameters(operation->path_parameters, operation->path_parameter_count);
		free_parameters(operation->flags, operation->flag_count);
	}
	free(document->operations);
	json_decref(document->root);
	*document = (struct document){0};
}

size_t words_match(const char *spaced, const char *const *words, size_t word_count)
{
	size_t used = 0;

	while (*spaced) {
		size_t length = strcspn(spaced, " ");
		if (used == word_count || strlen(words[used]) != length ||
		    strncmp(words[used], spaced, length) != 0)
			return 0;
		used++;
		spaced += length;
		spaced += *spaced == ' ';
	}
	return used;
}

const struct operation *document_find(
    const struct document *document, const char *const *words, size_t word_count, size_t *ret_used)
{
	const struct operation *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < document->operation_count; i++) {
		const struct operation *operation = &document->operations[i];
		if (!operation->words)
			continue;
		size_t used = words_match(operation->words, words, word_count);
		if (used > most) {
			most = used;
			best = operation;
		}
	}
	if (best)
		*ret_used = most;
	return best;
}

const struct operation *document_operation(const struct document *document, const char *id)
{
	for (size_t i = 0; i < document->operation_count; i++) {
		if (strcmp(document->operations[i].id, id) == 0)
			return &document->operations[i];
	}
	return NULL;
}

const struct operation *document_at(
    const struct document *document, const char *method, const char *path)
{
	for (size_t i = 0; i < document->operation_count; i++) {
		const struct operation *operation = &document->operations[i];
		if (strcmp(operation->method, method) == 0 && strcmp(operation->path, path) == 0)
			return operation;
	}
	return NULL;
}

const struct parameter *operation_flag(const struct operation *operation, const char *flag)
{
	for (size_t i = 0; i < operation->flag_count; i++) {
		if (strcmp(operation->flags[i].flag, flag) == 0)
			return &operation->flags[i];
	}
	return NULL;
}
