/*
 * The compiled form of a schema, shared by the files schema_*.c and by the contract. A set owns
 * all schemas compiled from one document; places that are referred to are compiled once, so that
 * recursion in the document becomes a cycle of pointers here.
 */
#pragma once

#include "contract/arena.h"
#include "contract/pointer.h"
#include "contract/schema.h"

/* What a value can be. A "number" is either of the middle two: 1.0 is an integer in JSON Schema. */
#define TYPE_NULL 1u
#define TYPE_BOOLEAN 2u
#define TYPE_INTEGER 4u
#define TYPE_FRACTION 8u
#define TYPE_STRING 16u
#define TYPE_ARRAY 32u
#define TYPE_OBJECT 64u
#define TYPE_NUMBER (TYPE_INTEGER | TYPE_FRACTION)
#define TYPE_ANY 127u

struct pattern;

struct format {
	const char *name;
	bool (*holds)(const char *text, size_t length);
	const char *sentence;
};

struct limits {
	size_t least;
	size_t most; /* SIZE_MAX: no limit */
};

struct schema_list {
	const struct schema **schemas;
	size_t count;
};

struct property {
	const char *name;
	const struct schema *schema;
};

struct pattern_property {
	const struct pattern *pattern;
	const struct schema *schema;
};

struct dependency {
	const char *name;
	const char **required;
	size_t count;
};

struct string_rules {
	struct limits length; /* in code points */
	const struct pattern *pattern;
	const struct format *format;
};

/* The limits as the document writes them, so that sentences can repeat them; NULL is none. */
struct number_rules {
	const json_t *minimum;
	const json_t *maximum;
	const json_t *exclusive_minimum;
	const json_t *exclusive_maximum;
	const json_t *multiple_of;
};

struct array_rules {
	struct limits count;
	struct schema_list prefix;
	const struct schema *items; /* of those after the prefix */
	const struct schema *contains;
	struct limits matches; /* how many items `contains` must and may hold for */
	bool unique;
};

struct object_rules {
	struct limits count;
	struct property *properties; /* sorted by name */
	size_t property_count;
	struct pattern_property *patterns;
	size_t pattern_count;
	const char **required;
	size_t required_count;
	struct dependency *dependencies;
	size_t dependency_count;
	const struct schema *additional;
	const struct schema *unevaluated;
	const struct schema *names;
};

struct schema {
	struct schema_set *set;
	bool never; /* the schema `false` */
	unsigned types;
	const char *title; /* or NULL */
	const struct schema *reference;
	const json_t *constant;
	const json_t *choices; /* the array of enum */
	const char *choices_sentence;
	struct string_rules string;
	struct number_rules number;
	struct array_rules array;
	struct object_rules object;
	struct schema_list all_of, any_of, one_of;
	const struct schema *negated;
	const struct schema *condition, *consequence, *alternative;
	enum { NOT_VISITED, VISITING, VISITED } visit; /* while looking for references in a circle */
};

/* A place that something refers to. */
struct target {
	struct target *next;    /* that is to be compiled */
	struct target *sibling; /* in the same bucket */
	const json_t *json;
	const char *where;
	struct schema *schema;
};

/* A document has thousands of places, found by their JSON: each start looks for them tens of
 * thousands of times. */
struct schema_set {
	const json_t *document;
	struct arena arena;
	struct target *buckets[1024];
	struct target *waiting, **waiting_end; /* first in, first out */
	struct pattern *patterns;
};

struct schema_set *schema_set_create(const json_t *document);
void schema_set_destroy(struct schema_set *set);
DEFINE_CLEANUP(struct schema_set *, schema_set_destroy)

/* Compiles one place of the document; `where` names it in problems and may be let go afterwards. */
MUST_CHECK bool schema_set_compile(struct schema_set *set, const json_t *json, const char *where,
    const struct schema **ret_schema, struct problem *problem);

/* As schema_check(), with faults of that kind; with a NULL problem it only answers. */
bool schema_check_as(const struct schema *schema, const json_t *value, const char *base,
    enum problem_kind kind, struct problem *problem);

/* The types that a value can have when the schema holds, looking through references. */
unsigned schema_types(const struct schema *schema);

/* --- schema_compile.c, for the keywords --- */

struct compiler {
	struct schema_set *set;
	struct problem *problem;
	const char *where; /* the target that is being compiled */
	unsigned depth;
};

/* Fills the problem with the place and the reason; false. */
bool compile_refuse(struct compiler *compiler, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
MUST_CHECK bool compile_schema(struct compiler *compiler, const json_t *json,
    const struct place *place, const struct schema **ret_schema);
/* The schema of a reference, compiled later when it is new. */
MUST_CHECK bool compile_reference(struct compiler *compiler, const char *reference,
    const struct place *place, const struct schema **ret_schema);
/* Compiles one keyword of a schema, or refuses it. */
MUST_CHECK bool compile_keyword(struct compiler *compiler, struct schema *schema,
    const char *keyword, const json_t *value, const struct place *place);

/* --- schema_pattern.c --- */

/* Compiles an ECMA 262 pattern; on failure the reason is a constant or stands in `buffer`. */
const struct pattern *pattern_compile(
    struct schema_set *set, const char *source, char buffer[128], const char **ret_reason);
void pattern_destroy_all(struct pattern *patterns);
const char *pattern_source(const struct pattern *pattern);
/* `ret_scratch` is made at the first need and shared by the calls of one thread. */
bool pattern_matches(
    const struct pattern *pattern, const char *text, size_t length, void **scratch);
void pattern_scratch_finish(void **scratch);
DEFINE_VALUE_CLEANUP(void *, pattern_scratch_finish)

/* --- schema_format.c --- */

/* The format of that name, or NULL. */
const struct format *format_find(const char *name);

/* --- schema_value.c --- */

unsigned value_type(const json_t *value);
/* Equality of JSON Schema: numbers by their value, objects without order. */
bool value_equals(const json_t *left, const json_t *right);
/* Less than, equal to or greater than zero, for two numbers. */
int number_compare(const json_t *left, const json_t *right);
bool number_is_multiple(const json_t *value, const json_t *divisor);
size_t code_points(const char *text, size_t length);
/* True when no two items are equal. Each comparison is taken off the budget; at 0 it is false. */
bool items_differ(const json_t *array, unsigned long *budget);
/* Writes "a string or null" for the types. */
void types_write(struct text *text, unsigned types);
