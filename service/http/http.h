/*
 * The HTTP server: reads and bounds requests, finds their operation in the contract, checks path,
 * query, headers and body, and passes them on; turns replies into answers. The only service code
 * that knows ulfius.
 *
 * Threads: `serve` is called by many worker threads at once, once a request.
 */
#pragma once

#include "base/settings.h"
#include "contract/contract.h"

struct request {
	const struct operation *operation;
	const struct argument *arguments; /* path, query and header values, defaults filled in */
	size_t argument_count;
	const char *path;        /* as it was sent, without the query; bounded and printable */
	const char *token;       /* bearer token, syntactically sound, or NULL */
	const char *request_id;  /* sent along or made; [A-Za-z0-9._-]{1,64} */
	const char *answer_type; /* the negotiated media type */
	const char *body;        /* the raw bytes, or NULL */
	size_t body_length;
	json_t *json;          /* the parsed body (borrowed, may be changed in place), or NULL */
	bool is_sheet;         /* it came as text/csv, and `json` is what lines_of() says */
	struct problem *fault; /* what is wrong with parameters or body, kind NONE when nothing is */
};

/* The value of a parameter, its default, or NULL. */
const char *request_argument(const struct request *request, const char *name);
/* True only for "true". */
bool request_flag(const struct request *request, const char *name);
/* For integer parameters that have a value or default; already checked. */
long request_number(const struct request *request, const char *name);

/*
 * An answer that is not there yet. Its request waits without a thread and without a connection to
 * the database; a worker looks again when its topic is woken, and once more when its time is over.
 */
struct later {
	/*
	 * Fills the body, of the reply's status and media type, or returns false when there is nothing
	 * yet; the `last` time there is always an answer. Called by one worker at a time. NULL is none.
	 */
	bool (*look)(void *context, bool last, struct text *ret_body);
	void (*finish)(void *context); /* after the last look, whoever asked may have left before */
	void *context;
	int64_t milliseconds; /* how long it may wait */
	char topic[37];
	char caller[37]; /* of whom there may not be too many */
};

/* The largest answer; lists are paged, reports are not. */
#define REPLY_BYTES (64UL * 1024 * 1024)
#define REPLY_HEADERS_MAX 8
struct reply {
	int status;
	char media_type[64];
	struct text body;
	struct later later; /* in place of the body */
	/* For the log line only. */
	char actor_id[40];
	char cause[320];
	char code[48];
	size_t header_count;
	/* Last, because it is large and left as it is until a header is put there. */
	struct {
		const char *name;
		char value[1024];
	} headers[REPLY_HEADERS_MAX];
};

void reply_init(struct reply *reply);
void reply_finish(struct reply *reply);
DEFINE_VALUE_CLEANUP(struct reply, reply_finish)
/* The value must be printable ASCII without CR and LF, else the header is left out and logged. */
void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Replaces whatever the reply held by the problem, with WWW-Authenticate or Retry-After as due. */
void reply_problem(
    struct reply *reply, const struct request *request, const struct problem *problem);

struct http_server;

struct http_options {
	const struct settings *settings;
	const struct contract *contract;
	/* Called when route and method are known. Must fill the reply; a fault comes along. */
	void (*serve)(void *context, const struct request *request, struct reply *reply);
	/* Appends Prometheus text to the metrics of the server itself. */
	void (*measure)(void *context, struct text *ret_metrics);
	void *context;
};

/* Listens on settings->listen and metrics_listen; true once both accept connections. */
MUST_CHECK bool http_server_start(
    const struct http_options *options, struct http_server **ret_server, struct problem *problem);
/* The ports that the system chose, in host order; 0 when off. */
unsigned http_server_port(const struct http_server *server);
unsigned http_server_metrics_port(const struct http_server *server);
/* Has those who wait for the topic look again; any thread may call it. */
void http_server_wake(struct http_server *server, const char *topic);
/* The topics that are waited for, at most `most` of them; how many. */
size_t http_server_topics(struct http_server *server, char ret_topics[][37], size_t most);
/* Takes no new connections, lets requests in flight end (15 s at most), then stops and frees. */
void http_server_stop(struct http_server *server);
