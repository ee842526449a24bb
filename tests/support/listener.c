/* Owns the accepting of connections for tests that say themselves what is answered. */
#include "support/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

static void *accept_connections(void *context)
{
	const struct listener *listener = context;

	for (;;) {
		int connection = accept(listener->socket, NULL, NULL);
		if (connection < 0)
			return NULL;
		listener->serve(listener->context, connection);
		close(connection);
	}
}

void listener_open(
    struct listener *ret_listener, void (*serve)(void *context, int connection), void *context)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	ret_listener->serve = serve;
	ret_listener->context = context;
	ret_listener->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(ret_listener->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(ret_listener->socket, 16), 0);
	cr_assert_eq(getsockname(ret_listener->socket, (struct sockaddr *)&address, &length), 0);
	ret_listener->port = ntohs(address.sin_port);
	cr_assert_eq(pthread_create(&ret_listener->thread, NULL, accept_connections, ret_listener), 0);
}

void listener_close(struct listener *listener)
{
	shutdown(listener->socket, SHUT_RDWR);
	pthread_join(listener->thread, NULL);
	close(listener->socket);
}
