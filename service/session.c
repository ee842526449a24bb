/* Owns the administrator's connection. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "store/statements.h"

bool session_open(const struct settings *settings, struct session *ret_session)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct pool_options options = {
	    .url = settings->migration_url[0] ? settings->migration_url : settings->database_url,
	    .role = "cspr_admin",
	    .application_name = "cspr-admin",
	    .size = 1,
	    .statements = statements_admin,
	};

	if (pool_create(&options, &ret_session->pool, &problem) &&
	    pool_lease(ret_session->pool, &ret_session->lease, &problem))
		return true;
	command_failed("the database cannot be used", &problem);
	return false;
}

void session_close(struct session *session)
{
	if (session->lease)
		pool_return(session->lease);
	pool_destroy(session->pool);
	*session = (struct session){0};
}

bool session_query(struct session *session, const struct statement *statement,
    const struct bindings *bindings, struct batch *ret_batch, const struct rows **ret_rows,
    struct problem *problem)
{
	if (!batch_begin(session->lease, BATCH_READ, ret_batch, problem))
		return false;
	size_t number = batch_add(ret_batch, statement, bindings);
	if (!batch_run(ret_batch, problem))
		return false;
	*ret_rows = batch_rows(ret_batch, number);
	return true;
}

bool session_find(struct session *session, const struct statement *statement,
    const struct bindings *bindings, char ret_id[37])
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	const struct rows *rows;

	if (!session_query(session, statement, bindings, &batch, &rows, &problem)) {
		command_failed("the database cannot be read", &problem);
		return false;
	}
	if (rows_count(rows) != 1)
		return false;
	snprintf(ret_id, 37, "%s", rows_text(rows, 0, "id"));
	return true;
}

bool session_partnership(struct session *session, const char *slug, char ret_id[37])
{
	struct bindings bindings = {0};

	bind_text(&bindings, "slug", slug);
	if (session_find(session, &SQL_PARTNERSHIP_BY_SLUG, &bindings, ret_id))
		return true;
	(void)fprintf(stderr, "csprd: there is no partnership '%s'\n", slug);
	return false;
}

bool session_run(struct session *session, const struct statement *statement,
    const struct bindings *bindings, const char *partnership_id, const char *action,
    const char *resource_id, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings audit = {0};
	char resource[32];

	if (!batch_begin(session->lease, BATCH_COMMIT, &batch, problem))
		return false;
	snprintf(resource, sizeof(resource), "%.*s", (int)strcspn(action, "."), action);
	bind_text(&audit, "partnership_id", partnership_id);
	bind_text(&audit, "action", action);
	bind_text(&audit, "resource", resource);
	bind_text(&audit, "resource_id", resource_id);
	size_t number = batch_add(&batch, statement, bindings);
	batch_add(&batch, &SQL_ADMIN_ACT, &audit);
	batch_add(&batch, &SQL_ADMIN_AUDIT, &audit);
	if (!batch_run(&batch, problem))
		return false;
	if (rows_count(batch_rows(&batch, number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is nothing of that name to change.");
	return true;
}

int session_print(
    struct session *session, const struct statement *statement, const struct bindings *bindings)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	const struct rows *rows;

	if (!session_query(session, statement, bindings, &batch, &rows, &problem))
		return command_failed("the database cannot be read", &problem);
	for (size_t row = 0; row < rows_count(rows); row++) {
		CLEANUP(text_finish) struct text line = TEXT_INIT((size_t)64 * 1024);
		rows_put_object(rows, row, &line);
		printf("%s\n", text_string(&line));
	}
	return EXIT_DONE;
}
