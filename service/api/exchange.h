/*
 * One request being answered: the caller, the connection, and the steps that every handler
 * shares. Lives on the stack of the worker thread.
 */
#pragma once

#include "api/api.h"
#include "api/rulebook.h"
#include "base/digest.h"
#include "domain/date.h"
#include "store/store.h"

struct exchange;

/* A row of operations.c. */
struct endpoint {
	const char *operation_id;
	/* Fills the reply, or returns false with a problem; what it did is then rolled back. */
	bool (*serve)(struct exchange *exchange, struct problem *problem);
	const char *resource;               /* what the audit trail calls it */
	const struct statement *statement;  /* what generic handlers run */
	const struct list_sort *sorts;      /* other orders of a list, ended by a NULL name, or NULL */
	const struct statement *parent;     /* finds a row if what a list belongs to is there, or NULL */
};

struct api {
	const struct settings *settings;
	const struct contract *contract;
	const struct endpoint **endpoints; /* by operation index */
	struct pool *pool;
	struct rulebook_cache *rulebooks;
};

struct exchange {
	struct api *api;
	const struct request *request;
	struct reply *reply;
	const struct endpoint *endpoint;
	struct lease *lease;
	struct date today; /* in London */
	char key_hash[DIGEST_HEX];
	char scopes[512]; /* PostgreSQL array of the alternatives */
	char body_sha256[DIGEST_HEX];
	char actor_id[37];
};

/* The arguments of the request as bindings; lists become arrays, held until the exchange ends. */
struct arguments {
	struct bindings bindings;
	struct text arrays[8];
	size_t array_count;
};
void arguments_finish(struct arguments *arguments);
DEFINE_VALUE_CLEANUP(struct arguments, arguments_finish)
void exchange_bind(const struct exchange *exchange, struct arguments *ret_arguments);

/*
 * Starts a batch whose first statement says who calls. `rulebook` is the one that the answer is
 * worked out with, or NULL; the batch fails when the rules have changed since.
 */
MUST_CHECK bool exchange_begin(struct exchange *exchange, enum batch_end end,
	const struct rulebook *rulebook, struct batch *ret_batch, struct problem *problem);
/* Runs a batch that exchange_begin() has started. */
MUST_CHECK bool exchange_run(struct exchange *exchange, struct batch *batch, enum batch_end end,
	struct problem *problem);
/* Commit, or rollback for ?dry_run=true. */
enum batch_end exchange_end(const struct exchange *exchange);
bool exchange_is_dry(const struct exchange *exchange);

/* The rulebook of the caller's partnership; release it with rulebook_release(). */
MUST_CHECK bool exchange_rulebook(
	struct exchange *exchange, struct rulebook **ret_rulebook, struct problem *problem);
/* True when the batch failed because the rules have changed: work it out again. */
bool exchange_rules_changed(const struct exchange *exchange);

/* Adds the claim of the request's Idempotency-Key. */
void exchange_claim(struct exchange *exchange, struct batch *batch);
/*
 * After a failed batch: when its key was used before, fills the reply with the kept answer and
 * returns true; fills `problem` instead when the body was another.
 */
bool exchange_replay(struct exchange *exchange, struct problem *problem);
/*
 * For writes whose judgement depends on what they change themselves: looks for a kept answer
 * before anything is judged, so that a repeated request gets its first answer. A round trip.
 */
MUST_CHECK bool exchange_replay_first(
	struct exchange *exchange, bool *ret_replayed, struct problem *problem);
/* Adds the audit entry; the last statement before the answer. */
void exchange_audit(struct exchange *exchange, struct batch *batch, const char *resource_id);
/*
 * Adds the statement that reads the answer by `id`, in the form that is kept for repetitions
 * unless the run is dry. Returns its number for exchange_answer().
 */
size_t exchange_keep(struct exchange *exchange, struct batch *batch, const struct statement *plain,
	const struct statement *stored, const char *id_name, const char *id, int status,
	const char *location);
/* Fills the reply from exchange_keep()'s statement. */
void exchange_answer(struct exchange *exchange, const struct batch *batch, size_t number,
	const struct statement *stored, int status, const char *location, int version);

/* The version that If-Match names; a problem when it is not one of our tags. */
MUST_CHECK bool exchange_if_match(
	const struct exchange *exchange, long *ret_version, struct problem *problem);
/* A strong ETag for a version. */
void reply_version(struct reply *reply, long version);
/* The link that events carry. */
void exchange_link(const struct exchange *exchange, const char *path, struct text *ret_link);
