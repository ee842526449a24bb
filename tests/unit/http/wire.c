/* Owns the server under test and the talking to it. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/log.h"

#define PATIENCE_MILLISECONDS 30000

static char any_port[] = "127.0.0.1:0";

struct settings server_settings = {
    .listen = any_port,
    .metrics_listen = any_port,
    .workers = 2,
    .database_connections = 2,
    .connections = 200,
    .connections_per_address = 200,
    .idle_seconds = 20,
    .request_seconds = 20,
    .body_bytes = 65536,
};
struct http_server *server;
static struct contract *contract;
static atomic_int served;
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool reached, open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void gate_open(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

void gate_wait(void)
{
	pthread_mutex_lock(&gate.lock);
	while (!gate.reached)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void pass_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.reached = true;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.open)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

const struct contract *server_contract(void)
{
	return contract;
}

int served_count(void)
{
	return served;
}

/* Answers with what the layer has made of the request. */
static void describe(const struct request *request, struct reply *reply)
{
	CLEANUP(json_decref) json_t *arguments = json_object();
	for (size_t i = 0; i < request->argument_count; i++)
		json_object_set_new(arguments, request->arguments[i].parameter->name,
		    json_string(request->arguments[i].value));
	CLEANUP(json_decref)
	json_t *json = json_pack("{s:s, s:O, s:s?, s:s, s:s, s:s, s:O?, s:I, s:b}", "operation",
	    request->operation->id, "arguments", arguments, "token", request->token, "request_id",
	    request->request_id, "answer_type", request->answer_type, "path", request->path, "json",
	    request->json, "body_length", (json_int_t)request->body_length, "dry_run",
	    request_flag(request, "dry_run"));
	CLEANUP(free) char *text = json_dumps(json, JSON_COMPACT);
	cr_assert(text);
	reply->status = 200;
	text_puts(&reply->body, text);
}

static void serve(void *context, const struct request *request, struct reply *reply)
{
	(void)context;
	served++;
	snprintf(reply->actor_id, sizeof(reply->actor_id), "actor-1");
	if (request->fault->kind != PROBLEM_NONE) {
		reply_problem(reply, request, request->fault);
		return;
	}
	if (strcmp(request->operation->id, "answerNothing") == 0)
		return;
	if (strcmp(request->operation->id, "waitAtGate") == 0)
		pass_gate();
	if (strcmp(request->operation->id, "deleteItem") == 0) {
		reply->status = 204;
		return;
	}
	describe(request, reply);
	if (strcmp(request->operation->id, "makeHeaders") == 0) {
		reply_header(reply, "X-Split", "a\r\nX-Smuggled: 1");
		reply_header(reply, "Cache-Control", "public, max-age=%d", 60);
		reply_header(reply, "X-After", "kept");
	}
}

static void measure(void *context, struct text *ret_metrics)
{
	(void)context;
	text_puts(ret_metrics, "cspr_test_measured 1\n");
}

void server_start(void)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const char *path = getenv("HTTP_TEST_DOCUMENT");

	cr_assert(path, "HTTP_TEST_DOCUMENT names the document");
	log_set_level(LOG_ERROR);
	CLEANUP(json_decref) json_t *document = json_load_file(path, 0, NULL);
	CLEANUP(free) char *text = json_dumps(document, 0);
	cr_assert(text);
	cr_assert(contract_load(text, strlen(text), &contract, &problem), "%s", problem.detail);
	struct http_options options = {
	    .settings = &server_settings, .contract = contract, .serve = serve, .measure = measure};
	cr_assert(http_server_start(&options, &server, &problem), "%s", problem.cause);
	signal(SIGPIPE, SIG_IGN);
}

void server_stop(void)
{
	http_server_stop(server);
	server = NULL;
	contract_destroy(contract);
}

int wire_connect_to(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((unsigned short)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	cr_assert(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s", strerror(errno));
	return fd;
}

int wire_connect(void)
{
	return wire_connect_to(http_server_port(server));
}

/* What cannot be sent because the peer has closed is left out. */
void wire_send(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		length -= (size_t)sent;
	}
}

void wire_put(int fd, const char *text)
{
	wire_send(fd, text, strlen(text));
}

/* False at the end, be it orderly or by a reset. */
static bool read_more(int fd, struct text *all)
{
	char buffer[4096];
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	cr_assert(
	    poll(&poll_fd, 1, PATIENCE_MILLISECONDS) == 1, "the server neither answers nor closes");
	ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
	if (got <= 0)
		return false;
	text_append(all, buffer, (size_t)got);
	return true;
}

static struct answer answer_of(struct text *all)
{
	struct answer answer = {.length = all->length};

	answer.raw = text_take(all);
	cr_assert(answer.raw);
	if (strncmp(answer.raw, "HTTP/1.1 ", 9) == 0)
		answer.status = (int)strtol(answer.raw + 9, NULL, 10);
	const char *end = strstr(answer.raw, "\r\n\r\n");
	answer.body = end ? end + 4 : answer.raw + answer.length;
	return answer;
}

struct answer wire_read(int fd)
{
	CLEANUP(text_finish) struct text all = TEXT_INIT(1 << 24);

	while (read_more(fd, &all))
		continue;
	close(fd);
	return answer_of(&all);
}

struct answer wire_read_one(int fd)
{
	CLEANUP(text_finish) struct text all = TEXT_INIT(1 << 24);

	for (;;) {
		const char *end = strstr(text_string(&all), "\r\n\r\n");
		const char *length = strcasestr(text_string(&all), "\r\nContent-Length:");
		if (end && length &&
		    all.length >= (size_t)(end + 4 - all.data) + strtoul(length + 17, NULL, 10))
			return answer_of(&all);
		if (!read_more(fd, &all))
			return answer_of(&all);
	}
}

struct answer ask(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	CLEANUP(free) char *text = NULL;
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	cr_assert(length > 0);
	int fd = wire_connect();
	wire_send(fd, text, (size_t)length);
	return wire_read(fd);
}

struct answer ask_get(const char *target, const char *headers)
{
	return ask("GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n", target, headers);
}

struct answer ask_post(const char *body, size_t length)
{
	char head[300];
	int size = snprintf(head, sizeof(head),
	    "POST /v1/items HTTP/1.1\r\nHost: test\r\nConnection: close\r\nIdempotency-Key: k\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    length);
	int fd = wire_connect();

	wire_send(fd, head, (size_t)size);
	wire_send(fd, body, length);
	return wire_read(fd);
}

void answer_finish(struct answer *answer)
{
	free(answer->raw);
	*answer = (struct answer){0};
}

const char *answer_header(const struct answer *answer, const char *name)
{
	static char value[1024];
	size_t length = strlen(name);

	for (const char *line = strstr(answer->raw, "\r\n"); line && line + 2 < answer->body;
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, length) != 0 || strncmp(line + 2 + length, ": ", 2) != 0)
			continue;
		const char *start = line + length + 4;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
		return value;
	}
	return "";
}

size_t answer_count(const struct answer *answer, const char *text)
{
	size_t count = 0;

	for (const char *at = strstr(answer->raw, text); at; at = strstr(at + 1, text))
		count++;
	return count;
}

json_t *answer_json(const struct answer *answer)
{
	return json_loads(answer->body, 0, NULL);
}

static bool is_text(const json_t *json, const char *key, const char *wanted)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value && (!wanted || strcmp(value, wanted) == 0);
}

bool is_problem(const struct answer *answer, int status, const char *code)
{
	CLEANUP(json_decref) json_t *json = answer_json(answer);

	return answer->status == status &&
	       strcmp(answer_header(answer, "Content-Type"), "application/problem+json") == 0 &&
	       json_integer_value(json_object_get(json, "status")) == status &&
	       is_text(json, "code", code) && is_text(json, "type", NULL) &&
	       is_text(json, "title", NULL) && is_text(json, "detail", NULL) &&
	       is_text(json, "instance", NULL) &&
	       is_text(json, "request_id", answer_header(answer, "X-Request-ID"));
}

bool has_fault(const struct answer *answer, const char *pointer, const char *code)
{
	CLEANUP(json_decref) json_t *json = answer_json(answer);
	size_t i;
	json_t *fault;

	json_array_foreach (json_object_get(json, "errors"), i, fault)
		if (is_text(fault, "pointer", pointer) && is_text(fault, "code", code))
			return true;
	return false;
}
