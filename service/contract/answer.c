/* Owns answers: what the document foresees, and whether an answer is one of those. */
#include "contract/contract_model.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool media_type_is_json(const char *type)
{
	size_t length = strlen(type);

	return strcmp(type, "application/json") == 0 ||
	       (length > 5 && strcmp(type + length - 5, "+json") == 0);
}

static bool read_media(struct loader *loader, struct answer *answer, const char *type,
    const json_t *media, const struct place *parent)
{
	static const char *const known[] = {"schema", "example", "examples", NULL};
	struct place place = {parent, type, 0};
	struct place in_schema = {&place, "schema", 0};
	const json_t *schema = json_object_get(media, "schema");
	const struct schema *compiled = NULL;

	if (!loader_know(loader, media, known, &place))
		return false;
	if (!schema && media_type_is_json(type))
		return loader_refuse(loader, &place, "a schema is needed");
	if (schema && !loader_compile(loader, schema, &in_schema, &compiled))
		return false;
	answer->contents[answer->count++] =
	    (struct content){type, media_type_is_json(type) ? compiled : NULL};
	return true;
}

static bool read_status(
    struct loader *loader, struct answer *answer, const char *status, const struct place *place)
{
	if (strcmp(status, "default") == 0)
		return true;
	if (strlen(status) != 3 || strspn(status, "0123456789") != 3 || *status < '1' || *status > '5')
		return loader_refuse(loader, place, "a status has three digits, or is \"default\"");
	answer->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
	return true;
}

static bool read_headers(struct loader *loader, const json_t *headers, const struct place *parent)
{
	static const char *const known[] = {
	    "description", "required", "deprecated", "schema", "example", "examples", NULL};
	struct place place = {parent, "headers", 0};
	const char *name;
	json_t *declared;

	json_object_foreach ((json_t *)headers, name, declared) {
		struct place here = {&place, name, 0};
		struct place in_schema = {&here, "schema", 0};
		const struct schema *compiled;
		const json_t *header = loader_resolve(loader, declared, &here);
		if (!header || !loader_know(loader, header, known, &here))
			return false;
		if (!json_object_get(header, "schema"))
			return loader_refuse(loader, &here, "a schema is needed");
		if (!loader_compile(loader, json_object_get(header, "schema"), &in_schema, &compiled))
			return false;
	}
	return true;
}

static bool read_answer(struct loader *loader, struct answer *answer, const char *status,
    const json_t *declared, const struct place *parent)
{
	static const char *const known[] = {"description", "headers", "content", "links", NULL};
	struct arena *arena = &loader->contract->arena;
	struct place place = {parent, status, 0};
	struct place in_content = {&place, "content", 0};
	const char *type;
	json_t *media;

	if (!read_status(loader, answer, status, &place))
		return false;
	const json_t *json = loader_resolve(loader, declared, &place);
	if (!json || !loader_know(loader, json, known, &place))
		return false;
	if (!json_is_string(json_object_get(json, "description")))
		return loader_refuse(loader, &place, "a description is needed");

	const json_t *content = json_object_get(json, "content");
	answer->contents = arena_take(arena, json_object_size(content), sizeof(*answer->contents));
	json_object_foreach ((json_t *)content, type, media)
		if (!read_media(loader, answer, type, media, &in_content))
			return false;
	return read_headers(loader, json_object_get(json, "headers"), &place);
}

static bool is_success(const struct answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

/* The media types of all successes, each once, in the order of the document. */
static void collect_types(struct loader *loader, struct entry *entry)
{
	size_t most = 0;
	size_t count = 0;

	for (size_t i = 0; i < entry->answer_count; i++)
		most += entry->answers[i].count;
	const char **types = arena_take(&loader->contract->arena, most + 1, sizeof(*types));
	for (size_t i = 0; i < entry->answer_count; i++) {
		const struct answer *answer = &entry->answers[i];
		for (size_t j = 0; is_success(answer) && j < answer->count; j++) {
			size_t seen = 0;
			while (seen < count && strcmp(types[seen], answer->contents[j].type) != 0)
				seen++;
			if (seen == count)
				types[count++] = answer->contents[j].type;
		}
	}
	entry->operation.answer_types = types;
}

bool answers_read(
    struct loader *loader, struct entry *entry, const json_t *responses, const struct place *parent)
{
	struct place place = {parent, "responses", 0};
	size_t count = json_object_size(responses);
	const char *status;
	json_t *declared;

	if (!count)
		return loader_refuse(loader, &place, "at least one answer is needed");
	entry->answers = arena_take(&loader->contract->arena, count, sizeof(*entry->answers));
	json_object_foreach ((json_t *)responses, status, declared) {
		struct answer *answer = &entry->answers[entry->answer_count];
		if (!read_answer(loader, answer, status, declared, &place))
			return false;
		entry->answer_count++;
	}
	collect_types(loader, entry);
	return true;
}

static const struct answer *answer_find(const struct entry *entry, int status)
{
	const struct answer *fallback = NULL;

	for (size_t i = 0; i < entry->answer_count; i++) {
		if (entry->answers[i].status == status)
			return &entry->answers[i];
		if (entry->answers[i].status == 0)
			fallback = &entry->answers[i];
	}
	return fallback;
}

/* The content of that type; parameters such as charset do not count. */
static bool content_find(
    const struct answer *answer, const char *media_type, const struct schema **ret_schema)
{
	size_t length = strcspn(media_type, "; \t");

	for (size_t i = 0; i < answer->count; i++) {
		const struct content *content = &answer->contents[i];
		if (strlen(content->type) != length || strncasecmp(content->type, media_type, length) != 0)
			continue;
		*ret_schema = content->schema;
		return true;
	}
	return false;
}

static bool refuse_body(const struct operation *operation, int status, struct problem *problem)
{
	const json_t *first = json_array_get(problem->errors, 0);
	const char *pointer = json_string_value(json_object_get(first, "pointer"));
	const char *code = json_string_value(json_object_get(first, "code"));

	return problem_set(problem, PROBLEM_INTERNAL,
	    "The answer %d of %s breaks the document at \"%.100s\" (%.40s).", status, operation->id,
	    pointer ? pointer : "", code ? code : "");
}

bool operation_check_answer(const struct operation *operation, int status, const char *media_type,
    const json_t *body, struct problem *problem)
{
	const struct entry *entry = (const struct entry *)operation;
	const struct answer *answer = answer_find(entry, status);
	const struct schema *schema = NULL;

	if (!answer)
		return problem_set(problem, PROBLEM_INTERNAL,
		    "The document does not foresee the status %d of %s.", status, operation->id);
	if (!media_type || !*media_type) {
		if (answer->count == 0 && !body)
			return true;
		return problem_set(problem, PROBLEM_INTERNAL, "The answer %d of %s %s.", status,
		    operation->id, answer->count ? "lacks its content" : "has a body without a type");
	}
	if (!content_find(answer, media_type, &schema))
		return problem_set(problem, PROBLEM_INTERNAL,
		    "The document does not foresee the media type %.60s of the answer %d of %s.",
		    media_type, status, operation->id);
	if (!schema)
		return true;
	if (!body)
		return problem_set(problem, PROBLEM_INTERNAL, "The answer %d of %s lacks its JSON body.",
		    status, operation->id);
	return schema_check_as(schema, body, "", PROBLEM_INTERNAL, problem) ||
	       refuse_body(operation, status, problem);
}
