/* One administrator's connection for the commands of csprd. */
#pragma once

#include "base/settings.h"
#include "store/store.h"

struct session {
	struct pool *pool;
	struct lease *lease;
};

extern const char openapi_json[];
extern const size_t openapi_json_length;

/* As cspr_admin, over CSPR_MIGRATION_URL when it is set. Says on stderr why it cannot. */
MUST_CHECK bool session_open(const struct settings *settings, struct session *ret_session);
void session_close(struct session *session);
DEFINE_VALUE_CLEANUP(struct session, session_close)

/* The id of a partnership by its short name; says on stderr that there is none. */
MUST_CHECK bool session_partnership(struct session *session, const char *slug, char ret_id[37]);
/* The `id` of the one row that the statement finds. */
MUST_CHECK bool session_find(struct session *session, const struct statement *statement,
    const struct bindings *bindings, char ret_id[37]);
/* Runs a change that must give a row, with its audit entry, in one transaction. */
MUST_CHECK bool session_run(struct session *session, const struct statement *statement,
    const struct bindings *bindings, const char *partnership_id, const char *action,
    const char *resource_id, struct problem *problem);
/* Rows of a query in one batch, for the verification; the batch is the caller's. */
MUST_CHECK bool session_query(struct session *session, const struct statement *statement,
    const struct bindings *bindings, struct batch *ret_batch, const struct rows **ret_rows,
    struct problem *problem);
/* Prints the rows as JSON, one object a line; returns the exit code. */
int session_print(
    struct session *session, const struct statement *statement, const struct bindings *bindings);
