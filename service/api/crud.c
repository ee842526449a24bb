/* Owns the generic handlers. */
#include "api/crud.h"

#include <string.h>

#include "api/duties.h"
#include "api/gather.h"
#include "api/next_steps.h"
#include "base/ids.h"
#include "store/statements.h"

#define LOCATION_BYTES 500

/* Answers with a row of `rows`, or that there is none, and with what `inner` has of it. */
static bool show(struct call *call, const struct sight *sight, struct problem *problem)
{
	struct text *body = &call->reply->body;
	const struct rows *rows = sight->rows;

	if (sight->row >= rows_count(rows))
		return problem_set(
		    problem, PROBLEM_NOT_FOUND, "There is no such %s.", call->endpoint->resource);
	call->reply->status = 200;
	rows_put_open_object(rows, sight->row, body);
	if (sight->inner) {
		text_printf(body, ",\"%s\":", call->endpoint->inner_name);
		rows_put_array(sight->inner, sight->inner_first, sight->inner_count, body);
	}
	next_steps_put(call, NULL, rows, sight->row, LIST_JSON_ROW, body);
	text_putc(body, '}');
	call_tag(call, rows_has(rows, "version") ? (long)rows_number(rows, sight->row, "version")
	                                         : VERSION_OF_CONTENT);
	return true;
}

bool crud_get(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	if (call->endpoint->settings)
		batch_add(&batch, call->endpoint->settings, &arguments.bindings);
	size_t number = batch_add(&batch, call->endpoint->statement, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	return show(call, &(struct sight){.rows = batch_rows(&batch, number)}, problem);
}

bool crud_gather(struct call *call, struct problem *problem)
{
	CLEANUP(sight_finish) struct sight sight = {0};

	return gather_read(call, &sight, problem) && show(call, &sight, problem);
}

static const struct statement *sorted(const struct call *call)
{
	const char *wanted = request_argument(call->request, "sort");
	const struct list_sort *sort = call->endpoint->sorts;

	for (; wanted && sort && sort->name; sort++)
		if (strcmp(sort->name, wanted) == 0)
			return sort->statement;
	return call->endpoint->statement;
}

bool crud_list(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	struct list_page page;

	call_bind(call, &arguments);
	if (!list_open(call, &page, &arguments.bindings, problem))
		return call_refuse(call, NULL, problem);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	const struct statement *parent = call->endpoint->parent;
	size_t parent_number = parent ? batch_add(&batch, parent, &arguments.bindings) : 0;
	batch_add(&batch, &SQL_LIST_FOLLOWS_INDEX, NULL);
	size_t number = batch_add(&batch, sorted(call), &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	if (parent && rows_count(batch_rows(&batch, parent_number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is nothing at this path.");
	const struct rows *rows = batch_rows(&batch, number);
	list_decorate *decorate = rows_has(rows, "_facts") ? next_steps_put : NULL;
	return list_close(call, &page, rows, decorate, NULL, problem);
}

bool crud_create(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text location = TEXT_INIT(LOCATION_BYTES);
	struct uuid id = uuid_new();

	text_printf(&location, "%s/%s", call->request->path, id.text);
	call_bind(call, &arguments);
	bind_text(&arguments.bindings, call->endpoint->record, id.text);
	if (!call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	call_claim(call, &batch);
	duties_add_json(
	    &batch, call->endpoint->write, &arguments.bindings, "record", call->request->json);
	call_audit(call, &batch, id.text);
	size_t answer = call_keep(call, &batch, call->endpoint->statement, call->endpoint->stored,
	    &arguments.bindings, 201, text_string(&location));
	if (!call_run(call, &batch, problem))
		return call_replay(call, problem);
	call_answer(call, &batch, answer, 201, text_string(&location), VERSION_OF_ANSWER);
	return true;
}
