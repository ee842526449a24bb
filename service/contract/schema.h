/*
 * JSON Schema 2020-12, compiled: the keywords that our OpenAPI document uses, and a refusal to
 * compile any other. Compiled schemas are immutable and may be used by all threads.
 */
#pragma once

#include "base/problem.h"

struct schema;

/*
 * Compiles the schema at `pointer` ("" is the root) of `document`; "$ref" is resolved inside the
 * document only. On failure `problem->detail` names the place and the keyword. `document` must
 * outlive the schema.
 */
MUST_CHECK bool schema_compile(const json_t *document, const char *pointer,
    struct schema **ret_schema, struct problem *problem);
void schema_destroy(struct schema *schema);
DEFINE_CLEANUP(struct schema *, schema_destroy)

/*
 * Checks a value and adds every fault to `problem` (kind PROBLEM_INVALID), each with the JSON
 * Pointer `base` followed by the place in the value, a code (the keyword in snake case, such as
 * "required", "max_length", "enum", "unknown_field", "type", "format") and a sentence that says
 * what would be right. An enum's sentence lists the values when they are few. Never quotes the
 * value itself: it may be a case fact. Returns true when there is no fault.
 */
bool schema_check(
    const struct schema *schema, const json_t *value, const char *base, struct problem *problem);
