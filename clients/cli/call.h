/*
 * One call of the service, made up from the command line. Its request points into the call's own
 * texts and into the arguments.
 */
#pragma once

#include "cli/session.h"

struct call {
	struct cspr_request request;
	struct cspr_pair query[ARGUMENTS_MOST + 1];
	struct cspr_pair headers[ARGUMENTS_MOST + 3];
	size_t header_count;
	struct text path;
	struct text body;
	struct text header_names; /* the names of --header, each with its NUL */
	struct text if_match;
	char key[CSPR_KEY_SIZE];
};

void call_finish(struct call *call);
DEFINE_VALUE_CLEANUP(struct call, call_finish)

/* Puts the words into the path's places, percent-encoded. False when there are too few or many. */
MUST_CHECK bool call_put_path(const struct operation *operation, const char *const *words,
    size_t word_count, struct text *path, struct text *message);
/* Fills everything but If-Match. The call must not be moved afterwards. */
MUST_CHECK bool call_make(const struct document *document, const struct operation *operation,
    const struct arguments *arguments, struct call *call, struct text *message);
/* Takes the body from -f and --set as it is, for a call that the document need not know. */
MUST_CHECK bool call_take_body(const struct document *document, const struct operation *operation,
    const struct arguments *arguments, struct call *call, struct text *message);
/* Adds --header and --accept. */
MUST_CHECK bool call_take_headers(
    const struct arguments *arguments, struct call *call, struct text *message);
/* Chooses the Idempotency-Key of a POST: the one given, or a new one. */
MUST_CHECK bool call_take_key(
    const struct arguments *arguments, struct call *call, struct text *message);
/* Adds If-Match: the one given, else the version that the resource has now. */
MUST_CHECK int call_take_version(struct session *session, const struct operation *operation,
    const struct arguments *arguments, struct call *call);
/* Makes the call, or prints it for curl, and writes the answer. */
MUST_CHECK int call_run(struct session *session, const struct operation *operation,
    const struct arguments *arguments, struct call *call);

/* Runs the document's command that the arguments name. */
int command_operation(struct session *session, const struct arguments *arguments);
