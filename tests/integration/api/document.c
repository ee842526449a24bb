/* Owns the walk over the operations of /openapi.json. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

json_t *document(void)
{
	static const struct answer *answer;

	if (!answer)
		answer = get("/openapi.json");
	expect_status(answer, 200);
	return answer->json;
}

static void fill(
    const char *path, const char *method, json_t *operation, struct documented *ret_operation)
{
	json_t *contents = json_object_get(json_object_get(operation, "requestBody"), "content");
	const json_t *security = json_object_get(operation, "security");

	*ret_operation = (struct documented){
	    .path = path,
	    .id = json_string_value(json_object_get(operation, "operationId")),
	    .responses = json_object_get(operation, "responses"),
	    .content_type = json_object_iter_key(json_object_iter(contents)),
	    .is_open = security && json_array_size(security) == 0,
	};
	for (size_t i = 0; method[i] && i + 1 < sizeof(ret_operation->method); i++)
		ret_operation->method[i] = (char)toupper((unsigned char)method[i]);
	if (ret_operation->content_type)
		ret_operation->example =
		    json_object_get(json_object_get(contents, ret_operation->content_type), "example");
}

size_t operations_of_document(struct documented ret_operations[OPERATIONS_MAX])
{
	const char *path;
	const char *method;
	json_t *methods;
	json_t *operation;
	size_t count = 0;

	json_object_foreach (json_object_get(document(), "paths"), path, methods) {
		json_object_foreach (methods, method, operation) {
			if (!json_object_get(operation, "operationId"))
				continue;
			cr_assert_lt(count, OPERATIONS_MAX);
			fill(path, method, operation, &ret_operations[count++]);
		}
	}
	cr_assert_gt(count, 0);
	return count;
}

static const char *value_of(const struct place places[], const char *name, size_t length)
{
	for (; places->name; places++)
		if (strlen(places->name) == length && strncmp(places->name, name, length) == 0)
			return places->value;
	give_up("nothing stands for {%.*s}", (int)length, name);
}

/* The parameters without which these operations answer 400. */
static const char *query_of(const char *id)
{
	if (strcmp(id, "getWorkingDay") == 0)
		return "?from=2024-01-08&add=5";
	if (strcmp(id, "simulateClocks") == 0)
		return "?aware_on=2024-01-08";
	return "";
}

static const char *path_of(const struct documented *documented, const struct place places[])
{
	CLEANUP(text_finish) struct text path = TEXT_INIT(2000);

	for (const char *from = documented->path; *from; from++) {
		size_t length = strcspn(from, "}");
		if (*from != '{') {
			text_putc(&path, *from);
			continue;
		}
		text_puts(&path, value_of(places, from + 1, length - 1));
		from += length;
	}
	text_puts(&path, query_of(documented->id));
	return text_of("%s", text_string(&path));
}

struct call call_of(const struct documented *documented, const struct place places[])
{
	return (struct call){
	    .method = documented->method,
	    .path = path_of(documented, places),
	    .idempotency_key = strcmp(documented->method, "POST") == 0 ? new_id() : NULL,
	    .if_match = strcmp(documented->method, "PATCH") == 0 ? "\"1\"" : NULL,
	    .content_type = documented->content_type,
	    .json = documented->example,
	};
}
