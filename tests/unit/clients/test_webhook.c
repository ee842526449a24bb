/* The check of webhook signatures. The vector is the one of the Standard Webhooks libraries. */
#include "lib/cleanup.h"
#include "lib/cspr.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_SECRET "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOO_LONG /* 66 bytes */ ("whsec_" FORTY_FOUR FORTY_FOUR)
#define FORTY_FOUR "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIGNED_AT 1614265330
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define BODY "{\"test\": 2432232314}"

static const struct cspr_webhook genuine = {
    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
    .timestamp = "1614265330",
    .signature = SIGNATURE,
    .body = BODY,
    .body_length = sizeof(BODY) - 1,
};

static enum cspr_verdict check(struct cspr_webhook webhook, int64_t now)
{
	const char *const secrets[] = {SECRET};

	return cspr_verify_webhook(secrets, 1, &webhook, 300, now);
}

Test(webhook, signed_as_the_standard_says_is_valid)
{
	char signature[CSPR_SIGNATURE_SIZE];

	cr_assert_eq(check(genuine, SIGNED_AT), CSPR_WEBHOOK_VALID);
	cr_assert_eq(cspr_sign_webhook(SECRET, &genuine, signature), CSPR_WEBHOOK_VALID);
	cr_assert_str_eq(signature, SIGNATURE);
}

Test(webhook, changed_in_any_part_is_invalid)
{
	struct cspr_webhook changed = genuine;

	changed.id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	changed = genuine;
	changed.timestamp = "1614265331";
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	changed = genuine;
	changed.body = "{\"test\": 2432232315}";
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	changed = genuine;
	changed.body_length--;
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	for (size_t i = 0; i < strlen(SIGNATURE); i++) {
		char signature[] = SIGNATURE;
		signature[i] = signature[i] == 'A' ? 'B' : 'A';
		changed = genuine;
		changed.signature = signature;
		cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED, "byte %zu", i);
	}
}

Test(webhook, is_valid_up_to_the_tolerance_and_not_beyond)
{
	cr_expect_eq(check(genuine, SIGNED_AT + 300), CSPR_WEBHOOK_VALID);
	cr_expect_eq(check(genuine, SIGNED_AT + 301), CSPR_WEBHOOK_TOO_OLD);
	cr_expect_eq(check(genuine, SIGNED_AT - 300), CSPR_WEBHOOK_VALID);
	cr_expect_eq(check(genuine, SIGNED_AT - 301), CSPR_WEBHOOK_TOO_NEW);
	cr_expect_eq(check(genuine, CSPR_NOW), CSPR_WEBHOOK_TOO_OLD);
}

Test(webhook, without_usable_headers_is_incomplete)
{
	const char *const timestamps[] = {NULL, "", "-1", "1e9", "1614265330 ", "9999999999999999"};
	struct cspr_webhook changed = genuine;

	changed.id = NULL;
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_INCOMPLETE);
	changed = genuine;
	changed.signature = "";
	cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_INCOMPLETE);
	for (size_t i = 0; i < ARRAY_LENGTH(timestamps); i++) {
		changed = genuine;
		changed.timestamp = timestamps[i];
		cr_expect_eq(check(changed, SIGNED_AT), CSPR_WEBHOOK_INCOMPLETE, "case %zu", i);
	}
}

Test(webhook, fits_one_of_several_signatures_and_secrets)
{
	const char *const secrets[] = {OTHER_SECRET, SECRET};
	struct cspr_webhook several = genuine;

	several.signature = "v1a,abc  v1,AAAA " SIGNATURE;
	cr_expect_eq(cspr_verify_webhook(secrets, 2, &several, 300, SIGNED_AT), CSPR_WEBHOOK_VALID);
	cr_expect_eq(cspr_verify_webhook(secrets, 1, &several, 300, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	cr_expect_eq(cspr_verify_webhook(secrets, 0, &several, 300, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
	several.signature = SIGNATURE ",";
	cr_expect_eq(cspr_verify_webhook(secrets, 2, &several, 300, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
}

Test(webhook, needs_a_secret_of_24_to_64_bytes)
{
	const char *const bad[] = {
	    "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_!!!!", "whsec_AAAA", TOO_LONG};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		cr_expect_eq(cspr_verify_webhook(&bad[i], 1, &genuine, 300, SIGNED_AT),
		    CSPR_WEBHOOK_BAD_SECRET, "case %zu", i);
	}
}
