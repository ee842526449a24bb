/* Owns the running of one call: confirmation, curl's rendering, paging, and the answer's output. */
#include "cli/call.h"
#include "cli/curl_line.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/terminal.h"

static int print_curl(
    struct session *session, const struct arguments *arguments, const struct call *call)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)32 * 1024 * 1024);

	int code = session_find_access(session, arguments);
	if (code != EXIT_OK)
		return code;
	curl_line_put(session->access.url, true, &call->request, &line);
	return output_text(stdout, &line) ? EXIT_OK : EXIT_OTHER;
}

/* True when the user agrees, or has agreed beforehand. */
static int confirm(
    const struct operation *operation, const struct arguments *arguments, const struct call *call)
{
	char answer[16] = "";

	if (!operation || !operation->confirms || arguments->yes || arguments->dry_run ||
	    arguments->curl)
		return EXIT_OK;
	if (!terminal_is(stdin) || !terminal_is(stderr))
		return report_usage("%s %s asks for --yes", operation->method, call->request.path);
	fprintf(stderr, "%s %s: really? [y/N] ", operation->method, call->request.path);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return EXIT_OK;
	report("Nothing was done");
	return EXIT_OTHER;
}

static bool is_json(const char *type)
{
	size_t length = strlen(type);

	return strcmp(type, "application/json") == 0 ||
	       (length > 5 && strcmp(type + length - 5, "+json") == 0);
}

/* A list has its next page by itself; a report's is another call. */
static void tell_of_more(const json_t *value)
{
	const char *next = json_string_value(json_object_get(json_object_get(value, "links"), "next"));
	const char *after = next ? strstr(next, "&after=") : NULL;

	if (json_is_true(json_object_get(value, "has_more")) && terminal_is(stderr))
		report("There is more; --all shows it");
	/* Said to scripts too: a table that ends early looks like a whole one. */
	if (after)
		report("There is more; --after %s shows it", after + strlen("&after="));
}

static int write_answer(const struct operation *operation, const struct arguments *arguments,
    const struct cspr_response *response)
{
	json_t *value CLEANUP(json_decref) = NULL;
	size_t length = 0;
	const char *body = cspr_body(response, &length);

	if (length == 0)
		return EXIT_OK;
	if (!is_json(cspr_content_type(response)))
		return output_bytes(stdout, body, length) ? EXIT_OK : EXIT_OTHER;
	int code = session_json(response, &value);
	if (code != EXIT_OK)
		return code;
	const struct output output = {arguments->output, operation ? operation->columns : NULL, stdout};
	if (!output_value(&output, value)) {
		report("The output could not be written");
		return EXIT_OTHER;
	}
	tell_of_more(value);
	return EXIT_OK;
}

/* In a batch's answer (207) each item has its own status; one that was refused decides. */
static int code_of_items(const struct cspr_response *response)
{
	json_t *value CLEANUP(json_decref) = NULL;
	size_t index;
	json_t *item;

	if (cspr_status(response) != 207)
		return EXIT_OK;
	int code = session_json(response, &value);
	if (code != EXIT_OK)
		return code;
	json_array_foreach (json_object_get(value, "data"), index, item) {
		if (json_integer_value(json_object_get(item, "status")) >= 400)
			return EXIT_INVALID;
	}
	return EXIT_OK;
}

static int run_once(struct session *session, const struct operation *operation,
    const struct arguments *arguments, const struct call *call)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	int code = session_call(session, &call->request, &response);

	if (code != EXIT_OK)
		return code;
	if (cspr_replayed(response))
		report("This had been done before; the kept answer follows");
	code = write_answer(operation, arguments, response);
	return code == EXIT_OK ? code_of_items(response) : code;
}

/* Page by page where rows stand alone, so that a long list is not held in memory. */
static int run_pages(struct session *session, const struct operation *operation,
    const struct arguments *arguments, const struct call *call)
{
	struct cspr_pages *pages CLEANUP(cspr_pages_destroy) = NULL;
	enum cspr_error error = cspr_pages_create(session->cspr, &call->request, &pages);

	if (error != CSPR_OK)
		return report_failure(session->cspr, error, NULL);
	for (;;) {
		json_t *page CLEANUP(json_decref) = NULL;
		int code = session_next_page(session, pages, &page);
		if (code != EXIT_OK || !page)
			return code;
		const struct output output = {
		    arguments->output, operation ? operation->columns : NULL, stdout};
		if (!output_value(&output, json_object_get(page, "data")))
			return EXIT_OTHER;
	}
}

static int run_all(struct session *session, const struct operation *operation,
    const struct arguments *arguments, const struct call *call)
{
	json_t *list CLEANUP(json_decref) = NULL;
	enum output_format format = output_format_for(arguments->output, stdout);

	if (strcmp(call->request.method, "GET") != 0)
		return report_usage("--all is for lists");
	if (format == OUTPUT_NDJSON || format == OUTPUT_ID)
		return run_pages(session, operation, arguments, call);
	int code = session_whole_list(session, &call->request, &list);
	if (code != EXIT_OK)
		return code;
	const struct output output = {format, operation ? operation->columns : NULL, stdout};
	return output_value(&output, list) ? EXIT_OK : EXIT_OTHER;
}

int call_run(struct session *session, const struct operation *operation,
    const struct arguments *arguments, struct call *call)
{
	int code = confirm(operation, arguments, call);

	if (code != EXIT_OK)
		return code;
	if (arguments->curl)
		return print_curl(session, arguments, call);
	code = session_open(session, arguments);
	if (code != EXIT_OK)
		return code;
	return arguments->all ? run_all(session, operation, arguments, call)
	                      : run_once(session, operation, arguments, call);
}

int command_operation(struct session *session, const struct arguments *arguments)
{
	struct call call CLEANUP(call_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	const struct operation *operation = arguments->operation;

	if (!call_make(session->document, operation, arguments, &call, &message))
		return report_usage("%s", text_string(&message));
	int code = call_take_version(session, operation, arguments, &call);
	return code == EXIT_OK ? call_run(session, operation, arguments, &call) : code;
}
