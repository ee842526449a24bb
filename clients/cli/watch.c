/* Owns `cspr watch`: what changes among deadlines and notifications, until interrupted. */
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"

#include <signal.h>
#include <time.h>

#define DEADLINES "listDeadlines"
#define NOTIFICATIONS "listNotifications"

struct watch {
	struct session *session;
	const struct arguments *arguments;
	json_t *known; /* "operation id" → the row as it was last */
};

static void put_time(struct text *line)
{
	time_t now = time(NULL);
	struct tm utc;
	char written[32];

	gmtime_r(&now, &utc);
	strftime(written, sizeof(written), "%Y-%m-%dT%H:%M:%SZ", &utc);
	text_puts(line, written);
}

static void put_columns(const struct operation *operation, const json_t *row, struct text *line)
{
	size_t index;
	json_t *column;

	json_array_foreach ((json_t *)operation->columns, index, column) {
		const char *path =
		    json_is_string(column) ? json_string_value(column) : json_text(column, "key");
		text_puts(line, "  ");
		json_put_plain(line, json_at(row, path));
	}
	if (!json_is_array(operation->columns)) {
		text_puts(line, "  ");
		json_put_plain(line, row);
	}
}

static bool print_change(
    const struct watch *watch, const struct operation *operation, const char *what, json_t *row)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);

	if (output_format_for(watch->arguments->output, stdout) == OUTPUT_TABLE) {
		struct text raw CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);
		put_time(&raw);
		text_printf(&raw, "  %s", what);
		put_columns(operation, row, &raw);
		terminal_put(&line, text_string(&raw), false);
		text_putc(&line, '\n');
	} else {
		struct text now CLEANUP(text_finish) = TEXT_INIT(64);
		put_time(&now);
		json_t *change CLEANUP(json_decref) =
		    json_pack("{s:s, s:s, s:O}", "time", text_string(&now), "kind", what, "row", row);
		char *dumped CLEANUP(free) = change ? json_dumps(change, JSON_COMPACT) : NULL;
		if (!dumped)
			return false;
		text_puts(&line, dumped);
		text_putc(&line, '\n');
	}
	return output_text(stdout, &line);
}

/* Rows without an id of their own are known by their incident and kind. */
static void put_identity(const char *operation, const json_t *row, struct text *identity)
{
	const char *const members[] = {"id", "incident_id", "kind", "basis", "start_event"};

	text_puts(identity, operation);
	for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
		text_printf(identity, " %s", json_text(row, members[i]));
}

static int poll_list(struct watch *watch, const char *operation_id, const char *what)
{
	const struct operation *operation = document_operation(watch->session->document, operation_id);
	json_t *list CLEANUP(json_decref) = NULL;
	size_t index;
	json_t *row;

	if (!operation)
		return EXIT_OK;
	const struct cspr_request request = {.method = "GET", .path = operation->path};
	int code = session_whole_list(watch->session, &request, &list);
	if (code != EXIT_OK)
		return code;
	json_array_foreach (json_object_get(list, "data"), index, row) {
		struct text identity CLEANUP(text_finish) = TEXT_INIT(4096);
		put_identity(operation->id, row, &identity);
		json_t *before = json_object_get(watch->known, text_string(&identity));
		if (before && json_equal(before, row))
			continue;
		if (!print_change(watch, operation, what, row) ||
		    json_object_set(watch->known, text_string(&identity), row) != 0)
			return EXIT_OTHER;
	}
	return EXIT_OK;
}

/* A service that is away for a while does not end the watch; a refusal does. */
static bool is_passing(int code)
{
	return code == EXIT_NETWORK || code == EXIT_SERVER || code == EXIT_RATE_LIMITED;
}

static int watch_until(struct watch *watch, long seconds, long rounds, const sigset_t *ends)
{
	const struct timespec pause = {.tv_sec = seconds};

	for (long round = 1;; round++) {
		int code = poll_list(watch, DEADLINES, "deadline");
		if (code == EXIT_OK)
			code = poll_list(watch, NOTIFICATIONS, "notification");
		if (code != EXIT_OK && !is_passing(code))
			return code;
		if (rounds && round == rounds)
			return code;
		if (sigtimedwait(ends, NULL, &pause) > 0)
			return EXIT_OK;
	}
}

int command_watch(struct session *session, const struct arguments *arguments)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(512);
	json_t *known CLEANUP(json_decref) = json_object();
	struct watch watch = {session, arguments, known};
	long seconds = 30;
	long rounds = 0;
	sigset_t ends;

	if (arguments->word_count)
		return report_usage("cspr watch takes no arguments");
	if (!arguments_number(arguments, "every", 1, 86400, 30, &seconds, &message) ||
	    !arguments_number(arguments, "count", 1, 1000000, 0, &rounds, &message))
		return report_usage("%s", text_string(&message));
	int code = session_open(session, arguments);
	if (code != EXIT_OK)
		return code;
	/* Blocked, so that an interruption ends the pause and never a half-written line. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return watch_until(&watch, seconds, rounds, &ends);
}
