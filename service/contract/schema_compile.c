/*
 * Owns the compilation of a document's schemas into a set. Referred places go into a queue instead
 * of into the depth, so that only the document's own nesting is limited.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "contract/schema_model.h"

#define NESTING_MAX 64
#define REFERENCE_CHAIN_MAX 1000

struct schema_set *schema_set_create(const json_t *document)
{
	struct schema_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->document = document;
	set->waiting_end = &set->waiting;
	return set;
}

void schema_set_destroy(struct schema_set *set)
{
	if (!set)
		return;
	pattern_destroy_all(set->patterns);
	arena_finish(&set->arena);
	free(set);
}

bool compile_refuse(struct compiler *compiler, const struct place *place, const char *format, ...)
{
	CLEANUP(text_finish) struct text where = TEXT_INIT(150);
	char reason[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	pointer_write(&where, compiler->where, place);
	return problem_set(
	    compiler->problem, PROBLEM_INTERNAL, "The schema at #%s: %s", text_string(&where), reason);
}

static struct schema *schema_create(struct schema_set *set)
{
	struct schema *schema = arena_take(&set->arena, 1, sizeof(*schema));

	schema->set = set;
	schema->types = TYPE_ANY;
	schema->string.length.most = SIZE_MAX;
	schema->array.count.most = SIZE_MAX;
	schema->array.matches = (struct limits){1, SIZE_MAX};
	schema->object.count.most = SIZE_MAX;
	return schema;
}

/* A required name that can never stand in the object is a slip of the pen in the document. */
static bool check_required_can_be(
    struct compiler *compiler, const struct schema *schema, const struct place *place)
{
	const struct object_rules *rules = &schema->object;

	if (!rules->additional || !rules->additional->never || rules->pattern_count)
		return true;
	for (size_t i = 0; i < rules->required_count; i++) {
		bool known = false;
		for (size_t j = 0; j < rules->property_count && !known; j++)
			known = strcmp(rules->required[i], rules->properties[j].name) == 0;
		if (!known)
			return compile_refuse(compiler, place,
			    "\"required\" names \"%s\", which additionalProperties forbids",
			    rules->required[i]);
	}
	return true;
}

static bool compile_into(
    struct compiler *compiler, struct schema *schema, const json_t *json, const struct place *place)
{
	const char *keyword;
	json_t *value;

	if (json_is_boolean(json)) {
		schema->never = json_is_false(json);
		if (schema->never)
			schema->types = 0;
		return true;
	}
	if (!json_is_object(json))
		return compile_refuse(compiler, place, "a schema is an object or a boolean");
	json_object_foreach ((json_t *)json, keyword, value) {
		struct place here = {place, keyword, 0};
		if (!compile_keyword(compiler, schema, keyword, value, &here))
			return false;
	}
	if (json_object_get(json, "maxContains") || json_object_get(json, "minContains")) {
		if (!schema->array.contains)
			return compile_refuse(compiler, place, "minContains and maxContains need contains");
	}
	if ((schema->consequence || schema->alternative) && !schema->condition)
		return compile_refuse(compiler, place, "then and else need if");
	return check_required_can_be(compiler, schema, place);
}

bool compile_schema(struct compiler *compiler, const json_t *json, const struct place *place,
    const struct schema **ret_schema)
{
	if (compiler->depth == NESTING_MAX)
		return compile_refuse(compiler, NULL, "schemas are nested deeper than %d", NESTING_MAX);
	struct schema *schema = schema_create(compiler->set);
	compiler->depth++;
	bool compiled = compile_into(compiler, schema, json, place);
	compiler->depth--;
	if (compiled)
		*ret_schema = schema;
	return compiled;
}

static struct target *target_of(struct schema_set *set, const json_t *json, const char *where)
{
	/* What jansson allocates is aligned to 16 bytes. */
	size_t bucket = ((uintptr_t)json >> 4) % ARRAY_LENGTH(set->buckets);

	for (struct target *known = set->buckets[bucket]; known; known = known->sibling)
		if (known->json == json)
			return known;
	struct target *target = arena_take(&set->arena, 1, sizeof(*target));
	target->json = json;
	target->where = arena_copy(&set->arena, where, strlen(where));
	target->schema = schema_create(set);
	target->sibling = set->buckets[bucket];
	set->buckets[bucket] = target;
	*set->waiting_end = target;
	set->waiting_end = &target->next;
	return target;
}

bool compile_reference(struct compiler *compiler, const char *reference, const struct place *place,
    const struct schema **ret_schema)
{
	const json_t *json = reference_find(compiler->set->document, reference);

	if (!json)
		return compile_refuse(compiler, place, "there is no \"%.80s\" in the document", reference);
	*ret_schema = target_of(compiler->set, json, reference + 1)->schema;
	return true;
}

static bool leads_in_a_circle(const struct schema *schema, unsigned chain);

static bool list_leads_in_a_circle(const struct schema_list *list, unsigned chain)
{
	for (size_t i = 0; i < list->count; i++)
		if (leads_in_a_circle(list->schemas[i], chain))
			return true;
	return false;
}

/* Follows what applies to the same value: such a circle would never come to an end. */
static bool leads_in_a_circle(const struct schema *schema, unsigned chain)
{
	struct schema *mark = (struct schema *)schema;

	if (!schema || schema->visit == VISITED)
		return false;
	if (schema->visit == VISITING || chain == REFERENCE_CHAIN_MAX)
		return true;
	mark->visit = VISITING;
	if (leads_in_a_circle(schema->reference, chain + 1) ||
	    list_leads_in_a_circle(&schema->all_of, chain + 1) ||
	    list_leads_in_a_circle(&schema->any_of, chain + 1) ||
	    list_leads_in_a_circle(&schema->one_of, chain + 1) ||
	    leads_in_a_circle(schema->negated, chain + 1) ||
	    leads_in_a_circle(schema->condition, chain + 1) ||
	    leads_in_a_circle(schema->consequence, chain + 1) ||
	    leads_in_a_circle(schema->alternative, chain + 1))
		return true;
	mark->visit = VISITED;
	return false;
}

/* Compiles the targets that wait, and those that they add. Only among these can a new circle lead
 * through one: what was compiled before refers to nothing that came after it. */
static bool compile_waiting(struct compiler *compiler)
{
	struct schema_set *set = compiler->set;
	struct target *first = set->waiting;

	for (struct target *target = first; target; target = target->next) {
		compiler->where = target->where;
		if (!compile_into(compiler, target->schema, target->json, NULL))
			return false;
	}
	for (struct target *target = first; target; target = target->next) {
		compiler->where = target->where;
		if (leads_in_a_circle(target->schema, 0))
			return compile_refuse(compiler, NULL, "its references lead back to itself");
	}
	set->waiting = NULL;
	set->waiting_end = &set->waiting;
	return true;
}

bool schema_set_compile(struct schema_set *set, const json_t *json, const char *where,
    const struct schema **ret_schema, struct problem *problem)
{
	struct compiler compiler = {.set = set, .problem = problem};
	struct target *target = target_of(set, json, where);

	if (!compile_waiting(&compiler))
		return false;
	*ret_schema = target->schema;
	return true;
}

bool schema_compile(const json_t *document, const char *pointer, struct schema **ret_schema,
    struct problem *problem)
{
	const json_t *json = pointer_find(document, pointer);
	if (!json)
		return problem_set(
		    problem, PROBLEM_INTERNAL, "There is no \"%.100s\" in the document.", pointer);

	CLEANUP(schema_set_destroy) struct schema_set *set = schema_set_create(document);
	if (!set)
		return problem_set(problem, PROBLEM_UNAVAILABLE, "There is no memory for a schema.");
	const struct schema *schema;
	if (!schema_set_compile(set, json, pointer, &schema, problem))
		return false;
	*ret_schema = (struct schema *)schema;
	TAKE(set);
	return true;
}

void schema_destroy(struct schema *schema)
{
	if (schema)
		schema_set_destroy(schema->set);
}
