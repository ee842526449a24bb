/*
 * Standard Webhooks 1.0.0: secrets and signatures. A secret is the text `whsec_` and the base64
 * of 24 to 64 bytes; that text is what is sealed and kept. Pure but for the random bytes.
 */
#pragma once

#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

/* `whsec_`, the base64 of 64 bytes and the NUL. */
#define WEBHOOK_SECRET_MAX 96
/* Two signatures, a space between them, and the NUL. */
#define WEBHOOK_SIGNATURE_MAX 128

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

/*
 * The value of webhook-signature: `v1,` and the base64 of the HMAC-SHA256 of id.timestamp.body,
 * for `secret` and, when it is not NULL, for `previous` too. False for a text that is no secret.
 */
MUST_CHECK bool webhook_sign(const char *secret, const char *previous, const char *id,
    int64_t timestamp, const char *body, size_t length, char ret_signature[WEBHOOK_SIGNATURE_MAX]);
