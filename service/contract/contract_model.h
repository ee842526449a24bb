/* The compiled document as the files of the contract share it; not for other layers. */
#pragma once

#include "contract/contract.h"
#include "contract/schema_model.h"

#define METHODS 7

struct content {
	const char *type;            /* the media type, without parameters */
	const struct schema *schema; /* NULL where it is not JSON */
};

struct answer {
	int status; /* 0 is "default" */
	struct content *contents;
	size_t count;
};

struct entry {
	struct operation operation; /* first: contract.h hands out its address */
	struct answer *answers;
	size_t answer_count;
};

struct segment {
	const char *text; /* the literal, or the parameter's name */
	bool named;
};

struct route {
	const char *path;
	struct segment segments[SEGMENTS_MAX];
	size_t segment_count;
	const struct entry *entries[METHODS]; /* in the order of method_names */
};

struct contract {
	json_t *document;
	struct schema_set *set;
	struct arena arena;
	struct entry *entries;
	size_t entry_count;
	struct route *routes; /* by number of segments, then literal before name */
	size_t route_count;
};

extern const char *const method_names[METHODS];

/* What loads a document; each function below refuses through loader_refuse(). */
struct loader {
	struct contract *contract;
	struct problem *problem;
};

/* Fills the problem with the place in the document and the reason; false. */
bool loader_refuse(struct loader *loader, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Follows "$ref"; NULL and a problem when it leads nowhere. */
const json_t *loader_resolve(struct loader *loader, const json_t *json, const struct place *place);
/* Refuses members of the object that are neither in the NULL-terminated list nor x-…. */
MUST_CHECK bool loader_know(struct loader *loader, const json_t *json, const char *const known[],
    const struct place *place);
MUST_CHECK bool loader_compile(struct loader *loader, const json_t *schema,
    const struct place *place, const struct schema **ret_schema);
char *loader_copy(struct loader *loader, const char *string);

/* route.c */
MUST_CHECK bool route_read(
    struct loader *loader, struct route *route, const char *path, const struct place *place);
/* Sorts the routes and refuses two that no path could tell apart. */
MUST_CHECK bool routes_arrange(struct loader *loader);

/* operation.c: one method of a path item */
MUST_CHECK bool operation_read(struct loader *loader, struct entry *entry,
    const struct route *route, const json_t *shared_parameters, const json_t *json,
    const struct place *place);

/* parameter.c: `shared` are the path item's, which the operation's own replace */
MUST_CHECK bool parameters_read(struct loader *loader, struct operation *operation,
    const struct route *route, const json_t *shared, const json_t *own, const struct place *place);

/* answer.c */
MUST_CHECK bool answers_read(
    struct loader *loader, struct entry *entry, const json_t *responses, const struct place *place);
bool media_type_is_json(const char *type);
