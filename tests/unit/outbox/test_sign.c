/* Owns the tests of webhook secrets and signatures. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/digest.h"
#include "outbox/sign.h"

#define ID "0190a1b2-0000-7000-8000-000000000001"
#define BODY                                                                                       \
	"{\"type\":\"incident.notified\",\"timestamp\":\"2024-06-30T23:30:00.000Z\","                  \
	"\"data\":{\"sequence\":1}}"
#define SECRET_24 "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
#define SECRET_64                                                                                  \
	"whsec_"                                                                                       \
	"MTIzNDU2Nzg5MTAxMTEyMTMxNDE1MTYxNzE4MTkyMDIxMjIyMzI0MjUyNjI3MjgyOTMwMzEzMjMzMzQzNTM2Mw=="
/* openssl dgst -sha256 -mac HMAC over "<id>.1719790200.<body>" */
#define SIGNATURE_24 "v1,mxd5HZVJ8/IJ/PMG4qiRCRxHiwkgvl/nnXTloUeGiHI="
#define SIGNATURE_64 "v1,2NoH0qcy91K7fqLi++PVbMh5qXrI5xJQAXpnReTvgQw="

/* RFC 8032, 7.1: the keys of its first two tests, and what openssl signs with them. */
#define SIGNING_KEY                                                                                \
	"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/"                               \
	"tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
#define SIGNATURE_KEY                                                                              \
	"v1a,aCkX5Gb5+T9Sl+R2AYqwEduGBWBF70K0p0BVfQhDrtaKiCmPifRMKjYNtmhjQUcorT93TebO+zNvLD480y2QCQ=="
#define SIGNING_KEY_2                                                                              \
	"whsk_TM0Imyj/"                                                                                \
	"ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs9QBfD6EOJWpK3CqdNG368nJgszy7ElozAzVXxKvRmDA=="
#define SIGNATURE_KEY_2                                                                            \
	"v1a,nNoR2Bbr5dScoUOuySOg41/vbCSxzuPh7hnF4Y81x1+nXWQHD/NyoUFxL/Q9rsWxaFx+6xRAN+Ec+5sazdr4DQ=="

#define SECRETS_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

Test(webhook_signature, equals_the_published_example_of_standard_webhooks)
{
	char signature[WEBHOOK_SIGNATURE_MAX];
	const char *body = "{\"test\": 2432232314}";

	cr_assert(webhook_sign(
	    &(struct webhook_keys){"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL, NULL, NULL},
	    "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body), signature));
	cr_assert_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

Test(webhook_signature, equals_what_openssl_computes_for_the_shortest_and_the_longest_key)
{
	char signature[WEBHOOK_SIGNATURE_MAX];

	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, NULL, NULL}, ID, 1719790200,
	    BODY, strlen(BODY), signature));
	cr_assert_str_eq(signature, SIGNATURE_24);
	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_64, NULL, NULL, NULL}, ID, 1719790200,
	    BODY, strlen(BODY), signature));
	cr_assert_str_eq(signature, SIGNATURE_64);
}

Test(webhook_signature, carries_both_secrets_during_the_grace_of_a_rotation)
{
	char signature[WEBHOOK_SIGNATURE_MAX];

	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_64, SECRET_24, NULL, NULL}, ID, 1719790200,
	    BODY, strlen(BODY), signature));
	cr_assert_str_eq(signature, SIGNATURE_64 " " SIGNATURE_24);
}

Test(webhook_signature, covers_id_timestamp_and_body)
{
	char signature[WEBHOOK_SIGNATURE_MAX];

	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, NULL, NULL}, ID, 1719790201,
	    BODY, strlen(BODY), signature));
	cr_assert_str_neq(signature, SIGNATURE_24);
	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, NULL, NULL}, "x", 1719790200,
	    BODY, strlen(BODY), signature));
	cr_assert_str_neq(signature, SIGNATURE_24);
	cr_assert(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, NULL, NULL}, ID, 1719790200,
	    BODY, strlen(BODY) - 1, signature));
	cr_assert_str_neq(signature, SIGNATURE_24);
}

/* openssl pkeyutl -sign -rawin with RFC 8032's first test key, over "<id>.1719790200.<body>". */
Test(webhook_signature, of_ed25519_follows_those_of_the_secrets)
{
	char signature[WEBHOOK_SIGNATURE_MAX];
	const struct webhook_keys keys = {SECRET_64, SECRET_24, SIGNING_KEY, SIGNING_KEY_2};

	cr_assert(webhook_sign(&keys, ID, 1719790200, BODY, strlen(BODY), signature));
	cr_assert_str_eq(
	    signature, SIGNATURE_64 " " SIGNATURE_24 " " SIGNATURE_KEY " " SIGNATURE_KEY_2);
}

Test(webhook_signature, is_refused_under_what_is_no_signing_key)
{
	char signature[WEBHOOK_SIGNATURE_MAX];

	cr_assert_not(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, "whsk_AAAA", NULL}, ID, 1,
	    BODY, strlen(BODY), signature));
	cr_assert_not(webhook_sign(&(struct webhook_keys){SECRET_24, NULL, SECRET_24, NULL}, ID, 1,
	    BODY, strlen(BODY), signature));
}

Test(webhook_key, is_a_new_one_each_time_with_its_public_half)
{
	char key[WEBHOOK_KEY_MAX];
	char other[WEBHOOK_KEY_MAX];
	char public_key[WEBHOOK_KEY_MAX];
	CLEANUP(text_finish) struct text private_bytes = TEXT_INIT(100);
	CLEANUP(text_finish) struct text public_bytes = TEXT_INIT(100);

	cr_assert(webhook_key_new(other, public_key));
	cr_assert(webhook_key_new(key, public_key));
	cr_assert_str_neq(key, other);
	cr_assert(strncmp(key, "whsk_", 5) == 0 && strncmp(public_key, "whpk_", 5) == 0);
	cr_assert(base64_decode(key + 5, strlen(key + 5), &private_bytes));
	cr_assert(base64_decode(public_key + 5, strlen(public_key + 5), &public_bytes));
	cr_assert_eq(private_bytes.length, 64);
	cr_assert_eq(public_bytes.length, 32);
	cr_assert_eq(memcmp(private_bytes.data + 32, public_bytes.data, 32), 0);
}

Test(webhook_signature, is_refused_without_a_sound_secret)
{
	char signature[WEBHOOK_SIGNATURE_MAX];

	cr_assert_not(webhook_sign(
	    &(struct webhook_keys){"whsec_", NULL, NULL, NULL}, ID, 1, BODY, strlen(BODY), signature));
	cr_assert_not(webhook_sign(&(struct webhook_keys){SECRET_24, "whsec_", NULL, NULL}, ID, 1, BODY,
	    strlen(BODY), signature));
}

Test(webhook_secret, has_its_prefix_and_24_to_64_bytes)
{
	static const struct {
		const char *secret;
		bool valid;
	} rows[] = {
	    {SECRET_24, true},
	    {SECRET_64, true},
	    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
	    {"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", false},
	    {"WHSEC_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", false},
	    {"whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnc=", false},
	    {"whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4!", false},
	    {"whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4 ", false},
	    {"whsec_MTIzNDU2Nzg5MTAxMTEyMTMxNDE1MTYxNzE4MTkyMDIxMjIyMzI0MjUyNjI3MjgyOTMwMzEzMjMzMzQzNT"
	     "M2MzA=",
	        false},
	    {"whsec_", false},
	    {"", false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(webhook_secret_is_valid(rows[i].secret), rows[i].valid, "%s", rows[i].secret);
}

Test(webhook_secret, is_new_every_time_and_sound)
{
	char first[WEBHOOK_SECRET_MAX];
	char second[WEBHOOK_SECRET_MAX];

	webhook_secret_new(first);
	webhook_secret_new(second);
	cr_assert(webhook_secret_is_valid(first));
	cr_assert(webhook_secret_is_valid(second));
	cr_assert_str_neq(first, second);
}

Test(webhook_secret, comes_back_from_its_seal_under_the_same_key_only)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1024);
	CLEANUP(text_finish) struct text base64 = TEXT_INIT(1024);
	unsigned char key[32];
	char secret[WEBHOOK_SECRET_MAX];

	cr_assert(webhook_secret_seal(SECRET_64, SECRETS_KEY, &sealed, &problem));
	cr_assert_null(memmem(sealed.data, sealed.length, &SECRET_64[6], 8));
	base64_encode(sealed.data, sealed.length, &base64);
	cr_assert(webhook_secrets_key(SECRETS_KEY, key, &problem));
	cr_assert(webhook_secret_unseal(key, text_string(&base64), secret));
	cr_assert_str_eq(secret, SECRET_64);
	key[31] ^= 1;
	cr_assert_not(webhook_secret_unseal(key, text_string(&base64), secret));
}

Test(webhook_secret, is_not_sealed_when_it_or_the_key_is_unsound)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1024);

	cr_assert_not(webhook_secret_seal("whsec_abc", SECRETS_KEY, &sealed, &problem));
	cr_assert_eq(problem.kind, PROBLEM_INVALID);
	cr_assert_not(webhook_secret_seal(SECRET_24, "AAEC", &sealed, &problem));
	cr_assert_eq(sealed.length, 0);
}
