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

struct call;
struct subject;

/* A row of operations.c. */
struct endpoint {
	const char *operation_id;
	/* Fills the reply, or returns false with a problem; what it did is then rolled back. */
	bool (*serve)(struct call *call, struct problem *problem);
	const char *resource;              /* what the audit trail calls it */
	const struct statement *statement; /* what generic handlers run */
	const struct list_sort *sorts;     /* other orders of a list, ended by a NULL name, or NULL */
	/* Finds a row if what a list, or a kept answer, belongs to is there for the caller; or NULL. */
	const struct statement *parent;
	/* What a resource that has states adds, see process.h. */
	const struct subject *subject;
	const struct statement *stored;  /* the form of `statement` that keeps the answer */
	const struct statement *write;   /* the step's own record */
	const char *record;              /* the name of the record's id in `statement` and the path */
	const struct statement *facts;   /* facts of what the body names, from its `record` */
	const struct statement *records; /* what a report counted, see reports.h */
	/* A list inside the resource that a statement of its own brings, and the member's name; or
	 * NULL. */
	const struct statement *inner;
	const char *inner_name;
	/* What `statement` and `inner` call the ids of those that are read together, see gather.h; or
	 * NULL. Each row of `inner` has the id that it belongs to, by the name of `record`. */
	const char *gathers;
	/* What a report's statements, or one of crud_get(), are planned with, or NULL. */
	const struct statement *settings;
	bool judges_faults; /* of the request itself, once it knows who calls without a key */
};

/* The alternatives that an operation lists. */
#define SCOPES_OF_OPERATION 512

/* The scopes of an operation, any of which is enough, as PostgreSQL arrays. */
struct scopes {
	char any[SCOPES_OF_OPERATION];
	char whole[SCOPES_OF_OPERATION]; /* those that are not for the caller's own agency alone */
};

struct api {
	const struct settings *settings;
	const struct contract *contract;
	const struct endpoint **endpoints; /* by operation index */
	struct scopes *scopes;             /* by operation index */
	struct pool *pool;
	struct rulebook_cache *rulebooks;
	struct gather *gather;
	struct api_receipts receipts;
};

/* A key with more scopes than fit counts as one without those at the end. */
#define SCOPES_BYTES 4096

struct call {
	struct api *api;
	const struct request *request;
	struct reply *reply;
	const struct endpoint *endpoint;
	struct lease *lease;
	struct date today; /* in London */
	char key_hash[DIGEST_HEX];
	const struct scopes *scopes; /* that are enough for it */
	char body_sha256[DIGEST_HEX];
	char actor_id[37];
	char caller_scopes[SCOPES_BYTES]; /* PostgreSQL array of all that the key has */
};

/*
 * The arguments of the request as bindings, and `today` in London; lists become arrays, held until
 * the call ends. What the document calls aware_on[gte] is bound as aware_on_gte.
 */
struct arguments {
	struct bindings bindings;
	struct text arrays[8];
	size_t array_count;
	char names[8][48];
	size_t name_count;
	struct date_text today;
};
void arguments_finish(struct arguments *arguments);
DEFINE_VALUE_CLEANUP(struct arguments, arguments_finish)
void call_bind(const struct call *call, struct arguments *ret_arguments);

/*
 * Starts a batch whose first statement says who calls. `rulebook` is the one that the answer is
 * worked out with, or NULL; the batch fails when the rules have changed since.
 */
MUST_CHECK bool call_begin(struct call *call, enum batch_end end, const struct rulebook *rulebook,
    struct batch *ret_batch, struct problem *problem);
/* Runs a batch that call_begin() has started. */
MUST_CHECK bool call_run(struct call *call, struct batch *batch, struct problem *problem);
/* Notes who calls from a batch that call_begin() has started and somebody has run. */
void call_take_caller(struct call *call, const struct batch *batch);
/*
 * For a fault that was found before the caller was checked: returns false with it, but only to
 * one who may call; else with why not. `rulebook` as for call_begin(). A round trip.
 */
MUST_CHECK bool call_refuse(
    struct call *call, const struct rulebook *rulebook, struct problem *problem);
/* Commit, or rollback for ?dry_run=true. */
enum batch_end call_end(const struct call *call);
bool call_is_dry(const struct call *call);

/* The rulebook of the caller's partnership; release it with rulebook_release(). */
MUST_CHECK bool call_rulebook(
    struct call *call, struct rulebook **ret_rulebook, struct problem *problem);
/* True when the batch failed because the rules have changed: work it out again. */
bool call_rules_changed(const struct call *call);

/* True when the batch failed because somebody else changed the resource meanwhile. */
bool call_was_overtaken(const struct call *call);
/*
 * For writes that name no version, or that of a part: whether to work the change out again on what
 * is there now. Of those who race one wins each time; whoever has lost too often is told to come
 * again. `tries` starts at 0.
 */
MUST_CHECK bool call_try_again(bool raced, int *tries, struct problem *problem);

/* True when the answer is kept: the request has an Idempotency-Key and is no dry run. */
bool call_is_kept(const struct call *call);
/*
 * Has `serve` work out and write the answer by the caller's rulebook: again, from the start, when
 * the rules change meanwhile; not at all when the request was answered before.
 */
MUST_CHECK bool call_by_rules(struct call *call,
    bool (*serve)(
        struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem),
    void *context, struct problem *problem);
/* Adds the claim of the request's Idempotency-Key, if it has one. */
void call_claim(struct call *call, struct batch *batch);
/*
 * After a failed batch: when its key was used before, fills the reply with the kept answer and
 * returns true; fills `problem` instead when the body was another.
 */
bool call_replay(struct call *call, struct problem *problem);
/*
 * For writes whose judgement depends on what they change themselves: looks for a kept answer
 * before anything is judged, so that a repeated request gets its first answer. A round trip.
 */
MUST_CHECK bool call_replay_first(struct call *call, bool *ret_replayed, struct problem *problem);
/*
 * The whole of such a write: the kept answer, or else `serve`, again while the resource or the
 * rules change between its reading and its writing.
 */
MUST_CHECK bool call_judged(struct call *call,
    bool (*serve)(struct call *call, struct problem *problem), struct problem *problem);
/* Adds the audit entry; the last statement before the answer. */
void call_audit(struct call *call, struct batch *batch, const char *resource_id);
/* The same of another resource than the operation's, where one request changes several. */
void call_audit_of(
    struct call *call, struct batch *batch, const char *resource, const char *resource_id);
/*
 * Adds the statement that reads the answer, in the form that keeps it where call_is_kept().
 * `bindings` name what is read. Returns its number for call_answer().
 */
size_t call_keep(struct call *call, struct batch *batch, const struct statement *plain,
    const struct statement *stored, struct bindings *bindings, int status, const char *location);
/*
 * Fills the reply from call_keep()'s statement. The ETag is `version`, or what the answer says
 * when it is VERSION_OF_ANSWER.
 */
#define VERSION_OF_ANSWER 0
void call_answer(struct call *call, const struct batch *batch, size_t number, int status,
    const char *location, long version);

/* The version that If-Match names; a problem when it is not one of our tags. */
MUST_CHECK bool call_if_match(const struct call *call, long *ret_version, struct problem *problem);
/* PROBLEM_STALE unless If-Match names the `version` of the resource as it was read. */
MUST_CHECK bool call_check_version(
    const struct call *call, const json_t *resource, struct problem *problem);
/* A strong ETag for a version. */
void reply_version(struct reply *reply, long version);
/*
 * The ETag of the content that the reply holds: its version, or its hash where the version is
 * VERSION_OF_CONTENT. 304 and no content when If-None-Match names it.
 */
#define VERSION_OF_CONTENT 0
void call_tag(struct call *call, long version);
/* The link that events carry. */
void call_link(const struct call *call, const char *path, struct text *ret_link);
