/*
 * libcspr: calls the cspr service from C, and checks the webhooks that it sends.
 *
 *     #include <cspr.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(void)
 *     {
 *         struct cspr *cspr;
 *         struct cspr_response *response;
 *         const struct cspr_options options = {
 *             .url = "https://cspr.example.org",
 *             .token = getenv("CSPR_TOKEN"),
 *         };
 *         if (cspr_create(&options, &cspr) != CSPR_OK)
 *             return 1;
 *         const struct cspr_pair query[] = {{"status", "notified"}, {"limit", "10"}};
 *         const struct cspr_request request = {
 *             .method = "GET", .path = "/v1/incidents", .query = query, .query_count = 2,
 *         };
 *         if (cspr_call(cspr, &request, &response) != CSPR_OK) {
 *             fprintf(stderr, "%s\n", cspr_detail(cspr));
 *             cspr_destroy(cspr);
 *             return 1;
 *         }
 *         if (cspr_status(response) == 200)
 *             puts(cspr_body(response, NULL));
 *         else if (cspr_problem(response))
 *             fprintf(stderr, "%s\n", cspr_problem(response)->title);
 *         cspr_response_destroy(response);
 *         cspr_destroy(cspr);
 *         return 0;
 *     }
 *
 * Build with `cc example.c $(pkg-config --cflags --libs cspr)`.
 *
 * Ownership. What a function returns through a parameter named ret_… belongs to the caller, who
 * ends it with the destroy function named beside it. Such a parameter is untouched when the
 * function fails. What an accessor returns belongs to the object asked and lives as long as it.
 * Options and requests are read during the call only; nothing of theirs is kept. Destroy functions
 * take NULL.
 *
 * Threads. A `struct cspr` is used by one thread at a time; several threads use one each. A
 * response does not change and may be read by several threads at once; it outlives the handle that
 * made it. Functions without a handle may be called from anywhere, at any time. The library keeps
 * no state of its own, writes no log, changes no signal and reads no environment variable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSPR_PUBLIC __attribute__((visibility("default")))

/* Why no answer came. An answer with any status, 500 included, is CSPR_OK: see cspr_status(). */
enum cspr_error {
	CSPR_OK = 0,
	CSPR_USAGE,       /* the caller's options or request cannot be used */
	CSPR_MEMORY,      /* memory ended */
	CSPR_NETWORK,     /* no connection, or it broke; TLS included */
	CSPR_TIMEOUT,     /* no complete answer within the time allowed */
	CSPR_PROTOCOL,    /* the answer is not HTTP, or is larger than allowed */
	CSPR_INTERRUPTED, /* the caller's `interrupted` said so */
};

/* One handle: an address, a token and a connection that is kept open between calls. */
struct cspr;

/* One answer. */
struct cspr_response;

/* The pages of one list. */
struct cspr_pages;

struct cspr_options {
	const char *url;         /* where the service is: http or https, without query; needed */
	const char *token;       /* API key or JWT, sent as Bearer; NULL sends none */
	const char *user_agent;  /* NULL is "libcspr/<version>" */
	const char *ca_file;     /* PEM file of the authorities to trust; NULL is the system's */
	long connect_timeout_ms; /* for one connection; 0 is 5,000 */
	long timeout_ms;         /* for one attempt, from start to last byte; 0 is 30,000 */
	long retry_ms;           /* for the call with all attempts and waits; 0 is 30,000, -1 is one
	                            attempt only */
	size_t most_bytes;       /* the largest answer to accept; 0 is 64 MiB */
	/*
	 * Asked at least once a second while a call is under way; true ends it, as where a program is
	 * asked to stop during GET /v1/events?wait=60. It must not use the handle. NULL is never.
	 */
	bool (*interrupted)(void *context);
	void *context;
	bool plain_http; /* lets a token go over plain http to a host that is not this one */
};

struct cspr_pair {
	const char *name;
	const char *value;
};

struct cspr_request {
	const char *method; /* GET, POST, PUT, PATCH, DELETE or HEAD */
	const char *path;   /* begins with "/"; segments percent-encoded where they need it */
	const struct cspr_pair *query; /* names and values as they are; the library encodes them */
	size_t query_count;
	/* Authorization, Host, Content-Length and Transfer-Encoding are the library's and refused. */
	const struct cspr_pair *headers;
	size_t header_count;
	const void *body; /* NULL is none */
	size_t body_length;
	const char *content_type;    /* of the body; NULL is application/json */
	const char *idempotency_key; /* for POST: NULL makes one, "" sends none */
};

/* One fault of a refused request; a rule's missing evidence has an empty pointer. */
struct cspr_fault {
	const char *pointer; /* JSON Pointer into the body, or the parameter's name */
	const char *code;
	const char *detail;
};

/* A problem of RFC 9457. Texts that the service left out are "". */
struct cspr_problem {
	const char *type;
	const char *title;
	const char *detail;
	const char *instance;
	const char *code;
	const char *request_id;
	int status;
	const struct cspr_fault *faults;
	size_t fault_count;
};

/* The library's version, "0.1.0". */
CSPR_PUBLIC const char *cspr_version(void);

/* A sentence for an error, never NULL. */
CSPR_PUBLIC const char *cspr_error_text(enum cspr_error error);

/* Makes a handle; no connection is opened yet. Ended by cspr_destroy(). */
CSPR_PUBLIC enum cspr_error cspr_create(const struct cspr_options *options, struct cspr **ret_cspr);
CSPR_PUBLIC void cspr_destroy(struct cspr *cspr);

/*
 * Sends a request and waits for the whole answer. Redirects are not followed and proxies are not
 * used. Ended by cspr_response_destroy().
 *
 * A POST carries an Idempotency-Key; the one that was made is in cspr_idempotency_key(), also
 * after a failure, so that the same call can be made again later without a second effect.
 *
 * GET, HEAD, PUT and a POST with a key are tried again, up to 5 times in all and within retry_ms,
 * after 429 and 503 and after a broken connection; Retry-After is honoured, and where it asks for
 * more time than is left the answer is returned at once. PATCH, DELETE, and a POST without a key
 * are sent once. A PUT with If-Match is not repeated after a broken connection, because the first
 * attempt may have changed the version.
 */
CSPR_PUBLIC enum cspr_error cspr_call(
    struct cspr *cspr, const struct cspr_request *request, struct cspr_response **ret_response);

/* What was wrong with the last call of this handle, in a sentence; "" when nothing was. */
CSPR_PUBLIC const char *cspr_detail(const struct cspr *cspr);

/* The Idempotency-Key of the last call of this handle; "" when it had none. */
CSPR_PUBLIC const char *cspr_idempotency_key(const struct cspr *cspr);

CSPR_PUBLIC void cspr_response_destroy(struct cspr_response *response);
CSPR_PUBLIC int cspr_status(const struct cspr_response *response);
/* A header's value by its name in any case, such as ETag, Location or Retry-After; or NULL. */
CSPR_PUBLIC const char *cspr_header(const struct cspr_response *response, const char *name);
/* The media type without parameters, such as "application/json"; "" when there is none. */
CSPR_PUBLIC const char *cspr_content_type(const struct cspr_response *response);
/* The body, followed by a NUL that does not count; never NULL. ret_length may be NULL. */
CSPR_PUBLIC const char *cspr_body(const struct cspr_response *response, size_t *ret_length);
/* The Idempotency-Key that was sent, or "". */
CSPR_PUBLIC const char *cspr_response_key(const struct cspr_response *response);
/* Whether the service had done this before and gave the answer that it kept. */
CSPR_PUBLIC bool cspr_replayed(const struct cspr_response *response);
/* How many attempts it took. */
CSPR_PUBLIC int cspr_attempts(const struct cspr_response *response);
/* The problem, when the answer is one; else NULL. */
CSPR_PUBLIC const struct cspr_problem *cspr_problem(const struct cspr_response *response);

/*
 * Walks through a list. The request is copied; it is a GET of something that answers with
 * {"data": […], "has_more": …, "next_cursor": …}, or with "next" as the feed of events does. The
 * handle must outlive the pages. Ended by cspr_pages_destroy().
 */
CSPR_PUBLIC enum cspr_error cspr_pages_create(
    struct cspr *cspr, const struct cspr_request *request, struct cspr_pages **ret_pages);
/*
 * Gives the next page, or NULL through ret_response when there is none left. An answer other than
 * 200 is given as it is, and is the last. Each response is ended by cspr_response_destroy().
 */
CSPR_PUBLIC enum cspr_error cspr_pages_next(
    struct cspr_pages *pages, struct cspr_response **ret_response);
CSPR_PUBLIC void cspr_pages_destroy(struct cspr_pages *pages);

/* Room for an idempotency key with its NUL. */
#define CSPR_KEY_SIZE 37

/* Makes a random key (UUID version 4). */
CSPR_PUBLIC enum cspr_error cspr_make_key(char ret_key[CSPR_KEY_SIZE]);

/* A webhook call as it arrived: three headers, and the body's bytes before any parsing. */
struct cspr_webhook {
	const char *id;        /* webhook-id */
	const char *timestamp; /* webhook-timestamp, seconds since 1970 */
	const char *signature; /* webhook-signature, one or several divided by spaces */
	const void *body;
	size_t body_length;
};

enum cspr_verdict {
	CSPR_WEBHOOK_VALID = 0,
	CSPR_WEBHOOK_INCOMPLETE, /* a header is missing or malformed */
	CSPR_WEBHOOK_TOO_OLD,    /* signed longer ago than the tolerance */
	CSPR_WEBHOOK_TOO_NEW,    /* signed further in the future than the tolerance */
	CSPR_WEBHOOK_UNSIGNED,   /* no signature fits any of the keys */
	CSPR_WEBHOOK_BAD_SECRET, /* a key is none, or not one that this can be done with */
	CSPR_WEBHOOK_NO_MEMORY,
};

/* For the `now` of the functions below: what the system's clock says. */
#define CSPR_NOW ((int64_t)-1)

/*
 * Checks a call by Standard Webhooks 1.0.0. A key is what the service gave for the endpoint:
 *
 *   whsec_…  a shared secret: one of the "v1," signatures is HMAC-SHA256 under it
 *   whpk_…   a public key: one of the "v1a," signatures is Ed25519 by its private half
 *   whsk_…   a private key, for trying things out: its public half is meant
 *
 * Several keys are several that may have signed it, as during a rotation, and of both kinds where
 * an endpoint moves from one to the other; several signatures are several chances. One that fits
 * is enough, so a receiver that wants Ed25519 gives public keys only. Every key is tried against
 * every signature, and secrets are compared in constant time, so that time tells nothing. More
 * than 32 signatures are CSPR_WEBHOOK_INCOMPLETE.
 *
 * Check before the body is parsed, over the bytes that came. A timestamp may differ from `now` by
 * tolerance_seconds; 300 is usual, and the machine's clock has to be right. A receiver drops what
 * it has seen by webhook-id: delivery is at least once.
 */
CSPR_PUBLIC enum cspr_verdict cspr_verify_webhook(const char *const *keys, size_t key_count,
    const struct cspr_webhook *webhook, int64_t tolerance_seconds, int64_t now);

/* A sentence for a verdict, never NULL. */
CSPR_PUBLIC const char *cspr_verdict_text(enum cspr_verdict verdict);

/* Room for one signature, "v1a," and 88 characters at most, with its NUL. */
#define CSPR_SIGNATURE_SIZE 96

/*
 * Signs a call as the service does, for trying out a receiver: "v1," with a whsec_ key, "v1a," with
 * a whsk_ key. `webhook->signature` is not read.
 */
CSPR_PUBLIC enum cspr_verdict cspr_sign_webhook(
    const char *key, const struct cspr_webhook *webhook, char ret_signature[CSPR_SIGNATURE_SIZE]);

#ifdef __cplusplus
}
#endif
