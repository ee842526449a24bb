/*
 * Owns the tests of receivers whose TLS does not hold. Each is a GnuTLS server on a port of the
 * system's, with a certificate made on the spot; none may see a byte of a call, and the attempt
 * says what was wrong.
 */
#include <criterion/criterion.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "outbox/send.h"

#define DAY (24 * 60 * 60)
#define BODY "{\"type\":\"incident.notified\"}"

/* ---- Certificates ---- */

struct identity {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

struct wanted {
	const char *address; /* that it is for; NULL for an authority */
	int from, until;     /* days from now */
};

static struct identity make_identity(const struct wanted *wanted, const struct identity *signer)
{
	struct identity made;
	static unsigned char number;
	unsigned char serial[] = {1, 2, 3, ++number};
	char name[32];

	cr_assert_eq(gnutls_x509_privkey_init(&made.key), 0);
	cr_assert_eq(gnutls_x509_privkey_generate(made.key, GNUTLS_PK_ECDSA,
	                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	cr_assert_eq(gnutls_x509_crt_init(&made.certificate), 0);
	gnutls_x509_crt_set_version(made.certificate, 3);
	gnutls_x509_crt_set_serial(made.certificate, serial, sizeof(serial));
	gnutls_x509_crt_set_activation_time(made.certificate, time(NULL) + wanted->from * DAY);
	gnutls_x509_crt_set_expiration_time(made.certificate, time(NULL) + wanted->until * DAY);
	snprintf(name, sizeof(name), "%s %d", wanted->address ? "receiver" : "authority", number);
	gnutls_x509_crt_set_dn_by_oid(
	    made.certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	gnutls_x509_crt_set_key(made.certificate, made.key);
	if (wanted->address) {
		unsigned char bytes[4] = {0};
		sscanf(wanted->address, "%hhu.%hhu.%hhu.%hhu", &bytes[0], &bytes[1], &bytes[2], &bytes[3]);
		gnutls_x509_crt_set_subject_alt_name(
		    made.certificate, GNUTLS_SAN_IPADDRESS, bytes, sizeof(bytes), GNUTLS_FSAN_SET);
		gnutls_x509_crt_set_ca_status(made.certificate, 0);
		gnutls_x509_crt_set_key_usage(made.certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	} else {
		gnutls_x509_crt_set_ca_status(made.certificate, 1);
		gnutls_x509_crt_set_key_usage(made.certificate, GNUTLS_KEY_KEY_CERT_SIGN);
	}
	cr_assert_eq(
	    gnutls_x509_crt_sign2(made.certificate, signer ? signer->certificate : made.certificate,
	        signer ? signer->key : made.key, GNUTLS_DIG_SHA256, 0),
	    0);
	return made;
}

static void identity_finish(struct identity *identity)
{
	gnutls_x509_crt_deinit(identity->certificate);
	gnutls_x509_privkey_deinit(identity->key);
}
DEFINE_VALUE_CLEANUP(struct identity, identity_finish)

static char *certificate_text(const struct identity *identity)
{
	gnutls_datum_t text;

	cr_assert_eq(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &text), 0);
	char *copy = strndup((const char *)text.data, text.size);
	gnutls_free(text.data);
	return copy;
}

static char *key_text(const struct identity *identity)
{
	gnutls_datum_t text;

	cr_assert_eq(gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &text), 0);
	char *copy = strndup((const char *)text.data, text.size);
	gnutls_free(text.data);
	return copy;
}

static const struct wanted authority = {NULL, -10, 10};
static const struct wanted right = {"127.0.0.1", -1, 1};

/* ---- The receiver ---- */

struct receiver {
	int listener;
	unsigned port;
	pthread_t thread;
	gnutls_certificate_credentials_t credentials;
	const char *priority;
	bool wants_certificate; /* of the client, by the authority in its credentials */
	size_t bytes;           /* of calls, that it has read */
};

static void talk(struct receiver *receiver, int connection)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	gnutls_session_t session;
	char request[4096] = "";
	int result;

	cr_assert_eq(gnutls_init(&session, GNUTLS_SERVER), 0);
	cr_assert_eq(gnutls_priority_set_direct(session, receiver->priority, NULL), 0);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, receiver->credentials);
	gnutls_certificate_server_set_request(
	    session, receiver->wants_certificate ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
	if (receiver->wants_certificate)
		gnutls_session_set_verify_cert(session, NULL, 0);
	gnutls_transport_set_int(session, connection);
	do
		result = gnutls_handshake(session);
	while (result < 0 && !gnutls_error_is_fatal(result));
	while (result >= 0 && !strstr(request, BODY)) {
		size_t length = strlen(request);
		ssize_t got = gnutls_record_recv(session, request + length, sizeof(request) - 1 - length);
		if (got <= 0)
			break;
		receiver->bytes += (size_t)got;
	}
	if (strstr(request, BODY))
		(void)gnutls_record_send(session, answer, strlen(answer));
	if (result < 0)
		(void)gnutls_alert_send_appropriate(session, result);
	gnutls_deinit(session);
}

static void *serve(void *context)
{
	struct receiver *receiver = context;

	for (;;) {
		int connection = accept(receiver->listener, NULL, NULL);
		if (connection < 0)
			return NULL;
		talk(receiver, connection);
		close(connection);
	}
}

static void receiver_open(struct receiver *receiver, const struct identity *identity)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	cr_assert_eq(gnutls_certificate_allocate_credentials(&receiver->credentials), 0);
	gnutls_x509_crt_t list[] = {identity->certificate};
	cr_assert_eq(gnutls_certificate_set_x509_key(receiver->credentials, list, 1, identity->key), 0);
	receiver->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(receiver->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(receiver->listener, 16), 0);
	cr_assert_eq(getsockname(receiver->listener, (struct sockaddr *)&address, &length), 0);
	receiver->port = ntohs(address.sin_port);
	cr_assert_eq(pthread_create(&receiver->thread, NULL, serve, receiver), 0);
}

static void receiver_close(struct receiver *receiver)
{
	shutdown(receiver->listener, SHUT_RDWR);
	pthread_join(receiver->thread, NULL);
	close(receiver->listener);
	gnutls_certificate_free_credentials(receiver->credentials);
}

/* ---- One call ---- */

static void send_to(
    const struct receiver *receiver, const struct letter *more, struct sent *ret_sent)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_allow_destroy) struct target_allow *allow = NULL;
	CLEANUP(sender_destroy) struct sender *sender = NULL;
	struct letter letter = *more;
	char url[64];

	cr_assert(target_allow_parse("127.0.0.1", &allow, &problem));
	cr_assert(sender_create(allow, 5, &sender, &problem));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/hook", receiver->port);
	letter.id = "0190a1b2-0000-7000-8000-000000000001";
	letter.url = url;
	letter.signature = "v1,abc=";
	letter.timestamp = 1719790200;
	letter.body = BODY;
	letter.length = strlen(BODY);
	sender_start(sender, &letter, ret_sent, ret_sent);
	while (!sender_take_finished(sender)) {
		(void)sender_wait(sender, &(struct wait_socket){.socket = -1}, 100);
		sender_run(sender);
	}
}

/* A receiver with this certificate and these versions, by an authority that counts or another. */
static size_t call(
    const struct wanted *wanted, bool other_authority, const char *priority, struct sent *ret_sent)
{
	CLEANUP(identity_finish) struct identity counts = make_identity(&authority, NULL);
	CLEANUP(identity_finish) struct identity other = make_identity(&authority, NULL);
	CLEANUP(identity_finish)
	struct identity leaf = make_identity(wanted, other_authority ? &other : &counts);
	CLEANUP(free) char *bundle = certificate_text(&counts);
	struct receiver receiver = {.priority = priority};

	receiver_open(&receiver, &leaf);
	send_to(&receiver, &(struct letter){.ca_bundle = bundle}, ret_sent);
	receiver_close(&receiver);
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
		cr_assert_gt(bytes, strlen(BODY));
	}
}

Test(send_tls, refuses_a_certificate_that_does_not_hold_and_says_why)
{
	static const struct {
		struct wanted wanted;
		bool other_authority;
		const char *why;
	} rows[] = {
	    {{"127.0.0.1", -3, -1}, false, "it has expired"},
	    {{"127.0.0.1", 1, 3}, false, "it is not valid yet"},
	    {{"127.0.0.2", -1, 1}, false, "does not match target host name '127.0.0.1'"},
	    {{"127.0.0.1", -1, 1}, true, "its authority is not one that counts here"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct sent sent;
		size_t bytes = call(&rows[i].wanted, rows[i].other_authority, "NORMAL", &sent);
		expect_refused(&sent, bytes, rows[i].why);
	}
}

Test(send_tls, refuses_a_certificate_that_signed_itself_or_by_who_is_no_authority)
{
	CLEANUP(identity_finish) struct identity counts = make_identity(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = make_identity(&right, &counts);
	CLEANUP(identity_finish) struct identity by_leaf = make_identity(&right, &leaf);
	CLEANUP(identity_finish) struct identity by_itself = make_identity(&right, NULL);
	CLEANUP(free) char *bundle = certificate_text(&counts);
	const struct identity *const bad[] = {&by_leaf, &by_itself};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct receiver receiver = {.priority = "NORMAL"};
		struct sent sent;
		receiver_open(&receiver, bad[i]);
		send_to(&receiver, &(struct letter){.ca_bundle = bundle}, &sent);
		receiver_close(&receiver);
		expect_refused(&sent, receiver.bytes, "certificate does not hold");
	}
}

/* Without a bundle the system's authorities count, and ours is none of them. */
Test(send_tls, trusts_the_authorities_of_the_system_and_no_others)
{
	CLEANUP(identity_finish) struct identity counts = make_identity(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = make_identity(&right, &counts);
	struct receiver receiver = {.priority = "NORMAL"};
	struct sent sent;

	receiver_open(&receiver, &leaf);
	send_to(&receiver, &(struct letter){.ca_bundle = NULL}, &sent);
	receiver_close(&receiver);
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
	CLEANUP(identity_finish) struct identity counts = make_identity(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = make_identity(&right, &counts);
	CLEANUP(identity_finish) struct identity client = make_identity(&right, &counts);
	CLEANUP(free) char *bundle = certificate_text(&counts);
	CLEANUP(free) char *certificate = certificate_text(&client);
	CLEANUP(free) char *key = key_text(&client);
	struct receiver receiver = {
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2", .wants_certificate = true};
	struct sent sent;

	receiver_open(&receiver, &leaf);
	gnutls_x509_crt_t list[] = {counts.certificate};
	cr_assert_geq(gnutls_certificate_set_x509_trust(receiver.credentials, list, 1), 0);
	send_to(&receiver, &(struct letter){.ca_bundle = bundle}, &sent);
	expect_refused(&sent, receiver.bytes, "");
	cr_expect(sent.error[0]);
	send_to(&receiver,
	    &(struct letter){.ca_bundle = bundle, .certificate = certificate, .key = key}, &sent);
	cr_expect(sent.complete, "%s", sent.error);
	cr_expect_eq(sent.status, 200);
	receiver_close(&receiver);
}
