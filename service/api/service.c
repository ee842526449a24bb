/* Owns the handlers that need no caller. */
#include "api/service.h"

#include "store/statements.h"

bool service_live(struct call *call, struct problem *problem)
{
	call->reply->status = 200;
	text_puts(&call->reply->body, "{\"status\":\"live\"}");
	return true;
}

bool service_ready(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings none = {0};

	/* Every statement is prepared at connect, so a database that is behind is not ready. */
	if (!pool_lease(call->api->pool, &call->lease, problem) ||
	    !batch_begin(call->lease, BATCH_READ, &batch, problem))
		return false;
	batch_add(&batch, &SQL_DATABASE_READY, &none);
	if (!batch_run(&batch, problem))
		return false;
	call->reply->status = 200;
	text_puts(&call->reply->body, "{\"status\":\"ready\"}");
	return true;
}

bool service_document(struct call *call, struct problem *problem)
{
	CLEANUP(free) char *text = json_dumps(contract_document(call->api->contract), JSON_COMPACT);

	if (!text)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "out of memory");
	call->reply->status = 200;
	text_puts(&call->reply->body, text);
	return true;
}
