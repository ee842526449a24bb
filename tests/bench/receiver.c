/*
 * A receiver of webhooks for the benchmark: `receiver fast|dead|drip|flood` writes its port, and
 * serves until its input ends. It reads requests by Content-Length and answers each on the same
 * connection; "dead" never answers, "drip" answers a byte a second, and "flood" without an end.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MOST 4096
#define REQUEST_MOST 32768
#define EVENTS 256
#define FLOOD 16384
#define DRIP_MS 1000

enum mode { FAST, DEAD, DRIP, FLOODING };

struct connection {
	size_t length;
	bool answering; /* a dripping or flooding answer has begun */
	char request[REQUEST_MOST];
};

static enum mode mode;
static int poller;
static int listener;
static struct connection *connections[CONNECTIONS_MOST];

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(int socket, unsigned events, int how)
{
	struct epoll_event event = {.events = events, .data.fd = socket};

	if (epoll_ctl(poller, how, socket, &event) < 0)
		give_up("epoll_ctl");
}

static void leave(int socket)
{
	free(connections[socket]);
	connections[socket] = NULL;
	close(socket);
}

/* The length of the first request that is whole, or 0. */
static size_t whole_request(struct connection *connection)
{
	connection->request[connection->length] = '\0';
	const char *end = strstr(connection->request, "\r\n\r\n");
	const char *length = strcasestr(connection->request, "\ncontent-length:");

	if (!end || !length)
		return 0;
	size_t wanted = (size_t)(end + 4 - connection->request) +
	                strtoul(length + strlen("\ncontent-length:"), NULL, 10);
	return wanted <= connection->length ? wanted : 0;
}

static bool say(int socket, const char *bytes, size_t length)
{
	return send(socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length;
}

static void answer(int socket, struct connection *connection)
{
	static const char quick[] = "HTTP/1.1 204 No Content\r\n\r\n";
	static const char long_head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";

	if (mode == FAST && !say(socket, quick, sizeof(quick) - 1))
		leave(socket);
	if (mode != DRIP && mode != FLOODING)
		return;
	connection->answering = true;
	(void)say(socket, long_head, sizeof(long_head) - 1);
	if (mode == FLOODING)
		watch(socket, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void take(int socket)
{
	struct connection *connection = connections[socket];
	ssize_t length = recv(socket, connection->request + connection->length,
	    REQUEST_MOST - 1 - connection->length, MSG_DONTWAIT);

	if (length <= 0) {
		leave(socket);
		return;
	}
	connection->length += (size_t)length;
	for (size_t whole; connections[socket] && (whole = whole_request(connection));) {
		connection->length -= whole;
		memmove(connection->request, connection->request + whole, connection->length);
		answer(socket, connection);
	}
}

static void flood(int socket)
{
	static char water[FLOOD];

	memset(water, 'x', sizeof(water));
	if (send(socket, water, sizeof(water), MSG_NOSIGNAL | MSG_DONTWAIT) == 0)
		leave(socket);
}

static void drip(void)
{
	for (int socket = 0; socket < CONNECTIONS_MOST; socket++)
		if (connections[socket] && connections[socket]->answering && !say(socket, "x", 1))
			leave(socket);
}

static void welcome(void)
{
	int one = 1;

	for (int socket; (socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		connections[socket < CONNECTIONS_MOST ? socket : 0] =
		    socket < CONNECTIONS_MOST ? calloc(1, sizeof(struct connection)) : NULL;
		if (socket >= CONNECTIONS_MOST || !connections[socket]) {
			close(socket);
			continue;
		}
		(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(socket, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void open_listener(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1024) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) < 0)
		give_up("listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
}

static bool choose(const char *name)
{
	static const char *const names[] = {"fast", "dead", "drip", "flood"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		mode = (enum mode)i;
		return true;
	}
	return false;
}

/* False at the end of the input. */
static bool turn(void)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(poller, events, EVENTS, mode == DRIP ? DRIP_MS : -1);

	if (mode == DRIP && count == 0)
		drip();
	for (int i = 0; i < count; i++) {
		int socket = events[i].data.fd;
		if (socket == STDIN_FILENO)
			return false;
		if (socket == listener)
			welcome();
		else if (connections[socket] && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			take(socket);
		else if (connections[socket])
			flood(socket);
	}
	return true;
}

int main(int count, char **arguments)
{
	struct rlimit files = {CONNECTIONS_MOST, CONNECTIONS_MOST};

	if (count != 2 || !choose(arguments[1])) {
		fputs("usage: receiver fast|dead|drip|flood < PIPE\n", stderr);
		return 2;
	}
	(void)setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0)
		give_up("epoll_create1");
	open_listener();
	watch(listener, EPOLLIN, EPOLL_CTL_ADD);
	watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
	while (turn())
		;
	return 0;
}
