/* Owns the secrets and signatures of webhooks. */
#include "outbox/sign.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/ed25519.h"
#include "base/ids.h"

#define PREFIX "whsec_"
#define KEY_PREFIX "whsk_"
#define PUBLIC_PREFIX "whpk_"
#define KEY_LEAST 24
#define KEY_MOST 64
#define NEW_KEY_BYTES 32
/* An event's body is under 20 kB; the id and the timestamp stand before it. */
#define MATERIAL_MAX 65536

static bool secret_decode(const char *secret, struct text *ret_key)
{
	size_t prefix = sizeof(PREFIX) - 1;

	if (strncmp(secret, PREFIX, prefix) != 0)
		return false;
	size_t length = strnlen(secret + prefix, WEBHOOK_SECRET_MAX);
	return length < WEBHOOK_SECRET_MAX - prefix &&
	       base64_decode(secret + prefix, length, ret_key) && ret_key->length >= KEY_LEAST &&
	       ret_key->length <= KEY_MOST;
}

void webhook_secret_new(char ret_secret[WEBHOOK_SECRET_MAX])
{
	unsigned char key[NEW_KEY_BYTES];
	CLEANUP(text_finish) struct text secret = TEXT_INIT(WEBHOOK_SECRET_MAX - 1);

	random_bytes(key, sizeof(key));
	text_puts(&secret, PREFIX);
	base64_encode(key, sizeof(key), &secret);
	assert(!secret.failed);
	memcpy(ret_secret, secret.data, secret.length + 1);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(secret.data, secret.length);
}

bool webhook_secret_is_valid(const char *secret)
{
	CLEANUP(text_finish) struct text key = TEXT_INIT(KEY_MOST + 8);

	return secret_decode(secret, &key);
}

bool webhook_secrets_key(
    const char *secrets_key, unsigned char ret_key[32], struct problem *problem)
{
	CLEANUP(text_finish) struct text key = TEXT_INIT(64);

	if (!base64_decode(secrets_key, strlen(secrets_key), &key) || key.length != 32)
		return problem_fail(
		    problem, PROBLEM_INTERNAL, "CSPR_SECRETS_KEY must be 32 bytes in base64");
	memcpy(ret_key, key.data, 32);
	explicit_bzero(key.data, key.length);
	return true;
}

bool webhook_text_seal(
    const char *text, const char *secrets_key, struct text *ret_sealed, struct problem *problem)
{
	unsigned char key[32];

	if (!webhook_secrets_key(secrets_key, key, problem))
		return false;
	bool sealed = seal(key, text, strlen(text), ret_sealed);
	explicit_bzero(key, sizeof(key));
	return sealed || problem_fail(problem, PROBLEM_INTERNAL, "a webhook secret cannot be sealed");
}

bool webhook_secret_seal(
    const char *secret, const char *secrets_key, struct text *ret_sealed, struct problem *problem)
{
	if (!webhook_secret_is_valid(secret))
		return problem_set(problem, PROBLEM_INVALID,
		    "A webhook secret is whsec_ and the base64 of 24 to 64 bytes.");
	return webhook_text_seal(secret, secrets_key, ret_sealed, problem);
}

/* Of what is sealed, its nonce and tag, in base64. */
bool webhook_text_unseal(
    const unsigned char key[32], const char *sealed_base64, struct text *ret_text)
{
	size_t length = strlen(sealed_base64);
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(length + 1);

	return base64_decode(sealed_base64, length, &sealed) &&
	       unseal(key, text_string(&sealed), sealed.length, ret_text);
}

bool webhook_secret_unseal(
    const unsigned char key[32], const char *sealed_base64, char ret_secret[WEBHOOK_SECRET_MAX])
{
	CLEANUP(text_finish) struct text secret = TEXT_INIT(WEBHOOK_SECRET_MAX - 1);

	if (!webhook_text_unseal(key, sealed_base64, &secret))
		return false;
	memcpy(ret_secret, text_string(&secret), secret.length + 1);
	if (secret.data)
		explicit_bzero(secret.data, secret.length);
	return webhook_secret_is_valid(ret_secret);
}

static void put_encoded(
    const char *prefix, const unsigned char *bytes, size_t length, char ret_text[WEBHOOK_KEY_MAX])
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(WEBHOOK_KEY_MAX - 1);

	text_puts(&text, prefix);
	base64_encode(bytes, length, &text);
	assert(!text.failed);
	memcpy(ret_text, text.data, text.length + 1);
	explicit_bzero(text.data, text.length);
}

bool webhook_key_new(char ret_key[WEBHOOK_KEY_MAX], char ret_public_key[WEBHOOK_KEY_MAX])
{
	unsigned char key[ED25519_PRIVATE_BYTES];

	if (!ed25519_generate(key))
		return false;
	put_encoded(KEY_PREFIX, key, sizeof(key), ret_key);
	put_encoded(PUBLIC_PREFIX, key + ED25519_PRIVATE_BYTES - ED25519_PUBLIC_BYTES,
	    ED25519_PUBLIC_BYTES, ret_public_key);
	explicit_bzero(key, sizeof(key));
	return true;
}

static void put_signature(
    const char *version, const unsigned char *bytes, size_t length, struct text *ret_signature)
{
	text_printf(ret_signature, "%s%s,", ret_signature->length ? " " : "", version);
	base64_encode(bytes, length, ret_signature);
}

static bool sign_with_secret(
    const char *secret, const struct text *material, struct text *ret_signature)
{
	CLEANUP(text_finish) struct text key = TEXT_INIT(KEY_MOST + 8);
	unsigned char digest[DIGEST_BYTES];

	if (!secret_decode(secret, &key))
		return false;
	digest_hmac_sha256(key.data, key.length, material->data, material->length, digest);
	explicit_bzero(key.data, key.length);
	put_signature("v1", digest, sizeof(digest), ret_signature);
	return true;
}

static bool sign_with_key(
    const char *signing_key, const struct text *material, struct text *ret_signature)
{
	CLEANUP(text_finish) struct text key = TEXT_INIT(ED25519_PRIVATE_BYTES + 8);
	size_t prefix = sizeof(KEY_PREFIX) - 1;
	unsigned char signature[ED25519_SIGNATURE_BYTES];

	if (strncmp(signing_key, KEY_PREFIX, prefix) != 0 ||
	    !base64_decode(signing_key + prefix, strlen(signing_key + prefix), &key) ||
	    key.length != ED25519_PRIVATE_BYTES)
		return false;
	bool is_signed =
	    ed25519_sign((const unsigned char *)key.data, material->data, material->length, signature);
	explicit_bzero(key.data, key.length);
	if (is_signed)
		put_signature("v1a", signature, sizeof(signature), ret_signature);
	return is_signed;
}

bool webhook_sign(const struct webhook_keys *keys, const char *id, int64_t timestamp,
    const char *body, size_t length, char ret_signature[WEBHOOK_SIGNATURE_MAX])
{
	CLEANUP(text_finish) struct text material = TEXT_INIT(MATERIAL_MAX);
	CLEANUP(text_finish) struct text signature = TEXT_INIT(WEBHOOK_SIGNATURE_MAX - 1);

	text_printf(&material, "%s.%" PRId64 ".", id, timestamp);
	text_append(&material, body, length);
	if (material.failed || !sign_with_secret(keys->secret, &material, &signature) ||
	    (keys->previous_secret &&
	        !sign_with_secret(keys->previous_secret, &material, &signature)) ||
	    (keys->signing_key && !sign_with_key(keys->signing_key, &material, &signature)) ||
	    (keys->previous_signing_key &&
	        !sign_with_key(keys->previous_signing_key, &material, &signature)) ||
	    signature.failed)
		return false;
	memcpy(ret_signature, signature.data, signature.length + 1);
	return true;
}
