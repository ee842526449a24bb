/* Owns the look at what an answer's table and a body are made of. */
#include "contract/contract_model.h"

static const json_t *followed(const struct contract *contract, const json_t *schema)
{
	const char *reference = json_string_value(json_object_get(schema, "$ref"));

	return reference ? reference_find(contract->document, reference) : schema;
}

/* The schema of a member, also where parts of the object stand in allOf: the last one that says. */
static const json_t *member_of(
    const struct contract *contract, const json_t *schema, const char *name)
{
	const json_t *found;
	size_t index;
	json_t *part;

	schema = followed(contract, schema);
	found = json_object_get(json_object_get(schema, "properties"), name);
	json_array_foreach (json_object_get(schema, "allOf"), index, part) {
		const json_t *of_part = member_of(contract, part, name);
		found = of_part ? of_part : found;
	}
	return followed(contract, found);
}

const json_t *contract_row_members(
    const struct contract *contract, const struct operation *operation, const char *list)
{
	const json_t *answer =
	    json_object_get(json_object_get(operation->document, "responses"), "200");
	const json_t *media =
	    json_object_get(json_object_get(followed(contract, answer), "content"), "application/json");
	const json_t *rows = member_of(contract, json_object_get(media, "schema"), list);
	const json_t *row = followed(contract, json_object_get(rows, "items"));

	return json_object_get(row, "properties");
}

const json_t *contract_body_member(
    const struct contract *contract, const struct operation *operation, const char *name)
{
	const json_t *body = followed(contract, json_object_get(operation->document, "requestBody"));
	const json_t *media = json_object_get(json_object_get(body, "content"), operation->body_type);

	return member_of(contract, json_object_get(media, "schema"), name);
}
