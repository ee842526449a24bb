/*
 * Owns the listening socket and the calls into libmicrohttpd. ulfius has no way from its request to
 * libmicrohttpd's connection; the URL that it is given for each request is therefore not the
 * client's, but the address of our own record of the connection, which has the client's.
 */
#include "http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/log.h"
#include "http/target.h"
#include "http/workers.h"

/*
 * Room for a target or a credential of 8 kB, the other headers and those of our answer. All of it
 * stays resident while a connection idles: with 32 kB, 10,000 of them cost 330 MB, so 135.
 */
#define CONNECTION_BYTES ((size_t)12 * 1024)
/* How much of a body beyond the limit is read, so that its sender hears of it. */
#define FLOOD_FACTOR 16
#define OPTIONS_MAX 16
/* How long nothing is accepted when there is no room for a connection. */
#define PAUSE_MS 20
/* Between two looks at whether the end has come. */
#define ADOPTED_AT_ONCE 64

struct listener {
	struct listener_options options;
	struct _u_instance instance;
	struct connections *connections;
	struct workers *workers;
	int fd;
	unsigned port;
	int ending; /* an event: no more connections */
	bool accepting;
	pthread_t acceptor;
	atomic_int adopted; /* connections that libmicrohttpd has from us and has not closed */
};

/* Splits "host:port" or "[host]:port". */
static bool split_address(const char *address, char host[64], char port[8])
{
	const char *colon = strrchr(address, ':');
	size_t length = colon ? (size_t)(colon - address) : 0;

	if (!colon || strlen(colon + 1) > 5 || colon[1] == '\0' ||
	    colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return false;
	if (length >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		length -= 2;
	} else if (memchr(address, ':', length)) {
		return false;
	}
	if (length == 0 || length >= 64)
		return false;
	snprintf(host, 64, "%.*s", (int)length, address);
	snprintf(port, 8, "%s", colon + 1);
	return strtol(port, NULL, 10) <= 65535;
}

static bool listen_at(const struct addrinfo *place, int *ret_fd, struct problem *problem)
{
	int on = 1;
	int fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return problem_fail(problem, PROBLEM_INTERNAL, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (place->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, place->ai_addr, place->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
		int error = errno;
		close(fd);
		return problem_fail(problem, PROBLEM_INTERNAL, "cannot listen: %s", strerror(error));
	}
	*ret_fd = fd;
	return true;
}

static unsigned port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {.v6 = {0}};
	socklen_t length = sizeof(address);

	if (getsockname(fd, &address.any, &length) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static bool open_socket(struct listener *listener, struct problem *problem)
{
	char host[64] = "";
	char port[8] = "";

	if (!split_address(listener->options.address, host, port))
		return problem_fail(problem, PROBLEM_INTERNAL,
		    "a listening address is written 127.0.0.1:8080 or [::1]:8080");
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *place = NULL;
	int failed = getaddrinfo(host, port, &hints, &place);
	if (failed)
		return problem_fail(
		    problem, PROBLEM_INTERNAL, "the listening address: %s", gai_strerror(failed));
	bool listening = listen_at(place, &listener->fd, problem);
	freeaddrinfo(place);
	if (listening)
		listener->port = port_of(listener->fd);
	return listening;
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void on_connection(void *context, struct MHD_Connection *handle, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	/* There is always one for a connection. */
	int fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = connections_open(listener->connections, fd, handle);
		return;
	}
	workers_leave(listener->workers, fd);
	listener->adopted--;
	if (*socket_context)
		connections_close(*socket_context);
	*socket_context = NULL;
}

/* A request line has come. Without a record NULL makes ulfius close the connection. */
static void *on_request_line(void *context, const char *target, struct MHD_Connection *handle)
{
	struct connection *connection = connection_of(handle);

	(void)context;
	if (!connection)
		return NULL;
	connection_enter(connection, PHASE_READING, 0);
	free(connection->target);
	connection->target = strdup(target);

	char url[32];
	snprintf(url, sizeof(url), "/%p", (void *)connection);
	return ulfius_uri_logger(NULL, url);
}

static void on_completed(void *context, struct MHD_Connection *handle, void **request_context,
    enum MHD_RequestTerminationCode how)
{
	struct connection *connection = connection_of(handle);

	mhd_request_completed(context, handle, request_context, how);
	if (!connection)
		return;
	free(TAKE(connection->target));
	connection_enter(connection, PHASE_IDLE, 0);
}

/* The format is libmicrohttpd's own; what it would print may be the client's, and is left out. */
static void on_log(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)arguments;
	log_event(LOG_DEBUG, "microhttpd", LOG_TEXT("format", format));
}

static int on_request(const struct _u_request *request, struct _u_response *response, void *context)
{
	struct listener *listener = context;
	void *record = NULL;

	sscanf(request->http_url, "/%p", &record);
	struct connection *connection = record;
	connection_enter(connection, PHASE_SERVING, 0);
	listener->options.answer(listener->options.context, connection, request, response);
	/* Who waits is ours until there is something to send. */
	if (!response->stream_callback)
		connection_enter(connection, PHASE_SENDING, response->binary_body_length);
	return U_CALLBACK_COMPLETE;
}

static bool prepare_instance(struct listener *listener, struct problem *problem)
{
	/* ulfius wants a port; the socket that we hand over has its own. */
	if (ulfius_init_instance(&listener->instance, 1, NULL, NULL) != U_OK ||
	    ulfius_set_default_endpoint(&listener->instance, on_request, listener) != U_OK)
		return problem_fail(problem, PROBLEM_INTERNAL, "ulfius does not start");
	listener->instance.max_post_body_size = listener->options.body_bytes + 1;
	listener->instance.allowed_post_processor = U_POST_PROCESS_NONE;
	/* We read the raw header fields; ulfius would drop those that are not UTF-8. */
	listener->instance.check_utf8 = 0;
	return true;
}

static bool start_daemon(struct listener *listener, struct problem *problem)
{
	const struct listener_options *options = &listener->options;
	/* The limit is ours: each worker of libmicrohttpd's would have its share of it and no more. */
	struct MHD_OptionItem items[OPTIONS_MAX] = {
	    {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL},
	    {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, listener},
	    {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, listener},
	    {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, listener},
	    {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
	    {MHD_OPTION_CONNECTION_LIMIT, 2 * ((intptr_t)options->connections + options->workers),
	        NULL},
	    {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_address, NULL},
	    {MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds, NULL},
	};
	size_t count = 8;
	if (options->workers > 1)
		items[count++] =
		    (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, options->workers, NULL};
	items[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};

	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
	                 MHD_ALLOW_SUSPEND_RESUME;
	if (ulfius_start_framework_with_mhd_options(&listener->instance, flags, items) == U_OK)
		return true;
	return problem_fail(problem, PROBLEM_INTERNAL, "libmicrohttpd does not start");
}

/*
 * Takes what waits, `most` at a time; whoever comes beyond the limit of connections goes on waiting
 * with the kernel. A connection that libmicrohttpd accepts itself stays with whichever worker woke
 * first, and that one takes all that wait: of 32 connections some then got a tenth of the others'
 * share.
 */
static void adopt_waiting(struct listener *listener, int most)
{
	while (most-- > 0 && listener->adopted < (int)listener->options.connections) {
		struct sockaddr_storage address;
		socklen_t length = sizeof(address);
		int fd = accept4(
		    listener->fd, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			/* Out of descriptors or memory: what waits goes on waiting, and we don't spin. */
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				poll(NULL, 0, PAUSE_MS);
			return;
		}
		fd = workers_place(listener->workers, fd);
		listener->adopted++;
		if (MHD_add_connection(listener->instance.mhd_daemon, fd, (struct sockaddr *)&address,
		        length) != MHD_YES) {
			/* It has closed it: only the number counts. */
			workers_leave(listener->workers, fd);
			listener->adopted--;
		}
	}
}

static void *accept_connections(void *context)
{
	struct listener *listener = context;
	struct pollfd events[] = {{.fd = listener->ending, .events = POLLIN}, {.events = POLLIN}};

	for (;;) {
		bool full = listener->adopted >= (int)listener->options.connections;
		events[1].fd = full ? -1 : listener->fd;
		if (poll(events, ARRAY_LENGTH(events), full ? PAUSE_MS : -1) < 0 && errno != EINTR)
			return NULL;
		if (events[0].revents)
			return NULL;
		if (events[1].revents)
			adopt_waiting(listener, ADOPTED_AT_ONCE);
	}
}

static bool start_accepting(struct listener *listener, struct problem *problem)
{
	listener->ending = eventfd(0, EFD_CLOEXEC);
	listener->accepting = listener->ending >= 0 && pthread_create(&listener->acceptor, NULL,
	                                                   accept_connections, listener) == 0;
	return listener->accepting ||
	       problem_fail(problem, PROBLEM_INTERNAL, "no thread accepts connections");
}

static void stop_accepting(struct listener *listener)
{
	uint64_t one = 1;

	if (!listener->accepting)
		return;
	if (write(listener->ending, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(listener->acceptor, NULL);
	listener->accepting = false;
}

static void release(struct listener *listener)
{
	ulfius_clean_instance(&listener->instance);
	connections_destroy(listener->connections);
	workers_destroy(listener->workers);
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->ending >= 0)
		close(listener->ending);
	free(listener);
}

static bool open_all(struct listener *listener, struct problem *problem)
{
	const struct listener_options *options = &listener->options;
	const struct connection_limits limits = {
	    .idle = options->idle_seconds * 1000,
	    .request = options->request_seconds * 1000,
	    .request_bytes = FLOOD_FACTOR * (uint64_t)options->body_bytes + CONNECTION_BYTES,
	};

	return open_socket(listener, problem) &&
	       connections_create(&limits, &listener->connections, problem) &&
	       workers_create(options->workers, &listener->workers, problem) &&
	       prepare_instance(listener, problem) && start_daemon(listener, problem) &&
	       start_accepting(listener, problem);
}

bool listener_start(
    const struct listener_options *options, struct listener **ret_listener, struct problem *problem)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a listener");
	listener->options = *options;
	listener->fd = -1;
	listener->ending = -1;
	if (!open_all(listener, problem)) {
		if (listener->instance.mhd_daemon)
			ulfius_stop_framework(&listener->instance);
		release(listener);
		return false;
	}
	*ret_listener = listener;
	return true;
}

unsigned listener_port(const struct listener *listener)
{
	return listener->port;
}

struct connections *listener_connections(const struct listener *listener)
{
	return listener->connections;
}

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void listener_drain(struct listener *listener, int64_t milliseconds)
{
	int64_t until = now_milliseconds() + milliseconds;

	/* Before anybody is refused, so that no answer after that promises to stay. */
	connections_announce_end(listener->connections);
	stop_accepting(listener);
	/* What the kernel has accepted on our behalf would be reset with the socket. */
	adopt_waiting(listener, SOMAXCONN);
	shutdown(listener->fd, SHUT_RDWR);
	/* Who was handed over but is not yet looked at by a worker is in no table. */
	for (int64_t left = milliseconds; left > 0; left = until - now_milliseconds()) {
		connections_drain(listener->connections, left);
		if (listener->adopted <= 0)
			return;
		poll(NULL, 0, PAUSE_MS);
	}
}

void listener_stop(struct listener *listener)
{
	if (!listener)
		return;
	stop_accepting(listener);
	ulfius_stop_framework(&listener->instance);
	release(listener);
}
