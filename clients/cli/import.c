/*
 * Owns `cspr incident import`: one POST a row. A refused row does not stop the others; an answer
 * that would meet every row alike (network, authentication, the service's own faults) does.
 */
#include "cli/import.h"

#include "cli/body.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"

#define FILE_BYTES ((size_t)256 * 1024 * 1024)
#define BAR_CELLS 30

struct import {
	struct session *session;
	const struct arguments *arguments;
	const struct operation *operation;
	struct csv_row heading;
	json_t *seen;    /* body → how often it has come */
	json_t *results; /* of each row, unless they are printed as they come */
	size_t created;
	size_t replayed;
	size_t refused;
};

static void import_finish(struct import *import)
{
	csv_row_finish(&import->heading);
	json_decref(import->seen);
	json_decref(import->results);
}
DEFINE_VALUE_CLEANUP(struct import, import_finish)

static void show_progress(size_t done, size_t whole)
{
	struct text bar CLEANUP(text_finish) = TEXT_INIT(512);
	size_t filled = whole ? done * BAR_CELLS / whole : BAR_CELLS;

	if (!terminal_is(stderr))
		return;
	text_puts(&bar, "\r[");
	text_repeat(&bar, "#", filled);
	text_repeat(&bar, "-", BAR_CELLS - filled);
	text_printf(&bar, "] %3zu %%%s", whole ? done * 100 / whole : 100, done == whole ? "\n" : "");
	fwrite(text_string(&bar), 1, bar.length, stderr);
	fflush(stderr);
}

static size_t count_occurrence(json_t *seen, const char *body)
{
	size_t occurrence = (size_t)json_integer_value(json_object_get(seen, body)) + 1;

	json_object_set_new(seen, body, json_integer((json_int_t)occurrence));
	return occurrence;
}

static int add_result(struct import *import, json_t *result)
{
	json_t *owned CLEANUP(json_decref) = result;
	enum output_format format = output_format_for(import->arguments->output, stdout);

	if (!owned)
		return EXIT_OTHER;
	if (format != OUTPUT_NDJSON && format != OUTPUT_ID)
		return json_array_append(import->results, owned) == 0 ? EXIT_OK : EXIT_OTHER;
	const struct output output = {format, NULL, stdout};
	if (format == OUTPUT_ID && !json_object_get(owned, "id"))
		return EXIT_OK;
	return output_value(&output, owned) ? EXIT_OK : EXIT_OTHER;
}

static int refuse_row(struct import *import, size_t line, const char *detail)
{
	import->refused++;
	return add_result(import, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)line, "result",
	                              "refused", "detail", detail));
}

static void describe(const struct cspr_problem *problem, struct text *detail)
{
	text_puts(detail, problem->detail[0] ? problem->detail : problem->title);
	for (size_t i = 0; i < problem->fault_count; i++)
		text_printf(detail, "; %s: %s", problem->faults[i].pointer, problem->faults[i].detail);
}

static int take_success(struct import *import, size_t line, const struct cspr_response *response)
{
	json_t *body CLEANUP(json_decref) = NULL;
	bool replayed = cspr_replayed(response);
	int code = session_json(response, &body);

	if (code != EXIT_OK)
		return code;
	import->created += !replayed;
	import->replayed += replayed;
	const char *result = replayed ? "already_there" : "created";
	if (import->arguments->dry_run)
		result = "would_be_created";
	json_t *row = json_pack("{s:I, s:s}", "line", (json_int_t)line, "result", result);
	const char *const members[] = {"id", "reference", "local_ref"};
	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		json_t *value = json_object_get(body, members[i]);
		if (json_is_string(value))
			json_object_set(row, members[i], value);
	}
	return add_result(import, row);
}

static int take_answer(struct import *import, size_t line, const struct cspr_response *response)
{
	struct text detail CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);
	const struct cspr_problem *problem = cspr_problem(response);
	int code = exit_code_of_status(cspr_status(response));

	if (code == EXIT_OK)
		return take_success(import, line, response);
	if (code != EXIT_INVALID && code != EXIT_CONFLICT) {
		report("The import stopped at line %zu; run again, it goes on where it was", line);
		return report_answer(response, NULL);
	}
	if (problem)
		describe(problem, &detail);
	else
		text_printf(&detail, "The service answered %d", cspr_status(response));
	return refuse_row(import, line, text_string(&detail));
}

static int send_row(struct import *import, size_t line, const json_t *body)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	char *dumped CLEANUP(free) = json_dumps(body, JSON_COMPACT);
	char key[65];
	const struct cspr_pair dry_run = {"dry_run", "true"};

	if (!dumped)
		return EXIT_OTHER;
	import_key(dumped, count_occurrence(import->seen, dumped), import->arguments->dry_run, key);
	const struct cspr_request request = {
	    .method = "POST",
	    .path = import->operation->path,
	    .query = &dry_run,
	    .query_count = import->arguments->dry_run ? 1 : 0,
	    .body = dumped,
	    .body_length = strlen(dumped),
	    .idempotency_key = key,
	};
	enum cspr_error error = cspr_call(import->session->cspr, &request, &response);
	if (error != CSPR_OK) {
		report("The import stopped at line %zu; run again, it goes on where it was", line);
		return report_failure(import->session->cspr, error, NULL);
	}
	return take_answer(import, line, response);
}

static int import_rows(struct import *import, struct csv_reader *reader, const char *start)
{
	size_t whole = (size_t)(reader->end - start);

	for (;;) {
		struct csv_row row CLEANUP(csv_row_finish) = {0};
		json_t *body CLEANUP(json_decref) = NULL;
		struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
		size_t line = reader->line;
		enum csv_result result = csv_next(reader, &row);
		int code;

		if (result == CSV_END || result == CSV_NO_MEMORY)
			return result == CSV_END ? EXIT_OK : EXIT_OTHER;
		if (result == CSV_BROKEN)
			code = refuse_row(import, line, "The line is not CSV");
		else if (!import_body(import->session->document, import->operation->body, &import->heading,
		             &row, &body, &message))
			code = refuse_row(import, row.line, text_string(&message));
		else
			code = send_row(import, row.line, body);
		if (code != EXIT_OK)
			return code;
		show_progress((size_t)(reader->at - start), whole);
	}
}

static int import_file(struct import *import, const struct text *bytes)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(8192);
	struct csv_reader reader = csv_open(text_string(bytes), bytes->length);

	if (csv_next(&reader, &import->heading) != CSV_ROW)
		return report_usage("The file has no heading");
	if (!import_check_heading(
	        import->session->document, import->operation->body, &import->heading, &message))
		return report_usage("%s", text_string(&message));
	int code = session_open(import->session, import->arguments);
	if (code == EXIT_OK)
		code = import_rows(import, &reader, text_string(bytes));
	const struct output output = {import->arguments->output, NULL, stdout};
	if (json_array_size(import->results) && !output_value(&output, import->results))
		return EXIT_OTHER;
	report("%zu %s, %zu were there already, %zu refused", import->created,
	    import->arguments->dry_run ? "would be created" : "created", import->replayed,
	    import->refused);
	return code == EXIT_OK && import->refused ? EXIT_INVALID : code;
}

int command_import(struct session *session, const struct arguments *arguments)
{
	struct text bytes CLEANUP(text_finish) = TEXT_INIT(FILE_BYTES);
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct import import CLEANUP(import_finish) = {
	    .session = session,
	    .arguments = arguments,
	    .operation = document_operation(session->document, "createIncident"),
	    .seen = json_object(),
	    .results = json_array(),
	};

	if (arguments->word_count != 1)
		return report_usage("Give one file: cspr incident import FILE.csv");
	if (!import.operation || !import.operation->body) {
		report("The document of this program has no creation of incidents");
		return EXIT_OTHER;
	}
	if (!body_read_file(arguments->words[0], &bytes, &message))
		return report_usage("%s", text_string(&message));
	return import_file(&import, &bytes);
}
