/* Owns parameters: how the document declares them, and the check of their values. */
#include "contract/contract_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIST_VALUES_MAX 200

static const struct {
	const char *name;
	unsigned types;
} scalar_types[] = {{"string", TYPE_STRING}, {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER},
    {"boolean", TYPE_BOOLEAN}};

static bool read_place(struct loader *loader, struct parameter *parameter, const json_t *json,
    const struct place *place)
{
	static const struct {
		const char *name;
		enum parameter_place place;
		const char *style;
	} places[] = {
	    {"path", IN_PATH, "simple"}, {"query", IN_QUERY, "form"}, {"header", IN_HEADER, "simple"}};
	const char *in = json_string_value(json_object_get(json, "in"));
	const char *style = json_string_value(json_object_get(json, "style"));

	for (size_t i = 0; in && i < ARRAY_LENGTH(places); i++) {
		if (strcmp(places[i].name, in) != 0)
			continue;
		parameter->place = places[i].place;
		if (style && strcmp(style, places[i].style) != 0)
			return loader_refuse(loader, place, "the style must be \"%s\"", places[i].style);
		return true;
	}
	return loader_refuse(loader, place, "\"in\" must be path, query or header");
}

static const char *scalar_type(const struct schema *schema)
{
	for (size_t i = 0; i < ARRAY_LENGTH(scalar_types); i++)
		if (schema_types(schema) == scalar_types[i].types)
			return scalar_types[i].name;
	return NULL;
}

static bool read_schema(struct loader *loader, struct parameter *parameter, const json_t *json,
    const struct place *place)
{
	const struct schema *schema;
	struct place here = {place, "schema", 0};
	const json_t *declared = json_object_get(json, "schema");

	if (!declared)
		return loader_refuse(loader, place, "a schema is needed");
	if (!loader_compile(loader, declared, &here, &schema))
		return false;
	parameter->schema = schema;
	if (schema_types(schema) == TYPE_ARRAY) {
		while (schema->reference && !schema->array.items)
			schema = schema->reference;
		parameter->list = true;
		parameter->whole = parameter->schema;
		parameter->schema = schema->array.items;
		if (!parameter->schema)
			return loader_refuse(loader, &here, "a list needs items");
		if (parameter->place == IN_QUERY && !json_is_false(json_object_get(json, "explode")))
			return loader_refuse(loader, place, "a list in the query needs explode: false");
	}
	parameter->type = scalar_type(parameter->schema);
	return parameter->type || loader_refuse(loader, &here,
	                              "a parameter is one of string, integer, number and boolean");
}

static bool append_fallback(struct text *text, const json_t *value)
{
	CLEANUP(free) char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	const char *written = json_is_string(value) ? json_string_value(value) : dumped;

	if (written)
		text_puts(text, written);
	return written && !text->failed;
}

/* The default beside the type, or beside what the schema refers to. */
static bool read_fallback(struct loader *loader, struct parameter *parameter, const json_t *json,
    const struct place *place)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);
	const json_t *schema = json_object_get(json, "schema");
	const json_t *value = json_object_get(schema, "default");
	size_t index;
	json_t *item;

	if (!value && json_object_get(schema, "$ref")) {
		schema = loader_resolve(loader, schema, place);
		if (!schema)
			return false;
		value = json_object_get(schema, "default");
	}
	if (!value)
		return true;
	if (parameter->list != json_is_array(value))
		return loader_refuse(loader, place, "the default has another type");
	json_array_foreach (value, index, item) {
		if (index)
			text_putc(&text, ',');
		if (!append_fallback(&text, item))
			return loader_refuse(loader, place, "the default cannot be written");
	}
	if (!parameter->list && !append_fallback(&text, value))
		return loader_refuse(loader, place, "the default cannot be written");
	parameter->fallback = loader_copy(loader, text_string(&text));

	CLEANUP(problem_finish) struct problem fault = {0};
	return parameter_check(parameter, parameter->fallback, &fault) ||
	       loader_refuse(loader, place, "the default breaks the schema");
}

static bool read_parameter(struct loader *loader, struct parameter *parameter, const json_t *json,
    const struct place *place)
{
	static const char *const known[] = {"name", "in", "description", "required", "deprecated",
	    "schema", "style", "explode", "example", "examples", NULL};

	if (!loader_know(loader, json, known, place))
		return false;
	*parameter = (struct parameter){.name = json_string_value(json_object_get(json, "name"))};
	if (!parameter->name || !*parameter->name)
		return loader_refuse(loader, place, "a name is needed");
	parameter->required = json_is_true(json_object_get(json, "required"));
	return read_place(loader, parameter, json, place) &&
	       read_schema(loader, parameter, json, place) &&
	       read_fallback(loader, parameter, json, place);
}

/* Reads one list. A name that stands in `shared_count` earlier ones replaces them. */
static bool read_list(struct loader *loader, struct operation *operation,
    struct parameter *parameters, size_t shared_count, const json_t *list,
    const struct place *parent)
{
	size_t index;
	json_t *declared;
	struct place place = {parent, "parameters", 0};

	json_array_foreach (list, index, declared) {
		struct place here = {&place, NULL, index};
		struct parameter parameter;
		const json_t *json = loader_resolve(loader, declared, &here);
		if (!json || !read_parameter(loader, &parameter, json, &here))
			return false;
		const struct parameter *earlier =
		    operation_parameter(operation, parameter.place, parameter.name);
		if (earlier && (size_t)(earlier - parameters) >= shared_count)
			return loader_refuse(
			    loader, &here, "the parameter \"%.60s\" stands twice", parameter.name);
		if (earlier) {
			parameters[earlier - parameters] = parameter;
			continue;
		}
		if (operation->parameter_count == PARAMETERS_MAX)
			return loader_refuse(loader, &here, "more than %d parameters", PARAMETERS_MAX);
		parameters[operation->parameter_count++] = parameter;
	}
	return true;
}

static bool check_path_names(struct loader *loader, const struct operation *operation,
    const struct route *route, const struct place *place)
{
	size_t named = 0;
	size_t declared = 0;

	for (size_t i = 0; i < route->segment_count; i++) {
		if (!route->segments[i].named)
			continue;
		named++;
		const struct parameter *parameter =
		    operation_parameter(operation, IN_PATH, route->segments[i].text);
		if (!parameter || !parameter->required || parameter->list)
			return loader_refuse(loader, place,
			    "the path's \"%.60s\" needs a required parameter of one value",
			    route->segments[i].text);
	}
	for (size_t i = 0; i < operation->parameter_count; i++)
		declared += operation->parameters[i].place == IN_PATH;
	return declared == named || loader_refuse(loader, place, "a path parameter is not in the path");
}

bool parameters_read(struct loader *loader, struct operation *operation, const struct route *route,
    const json_t *shared, const json_t *own, const struct place *place)
{
	size_t most = json_array_size(shared) + json_array_size(own);
	struct parameter *parameters = arena_take(&loader->contract->arena, most, sizeof(*parameters));

	operation->parameters = parameters;
	return read_list(loader, operation, parameters, 0, shared, place->parent) &&
	       read_list(loader, operation, parameters, operation->parameter_count, own, place) &&
	       check_path_names(loader, operation, route, place);
}

const struct parameter *operation_parameter(
    const struct operation *operation, enum parameter_place place, const char *name)
{
	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct parameter *parameter = &operation->parameters[i];
		if (parameter->place != place)
			continue;
		if (place == IN_HEADER ? strcasecmp(parameter->name, name) == 0
		                       : strcmp(parameter->name, name) == 0)
			return parameter;
	}
	return NULL;
}

/* Written as JSON writes it: no plus sign, no blanks, no leading zeros. */
static json_t *number_from(const char *text)
{
	if (!*text || !strchr("-0123456789", *text) || strpbrk(text, " \t\r\n"))
		return NULL;
	return json_loads(text, JSON_DECODE_ANY, NULL);
}

static json_t *integer_from(const char *text)
{
	return strspn(text, "-0123456789") == strlen(text) ? number_from(text) : NULL;
}

/* The value as JSON of the parameter's type; NULL when the text is none. A new reference. */
static json_t *value_from(const char *type, const char *text)
{
	if (strcmp(type, "string") == 0)
		return json_string(text);
	if (strcmp(type, "integer") == 0)
		return integer_from(text);
	if (strcmp(type, "number") == 0)
		return number_from(text);
	if (strcmp(text, "true") == 0)
		return json_true();
	return strcmp(text, "false") == 0 ? json_false() : NULL;
}

static bool type_fault(const struct parameter *parameter, struct problem *problem)
{
	static const struct {
		const char *type;
		const char *words;
	} sentences[] = {{"string", "Must be UTF-8 text."}, {"integer", "Must be an integer."},
	    {"number", "Must be a number."}, {"boolean", "Must be true or false."}};

	for (size_t i = 0; i < ARRAY_LENGTH(sentences); i++)
		if (strcmp(sentences[i].type, parameter->type) == 0)
			problem_add(
			    problem, PROBLEM_BAD_PARAMETER, parameter->name, "type", "%s", sentences[i].words);
	return false;
}

static bool check_one(
    const struct parameter *parameter, const char *text, json_t *ret_list, struct problem *problem)
{
	CLEANUP(json_decref) json_t *value = value_from(parameter->type, text);

	if (!value)
		return type_fault(parameter, problem);
	bool ok =
	    schema_check_as(parameter->schema, value, parameter->name, PROBLEM_BAD_PARAMETER, problem);
	if (ret_list)
		json_array_append(ret_list, value);
	return ok;
}

static bool check_list(const struct parameter *parameter, const char *text, struct problem *problem)
{
	CLEANUP(json_decref) json_t *list = json_array();
	CLEANUP(free) char *copy = strdup(text);
	bool ok = true;

	if (!list || !copy)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for the list of a parameter");
	for (char *rest = copy; rest && ok;) {
		const char *value = strsep(&rest, ",");
		ok = check_one(parameter, value, list, problem);
		if (json_array_size(list) > LIST_VALUES_MAX)
			return problem_add(problem, PROBLEM_BAD_PARAMETER, parameter->name, "max_items",
			    "Must have at most %d items.", LIST_VALUES_MAX);
	}
	return ok &&
	       schema_check_as(parameter->whole, list, parameter->name, PROBLEM_BAD_PARAMETER, problem);
}

bool parameter_check(const struct parameter *parameter, const char *value, struct problem *problem)
{
	if (parameter->list)
		return check_list(parameter, value, problem);
	return check_one(parameter, value, NULL, problem);
}
