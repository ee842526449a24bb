/*
 * A listener of a test on 127.0.0.1, at a port of the system's. Its thread serves one connection
 * after the other, as the test says; webhooks have a receiver in support.h that does more.
 */
#pragma once

#include <pthread.h>

struct listener {
	int socket;
	unsigned port;
	/* Called for each connection, which is closed afterwards. */
	void (*serve)(void *context, int connection);
	void *context;
	pthread_t thread;
};

void listener_open(
    struct listener *ret_listener, void (*serve)(void *context, int connection), void *context);
/* Waits for the end of the connection that is served. */
void listener_close(struct listener *listener);
