/*
 * Owns `cspr webhook listen`: a receiver on this machine that checks each call and shows it. One
 * thread of libmicrohttpd answers, so that lines never mix; the main thread waits for the end.
 */
#include "cli/output.h"
#include "cli/report.h"
#include "cli/secrets.h"
#include "cli/session.h"
#include "cli/terminal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define WEBHOOK_BYTES ((size_t)1024 * 1024)
#define TOLERANCE_SECONDS 300
#define SEEN_MOST 100000 /* ids that are remembered, the oldest giving way */
#define ANSWERS_MOST 64
#define IDLE_SECONDS 30

struct listener {
	struct secrets secrets;
	const char *name;
	int answers[ANSWERS_MOST]; /* one after the other, the last for all that follow */
	size_t answer_count;
	bool allow_bad;
	bool acknowledges;
	bool lines; /* for people, rather than JSON */
	bool colour;
	long most; /* calls, then the end; 0 is no end */
	long calls;
	long finished;
	json_t *seen; /* webhook-id → when it came first */
	int ended;    /* eventfd: the last call has been answered */
};

struct delivery {
	struct text body;
	bool counted;
};

static void put_time(char instant[32])
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t length = strftime(instant, 24, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(instant + length, 32 - length, ".%03ldZ", now.tv_nsec / 1000000);
}

static bool remember(struct listener *listener, const char *id)
{
	char instant[32];

	if (json_object_get(listener->seen, id))
		return true;
	if (json_object_size(listener->seen) == SEEN_MOST)
		json_object_del(listener->seen, json_object_iter_key(json_object_iter(listener->seen)));
	put_time(instant);
	json_object_set_new(listener->seen, id, json_string(instant));
	return false;
}

/* The same for a duplicate as for the first; of a call that was not taken there is none. */
static char *acknowledgement(const struct listener *listener, const char *id, int status)
{
	const char *received_at = id ? json_string_value(json_object_get(listener->seen, id)) : NULL;
	struct text reference CLEANUP(text_finish) = TEXT_INIT(1024);

	if (!listener->acknowledges || !received_at || status < 200 || status > 299)
		return NULL;
	text_printf(&reference, "%.60s-%.8s", listener->name, id);
	json_t *body CLEANUP(json_decref) = json_pack("{s:{s:s, s:s}}", "acknowledged", "reference",
	    text_string(&reference), "received_at", received_at);
	return body ? json_dumps(body, JSON_COMPACT) : NULL;
}

static void print_line(const struct listener *listener, const struct cspr_webhook *webhook,
    enum cspr_verdict verdict, bool duplicate, int status, const json_t *body)
{
	struct text raw CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);
	bool valid = verdict == CSPR_WEBHOOK_VALID;
	const char *type = json_text(body, "type");
	char instant[32];

	put_time(instant);
	text_printf(&raw, "%s  %s  %s  %s", instant, listener->name, webhook->id ? webhook->id : "-",
	    type[0] ? type : "-");
	terminal_put(&line, text_string(&raw), false);
	text_puts(&line, "  ");
	if (listener->colour)
		text_puts(&line, valid ? "\033[32m" : "\033[1;31m");
	text_puts(&line, valid ? "signature valid" : "signature INVALID");
	if (listener->colour)
		text_puts(&line, "\033[0m");
	if (!valid)
		text_printf(&line, " (%s)", cspr_verdict_text(verdict));
	text_printf(&line, "%s  answered %d\n", duplicate ? "  duplicate" : "", status);
	if (!output_text(stdout, &line))
		report("The output could not be written");
}

static void print_json(const struct listener *listener, const struct cspr_webhook *webhook,
    enum cspr_verdict verdict, bool duplicate, int status, json_t *body)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)8 * WEBHOOK_BYTES);
	bool valid = verdict == CSPR_WEBHOOK_VALID;
	char instant[32];

	put_time(instant);
	json_t *call CLEANUP(json_decref) = json_pack(
	    "{s:s, s:s, s:s?, s:s?, s:s?, s:s, s:b, s:b, s:i}", "time", instant, "name", listener->name,
	    "id", webhook->id, "timestamp", webhook->timestamp, "type",
	    json_string_value(json_object_get(body, "type")), "signature", valid ? "valid" : "INVALID",
	    "valid", valid, "duplicate", duplicate, "answered", status);
	if (call && !valid)
		json_object_set_new(call, "reason", json_string(cspr_verdict_text(verdict)));
	if (call)
		json_object_set_new(call, "body", body ? json_incref(body) : json_null());
	if (call && !body)
		json_object_set_new(call, "body_text", json_stringn(webhook->body, webhook->body_length));
	char *dumped CLEANUP(free) = call ? json_dumps(call, JSON_COMPACT) : NULL;
	text_puts(&line, dumped ? dumped : "{\"error\":\"a call could not be shown\"}");
	text_putc(&line, '\n');
	if (!output_text(stdout, &line))
		report("The output could not be written");
}

static int next_answer(const struct listener *listener)
{
	size_t place = (size_t)listener->calls;

	return listener->answers[place < listener->answer_count ? place : listener->answer_count - 1];
}

/* Checks and shows one call; gives the status to answer with, and a body (free()) or NULL. */
static int judge(struct listener *listener, struct MHD_Connection *connection,
    const struct text *received, char **ret_body)
{
	const struct cspr_webhook webhook = {
	    .id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-id"),
	    .timestamp = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-timestamp"),
	    .signature = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-signature"),
	    .body = text_string(received),
	    .body_length = received->length,
	};
	enum cspr_verdict verdict = cspr_verify_webhook(
	    listener->secrets.list, listener->secrets.count, &webhook, TOLERANCE_SECONDS, CSPR_NOW);
	json_t *body CLEANUP(json_decref) =
	    json_loadb(text_string(received), received->length, JSON_REJECT_DUPLICATES, NULL);
	bool valid = verdict == CSPR_WEBHOOK_VALID;
	/* Anyone can send an id; only a signed one may make a later call a duplicate. */
	bool duplicate = valid && remember(listener, webhook.id);
	int status = valid || listener->allow_bad ? next_answer(listener) : MHD_HTTP_UNAUTHORIZED;

	listener->calls++;
	if (listener->lines)
		print_line(listener, &webhook, verdict, duplicate, status, body);
	else
		print_json(listener, &webhook, verdict, duplicate, status, body);
	*ret_body = acknowledgement(listener, webhook.id, status);
	return status;
}

/* The body is taken over. */
static enum MHD_Result answer(struct MHD_Connection *connection, int status, char *body)
{
	struct MHD_Response *response =
	    body ? MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE)
	         : MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);

	if (!response) {
		free(body);
		return MHD_NO;
	}
	if (body)
		MHD_add_response_header(response, "Content-Type", "application/json");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "POST");
	enum MHD_Result result = MHD_queue_response(connection, (unsigned int)status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result take_call(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *size, void **state)
{
	struct listener *listener = context;
	struct delivery *delivery = *state;

	if (!delivery) {
		delivery = calloc(1, sizeof(*delivery));
		if (!delivery)
			return MHD_NO;
		delivery->body = TEXT_INIT(WEBHOOK_BYTES);
		*state = delivery;
		return MHD_YES;
	}
	if (*size) {
		text_append(&delivery->body, bytes, *size);
		*size = 0;
		return MHD_YES;
	}
	if (strcmp(method, "POST") != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, NULL);
	if (delivery->body.failed)
		return answer(connection, MHD_HTTP_CONTENT_TOO_LARGE, NULL);
	if (listener->most && listener->calls >= listener->most)
		return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
	delivery->counted = true;
	char *body = NULL;
	int status = judge(listener, connection, &delivery->body, &body);
	return answer(connection, status, body);
}

static void finish_call(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct listener *listener = context;
	struct delivery *delivery = *state;

	if (!delivery)
		return;
	if (delivery->counted)
		listener->finished++;
	if (listener->most && listener->finished >= listener->most &&
	    eventfd_write(listener->ended, 1) != 0)
		report("The end could not be announced");
	text_finish(&delivery->body);
	free(delivery);
	*state = NULL;
}

/* A 204 has no room for an acknowledgement. */
static bool read_answers(const char *list, struct listener *listener)
{
	char *copy CLEANUP(free) = strdup(list);

	for (char *rest = copy; rest;) {
		const char *item = strsep(&rest, ",");
		char *end = NULL;
		long status = strtol(item, &end, 10);
		if (end == item || *end || status < 200 || status > 599 ||
		    (listener->acknowledges && status == MHD_HTTP_NO_CONTENT) ||
		    listener->answer_count == ANSWERS_MOST)
			return false;
		listener->answers[listener->answer_count++] = (int)status;
	}
	return copy && listener->answer_count > 0;
}

/* Written beside it and moved, so that a reader never sees half a number. */
static bool write_port_file(const char *path, unsigned int port)
{
	struct text temporary CLEANUP(text_finish) = TEXT_INIT(4096);

	if (!path)
		return true;
	text_printf(&temporary, "%s.new", path);
	FILE *file = temporary.failed ? NULL : fopen(text_string(&temporary), "we");
	if (!file)
		return false;
	bool ok = fprintf(file, "%u\n", port) > 0;
	ok = fclose(file) == 0 && ok;
	return ok && rename(text_string(&temporary), path) == 0;
}

static struct MHD_Daemon *start(struct listener *listener, long port)
{
	const struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)port, NULL, NULL, take_call,
	    listener, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, finish_call,
	    listener, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, 256,
	    MHD_OPTION_END);
}

static void wait_for_end(const struct listener *listener, int signals)
{
	struct pollfd waits[] = {
	    {.fd = signals, .events = POLLIN}, {.fd = listener->ended, .events = POLLIN}};

	while (poll(waits, ARRAY_LENGTH(waits), -1) < 0 && errno == EINTR)
		;
}

static int serve(struct listener *listener, long port, const char *port_file)
{
	sigset_t ends;

	/* Before the thread starts, so that it inherits the mask and signals come here. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	int signals = signalfd(-1, &ends, SFD_CLOEXEC);
	listener->ended = eventfd(0, EFD_CLOEXEC);
	struct MHD_Daemon *daemon = signals >= 0 && listener->ended >= 0 ? start(listener, port) : NULL;
	int code = EXIT_OTHER;

	if (!daemon) {
		report("Port %ld cannot be listened on: %s", port, strerror(errno));
	} else {
		const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
		if (write_port_file(port_file, info->port)) {
			report("Listening on http://127.0.0.1:%u/", info->port);
			wait_for_end(listener, signals);
			code = EXIT_OK;
		} else {
			report("%s cannot be written: %s", port_file, strerror(errno));
		}
		MHD_stop_daemon(daemon);
	}
	if (listener->ended >= 0)
		close(listener->ended);
	if (signals >= 0)
		close(signals);
	return code;
}

int command_listen(struct session *session, const struct arguments *arguments)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct listener listener = {.ended = -1};
	const char *answers = arguments_flag(arguments, "answer");
	const char *name = arguments_flag(arguments, "name");
	long port = 0;

	listener.name = name ? name : "webhook";
	listener.allow_bad = arguments_flag(arguments, "allow-bad") != NULL;
	listener.lines = output_format_for(arguments->output, stdout) == OUTPUT_TABLE;
	listener.colour = terminal_has_colour(stdout);
	listener.acknowledges = arguments_flag(arguments, "acknowledge") != NULL;
	if (!answers)
		answers = listener.acknowledges ? "200" : "204";
	if (!read_answers(answers, &listener))
		return report_usage("--answer is a status from 200 to 599, or several divided by commas; "
		                    "with --acknowledge none is 204, which has no body");
	if (!arguments_number(arguments, "port", 0, 65535, 0, &port, &message) ||
	    !arguments_number(arguments, "count", 1, 1000000000, 0, &listener.most, &message) ||
	    !secrets_read(arguments, &listener.secrets, &message))
		return report_usage("%s", text_string(&message));
	listener.seen = json_object();
	int code = serve(&listener, port, arguments_flag(arguments, "port-file"));
	json_decref(listener.seen);
	secrets_finish(&listener.secrets);
	return code;
}
