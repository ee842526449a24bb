/* Owns `cspr deadlines` and its check for cron. */
#include "cli/deadlines.h"

#include "cli/call.h"
#include "cli/output.h"
#include "cli/report.h"

#include <time.h>

static long remaining_of(const json_t *row)
{
	const json_t *remaining = json_object_get(row, "remaining");

	return json_is_integer(remaining) ? (long)json_integer_value(remaining) : 2;
}

/*
 * `remaining` counts in the clock's own unit. A calendar day is never more than a working day, and
 * a month says too little, so there the date itself decides.
 */
enum deadline_state deadline_state_of(const json_t *row, const char *today)
{
	const char *state = json_text(row, "state");
	const char *due_on = json_text(row, "due_on");

	if (strcmp(state, "breached") == 0)
		return DEADLINE_BREACHED;
	if (strcmp(state, "running") != 0)
		return DEADLINE_CALM;
	if (due_on[0] && strcmp(due_on, today) < 0)
		return DEADLINE_BREACHED;
	if (due_on[0] && strcmp(due_on, today) == 0)
		return DEADLINE_AT_RISK;
	if (strcmp(json_text(row, "unit"), "month") == 0)
		return DEADLINE_CALM;
	return remaining_of(row) <= 1 ? DEADLINE_AT_RISK : DEADLINE_CALM;
}

static const struct operation *find_operation(const struct session *session)
{
	const struct operation *operation = document_operation(session->document, "listDeadlines");

	if (!operation)
		report("The document of this program has no deadlines");
	return operation;
}

int command_deadlines(struct session *session, const struct arguments *arguments)
{
	struct arguments listing = *arguments;

	listing.operation = find_operation(session);
	return listing.operation ? command_operation(session, &listing) : EXIT_OTHER;
}

/* The statute's days are those of London, wherever this runs. */
static void put_today(char today[11])
{
	time_t now = time(NULL);
	struct tm local;

	setenv("TZ", "Europe/London", 1);
	tzset();
	localtime_r(&now, &local);
	strftime(today, 11, "%Y-%m-%d", &local);
}

static json_t *pressing(const json_t *rows, const char *today, enum deadline_state *ret_worst)
{
	json_t *found = json_array();
	size_t index;
	json_t *row;

	*ret_worst = DEADLINE_CALM;
	json_array_foreach ((json_t *)rows, index, row) {
		enum deadline_state state = deadline_state_of(row, today);
		if (state == DEADLINE_CALM)
			continue;
		if (state > *ret_worst)
			*ret_worst = state;
		json_array_append(found, row);
	}
	return found;
}

int command_deadlines_check(struct session *session, const struct arguments *arguments)
{
	struct call call CLEANUP(call_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);
	json_t *list CLEANUP(json_decref) = NULL;
	const struct operation *operation = find_operation(session);
	char today[11];
	enum deadline_state worst;

	if (!operation)
		return EXIT_OTHER;
	if (!call_make(session->document, operation, arguments, &call, &message))
		return report_usage("%s", text_string(&message));
	if (arguments->curl)
		return call_run(session, operation, arguments, &call);
	int code = session_open(session, arguments);
	if (code == EXIT_OK)
		code = session_whole_list(session, &call.request, &list);
	if (code != EXIT_OK)
		return code;
	put_today(today);
	json_t *found CLEANUP(json_decref) = pressing(json_object_get(list, "data"), today, &worst);
	const struct output output = {arguments->output, operation->columns, stdout};
	if (!output_value(&output, found))
		return EXIT_OTHER;
	if (worst == DEADLINE_BREACHED)
		return EXIT_DEADLINE_BREACHED;
	return worst == DEADLINE_AT_RISK ? EXIT_DEADLINE_AT_RISK : EXIT_OK;
}
