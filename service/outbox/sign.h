/*
 * Standard Webhooks 1.0.0: secrets and signatures. A secret is the text `whsec_` and the base64
 * of 24 to 64 bytes; a signing key (Ed25519) is `whsk_` and the base64 of the 32 bytes of its seed
 * and the 32 of its public key, which alone is `whpk_`. That text is what is sealed and kept. Pure
 * but for the random bytes.
 */
#pragma once

#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

/* `whsec_`, the base64 of 64 bytes and the NUL. */
#define WEBHOOK_SECRET_MAX 96
/* `whsk_`, the base64 of 64 bytes and the NUL; a public key is shorter. */
#define WEBHOOK_KEY_MAX 96
/* Two signatures of each kind, with spaces between them, and the NUL. */
#define WEBHOOK_SIGNATURE_MAX 320

/* A new secret of 32 random bytes. */
void webhook_secret_new(char ret_secret[WEBHOOK_SECRET_MAX]);
/* Whether the text is a secret: its prefix, sound base64, 24 to 64 bytes. */
bool webhook_secret_is_valid(const char *secret);
/*
 * Seals a secret for webhook_endpoint.secret_sealed, under the 32 bytes that settings->secrets_key
 * holds in base64. PROBLEM_INVALID for a text that is no secret, PROBLEM_INTERNAL for a bad key.
 */
MUST_CHECK bool webhook_secret_seal(
    const char *secret, const char *secrets_key, struct text *ret_sealed, struct problem *problem);
/* The 32 bytes of settings->secrets_key. */
MUST_CHECK bool webhook_secrets_key(
    const char *secrets_key, unsigned char ret_key[32], struct problem *problem);
/* The reverse of webhook_secret_seal(), from base64; false under another key. */
MUST_CHECK bool webhook_secret_unseal(
    const unsigned char key[32], const char *sealed_base64, char ret_secret[WEBHOOK_SECRET_MAX]);

/* A new signing key, and the public key that belongs to it. */
MUST_CHECK bool webhook_key_new(
    char ret_key[WEBHOOK_KEY_MAX], char ret_public_key[WEBHOOK_KEY_MAX]);
/* Seals any text that an endpoint keeps, under settings->secrets_key. */
MUST_CHECK bool webhook_text_seal(
    const char *text, const char *secrets_key, struct text *ret_sealed, struct problem *problem);
/* The reverse, from base64; false under another key. */
MUST_CHECK bool webhook_text_unseal(
    const unsigned char key[32], const char *sealed_base64, struct text *ret_text);

/* What a call is signed with; NULL where there is none. */
struct webhook_keys {
	const char *secret; /* whsec_…, always */
	const char *previous_secret;
	const char *signing_key; /* whsk_… */
	const char *previous_signing_key;
};
/*
 * The value of webhook-signature: first `v1,` and the base64 of the HMAC-SHA256 of
 * id.timestamp.body for each secret, then `v1a,` and the base64 of the Ed25519 signature of the
 * same for each signing key, the current one before the previous one. False for a text that is no
 * secret or key.
 */
MUST_CHECK bool webhook_sign(const struct webhook_keys *keys, const char *id, int64_t timestamp,
    const char *body, size_t length, char ret_signature[WEBHOOK_SIGNATURE_MAX]);
