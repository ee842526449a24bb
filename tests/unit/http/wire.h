/* A server on a port of the system's choice, and raw sockets to talk to it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "http/http.h"

#define ITEM "/v1/items/0190b0e0-1111-7222-8333-444444444444"

struct answer {
	char *raw; /* everything up to the closing, the caller's to free */
	size_t length;
	int status;       /* of the first answer, 0 without one */
	const char *body; /* within raw */
};

void answer_finish(struct answer *answer);
DEFINE_VALUE_CLEANUP(struct answer, answer_finish)

/* The fixture: starts and stops the server whose settings a test may change before. */
extern struct settings server_settings;
extern struct http_server *server;
void server_start(void);
void server_stop(void);
const struct contract *server_contract(void);
/* Lets the handler of /v1/gate go on; gate_wait() returns when a request has reached it. */
void gate_open(void);
void gate_wait(void);
/* How many requests the handler has seen. */
int served_count(void);

int wire_connect(void);
int wire_connect_to(unsigned port);
void wire_send(int fd, const char *bytes, size_t length);
void wire_put(int fd, const char *text);
/* Reads until the peer closes, however long that takes within reason; closes the socket. */
struct answer wire_read(int fd);
/* Reads one answer of a connection that stays open. */
struct answer wire_read_one(int fd);

/* One request on a connection of its own; `format` is the whole of it. */
struct answer ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* GET with Host and Connection: close; `headers` are further lines, each with CRLF. */
struct answer ask_get(const char *target, const char *headers);
/* POST /v1/items with the body as it is. */
struct answer ask_post(const char *body, size_t length);

/* The header's value up to the line's end, or an empty text; valid until the next call. */
const char *answer_header(const struct answer *answer, const char *name);
size_t answer_count(const struct answer *answer, const char *text);
/* The body as JSON; the caller's. */
json_t *answer_json(const struct answer *answer);
/* True when it is a problem of that status and code, in the full shape. */
bool is_problem(const struct answer *answer, int status, const char *code);
/* True when the problem lists that fault. */
bool has_fault(const struct answer *answer, const char *pointer, const char *code);
