/* Owns dotted paths into JSON, and JSON values as plain text. */
#include "cli/json.h"

#include <errno.h>

static const json_t *step(const json_t *value, const char *name, size_t length)
{
	char member[128];
	char *end = NULL;

	if (length >= sizeof(member))
		return NULL;
	memcpy(member, name, length);
	member[length] = '\0';
	if (json_is_object(value))
		return json_object_get(value, member);
	if (!json_is_array(value) || member[0] < '0' || member[0] > '9')
		return NULL;
	errno = 0;
	unsigned long index = strtoul(member, &end, 10);
	return errno == 0 && *end == '\0' ? json_array_get(value, index) : NULL;
}

const json_t *json_at(const json_t *value, const char *path)
{
	while (value && *path) {
		size_t length = strcspn(path, ".");
		value = step(value, path, length);
		path += length;
		path += *path == '.';
	}
	return value;
}

void json_put_plain(struct text *text, const json_t *value)
{
	if (!value || json_is_null(value))
		return;
	if (json_is_string(value)) {
		text_puts(text, json_string_value(value));
		return;
	}
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i)
				text_puts(text, ", ");
			json_put_plain(text, json_array_get(value, i));
		}
		return;
	}
	char *dumped CLEANUP(free) = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (dumped)
		text_puts(text, dumped);
	else
		text->failed = true;
}
