/*
 * Owns one call: what goes out, what is accepted back, and when it is tried again. The answer's
 * size is capped while it arrives, because libcurl's own limit does not see chunked answers.
 */
#include "lib/internal.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <strings.h>
#include <time.h>

struct call {
	struct cspr *cspr;
	const struct cspr_request *request;
	char *url;
	struct curl_slist *headers;
	bool has_if_match;
	bool repeatable;
};

static void call_finish(struct call *call)
{
	free(call->url);
	curl_slist_free_all(call->headers);
}
DEFINE_VALUE_CLEANUP(struct call, call_finish)

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_interrupted(const struct cspr *cspr)
{
	return cspr->interrupted && cspr->interrupted(cspr->context);
}

static void wait_ms(int64_t milliseconds)
{
	struct timespec left = {
	    .tv_sec = (time_t)(milliseconds / 1000),
	    .tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* False when it was interrupted. */
static bool wait_between(const struct cspr *cspr, int64_t milliseconds)
{
	for (int64_t left = milliseconds; left > 0 && !is_interrupted(cspr); left -= 1000)
		wait_ms(left < 1000 ? left : 1000);
	return !is_interrupted(cspr);
}

enum cspr_error cspr_make_key(char ret_key[CSPR_KEY_SIZE])
{
	unsigned char random[16];

	if (gnutls_rnd(GNUTLS_RND_RANDOM, random, sizeof(random)) != 0)
		return CSPR_MEMORY;
	random[6] = (random[6] & 0x0f) | 0x40;
	random[8] = (random[8] & 0x3f) | 0x80;
	snprintf(ret_key, CSPR_KEY_SIZE,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", random[0],
	    random[1], random[2], random[3], random[4], random[5], random[6], random[7], random[8],
	    random[9], random[10], random[11], random[12], random[13], random[14], random[15]);
	return CSPR_OK;
}

static bool is_known_method(const char *method)
{
	static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (strcmp(method, known[i]) == 0)
			return true;
	}
	return false;
}

static bool has_control(const char *string)
{
	for (; *string; string++) {
		if ((unsigned char)*string < ' ' || *string == 0x7f)
			return true;
	}
	return false;
}

static bool is_reserved_header(const char *name)
{
	static const char *const reserved[] = {
	    "Authorization", "Host", "Content-Length", "Transfer-Encoding", "Idempotency-Key"};

	for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++) {
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	}
	return false;
}

static bool is_header_name(const char *name)
{
	return name[0] && strcspn(name, "\"(),/:;<=>?@[\\]{} ") == strlen(name) && !has_control(name);
}

static bool add_line(struct call *call, const char *name, const char *value)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT(CSPR_URL_BYTES);

	/* curl drops a header without a value unless it ends in a semicolon. */
	if (value[0])
		text_printf(&line, "%s: %s", name, value);
	else
		text_printf(&line, "%s;", name);
	if (line.failed)
		return false;
	struct curl_slist *grown = curl_slist_append(call->headers, text_string(&line));
	if (!grown)
		return false;
	call->headers = grown;
	return true;
}

static enum cspr_error make_url(struct call *call)
{
	const struct cspr_request *request = call->request;
	struct text url CLEANUP(text_finish) = TEXT_INIT(CSPR_URL_BYTES);

	if (!request->path || request->path[0] != '/' || has_control(request->path) ||
	    strpbrk(request->path, " ?#"))
		return cspr_fail(call->cspr, CSPR_USAGE,
		    "The path must begin with / and be percent-encoded, without query");
	text_puts(&url, call->cspr->url);
	text_puts(&url, request->path);
	for (size_t i = 0; i < request->query_count; i++) {
		text_putc(&url, i ? '&' : '?');
		text_put_escaped(&url, request->query[i].name);
		text_putc(&url, '=');
		text_put_escaped(&url, request->query[i].value);
	}
	if (url.failed)
		return cspr_fail(call->cspr, CSPR_USAGE, "The address is too long");
	call->url = text_take(&url);
	return call->url ? CSPR_OK : CSPR_MEMORY;
}

static enum cspr_error choose_key(struct call *call)
{
	const struct cspr_request *request = call->request;
	char made[CSPR_KEY_SIZE];

	free(TAKE(call->cspr->key));
	if (strcmp(request->method, "POST") != 0)
		return CSPR_OK;
	const char *key = request->idempotency_key;
	if (key && !key[0])
		return CSPR_OK;
	if (key && (has_control(key) || strpbrk(key, ", ") || strlen(key) > 255))
		return cspr_fail(call->cspr, CSPR_USAGE,
		    "An idempotency key has at most 255 characters, without spaces or commas");
	if (!key) {
		if (cspr_make_key(made) != CSPR_OK)
			return cspr_fail(call->cspr, CSPR_MEMORY, "No random numbers for a key");
		key = made;
	}
	call->cspr->key = strdup(key);
	return call->cspr->key ? CSPR_OK : CSPR_MEMORY;
}

static enum cspr_error add_own_headers(struct call *call, bool has_accept)
{
	const struct cspr_request *request = call->request;
	const char *type = request->content_type ? request->content_type : "application/json";
	bool ok = true;

	if (!has_accept)
		ok = ok && add_line(call, "Accept", "application/json");
	if (request->body)
		ok = ok && add_line(call, "Content-Type", type);
	if (call->cspr->key)
		ok = ok && add_line(call, "Idempotency-Key", call->cspr->key);
	/* Without this curl waits for "100 Continue" before a large body. */
	struct curl_slist *grown = ok ? curl_slist_append(call->headers, "Expect:") : NULL;
	if (!grown)
		return CSPR_MEMORY;
	call->headers = grown;
	if (!call->cspr->authorization)
		return CSPR_OK;
	grown = curl_slist_append(call->headers, call->cspr->authorization);
	if (!grown)
		return CSPR_MEMORY;
	call->headers = grown;
	return CSPR_OK;
}

static enum cspr_error make_headers(struct call *call)
{
	const struct cspr_request *request = call->request;
	bool has_accept = false;

	if (request->content_type && has_control(request->content_type))
		return cspr_fail(call->cspr, CSPR_USAGE, "The content type has a control character");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct cspr_pair *header = &request->headers[i];
		if (!is_header_name(header->name) || has_control(header->value) ||
		    is_reserved_header(header->name))
			return cspr_fail(
			    call->cspr, CSPR_USAGE, "The header %.60s cannot be set", header->name);
		if (!add_line(call, header->name, header->value))
			return cspr_fail(call->cspr, CSPR_USAGE, "A header is too long");
		has_accept = has_accept || strcasecmp(header->name, "Accept") == 0;
		call->has_if_match = call->has_if_match || strcasecmp(header->name, "If-Match") == 0;
	}
	return add_own_headers(call, has_accept);
}

static enum cspr_error prepare(struct call *call)
{
	const struct cspr_request *request = call->request;

	if (!request->method || !is_known_method(request->method))
		return cspr_fail(call->cspr, CSPR_USAGE, "The method is not known");
	enum cspr_error error = choose_key(call);
	if (error == CSPR_OK)
		error = make_url(call);
	if (error == CSPR_OK)
		error = make_headers(call);
	call->repeatable = strcmp(request->method, "GET") == 0 ||
	                   strcmp(request->method, "HEAD") == 0 ||
	                   strcmp(request->method, "PUT") == 0 ||
	                   (strcmp(request->method, "POST") == 0 && call->cspr->key);
	return error;
}

static size_t take_line(char *bytes, size_t size, size_t count, void *context)
{
	struct cspr_response *response = context;

	return cspr_response_take_line(response, bytes, size * count) ? size * count : 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct cspr_response *response = context;

	text_append(&response->body, bytes, size * count);
	return response->body.failed ? 0 : size * count;
}

/* curl asks each second, and whenever something moves. */
static int note_progress(
    void *context, curl_off_t of_down, curl_off_t down, curl_off_t of_up, curl_off_t up)
{
	return is_interrupted(context);
}

/* Once it may have arrived, the version that it names may be spent. */
static bool is_versioned_put(const struct call *call)
{
	return strcmp(call->request->method, "PUT") == 0 && call->has_if_match;
}

/* curl_easy_setopt() fails only for want of memory, or for an option that this build lacks. */
static CURLcode configure(const struct call *call, struct cspr_response *response, long timeout_ms)
{
	const struct cspr_request *request = call->request;
	CURL *curl = call->cspr->curl;
	CURLcode worst = CURLE_OK;

#define SET(option, value)                                                                         \
	do {                                                                                           \
		CURLcode code_ = curl_easy_setopt(curl, option, value);                                    \
		worst = code_ != CURLE_OK ? code_ : worst;                                                 \
	} while (0)
	curl_easy_reset(curl);
	SET(CURLOPT_URL, call->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, call->cspr->connect_timeout_ms);
	SET(CURLOPT_TIMEOUT_MS, timeout_ms);
	SET(CURLOPT_USERAGENT, call->cspr->user_agent);
	SET(CURLOPT_HTTPHEADER, call->headers);
	SET(CURLOPT_HEADERFUNCTION, take_line);
	SET(CURLOPT_HEADERDATA, response);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, response);
	if (call->cspr->interrupted) {
		SET(CURLOPT_NOPROGRESS, 0L);
		SET(CURLOPT_XFERINFOFUNCTION, note_progress);
		SET(CURLOPT_XFERINFODATA, call->cspr);
	}
	/* On a kept connection that breaks, curl by itself sends the request a second time. */
	if (!call->repeatable || is_versioned_put(call))
		SET(CURLOPT_FRESH_CONNECT, 1L);
	if (call->cspr->ca_file)
		SET(CURLOPT_CAINFO, call->cspr->ca_file);
	if (request->body || strcmp(request->method, "POST") == 0) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	if (strcmp(request->method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else
		SET(CURLOPT_CUSTOMREQUEST, request->method);
#undef SET
	return worst;
}

static enum cspr_error error_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return CSPR_OK;
	case CURLE_OUT_OF_MEMORY:
		return CSPR_MEMORY;
	case CURLE_OPERATION_TIMEDOUT:
		return CSPR_TIMEOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return CSPR_INTERRUPTED;
	case CURLE_URL_MALFORMAT:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_NOT_BUILT_IN:
		return CSPR_USAGE;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
		return CSPR_PROTOCOL;
	default:
		return CSPR_NETWORK;
	}
}

static enum cspr_error attempt(
    struct call *call, long timeout_ms, CURLcode *ret_code, struct cspr_response **ret_response)
{
	struct cspr *cspr = call->cspr;
	struct cspr_response *response CLEANUP(cspr_response_destroy) =
	    cspr_response_create(cspr->most_bytes);

	if (!response)
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	*ret_code = configure(call, response, timeout_ms);
	if (*ret_code == CURLE_OK)
		*ret_code = curl_easy_perform(cspr->curl);
	if (response->body.failed)
		return cspr_fail(
		    cspr, CSPR_PROTOCOL, "The answer has more than %zu bytes, the limit", cspr->most_bytes);
	if (response->header_bytes > CSPR_HEADER_BYTES)
		return cspr_fail(
		    cspr, CSPR_PROTOCOL, "The answer's headers have more than %d bytes", CSPR_HEADER_BYTES);
	enum cspr_error error = error_of(*ret_code);
	if (error != CSPR_OK)
		return cspr_fail(cspr, error, "%s", curl_easy_strerror(*ret_code));

	long status = 0;
	curl_easy_getinfo(cspr->curl, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	if (cspr->key && !(response->key = strdup(cspr->key)))
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	if (!cspr_response_complete(response))
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	*ret_response = TAKE(response);
	return CSPR_OK;
}

/* A certificate that does not fit will not fit the next time either. */
static bool is_passing(CURLcode code)
{
	return code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CONNECT_ERROR &&
	       code != CURLE_SSL_ISSUER_ERROR && code != CURLE_SSL_CERTPROBLEM;
}

static bool may_have_arrived(CURLcode code)
{
	return code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST;
}

/* The answer says "not now", or that our own earlier attempt with this key is still at work. */
static bool asks_to_repeat(const struct cspr_response *response, int attempts)
{
	if (response->status == 429 || response->status == 503)
		return true;
	return response->status == 409 && attempts > 1 && cspr_problem(response) &&
	       strcmp(response->problem.code, "idempotency-in-progress") == 0;
}

static bool may_repeat(const struct call *call, enum cspr_error error, CURLcode code)
{
	if (!call->repeatable)
		return false;
	if (error != CSPR_NETWORK && error != CSPR_TIMEOUT)
		return false;
	if (is_versioned_put(call) && may_have_arrived(code))
		return false;
	return is_passing(code);
}

static int64_t asked_wait_ms(const struct cspr_response *response)
{
	const char *value = cspr_header(response, "Retry-After");
	char *end = NULL;

	if (!value)
		return -1;
	errno = 0;
	long seconds = strtol(value, &end, 10);
	if (end != value && *end == '\0')
		return errno == 0 && seconds >= 0 && seconds < 1000000 ? (int64_t)seconds * 1000 : -1;
	time_t when = curl_getdate(value, NULL);
	if (when == (time_t)-1)
		return -1;
	time_t now = time(NULL);
	return when > now ? (int64_t)(when - now) * 1000 : 0;
}

/* Doubles from a fifth of a second; half of it is chance, so that clients do not come in step. */
static int64_t own_wait_ms(int attempts)
{
	unsigned short chance = 0;
	int64_t whole = (int64_t)200 << (attempts - 1);

	if (gnutls_rnd(GNUTLS_RND_NONCE, &chance, sizeof(chance)) != 0)
		chance = 0;
	return whole / 2 + whole / 2 * chance / 65536;
}

static enum cspr_error repeat(struct call *call, struct cspr_response **ret_response)
{
	struct cspr *cspr = call->cspr;
	int64_t budget_end = monotonic_ms() + cspr->retry_ms;

	for (int attempts = 1;; attempts++) {
		struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
		CURLcode code = CURLE_OK;
		long timeout_ms = cspr->timeout_ms;
		int64_t left = budget_end - monotonic_ms();
		if (attempts > 1 && left < timeout_ms)
			timeout_ms = left > 1 ? (long)left : 1;

		enum cspr_error error = attempt(call, timeout_ms, &code, &response);
		bool again = response ? call->repeatable && asks_to_repeat(response, attempts)
		                      : may_repeat(call, error, code);
		int64_t wait = response ? asked_wait_ms(response) : -1;
		if (wait < 0)
			wait = own_wait_ms(attempts);
		if (cspr->retry_ms < 0 || attempts >= CSPR_ATTEMPTS || monotonic_ms() + wait >= budget_end)
			again = false;
		if (again && !wait_between(cspr, wait))
			return cspr_fail(cspr, CSPR_INTERRUPTED, "The call was interrupted");
		if (again)
			continue;
		if (!response)
			return error;
		response->attempts = attempts;
		cspr->detail[0] = '\0';
		*ret_response = TAKE(response);
		return CSPR_OK;
	}
}

enum cspr_error cspr_call(
    struct cspr *cspr, const struct cspr_request *request, struct cspr_response **ret_response)
{
	struct call call CLEANUP(call_finish) = {.cspr = cspr, .request = request};

	cspr->detail[0] = '\0';
	enum cspr_error error = prepare(&call);
	if (error == CSPR_MEMORY)
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	return error == CSPR_OK ? repeat(&call, ret_response) : error;
}
