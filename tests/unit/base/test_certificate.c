/* Owns the tests of reading certificates and keys. Both pairs are made for these tests alone. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/certificate.h"
#include "base/ids.h"

#define CENTURY_MS (INT64_C(100) * 366 * 86400 * 1000)

static const char certificate_a[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBNzCB3qADAgECAhRx3mkEf1qTb9i+x/BUyaIAFMdmRzAKBggqhkjOPQQDAjAb\n"
    "MRkwFwYDVQQDDBByZWNlaXZlci5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIx\n"
    "MjAwMTAxMDAwMDAwWjAbMRkwFwYDVQQDDBByZWNlaXZlci5leGFtcGxlMFkwEwYH\n"
    "KoZIzj0CAQYIKoZIzj0DAQcDQgAELEGTrwXMMo9z0PYwvndd89tv5qX9/ktZ3OU1\n"
    "oeL8oXI7Na9E/n9B9phStDEAz7eI3Pb9jGaWt3R1sE8LGGR4KTAKBggqhkjOPQQD\n"
    "AgNIADBFAiEAlZKYQ1lWOH6wB73GoOEt5PGOqRACfLEnO+tsQ+M+/qMCIA37fX34\n"
    "QbsWOGkUntvVk0dFXBbJfmoEnp/3h+ADe33/\n"
    "-----END CERTIFICATE-----\n";
static const char key_a[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3/IL8FYJK1nTeoMD\n"
                            "xZUmoM8eMlGgSKDwQEOKZtoN8LuhRANCAAQsQZOvBcwyj3PQ9jC+d13z22/mpf3+\n"
                            "S1nc5TWh4vyhcjs1r0T+f0H2mFK0MQDPt4jc9v2MZpa3dHWwTwsYZHgp\n"
                            "-----END PRIVATE KEY-----\n";
static const char key_a_under_a_word[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjvA4caBm/vLAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKbU+hHyDlPFxTBtC5GmM6UEgZCW\n"
    "9v1Iv6yE2ahumXP8wghJtgxJlXd1X0GxOYuHvweDUhdsKmjzZQPPecbWnfhMQBM9\n"
    "JcLjtAoQWZqmluKDvEbbRVCIAJ5f7ZM9WlL2M9IUsHGLGBzKAPZqPvduy2rxkBeQ\n"
    "xlhzKvTKXPnepNYNRE+DCWtcyi/qwOW5WGd5tqGoA/YPojPKaEHTXsKEirrLAaE=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char certificate_b[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBODCB3qADAgECAhR6Q+E9AUaBEJsfnAXFlj2C+9wTITAKBggqhkjOPQQDAjAb\n"
    "MRkwFwYDVQQDDBByZWNlaXZlci5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIx\n"
    "MjAwMTAxMDAwMDAwWjAbMRkwFwYDVQQDDBByZWNlaXZlci5leGFtcGxlMFkwEwYH\n"
    "KoZIzj0CAQYIKoZIzj0DAQcDQgAEMSmiYU19SodiLpG3AEJV+6DYsHYxDE2n6Ti8\n"
    "YN1I8v4BKRj9e5fywBGXojdixyh6oqnDfm3ErND0Grwks5rCjTAKBggqhkjOPQQD\n"
    "AgNJADBGAiEA5HWMvRnIX/5Gtj1O/MUeE+zjMnym1iLdTImzgBDaNU0CIQD1kHoJ\n"
    "J8+gKGEvLFvpEpG6oUW2sum8i1tRsW0K7sxz6A==\n"
    "-----END CERTIFICATE-----\n";
static const char key_b[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ7FINT4dxFrqeuQn\n"
                            "Suc/id0+tL5Mr+kbme2tuKSrCVShRANCAAQxKaJhTX1Kh2IukbcAQlX7oNiwdjEM\n"
                            "TafpOLxg3Ujy/gEpGP17l/LAEZeiN2LHKHqiqcN+bcSs0PQavCSzmsKN\n"
                            "-----END PRIVATE KEY-----\n";

Test(certificate, is_read_with_its_fingerprint_and_its_end)
{
	struct certificate_facts facts;

	cr_assert_null(certificate_fault(certificate_a, clock_milliseconds(), &facts));
	cr_assert_str_eq(
	    facts.sha256, "506696120a414f6e372517db160b922dc82d43acd127b4c7d2c8465bbf330a45");
	cr_assert_eq(facts.count, 1);
	cr_assert_gt(facts.expires_at, clock_milliseconds());
}

Test(certificate, is_refused_after_its_end_and_before_its_beginning)
{
	struct certificate_facts facts;
	int64_t now = clock_milliseconds();

	cr_assert_not_null(certificate_fault(certificate_a, now + 2 * CENTURY_MS, &facts));
	cr_assert_not_null(certificate_fault(certificate_a, 0, &facts));
}

Test(certificate, may_be_one_of_several)
{
	char both[sizeof(certificate_a) + sizeof(certificate_b)];
	struct certificate_facts facts;

	snprintf(both, sizeof(both), "%s%s", certificate_b, certificate_a);
	cr_assert_null(certificate_fault(both, clock_milliseconds(), &facts));
	cr_assert_eq(facts.count, 2);
	cr_assert_null(certificate_key_fault(both, key_b));
	cr_assert_not_null(certificate_key_fault(both, key_a));
}

Test(certificate, that_is_none_is_refused)
{
	struct certificate_facts facts;
	char cut[sizeof(certificate_a) / 2] = "";

	memcpy(cut, certificate_a, sizeof(cut) - 1);
	cr_assert_not_null(certificate_fault("", clock_milliseconds(), &facts));
	cr_assert_not_null(certificate_fault("heron", clock_milliseconds(), &facts));
	cr_assert_not_null(certificate_fault(cut, clock_milliseconds(), &facts));
	cr_assert_not_null(certificate_fault(key_a, clock_milliseconds(), &facts));
}

Test(private_key, belongs_to_its_certificate_and_has_no_password)
{
	cr_assert_null(certificate_key_fault(certificate_a, key_a));
	cr_assert_not_null(certificate_key_fault(certificate_a, key_b));
	cr_assert_not_null(certificate_key_fault(certificate_a, key_a_under_a_word));
	cr_assert_not_null(certificate_key_fault(certificate_a, certificate_a));
	cr_assert_not_null(certificate_key_fault(certificate_a, ""));
}
