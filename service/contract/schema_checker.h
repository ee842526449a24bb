/* One run of a check, shared by the files that check; on the stack of the thread that checks. */
#pragma once

#include "contract/schema_model.h"

struct checker {
	const char *base;
	enum problem_kind kind;
	struct problem *problem; /* NULL while only the answer counts: the first fault then ends it */
	size_t known_faults;     /* what the problem held before this run */
	void *scratch;           /* of patterns */
	unsigned depth;
	unsigned long budget; /* the steps that are left */
	bool exhausted;       /* depth or steps ran out: the value is refused */
};

/* Adds a fault at the place; false. */
bool fault_add(struct checker *checker, const struct place *place, const char *code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Checks one value against one schema. */
bool check_value(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place);
/* As check_value(), without telling anybody. */
bool check_quietly(struct checker *checker, const struct schema *schema, const json_t *value);

/* allOf, anyOf, oneOf, not and if. */
bool check_branches(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place);
bool check_object(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place);
bool check_array(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place);

/* True when the fault that follows need not be looked for: one is enough and there is one. */
static inline bool check_is_over(const struct checker *checker, bool ok)
{
	return !ok && (!checker->problem || checker->exhausted);
}
