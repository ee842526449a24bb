/*
 * Owns the check of webhook signatures by Standard Webhooks 1.0.0: HMAC-SHA256 over
 * "{id}.{timestamp}.{body}", "v1," and base64, several divided by spaces.
 */
#include "lib/internal.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <time.h>

#define SECRET_PREFIX "whsec_"
#define SECRET_LEAST 24
#define SECRET_MOST 64
#define DIGEST_BYTES 32

const char *cspr_verdict_text(enum cspr_verdict verdict)
{
	switch (verdict) {
	case CSPR_WEBHOOK_VALID:
		return "the signature is valid";
	case CSPR_WEBHOOK_INCOMPLETE:
		return "a webhook header is missing or malformed";
	case CSPR_WEBHOOK_TOO_OLD:
		return "the timestamp is too old";
	case CSPR_WEBHOOK_TOO_NEW:
		return "the timestamp lies in the future";
	case CSPR_WEBHOOK_UNSIGNED:
		return "no signature fits";
	case CSPR_WEBHOOK_BAD_SECRET:
		return "the secret is not whsec_ and base64 of 24 to 64 bytes";
	case CSPR_WEBHOOK_NO_MEMORY:
		return "memory ended";
	}
	return "unknown verdict";
}

static void wipe(gnutls_datum_t *secret)
{
	if (secret->data)
		gnutls_memset(secret->data, 0, secret->size);
	gnutls_free(secret->data);
}
DEFINE_VALUE_CLEANUP(gnutls_datum_t, wipe)

static enum cspr_verdict decode_secret(const char *secret, gnutls_datum_t *ret_key)
{
	if (!secret || strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0)
		return CSPR_WEBHOOK_BAD_SECRET;
	const char *encoded = secret + strlen(SECRET_PREFIX);
	/* The text is only read; gnutls_datum_t has no const of its own. */
	gnutls_datum_t text = {(unsigned char *)encoded, (unsigned int)strnlen(encoded, 256)};
	int result = gnutls_base64_decode2(&text, ret_key);
	if (result == GNUTLS_E_MEMORY_ERROR)
		return CSPR_WEBHOOK_NO_MEMORY;
	if (result != 0 || ret_key->size < SECRET_LEAST || ret_key->size > SECRET_MOST)
		return CSPR_WEBHOOK_BAD_SECRET;
	return CSPR_WEBHOOK_VALID;
}

static bool feed(gnutls_hmac_hd_t hmac, const void *bytes, size_t length)
{
	return length == 0 || gnutls_hmac(hmac, bytes, length) == 0;
}

static bool digest(const gnutls_datum_t *key, const struct cspr_webhook *webhook,
    unsigned char ret_digest[DIGEST_BYTES])
{
	gnutls_hmac_hd_t hmac;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, key->data, key->size) != 0)
		return false;
	bool ok = feed(hmac, webhook->id, strlen(webhook->id)) && feed(hmac, ".", 1) &&
	          feed(hmac, webhook->timestamp, strlen(webhook->timestamp)) && feed(hmac, ".", 1) &&
	          feed(hmac, webhook->body, webhook->body_length);
	gnutls_hmac_deinit(hmac, ret_digest);
	return ok;
}

enum cspr_verdict cspr_sign_webhook(
    const char *secret, const struct cspr_webhook *webhook, char ret_signature[CSPR_SIGNATURE_SIZE])
{
	gnutls_datum_t key CLEANUP(wipe) = {NULL, 0};
	gnutls_datum_t encoded CLEANUP(wipe) = {NULL, 0};
	unsigned char raw[DIGEST_BYTES];

	enum cspr_verdict verdict = decode_secret(secret, &key);
	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	if (!digest(&key, webhook, raw))
		return CSPR_WEBHOOK_NO_MEMORY;
	gnutls_datum_t data = {raw, sizeof(raw)};
	if (gnutls_base64_encode2(&data, &encoded) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	snprintf(ret_signature, CSPR_SIGNATURE_SIZE, "v1,%.*s", (int)encoded.size, encoded.data);
	return CSPR_WEBHOOK_VALID;
}

static enum cspr_verdict check_headers(
    const struct cspr_webhook *webhook, int64_t tolerance_seconds, int64_t now)
{
	if (!webhook->id || !webhook->id[0] || !webhook->timestamp || !webhook->signature ||
	    !webhook->signature[0])
		return CSPR_WEBHOOK_INCOMPLETE;
	size_t digits = strspn(webhook->timestamp, "0123456789");
	if (digits == 0 || digits > 15 || webhook->timestamp[digits])
		return CSPR_WEBHOOK_INCOMPLETE;
	int64_t signed_at = (int64_t)strtoll(webhook->timestamp, NULL, 10);
	if (now == CSPR_NOW)
		now = (int64_t)time(NULL);
	if (signed_at < now - tolerance_seconds)
		return CSPR_WEBHOOK_TOO_OLD;
	if (signed_at > now + tolerance_seconds)
		return CSPR_WEBHOOK_TOO_NEW;
	return CSPR_WEBHOOK_VALID;
}

/* Every signature is compared, whichever fits, so that time tells nothing. */
static bool any_fits(const char *signatures, const char expected[CSPR_SIGNATURE_SIZE])
{
	size_t wanted = strlen(expected);
	bool fits = false;

	while (*signatures) {
		size_t length = strcspn(signatures, " ");
		if (length == wanted && gnutls_memcmp(signatures, expected, wanted) == 0)
			fits = true;
		signatures += length;
		signatures += strspn(signatures, " ");
	}
	return fits;
}

enum cspr_verdict cspr_verify_webhook(const char *const *secrets, size_t secret_count,
    const struct cspr_webhook *webhook, int64_t tolerance_seconds, int64_t now)
{
	bool fits = false;

	enum cspr_verdict verdict = check_headers(webhook, tolerance_seconds, now);
	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	for (size_t i = 0; i < secret_count; i++) {
		char expected[CSPR_SIGNATURE_SIZE];
		verdict = cspr_sign_webhook(secrets[i], webhook, expected);
		if (verdict != CSPR_WEBHOOK_VALID)
			return verdict;
		fits = any_fits(webhook->signature, expected) || fits;
	}
	return fits ? CSPR_WEBHOOK_VALID : CSPR_WEBHOOK_UNSIGNED;
}
