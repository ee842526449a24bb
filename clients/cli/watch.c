/*
 * Owns `cspr watch`: the feed of events as it grows, until interrupted. The service keeps each
 * request until there is something. What was not shown is asked for again behind the same place,
 * and the place moves on only when all before it has been written: a lost connection loses nothing
 * and repeats nothing.
 */
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"

#include <signal.h>
#include <time.h>

#define FEED "listEvents"
/* How long the service may keep a request that has nothing to tell. */
#define KEEP_SECONDS 20
#define PAGE_MOST 100
#define QUERY_MOST 6
#define PAUSE_FIRST_MS 200
#define PAUSE_MOST_MS 30000

struct watch {
	struct session *session;
	const struct arguments *arguments;
	const struct operation *feed;
	char *place; /* the feed's `next`, or "now"; NULL is its beginning */
	long left;   /* events to the end; 0 is no end */
	sigset_t ends;
};

static void put_row(const struct watch *watch, const json_t *event, struct text *line)
{
	struct text raw CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);
	size_t index;
	json_t *column;

	json_array_foreach ((json_t *)watch->feed->columns, index, column) {
		const char *path =
		    json_is_string(column) ? json_string_value(column) : json_text(column, "key");
		text_puts(&raw, index ? "  " : "");
		json_put_plain(&raw, json_at(event, path));
	}
	terminal_put(line, text_string(&raw), false);
}

static bool print_event(const struct watch *watch, const json_t *event)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);

	if (output_format_for(watch->arguments->output, stdout) == OUTPUT_TABLE) {
		put_row(watch, event, &line);
	} else {
		char *dumped CLEANUP(free) = json_dumps(event, JSON_COMPACT);
		if (!dumped)
			return false;
		text_puts(&line, dumped);
	}
	text_putc(&line, '\n');
	return output_text(stdout, &line);
}

/* All of an answer, or none of it: one that is no page is shown as nothing. */
static int take_page(struct watch *watch, const struct cspr_response *response)
{
	json_t *page CLEANUP(json_decref) = NULL;
	size_t index;
	json_t *event;

	int code = session_json(response, &page);
	if (code != EXIT_OK)
		return code;
	const char *next = json_string_value(json_object_get(page, "next"));
	char *place = next ? strdup(next) : NULL;
	if (!place) {
		report("The service's answer is no page of the feed");
		return EXIT_OTHER;
	}
	json_array_foreach (json_object_get(page, "data"), index, event) {
		if (!print_event(watch, event)) {
			free(place);
			return EXIT_OTHER;
		}
	}
	if (watch->left)
		watch->left -= (long)json_array_size(json_object_get(page, "data"));
	free(watch->place);
	watch->place = place;
	return EXIT_OK;
}

static bool is_now(const struct watch *watch)
{
	return watch->place && strcmp(watch->place, "now") == 0;
}

/*
 * Where "now" is must be known before anything is waited for: it would be later with each
 * repetition.
 */
static int look(struct watch *watch)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	static const char *const filters[] = {"type", "incident-id"};
	static const char *const names[] = {"type", "incident_id"};
	struct cspr_pair query[QUERY_MOST];
	char limit[24];
	char wait[24];
	size_t count = 0;

	snprintf(limit, sizeof(limit), "%ld",
	    watch->left && watch->left < PAGE_MOST ? watch->left : (long)PAGE_MOST);
	snprintf(wait, sizeof(wait), "%d", is_now(watch) ? 0 : KEEP_SECONDS);
	query[count++] = (struct cspr_pair){"limit", limit};
	query[count++] = (struct cspr_pair){"wait", wait};
	if (watch->place)
		query[count++] = (struct cspr_pair){"after", watch->place};
	for (size_t i = 0; i < ARRAY_LENGTH(filters); i++) {
		const char *value = arguments_flag(watch->arguments, filters[i]);
		if (value)
			query[count++] = (struct cspr_pair){names[i], value};
	}
	const struct cspr_request request = {
	    .method = "GET", .path = watch->feed->path, .query = query, .query_count = count};
	int code = session_call(watch->session, &request, &response);
	return code == EXIT_OK ? take_page(watch, response) : code;
}

/* A service that is away for a while does not end the watch; a refusal does. */
static bool is_passing(int code)
{
	return code == EXIT_NETWORK || code == EXIT_SERVER || code == EXIT_RATE_LIMITED;
}

/* The signals that end it are blocked, so that they never fall into a half-written line. */
static bool is_ended(void *context)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

static int watch_until_ended(struct watch *watch)
{
	long pause_ms = PAUSE_FIRST_MS;

	while (!is_ended(NULL)) {
		int code = look(watch);
		if (code == EXIT_INTERRUPTED)
			break;
		if (code != EXIT_OK && !is_passing(code))
			return code;
		if (code == EXIT_OK) {
			if (watch->left == 0 && arguments_flag(watch->arguments, "count"))
				break;
			pause_ms = PAUSE_FIRST_MS;
			continue;
		}
		const struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};
		if (sigtimedwait(&watch->ends, NULL, &pause) > 0)
			break;
		pause_ms = pause_ms * 2 < PAUSE_MOST_MS ? pause_ms * 2 : PAUSE_MOST_MS;
	}
	return EXIT_OK;
}

static char *first_place(const struct arguments *arguments)
{
	const char *after = arguments_flag(arguments, "after");

	if (arguments_flag(arguments, "from-start"))
		return NULL;
	return strdup(after ? after : "now");
}

int command_watch(struct session *session, const struct arguments *arguments)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(512);
	struct watch watch = {
	    .session = session,
	    .arguments = arguments,
	    .feed = document_operation(session->document, FEED),
	};

	if (arguments->word_count || !watch.feed)
		return report_usage("cspr watch takes no arguments");
	if (arguments_flag(arguments, "after") && arguments_flag(arguments, "from-start"))
		return report_usage("It goes on with --after or begins with --from-start, not both");
	if (!arguments_number(arguments, "count", 1, 1000000000, 0, &watch.left, &message))
		return report_usage("%s", text_string(&message));
	session->keeps_ms = KEEP_SECONDS * 1000L;
	session->interrupted = is_ended;
	int code = session_open(session, arguments);
	if (code != EXIT_OK)
		return code;
	sigemptyset(&watch.ends);
	sigaddset(&watch.ends, SIGINT);
	sigaddset(&watch.ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &watch.ends, NULL);
	watch.place = first_place(arguments);
	code = watch_until_ended(&watch);
	if (watch.place && !is_now(&watch))
		report("To go on from here: --after %s", watch.place);
	free(watch.place);
	return code;
}
