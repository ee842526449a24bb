/*
 * Webhook endpoints as two administrators make them over HTTP, and the signatures of what they are
 * sent, judged by openssl alone.
 */
#pragma once

#include "scene.h"

struct administrators {
	const struct service *service;
	char *first; /* tokens */
	char *second;
};
void administrators_open(
    const struct scene *scene, const struct service *service, struct administrators *ret);
void administrators_finish(struct administrators *administrators);
DEFINE_VALUE_CLEANUP(struct administrators, administrators_finish)

/* JSON written with ' in place of "; gives up when it is none. A new reference. */
json_t *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An answer of the API, as far as tests ask for it. */
struct endpoint {
	char id[40];
	char secret[200]; /* of the answer that showed one, else "" */
	char public_key[100];
	char previous_public_key[100];
};
/* Proposes one at the address with these members more; `members` is taken over. */
void endpoint_propose(const struct administrators *administrators, const char *url, json_t *members,
    struct endpoint *ret_endpoint);
/*
 * What the first one asks, with a new Idempotency-Key, and whatever the answer is. Of an endpoint
 * it is the call's path below it (or itself) under its ETag.
 */
void endpoint_ask(const struct administrators *administrators, const struct call *call,
    const struct endpoint *endpoint, struct answer *ret_answer);
/* The second one approves it. */
void endpoint_approve(const struct administrators *administrators, const struct endpoint *endpoint);
/* A change that the first one proposes and the second one approves; `patch` is taken over. */
void endpoint_change(
    const struct administrators *administrators, const struct endpoint *endpoint, json_t *patch);
/* A new secret; what it was signs too for so many hours. */
void endpoint_rotate(
    const struct administrators *administrators, int grace_hours, struct endpoint *endpoint);
/* The id of the ping's delivery (free()). */
char *endpoint_ping(const struct administrators *administrators, const struct endpoint *endpoint)
    MUST_CHECK;

/* How many signatures of that version the call has. */
size_t signatures_of(const struct received *call, const char *version);
/* How many of its `v1a` signatures openssl verifies under the whpk_ key. */
size_t openssl_verifies(const struct received *call, const char *public_key);
