/* HTTP as a client makes it, through libcurl, and as no client makes it, over a bare socket. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <curl/curl.h>

#include "support/support.h"

/* No answer in a test is longer. */
#define ANSWER_MOST (64U << 20)

DEFINE_CLEANUP(CURL *, curl_easy_cleanup)
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all)

void answer_finish(struct answer *answer)
{
	for (size_t i = 0; i < answer->header_count; i++)
		free(answer->headers[i]);
	text_finish(&answer->body);
	json_decref(answer->json);
	memset(answer, 0, sizeof(*answer));
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct answer *answer = context;
	size_t length = size * count;
	size_t kept = length;

	/* A status line begins another answer, after 100 Continue. */
	if (length > 5 && strncmp(bytes, "HTTP/", 5) == 0) {
		while (answer->header_count > 0)
			free(answer->headers[--answer->header_count]);
		return length;
	}
	while (kept > 0 && (bytes[kept - 1] == '\r' || bytes[kept - 1] == '\n'))
		kept--;
	if (kept > 0 && answer->header_count < ANSWER_HEADERS_MAX)
		answer->headers[answer->header_count++] = strndup(bytes, kept);
	return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	text_append(context, bytes, size * count);
	return size * count;
}

static void add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char line[9000];

	if (!value)
		return;
	if (snprintf(line, sizeof(line), "%s%s%s", name, *name ? ": " : "", value) >= (int)sizeof(line))
		give_up("a header is too long");
	*headers = curl_slist_append(*headers, line);
}

static struct curl_slist *headers_of(const struct call *call, bool has_body)
{
	struct curl_slist *headers = NULL;
	bool patch = call->method && strcmp(call->method, "PATCH") == 0;
	const char *usual = patch ? "application/merge-patch+json" : "application/json";
	char bearer[9000];

	if (call->token) {
		snprintf(bearer, sizeof(bearer), "Bearer %s", call->token);
		add_header(&headers, "Authorization", bearer);
	}
	add_header(&headers, "Idempotency-Key", call->idempotency_key);
	add_header(&headers, "If-Match", call->if_match);
	if (has_body)
		add_header(&headers, "Content-Type", call->content_type ? call->content_type : usual);
	/* Neither a pause before the body nor a type that the test did not ask for. */
	add_header(&headers, "", "Expect:");
	for (size_t i = 0; call->headers && call->headers[i]; i++)
		add_header(&headers, "", call->headers[i]);
	return headers;
}

static void set_body(CURL *handle, const struct call *call, const char *bytes)
{
	size_t length = call->json || !call->body_length ? strlen(bytes) : call->body_length;

	curl_easy_setopt(handle, CURLOPT_POST, 1L);
	curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bytes);
	curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
}

static void set_options(CURL *handle, const char *url, const struct call *call)
{
	const char *method = call->method ? call->method : "GET";

	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)PATIENCE * 2000);
	curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
}

bool http_try(const struct service *service, const struct call *call, struct answer *ret_answer)
{
	CLEANUP(curl_easy_cleanup) CURL *handle = curl_easy_init();
	CLEANUP(free) char *dumped = call->json ? json_dumps(call->json, JSON_COMPACT) : NULL;
	const char *body = dumped ? dumped : call->body;
	CLEANUP(curl_slist_free_all) struct curl_slist *headers = headers_of(call, body != NULL);
	char url[9000];
	long status = 0;

	if (!handle)
		give_up("no memory for libcurl");
	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->body = TEXT_INIT(ANSWER_MOST);
	snprintf(url, sizeof(url), "%s%s", service->url, call->path);
	if (body)
		set_body(handle, call, body);
	set_options(handle, url, call);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, ret_answer);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, &ret_answer->body);
	CURLcode result = curl_easy_perform(handle);
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	ret_answer->status = (int)status;
	if (result != CURLE_OK || status == 0) {
		answer_finish(ret_answer);
		return false;
	}
	ret_answer->json = json_loadb(text_string(&ret_answer->body), ret_answer->body.length,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	return true;
}

void http_call(const struct service *service, const struct call *call, struct answer *ret_answer)
{
	if (!http_try(service, call, ret_answer))
		give_up("no answer to %s %s from %s (%s)", call->method ? call->method : "GET", call->path,
		    service->url, service->log_path);
}

const char *answer_header(const struct answer *answer, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < answer->header_count; i++) {
		const char *header = answer->headers[i];
		if (strncasecmp(header, name, length) == 0 && header[length] == ':')
			return header + length + 1 + strspn(header + length + 1, " ");
	}
	return NULL;
}

json_t *answer_at(const struct answer *answer, const char *pointer)
{
	json_t *value = answer->json;

	while (value && *pointer == '/') {
		char key[200];
		size_t length = strcspn(++pointer, "/");

		snprintf(key, sizeof(key), "%.*s", (int)length, pointer);
		pointer += length;
		value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
		                             : json_object_get(value, key);
	}
	return value;
}

const char *answer_text(const struct answer *answer, const char *pointer)
{
	const char *text = json_string_value(answer_at(answer, pointer));

	if (!text)
		give_up("no string at %s: %d %s", pointer, answer->status, text_string(&answer->body));
	return text;
}

int64_t answer_number(const struct answer *answer, const char *pointer)
{
	const json_t *value = answer_at(answer, pointer);

	if (!json_is_integer(value))
		give_up("no number at %s: %d %s", pointer, answer->status, text_string(&answer->body));
	return json_integer_value(value);
}

int raw_connect(const struct service *service)
{
	const char *colon = strrchr(service->url, ':');
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)) < 0)
		give_up("%s: %s", service->url, strerror(errno));
	return connection;
}

bool raw_send(int connection, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length > 0) {
		ssize_t sent = send(connection, from, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		from += sent;
		length -= (size_t)sent;
	}
	return true;
}

bool raw_receive(int connection, double quiet, struct text *ret_bytes)
{
	char buffer[4096];
	struct pollfd readable = {.fd = connection, .events = POLLIN};

	while (poll(&readable, 1, (int)(quiet * 1000)) > 0) {
		ssize_t length = recv(connection, buffer, sizeof(buffer), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return true;
		text_append(ret_bytes, buffer, (size_t)length);
	}
	return false;
}
