/* Certificates in PEM, read before they are kept; over GnuTLS. */
#pragma once

#include <stdint.h>

#include "base/digest.h"

struct certificate_facts {
	char sha256[DIGEST_HEX]; /* of the first certificate */
	int64_t expires_at;      /* of the one that expires first; milliseconds since 1970 */
	unsigned count;
};

/*
 * NULL when the certificate (perhaps with those that lead to its authority) can be read and used at
 * that time, else a sentence that says why not.
 */
const char *certificate_fault(const char *pem, int64_t now, struct certificate_facts *ret_facts)
    MUST_CHECK;
/* The same of the private key, without a password, that belongs to the first certificate. */
const char *certificate_key_fault(const char *pem, const char *key_pem) MUST_CHECK;
