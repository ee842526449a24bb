/* Owns the scripted server of the clients' tests. */
#include "server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(char *destination, size_t size, const char *value)
{
	snprintf(destination, size, "%s", value ? value : "");
}

static enum MHD_Result keep_argument(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	char *query = context;
	size_t length = strlen(query);

	snprintf(query + length, 512 - length, "%s%s=%s", length ? "&" : "", name, value);
	return MHD_YES;
}

static void keep_headers(struct request_seen *seen, struct MHD_Connection *connection)
{
	keep(seen->key, sizeof(seen->key),
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key"));
	keep(seen->authorization, sizeof(seen->authorization),
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"));
	keep(seen->if_match, sizeof(seen->if_match),
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-Match"));
	keep(seen->accept, sizeof(seen->accept),
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"));
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_argument, seen->query);
}

static ssize_t give_bytes(void *context, uint64_t position, char *buffer, size_t most)
{
	const struct answer *answer = context;

	if (position >= answer->endless)
		return MHD_CONTENT_READER_END_OF_STREAM;
	size_t left = (size_t)(answer->endless - position);
	size_t count = left < most ? left : most;
	memset(buffer, 'x', count);
	return (ssize_t)count;
}

static struct MHD_Response *make_response(const struct answer *answer)
{
	const char *body = answer->body ? answer->body : "";
	struct MHD_Response *response =
	    answer->endless
	        ? MHD_create_response_from_callback(
	              MHD_SIZE_UNKNOWN, 4096, give_bytes, (void *)answer, NULL)
	        : MHD_create_response_from_buffer(strlen(body), (void *)body, MHD_RESPMEM_PERSISTENT);

	if (answer->type)
		MHD_add_response_header(response, "Content-Type", answer->type);
	if (answer->header) {
		char name[64] = "";
		const char *colon = strchr(answer->header, ':');
		memcpy(name, answer->header, (size_t)(colon - answer->header));
		MHD_add_response_header(response, name, colon + 2);
	}
	return response;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *size, void **state)
{
	struct server *server = context;
	struct request_seen *seen = *state;

	pthread_mutex_lock(&server->lock);
	bool first = seen == NULL;
	if (first && server->request_count < SERVER_REQUESTS) {
		seen = &server->requests[server->request_count++];
		keep(seen->method, sizeof(seen->method), method);
		keep(seen->url, sizeof(seen->url), url);
		keep_headers(seen, connection);
		*state = seen;
	}
	if (seen && *size) {
		size_t length = strlen(seen->body);
		snprintf(seen->body + length, sizeof(seen->body) - length, "%.*s", (int)*size, bytes);
	}
	size_t place = seen ? (size_t)(seen - server->requests) : 0;
	pthread_mutex_unlock(&server->lock);
	if (!seen)
		return MHD_NO;
	if (first || *size) {
		*size = 0;
		return MHD_YES;
	}
	if (place >= server->script_length)
		place = server->script_length - 1;
	const struct answer *answer = &server->script[place];
	if (!answer->status)
		return MHD_NO;
	struct MHD_Response *response = make_response(answer);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return result;
}

void server_start(struct server *server, const struct answer *script, size_t script_length)
{
	const struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	*server = (struct server){
	    .script = script, .script_length = script_length, .lock = PTHREAD_MUTEX_INITIALIZER};
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, server,
	    MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
	cr_assert_not_null(server->daemon);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
	    MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

void server_stop(struct server *server)
{
	MHD_stop_daemon(server->daemon);
}
