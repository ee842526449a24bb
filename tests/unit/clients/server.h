/*
 * A small HTTP server for the clients' tests: answers each request with the next line of a script,
 * the last for all that follow, and keeps what it was asked. Ends with the test.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define SERVER_REQUESTS 32

struct answer {
	int status; /* 0 closes the connection without an answer */
	const char *type;
	const char *body;
	const char *header; /* one more, "Name: value" */
	size_t endless;     /* instead of the body, this many bytes in chunks */
};

struct request_seen {
	char method[8];
	char url[512];
	char query[512]; /* name=value&… after decoding */
	char body[4096];
	char key[300];
	char authorization[128];
	char if_match[128];
	char accept[128];
};

struct server {
	struct MHD_Daemon *daemon;
	const struct answer *script;
	size_t script_length;
	char url[64];
	pthread_mutex_t lock;
	struct request_seen requests[SERVER_REQUESTS];
	size_t request_count;
};

void server_start(struct server *server, const struct answer *script, size_t script_length);
void server_stop(struct server *server);
