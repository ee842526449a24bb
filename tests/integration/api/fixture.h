/*
 * What the tests of the API share: bodies to start from, calls that read as sentences, and what is
 * expected of an answer. Each executable has a STAGE() with a database of its own, and its tests
 * run one after the other. What the functions give lives until the test ends.
 */
#pragma once

#include <criterion/criterion.h>

#include "support/support.h"

/* Every scope that reaches the whole partnership. */
#define ALL_SCOPES                                                                                 \
	"recommendations:read recommendations:write actions:read actions:write actions:assure "        \
	"incidents:read incidents:write notifications:read notifications:write deadlines:read "        \
	"deadlines:extend deadlines:feed "                                                             \
	"reports:read reports:write calendar:read deliveries:read deliveries:resend events:read "      \
	"webhooks:read webhooks:write webhooks:approve partnership:read "                              \
	"audit:read "                                                                                  \
	"rapid_reviews:decide rapid_reviews:submit scoping:read scoping:write "                        \
	"rapid_reviews:read rapid_reviews:write "                                                      \
	"incidents:decide incidents:restrict "                                                         \
	"referrals:read referrals:write referrals:assess referrals:decide "                            \
	"reviews:read reviews:write reviews:approve reviews:sign_off "                                 \
	"reviews:publish themes:read themes:write themes:code"
/* What a case system gets: it writes incidents and sees what its own agency brought in. */
#define OWN_SCOPES                                                                                 \
	"recommendations:read_own actions:read_own actions:write_own "                                 \
	"deadlines:feed_own "                                                                          \
	"incidents:read_own incidents:write_own notifications:read_own notifications:write_own "       \
	"deliveries:read_own events:read_own "                                                         \
	"scoping:read_own scoping:write_own "                                                          \
	"referrals:read_own referrals:write_own reviews:respond_own"

/* ---- What is sent ---- */

const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* JSON written with ' in place of "; gives up when it is none. A new reference. */
json_t *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * A serious harm of 6 January 2024, known on the 8th, with one child, and these members in place
 * of its own; null takes one away. A new reference.
 */
json_t *incident_with(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Today in London, and so many days on. */
const char *day(int offset);
const char *new_id(void);

/* ---- Calls ---- */

/* Whose the calls from here on are, at first north's council's; NULL is nobody's. */
void as(const char *token);
/* Where they go, at first to the stage's service. */
void at(const struct service *service);

const struct answer *get(const char *path, ...) __attribute__((format(printf, 1, 2)));
/* With an Idempotency-Key of its own. The body is taken over, here and below. */
const struct answer *post(json_t *body, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
const struct answer *patch(json_t *body, const char *if_match, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
const struct answer *put(json_t *body, const char *path, ...) __attribute__((format(printf, 2, 3)));
/* POST and PUT under If-Match: a transition, and what is replaced as a whole. */
const struct answer *move(json_t *body, const char *if_match, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
const struct answer *change(json_t *body, const char *if_match, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* The pointer to a member of the one of next_steps that leads there, for expect_value(). */
const char *step_to(const struct answer *answer, const char *to, const char *member);
/* The call as it stands, with the caller's token unless it has one. */
const struct answer *make(const struct call *call);
/* All of them at the same time. */
void make_at_once(const struct call calls[], size_t count, const struct answer *ret_answers[]);

/* Records it; the new incident's answer, which is 201. */
const struct answer *record(json_t *incident);
/* The same; its id. */
const char *recorded(json_t *incident);
const char *etag_of(const struct answer *answer);
/*
 * The same, and notified as a serious incident on 11 January 2024; its id. Written down as made
 * elsewhere, so that nothing is sent.
 */
const char *notified_incident(json_t *incident);
/* The same, with its rapid review decided on 26 January 2024 with that outcome. */
const char *rapidly_reviewed(json_t *incident, const char *outcome);
/*
 * A review of that type of one new incident, with whatever has to be there before it may be
 * initiated, decided on 20 February 2024, and these members in place of its own; its id. Every test
 * that needs a review starts here.
 */
const char *reviewed(const char *type, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, moved on to that state, up to signed_off, with what each step needs; its id. */
const char *review_in(const char *type, const char *state);
/* POST …/transitions of a review as it stands now. */
const struct answer *review_moved(const char *review, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- What is expected ---- */

/* Status and body, for messages. */
const char *told(const struct answer *answer);
/* Whether it is problem+json of this code, with everything that a problem has. */
bool is_problem(const struct answer *answer, int status, const char *code);
/* Whether the problem lists this fault. */
bool has_fault(const struct answer *answer, const char *pointer, const char *code);
/* Whether the value at the JSON Pointer is what is written here, with ' in place of ". */
bool has_value(const struct answer *answer, const char *pointer, const char *value);
/* How many of the array's items have this text as that member. */
size_t count_of(const json_t *array, const char *member, const char *text);

/*
 * Macros, because the message has the place in the test; what is given is worked out once, as for
 * a function.
 */
#define expect_(holds, given, ...)                                                                 \
	do {                                                                                           \
		const struct answer *seen = (given);                                                       \
		cr_assert(holds, __VA_ARGS__);                                                             \
	} while (0)
#define expect_status(given, wanted) expect_(seen->status == (wanted), given, "%s", told(seen))
#define expect_problem(given, status, code)                                                        \
	expect_(                                                                                       \
	    is_problem(seen, (status), (code)), given, "not %d %s: %s", (status), (code), told(seen))
#define expect_fault(given, pointer, code)                                                         \
	expect_(has_fault(seen, (pointer), (code)), given, "not %s at %s: %s", (code), (pointer),      \
	    told(seen))
#define expect_value(given, pointer, value)                                                        \
	expect_(has_value(seen, (pointer), (value)), given, "not %s at %s: %s", (value), (pointer),    \
	    told(seen))

/* ---- What is kept ---- */

/* A digest of every row of the partnerships, the audit trail apart. */
const char *everything_kept(void);
/* The statement's number, from the stage's database. `parameter` may be NULL. */
int64_t count_rows(const char *sql, const char *parameter);

/* ---- Keys ---- */

/* A key of north's council, or of another agency; the token. */
const char *key_with(const char *scopes);
/* The id of an agency of north's. */
const char *agency_of(const char *slug);
const char *key_of(const char *partnership, const char *agency, const char *scopes);
void key_expire(const char *token);
/* By csprd's own command. */
/* What /metrics says, at its own listener. */
void get_metrics(struct answer *ret_answer);
/* What is told of a number by /metrics, -1 for nothing. */
long measured(const char *name);
void key_revoke(const char *partnership, const char *token);

/* ---- The document ---- */

/* What /openapi.json holds; borrowed. */
json_t *document(void);
struct documented {
	const char *path;         /* "/v1/incidents/{incident_id}" */
	char method[8];           /* "GET" */
	const char *id;           /* operationId */
	json_t *responses;        /* by status; borrowed */
	json_t *example;          /* of the request's body, or NULL; borrowed */
	const char *content_type; /* of the request's body, or NULL */
	bool is_open;             /* needs no key */
	bool takes_if_match;
};
#define OPERATIONS_MAX 250
/* Every operation of the document; their number. */
size_t operations_of_document(struct documented ret_operations[OPERATIONS_MAX]);

/* What stands in the places of a path; NULL at the end. */
struct place {
	const char *name; /* of the path parameter */
	const char *value;
};
#define PLACES_MAX 8
/*
 * How something comes to be that a path can name: found by the parameter's name, and before that by
 * the name with the operation, where one needs it in a state of its own. `places` has those that
 * stand before it in the path. makers.c lists the tables; each group of resources has its own.
 */
struct maker {
	const char *place; /* NULL at the end of a table */
	const char *operation;
	const char *(*make)(const struct place places[]);
};
extern const struct maker *const maker_tables[]; /* NULL at the end */
const char *place_value(const struct place places[], const char *name);
/* Makes everything that the operation's path names. */
void make_places(const struct documented *documented, struct place ret_places[PLACES_MAX]);
/*
 * The operation's call at these places, with its example as the body, a key of idempotency, and
 * the ETag of what it changes where it takes one.
 */
struct call call_of(const struct documented *documented, const struct place places[]);
/* The same call at other places, where nothing has to be. */
struct call call_elsewhere(
    struct call call, const struct documented *documented, const struct place places[]);
