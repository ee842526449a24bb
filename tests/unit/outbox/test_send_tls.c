/*
 * Owns the tests of receivers whose TLS does not hold. Each is a GnuTLS server on a port of the
 * system's, with a certificate made on the spot; none may see a byte of a call, and the attempt
 * says what was wrong.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "letter.h"
#include "support/tls.h"

static const struct wanted authority = {.from = -10, .until = 10};
static const struct wanted right = {"127.0.0.1", .from = -1, .until = 1};

/* ---- One call ---- */

static void send_to(
    const struct tls_receiver *receiver, const struct letter *more, struct sent *ret_sent)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_allow_destroy) struct target_allow *allow = NULL;
	CLEANUP(sender_destroy) struct sender *sender = NULL;
	char url[64];

	cr_assert(target_allow_parse("127.0.0.1", &allow, &problem));
	cr_assert(sender_create(allow, 5, &sender, &problem));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/hook", receiver->port);
	letter_send(sender, url, more, ret_sent);
}

/* A receiver with this certificate and these versions, by an authority that counts or another. */
static size_t call(
    const struct wanted *wanted, bool other_authority, const char *priority, struct sent *ret_sent)
{
	CLEANUP(identity_finish) struct identity counts = identity_make(&authority, NULL);
	CLEANUP(identity_finish) struct identity other = identity_make(&authority, NULL);
	CLEANUP(identity_finish)
	struct identity leaf = identity_make(wanted, other_authority ? &other : &counts);
	CLEANUP(free) char *bundle = identity_certificate(&counts);
	struct tls_receiver receiver = {.priority = priority};

	tls_receiver_open(&receiver, &leaf);
	send_to(&receiver, &(struct letter){.ca_bundle = bundle}, ret_sent);
	tls_receiver_close(&receiver);
	return receiver.bytes;
}

static void expect_refused(const struct sent *sent, size_t bytes, const char *why)
{
	cr_expect_not(sent->complete);
	cr_expect_eq(sent->status, 0);
	cr_expect(strstr(sent->error, why), "\"%s\" does not say \"%s\"", sent->error, why);
	cr_expect_eq(bytes, 0, "the receiver has read %zu bytes", bytes);
}

Test(send_tls, reaches_a_receiver_whose_certificate_holds)
{
	struct sent sent;

	static const char *const versions[] = {"NORMAL", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		size_t bytes = call(&right, false, versions[i], &sent);
		cr_assert(sent.complete, "%s", sent.error);
		cr_assert_eq(sent.status, 200);
		cr_assert_gt(bytes, strlen(LETTER_BODY));
	}
}

Test(send_tls, refuses_a_certificate_that_does_not_hold_and_says_why)
{
	static const struct {
		struct wanted wanted;
		bool other_authority;
		const char *why;
	} rows[] = {
	    {{"127.0.0.1", NULL, -3, -1}, false, "it has expired"},
	    {{"127.0.0.1", NULL, 1, 3}, false, "it is not valid yet"},
	    {{"127.0.0.2", NULL, -1, 1}, false, "does not match target host name '127.0.0.1'"},
	    {{"127.0.0.1", NULL, -1, 1}, true, "its authority is not one that counts here"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct sent sent;
		size_t bytes = call(&rows[i].wanted, rows[i].other_authority, "NORMAL", &sent);
		expect_refused(&sent, bytes, rows[i].why);
	}
}

Test(send_tls, refuses_a_certificate_that_signed_itself_or_by_who_is_no_authority)
{
	CLEANUP(identity_finish) struct identity counts = identity_make(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = identity_make(&right, &counts);
	CLEANUP(identity_finish) struct identity by_leaf = identity_make(&right, &leaf);
	CLEANUP(identity_finish) struct identity by_itself = identity_make(&right, NULL);
	CLEANUP(free) char *bundle = identity_certificate(&counts);
	const struct identity *const bad[] = {&by_leaf, &by_itself};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct tls_receiver receiver = {.priority = "NORMAL"};
		struct sent sent;
		tls_receiver_open(&receiver, bad[i]);
		send_to(&receiver, &(struct letter){.ca_bundle = bundle}, &sent);
		tls_receiver_close(&receiver);
		expect_refused(&sent, receiver.bytes, "certificate does not hold");
	}
}

/* Without a bundle the system's authorities count, and ours is none of them. */
Test(send_tls, trusts_the_authorities_of_the_system_and_no_others)
{
	CLEANUP(identity_finish) struct identity counts = identity_make(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = identity_make(&right, &counts);
	struct tls_receiver receiver = {.priority = "NORMAL"};
	struct sent sent;

	tls_receiver_open(&receiver, &leaf);
	send_to(&receiver, &(struct letter){.ca_bundle = NULL}, &sent);
	tls_receiver_close(&receiver);
	expect_refused(&sent, receiver.bytes, "its authority is not one that counts here");
}

Test(send_tls, refuses_a_receiver_that_speaks_old_versions_only_and_says_so)
{
	static const char *const old[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.0:+SHA1:%COMPAT",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1:%COMPAT"};

	for (size_t i = 0; i < ARRAY_LENGTH(old); i++) {
		struct sent sent;
		size_t bytes = call(&right, false, old[i], &sent);
		expect_refused(&sent, bytes, "TLS 1.2");
	}
}

/* ---- Client certificates ---- */

Test(send_tls, shows_its_certificate_to_who_asks_for_one_and_is_refused_without)
{
	CLEANUP(identity_finish) struct identity counts = identity_make(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = identity_make(&right, &counts);
	CLEANUP(identity_finish) struct identity client = identity_make(&right, &counts);
	CLEANUP(free) char *bundle = identity_certificate(&counts);
	CLEANUP(free) char *certificate = identity_certificate(&client);
	CLEANUP(free) char *key = identity_key(&client);
	struct tls_receiver receiver = {
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2", .of_clients = &counts};
	struct sent sent;

	tls_receiver_open(&receiver, &leaf);
	send_to(&receiver, &(struct letter){.ca_bundle = bundle}, &sent);
	expect_refused(&sent, receiver.bytes, "");
	cr_expect(sent.error[0]);
	send_to(&receiver,
	    &(struct letter){.ca_bundle = bundle, .certificate = certificate, .key = key}, &sent);
	cr_expect(sent.complete, "%s", sent.error);
	cr_expect_eq(sent.status, 200);
	tls_receiver_close(&receiver);
}
