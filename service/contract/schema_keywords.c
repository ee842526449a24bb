/* Owns the keywords of JSON Schema that the service knows, and how each is read. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "contract/schema_model.h"

#define SENTENCE_MAX 280

typedef bool read_keyword(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place);

static bool read_annotation(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	return true;
}

static bool read_title(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	schema->title = json_string_value(value);
	return schema->title || compile_refuse(compiler, place, "a title is a string");
}

static bool type_named(const char *name, unsigned *ret_types)
{
	static const struct {
		const char *name;
		unsigned types;
	} types[] = {{"null", TYPE_NULL}, {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER},
	    {"number", TYPE_NUMBER}, {"string", TYPE_STRING}, {"array", TYPE_ARRAY},
	    {"object", TYPE_OBJECT}};

	for (size_t i = 0; name && i < ARRAY_LENGTH(types); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*ret_types |= types[i].types;
			return true;
		}
	}
	return false;
}

static bool read_type(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	size_t index;
	json_t *name;
	unsigned types = 0;

	if (json_is_string(value)) {
		if (!type_named(json_string_value(value), &types))
			return compile_refuse(compiler, place, "there is no such type");
	} else if (!json_array_size(value)) {
		return compile_refuse(compiler, place, "a type is a string or a list of strings");
	}
	json_array_foreach (value, index, name)
		if (!type_named(json_string_value(name), &types))
			return compile_refuse(compiler, place, "there is no such type");
	schema->types = types;
	return true;
}

/* "Must be one of: a, b." — or how many there are, where they are too long for a sentence. */
static const char *choices_sentence(struct arena *arena, const json_t *choices)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(SENTENCE_MAX);
	size_t index;
	json_t *choice;

	text_puts(&text, json_array_size(choices) == 1 ? "Must be " : "Must be one of: ");
	json_array_foreach (choices, index, choice) {
		CLEANUP(free) char *other = json_dumps(choice, JSON_ENCODE_ANY | JSON_COMPACT);
		const char *word = json_is_string(choice) ? json_string_value(choice) : other;
		text_printf(&text, "%s%s", index ? ", " : "", word ? word : "");
	}
	text_puts(&text, ".");
	if (text.failed) {
		text_clear(&text);
		text_printf(&text, "Must be one of the %zu values that the API's document lists.",
		    json_array_size(choices));
	}
	return arena_copy(arena, text_string(&text), text.length);
}

static bool read_enum(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	unsigned long budget = 1000000;

	if (!json_array_size(value))
		return compile_refuse(compiler, place, "an enum is a list with at least one value");
	if (!items_differ(value, &budget))
		return compile_refuse(compiler, place, "the values of an enum differ");
	schema->choices = value;
	schema->choices_sentence = choices_sentence(&compiler->set->arena, value);
	return true;
}

static bool read_const(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	schema->constant = value;
	return true;
}

static bool read_reference(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	if (!json_is_string(value))
		return compile_refuse(compiler, place, "a reference is a string");
	return compile_reference(compiler, json_string_value(value), place, &schema->reference);
}

/* Definitions are compiled where they stand, so that one which nobody uses is checked, too. */
static bool read_definitions(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	const char *name;
	json_t *definition;
	const struct schema *compiled;

	if (!json_is_object(value))
		return compile_refuse(compiler, place, "definitions are an object");
	json_object_foreach ((json_t *)value, name, definition) {
		struct place here = {place, name, 0};
		if (!compile_schema(compiler, definition, &here, &compiled))
			return false;
	}
	return true;
}

static bool read_list(struct compiler *compiler, struct schema_list *list, const json_t *value,
    const struct place *place)
{
	size_t count = json_array_size(value);

	if (!count)
		return compile_refuse(compiler, place, "a list of at least one schema is needed");
	list->schemas = arena_take(&compiler->set->arena, count, sizeof(void *));
	for (size_t i = 0; i < count; i++) {
		struct place here = {place, NULL, i};
		if (!compile_schema(compiler, json_array_get(value, i), &here, &list->schemas[i]))
			return false;
	}
	list->count = count;
	return true;
}

static bool read_pattern(struct compiler *compiler, const char *source, const struct place *place,
    const struct pattern **ret_pattern)
{
	char buffer[128];
	const char *reason;

	if (!source)
		return compile_refuse(compiler, place, "a pattern is a string");
	*ret_pattern = pattern_compile(compiler->set, source, buffer, &reason);
	return *ret_pattern || compile_refuse(compiler, place, "the pattern is refused: %s", reason);
}

static bool read_string_pattern(struct compiler *compiler, struct schema *schema,
    const json_t *value, const struct place *place)
{
	return read_pattern(compiler, json_string_value(value), place, &schema->string.pattern);
}

static bool read_format(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	const char *name = json_string_value(value);

	if (name)
		schema->string.format = format_find(name);
	return schema->string.format ||
	       compile_refuse(compiler, place, "the format \"%.60s\" is not known", name ? name : "");
}

static bool read_multiple_of(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	if (!json_is_number(value) || json_number_value(value) <= 0)
		return compile_refuse(compiler, place, "multipleOf is a number above zero");
	schema->number.multiple_of = value;
	return true;
}

static bool read_unique_items(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	schema->array.unique = json_is_true(value);
	return json_is_boolean(value) || compile_refuse(compiler, place, "uniqueItems is a boolean");
}

static bool read_items(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	if (json_is_array(value))
		return compile_refuse(compiler, place, "a list of schemas belongs into prefixItems");
	return compile_schema(compiler, value, place, &schema->array.items);
}

static int property_compare(const void *left, const void *right)
{
	return strcmp(((const struct property *)left)->name, ((const struct property *)right)->name);
}

static bool read_properties(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	struct object_rules *rules = &schema->object;
	const char *name;
	json_t *property;

	if (!json_is_object(value))
		return compile_refuse(compiler, place, "properties are an object");
	rules->properties =
	    arena_take(&compiler->set->arena, json_object_size(value), sizeof(*rules->properties));
	json_object_foreach ((json_t *)value, name, property) {
		struct place here = {place, name, 0};
		struct property *next = &rules->properties[rules->property_count];
		if (!compile_schema(compiler, property, &here, &next->schema))
			return false;
		next->name = name;
		rules->property_count++;
	}
	if (rules->property_count)
		qsort(
		    rules->properties, rules->property_count, sizeof(*rules->properties), property_compare);
	return true;
}

static bool read_pattern_properties(struct compiler *compiler, struct schema *schema,
    const json_t *value, const struct place *place)
{
	struct object_rules *rules = &schema->object;
	const char *source;
	json_t *property;

	if (!json_is_object(value))
		return compile_refuse(compiler, place, "patternProperties are an object");
	rules->patterns =
	    arena_take(&compiler->set->arena, json_object_size(value), sizeof(*rules->patterns));
	json_object_foreach ((json_t *)value, source, property) {
		struct place here = {place, source, 0};
		struct pattern_property *next = &rules->patterns[rules->pattern_count];
		if (!read_pattern(compiler, source, &here, &next->pattern) ||
		    !compile_schema(compiler, property, &here, &next->schema))
			return false;
		rules->pattern_count++;
	}
	return true;
}

static bool read_names(struct compiler *compiler, const json_t *value, const struct place *place,
    const char ***ret_names, size_t *ret_count)
{
	unsigned long budget = 1000000;
	size_t count = json_array_size(value);

	if (!json_is_array(value) || !items_differ(value, &budget))
		return compile_refuse(compiler, place, "a list of different names is needed");
	const char **names = arena_take(&compiler->set->arena, count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		names[i] = json_string_value(json_array_get(value, i));
		if (!names[i])
			return compile_refuse(compiler, place, "a list of different names is needed");
	}
	*ret_names = names;
	*ret_count = count;
	return true;
}

static bool read_required(struct compiler *compiler, struct schema *schema, const json_t *value,
    const struct place *place)
{
	return read_names(
	    compiler, value, place, &schema->object.required, &schema->object.required_count);
}

static bool read_dependent_required(struct compiler *compiler, struct schema *schema,
    const json_t *value, const struct place *place)
{
	struct object_rules *rules = &schema->object;
	const char *name;
	json_t *names;

	if (!json_is_object(value))
		return compile_refuse(compiler, place, "dependentRequired is an object");
	rules->dependencies =
	    arena_take(&compiler->set->arena, json_object_size(value), sizeof(*rules->dependencies));
	json_object_foreach ((json_t *)value, name, names) {
		struct place here = {place, name, 0};
		struct dependency *next = &rules->dependencies[rules->dependency_count];
		next->name = name;
		if (!read_names(compiler, names, &here, &next->required, &next->count))
			return false;
		rules->dependency_count++;
	}
	return true;
}

/* What a row's `offset` points at inside the schema. */
enum shape {
	SHAPE_OTHER,  /* has its own function */
	SHAPE_COUNT,  /* a size_t */
	SHAPE_NUMBER, /* a number, kept as the document has it */
	SHAPE_SCHEMA, /* one schema */
	SHAPE_LIST,   /* a list of schemas */
};

struct keyword {
	const char *name;
	enum shape shape;
	size_t offset;
	read_keyword *read;
};

#define OTHER(name, function)                                                                      \
	{                                                                                              \
		name, SHAPE_OTHER, 0, function                                                             \
	}
#define MEMBER(name, shape, member)                                                                \
	{                                                                                              \
		name, shape, offsetof(struct schema, member), NULL                                         \
	}

static const struct keyword keywords[] = {
    OTHER("$comment", read_annotation),
    OTHER("$defs", read_definitions),
    OTHER("$ref", read_reference),
    MEMBER("additionalProperties", SHAPE_SCHEMA, object.additional),
    MEMBER("allOf", SHAPE_LIST, all_of),
    MEMBER("anyOf", SHAPE_LIST, any_of),
    OTHER("const", read_const),
    MEMBER("contains", SHAPE_SCHEMA, array.contains),
    OTHER("default", read_annotation),
    OTHER("dependentRequired", read_dependent_required),
    OTHER("deprecated", read_annotation),
    OTHER("description", read_annotation),
    MEMBER("else", SHAPE_SCHEMA, alternative),
    OTHER("enum", read_enum),
    OTHER("example", read_annotation),
    OTHER("examples", read_annotation),
    MEMBER("exclusiveMaximum", SHAPE_NUMBER, number.exclusive_maximum),
    MEMBER("exclusiveMinimum", SHAPE_NUMBER, number.exclusive_minimum),
    OTHER("format", read_format),
    MEMBER("if", SHAPE_SCHEMA, condition),
    OTHER("items", read_items),
    MEMBER("maxContains", SHAPE_COUNT, array.matches.most),
    MEMBER("maxItems", SHAPE_COUNT, array.count.most),
    MEMBER("maxLength", SHAPE_COUNT, string.length.most),
    MEMBER("maxProperties", SHAPE_COUNT, object.count.most),
    MEMBER("maximum", SHAPE_NUMBER, number.maximum),
    MEMBER("minContains", SHAPE_COUNT, array.matches.least),
    MEMBER("minItems", SHAPE_COUNT, array.count.least),
    MEMBER("minLength", SHAPE_COUNT, string.length.least),
    MEMBER("minProperties", SHAPE_COUNT, object.count.least),
    MEMBER("minimum", SHAPE_NUMBER, number.minimum),
    OTHER("multipleOf", read_multiple_of),
    MEMBER("not", SHAPE_SCHEMA, negated),
    MEMBER("oneOf", SHAPE_LIST, one_of),
    OTHER("pattern", read_string_pattern),
    OTHER("patternProperties", read_pattern_properties),
    MEMBER("prefixItems", SHAPE_LIST, array.prefix),
    OTHER("properties", read_properties),
    MEMBER("propertyNames", SHAPE_SCHEMA, object.names),
    OTHER("readOnly", read_annotation),
    OTHER("required", read_required),
    MEMBER("then", SHAPE_SCHEMA, consequence),
    OTHER("title", read_title),
    OTHER("type", read_type),
    MEMBER("unevaluatedProperties", SHAPE_SCHEMA, object.unevaluated),
    OTHER("uniqueItems", read_unique_items),
    OTHER("writeOnly", read_annotation),
};

static const struct keyword *keyword_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static bool read_count(
    struct compiler *compiler, size_t *count, const json_t *value, const struct place *place)
{
	if (value_type(value) != TYPE_INTEGER || json_number_value(value) < 0 ||
	    json_number_value(value) > 1e9)
		return compile_refuse(compiler, place, "a whole number from 0 is needed");
	*count = (size_t)json_number_value(value);
	return true;
}

bool compile_keyword(struct compiler *compiler, struct schema *schema, const char *name,
    const json_t *value, const struct place *place)
{
	if (name[0] == 'x' && name[1] == '-')
		return true;
	const struct keyword *keyword = keyword_find(name);
	if (!keyword)
		return compile_refuse(compiler, place->parent, "the keyword \"%.60s\" is not known", name);

	void *member = (char *)schema + keyword->offset;
	switch (keyword->shape) {
	case SHAPE_COUNT:
		return read_count(compiler, member, value, place);
	case SHAPE_NUMBER:
		*(const json_t **)member = value;
		return json_is_number(value) || compile_refuse(compiler, place, "a number is needed");
	case SHAPE_SCHEMA:
		return compile_schema(compiler, value, place, member);
	case SHAPE_LIST:
		return read_list(compiler, member, value, place);
	default:
		return keyword->read(compiler, schema, value, place);
	}
}
