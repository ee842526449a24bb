/*
 * Hashes, keyed hashes, authenticated encryption and their text forms, over GnuTLS. Only base
 * includes GnuTLS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1)

void digest_sha256(const void *bytes, size_t length, unsigned char ret_digest[DIGEST_BYTES]);
void digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
    unsigned char ret_digest[DIGEST_BYTES]);
/* Compares in a time that depends on the length only. */
bool digest_equal(const void *a, const void *b, size_t length);

/* Lower-case hexadecimal with a NUL; `ret_text` has room for 2 * length + 1. */
void hex_encode(const void *bytes, size_t length, char *ret_text);
/* Of a hexadecimal digit in either case; -1 when it is none. */
int hex_value(char digit);
/* Standard base64 with padding, appended. */
void base64_encode(const void *bytes, size_t length, struct text *ret_text);
/* URL-safe base64 without padding, appended. */
void base64url_encode(const void *bytes, size_t length, struct text *ret_text);
/* Either alphabet, padding optional; refuses everything else. `ret_bytes` grows as needed. */
MUST_CHECK bool base64_decode(const char *text, size_t length, struct text *ret_bytes);

/* AES-256-GCM with a random nonce in front; `key` has 32 bytes. The result is nonce‖sealed. */
MUST_CHECK bool seal(
    const unsigned char key[32], const void *plain, size_t length, struct text *ret_sealed);
/* The reverse; false when the key is another one or a bit has changed. */
MUST_CHECK bool unseal(
    const unsigned char key[32], const void *sealed, size_t length, struct text *ret_plain);
