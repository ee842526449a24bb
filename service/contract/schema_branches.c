/*
 * Owns combinations: allOf, anyOf, oneOf, not and if. The point is what to tell when no branch
 * holds: the faults of the one that was meant, where the value's type or a constant gives it away.
 */
#include <string.h>

#include "contract/schema_checker.h"

#define TYPES_DEPTH_MAX 50

static unsigned types_within(const struct schema *schema, unsigned depth);

static unsigned list_types(const struct schema_list *list, unsigned depth)
{
	unsigned types = 0;

	for (size_t i = 0; i < list->count; i++)
		types |= types_within(list->schemas[i], depth);
	return list->count ? types : TYPE_ANY;
}

static unsigned types_within(const struct schema *schema, unsigned depth)
{
	unsigned types = schema->types;

	if (depth == TYPES_DEPTH_MAX)
		return types;
	if (schema->choices) {
		unsigned chosen = 0;
		for (size_t i = 0; i < json_array_size(schema->choices); i++)
			chosen |= value_type(json_array_get(schema->choices, i));
		types &= chosen;
	}
	if (schema->constant)
		types &= value_type(schema->constant);
	if (schema->reference)
		types &= types_within(schema->reference, depth + 1);
	for (size_t i = 0; i < schema->all_of.count; i++)
		types &= types_within(schema->all_of.schemas[i], depth + 1);
	types &= list_types(&schema->any_of, depth + 1);
	return types & list_types(&schema->one_of, depth + 1);
}

unsigned schema_types(const struct schema *schema)
{
	return types_within(schema, 0);
}

/* False when a constant or an enumeration of the schema rules the value out. */
static bool constants_agree(
    struct checker *checker, const struct schema *schema, const json_t *value, unsigned depth)
{
	if (schema->constant && !value_equals(schema->constant, value))
		return false;
	if (schema->choices) {
		bool found = false;
		for (size_t i = 0; i < json_array_size(schema->choices) && !found; i++)
			found = value_equals(json_array_get(schema->choices, i), value);
		if (!found)
			return false;
	}
	if (depth == TYPES_DEPTH_MAX)
		return true;
	for (size_t i = 0; i < schema->object.property_count && depth < 3; i++) {
		const struct property *property = &schema->object.properties[i];
		const json_t *member = json_object_get(value, property->name);
		if (member && !constants_agree(checker, property->schema, member, depth + 1))
			return false;
	}
	for (size_t i = 0; i < schema->all_of.count; i++)
		if (!constants_agree(checker, schema->all_of.schemas[i], value, depth + 1))
			return false;
	return !schema->reference || constants_agree(checker, schema->reference, value, depth + 1);
}

/* The only branch that the value can have meant, or NULL. */
static const struct schema *branch_meant(
    struct checker *checker, const struct schema_list *list, const json_t *value)
{
	const struct schema *by_type = NULL;
	const struct schema *by_constant = NULL;
	size_t types = 0;
	size_t constants = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct schema *branch = list->schemas[i];
		if (!(schema_types(branch) & value_type(value)))
			continue;
		types++;
		by_type = branch;
		if (!constants_agree(checker, branch, value, 0))
			continue;
		constants++;
		by_constant = branch;
	}
	if (types == 1)
		return by_type;
	return constants == 1 ? by_constant : NULL;
}

static bool forms_fault(struct checker *checker, const struct schema_list *list, const char *code,
    const struct place *place)
{
	CLEANUP(text_finish) struct text titles = TEXT_INIT(200);

	for (size_t i = 0; i < list->count; i++) {
		const struct schema *branch = list->schemas[i];
		while (!branch->title && branch->reference)
			branch = branch->reference;
		if (!branch->title)
			return fault_add(checker, place, code,
			    "Must have one of the %zu forms that are allowed.", list->count);
		text_printf(&titles, "%s%s", i ? ", " : "", branch->title);
	}
	if (titles.failed)
		return fault_add(
		    checker, place, code, "Must have one of the %zu forms that are allowed.", list->count);
	return fault_add(
	    checker, place, code, "Must have one of these forms: %s.", text_string(&titles));
}

/* No branch holds. */
static bool explain(struct checker *checker, const struct schema_list *list, const char *code,
    const json_t *value, const struct place *place)
{
	if (!checker->problem)
		return false;
	unsigned types = list_types(list, 0);
	if (types && !(types & value_type(value))) {
		CLEANUP(text_finish) struct text names = TEXT_INIT(200);
		types_write(&names, types);
		return fault_add(checker, place, "type", "Must be %s.", text_string(&names));
	}
	const struct schema *meant = branch_meant(checker, list, value);
	if (!meant)
		return forms_fault(checker, list, code, place);
	return check_value(checker, meant, value, place);
}

static bool check_any_of(struct checker *checker, const struct schema_list *list,
    const json_t *value, const struct place *place)
{
	for (size_t i = 0; i < list->count; i++)
		if (check_quietly(checker, list->schemas[i], value))
			return true;
	return explain(checker, list, "any_of", value, place);
}

static bool check_one_of(struct checker *checker, const struct schema_list *list,
    const json_t *value, const struct place *place)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count && count < 2; i++)
		count += check_quietly(checker, list->schemas[i], value);
	if (count == 0)
		return explain(checker, list, "one_of", value, place);
	return count == 1 ||
	       fault_add(checker, place, "one_of", "Must have only one of the forms that are allowed.");
}

static bool check_condition(struct checker *checker, const struct schema *schema,
    const json_t *value, const struct place *place)
{
	const struct schema *then = check_quietly(checker, schema->condition, value)
	                                ? schema->consequence
	                                : schema->alternative;

	return !then || check_value(checker, then, value, place);
}

bool check_branches(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	bool ok = true;

	for (size_t i = 0; i < schema->all_of.count && !check_is_over(checker, ok); i++)
		ok = check_value(checker, schema->all_of.schemas[i], value, place) && ok;
	if (check_is_over(checker, ok))
		return false;
	if (schema->any_of.count)
		ok = check_any_of(checker, &schema->any_of, value, place) && ok;
	if (schema->one_of.count)
		ok = check_one_of(checker, &schema->one_of, value, place) && ok;
	if (schema->negated && check_quietly(checker, schema->negated, value))
		ok = fault_add(checker, place, "not", "Must not have the form that is excluded.");
	if (schema->condition)
		ok = check_condition(checker, schema, value, place) && ok;
	return ok;
}
