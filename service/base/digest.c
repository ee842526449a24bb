/* Owns hashes, encryption and their text forms. */
#include "base/digest.h"

#include <assert.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/ids.h"

#define NONCE_BYTES 12
#define TAG_BYTES 16

void digest_sha256(const void *bytes, size_t length, unsigned char ret_digest[DIGEST_BYTES])
{
	int failed = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, ret_digest);
	if (failed)
		abort();
}

void digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
    unsigned char ret_digest[DIGEST_BYTES])
{
	int failed = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_length, bytes, length, ret_digest);
	if (failed)
		abort();
}

bool digest_equal(const void *a, const void *b, size_t length)
{
	return gnutls_memcmp(a, b, length) == 0;
}

void hex_encode(const void *bytes, size_t length, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++) {
		*ret_text++ = digits[at[i] >> 4];
		*ret_text++ = digits[at[i] & 15];
	}
	*ret_text = '\0';
}

int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static void encode(
    const void *bytes, size_t length, const char *alphabet, bool pad, struct text *ret_text)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned group = (unsigned)at[i] << 16;
		if (left > 1)
			group |= (unsigned)at[i + 1] << 8;
		if (left > 2)
			group |= at[i + 2];
		text_putc(ret_text, alphabet[group >> 18 & 63]);
		text_putc(ret_text, alphabet[group >> 12 & 63]);
		if (left > 1)
			text_putc(ret_text, alphabet[group >> 6 & 63]);
		else if (pad)
			text_putc(ret_text, '=');
		if (left > 2)
			text_putc(ret_text, alphabet[group & 63]);
		else if (pad)
			text_putc(ret_text, '=');
	}
}

void base64_encode(const void *bytes, size_t length, struct text *ret_text)
{
	encode(bytes, length, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true,
	    ret_text);
}

void base64url_encode(const void *bytes, size_t length, struct text *ret_text)
{
	encode(bytes, length, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false,
	    ret_text);
}

static int value_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	if (character == '+' || character == '-')
		return 62;
	if (character == '/' || character == '_')
		return 63;
	return -1;
}

bool base64_decode(const char *text, size_t length, struct text *ret_bytes)
{
	size_t padding = 0;

	while (padding < 2 && length && text[length - 1] == '=') {
		length--;
		padding++;
	}
	if (length % 4 == 1 || (padding && (length + padding) % 4))
		return false;

	unsigned group = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < length; i++) {
		int value = value_of(text[i]);
		if (value < 0)
			return false;
		group = group << 6 | (unsigned)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			text_putc(ret_bytes, (char)(group >> bits & 255));
		}
	}
	/* Bits that stand for nothing must be zero, or two texts would mean the same bytes. */
	return (group & ((1u << bits) - 1)) == 0 && !ret_bytes->failed;
}

bool seal(const unsigned char key[32], const void *plain, size_t length, struct text *ret_sealed)
{
	gnutls_aead_cipher_hd_t cipher;
	gnutls_datum_t secret = {(unsigned char *)key, 32};
	unsigned char nonce[NONCE_BYTES];
	size_t sealed_length = length + TAG_BYTES;
	CLEANUP(free) char *sealed = malloc(sealed_length);

	if (!sealed)
		abort();
	if (gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &secret) != 0)
		return false;
	random_bytes(nonce, sizeof(nonce));
	int failed = gnutls_aead_cipher_encrypt(
	    cipher, nonce, sizeof(nonce), NULL, 0, TAG_BYTES, plain, length, sealed, &sealed_length);
	gnutls_aead_cipher_deinit(cipher);
	if (failed)
		return false;
	text_append(ret_sealed, nonce, sizeof(nonce));
	text_append(ret_sealed, sealed, sealed_length);
	return !ret_sealed->failed;
}

bool unseal(const unsigned char key[32], const void *sealed, size_t length, struct text *ret_plain)
{
	gnutls_aead_cipher_hd_t cipher;
	gnutls_datum_t secret = {(unsigned char *)key, 32};
	const unsigned char *bytes = sealed;

	if (length < NONCE_BYTES + TAG_BYTES)
		return false;
	size_t plain_length = length - NONCE_BYTES - TAG_BYTES;
	CLEANUP(free) char *plain = malloc(plain_length + 1);
	/* It would pass for a secret of another key (docs/adr/0009). */
	if (!plain)
		abort();
	if (gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &secret) != 0)
		return false;
	int failed = gnutls_aead_cipher_decrypt(cipher, bytes, NONCE_BYTES, NULL, 0, TAG_BYTES,
	    bytes + NONCE_BYTES, length - NONCE_BYTES, plain, &plain_length);
	gnutls_aead_cipher_deinit(cipher);
	if (failed)
		return false;
	text_append(ret_plain, plain, plain_length);
	return !ret_plain->failed;
}
