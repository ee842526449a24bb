/*
 * The OpenAPI document as the table of commands. An operation with `x-cli: "incident create"`
 * is the command `cspr incident create`; what it takes stands in the document and nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/json.h"

struct parameter {
	const char *name; /* as in the document: "aware_on[gte]" */
	char *flag;       /* as on the command line: "aware-on-gte"; for a path parameter "id" */
	const char *description;
	bool is_switch;    /* boolean: the flag alone means true */
	bool is_negatable; /* false is not what is meant where it is left out */
	bool required;
	const json_t *values; /* the schema's enum, or NULL */
};

struct operation {
	const char *id;
	const char *method; /* upper case */
	const char *path;   /* with {names} */
	const char *words;  /* x-cli, or NULL when there is no command for it */
	const char *summary;
	const char *description;
	struct parameter *path_parameters; /* in the path's order */
	size_t path_parameter_count;
	struct parameter *flags; /* query parameters */
	size_t flag_count;
	bool takes_if_match;
	bool confirms;         /* DELETE, or x-confirm: the user is asked first */
	const char *body_type; /* media type of the JSON body, or NULL when it takes none */
	bool takes_csv;        /* the body may also be text/csv */
	const json_t *body;    /* the body's schema, resolved, or NULL */
	const json_t *columns; /* x-columns, or NULL */
	const json_t *answers; /* the media types of the successful answer, or NULL */
	const char *accept;    /* x-accept: the one that is meant where none is asked for, or NULL */
	bool makes_csv;        /* the service writes a sheet of its own, which is no list of rows */
};

struct document {
	json_t *root;
	struct operation *operations;
	size_t operation_count;
};

/* Reads the document; the strings of its operations live as long as it. False says why. */
MUST_CHECK bool document_read(
    const char *bytes, size_t length, struct document *ret_document, struct text *message);
void document_finish(struct document *document);
DEFINE_VALUE_CLEANUP(struct document, document_finish)

/* The operation whose words are the longest beginning of `words`; NULL when there is none. */
const struct operation *document_find(
    const struct document *document, const char *const *words, size_t word_count, size_t *ret_used);
const struct operation *document_operation(const struct document *document, const char *id);
/* The operation at exactly this method and path template. */
const struct operation *document_at(
    const struct document *document, const char *method, const char *path);
const struct parameter *operation_flag(const struct operation *operation, const char *flag);

/* Follows `$ref` within the document. */
const json_t *document_resolve(const struct document *document, const json_t *node);
/*
 * The schema at a dotted path below a schema ("children.0.sex"), looking through $ref and allOf;
 * NULL when the schema knows no such member.
 */
const json_t *document_schema_at(
    const struct document *document, const json_t *schema, const char *path);
/* Whether the schema's type is, or may be, the one named. */
bool schema_allows(const json_t *schema, const char *type);
/* How many of `words` the spaced list `spaced` begins with them; 0 when it does not. */
size_t words_match(const char *spaced, const char *const *words, size_t word_count);
