/*
 * A receiver of webhooks: one thread accepts, one more for each call reads and answers it. What it
 * does is told by the test, so that a slow or broken receiver needs no time to pass.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/ids.h"
#include "support/support.h"

#define RECEIVED_MOST 4096
#define ANSWERS_MOST 64
#define CALLS_AT_ONCE_MOST 256
#define REQUEST_MOST (4U << 20)

struct scripted {
	int status;
	char *headers;
	char *body;
};

struct receiver {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t acceptor;
	int listener;
	uint16_t port;
	char url[64];
	bool stopping;
	bool listening;
	bool holding;
	struct scripted usual;
	struct scripted next[ANSWERS_MOST];
	size_t next_count;
	struct received *received[RECEIVED_MOST];
	size_t received_count;
	int open[CALLS_AT_ONCE_MOST]; /* connections that have a thread; -1 is free */
	size_t open_count;
	size_t most_at_once;
};

struct connection {
	struct receiver *receiver;
	int socket;
	size_t slot;
};

static void scripted_set(
    struct scripted *scripted, int status, const char *headers, const char *body)
{
	free(scripted->headers);
	free(scripted->body);
	scripted->status = status;
	scripted->headers = strdup(headers ? headers : "");
	scripted->body = strdup(body ? body : "");
}

static void scripted_finish(struct scripted *scripted)
{
	free(scripted->headers);
	free(scripted->body);
}

static size_t content_length(const char *head)
{
	const char *line = strcasestr(head, "\ncontent-length:");

	return line ? strtoul(line + strlen("\ncontent-length:"), NULL, 10) : 0;
}

/* Reads one request; false when the other side hangs up before it is whole. */
static bool read_request(int socket, struct text *ret_request, size_t *ret_head_length)
{
	char buffer[8192];
	size_t wanted = 0;

	while (!wanted || ret_request->length < wanted) {
		ssize_t length = recv(socket, buffer, sizeof(buffer), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return false;
		text_append(ret_request, buffer, (size_t)length);
		const char *end = wanted ? NULL : strstr(text_string(ret_request), "\r\n\r\n");
		if (end) {
			*ret_head_length = (size_t)(end - ret_request->data) + 4;
			wanted = *ret_head_length + content_length(ret_request->data);
		}
	}
	return !ret_request->failed;
}

static struct received *parse(const struct text *request, size_t head_length)
{
	struct received *received = calloc(1, sizeof(*received));
	const char *space = strchr(request->data, ' ');
	const char *line_end = strstr(request->data, "\r\n");

	if (!received || !space || !line_end || space > line_end)
		give_up("a receiver got no HTTP request");
	const char *path = space + 1;
	received->method = strndup(request->data, (size_t)(space - request->data));
	received->path = strndup(path, strcspn(path, " \r"));
	received->headers = strndup(line_end + 2, head_length - (size_t)(line_end + 2 - request->data));
	received->body_length = request->length - head_length;
	received->body = strndup(request->data + head_length, received->body_length);
	received->at = clock_milliseconds();
	return received;
}

static void received_destroy(struct received *received)
{
	free(received->method);
	free(received->path);
	free(received->headers);
	free(received->body);
	free(received);
}

/* Records the call, waits while calls are held, and takes its answer out of the script. */
static bool record(
    struct receiver *receiver, struct received *received, struct scripted *ret_answer)
{
	pthread_mutex_lock(&receiver->mutex);
	if (receiver->received_count == RECEIVED_MOST)
		give_up("a receiver got more than %d calls", RECEIVED_MOST);
	receiver->received[receiver->received_count++] = received;
	if (receiver->next_count > 0) {
		*ret_answer = receiver->next[0];
		memmove(
		    receiver->next, receiver->next + 1, --receiver->next_count * sizeof(receiver->next[0]));
	} else {
		*ret_answer = (struct scripted){0};
		scripted_set(
		    ret_answer, receiver->usual.status, receiver->usual.headers, receiver->usual.body);
	}
	pthread_cond_broadcast(&receiver->changed);
	while (receiver->holding && !receiver->stopping)
		pthread_cond_wait(&receiver->changed, &receiver->mutex);
	bool answering = !receiver->stopping;
	/* Before the first byte leaves, so that what follows from the answer comes later. */
	received->until = clock_milliseconds();
	pthread_mutex_unlock(&receiver->mutex);
	return answering && ret_answer->status != 0;
}

static void send_answer(int socket, const struct scripted *answer)
{
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(REQUEST_MOST);

	text_printf(
	    &bytes, "HTTP/1.1 %d Scripted\r\nConnection: close\r\n%s", answer->status, answer->headers);
	if (answer->status != 204)
		text_printf(&bytes, "Content-Length: %zu\r\n", strlen(answer->body));
	text_puts(&bytes, "\r\n");
	if (answer->status != 204)
		text_puts(&bytes, answer->body);
	raw_send(socket, bytes.data, bytes.length);
}

static void leave(struct connection *connection)
{
	struct receiver *receiver = connection->receiver;

	pthread_mutex_lock(&receiver->mutex);
	receiver->open[connection->slot] = -1;
	close(connection->socket);
	receiver->open_count--;
	pthread_cond_broadcast(&receiver->changed);
	pthread_mutex_unlock(&receiver->mutex);
	free(connection);
}

static void *serve(void *context)
{
	struct connection *connection = context;
	CLEANUP(text_finish) struct text request = TEXT_INIT(REQUEST_MOST);
	struct scripted answer = {0};
	size_t head_length = 0;

	if (read_request(connection->socket, &request, &head_length)) {
		if (record(connection->receiver, parse(&request, head_length), &answer))
			send_answer(connection->socket, &answer);
		scripted_finish(&answer);
	}
	leave(connection);
	return NULL;
}

static void take_connection(struct receiver *receiver, int socket)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	pthread_t thread;
	size_t slot = 0;

	pthread_mutex_lock(&receiver->mutex);
	while (slot < CALLS_AT_ONCE_MOST && receiver->open[slot] >= 0)
		slot++;
	if (!connection || slot == CALLS_AT_ONCE_MOST)
		give_up("a receiver got more than %d calls at once", CALLS_AT_ONCE_MOST);
	receiver->open[slot] = socket;
	if (++receiver->open_count > receiver->most_at_once)
		receiver->most_at_once = receiver->open_count;
	*connection = (struct connection){receiver, socket, slot};
	if (pthread_create(&thread, NULL, serve, connection) != 0)
		give_up("no thread for a receiver");
	pthread_detach(thread);
	pthread_mutex_unlock(&receiver->mutex);
}

/* Accepts on one listening socket until that is shut down. */
static void *accept_calls(void *context)
{
	struct receiver *receiver = context;
	int socket;

	while ((socket = accept4(receiver->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		take_connection(receiver, socket);
	return NULL;
}

/* A bound socket that does not listen keeps its port and refuses connections. */
static int bind_socket(uint16_t *port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int on = 1;
	int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bound < 0 || setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(bound, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(bound, (struct sockaddr *)&address, &length) < 0)
		give_up("no port for a receiver: %s", strerror(errno));
	*port = ntohs(address.sin_port);
	return bound;
}

void receiver_come_up(struct receiver *receiver)
{
	if (receiver->listening)
		return;
	if (listen(receiver->listener, CALLS_AT_ONCE_MOST) < 0)
		give_up("a receiver cannot listen: %s", strerror(errno));
	if (pthread_create(&receiver->acceptor, NULL, accept_calls, receiver) != 0)
		give_up("no thread for a receiver");
	receiver->listening = true;
}

static void stop_listening(struct receiver *receiver)
{
	if (!receiver->listening)
		return;
	shutdown(receiver->listener, SHUT_RDWR);
	pthread_join(receiver->acceptor, NULL);
	receiver->listening = false;
}

void receiver_go_down(struct receiver *receiver)
{
	stop_listening(receiver);
	close(receiver->listener);
	receiver->listener = bind_socket(&receiver->port);
}

struct receiver *receiver_start(void)
{
	struct receiver *receiver = calloc(1, sizeof(*receiver));

	if (!receiver)
		give_up("no memory");
	pthread_mutex_init(&receiver->mutex, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&receiver->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (size_t slot = 0; slot < CALLS_AT_ONCE_MOST; slot++)
		receiver->open[slot] = -1;
	scripted_set(&receiver->usual, 204, NULL, NULL);
	receiver->listener = bind_socket(&receiver->port);
	snprintf(receiver->url, sizeof(receiver->url), "http://127.0.0.1:%u/", receiver->port);
	receiver_come_up(receiver);
	return receiver;
}

void receiver_stop(struct receiver *receiver)
{
	stop_listening(receiver);
	close(receiver->listener);
	pthread_mutex_lock(&receiver->mutex);
	receiver->stopping = true;
	pthread_cond_broadcast(&receiver->changed);
	for (size_t slot = 0; slot < CALLS_AT_ONCE_MOST; slot++)
		if (receiver->open[slot] >= 0)
			shutdown(receiver->open[slot], SHUT_RDWR);
	while (receiver->open_count > 0)
		pthread_cond_wait(&receiver->changed, &receiver->mutex);
	pthread_mutex_unlock(&receiver->mutex);
	for (size_t i = 0; i < receiver->received_count; i++)
		received_destroy(receiver->received[i]);
	for (size_t i = 0; i < receiver->next_count; i++)
		scripted_finish(&receiver->next[i]);
	scripted_finish(&receiver->usual);
	pthread_cond_destroy(&receiver->changed);
	pthread_mutex_destroy(&receiver->mutex);
	free(receiver);
}

const char *receiver_url(const struct receiver *receiver)
{
	return receiver->url;
}

void receiver_answer(struct receiver *receiver, int status, const char *headers, const char *body)
{
	pthread_mutex_lock(&receiver->mutex);
	scripted_set(&receiver->usual, status, headers, body);
	pthread_mutex_unlock(&receiver->mutex);
}

void receiver_answer_next(
    struct receiver *receiver, int status, const char *headers, const char *body)
{
	pthread_mutex_lock(&receiver->mutex);
	if (receiver->next_count == ANSWERS_MOST)
		give_up("more than %d answers in a script", ANSWERS_MOST);
	receiver->next[receiver->next_count] = (struct scripted){0};
	scripted_set(&receiver->next[receiver->next_count++], status, headers, body);
	pthread_mutex_unlock(&receiver->mutex);
}

static void set_holding(struct receiver *receiver, bool holding)
{
	pthread_mutex_lock(&receiver->mutex);
	receiver->holding = holding;
	pthread_cond_broadcast(&receiver->changed);
	pthread_mutex_unlock(&receiver->mutex);
}

void receiver_hold(struct receiver *receiver)
{
	set_holding(receiver, true);
}

void receiver_release(struct receiver *receiver)
{
	set_holding(receiver, false);
}

bool receiver_wait(struct receiver *receiver, size_t count, double seconds)
{
	struct timespec deadline;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += (time_t)seconds;
	deadline.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&receiver->mutex);
	while (receiver->received_count < count && result == 0)
		result = pthread_cond_timedwait(&receiver->changed, &receiver->mutex, &deadline);
	bool reached = receiver->received_count >= count;
	pthread_mutex_unlock(&receiver->mutex);
	return reached;
}

size_t receiver_count(struct receiver *receiver)
{
	pthread_mutex_lock(&receiver->mutex);
	size_t count = receiver->received_count;
	pthread_mutex_unlock(&receiver->mutex);
	return count;
}

size_t receiver_most_at_once(struct receiver *receiver)
{
	pthread_mutex_lock(&receiver->mutex);
	size_t most = receiver->most_at_once;
	pthread_mutex_unlock(&receiver->mutex);
	return most;
}

const struct received *receiver_call(struct receiver *receiver, size_t number)
{
	pthread_mutex_lock(&receiver->mutex);
	if (number >= receiver->received_count)
		give_up("call %zu of %zu", number, receiver->received_count);
	const struct received *received = receiver->received[number];
	pthread_mutex_unlock(&receiver->mutex);
	return received;
}
