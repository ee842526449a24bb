/* Owns Ed25519 keys and signatures. */
#include "base/ed25519.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#define HALF 32

DEFINE_CLEANUP(gnutls_privkey_t, gnutls_privkey_deinit)

bool ed25519_generate(unsigned char ret_private[ED25519_PRIVATE_BYTES])
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t key = NULL;
	gnutls_datum_t public_part = {NULL, 0};
	gnutls_datum_t seed = {NULL, 0};

	if (gnutls_privkey_init(&key) != 0 ||
	    gnutls_privkey_generate(
	        key, GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), 0) != 0 ||
	    gnutls_privkey_export_ecc_raw(key, NULL, &public_part, NULL, &seed) != 0)
		return false;
	bool whole = public_part.size == HALF && seed.size == HALF;
	if (whole) {
		memcpy(ret_private, seed.data, HALF);
		memcpy(ret_private + HALF, public_part.data, HALF);
		explicit_bzero(seed.data, seed.size);
	}
	gnutls_free(public_part.data);
	gnutls_free(seed.data);
	return whole;
}

bool ed25519_sign(const unsigned char private_key[ED25519_PRIVATE_BYTES], const void *bytes,
    size_t length, unsigned char ret_signature[ED25519_SIGNATURE_BYTES])
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t key = NULL;
	const gnutls_datum_t seed = {(unsigned char *)private_key, HALF};
	const gnutls_datum_t public_part = {(unsigned char *)private_key + HALF, HALF};
	const gnutls_datum_t data = {(unsigned char *)bytes, (unsigned)length};
	gnutls_datum_t signature = {NULL, 0};

	if (gnutls_privkey_init(&key) != 0 ||
	    gnutls_privkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &public_part, NULL, &seed) !=
	        0 ||
	    gnutls_privkey_sign_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &signature) != 0)
		return false;
	bool whole = signature.size == ED25519_SIGNATURE_BYTES;
	if (whole)
		memcpy(ret_signature, signature.data, ED25519_SIGNATURE_BYTES);
	gnutls_free(signature.data);
	return whole;
}
