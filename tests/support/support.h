/*
 * What integration tests stand on: a database of their own on the real PostgreSQL, real csprd
 * processes, callers, receivers of webhooks, and waiting for a condition.
 *
 * Environment: CSPRD is the program, CSPR_TEST_SERVER a superuser's URL of a private cluster,
 * CSPR_TEST_LOGS a directory for the services' logs (`./dev test` sets them). Whatever a helper
 * cannot do ends the test with a message. Nothing here sleeps, and no port is assumed free.
 *
 * Criterion runs each test in a process of its own; what a test starts ends with that process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Prints the message and aborts, so that the test, or from a hook the executable, has failed. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The variable's value; gives up without one. */
const char *environment_value(const char *name);

/* ---- Waiting (wait.c) ---- */

/* Seconds that tests wait for what must come; generous, because sanitizers and two cores are slow.
 */
#define PATIENCE 30

/*
 * True as soon as `holds` says so, false when it has not within the seconds. For state that gives
 * no signal (a row, a file): everything else waits on a descriptor or a condition variable.
 */
bool wait_until(bool (*holds)(void *context), void *context, double seconds);

/* ---- The database (database.c) ---- */

struct database {
	char name[64];
	char url[600];       /* as csprd, which holds nothing itself */
	char owner_url[600]; /* as cspr_owner, for migrate, keys and recipients */
	char super_url[600]; /* as the superuser: sees through row-level security */
};

/* A migrated database of its own, copied from one that `csprd migrate` made once per cluster. */
void database_create(struct database *ret_database);
/* An empty one without any migration. */
void database_create_empty(struct database *ret_database);
/* Ends its sessions and removes it. */
void database_drop(const struct database *database);

/*
 * Runs one statement as the superuser with text parameters, the last of which is NULL. The first
 * column of the first row comes back as text (free()), NULL for no row and for SQL's NULL.
 */
char *sql_text(const struct database *database, const char *sql, ...)
    __attribute__((sentinel, warn_unused_result));
/* The same as a number; gives up when it is none. */
int64_t sql_number(const struct database *database, const char *sql, ...) __attribute__((sentinel));
/* The same for statements whose rows do not matter. */
void sql_run(const struct database *database, const char *sql, ...) __attribute__((sentinel));
/* True as soon as the statement's first value is true. */
bool sql_holds_within(const struct database *database, double seconds, const char *sql, ...)
    __attribute__((sentinel));

/* ---- Programs and services (program.c, service.c) ---- */

struct setting {
	const char *name;
	const char *value; /* NULL takes the variable away */
};

struct outcome {
	int status;         /* exit status; 128 + signal when one ended it */
	struct text output; /* stdout */
	struct text errors; /* stderr */
};
void outcome_finish(struct outcome *outcome);
DEFINE_VALUE_CLEANUP(struct outcome, outcome_finish)

/*
 * Runs a program to its end, with `input` (or nothing) on its stdin. `arguments` begin with its
 * path. The environment holds PATH, the sanitizers' options and `settings` (name NULL at the end).
 */
void program_run(const char *const arguments[], const struct setting settings[], const char *input,
    struct outcome *ret_outcome);
/* The same for csprd on a database; `arguments` come after the program's name. */
void csprd_run(const struct database *database, const char *const arguments[],
    const struct setting settings[], struct outcome *ret_outcome);

struct service {
	pid_t id;              /* 0 when it does not run */
	char url[200];         /* "http://127.0.0.1:41234" */
	char metrics_url[200]; /* "" when off */
	char log_path[500];    /* its stderr, kept after the test */
};

/*
 * Starts csprd on the database and waits until it is ready. Ports are the system's, responses are
 * checked against the document, webhooks may go to 127.0.0.1, and retries come a hundred times as
 * fast; `settings` (or NULL) replace any of that.
 */
void service_start(
    const struct database *database, const struct setting settings[], struct service *ret_service);
/* SIGTERM; gives up unless it ends by itself with status 0 and no sanitizer has complained. */
void service_stop(struct service *service);
/* SIGKILL, and waits until it is gone. */
void service_kill(struct service *service);
/* The log so far, to be searched; free(). */
char *service_log(const struct service *service) MUST_CHECK;

/* The pepper and the key of secrets that every service of the tests shares. */
extern const char *const test_pepper;
extern const char *const test_secrets_key;

void partnership_create(const struct database *database, const char *slug, const char *name);
void agency_create(const struct database *database, const char *partnership, const char *slug,
    const char *kind, bool statutory_partner);
/* A new API key with these scopes, separated by spaces; the token, to be freed. */
char *key_create(const struct database *database, const char *partnership, const char *agency,
    const char *scopes) MUST_CHECK;

/* ---- Callers (caller.c) ---- */

struct call {
	const char *method; /* NULL is GET */
	const char *path;   /* with its query, as it is sent */
	const char *token;
	const char *idempotency_key;
	const char *if_match;
	const char *content_type;   /* NULL is application/json, or merge patch for PATCH */
	const char *const *headers; /* further ones, "Name: value", NULL at the end */
	const char *body;           /* the bytes, or NULL */
	size_t body_length;         /* 0 is strlen(body) */
	json_t *json;               /* instead of body; borrowed */
};

#define ANSWER_HEADERS_MAX 64
struct answer {
	int status;
	size_t header_count;
	char *headers[ANSWER_HEADERS_MAX]; /* "Name: value" */
	struct text body;
	json_t *json; /* the body parsed, or NULL when it is not JSON */
};
void answer_finish(struct answer *answer);
DEFINE_VALUE_CLEANUP(struct answer, answer_finish)

/* Makes the call over a connection of its own; gives up when no HTTP answer comes. */
void http_call(const struct service *service, const struct call *call, struct answer *ret_answer);
/* The same, but false when no answer came, as while a service is being killed. */
MUST_CHECK bool http_try(
    const struct service *service, const struct call *call, struct answer *ret_answer);
/* The header's value, whatever its case, or NULL. */
const char *answer_header(const struct answer *answer, const char *name);
/* A value inside the answer by JSON Pointer ("/data/0/id"), borrowed, or NULL. */
json_t *answer_at(const struct answer *answer, const char *pointer);
/* The same as a string; gives up when it is none. */
const char *answer_text(const struct answer *answer, const char *pointer);
/* The same as an integer; gives up when it is none. */
int64_t answer_number(const struct answer *answer, const char *pointer);

/* A connected socket to the service (close()), for requests that no client library would send. */
int raw_connect(const struct service *service) MUST_CHECK;
/* Sends as much as the other side takes; false when it has closed. */
bool raw_send(int connection, const void *bytes, size_t length);
/*
 * Appends what comes until the other side closes, or nothing more has come for `quiet` seconds.
 * True when it was closed.
 */
bool raw_receive(int connection, double quiet, struct text *ret_bytes);

/* ---- Receivers of webhooks (receiver.c, received.c) ---- */

struct receiver;

struct received {
	char *method;
	char *path;
	char *headers; /* the header lines, each with its \n */
	char *body;    /* NUL-terminated */
	size_t body_length;
	int64_t at;    /* milliseconds since 1970 */
	int64_t until; /* when it was answered, or cut off; 0 as long as it is open */
};

/* Listens on a port of the system's and answers 204 to everything. */
struct receiver *receiver_start(void) MUST_CHECK;
/* Ends its threads; calls that it holds are cut off. */
void receiver_stop(struct receiver *receiver);
DEFINE_CLEANUP(struct receiver *, receiver_stop)
/* "http://127.0.0.1:41234/", valid as long as the receiver. */
const char *receiver_url(const struct receiver *receiver);
/* From now on answers like this. `headers` is NULL or lines with \r\n; a status of 0 hangs up. */
void receiver_answer(struct receiver *receiver, int status, const char *headers, const char *body);
/* The same for the next call only; several are used in their order. */
void receiver_answer_next(
    struct receiver *receiver, int status, const char *headers, const char *body);
/* Calls are taken and recorded, but answered only after receiver_release(). */
void receiver_hold(struct receiver *receiver);
void receiver_release(struct receiver *receiver);
/* Refuses connections, and accepts them again on the same port. */
void receiver_go_down(struct receiver *receiver);
void receiver_come_up(struct receiver *receiver);

/* True as soon as that many calls have come. */
bool receiver_wait(struct receiver *receiver, size_t count, double seconds);
size_t receiver_count(struct receiver *receiver);
/* The most calls that were ever open at the same time. */
size_t receiver_most_at_once(struct receiver *receiver);
/* A call by its number from 0, valid as long as the receiver. */
const struct received *receiver_call(struct receiver *receiver, size_t number);
/* The header's value (free()), whatever its case, or NULL. */
char *received_header(const struct received *received, const char *name) MUST_CHECK;
/* Standard Webhooks: one of the `v1,` signatures is ours over id, timestamp and these bytes. */
bool received_is_signed(const struct received *received, const char *secret);

/* ---- A stage for a whole executable (stage.c) ---- */

/* Partnerships "north" (agencies "council" and "trust") and "south" ("council"), and a service. */
struct stage {
	struct database database;
	struct service service;
	char council[200]; /* token of north's council, with the stage's scopes */
	char trust[200];   /* token of north's trust, with the stage's scopes */
	char south[200];   /* token of south's council, with the stage's scopes */
};

/* In a test of an executable that has a STAGE(). */
const struct stage *stage(void);
void stage_open(const char *scopes, const struct setting settings[]);

/*
 * Stands once in an executable: everything above is made before its first test and ended after
 * its last, and the tests share it. Without CSPR_TEST_SERVER the executable counts as skipped.
 * (Criterion names a hook after its line, so the other one, which closes, stands in stage.c.)
 */
#define STAGE(scopes, settings)                                                                    \
	ReportHook(PRE_ALL)(struct criterion_test_set * tests)                                         \
	{                                                                                              \
		(void)tests;                                                                               \
		stage_open((scopes), (settings));                                                          \
	}
