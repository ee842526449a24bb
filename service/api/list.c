/* Owns paging: cursors, the envelope of lists and their Link header. */
#include "api/list.h"

#include <stdio.h>
#include <string.h>

/* What says where and how much, and not what. */
static bool is_filter(const struct list_page *page, const struct parameter *parameter)
{
	return parameter->place != IN_HEADER && strcmp(parameter->name, page->parameter) != 0 &&
	       strcmp(parameter->name, "limit") != 0 && strcmp(parameter->name, "wait") != 0;
}

/* What a cursor belongs to: the operation and its filters. */
static void put_filter(const struct call *call, struct list_page *page)
{
	CLEANUP(text_finish) struct text filter = TEXT_INIT((size_t)64 * 1024);
	unsigned char digest[DIGEST_BYTES];
	const struct request *request = call->request;

	text_puts(&filter, request->operation->id);
	for (size_t i = 0; i < request->argument_count; i++) {
		const struct argument *argument = &request->arguments[i];
		if (is_filter(page, argument->parameter))
			text_printf(&filter, "\n%s=%s", argument->parameter->name,
			    argument->value ? argument->value : "");
	}
	digest_sha256(text_string(&filter), filter.length, digest);
	hex_encode(digest, 8, page->filter);
}

static bool read_cursor(const char *cursor, struct list_page *page)
{
	CLEANUP(text_finish) struct text plain = TEXT_INIT(CURSOR_BYTES);

	if (!base64_decode(cursor, strlen(cursor), &plain))
		return false;
	CLEANUP(json_decref) json_t *parts = json_loadb(text_string(&plain), plain.length, 0, NULL);
	const char *key = json_string_value(json_array_get(parts, 1));
	const char *id = json_string_value(json_array_get(parts, 2));
	const char *bound_to = json_string_value(json_array_get(parts, 0));
	if (!key || !id || !bound_to || strcmp(bound_to, page->filter) != 0)
		return false;
	if (strlen(key) >= sizeof(page->key) || strlen(id) >= sizeof(page->id))
		return false;
	snprintf(page->key, sizeof(page->key), "%s", key);
	snprintf(page->id, sizeof(page->id), "%s", id);
	page->has_cursor = true;
	return true;
}

bool list_open(const struct call *call, struct list_page *ret_page, struct bindings *bindings,
    struct problem *problem)
{
	return list_open_at(call, "cursor", ret_page, bindings, problem);
}

void list_start(const struct call *call, const char *parameter, struct list_page *ret_page)
{
	*ret_page = (struct list_page){
	    .parameter = parameter, .size = (size_t)request_number(call->request, "limit")};
	snprintf(ret_page->limit, sizeof(ret_page->limit), "%zu", ret_page->size + 1);
	put_filter(call, ret_page);
}

bool list_open_at(const struct call *call, const char *parameter, struct list_page *ret_page,
    struct bindings *bindings, struct problem *problem)
{
	const char *cursor = request_argument(call->request, parameter);

	list_start(call, parameter, ret_page);
	if (cursor && !read_cursor(cursor, ret_page)) {
		problem_add(problem, PROBLEM_BAD_PARAMETER, parameter, "cursor",
		    "The cursor was not made by this list with these filters.");
		return false;
	}
	bind_text(bindings, "limit", ret_page->limit);
	bind_text(bindings, "after_key", ret_page->has_cursor ? ret_page->key : NULL);
	bind_text(bindings, "after_id", ret_page->has_cursor && ret_page->id[0] ? ret_page->id : NULL);
	return true;
}

void list_put_cursor(
    const struct list_page *page, const char *key, const char *id, struct text *ret_cursor)
{
	CLEANUP(json_decref) json_t *parts = json_pack("[s, s, s]", page->filter, key, id);
	CLEANUP(free) char *plain = json_dumps(parts, JSON_COMPACT);

	if (plain)
		base64url_encode(plain, strlen(plain), ret_cursor);
}

static void put_rows(const struct call *call, const struct rows *rows, size_t count,
    list_decorate *decorate, const void *context, struct text *ret_text)
{
	if (!decorate) {
		rows_put_array(rows, 0, count, ret_text);
		return;
	}
	text_putc(ret_text, '[');
	for (size_t row = 0; row < count; row++) {
		if (row)
			text_putc(ret_text, ',');
		rows_put_open_object(rows, row, ret_text);
		decorate(call, context, rows, row, LIST_JSON_ROW, ret_text);
		text_putc(ret_text, '}');
	}
	text_putc(ret_text, ']');
}

/* The same list, further on: every argument as it came, with the new cursor. */
void list_put_link(struct call *call, const struct list_page *page, const char *cursor)
{
	CLEANUP(text_finish) struct text link = TEXT_INIT(1000);
	const struct request *request = call->request;

	text_printf(&link, "<%s?%s=%s", request->path, page->parameter, cursor);
	for (size_t i = 0; i < request->argument_count; i++) {
		const struct argument *argument = &request->arguments[i];
		if (argument->parameter->place != IN_QUERY || !argument->value ||
		    strcmp(argument->parameter->name, page->parameter) == 0)
			continue;
		text_putc(&link, '&');
		text_put_url(&link, argument->parameter->name);
		text_putc(&link, '=');
		text_put_url(&link, argument->value);
	}
	text_puts(&link, ">; rel=\"next\"");
	if (!link.failed)
		reply_header(call->reply, "Link", "%s", text_string(&link));
}

static void put_csv(const struct call *call, const struct rows *rows, size_t count,
    list_decorate *decorate, const void *context, struct text *ret_text)
{
	rows_put_csv_header(rows, ret_text);
	if (decorate)
		decorate(call, context, rows, 0, LIST_CSV_HEADER, ret_text);
	text_puts(ret_text, "\r\n");
	for (size_t row = 0; row < count; row++) {
		rows_put_csv_row(rows, row, ret_text);
		if (decorate)
			decorate(call, context, rows, row, LIST_CSV_ROW, ret_text);
		text_puts(ret_text, "\r\n");
	}
}

static void put_json(const struct call *call, const struct rows *rows, size_t count,
    list_decorate *decorate, const void *context, struct text *ret_text)
{
	text_puts(ret_text, "{\"data\":");
	put_rows(call, rows, count, decorate, context, ret_text);
}

void list_put_next(struct call *call, const struct list_page *page, const struct rows *rows,
    size_t row, struct text *ret_cursor)
{
	const char *key = rows_text(rows, row, "_key");
	const char *id = rows_has(rows, "_id") ? rows_text(rows, row, "_id") : "";

	list_put_cursor(page, key ? key : "", id, ret_cursor);
	list_put_link(call, page, text_string(ret_cursor));
}

size_t list_cut(struct call *call, const struct list_page *page, const struct rows *rows,
    struct text *ret_cursor)
{
	if (rows_count(rows) <= page->size)
		return rows_count(rows);
	list_put_next(call, page, rows, page->size - 1, ret_cursor);
	return page->size;
}

bool list_close(struct call *call, const struct list_page *page, const struct rows *rows,
    list_decorate *decorate, const void *context, struct problem *problem)
{
	struct reply *reply = call->reply;
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);
	size_t count = list_cut(call, page, rows, &cursor);
	bool has_more = count < rows_count(rows);

	reply->status = 200;
	if (strcmp(reply->media_type, "text/csv") == 0) {
		put_csv(call, rows, count, decorate, context, &reply->body);
	} else {
		put_json(call, rows, count, decorate, context, &reply->body);
		if (has_more)
			text_printf(
			    &reply->body, ",\"has_more\":true,\"next_cursor\":\"%s\"}", text_string(&cursor));
		else
			text_puts(&reply->body, ",\"has_more\":false,\"next_cursor\":null}");
	}
	if (reply->body.failed || cursor.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a page outgrew its limit");
	return true;
}
