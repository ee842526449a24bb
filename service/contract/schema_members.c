/* Owns the checks of what an object or an array contains. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "contract/schema_checker.h"

#define KNOWN_FIELDS_MAX 200

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static const struct schema *property_find(const struct object_rules *rules, const char *name)
{
	size_t from = 0;
	size_t to = rules->property_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(name, rules->properties[middle].name);
		if (order == 0)
			return rules->properties[middle].schema;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool evaluates(
    struct checker *checker, const struct schema *schema, const json_t *value, const char *name);

/* For branches that need not hold: only those which do count. */
static bool some_evaluates(
    struct checker *checker, const struct schema_list *list, const json_t *value, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (check_quietly(checker, list->schemas[i], value) &&
		    evaluates(checker, list->schemas[i], value, name))
			return true;
	return false;
}

static bool condition_evaluates(
    struct checker *checker, const struct schema *schema, const json_t *value, const char *name)
{
	if (!schema->condition)
		return false;
	if (check_quietly(checker, schema->condition, value))
		return evaluates(checker, schema->condition, value, name) ||
		       (schema->consequence && evaluates(checker, schema->consequence, value, name));
	return schema->alternative && evaluates(checker, schema->alternative, value, name);
}

static bool names_property(struct checker *checker, const struct schema *schema, const char *name)
{
	const struct object_rules *rules = &schema->object;

	if (rules->additional || property_find(rules, name))
		return true;
	for (size_t i = 0; i < rules->pattern_count; i++)
		if (pattern_matches(rules->patterns[i].pattern, name, strlen(name), &checker->scratch))
			return true;
	return false;
}

/* Whether another schema for the same object than unevaluatedProperties speaks of the property. */
static bool applied_evaluates(
    struct checker *checker, const struct schema *schema, const json_t *value, const char *name)
{
	if (names_property(checker, schema, name))
		return true;
	if (schema->reference && evaluates(checker, schema->reference, value, name))
		return true;
	for (size_t i = 0; i < schema->all_of.count; i++)
		if (evaluates(checker, schema->all_of.schemas[i], value, name))
			return true;
	return some_evaluates(checker, &schema->any_of, value, name) ||
	       some_evaluates(checker, &schema->one_of, value, name) ||
	       condition_evaluates(checker, schema, value, name);
}

static bool evaluates(
    struct checker *checker, const struct schema *schema, const json_t *value, const char *name)
{
	return schema->object.unevaluated || applied_evaluates(checker, schema, value, name);
}

static bool unknown_field(
    struct checker *checker, const struct object_rules *rules, const struct place *place)
{
	CLEANUP(text_finish) struct text known = TEXT_INIT(KNOWN_FIELDS_MAX);

	if (!checker->problem)
		return false;
	for (size_t i = 0; i < rules->property_count; i++)
		text_printf(&known, "%s%s", i ? ", " : "", rules->properties[i].name);
	if (known.failed || !known.length)
		return fault_add(checker, place, "unknown_field", "There is no such field here.");
	return fault_add(checker, place, "unknown_field",
	    "There is no such field here. The fields are: %s.", text_string(&known));
}

static bool check_rest(struct checker *checker, const struct object_rules *rules,
    const struct schema *rest, const json_t *member, const struct place *place)
{
	if (rest->never)
		return unknown_field(checker, rules, place);
	return check_value(checker, rest, member, place);
}

static bool check_name(struct checker *checker, const struct schema *names, const char *name,
    const struct place *place)
{
	CLEANUP(json_decref) json_t *value = json_string(name);

	if (value && check_quietly(checker, names, value))
		return true;
	return fault_add(
	    checker, place, "property_names", "The name of this field is not one that is allowed.");
}

static bool check_member(struct checker *checker, const struct schema *schema, const json_t *object,
    const json_t *member, const struct place *place)
{
	const struct object_rules *rules = &schema->object;
	const struct schema *property = property_find(rules, place->key);
	bool known = property;
	bool ok = true;

	if (property)
		ok = check_value(checker, property, member, place);
	for (size_t i = 0; i < rules->pattern_count; i++) {
		const struct pattern_property *row = &rules->patterns[i];
		if (!pattern_matches(row->pattern, place->key, strlen(place->key), &checker->scratch))
			continue;
		known = true;
		ok = check_value(checker, row->schema, member, place) && ok;
	}
	if (!known && rules->additional)
		ok = check_rest(checker, rules, rules->additional, member, place) && ok;
	else if (rules->unevaluated && !applied_evaluates(checker, schema, object, place->key))
		ok = check_rest(checker, rules, rules->unevaluated, member, place) && ok;
	if (rules->names)
		ok = check_name(checker, rules->names, place->key, place) && ok;
	return ok;
}

static bool check_required(struct checker *checker, const struct object_rules *rules,
    const json_t *value, const struct place *place)
{
	bool ok = true;

	for (size_t i = 0; i < rules->required_count; i++) {
		struct place here = {place, rules->required[i], 0};
		if (!json_object_get(value, rules->required[i]))
			ok = fault_add(checker, &here, "required", "This field is required.");
	}
	for (size_t i = 0; i < rules->dependency_count; i++) {
		const struct dependency *row = &rules->dependencies[i];
		if (!json_object_get(value, row->name))
			continue;
		for (size_t j = 0; j < row->count; j++) {
			struct place here = {place, row->required[j], 0};
			if (!json_object_get(value, row->required[j]))
				ok = fault_add(checker, &here, "dependent_required",
				    "This field is required where %.100s is given.", row->name);
		}
	}
	return ok;
}

bool check_object(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	const struct object_rules *rules = &schema->object;
	size_t count = json_object_size(value);
	const char *name;
	json_t *member;

	bool ok = check_required(checker, rules, value, place);
	json_object_foreach ((json_t *)value, name, member) {
		if (check_is_over(checker, ok))
			return false;
		struct place here = {place, name, 0};
		ok = check_member(checker, schema, value, member, &here) && ok;
	}
	if (count < rules->count.least)
		ok = fault_add(checker, place, "min_properties", "Must have at least %zu field%s.",
		    rules->count.least, plural(rules->count.least));
	if (count > rules->count.most)
		ok = fault_add(checker, place, "max_properties", "Must have at most %zu field%s.",
		    rules->count.most, plural(rules->count.most));
	return ok;
}

static bool check_contains(struct checker *checker, const struct array_rules *rules,
    const json_t *value, const struct place *place)
{
	size_t matches = 0;

	for (size_t i = 0; i < json_array_size(value) && matches <= rules->matches.most; i++)
		matches += check_quietly(checker, rules->contains, json_array_get(value, i));
	if (matches < rules->matches.least)
		return fault_add(checker, place, "contains",
		    "Must have at least %zu item%s of the kind that the API's document asks for.",
		    rules->matches.least, plural(rules->matches.least));
	if (matches > rules->matches.most)
		return fault_add(checker, place, "max_contains",
		    "Must have at most %zu item%s of the kind that the API's document limits.",
		    rules->matches.most, plural(rules->matches.most));
	return true;
}

static bool check_items(struct checker *checker, const struct array_rules *rules,
    const json_t *value, const struct place *place)
{
	bool ok = true;

	for (size_t i = 0; i < json_array_size(value); i++) {
		const struct schema *schema =
		    i < rules->prefix.count ? rules->prefix.schemas[i] : rules->items;
		struct place here = {place, NULL, i};
		if (schema)
			ok = check_value(checker, schema, json_array_get(value, i), &here) && ok;
		if (!schema || check_is_over(checker, ok))
			break;
	}
	return ok;
}

bool check_array(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	const struct array_rules *rules = &schema->array;
	size_t count = json_array_size(value);

	bool ok = check_items(checker, rules, value, place);
	if (count < rules->count.least)
		ok = fault_add(checker, place, "min_items", "Must have at least %zu item%s.",
		    rules->count.least, plural(rules->count.least));
	if (count > rules->count.most)
		ok = fault_add(checker, place, "max_items", "Must have at most %zu item%s.",
		    rules->count.most, plural(rules->count.most));
	if (check_is_over(checker, ok))
		return false;
	if (rules->contains)
		ok = check_contains(checker, rules, value, place) && ok;
	if (rules->unique && !items_differ(value, &checker->budget))
		ok = fault_add(checker, place, "unique_items", "No two items may be equal.");
	return ok;
}
