/* Owns the handlers that need no caller. */
#include "api/service.h"

#include "store/statements.h"

bool service_live(struct exchange *exchange, struct problem *problem)
{
	exchange->reply->status = 200;
	text_puts(&exchange->reply->body, "{\"status\":\"live\"}");
	return true;
}

bool service_ready(struct exchange *exchange, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings none = {0};

	/* Every statement is prepared at connect, so a database that is behind is not ready. */
	if (!pool_lease(exchange->api->pool, &exchange->lease, problem) ||
		!batch_begin(exchange->lease, BATCH_READ, &batch, problem))
		return false;
	batch_add(&batch, &SQL_DATABASE_READY, &none);
	if (!batch_run(&batch, BATCH_READ, problem))
		return false;
	exchange->reply->status = 200;
	text_puts(&exchange->reply->body, "{\"status\":\"ready\"}");
	return true;
}

bool service_document(struct exchange *exchange, struct problem *problem)
{
	CLEANUP(free) char *text =
		json_dumps(contract_document(exchange->api->contract), JSON_COMPACT);

	if (!text)
		return problem_fail(problem, PROBLEM_INTERNAL, "out of memory");
	exchange->reply->status = 200;
	text_puts(&exchange->reply->body, text);
	return true;
}
