/* Owns the certificates of tests, and the receiver that speaks TLS. */
#include "support/tls.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include <criterion/criterion.h>

#define DAY ((time_t)24 * 60 * 60)
#define SHA256_BYTES 32

/* ---- Certificates ---- */

static void add_subject(const struct wanted *wanted, gnutls_x509_crt_t certificate)
{
	struct in_addr address;

	if (wanted->name) {
		gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, wanted->name,
		    (unsigned)strlen(wanted->name), GNUTLS_FSAN_SET);
	} else {
		cr_assert_eq(inet_pton(AF_INET, wanted->address, &address), 1);
		gnutls_x509_crt_set_subject_alt_name(
		    certificate, GNUTLS_SAN_IPADDRESS, &address, sizeof(address), GNUTLS_FSAN_SET);
	}
}

struct identity identity_make(const struct wanted *wanted, const struct identity *signer)
{
	bool is_authority = !wanted->address && !wanted->name;
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
	snprintf(name, sizeof(name), "%s %d", is_authority ? "authority" : "receiver", number);
	gnutls_x509_crt_set_dn_by_oid(
	    made.certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	gnutls_x509_crt_set_key(made.certificate, made.key);
	if (!is_authority)
		add_subject(wanted, made.certificate);
	gnutls_x509_crt_set_ca_status(made.certificate, is_authority);
	gnutls_x509_crt_set_key_usage(
	    made.certificate, is_authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
	cr_assert_eq(
	    gnutls_x509_crt_sign2(made.certificate, signer ? signer->certificate : made.certificate,
	        signer ? signer->key : made.key, GNUTLS_DIG_SHA256, 0),
	    0);
	return made;
}

void identity_finish(struct identity *identity)
{
	gnutls_x509_crt_deinit(identity->certificate);
	gnutls_x509_privkey_deinit(identity->key);
}

/* Frees GnuTLS's memory; free() frees the copy. */
static char *copy_text(gnutls_datum_t text)
{
	char *copy = strndup((const char *)text.data, text.size);

	gnutls_free(text.data);
	return copy;
}

char *identity_certificate(const struct identity *identity)
{
	gnutls_datum_t text;

	cr_assert_eq(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &text), 0);
	return copy_text(text);
}

char *identity_key(const struct identity *identity)
{
	gnutls_datum_t text;

	cr_assert_eq(gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &text), 0);
	return copy_text(text);
}

static void put_fingerprint(const gnutls_datum_t *der, char ret_hex[FINGERPRINT_BYTES])
{
	unsigned char digest[SHA256_BYTES];
	size_t size = sizeof(digest);

	cr_assert_eq(gnutls_fingerprint(GNUTLS_DIG_SHA256, der, digest, &size), 0);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

void identity_fingerprint(const struct identity *identity, char ret_hex[FINGERPRINT_BYTES])
{
	gnutls_datum_t der;

	cr_assert_eq(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_DER, &der), 0);
	put_fingerprint(&der, ret_hex);
	gnutls_free(der.data);
}

/* ---- The receiver ---- */

/* Where the call ends that the text begins with, or 0 when not all of it is there. */
static size_t call_length(const char *text, size_t length)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *header = strcasestr(text, "\r\nContent-Length:");
	size_t whole = end ? (size_t)(end + 4 - text) : 0;

	if (end && header && header < end)
		whole += strtoul(header + strlen("\r\nContent-Length:"), NULL, 10);
	return end && whole <= length ? whole : 0;
}

/* True when a whole call has come. */
static bool read_call(struct tls_receiver *receiver, gnutls_session_t session)
{
	size_t length = 0;

	receiver->last_call[0] = '\0';
	while (length < sizeof(receiver->last_call) - 1) {
		ssize_t got = gnutls_record_recv(
		    session, receiver->last_call + length, sizeof(receiver->last_call) - 1 - length);
		if (got <= 0)
			return false;
		length += (size_t)got;
		receiver->bytes += (size_t)got;
		receiver->last_call[length] = '\0';
		if (call_length(receiver->last_call, length))
			return true;
	}
	return false;
}

static void answer_calls(struct tls_receiver *receiver, gnutls_session_t session)
{
	const char *answer = receiver->keeps_open
	                         ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	                         : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	do {
		unsigned count = 0;
		if (!read_call(receiver, session))
			return;
		const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);
		receiver->last_client[0] = '\0';
		if (shown && count)
			put_fingerprint(&shown[0], receiver->last_client);
		receiver->calls++;
		if (gnutls_record_send(session, answer, strlen(answer)) < 0)
			return;
	} while (receiver->keeps_open);
}

static void reset_when_closed(int connection)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	cr_assert_eq(setsockopt(connection, SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
}

static void talk(struct tls_receiver *receiver, int connection)
{
	const char *priority = receiver->priority ? receiver->priority : "NORMAL";
	gnutls_session_t session;
	int result;

	cr_assert_eq(gnutls_init(&session, GNUTLS_SERVER), 0);
	cr_assert_eq(gnutls_priority_set_direct(session, priority, NULL), 0);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, receiver->credentials);
	gnutls_certificate_server_set_request(
	    session, receiver->of_clients ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
	if (receiver->of_clients)
		gnutls_session_set_verify_cert(session, NULL, 0);
	gnutls_transport_set_int(session, connection);
	do
		result = gnutls_handshake(session);
	while (result < 0 && !gnutls_error_is_fatal(result));
	if (result < 0)
		(void)gnutls_alert_send_appropriate(session, result);
	else if (receiver->resets)
		reset_when_closed(connection);
	else
		answer_calls(receiver, session);
	gnutls_deinit(session);
}

static void serve(void *context, int connection)
{
	struct tls_receiver *receiver = context;

	receiver->connection = connection;
	receiver->connections++;
	talk(receiver, connection);
	receiver->connection = -1;
}

void tls_receiver_open(struct tls_receiver *receiver, const struct identity *identity)
{
	gnutls_x509_crt_t own[] = {identity->certificate};

	cr_assert_eq(gnutls_certificate_allocate_credentials(&receiver->credentials), 0);
	cr_assert_eq(gnutls_certificate_set_x509_key(receiver->credentials, own, 1, identity->key), 0);
	if (receiver->of_clients) {
		gnutls_x509_crt_t counts[] = {receiver->of_clients->certificate};
		cr_assert_geq(gnutls_certificate_set_x509_trust(receiver->credentials, counts, 1), 0);
	}
	receiver->connection = -1;
	listener_open(&receiver->listener, serve, receiver);
	receiver->port = receiver->listener.port;
}

void tls_receiver_close(struct tls_receiver *receiver)
{
	int connection = receiver->connection;

	if (connection >= 0)
		shutdown(connection, SHUT_RDWR);
	listener_close(&receiver->listener);
	gnutls_certificate_free_credentials(receiver->credentials);
}
