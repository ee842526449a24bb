/*
 * Owns the calls to receivers, on libcurl's multi interface. libcurl's own size limits ignore
 * chunked answers, hence the counting in the callbacks.
 */
#include "outbox/send.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include <curl/curl.h>

#include "base/ids.h"
#include "outbox/allowance.h"
#include "outbox/private_file.h"
#include "outbox/tls_fault.h"

#define CONNECT_MS 5000
/* The longest name and value that an endpoint may have; openapi/schemas/delivery.yaml. */
#define HEADER_BYTES 2300

struct sender {
	CURLM *multi;
	const struct target_allow *allow;
	long timeout_ms;
	struct call *calls;    /* all that are under way */
	struct call *finished; /* those that wait for sender_take_finished() */
};

struct call {
	struct call *next;
	struct sender *sender;
	CURL *easy;
	struct curl_slist *headers;
	struct private_file certificate;
	struct private_file key;
	struct private_file ca_bundle;
	struct target target;
	struct sent *sent;
	void *owner;
	int64_t started; /* monotonic milliseconds */
	size_t header_bytes;
	size_t body_bytes;
	bool cut;             /* we stopped reading a body that was too long */
	bool refused;         /* an address was refused; `sent` says which and why */
	bool has_certificate; /* of its own to show */
	char kept[ANSWER_KEPT];
	char error[CURL_ERROR_SIZE];
};

static int64_t monotonic_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void call_destroy(struct call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	private_file_close(&call->certificate);
	private_file_close(&call->key);
	private_file_close(&call->ca_bundle);
	free(call);
}
DEFINE_CLEANUP(struct call *, call_destroy)

bool sender_create(const struct target_allow *allow, long timeout_seconds,
    struct sender **ret_sender, struct problem *problem)
{
	CLEANUP(sender_destroy) struct sender *sender = calloc(1, sizeof(*sender));

	if (!sender || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return problem_fail(problem, PROBLEM_INTERNAL, "libcurl cannot be started");
	sender->allow = allow;
	sender->timeout_ms = timeout_seconds * 1000;
	sender->multi = curl_multi_init();
	if (!sender->multi)
		return problem_fail(problem, PROBLEM_INTERNAL, "libcurl cannot be started");
	(void)curl_multi_setopt(sender->multi, CURLMOPT_MAXCONNECTS, (long)SLOTS);
	*ret_sender = TAKE(sender);
	return true;
}

void sender_destroy(struct sender *sender)
{
	for (struct call *call; (call = sender->calls);) {
		sender->calls = call->next;
		(void)curl_multi_remove_handle(sender->multi, call->easy);
		call_destroy(call);
	}
	for (struct call *call; (call = sender->finished);) {
		sender->finished = call->next;
		call_destroy(call);
	}
	curl_multi_cleanup(sender->multi);
	free(sender);
}

static bool keep_error(struct sent *sent, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool keep_error(struct sent *sent, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sent->error, sizeof(sent->error), format, arguments);
	va_end(arguments);
	for (char *at = sent->error; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return false;
}

static bool refuse(struct call *call, const char *address, const char *fault)
{
	call->refused = true;
	snprintf(call->sent->address, sizeof(call->sent->address), "%s", address);
	return keep_error(call->sent, "the address %s is not public: it is %s", address, fault);
}

/* Asked for every new connection, with the address that the name has been resolved to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *call = context;
	char text[INET6_ADDRSTRLEN] = "?";
	const char *fault = target_address_fault(&address->addr);

	if (fault && !call->target.allowed &&
	    !target_allows_address(call->sender->allow, &address->addr)) {
		const void *bytes =
		    address->family == AF_INET6
		        ? (const void *)&((struct sockaddr_in6 *)(void *)&address->addr)->sin6_addr
		        : (const void *)&((struct sockaddr_in *)(void *)&address->addr)->sin_addr;
		if (address->family == AF_INET || address->family == AF_INET6)
			(void)inet_ntop(address->family, bytes, text, sizeof(text));
		(void)refuse(call, text, fault);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Asked before every request, so also when a connection is used again. */
static int before_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
	struct call *call = context;
	const char *fault = target_text_fault(remote);

	if (!fault || call->target.allowed || target_allows_host(call->sender->allow, remote))
		return CURL_PREREQFUNC_OK;
	(void)refuse(call, remote, fault);
	return CURL_PREREQFUNC_ABORT;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct call *call = context;

	call->header_bytes += size * count;
	if (call->header_bytes <= ANSWER_READ)
		return size * count;
	(void)keep_error(call->sent, "the answer's headers are longer than %d bytes", ANSWER_READ);
	return 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct call *call = context;
	size_t length = size * count;

	if (call->body_bytes < ANSWER_KEPT) {
		size_t room = ANSWER_KEPT - call->body_bytes;
		memcpy(call->kept + call->body_bytes, bytes, length < room ? length : room);
	}
	call->body_bytes += length;
	if (call->body_bytes <= ANSWER_READ)
		return length;
	call->cut = true;
	return 0;
}

static bool add_header(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool add_header(struct call *call, const char *format, ...)
{
	char line[HEADER_BYTES];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	struct curl_slist *longer = curl_slist_append(call->headers, line);
	explicit_bzero(line, sizeof(line));
	if (longer)
		call->headers = longer;
	return longer && length > 0 && (size_t)length < sizeof(line);
}

#define SET(option, value) (curl_easy_setopt(call->easy, (option), (value)) == CURLE_OK)

static bool set_limits(struct call *call)
{
	const char *protocols = call->target.allowed ? "https,http" : "https";
	long timeout = call->sender->timeout_ms;

	return SET(CURLOPT_PROTOCOLS_STR, protocols) && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(CURLOPT_TIMEOUT_MS, timeout) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, timeout < CONNECT_MS ? timeout : CONNECT_MS) &&
	       SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
	       /* Or ending a call would wait for a resolver that hangs, and all other calls with it. */
	       && SET(CURLOPT_QUICK_EXIT, 1L);
}

static bool set_callbacks(struct call *call)
{
	return SET(CURLOPT_PRIVATE, call) && SET(CURLOPT_ERRORBUFFER, call->error) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, call) &&
	       SET(CURLOPT_PREREQFUNCTION, before_request) && SET(CURLOPT_PREREQDATA, call) &&
	       SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, call) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, call);
}

static bool add_own_headers(struct call *call, const json_t *headers)
{
	size_t index;
	json_t *header;

	json_array_foreach (headers, index, header) {
		const char *name = json_string_value(json_object_get(header, "name"));
		const char *value = json_string_value(json_object_get(header, "value"));
		/* With nothing after the colon libcurl would take the header away. */
		if (!name || !value || !add_header(call, *value ? "%s: %s" : "%s;%s", name, value))
			return false;
	}
	return true;
}

/*
 * libcurl takes no certificates from memory here (its GnuTLS has no blobs), so they are files that
 * have no name. What such files are called is used again by others: a connection that was made with
 * them is not kept, and neither is its session.
 */
static bool set_certificates(struct call *call, const struct letter *letter)
{
	if (!letter->certificate && !letter->ca_bundle)
		return true;
	if (!SET(CURLOPT_FRESH_CONNECT, 1L) || !SET(CURLOPT_FORBID_REUSE, 1L) ||
	    !SET(CURLOPT_SSL_SESSIONID_CACHE, 0L))
		return false;
	if (letter->certificate &&
	    (!private_file_open(letter->certificate, &call->certificate) ||
	        !private_file_open(letter->key, &call->key) ||
	        !SET(CURLOPT_SSLCERT, call->certificate.path) || !SET(CURLOPT_SSLKEY, call->key.path)))
		return false;
	return !letter->ca_bundle ||
	       (private_file_open(letter->ca_bundle, &call->ca_bundle) &&
	           SET(CURLOPT_CAINFO, call->ca_bundle.path) && SET(CURLOPT_CAPATH, NULL));
}

static bool set_request(struct call *call, const struct letter *letter)
{
	return add_header(call, "Content-Type: application/json") && add_header(call, "Expect:") &&
	       add_header(call, "webhook-id: %s", letter->id) &&
	       add_header(call, "webhook-timestamp: %" PRId64, letter->timestamp) &&
	       add_header(call, "webhook-signature: %s", letter->signature) &&
	       add_own_headers(call, letter->headers) && SET(CURLOPT_HTTPHEADER, call->headers) &&
	       SET(CURLOPT_USERAGENT, "cspr/" CSPR_VERSION) && SET(CURLOPT_URL, letter->url) &&
	       SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDS, letter->body) &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)letter->length);
}

static void finish(struct call *call)
{
	call->sent->duration_ms = (int)(monotonic_milliseconds() - call->started);
	call->next = call->sender->finished;
	call->sender->finished = call;
}

void sender_start(
    struct sender *sender, const struct letter *letter, void *owner, struct sent *ret_sent)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct call *call = calloc(1, sizeof(*call));

	/* Without memory nothing is promised: the claim runs out and somebody else sends. */
	if (!call)
		abort();
	*call = (struct call){.sender = sender,
	    .sent = ret_sent,
	    .owner = owner,
	    .started = monotonic_milliseconds(),
	    .has_certificate = letter->certificate};
	*ret_sent = (struct sent){.started_at = clock_milliseconds()};
	if (!target_check(letter->url, sender->allow, &call->target, &problem)) {
		(void)keep_error(ret_sent, "%s", problem.detail);
		finish(call);
		return;
	}
	call->easy = curl_easy_init();
	if (!call->easy || !set_limits(call) || !set_callbacks(call) || !set_request(call, letter) ||
	    !set_certificates(call, letter) ||
	    curl_multi_add_handle(sender->multi, call->easy) != CURLM_OK) {
		(void)keep_error(ret_sent, "the call cannot be prepared");
		finish(call);
		return;
	}
	call->next = sender->calls;
	sender->calls = call;
}

/* When the other side was faster, libcurl's first words are that it cannot say who that was. */
static bool was_gone_already(const struct call *call)
{
	return strncmp(call->error, "getpeername() failed", 20) == 0;
}

static bool is_secure(const struct call *call)
{
	char *scheme = NULL;

	return curl_easy_getinfo(call->easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme &&
	       strcasecmp(scheme, "https") == 0;
}

/*
 * A receiver that demands a client certificate breaks off, in TLS 1.3 only after the handshake, and
 * its alert seldom says why: what the endpoint has is told beside it. Its reset may overtake the
 * alert, because what we had said by then was not read.
 */
static bool is_tls_end(const struct call *call, CURLcode code)
{
	if (code == CURLE_SSL_CONNECT_ERROR)
		return true;
	if (code != CURLE_RECV_ERROR && code != CURLE_SEND_ERROR)
		return false;
	return strstr(call->error, "alert") || (is_secure(call) && call->sent->status == 0);
}

/* libcurl says of a certificate only that it does not hold, or what GnuTLS said of a handshake. */
static void describe_failure(struct call *call, CURLcode code)
{
	char certificate[sizeof(call->sent->error)];
	const char *why =
	    call->error[0] && !was_gone_already(call) ? call->error : curl_easy_strerror(code);
	long verified = 0;

	(void)curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	if (code == CURLE_PEER_FAILED_VERIFICATION &&
	    tls_fault_text(verified, certificate, sizeof(certificate)))
		(void)keep_error(call->sent, "%s", certificate);
	else if (code == CURLE_OUT_OF_MEMORY)
		(void)keep_error(call->sent, "a line of the answer's headers is too long, or memory ended");
	else if (code == CURLE_SSL_CONNECT_ERROR && strstr(call->error, "version"))
		(void)keep_error(
		    call->sent, "the receiver does not speak TLS 1.2 or later: %s", call->error);
	else if (is_tls_end(call, code))
		(void)keep_error(call->sent,
		    "TLS was broken off: %s; this endpoint has %s client certificate", why,
		    call->has_certificate ? "a" : "no");
	else
		(void)keep_error(call->sent, "%s", why);
}

/* Numbers only, because what the receiver says goes into the record as its answer. */
static void describe(struct call *call, CURLcode code)
{
	struct sent *sent = call->sent;
	char *address = NULL;
	long status = 0;
	curl_off_t retry_after = 0;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
	(void)curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_IP, &address);
	sent->status = (int)status;
	if (retry_after > 0)
		sent->retry_after_seconds = retry_after < INT32_MAX ? (int)retry_after : INT32_MAX;
	if (address && *address)
		snprintf(sent->address, sizeof(sent->address), "%s", address);
	answer_clean(
	    call->kept, call->body_bytes < ANSWER_KEPT ? call->body_bytes : ANSWER_KEPT, sent->answer);

	sent->answer_cut = call->body_bytes > ANSWER_KEPT;
	sent->complete = code == CURLE_OK || call->cut;
	if (sent->complete)
		sent->error[0] = '\0';
	else if (!sent->error[0])
		describe_failure(call, code);
}

static void unlink_call(struct sender *sender, const struct call *call)
{
	for (struct call **at = &sender->calls; *at; at = &(*at)->next) {
		if (*at == call) {
			*at = call->next;
			return;
		}
	}
	assert(!"a finished call was not under way");
}

void sender_run(struct sender *sender)
{
	int running = 0;
	int left = 0;

	(void)curl_multi_perform(sender->multi, &running);
	for (CURLMsg *message; (message = curl_multi_info_read(sender->multi, &left));) {
		struct call *call = NULL;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		describe(call, code);
		(void)curl_multi_remove_handle(sender->multi, call->easy);
		unlink_call(sender, call);
		finish(call);
	}
}

void *sender_take_finished(struct sender *sender)
{
	CLEANUP(call_destroy) struct call *call = sender->finished;

	if (!call)
		return NULL;
	sender->finished = call->next;
	return call->owner;
}

bool sender_wait(struct sender *sender, const struct wait_socket *socket, int milliseconds)
{
	short events = (short)(CURL_WAIT_POLLIN | (socket->writes ? CURL_WAIT_POLLOUT : 0));
	struct curl_waitfd watched = {.fd = socket->socket, .events = events};
	unsigned count = socket->socket < 0 ? 0 : 1;

	if (sender->finished)
		milliseconds = 0;
	(void)curl_multi_poll(sender->multi, count ? &watched : NULL, count, milliseconds, NULL);
	return count && watched.revents != 0;
}

void sender_wake(struct sender *sender)
{
	(void)curl_multi_wakeup(sender->multi);
}
