/*
 * The recipients of the fault suite: one thread that takes webhooks on three ports, holds each for
 * some milliseconds, and writes every call down. It is the receiver's ledger.
 *
 *     receivers LEDGER NAME:SECRET[:PORT] …
 *
 * Prints "ready PORT …". Commands stand on stdin, each answered by one line:
 *     delay LEAST MOST       how long calls are held from now on, in milliseconds
 *     poison STATUS TEXT     a body that contains TEXT is answered so; 0 is never
 *     cure                   nothing is poisoned any more
 *     strict                 what is not signed as it should, or long ago, is answered with 401
 *     watch TEXT             calls that contain TEXT, wherever it stands, are counted
 *     flush                  "flushed CALLS IN_HAND WATCHED" once the ledger's file is whole
 *
 * A line of the ledger: recipient, webhook-id, microseconds when its first byte was there and when
 * it was answered or cut off, status (0: cut off), whether the signature is valid, a hash of the
 * body.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/cspr.h"

#define RECIPIENTS_MAX 8
#define REQUEST_MOST ((size_t)256 * 1024)
#define EVENTS 256
#define WHEEL 4096 /* milliseconds, more than any delay */
#define ID_ROOM 80

struct recipient {
	char *name;
	const char *secret;
	int listener;
	uint16_t port;
};

struct connection {
	int socket; /* -1 once it is closed */
	const struct recipient *recipient;
	char *request;
	size_t length;
	bool in_hand;
	int status; /* that it will be answered with */
	bool valid;
	int64_t began; /* microseconds; 0 between requests */
	uint64_t hash;
	char id[ID_ROOM];
	struct connection *next; /* in its slot of the wheel, or in the list of closed ones */
	bool waiting;            /* in the wheel */
};

static struct recipient recipients[RECIPIENTS_MAX];
static size_t recipient_count;
static FILE *ledger;
static int events;
static struct connection *wheel[WHEEL];
static int64_t turned; /* the millisecond up to which the wheel was emptied */
static struct connection *closed;
static unsigned long calls;
static unsigned long in_hand;
static int delay_least;
static int delay_most;
static int poison_status;
static char poison[200];
static bool strict;
static char watched[200];
static unsigned long sightings;

static _Noreturn void give_up(const char *what)
{
	(void)fprintf(stderr, "receivers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* FNV-1a: it tells bodies apart, and defends against nobody. */
static uint64_t hash_of(const char *bytes, size_t length)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

/* ---- Calls ---- */

static void write_down(struct connection *connection, int status)
{
	(void)fprintf(ledger, "%s\t%s\t%lld\t%lld\t%d\t%d\t%016llx\n", connection->recipient->name,
	    connection->id, (long long)connection->began, (long long)now_microseconds(), status,
	    connection->valid, (unsigned long long)connection->hash);
	connection->in_hand = false;
	calls++;
	in_hand--;
}

/* Its memory is kept until the events that were already read have been passed over. */
static void hang_up(struct connection *connection)
{
	if (connection->in_hand)
		write_down(connection, 0);
	close(connection->socket);
	connection->socket = -1;
	if (connection->waiting)
		return;
	connection->next = closed;
	closed = connection;
}

static void free_closed(void)
{
	while (closed) {
		struct connection *connection = closed;
		closed = connection->next;
		free(connection->request);
		free(connection);
	}
}

static void answer(struct connection *connection)
{
	char head[120];
	int length = snprintf(
	    head, sizeof(head), "HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n", connection->status);

	/* The ledger first: who is answered can act before we run again. */
	write_down(connection, connection->status);
	connection->length = 0;
	connection->began = 0;
	if (send(connection->socket, head, (size_t)length, MSG_NOSIGNAL) != length)
		hang_up(connection);
}

static void wait_for_turn(struct connection *connection, int delay)
{
	size_t slot = (size_t)((now_milliseconds() + delay) % WHEEL);

	connection->waiting = true;
	connection->next = wheel[slot];
	wheel[slot] = connection;
}

static void turn_wheel(void)
{
	for (int64_t now = now_milliseconds(); turned < now; turned++) {
		struct connection *connection = wheel[turned % WHEEL];
		wheel[turned % WHEEL] = NULL;
		while (connection) {
			struct connection *next = connection->next;
			connection->waiting = false;
			if (connection->socket >= 0)
				answer(connection);
			else
				hang_up(connection);
			connection = next;
		}
	}
}

/* The header's value, copied and NUL-terminated; false without one. */
static bool find_header(const char *head, const char *name, char *ret_value, size_t room)
{
	const char *line = strcasestr(head, name);

	if (!line)
		return false;
	line += strlen(name);
	line += strspn(line, " ");
	size_t length = strcspn(line, "\r\n");
	if (length >= room)
		return false;
	memcpy(ret_value, line, length);
	ret_value[length] = '\0';
	return true;
}

static void take_call(
    struct connection *connection, const char *head, const char *body, size_t length)
{
	char timestamp[40] = "";
	char signature[2000] = "";
	const struct cspr_webhook webhook = {
	    .id = connection->id,
	    .timestamp = timestamp,
	    .signature = signature,
	    .body = body,
	    .body_length = length,
	};

	snprintf(connection->id, sizeof(connection->id), "-");
	connection->valid = find_header(head, "\nwebhook-id:", connection->id, ID_ROOM) &&
	                    find_header(head, "\nwebhook-timestamp:", timestamp, sizeof(timestamp)) &&
	                    find_header(head, "\nwebhook-signature:", signature, sizeof(signature)) &&
	                    cspr_verify_webhook(&connection->recipient->secret, 1, &webhook, 300,
	                        CSPR_NOW) == CSPR_WEBHOOK_VALID;
	connection->hash = hash_of(body, length);
	bool poisoned = poison[0] && memmem(body, length, poison, strlen(poison));
	connection->status = poisoned ? poison_status : 204;
	if (strict && !connection->valid)
		connection->status = 401;
	if (watched[0] && (strcasestr(head, watched) || memmem(body, length, watched, strlen(watched))))
		sightings++;
	connection->in_hand = true;
	in_hand++;
	if (connection->status != 0)
		wait_for_turn(connection, delay_least + rand() % (delay_most - delay_least + 1));
}

/* Takes the call when it is there as a whole. */
static void look_at_request(struct connection *connection)
{
	char number[20] = "0";

	connection->request[connection->length] = '\0';
	char *end = memmem(connection->request, connection->length, "\r\n\r\n", 4);
	if (!end)
		return;
	*end = '\0';
	char *body = end + 4;
	(void)find_header(connection->request, "\ncontent-length:", number, sizeof(number));
	size_t wanted = strtoul(number, NULL, 10);
	size_t there = connection->length - (size_t)(body - connection->request);
	if (there >= wanted)
		take_call(connection, connection->request, body, wanted);
	else
		*end = '\r';
}

static void read_some(struct connection *connection)
{
	if (connection->socket < 0)
		return;
	size_t room = REQUEST_MOST - connection->length - 1;
	ssize_t length = recv(connection->socket, connection->request + connection->length, room, 0);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A call that is in hand has been read; what comes now is only the end. */
	if (length <= 0 || connection->in_hand || room == 0) {
		hang_up(connection);
		return;
	}
	if (connection->began == 0)
		connection->began = now_microseconds();
	connection->length += (size_t)length;
	look_at_request(connection);
}

static void take_connection(const struct recipient *recipient)
{
	int socket = accept4(recipient->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (socket < 0)
		return;
	struct connection *connection = calloc(1, sizeof(*connection));
	if (!connection || !(connection->request = malloc(REQUEST_MOST)))
		give_up("memory");
	connection->socket = socket;
	connection->recipient = recipient;
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
	if (epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) != 0)
		give_up("epoll");
}

/* ---- Commands ---- */

/* The next number of a command, and past it. */
static int take_number(const char **at)
{
	char *end = NULL;
	long number = strtol(*at, &end, 10);

	*at = end + strspn(end, " ");
	return (int)number;
}

static void obey(char *line)
{
	const char *at = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "delay ", 6) == 0) {
		delay_least = take_number(&at);
		delay_most = take_number(&at);
		puts("delayed");
	} else if (strncmp(line, "poison ", 7) == 0) {
		poison_status = take_number(&at);
		snprintf(poison, sizeof(poison), "%s", at);
		puts("poisoned");
	} else if (strcmp(line, "cure") == 0) {
		poison[0] = '\0';
		puts("cured");
	} else if (strcmp(line, "strict") == 0) {
		strict = true;
		puts("strict");
	} else if (strncmp(line, "watch ", 6) == 0) {
		snprintf(watched, sizeof(watched), "%s", at + 1);
		sightings = 0;
		puts("watching");
	} else if (strcmp(line, "flush") == 0) {
		(void)fflush(ledger);
		printf("flushed %lu %lu %lu\n", calls, in_hand, sightings);
	} else {
		printf("unknown: %s\n", line);
	}
	(void)fflush(stdout);
}

/* A command is written at once and is short: it is there as a whole. */
static void take_commands(void)
{
	char lines[1000];
	char *rest = NULL;
	ssize_t length = read(STDIN_FILENO, lines, sizeof(lines) - 1);

	if (length <= 0) {
		(void)fclose(ledger);
		exit(0);
	}
	lines[length] = '\0';
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		obey(line);
}

/* ---- The start ---- */

static void listen_for(struct recipient *recipient, char *word)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int on = 1;
	char *rest = NULL;

	recipient->name = strtok_r(word, ":", &rest);
	recipient->secret = strtok_r(NULL, ":", &rest);
	const char *port = strtok_r(NULL, ":", &rest);
	if (!recipient->secret)
		give_up("a recipient has no secret");
	address.sin_port = htons((uint16_t)(port ? strtoul(port, NULL, 10) : 0));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	recipient->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)setsockopt(recipient->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(recipient->listener, (struct sockaddr *)&address, length) != 0 ||
	    listen(recipient->listener, 1024) != 0 ||
	    getsockname(recipient->listener, (struct sockaddr *)&address, &length) != 0)
		give_up("listen");
	recipient->port = ntohs(address.sin_port);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = recipient};
	if (epoll_ctl(events, EPOLL_CTL_ADD, recipient->listener, &event) != 0)
		give_up("epoll");
}

static bool is_listener(const void *pointer)
{
	return (const char *)pointer >= (const char *)recipients &&
	       (const char *)pointer < (const char *)(recipients + RECIPIENTS_MAX);
}

static void serve(void)
{
	struct epoll_event seen[EVENTS];

	for (;;) {
		int count = epoll_wait(events, seen, EVENTS, in_hand ? 1 : 1000);
		for (int i = 0; i < count; i++) {
			if (!seen[i].data.ptr)
				take_commands();
			else if (is_listener(seen[i].data.ptr))
				take_connection(seen[i].data.ptr);
			else
				read_some(seen[i].data.ptr);
		}
		turn_wheel();
		free_closed();
	}
}

int main(int count, char *arguments[])
{
	if (count < 3 || count > RECIPIENTS_MAX + 2)
		give_up("usage: receivers LEDGER NAME:SECRET[:PORT] …");
	ledger = fopen(arguments[1], "ae");
	events = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
	if (!ledger || events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, STDIN_FILENO, &commands) != 0)
		give_up(arguments[1]);
	turned = now_milliseconds();
	fputs("ready", stdout);
	for (int i = 2; i < count; i++) {
		listen_for(&recipients[recipient_count], arguments[i]);
		printf(" %u", recipients[recipient_count++].port);
	}
	puts("");
	(void)fflush(stdout);
	serve();
}
