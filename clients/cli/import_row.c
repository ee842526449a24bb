/* Owns the meaning of a CSV file's headings and cells. */
#include "cli/import.h"

#include "cli/body.h"

#include <errno.h>
#include <gnutls/crypto.h>

bool import_check_heading(const struct document *document, const json_t *schema,
    const struct csv_row *heading, struct text *message)
{
	size_t unknown = 0;

	for (size_t i = 0; i < heading->count; i++) {
		if (heading->cells[i][0] && document_schema_at(document, schema, heading->cells[i]))
			continue;
		text_printf(
		    message, "%s\"%s\"", unknown++ ? ", " : "The schema has no field ", heading->cells[i]);
	}
	return unknown == 0;
}

static json_t *read_number(const char *cell, bool whole)
{
	char *end = NULL;

	errno = 0;
	long long integer = strtoll(cell, &end, 10);
	if (errno == 0 && *end == '\0' && end != cell)
		return json_integer(integer);
	if (whole)
		return NULL;
	errno = 0;
	double real = strtod(cell, &end);
	return errno == 0 && *end == '\0' && end != cell ? json_real(real) : NULL;
}

/* What does not read as the type it should have goes as a string, for the service to refuse. */
static json_t *read_scalar(const json_t *schema, const char *cell)
{
	json_t *number = NULL;

	if (schema_allows(schema, "boolean") && !schema_allows(schema, "string")) {
		if (strcasecmp(cell, "true") == 0 || strcasecmp(cell, "yes") == 0)
			return json_true();
		if (strcasecmp(cell, "false") == 0 || strcasecmp(cell, "no") == 0)
			return json_false();
	}
	if (schema_allows(schema, "integer"))
		number = read_number(cell, true);
	else if (schema_allows(schema, "number"))
		number = read_number(cell, false);
	return number ? number : json_string(cell);
}

static json_t *read_list(const struct document *document, const json_t *schema, const char *cell)
{
	json_t *list CLEANUP(json_decref) = json_array();
	const json_t *items = document_resolve(document, json_object_get(schema, "items"));
	char *copy CLEANUP(free) = strdup(cell);

	for (char *rest = copy; rest;) {
		char *item = strsep(&rest, ";");
		item += strspn(item, " ");
		size_t length = strlen(item);
		while (length && item[length - 1] == ' ')
			item[--length] = '\0';
		if (length && json_array_append_new(list, read_scalar(items, item)) != 0)
			return NULL;
	}
	return copy ? TAKE(list) : NULL;
}

bool import_body(const struct document *document, const json_t *schema,
    const struct csv_row *heading, const struct csv_row *row, json_t **ret_body,
    struct text *message)
{
	json_t *body CLEANUP(json_decref) = json_object();

	if (row->count != heading->count) {
		text_printf(
		    message, "The row has %zu cells and the heading %zu", row->count, heading->count);
		return false;
	}
	for (size_t i = 0; i < row->count; i++) {
		if (!row->cells[i][0])
			continue;
		const json_t *field = document_schema_at(document, schema, heading->cells[i]);
		bool is_list = schema_allows(field, "array");
		json_t *value =
		    is_list ? read_list(document, field, row->cells[i]) : read_scalar(field, row->cells[i]);
		if (!value) {
			text_printf(message, "%s is not UTF-8", heading->cells[i]);
			return false;
		}
		if (!body_put(body, heading->cells[i], value, message))
			return false;
	}
	*ret_body = TAKE(body);
	return true;
}

void import_key(const char *body, size_t occurrence, bool dry_run, char ret_key[65])
{
	struct text content CLEANUP(text_finish) = TEXT_INIT((size_t)32 * 1024 * 1024);
	unsigned char digest[32];

	text_printf(&content, "%s\n%zu\n%s", dry_run ? "dry-run" : "import", occurrence, body);
	if (content.failed ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, text_string(&content), content.length, digest) != 0)
		abort();
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_key + 2 * i, 3, "%02x", digest[i]);
}
