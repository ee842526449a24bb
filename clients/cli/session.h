/* One run of the program against one service: what was asked for, and the open handle. */
#pragma once

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/profile.h"

DEFINE_CLEANUP(struct cspr_response *, cspr_response_destroy)
DEFINE_CLEANUP(struct cspr_pages *, cspr_pages_destroy)

struct session {
	const struct document *document;
	struct access access;
	struct cspr *cspr; /* NULL until session_open() */
	/*
	 * Before session_open(), for calls that the service keeps until it has something to tell: by
	 * how much their answers may be late, and what ends them early. Each is made once.
	 */
	long keeps_ms;
	bool (*interrupted)(void *context);
};

void session_finish(struct session *session);
DEFINE_VALUE_CLEANUP(struct session, session_finish)

/* Finds address and token without opening anything; gives an exit status and says what is wrong. */
MUST_CHECK int session_find_access(struct session *session, const struct arguments *arguments);
/* The same, and makes the handle. */
MUST_CHECK int session_open(struct session *session, const struct arguments *arguments);
/* Calls and, unless the answer is a success, says what it was. The response may be NULL. */
MUST_CHECK int session_call(struct session *session, const struct cspr_request *request,
    struct cspr_response **ret_response);
/* Parses an answer's JSON body; says so when it is none. */
MUST_CHECK int session_json(const struct cspr_response *response, json_t **ret_value);
/* The next page of a list; NULL after the last one. Says what else came than a page. */
MUST_CHECK int session_next_page(
    struct session *session, struct cspr_pages *pages, json_t **ret_page);
/* Every page of a list as one {"data": […]}. */
MUST_CHECK int session_whole_list(
    struct session *session, const struct cspr_request *request, json_t **ret_list);
