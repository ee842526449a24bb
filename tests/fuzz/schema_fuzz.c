/*
 * Owns the fuzzing of the schema check: any JSON against one schema that has every keyword. The
 * check must end, must tell a fault when it says no, and must decide the same without telling.
 */
#include <assert.h>
#include <stdint.h>

#include "contract/schema.h"

static const char rich[] =
    "{\"$defs\":{\"node\":{\"type\":[\"object\",\"array\",\"string\",\"number\",\"null\"],"
    "\"properties\":{\"next\":{\"$ref\":\"#/$defs/node\"},"
    "\"all\":{\"allOf\":[{\"$ref\":\"#/$defs/node\"},{\"not\":{\"type\":\"null\"}}]},"
    "\"any\":{\"anyOf\":[{\"$ref\":\"#/$defs/node\"},{\"type\":\"boolean\"}]},"
    "\"one\":{\"oneOf\":[{\"properties\":{\"kind\":{\"const\":\"a\"}}},"
    "{\"properties\":{\"kind\":{\"enum\":[\"b\",1.0]}},\"required\":[\"kind\"]}]},"
    "\"date\":{\"format\":\"date\"},\"instant\":{\"format\":\"date-time\"},"
    "\"time\":{\"format\":\"time\"},\"id\":{\"format\":\"uuid\"},\"mail\":{\"format\":\"email\"},"
    "\"uri\":{\"format\":\"uri\"},\"ref\":{\"format\":\"uri-reference\"},"
    "\"text\":{\"minLength\":2,\"maxLength\":9,\"pattern\":\"^(a+)+(b|c*)*$\"},"
    "\"number\":{\"minimum\":-5,\"exclusiveMaximum\":1e9,\"multipleOf\":0.01}},"
    "\"patternProperties\":{\"^x_\":{\"type\":\"integer\",\"exclusiveMinimum\":0,\"maximum\":9}},"
    "\"additionalProperties\":{\"$ref\":\"#/$defs/node\"},"
    "\"propertyNames\":{\"maxLength\":20},\"minProperties\":1,\"maxProperties\":30,"
    "\"required\":[\"next\"],\"dependentRequired\":{\"date\":[\"time\"]},"
    "\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"$ref\":\"#/$defs/node\"},"
    "\"contains\":{\"type\":\"string\"},\"minContains\":1,\"maxContains\":3,"
    "\"minItems\":1,\"maxItems\":40,\"uniqueItems\":true,"
    "\"if\":{\"required\":[\"date\"]},\"then\":{\"minProperties\":2},\"else\":{\"minItems\":0}}},"
    "\"properties\":{\"closed\":{\"allOf\":[{\"properties\":{\"a\":{}}}],"
    "\"anyOf\":[{\"properties\":{\"b\":{\"type\":\"null\"}}},{\"properties\":{\"c\":{}}}],"
    "\"unevaluatedProperties\":false}},\"$ref\":\"#/$defs/node\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static json_t *document;
	static struct schema *schema;

	if (!schema) {
		struct problem problem = {0};
		document = json_loads(rich, JSON_REJECT_DUPLICATES, NULL);
		if (!document || !schema_compile(document, "", &schema, &problem))
			__builtin_trap();
	}
	CLEANUP(json_decref)
	json_t *value =
	    json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (!value)
		return 0;
	CLEANUP(problem_finish) struct problem problem = {0};
	bool holds = schema_check(schema, value, "", &problem);
	assert(holds == (json_array_size(problem.errors) == 0));
	assert(holds == schema_check(schema, value, "", NULL));
	return 0;
}
