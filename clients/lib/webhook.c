/*
 * Owns the check of webhook signatures by Standard Webhooks 1.0.0: over "{id}.{timestamp}.{body}",
 * "v1," and base64 for HMAC-SHA256, "v1a," and base64 for Ed25519, several divided by spaces.
 */
#include "lib/internal.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <time.h>

#define DIGEST_BYTES 32
#define ED25519_BYTES 32 /* of a public key, and of the seed that is the private one */
#define ED25519_SIGNATURE_BYTES 64
/* More of them than any rotation leaves would only be work for the receiver. */
#define SIGNATURES_MOST 32

enum key_kind { KEY_SHARED, KEY_PUBLIC, KEY_PRIVATE };

struct key {
	enum key_kind kind;
	gnutls_datum_t bytes; /* of a private key the seed, then its public half */
};

static const struct key_form {
	const char *prefix;
	unsigned int least, most; /* bytes */
} key_forms[] = {
    [KEY_SHARED] = {"whsec_", 24, 64},
    [KEY_PUBLIC] = {"whpk_", ED25519_BYTES, ED25519_BYTES},
    [KEY_PRIVATE] = {"whsk_", 2 * ED25519_BYTES, 2 * ED25519_BYTES},
};

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
		return "the key is not of use here: whsec_ and the base64 of 24 to 64 bytes, whpk_ and "
		       "that of "
		       "32, or whsk_ and that of 64";
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

static void key_finish(struct key *key)
{
	wipe(&key->bytes);
}
DEFINE_VALUE_CLEANUP(struct key, key_finish)

DEFINE_CLEANUP(gnutls_pubkey_t, gnutls_pubkey_deinit)
DEFINE_CLEANUP(gnutls_privkey_t, gnutls_privkey_deinit)

/* The text is only read; gnutls_datum_t has no const of its own. */
static gnutls_datum_t datum(const void *bytes, size_t length)
{
	const union {
		const void *read;
		unsigned char *any;
	} pointer = {.read = bytes};

	return (gnutls_datum_t){pointer.any, (unsigned int)length};
}

static gnutls_datum_t public_half(const struct key *key)
{
	size_t offset = key->kind == KEY_PRIVATE ? ED25519_BYTES : 0;

	return datum(key->bytes.data + offset, ED25519_BYTES);
}

static enum cspr_verdict private_import(const struct key *key, gnutls_privkey_t *ret_private)
{
	gnutls_privkey_t private CLEANUP(gnutls_privkey_deinit) = NULL;
	const gnutls_datum_t seed = datum(key->bytes.data, ED25519_BYTES);
	const gnutls_datum_t half = public_half(key);

	if (gnutls_privkey_init(&private) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	/* Signed under another public half, a seed could be worked out from two signatures. */
	if (gnutls_privkey_import_ecc_raw(private, GNUTLS_ECC_CURVE_ED25519, &half, NULL, &seed) != 0 ||
	    gnutls_privkey_verify_params(private) != 0)
		return CSPR_WEBHOOK_BAD_SECRET;
	if (ret_private)
		*ret_private = TAKE(private);
	return CSPR_WEBHOOK_VALID;
}

static enum cspr_verdict key_read(const char *text, struct key *ret_key)
{
	for (size_t i = 0; text && i < ARRAY_LENGTH(key_forms); i++) {
		const struct key_form *form = &key_forms[i];
		if (strncmp(text, form->prefix, strlen(form->prefix)) != 0)
			continue;
		struct key key CLEANUP(key_finish) = {.kind = (enum key_kind)i};
		const char *encoded = text + strlen(form->prefix);
		const gnutls_datum_t base64 = datum(encoded, strnlen(encoded, 256));
		int result = gnutls_base64_decode2(&base64, &key.bytes);
		if (result == GNUTLS_E_MEMORY_ERROR)
			return CSPR_WEBHOOK_NO_MEMORY;
		if (result != 0 || key.bytes.size < form->least || key.bytes.size > form->most)
			return CSPR_WEBHOOK_BAD_SECRET;
		enum cspr_verdict verdict =
		    key.kind == KEY_PRIVATE ? private_import(&key, NULL) : CSPR_WEBHOOK_VALID;
		if (verdict != CSPR_WEBHOOK_VALID)
			return verdict;
		*ret_key = key;
		key.bytes = (gnutls_datum_t){NULL, 0};
		return CSPR_WEBHOOK_VALID;
	}
	return CSPR_WEBHOOK_BAD_SECRET;
}

/* What is signed; false when memory ends. */
static bool put_material(const struct cspr_webhook *webhook, struct text *material)
{
	text_printf(material, "%s.%s.", webhook->id, webhook->timestamp);
	text_append(material, webhook->body, webhook->body_length);
	return !material->failed;
}

static enum cspr_verdict put_signature(
    const char *version, const void *bytes, size_t length, char ret_signature[CSPR_SIGNATURE_SIZE])
{
	gnutls_datum_t encoded CLEANUP(wipe) = {NULL, 0};
	const gnutls_datum_t raw = datum(bytes, length);

	if (gnutls_base64_encode2(&raw, &encoded) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	snprintf(
	    ret_signature, CSPR_SIGNATURE_SIZE, "%s,%.*s", version, (int)encoded.size, encoded.data);
	return CSPR_WEBHOOK_VALID;
}

static enum cspr_verdict sign_shared(
    const struct key *key, const struct text *material, char ret_signature[CSPR_SIGNATURE_SIZE])
{
	unsigned char digest[DIGEST_BYTES];

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->bytes.data, key->bytes.size, text_string(material),
	        material->length, digest) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	return put_signature("v1", digest, sizeof(digest), ret_signature);
}

static enum cspr_verdict sign_private(
    const struct key *key, const struct text *material, char ret_signature[CSPR_SIGNATURE_SIZE])
{
	gnutls_privkey_t private CLEANUP(gnutls_privkey_deinit) = NULL;
	gnutls_datum_t signature CLEANUP(wipe) = {NULL, 0};
	const gnutls_datum_t data = datum(text_string(material), material->length);

	enum cspr_verdict verdict = private_import(key, &private);
	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	if (gnutls_privkey_sign_data2(private, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &signature) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	return put_signature("v1a", signature.data, signature.size, ret_signature);
}

enum cspr_verdict cspr_sign_webhook(
    const char *key, const struct cspr_webhook *webhook, char ret_signature[CSPR_SIGNATURE_SIZE])
{
	struct text material CLEANUP(text_finish) = TEXT_INIT(SIZE_MAX / 2);
	struct key decoded CLEANUP(key_finish) = {0};

	enum cspr_verdict verdict = key_read(key, &decoded);
	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	if (decoded.kind == KEY_PUBLIC)
		return CSPR_WEBHOOK_BAD_SECRET;
	if (!put_material(webhook, &material))
		return CSPR_WEBHOOK_NO_MEMORY;
	return decoded.kind == KEY_SHARED ? sign_shared(&decoded, &material, ret_signature)
	                                  : sign_private(&decoded, &material, ret_signature);
}

static size_t count_signatures(const char *signatures)
{
	size_t count = 0;

	for (; *signatures; signatures += strspn(signatures, " ")) {
		size_t length = strcspn(signatures, " ");
		count += length > 0;
		signatures += length;
	}
	return count;
}

static enum cspr_verdict check_headers(
    const struct cspr_webhook *webhook, int64_t tolerance_seconds, int64_t now)
{
	if (!webhook->id || !webhook->id[0] || !webhook->timestamp || !webhook->signature ||
	    !webhook->signature[0] || count_signatures(webhook->signature) > SIGNATURES_MOST)
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

/* Calls `fits` with each signature of the header, whatever came of those before it. */
static bool any_fits(const char *signatures,
    bool (*fits)(const void *context, const char *signature, size_t length), const void *context)
{
	bool found = false;

	while (*signatures) {
		size_t length = strcspn(signatures, " ");
		found = fits(context, signatures, length) || found;
		signatures += length;
		signatures += strspn(signatures, " ");
	}
	return found;
}

static bool is_expected(const void *context, const char *signature, size_t length)
{
	const char *expected = context;

	return length == strlen(expected) && gnutls_memcmp(signature, expected, length) == 0;
}

struct proof {
	gnutls_pubkey_t key;
	gnutls_datum_t material;
};

static bool is_proved(const void *context, const char *signature, size_t length)
{
	static const char prefix[] = "v1a,";
	const struct proof *proof = context;
	gnutls_datum_t raw CLEANUP(wipe) = {NULL, 0};

	if (length <= strlen(prefix) || strncmp(signature, prefix, strlen(prefix)) != 0)
		return false;
	const gnutls_datum_t base64 = datum(signature + strlen(prefix), length - strlen(prefix));
	return gnutls_base64_decode2(&base64, &raw) == 0 && raw.size == ED25519_SIGNATURE_BYTES &&
	       gnutls_pubkey_verify_data2(
	           proof->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &proof->material, &raw) >= 0;
}

static enum cspr_verdict verify_shared(
    const struct key *key, const struct text *material, const char *signatures)
{
	char expected[CSPR_SIGNATURE_SIZE];
	enum cspr_verdict verdict = sign_shared(key, material, expected);

	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	return any_fits(signatures, is_expected, expected) ? CSPR_WEBHOOK_VALID : CSPR_WEBHOOK_UNSIGNED;
}

static enum cspr_verdict verify_public(
    const struct key *key, const struct text *material, const char *signatures)
{
	gnutls_pubkey_t public CLEANUP(gnutls_pubkey_deinit) = NULL;
	const gnutls_datum_t half = public_half(key);

	if (gnutls_pubkey_init(&public) != 0)
		return CSPR_WEBHOOK_NO_MEMORY;
	if (gnutls_pubkey_import_ecc_raw(public, GNUTLS_ECC_CURVE_ED25519, &half, NULL) != 0)
		return CSPR_WEBHOOK_BAD_SECRET;
	const struct proof proof = {public, datum(text_string(material), material->length)};
	return any_fits(signatures, is_proved, &proof) ? CSPR_WEBHOOK_VALID : CSPR_WEBHOOK_UNSIGNED;
}

/* Every key is tried, whichever fits, so that time tells nothing of the others. */
enum cspr_verdict cspr_verify_webhook(const char *const *keys, size_t key_count,
    const struct cspr_webhook *webhook, int64_t tolerance_seconds, int64_t now)
{
	struct text material CLEANUP(text_finish) = TEXT_INIT(SIZE_MAX / 2);
	bool fits = false;

	enum cspr_verdict verdict = check_headers(webhook, tolerance_seconds, now);
	if (verdict != CSPR_WEBHOOK_VALID)
		return verdict;
	if (!put_material(webhook, &material))
		return CSPR_WEBHOOK_NO_MEMORY;
	for (size_t i = 0; i < key_count; i++) {
		struct key key CLEANUP(key_finish) = {0};
		verdict = key_read(keys[i], &key);
		if (verdict != CSPR_WEBHOOK_VALID)
			return verdict;
		verdict = key.kind == KEY_SHARED ? verify_shared(&key, &material, webhook->signature)
		                                 : verify_public(&key, &material, webhook->signature);
		if (verdict != CSPR_WEBHOOK_VALID && verdict != CSPR_WEBHOOK_UNSIGNED)
			return verdict;
		fits = verdict == CSPR_WEBHOOK_VALID || fits;
	}
	return fits ? CSPR_WEBHOOK_VALID : CSPR_WEBHOOK_UNSIGNED;
}
