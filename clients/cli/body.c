/* Owns the making of a request body from a file and from settings. */
#include "cli/body.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#define PATH_DEPTH 16

static bool read_all(int file, struct text *bytes)
{
	char buffer[16384];
	ssize_t count;

	while ((count = read(file, buffer, sizeof(buffer))) != 0) {
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return false;
		text_append(bytes, buffer, (size_t)count);
		if (bytes->failed) {
			errno = EFBIG;
			return false;
		}
	}
	return true;
}

bool body_read_file(const char *path, struct text *bytes, struct text *message)
{
	bool standard = strcmp(path, "-") == 0;
	int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	bool ok = file >= 0 && read_all(file, bytes);

	if (!ok)
		text_printf(
		    message, "%s cannot be read: %s", standard ? "Standard input" : path, strerror(errno));
	if (file >= 0 && !standard)
		close(file);
	return ok;
}

static bool is_place(const char *step)
{
	return step[0] && strlen(step) < 6 && strspn(step, "0123456789") == strlen(step);
}

static bool put_member(json_t *parent, const char *step, json_t *value, struct text *message)
{
	if (json_is_object(parent)) {
		if (json_object_set_new(parent, step, value) == 0)
			return true;
		text_printf(message, "%s is not a possible name", step);
		return false;
	}
	if (json_is_array(parent) && is_place(step)) {
		size_t place = (size_t)strtoul(step, NULL, 10);
		if (place < json_array_size(parent))
			return json_array_set_new(parent, place, value) == 0;
		if (place == json_array_size(parent))
			return json_array_append_new(parent, value) == 0;
		text_printf(message, "The list has %zu items, so that item %s cannot be set next",
		    json_array_size(parent), step);
	} else {
		text_printf(
		    message, "%s cannot be set in something that has no members of that kind", step);
	}
	json_decref(value);
	return false;
}

static json_t *existing(json_t *parent, const char *step)
{
	json_t *found = json_is_array(parent) && is_place(step)
	                    ? json_array_get(parent, (size_t)strtoul(step, NULL, 10))
	                    : json_object_get(parent, step);

	return json_is_object(found) || json_is_array(found) ? found : NULL;
}

bool body_put(json_t *body, const char *path, json_t *value, struct text *message)
{
	json_t *owned CLEANUP(json_decref) = value;
	char *steps[PATH_DEPTH];
	size_t count = 0;
	char *copy CLEANUP(free) = strdup(path);

	if (!owned || !copy)
		return false;
	for (char *rest = copy; rest && count < PATH_DEPTH;)
		steps[count++] = strsep(&rest, ".");
	for (size_t i = 0; i < count; i++) {
		if (!steps[i][0] || (i + 1 == PATH_DEPTH)) {
			text_printf(message, "%s is not a path of names divided by dots", path);
			return false;
		}
	}
	json_t *parent = body;
	for (size_t i = 0; i + 1 < count; i++) {
		json_t *next = existing(parent, steps[i]);
		if (!next) {
			next = is_place(steps[i + 1]) ? json_array() : json_object();
			if (!put_member(parent, steps[i], next, message))
				return false;
		}
		parent = next;
	}
	return put_member(parent, steps[count - 1], TAKE(owned), message);
}

static const char *type_name(const json_t *value)
{
	if (json_is_boolean(value))
		return "boolean";
	if (json_is_integer(value))
		return "integer";
	return "number";
}

/* A reference such as 12345 reads as a number, and is one only where the schema says so. */
static bool is_meant_as_string(const json_t *value, const char *path, struct body_schema schema)
{
	if (!schema.schema || (!json_is_number(value) && !json_is_boolean(value)))
		return false;
	const json_t *wanted = document_schema_at(schema.document, schema.schema, path);
	return schema_allows(wanted, "string") && !schema_allows(wanted, type_name(value)) &&
	       !schema_allows(wanted, "number");
}

static json_t *read_value(const char *value, const char *path, struct body_schema schema)
{
	json_t *parsed CLEANUP(json_decref) = json_loads(value, JSON_DECODE_ANY, NULL);

	if (!parsed || is_meant_as_string(parsed, path, schema))
		return json_string(value);
	return TAKE(parsed);
}

bool body_set(json_t *body, const char *setting, struct body_schema schema, struct text *message)
{
	const char *equals = strchr(setting, '=');

	if (!equals || equals == setting) {
		text_printf(message, "--set takes key=value, not %s", setting);
		return false;
	}
	char *path CLEANUP(free) = strndup(setting, (size_t)(equals - setting));
	if (!path)
		return false;
	json_t *value = read_value(equals + 1, path, schema);
	if (!value) {
		text_printf(message, "The value of %s is not UTF-8", path);
		return false;
	}
	return body_put(body, path, value, message);
}

static bool ends_with(const char *path, const char *ending)
{
	size_t length = strlen(path);
	size_t of_ending = strlen(ending);

	return length > of_ending && strcasecmp(path + length - of_ending, ending) == 0;
}

bool body_is_sheet(const char *path, const struct text *bytes)
{
	const char *content = text_string(bytes);

	if (ends_with(path, ".csv"))
		return true;
	content += strspn(content, " \t\r\n");
	return !ends_with(path, ".json") && *content && *content != '{' && *content != '[';
}

bool body_make(const char *path, const char *const *sets, size_t set_count,
    struct body_schema schema, json_t **ret_body, struct text *message)
{
	struct text bytes CLEANUP(text_finish) = TEXT_INIT(BODY_BYTES);

	return (!path || body_read_file(path, &bytes, message)) &&
	       body_make_of(path, &bytes, sets, set_count, schema, ret_body, message);
}

bool body_make_of(const char *path, const struct text *bytes, const char *const *sets,
    size_t set_count, struct body_schema schema, json_t **ret_body, struct text *message)
{
	json_t *body CLEANUP(json_decref) = NULL;
	json_error_t error;

	body = path ? json_loadb(text_string(bytes), bytes->length, JSON_REJECT_DUPLICATES, &error)
	            : json_object();
	if (path && !body) {
		text_printf(message, "%s is not JSON: line %d, column %d: %s", path, error.line,
		    error.column, error.text);
		return false;
	}
	for (size_t i = 0; i < set_count; i++) {
		if (!body_set(body, sets[i], schema, message))
			return false;
	}
	*ret_body = TAKE(body);
	return true;
}
