/* Owns the reading of certificates and their keys. */
#include "base/certificate.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* A key's id is a digest of its public part. */
#define KEY_ID_BYTES 64

struct certificates {
	gnutls_x509_crt_t *items;
	unsigned count;
};

static void certificates_finish(struct certificates *certificates)
{
	for (unsigned i = 0; i < certificates->count; i++)
		gnutls_x509_crt_deinit(certificates->items[i]);
	gnutls_free(certificates->items);
}
DEFINE_VALUE_CLEANUP(struct certificates, certificates_finish)
DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit)

static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

static bool read_all(const char *pem, struct certificates *ret_certificates)
{
	const gnutls_datum_t data = datum_of(pem);

	return gnutls_x509_crt_list_import2(&ret_certificates->items, &ret_certificates->count, &data,
	           GNUTLS_X509_FMT_PEM, 0) == 0 &&
	       ret_certificates->count > 0;
}

static bool fill_digest(gnutls_x509_crt_t certificate, char ret_hex[DIGEST_HEX])
{
	unsigned char digest[DIGEST_BYTES];
	size_t size = sizeof(digest);

	if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &size) != 0)
		return false;
	hex_encode(digest, size, ret_hex);
	return true;
}

const char *certificate_fault(const char *pem, int64_t now, struct certificate_facts *ret_facts)
{
	CLEANUP(certificates_finish) struct certificates certificates = {0};
	struct certificate_facts facts = {.expires_at = INT64_MAX};

	if (!read_all(pem, &certificates) || !fill_digest(certificates.items[0], facts.sha256))
		return "No certificate can be read there; PEM is expected.";
	facts.count = certificates.count;
	for (unsigned i = 0; i < certificates.count; i++) {
		int64_t from = (int64_t)gnutls_x509_crt_get_activation_time(certificates.items[i]) * 1000;
		int64_t until = (int64_t)gnutls_x509_crt_get_expiration_time(certificates.items[i]) * 1000;
		if (from < 0 || until < 0)
			return "No certificate can be read there; PEM is expected.";
		if (now > until)
			return "A certificate has expired.";
		if (now < from)
			return "A certificate is not valid yet.";
		if (until < facts.expires_at)
			facts.expires_at = until;
	}
	*ret_facts = facts;
	return NULL;
}

const char *certificate_key_fault(const char *pem, const char *key_pem)
{
	CLEANUP(certificates_finish) struct certificates certificates = {0};
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	const gnutls_datum_t data = datum_of(key_pem);
	unsigned char of_certificate[KEY_ID_BYTES];
	unsigned char of_key[KEY_ID_BYTES];
	size_t certificate_size = sizeof(of_certificate);
	size_t key_size = sizeof(of_key);

	if (gnutls_x509_privkey_init(&key) != 0 ||
	    gnutls_x509_privkey_import2(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0) != 0)
		return "No private key can be read there; PEM without a password is expected.";
	if (!read_all(pem, &certificates) ||
	    gnutls_x509_crt_get_key_id(certificates.items[0], GNUTLS_KEYID_USE_SHA256, of_certificate,
	        &certificate_size) != 0 ||
	    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_size) != 0 ||
	    certificate_size != key_size || memcmp(of_certificate, of_key, key_size) != 0)
		return "The private key does not belong to the certificate.";
	return NULL;
}
