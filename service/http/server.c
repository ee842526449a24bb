/* Owns the start and the end of the server: the listener of the API and the one of metrics. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/ids.h"
#include "http/exchange.h"
#include "http/http.h"
#include "http/listener.h"
#include "http/metrics.h"
#include "http/send.h"
#include "http/target.h"
#include "http/waiting.h"

#define DRAIN_MILLISECONDS 15000
#define METRICS_BYTES (4UL * 1024 * 1024)
#define METRICS_CONNECTIONS 64
/* Descriptors beside the clients': the database's, the dispatcher's, files. */
#define OTHER_DESCRIPTORS 512

struct http_server {
	struct http_options options;
	struct exchange_options exchange;
	struct metrics *metrics;
	struct waiting *waiting;
	struct listener *api;
	struct listener *scrape;
};

static void answer_api(void *context, struct connection *connection,
    const struct _u_request *message, struct _u_response *response)
{
	struct http_server *server = context;

	exchange_answer(&server->exchange, connection, message, response);
}

static void write_connections(struct http_server *server, struct text *text)
{
	static const char *const phases[] = {"idle", "reading", "serving", "sending"};
	struct connections *connections = listener_connections(server->api);

	text_printf(text,
	    "# TYPE cspr_http_connections gauge\ncspr_http_connections %zu\n"
	    "# HELP cspr_http_cut_off_total Connections past a deadline, by what they were doing.\n"
	    "# TYPE cspr_http_cut_off_total counter\n",
	    connections_count(connections));
	for (enum phase phase = PHASE_IDLE; phase < PHASES; phase++)
		text_printf(text, "cspr_http_cut_off_total{phase=\"%s\"} %lu\n", phases[phase],
		    connections_cut_off(connections, phase));
}

static void write_metrics(struct http_server *server, struct reply *reply)
{
	reply->status = 200;
	reply->body.limit = METRICS_BYTES;
	snprintf(reply->media_type, sizeof(reply->media_type), "text/plain; version=0.0.4");
	metrics_write(server->metrics, &reply->body);
	write_connections(server, &reply->body);
	waiting_measure(server->waiting, &reply->body);
	if (server->options.measure)
		server->options.measure(server->options.context, &reply->body);
}

/* GET /metrics and nothing else; scrapes are not logged. */
static void answer_scrape(void *context, struct connection *connection,
    const struct _u_request *message, struct _u_response *response)
{
	struct http_server *server = context;
	struct uuid id = uuid_new();
	struct request request = {.path = "/", .request_id = id.text};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(reply_finish) struct reply reply = {0};
	CLEANUP(target_finish) struct target target = {0};

	reply_init(&reply);
	if (!connection->target || !target_parse(connection->target, &target, &problem))
		request.path = "";
	else if (target.segment_count != 1 || strcmp(target.segments[0], "metrics") != 0)
		problem_set(&problem, PROBLEM_NOT_FOUND, "Only /metrics is found here.");
	else if (strcmp(message->http_verb, "GET") != 0 && strcmp(message->http_verb, "HEAD") != 0)
		problem_set(&problem, PROBLEM_METHOD_NOT_ALLOWED, "This path has the method GET.");
	else
		write_metrics(server, &reply);
	if (reply.status == 0)
		reply_problem(&reply, &request, &problem);
	if (reply.status == 405)
		reply_header(&reply, "Allow", "GET, HEAD");
	send_reply(&(struct sending){.request_id = id.text, .close = true}, &reply, response);
}

/* As many descriptors as the administrator permits and we could need. */
static void raise_descriptor_limit(rlim_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool start_api(struct http_server *server, struct problem *problem)
{
	const struct settings *settings = server->options.settings;
	const struct listener_options options = {
	    .address = settings->listen,
	    .workers = (unsigned)settings->workers,
	    .connections = (unsigned)settings->connections,
	    .connections_per_address = (unsigned)settings->connections_per_address,
	    .idle_seconds = settings->idle_seconds,
	    .request_seconds = settings->request_seconds,
	    .body_bytes = (size_t)settings->body_bytes,
	    .answer = answer_api,
	    .context = server,
	};

	return listener_start(&options, &server->api, problem);
}

static bool start_scrape(struct http_server *server, struct problem *problem)
{
	const struct settings *settings = server->options.settings;
	const struct listener_options options = {
	    .address = settings->metrics_listen,
	    .workers = 1,
	    .connections = METRICS_CONNECTIONS,
	    .connections_per_address = METRICS_CONNECTIONS,
	    .idle_seconds = settings->idle_seconds,
	    .request_seconds = settings->request_seconds,
	    .body_bytes = 1,
	    .answer = answer_scrape,
	    .context = server,
	};

	if (!settings->metrics_listen || settings->metrics_listen[0] == '\0')
		return true;
	return listener_start(&options, &server->scrape, problem);
}

static void release(struct http_server *server)
{
	/* The scrape listener first: it reads what belongs to the other. */
	listener_stop(server->scrape);
	listener_stop(server->api);
	waiting_destroy(server->waiting);
	metrics_destroy(server->metrics);
	free(server);
}

static bool start_waiting(struct http_server *server, struct problem *problem)
{
	const struct settings *settings = server->options.settings;
	const struct waiting_limits limits = {
	    .all = (size_t)settings->waiting,
	    .per_caller = (size_t)settings->waiting_per_key,
	    .at_once = (size_t)settings->database_connections,
	};

	return waiting_create(&limits, &server->waiting, problem);
}

bool http_server_start(
    const struct http_options *options, struct http_server **ret_server, struct problem *problem)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for the server");
	server->options = *options;
	server->exchange.http = &server->options;
	raise_descriptor_limit((rlim_t)options->settings->connections + OTHER_DESCRIPTORS);
	if (!metrics_create(options->contract, &server->metrics, problem)) {
		free(server);
		return false;
	}
	server->exchange.metrics = server->metrics;
	if (!start_waiting(server, problem)) {
		release(server);
		return false;
	}
	server->exchange.waiting = server->waiting;
	if (!start_api(server, problem) || !start_scrape(server, problem)) {
		release(server);
		return false;
	}
	*ret_server = server;
	return true;
}

unsigned http_server_port(const struct http_server *server)
{
	return listener_port(server->api);
}

unsigned http_server_metrics_port(const struct http_server *server)
{
	return server->scrape ? listener_port(server->scrape) : 0;
}

void http_server_wake(struct http_server *server, const char *topic)
{
	waiting_wake(server->waiting, topic);
}

size_t http_server_topics(struct http_server *server, char ret_topics[][37], size_t most)
{
	return waiting_topics(server->waiting, ret_topics, most);
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	waiting_end(server->waiting);
	listener_drain(server->api, DRAIN_MILLISECONDS);
	release(server);
}
