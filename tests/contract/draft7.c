/*
 * Owns the translation of draft 7: definitions become $defs, a list of items becomes prefixItems
 * with additionalItems as items, dependencies become dependentRequired or a condition.
 */
#include "draft7.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_one_of(const char *keyword, const char *const names[])
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], keyword) == 0)
			return true;
	return false;
}

static json_t *translate_map(const json_t *map)
{
	json_t *copy = json_object();
	const char *name;
	json_t *schema;

	json_object_foreach ((json_t *)map, name, schema)
		json_object_set_new(copy, name, draft7_translate(schema));
	return copy;
}

static json_t *translate_list(const json_t *list)
{
	json_t *copy = json_array();
	size_t index;
	json_t *schema;

	json_array_foreach (list, index, schema)
		json_array_append_new(copy, draft7_translate(schema));
	return copy;
}

/* A pointer goes through the renamed keywords, too. */
static json_t *translate_reference(const char *reference)
{
	static const char *const renamed[][2] = {
	    {"#/definitions/", "#/$defs/"}, {"#/items/", "#/prefixItems/"}};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(renamed[i][0]);
		if (strncmp(reference, renamed[i][0], length) == 0)
			return json_sprintf("%s%s", renamed[i][1], reference + length);
	}
	return json_string(reference);
}

/* A dependency on a schema is the condition that the property is there. */
static json_t *translate_condition(const char *name, const json_t *schema)
{
	return json_pack("{s:{s:[s], s:s}, s:{s:o}}", "if", "required", name, "type", "object", "then",
	    "allOf", json_pack("[o]", draft7_translate(schema)));
}

static void translate_dependencies(const json_t *dependencies, json_t *ret_copy)
{
	json_t *required = json_object();
	json_t *conditions = json_array();
	const char *name;
	json_t *dependency;

	json_object_foreach ((json_t *)dependencies, name, dependency) {
		if (json_is_array(dependency))
			json_object_set(required, name, dependency);
		else
			json_array_append_new(conditions, translate_condition(name, dependency));
	}
	json_object_set_new(ret_copy, "dependentRequired", required);
	assert(!json_object_get(ret_copy, "allOf"));
	if (json_array_size(conditions))
		json_object_set(ret_copy, "allOf", conditions);
	json_decref(conditions);
}

static void translate_items(const json_t *schema, json_t *ret_copy)
{
	const json_t *items = json_object_get(schema, "items");
	const json_t *additional = json_object_get(schema, "additionalItems");

	if (items && !json_is_array(items))
		json_object_set_new(ret_copy, "items", draft7_translate(items));
	if (!json_is_array(items))
		return; /* additionalItems means nothing without a list of items */
	json_object_set_new(ret_copy, "prefixItems", translate_list(items));
	if (additional)
		json_object_set_new(ret_copy, "items", draft7_translate(additional));
}

static void translate_keyword(const char *keyword, json_t *value, json_t *ret_copy)
{
	static const char *const maps[] = {"properties", "patternProperties", NULL};
	static const char *const lists[] = {"allOf", "anyOf", "oneOf", NULL};
	static const char *const schemas[] = {
	    "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", NULL};
	static const char *const elsewhere[] = {"items", "additionalItems", NULL};

	if (is_one_of(keyword, elsewhere))
		return;
	if (strcmp(keyword, "definitions") == 0)
		json_object_set_new(ret_copy, "$defs", translate_map(value));
	else if (strcmp(keyword, "dependencies") == 0)
		translate_dependencies(value, ret_copy);
	else if (strcmp(keyword, "$ref") == 0 && json_is_string(value))
		json_object_set_new(ret_copy, "$ref", translate_reference(json_string_value(value)));
	else if (is_one_of(keyword, maps))
		json_object_set_new(ret_copy, keyword, translate_map(value));
	else if (is_one_of(keyword, lists))
		json_object_set_new(ret_copy, keyword, translate_list(value));
	else if (is_one_of(keyword, schemas))
		json_object_set_new(ret_copy, keyword, draft7_translate(value));
	else
		json_object_set(ret_copy, keyword, value);
}

json_t *draft7_translate(const json_t *schema)
{
	const char *keyword;
	json_t *value;

	if (!json_is_object(schema))
		return json_incref((json_t *)schema);
	json_t *copy = json_object();
	json_object_foreach ((json_t *)schema, keyword, value)
		translate_keyword(keyword, value, copy);
	translate_items(schema, copy);
	return copy;
}
