/*
 * The queue of deliveries in the database, as the dispatcher uses it: outcomes go down and claims
 * come up in one round trip and one transaction.
 *
 * What a claim guarantees: until its lease is over nobody else holds the delivery, and no later
 * delivery of the same endpoint and incident is claimed by anybody. What a settlement guarantees:
 * under an older fence it changes nothing.
 */
#pragma once

#include <stdint.h>

#include "outbox/allowance.h"
#include "outbox/send.h"
#include "outbox/verdict.h"
#include "store/store.h"

/* A claimed delivery; `url`, `body` and the secrets are owned. */
struct delivery {
	char partnership_id[37];
	char id[37];
	char endpoint_id[37];
	int64_t fence;
	int attempts;      /* made and recorded before this one */
	int64_t waited_ms; /* how long it had been due when it was claimed */
	bool troubled;     /* calls of its endpoint have failed before */
	bool statutory;    /* goes to a recipient in law, at an endpoint that is approved */
	char *url;
	char *body;
	char *secret_sealed;          /* base64 */
	char *previous_secret_sealed; /* the same while the grace lasts, or NULL */
	/* The same of what an endpoint may have beside its secret, or NULL. */
	char *signing_key_sealed;
	char *previous_signing_key_sealed;
	char *headers_sealed;
	char *client_certificate_sealed;
	char *ca_bundle_sealed;
};
void delivery_finish(struct delivery *delivery);

/* What is to be settled. All is borrowed; `settled` is filled. */
struct settlement {
	const struct delivery *delivery;
	const struct sent *sent;
	struct verdict verdict;
	bool settled; /* false after a good exchange: somebody else held it, nothing was written */
};

/* How the queue stands, over all partnerships. Ages are milliseconds, 0 when there is none. */
struct queue_state {
	int64_t lag_ms;              /* how long the oldest due delivery has been waiting */
	int64_t oldest_statutory_ms; /* of what is not delivered to a recipient in law */
	int64_t oldest_other_ms;
	int64_t at_risk; /* deliveries that people were told of, and that are not made yet */
	int64_t circuits_open;
};

struct exchange {
	struct settlement *outcomes;
	size_t outcome_count;
	bool texts_left_out; /* the receiver's words are not recorded */
	size_t wanted;       /* how many deliveries to claim, at most SLOTS */
	size_t ordinary;     /* of them at most so many to others than recipients in law */
	int64_t lease_ms;
	struct allowances *allowances; /* for claiming */
	int64_t now;                   /* of the clock of the allowances */
	bool measure;                  /* asks for the state */

	struct delivery *claimed; /* room for `wanted` */
	size_t claimed_count;
	struct queue_state state;

	struct batch batch; /* the queue's own */
	size_t settle, claim, measured;
};

/* All of it, or nothing of it when this returns false. */
MUST_CHECK bool queue_exchange(
    struct lease *lease, struct exchange *exchange, struct problem *problem);
/*
 * The same in parts: queue_send() begins it, queue_take() goes on without waiting until `ret_done`.
 * Either ends it when it returns false.
 */
MUST_CHECK bool queue_send(struct lease *lease, struct exchange *exchange, struct problem *problem);
MUST_CHECK bool queue_take(struct exchange *exchange, bool *ret_done, struct problem *problem);

/*
 * Sets aside what claims would wade through, because it waits behind others, and brings those
 * forward that something nearer its legal day waits for. To be done now and then.
 */
MUST_CHECK bool queue_set_aside(struct lease *lease, int64_t lease_ms, struct problem *problem);
/* Makes claimed deliveries due again at once, and wakes whoever else dispatches. */
MUST_CHECK bool queue_release(struct lease *lease, const struct delivery *const deliveries[],
    size_t count, struct problem *problem);
