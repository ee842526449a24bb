/* Signatures with Ed25519 (RFC 8032), over GnuTLS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define ED25519_PUBLIC_BYTES 32
/* The seed and, after it, the public key, as libsodium and Standard Webhooks keep a private key. */
#define ED25519_PRIVATE_BYTES 64
#define ED25519_SIGNATURE_BYTES 64

MUST_CHECK bool ed25519_generate(unsigned char ret_private[ED25519_PRIVATE_BYTES]);
MUST_CHECK bool ed25519_sign(const unsigned char private_key[ED25519_PRIVATE_BYTES],
    const void *bytes, size_t length, unsigned char ret_signature[ED25519_SIGNATURE_BYTES]);
