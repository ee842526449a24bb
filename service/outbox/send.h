/*
 * Sends signed calls to receivers, many at once, and trusts none of them: addresses are checked
 * when a connection is made, answers are cut, time is bounded, redirects are not followed. The
 * only service code that makes connections to receivers.
 *
 * Threads: a sender belongs to one thread, except sender_wake().
 */
#pragma once

#include <stdint.h>

#include "base/problem.h"
#include "outbox/answer.h"
#include "outbox/target.h"

/* Beyond this an answer's headers end the attempt, and its body is not read further. */
#define ANSWER_READ 65536

struct letter {
	const char *id; /* webhook-id */
	const char *url;
	const char *signature; /* webhook-signature */
	int64_t timestamp;     /* webhook-timestamp, seconds since 1970 */
	const char *body;      /* borrowed until the letter is finished */
	size_t length;
	const json_t *headers;   /* further ones, an array of {name, value}, or NULL */
	const char *certificate; /* of the client, with its key, in PEM; or NULL */
	const char *key;
	const char *ca_bundle; /* the only authorities that count, in PEM; NULL is the system's */
};

struct sent {
	int status;              /* 0: no answer */
	bool complete;           /* the answer came to its end, or was longer than we read */
	int retry_after_seconds; /* 0: none */
	int64_t started_at;      /* milliseconds since 1970 */
	int duration_ms;
	char address[64];             /* that was connected to, or refused; "" when none was */
	char error[200];              /* "" when complete; printable ASCII */
	char answer[ANSWER_KEPT + 1]; /* the answer's first bytes as clean UTF-8 */
	bool answer_cut;              /* there were more of them than those */
};

struct sender;

MUST_CHECK bool sender_create(const struct target_allow *allow, long timeout_seconds,
    struct sender **ret_sender, struct problem *problem);
/* Ends what is under way without a result. */
void sender_destroy(struct sender *sender);
DEFINE_CLEANUP(struct sender *, sender_destroy)

/*
 * Starts a call; `owner` comes back with its result. What cannot be started has a result too, and
 * `ret_sent` is filled at the end: it must live until then.
 */
void sender_start(
    struct sender *sender, const struct letter *letter, void *owner, struct sent *ret_sent);
/* Moves everything on that can move, without waiting. */
void sender_run(struct sender *sender);
/* The owner of a finished call, or NULL when there is no further one. */
void *sender_take_finished(struct sender *sender);
struct wait_socket {
	int socket;  /* -1: none */
	bool writes; /* wait until it can be written, too */
};
/*
 * Waits until a call can move, the socket is ready, sender_wake() is called or the time is over.
 * Says whether the socket is ready.
 */
bool sender_wait(struct sender *sender, const struct wait_socket *socket, int milliseconds);
/* Ends a wait, from any thread. */
void sender_wake(struct sender *sender);
