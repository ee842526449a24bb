/*
 * Certificates that are made on the spot, and a receiver of calls that speaks TLS. For tests of
 * what a connection is trusted for; an ordinary receiver of webhooks is in support.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/cleanup.h"
#include "support/listener.h"

struct identity {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

struct wanted {
	const char *address; /* IPv4 that it is for */
	const char *name;    /* or a host's name; NULL for both is an authority */
	int from, until;     /* days from now */
};

/* Signed by `signer`, or by itself for NULL. */
struct identity identity_make(const struct wanted *wanted, const struct identity *signer);
void identity_finish(struct identity *identity);
DEFINE_VALUE_CLEANUP(struct identity, identity_finish)
/* In PEM (free()). */
char *identity_certificate(const struct identity *identity) MUST_CHECK;
char *identity_key(const struct identity *identity) MUST_CHECK;

/* Room for a SHA-256 in hex with its NUL. */
#define FINGERPRINT_BYTES 65
void identity_fingerprint(const struct identity *identity, char ret_hex[FINGERPRINT_BYTES]);

/*
 * Serves connections one after the other on 127.0.0.1, at a port of the system's, and answers each
 * call with 200 and nothing. The first members are set before it is opened; the numbers may be read
 * at any time, the texts when it is closed.
 */
struct tls_receiver {
	const char *priority;              /* GnuTLS's; NULL is its usual one */
	const struct identity *of_clients; /* whose certificate is demanded, or NULL */
	bool keeps_open;                   /* a connection takes more than one call */
	bool resets;                       /* each connection, once its handshake is done */
	unsigned port;
	atomic_size_t connections;
	atomic_size_t calls;
	atomic_size_t bytes; /* of calls, that it has read */
	char last_call[8192];
	char last_client[FINGERPRINT_BYTES]; /* who showed a certificate with a call, or "" */
	struct listener listener;
	atomic_int connection; /* the one that is open, or -1 */
	gnutls_certificate_credentials_t credentials;
};

void tls_receiver_open(struct tls_receiver *receiver, const struct identity *identity);
/* Cuts off what is open. */
void tls_receiver_close(struct tls_receiver *receiver);
