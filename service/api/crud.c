/* Owns the generic handlers. */
#include "api/crud.h"

#include <stdio.h>
#include <string.h>

#include "api/list.h"

/* 304 when the client has this very content. */
static void put_tag(struct exchange *exchange, const struct rows *rows)
{
	struct reply *reply = exchange->reply;
	char tag[48];

	if (rows_has(rows, "version")) {
		snprintf(tag, sizeof(tag), "\"%ld\"", (long)rows_number(rows, 0, "version"));
	} else {
		unsigned char digest[DIGEST_BYTES];
		char hex[33];
		digest_sha256(reply->body.data, reply->body.length, digest);
		hex_encode(digest, 16, hex);
		snprintf(tag, sizeof(tag), "\"%s\"", hex);
	}
	reply_header(reply, "ETag", "%s", tag);
	const char *known = request_argument(exchange->request, "If-None-Match");
	if (known && strcmp(known, tag) == 0) {
		reply->status = 304;
		text_clear(&reply->body);
	}
}

bool crud_get(struct exchange *exchange, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments;

	exchange_bind(exchange, &arguments);
	if (!exchange_begin(exchange, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(&batch, exchange->endpoint->statement, &arguments.bindings);
	if (!exchange_run(exchange, &batch, BATCH_READ, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	if (rows_count(rows) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such %s.",
			exchange->endpoint->resource);
	exchange->reply->status = 200;
	rows_put_object(rows, 0, &exchange->reply->body);
	put_tag(exchange, rows);
	return true;
}

static const struct statement *sorted(const struct exchange *exchange)
{
	const char *wanted = request_argument(exchange->request, "sort");
	const struct list_sort *sort = exchange->endpoint->sorts;

	for (; wanted && sort && sort->name; sort++)
		if (strcmp(sort->name, wanted) == 0)
			return sort->statement;
	return exchange->endpoint->statement;
}

bool crud_list(struct exchange *exchange, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments;
	struct list_page page;

	exchange_bind(exchange, &arguments);
	if (!list_open(exchange, &page, &arguments.bindings, problem) ||
		!exchange_begin(exchange, BATCH_READ, NULL, &batch, problem))
		return false;
	const struct statement *parent = exchange->endpoint->parent;
	size_t parent_number = parent ? batch_add(&batch, parent, &arguments.bindings) : 0;
	size_t number = batch_add(&batch, sorted(exchange), &arguments.bindings);
	if (!exchange_run(exchange, &batch, BATCH_READ, problem))
		return false;
	if (parent && rows_count(batch_rows(&batch, parent_number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is nothing at this path.");
	return list_close(exchange, &page, batch_rows(&batch, number), NULL, NULL, problem);
}
