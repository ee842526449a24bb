/* Owns the handle: its options, their checks, and the one-time start of libcurl. */
#include "lib/internal.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <strings.h>

#define VERSION "0.1.0"

static pthread_once_t curl_started = PTHREAD_ONCE_INIT;
static CURLcode curl_result;

static void start_curl(void)
{
	curl_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

const char *cspr_version(void)
{
	return VERSION;
}

const char *cspr_error_text(enum cspr_error error)
{
	switch (error) {
	case CSPR_OK:
		return "no error";
	case CSPR_USAGE:
		return "the call cannot be made as it was asked for";
	case CSPR_MEMORY:
		return "memory ended";
	case CSPR_NETWORK:
		return "the service could not be reached";
	case CSPR_TIMEOUT:
		return "the service did not answer in time";
	case CSPR_PROTOCOL:
		return "the answer could not be accepted";
	case CSPR_INTERRUPTED:
		return "the call was interrupted";
	}
	return "unknown error";
}

enum cspr_error cspr_fail(struct cspr *cspr, enum cspr_error error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cspr->detail, sizeof(cspr->detail), format, arguments);
	va_end(arguments);
	return error;
}

static bool is_loopback(const char *host)
{
	struct in_addr address;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

static void cleanup_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void cleanup_part(char **part)
{
	curl_free(*part);
}

static bool has_part(CURLU *url, CURLUPart wanted)
{
	__attribute__((cleanup(cleanup_part))) char *part = NULL;

	return curl_url_get(url, wanted, &part, 0) == CURLUE_OK;
}

static enum cspr_error check_url(const struct cspr_options *options)
{
	__attribute__((cleanup(cleanup_url))) CURLU *url = curl_url();
	__attribute__((cleanup(cleanup_part))) char *scheme = NULL;
	__attribute__((cleanup(cleanup_part))) char *host = NULL;

	if (!url)
		return CSPR_MEMORY;
	if (curl_url_set(url, CURLUPART_URL, options->url, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return CSPR_USAGE;
	if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
	    has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
		return CSPR_USAGE;
	if (strcmp(scheme, "https") == 0)
		return CSPR_OK;
	if (strcmp(scheme, "http") != 0)
		return CSPR_USAGE;
	/* A token in the clear opens every case file to whoever listens on the way. */
	if (options->token && !options->plain_http && !is_loopback(host))
		return CSPR_USAGE;
	return CSPR_OK;
}

static bool is_visible_ascii(const char *string)
{
	for (; *string; string++) {
		if (*string <= ' ' || *string > '~')
			return false;
	}
	return true;
}

static bool copy_options(struct cspr *cspr, const struct cspr_options *options)
{
	struct text url CLEANUP(text_finish) = TEXT_INIT(CSPR_URL_BYTES);
	struct text authorization CLEANUP(text_finish) = TEXT_INIT(CSPR_URL_BYTES);

	size_t length = strlen(options->url);
	while (length && options->url[length - 1] == '/')
		length--;
	text_append(&url, options->url, length);
	cspr->url = text_take(&url);
	if (options->token) {
		text_printf(&authorization, "Authorization: Bearer %s", options->token);
		cspr->authorization = text_take(&authorization);
		if (!cspr->authorization)
			return false;
	}
	cspr->user_agent = strdup(options->user_agent ? options->user_agent : "libcspr/" VERSION);
	if (options->ca_file && !(cspr->ca_file = strdup(options->ca_file)))
		return false;
	cspr->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 5000;
	cspr->timeout_ms = options->timeout_ms ? options->timeout_ms : 30000;
	cspr->retry_ms = options->retry_ms ? options->retry_ms : 30000;
	cspr->interrupted = options->interrupted;
	cspr->context = options->context;
	cspr->most_bytes = options->most_bytes ? options->most_bytes : (size_t)64 * 1024 * 1024;
	return cspr->url && cspr->user_agent;
}

enum cspr_error cspr_create(const struct cspr_options *options, struct cspr **ret_cspr)
{
	if (!options || !options->url || options->connect_timeout_ms < 0 || options->timeout_ms < 0)
		return CSPR_USAGE;
	if (options->token && (!options->token[0] || !is_visible_ascii(options->token)))
		return CSPR_USAGE;
	pthread_once(&curl_started, start_curl);
	if (curl_result != CURLE_OK)
		return CSPR_MEMORY;
	enum cspr_error checked = check_url(options);
	if (checked != CSPR_OK)
		return checked;

	struct cspr *cspr = calloc(1, sizeof(*cspr));
	if (!cspr)
		return CSPR_MEMORY;
	cspr->curl = curl_easy_init();
	if (!cspr->curl || !copy_options(cspr, options)) {
		cspr_destroy(cspr);
		return CSPR_MEMORY;
	}
	*ret_cspr = cspr;
	return CSPR_OK;
}

void cspr_destroy(struct cspr *cspr)
{
	if (!cspr)
		return;
	curl_easy_cleanup(cspr->curl);
	if (cspr->authorization)
		gnutls_memset(cspr->authorization, 0, strlen(cspr->authorization));
	free(cspr->authorization);
	free(cspr->url);
	free(cspr->user_agent);
	free(cspr->ca_file);
	free(cspr->key);
	free(cspr);
}

const char *cspr_detail(const struct cspr *cspr)
{
	return cspr->detail;
}

const char *cspr_idempotency_key(const struct cspr *cspr)
{
	return cspr->key ? cspr->key : "";
}
