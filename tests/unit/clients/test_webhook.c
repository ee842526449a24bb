/*
 * The check of webhook signatures. The vectors are those of the Standard Webhooks libraries, and
 * for Ed25519 the one of the server that the specification's authors made; openssl is the third
 * opinion.
 */
#include "lib/cleanup.h"
#include "lib/cspr.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_SECRET "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOO_LONG /* 66 bytes */ ("whsec_" FORTY_FOUR FORTY_FOUR)
#define FORTY_FOUR "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIGNED_AT 1614265330
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define PRIVATE_KEY                                                                                \
	"whsk_6Xb/dCcHpPea21PS1N9VY/"                                                                  \
	"NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define PUBLIC_KEY "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
#define OTHER_PUBLIC_KEY "whpk_3wjctSTLJgR7u2or7sx0sW60ad+zZLHYHGUdMQc1QC8="
#define ED25519_SIGNATURE                                                                          \
	"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
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

/* ---- Ed25519 ---- */

static enum cspr_verdict check_with(const char *key, struct cspr_webhook webhook)
{
	return cspr_verify_webhook(&key, 1, &webhook, 300, SIGNED_AT);
}

Test(webhook_ed25519, signed_as_the_standard_says_is_valid)
{
	struct cspr_webhook webhook = genuine;
	char signature[CSPR_SIGNATURE_SIZE];

	cr_assert_eq(cspr_sign_webhook(PRIVATE_KEY, &webhook, signature), CSPR_WEBHOOK_VALID);
	cr_assert_str_eq(signature, ED25519_SIGNATURE);
	webhook.signature = ED25519_SIGNATURE;
	cr_expect_eq(check_with(PUBLIC_KEY, webhook), CSPR_WEBHOOK_VALID);
	cr_expect_eq(check_with(PRIVATE_KEY, webhook), CSPR_WEBHOOK_VALID);
	cr_expect_eq(check_with(OTHER_PUBLIC_KEY, webhook), CSPR_WEBHOOK_UNSIGNED);
	cr_expect_eq(check_with(SECRET, webhook), CSPR_WEBHOOK_UNSIGNED);
}

Test(webhook_ed25519, changed_in_any_part_is_invalid)
{
	struct cspr_webhook changed = genuine;

	changed.signature = ED25519_SIGNATURE;
	changed.id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
	cr_expect_eq(check_with(PUBLIC_KEY, changed), CSPR_WEBHOOK_UNSIGNED);
	changed.id = genuine.id;
	changed.timestamp = "1614265331";
	cr_expect_eq(check_with(PUBLIC_KEY, changed), CSPR_WEBHOOK_UNSIGNED);
	changed.timestamp = genuine.timestamp;
	changed.body_length--;
	cr_expect_eq(check_with(PUBLIC_KEY, changed), CSPR_WEBHOOK_UNSIGNED);
	changed.body_length++;
	/* The last character before the padding has bits that base64 does not use. */
	for (size_t i = 0; i < strlen(ED25519_SIGNATURE) - 3; i++) {
		char signature[] = ED25519_SIGNATURE;
		signature[i] = signature[i] == 'A' ? 'B' : 'A';
		changed.signature = signature;
		cr_expect_eq(check_with(PUBLIC_KEY, changed), CSPR_WEBHOOK_UNSIGNED, "byte %zu", i);
	}
}

Test(webhook_ed25519, is_not_taken_for_the_other_kind)
{
	struct cspr_webhook webhook = genuine;
	static const char under_the_name_of_hmac[] =
	    "v1,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXw"
	    "VLPo3mNl8EM+m7TBAg==";
	const char *const bad[] = {under_the_name_of_hmac,
	    "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1a,", "v1a", "v1a,====", "v1a,!!!!",
	    SIGNATURE};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		webhook.signature = bad[i];
		cr_expect_eq(check_with(PUBLIC_KEY, webhook), CSPR_WEBHOOK_UNSIGNED, "case %zu", i);
	}
}

Test(webhook_ed25519, stands_beside_hmac_while_keys_are_replaced)
{
	static const char both[] = "v1,AAAA " SIGNATURE " v1a,AAAA " ED25519_SIGNATURE;
	const char *const keys[] = {OTHER_SECRET, OTHER_PUBLIC_KEY, PUBLIC_KEY, SECRET};
	const struct {
		size_t first, count;
		enum cspr_verdict verdict;
	} rows[] = {{0, 4, CSPR_WEBHOOK_VALID}, {2, 1, CSPR_WEBHOOK_VALID}, {3, 1, CSPR_WEBHOOK_VALID},
	    {1, 2, CSPR_WEBHOOK_VALID}, {0, 2, CSPR_WEBHOOK_UNSIGNED}};
	struct cspr_webhook webhook = genuine;

	webhook.signature = both;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(
		    cspr_verify_webhook(keys + rows[i].first, rows[i].count, &webhook, 300, SIGNED_AT),
		    rows[i].verdict, "row %zu", i);
	/* Whoever gives public keys only is not content with a shared secret. */
	webhook.signature = SIGNATURE;
	cr_expect_eq(cspr_verify_webhook(keys + 1, 2, &webhook, 300, SIGNED_AT), CSPR_WEBHOOK_UNSIGNED);
}

Test(webhook_ed25519, needs_keys_that_can_be_used)
{
	char signature[CSPR_SIGNATURE_SIZE];
	const char *const bad[] = {"whpk_", "whpk_AAAA", "whpk_!!!!",
	    "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", /* 24 bytes */
	    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=" /* the seed alone */,
	    /* a public half of another seed, under which a signature would give the seed away */
	    ("whsk_6Xb/dCcHpPea21PS1N9VY/"
	     "NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvw==")};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		cr_expect_eq(check_with(bad[i], genuine), CSPR_WEBHOOK_BAD_SECRET, "case %zu", i);
		cr_expect_eq(
		    cspr_sign_webhook(bad[i], &genuine, signature), CSPR_WEBHOOK_BAD_SECRET, "case %zu", i);
	}
	cr_expect_eq(cspr_sign_webhook(PUBLIC_KEY, &genuine, signature), CSPR_WEBHOOK_BAD_SECRET);
}

Test(webhook, with_more_signatures_than_any_rotation_leaves_is_incomplete)
{
	char many[33 * 9 + 1] = "";
	struct cspr_webhook webhook = genuine;

	for (size_t i = 0; i < 33; i++)
		strncat(many, "v1a,AAAA ", sizeof(many) - strlen(many) - 1);
	webhook.signature = many;
	cr_expect_eq(check_with(PUBLIC_KEY, webhook), CSPR_WEBHOOK_INCOMPLETE);
	many[(size_t)32 * 9] = '\0';
	cr_expect_eq(check_with(PUBLIC_KEY, webhook), CSPR_WEBHOOK_UNSIGNED);
}

/* ---- openssl ---- */

/* Runs a script in a directory of its own, where `call` is what is signed; its output (free()). */
static char *openssl(const char *script, const char *argument)
{
	char *command = NULL;
	char output[512] = "";

	cr_assert(asprintf(&command,
	              "set -e; cd \"$(mktemp -d)\"; trap 'rm -rf \"$PWD\"' EXIT; given='%s'\n"
	              "printf '%%s.%%s.%%s' '%s' '%s' '%s' >call\n%s",
	              argument, genuine.id, genuine.timestamp, BODY, script) > 0);
	FILE *pipe = popen(command, "re");
	cr_assert_not_null(pipe);
	size_t length = fread(output, 1, sizeof(output) - 1, pipe);
	output[length] = '\0';
	cr_assert_eq(pclose(pipe), 0, "openssl: %s", command);
	free(command);
	return strdup(output);
}

Test(webhook_ed25519, verifies_what_openssl_signs)
{
	char *lines CLEANUP(free) =
	    openssl("openssl genpkey -algorithm ed25519 -out key.pem\n"
	            "printf whpk_; openssl pkey -in key.pem -pubout -outform DER |"
	            " tail -c 32 | base64 -w 0; echo\n"
	            "openssl pkeyutl -sign -rawin -inkey key.pem -in call -out s\n"
	            "printf v1a,; base64 -w 0 s\n",
	        "");
	char *rest = lines;
	const char *key = strsep(&rest, "\n");
	struct cspr_webhook webhook = genuine;

	cr_assert_not_null(rest);
	webhook.signature = rest;
	cr_expect_eq(check_with(key, webhook), CSPR_WEBHOOK_VALID, "%s %s", key, rest);
	webhook.id = "another";
	cr_expect_eq(check_with(key, webhook), CSPR_WEBHOOK_UNSIGNED);
}

Test(webhook_ed25519, is_verified_by_openssl_when_signed_here)
{
	char signature[CSPR_SIGNATURE_SIZE];

	cr_assert_eq(cspr_sign_webhook(PRIVATE_KEY, &genuine, signature), CSPR_WEBHOOK_VALID);
	char *said CLEANUP(free) = openssl(
	    "{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'\n"
	    "printf 1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4= | base64 -d; } >key.der\n"
	    "printf %s \"${given#v1a,}\" | base64 -d >s\n"
	    "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key.der -sigfile s -in call",
	    signature);
	cr_expect_str_eq(said, "Signature Verified Successfully\n");
}

Test(webhook, is_verified_by_openssl_when_signed_here)
{
	char signature[CSPR_SIGNATURE_SIZE];

	cr_assert_eq(cspr_sign_webhook(SECRET, &genuine, signature), CSPR_WEBHOOK_VALID);
	char *said CLEANUP(free) = openssl(
	    "key=$(printf MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | base64 -d | od -An -vtx1 | tr -d ' \\n')\n"
	    "printf v1,; openssl dgst -sha256 -mac HMAC -macopt \"hexkey:$key\" -binary call |"
	    " base64 -w 0",
	    "");
	cr_expect_str_eq(said, signature);
}
