/*
 * Owns the fuzzing of body reading: whatever is parsed stays within the limits of depth and size,
 * and the check of characters finds a fault exactly when the text written back has one.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "http/body.h"
#include "http/characters.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static size_t count(const json_t *json, size_t depth, bool *ret_clean)
{
	size_t nodes = 1, i;
	json_t *value;
	const char *key;

	assert(depth <= BODY_DEPTH_MAX + 1);
	if (json_is_string(json) && !text_is_clean(json_string_value(json), json_string_length(json)))
		*ret_clean = false;
	json_array_foreach (json, i, value)
		nodes += count(value, depth + 1, ret_clean);
	json_object_foreach ((json_t *)json, key, value) {
		if (!text_is_clean(key, strlen(key)))
			*ret_clean = false;
		nodes += count(value, depth + 1, ret_clean);
	}
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *json = NULL;
	bool clean = true;

	if (!body_parse((const char *)bytes, length, &json, &problem)) {
		assert(!json && problem.kind == PROBLEM_MALFORMED_BODY && problem.detail[0]);
		return 0;
	}
	assert(count(json, 1, &clean) <= BODY_NODES_MAX);
	body_check_characters(json, "", &problem);
	assert(clean == (problem.kind == PROBLEM_NONE));
	return 0;
}
