/* What is wrong with a receiver's certificate, in words. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * From what libcurl's GnuTLS says of a verification (CURLINFO_SSL_VERIFYRESULT). Several faults are
 * told together; false when it tells of none.
 */
bool tls_fault_text(long verify_result, char *ret_text, size_t room);
