/*
 * The OpenAPI document as the program's table: operations, their routes, parameters, bodies,
 * scopes and answers. Compiled once at start-up; immutable and shared by all threads afterwards.
 */
#pragma once

#include <stddef.h>

#include "base/problem.h"
#include "contract/schema.h"

#define SEGMENTS_MAX 12
#define PARAMETERS_MAX 40

enum parameter_place { IN_PATH, IN_QUERY, IN_HEADER };

struct parameter {
	const char *name; /* as in the document; a header's in its written case */
	enum parameter_place place;
	bool required;
	bool list; /* style form, explode false: comma-separated values, each is checked */
	const struct schema *schema; /* of one value; string, integer, number or boolean */
	const struct schema *whole;  /* of the list with its limits, where it is one; else NULL */
	const char *type;            /* that JSON type */
	const char *fallback;        /* the schema's default as text, or NULL */
};

/* A value that came with the request, already decoded from its URL form. */
struct argument {
	const struct parameter *parameter;
	const char *value;
};

struct operation {
	const char *id;            /* operationId */
	const char *method;        /* "GET" … */
	const char *path;          /* "/v1/incidents/{incident_id}" */
	size_t index;              /* place in contract_operation() */
	const char *const *scopes; /* NULL-terminated alternatives, any of which is enough */
	bool open;                 /* security: [] — no key is asked for */
	const struct parameter *parameters;
	size_t parameter_count;
	bool body_required;
	const struct schema *body; /* of application/json or merge-patch+json, or NULL: no body */
	const char *body_type;     /* "application/json" or "application/merge-patch+json" */
	/* Where the body may be text/csv too: what one of its lines is, else NULL. */
	const struct schema *line;
	const json_t *columns; /* the members of that, by name, in the document's order; borrowed */
	size_t lines_max;
	/* x-most: how many of what it makes there may be at once; 0 where nothing is said. */
	size_t most;
	const char *const *answer_types; /* NULL-terminated media types that a 2xx can have */
	const json_t *document;          /* the operation object, for x-… extensions; borrowed */
};

struct contract;

/* Compiles the bundled document (JSON text). On failure `problem->detail` says where and why. */
MUST_CHECK bool contract_load(
    const char *json, size_t length, struct contract **ret_contract, struct problem *problem);
void contract_destroy(struct contract *contract);
DEFINE_CLEANUP(struct contract *, contract_destroy)

size_t contract_operation_count(const struct contract *contract);
const struct operation *contract_operation(const struct contract *contract, size_t index);
const struct operation *contract_find(const struct contract *contract, const char *operation_id);
/* The whole document, borrowed. */
const json_t *contract_document(const struct contract *contract);

/*
 * The members that the objects of a list in the operation's 200 have, by name and in the document's
 * order; NULL when there are none. Borrowed.
 */
const json_t *contract_row_members(
    const struct contract *contract, const struct operation *operation, const char *list);

/* What the document says of a member of the operation's body, or NULL. Borrowed. */
const json_t *contract_body_member(
    const struct contract *contract, const struct operation *operation, const char *name);

/*
 * The operation for a method and the decoded path segments; literal segments win over {names}.
 * Values of path parameters go to `ret_arguments` (pointing into `segments`), their number to
 * `ret_count`. NULL when nothing matches: `ret_allow` is then the comma-separated list of methods
 * that the path has ("" when the path is unknown).
 */
const struct operation *contract_match(const struct contract *contract, const char *method,
    const char *const segments[], size_t segment_count, struct argument ret_arguments[SEGMENTS_MAX],
    size_t *ret_count, char ret_allow[64]);

/*
 * Checks one textual value against a parameter; adds faults (PROBLEM_BAD_PARAMETER) whose pointer
 * is the parameter's name. Lists are split at commas and each value is checked.
 */
bool parameter_check(const struct parameter *parameter, const char *value, struct problem *problem);

/* The parameter of that place and name (headers: any case), or NULL. */
const struct parameter *operation_parameter(
    const struct operation *operation, enum parameter_place place, const char *name);

/*
 * Checks an answer (status, media type, parsed body or NULL) against the document: PROBLEM_INTERNAL
 * with a detail when the document does not foresee it. For tests and CSPR_CHECK_RESPONSES.
 */
MUST_CHECK bool operation_check_answer(const struct operation *operation, int status,
    const char *media_type, const json_t *body, struct problem *problem);
