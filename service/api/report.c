/* Owns how the rows of a statement become a report. */
#include "api/report.h"

#include <string.h>

#include "api/markdown.h"
#include "api/page.h"
#include "api/report_page.h"
#include "api/report_public.h"
#include "api/sheet.h"

#define COLUMNS_MAX 60
#define ROW_BYTES ((size_t)64 * 1024)
#define LINK_BYTES 2000

const json_t *report_of(const struct operation *operation)
{
	return json_object_get(operation->document, "x-report");
}

/* ---- Columns ---- */

static const char *type_of(const json_t *member)
{
	const json_t *types = json_object_get(member, "type");
	const char *type = json_string_value(json_is_array(types) ? json_array_get(types, 0) : types);
	const char *format = json_string_value(json_object_get(member, "format"));
	const char *said = json_string_value(json_object_get(member, "x-type"));

	if (said)
		return said;
	if (format && strcmp(format, "date") == 0)
		return "date";
	if (type && strcmp(type, "array") == 0)
		return "list";
	return type && strcmp(type, "string") != 0 ? type : "text";
}

json_t *report_columns(const struct contract *contract, const struct operation *operation)
{
	json_t *columns = json_array();
	const json_t *members = contract_row_members(contract, operation, "rows");
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)members, key, member) {
		const char *label = json_string_value(json_object_get(member, "title"));
		/* What has no label is no column: ids and links. */
		if (label)
			json_array_append_new(columns,
			    json_pack("{s:s, s:s, s:s}", "key", key, "label", label, "type", type_of(member)));
	}
	return columns;
}

/* ---- Rows ---- */

static json_t *row_json(const struct rows *rows, size_t row)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(ROW_BYTES);

	rows_put_object(rows, row, &text);
	return text.failed ? NULL : json_loadb(text_string(&text), text.length, 0, NULL);
}

/* Leaves a statement's other parts out: each has its own columns of the one SELECT list. */
static void keep_only(json_t *row, const json_t *members)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(row, next, key, value) if (!json_object_get(members, key))
	    json_object_del(row, key);
}

static void drop_nulls(json_t *row)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(row, next, key, value) if (json_is_null(value))
	    json_object_del(row, key);
}

/* `ret_last` is the last row of a page that another one follows; -1 when none does. */
static bool add_parts(const struct call *call, const struct rows *rows,
    const struct list_page *page, json_t *report, ssize_t *ret_last)
{
	const json_t *members =
	    contract_row_members(call->api->contract, call->request->operation, "rows");
	json_t *lines = json_object_get(report, "rows");
	json_t *totals = json_object_get(report, "totals");
	json_t *notes = json_object_get(report, "notes");
	ssize_t last = -1;

	*ret_last = -1;
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *part = rows_text(rows, i, "_part");
		if (strcmp(part, "note") == 0) {
			json_array_append_new(notes, json_string(rows_text(rows, i, "_note")));
			continue;
		}
		CLEANUP(json_decref) json_t *row = row_json(rows, i);
		if (!row)
			return false;
		if (strcmp(part, "total") == 0) {
			drop_nulls(row);
			json_object_update(totals, row);
		} else if (page && json_array_size(lines) == page->size) {
			*ret_last = last;
		} else {
			keep_only(row, members);
			json_array_append(lines, row);
			last = (ssize_t)i;
		}
	}
	return true;
}

/* ---- The report ---- */

static json_t *parameters_json(const struct call *call)
{
	json_t *parameters = json_object();
	const struct operation *operation = call->request->operation;

	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct parameter *parameter = &operation->parameters[i];
		const char *value = request_argument(call->request, parameter->name);
		if (parameter->place == IN_QUERY)
			json_object_set_new(
			    parameters, parameter->name, value ? json_string(value) : json_null());
	}
	return parameters;
}

/* The path with the arguments that the report was asked with, of those that the operation there
 * has, but for those of pages. */
static void put_link(const struct call *call, const struct operation *operation, const char *path,
    struct text *ret_link)
{
	const struct request *request = call->request;
	char mark = '?';

	text_puts(ret_link, path);
	for (size_t i = 0; i < request->argument_count; i++) {
		const struct argument *argument = &request->arguments[i];
		const char *name = argument->parameter->name;
		if (argument->parameter->place != IN_QUERY || !argument->value ||
		    !operation_parameter(operation, IN_QUERY, name) || strcmp(name, "limit") == 0 ||
		    strcmp(name, REPORT_AFTER) == 0)
			continue;
		text_putc(ret_link, mark);
		text_put_url(ret_link, name);
		text_putc(ret_link, '=');
		text_put_url(ret_link, argument->value);
		mark = '&';
	}
	if (mark == '?')
		text_putc(ret_link, '?');
}

/* A page of it: the same with its limit and, but for the first one, its cursor. */
static void put_page_link(const struct call *call, const char *after, struct text *ret_link)
{
	const char *limit = request_argument(call->request, "limit");

	put_link(call, call->request->operation, call->request->path, ret_link);
	if (limit)
		text_printf(ret_link, "&limit=%s", limit);
	if (after)
		text_printf(ret_link, "&%s=%s", REPORT_AFTER, after);
}

static json_t *links_json(const struct call *call)
{
	CLEANUP(text_finish) struct text self = TEXT_INIT(LINK_BYTES);
	CLEANUP(text_finish) struct text records = TEXT_INIT(LINK_BYTES);
	CLEANUP(text_finish) struct text path = TEXT_INIT(LINK_BYTES);

	put_page_link(call, request_argument(call->request, REPORT_AFTER), &self);
	text_printf(&path, "%s/records", call->request->path);
	put_link(call, contract_find(call->api->contract, "listReportRecords"), text_string(&path),
	    &records);
	return json_pack("{s:s, s:o, s:n}", "self", text_string(&self), "records",
	    call->endpoint->records ? json_string(text_string(&records)) : json_null(), "next");
}

static void link_next(struct call *call, const struct list_page *page, const struct rows *rows,
    ssize_t last, json_t *report)
{
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);
	CLEANUP(text_finish) struct text next = TEXT_INIT(LINK_BYTES);

	if (last < 0)
		return;
	list_put_next(call, page, rows, (size_t)last, &cursor);
	put_page_link(call, text_string(&cursor), &next);
	json_object_set_new(json_object_get(report, "links"), "next", json_string(text_string(&next)));
}

bool report_make(struct call *call, const struct rows *rows, const char *as_of,
    const struct list_page *page, json_t **ret_report, struct problem *problem)
{
	ssize_t last;
	const struct operation *operation = call->request->operation;
	const json_t *said = report_of(operation);
	CLEANUP(json_decref)
	json_t *report = json_pack("{s:O, s:O, s:s, s:s, s:o, s:O, s:o, s:[], s:{}, s:o, s:o}", "name",
	    json_object_get(said, "name"), "title", json_object_get(said, "title"), "as_of", as_of,
	    "audience", request_argument(call->request, "audience"), "parameters",
	    parameters_json(call), "unit", json_object_get(said, "unit"), "columns",
	    report_columns(call->api->contract, operation), "rows", "totals", "notes",
	    json_deep_copy(json_object_get(said, "notes")), "links", links_json(call));

	if (!report || !add_parts(call, rows, page, report, &last))
		return problem_fail(problem, PROBLEM_INTERNAL, "the report %s could not be made",
		    json_string_value(json_object_get(said, "name")));
	link_next(call, page, rows, last, report);
	*ret_report = TAKE(report);
	return true;
}

/* ---- Formats ---- */

static void put_csv(const json_t *report, struct text *ret_text)
{
	const char *keys[COLUMNS_MAX + 1] = {NULL};
	size_t count = 0;
	size_t index;
	json_t *column;

	json_array_foreach (json_object_get(report, "columns"), index, column)
		if (count < COLUMNS_MAX)
			keys[count++] = json_string_value(json_object_get(column, "key"));
	sheet_put(json_object_get(report, "rows"), keys, ret_text);
}

bool report_put(struct call *call, json_t *report, const char *by, struct problem *problem)
{
	struct reply *reply = call->reply;

	reply->status = 200;
	if (strcmp(reply->media_type, "application/json") != 0)
		report_mark_suppressed(report);
	if (strcmp(reply->media_type, "text/csv") == 0) {
		put_csv(report, &reply->body);
	} else if (strcmp(reply->media_type, "text/html") == 0) {
		page_guard(reply);
		report_page_put(report, by, json_object_get(report_of(call->request->operation), "chart"),
		    &reply->body);
	} else if (strcmp(reply->media_type, "text/markdown") == 0) {
		report_markdown_put(report, by, &reply->body);
	} else {
		CLEANUP(free) char *written = json_dumps(report, JSON_COMPACT | SHEET_DIGITS);
		text_puts(&reply->body, written ? written : "{}");
	}
	if (reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a report outgrew its limit");
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}
