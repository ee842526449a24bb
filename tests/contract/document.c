/*
 * Owns the check of our own document: it compiles, its examples keep to their schemas, and its
 * problem codes are those of service/base/problems.def.
 */
#include <stdio.h>
#include <string.h>

#include "contract/contract.h"
#include "openapi_document.h"

static size_t faults;
static size_t examples;

static void tell(const char *what, const struct problem *problem)
{
	CLEANUP(free) char *errors = json_dumps(problem->errors, JSON_COMPACT);

	printf("FAIL %s: %s %s\n", what, problem->detail, errors ? errors : "");
	faults++;
}

static void check_example(const struct operation *operation, const json_t *example)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	examples++;
	if (!schema_check(operation->body, example, "", &problem))
		tell(operation->id, &problem);
}

/* The examples of a request's body. */
static void check_body_examples(const struct operation *operation)
{
	const json_t *content =
	    json_object_get(json_object_get(operation->document, "requestBody"), "content");
	const json_t *media = json_object_get(content, operation->body_type);
	const json_t *example = json_object_get(media, "example");
	const char *name;
	json_t *named;

	if (example)
		check_example(operation, example);
	json_object_foreach (json_object_get(media, "examples"), name, named)
		check_example(operation, json_object_get(named, "value"));
}

/* The examples of answers that stand in the operation itself. */
static void check_answer_examples(const struct operation *operation)
{
	const char *status, *type;
	json_t *answer, *media;

	json_object_foreach (json_object_get(operation->document, "responses"), status, answer) {
		json_object_foreach (json_object_get(answer, "content"), type, media) {
			CLEANUP(problem_finish) struct problem problem = {0};
			const json_t *example = json_object_get(media, "example");
			/* Text such as CSV is an example, too, and has no schema to keep to. */
			if (!example || json_is_string(example))
				continue;
			examples++;
			if (!operation_check_answer(
			        operation, (int)strtol(status, NULL, 10), type, example, &problem))
				tell(operation->id, &problem);
		}
	}
}

static json_t *codes_of_the_program(void)
{
	json_t *codes = json_object();

	for (int kind = PROBLEM_NONE + 1; kind < PROBLEM_KINDS; kind++)
		json_object_set_new(codes, problem_slug((enum problem_kind)kind), json_true());
	return codes;
}

/* Both ways: a code that only one side knows is a fault. */
static void check_codes(const json_t *document)
{
	CLEANUP(json_decref) json_t *codes = codes_of_the_program();
	const json_t *problem = json_object_get(
	    json_object_get(json_object_get(document, "components"), "schemas"), "Problem");
	const json_t *listed =
	    json_object_get(json_object_get(json_object_get(problem, "properties"), "code"), "enum");
	size_t index;
	json_t *code;
	const char *slug;

	if (!json_array_size(listed)) {
		printf("FAIL the schema Problem has no enum of codes\n");
		faults++;
	}
	json_array_foreach (listed, index, code) {
		if (json_object_del(codes, json_string_value(code)) == 0)
			continue;
		printf("FAIL the program has no problem \"%s\"\n", json_string_value(code));
		faults++;
	}
	json_object_foreach (codes, slug, code) {
		printf("FAIL the document has no problem \"%s\"\n", slug);
		faults++;
	}
}

int main(void)
{
	CLEANUP(contract_destroy) struct contract *contract = NULL;
	CLEANUP(problem_finish) struct problem problem = {0};

	if (!contract_load(openapi_json, openapi_json_length, &contract, &problem)) {
		tell("the document", &problem);
		return 1;
	}
	size_t count = contract_operation_count(contract);
	for (size_t i = 0; i < count; i++) {
		const struct operation *operation = contract_operation(contract, i);
		if (operation->body)
			check_body_examples(operation);
		check_answer_examples(operation);
	}
	check_codes(contract_document(contract));
	printf("%zu operations, %zu examples, %zu faults\n", count, examples, faults);
	return faults || !count || !examples ? 1 : 0;
}
