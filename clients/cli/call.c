/* Owns the way from the command line to a request. */
#include "cli/call.h"

#include "cli/body.h"
#include "cli/report.h"

void call_finish(struct call *call)
{
	text_finish(&call->path);
	text_finish(&call->body);
	text_finish(&call->header_names);
	text_finish(&call->if_match);
}

bool call_put_path(const struct operation *operation, const char *const *words, size_t word_count,
    struct text *path, struct text *message)
{
	size_t used = 0;

	if (word_count < operation->path_parameter_count) {
		text_printf(message, "The command needs %s", operation->path_parameters[word_count].name);
		return false;
	}
	if (word_count > operation->path_parameter_count) {
		text_printf(
		    message, "The command does not take %s", words[operation->path_parameter_count]);
		return false;
	}
	for (const char *at = operation->path; *at; at++) {
		if (*at != '{') {
			text_putc(path, *at);
			continue;
		}
		/* "." and ".." would be taken out of the path on the way. */
		const char *word = words[used++];
		if (!word[0] || strcmp(word, ".") == 0 || strcmp(word, "..") == 0) {
			text_printf(
			    message, "%s cannot be \"%s\"", operation->path_parameters[used - 1].name, word);
			return false;
		}
		text_put_escaped(path, word);
		at += strcspn(at, "}");
	}
	return !path->failed;
}

static bool put_query(
    const struct operation *operation, const struct arguments *arguments, struct call *call)
{
	size_t count = 0;

	for (size_t i = 0; i < arguments->flag_count; i++) {
		const struct flag_value *flag = &arguments->flags[i];
		bool known = false;
		for (size_t j = 0; j < operation->flag_count; j++)
			known = known || strcmp(operation->flags[j].name, flag->name) == 0;
		if (known)
			call->query[count++] = (struct cspr_pair){flag->name, flag->value};
	}
	if (arguments->dry_run)
		call->query[count++] = (struct cspr_pair){"dry_run", "true"};
	call->request.query = call->query;
	call->request.query_count = count;
	return true;
}

static bool check_query(
    const struct operation *operation, const struct arguments *arguments, struct text *message)
{
	bool has_dry_run = operation_flag(operation, "dry-run") != NULL;

	if (arguments->dry_run && !has_dry_run) {
		text_puts(message, "This command has no dry run");
		return false;
	}
	for (size_t i = 0; i < operation->flag_count; i++) {
		const struct parameter *parameter = &operation->flags[i];
		if (parameter->required && !arguments_flag(arguments, parameter->name)) {
			text_printf(message, "The command needs --%s", parameter->flag);
			return false;
		}
	}
	return true;
}

/* A sheet goes as it is; a setting has no place in it. */
static bool take_sheet(const struct arguments *arguments, struct call *call, struct text *message)
{
	if (arguments->set_count) {
		text_puts(message, "--set is for JSON, and the body is a sheet");
		return false;
	}
	call->request.content_type = "text/csv";
	return true;
}

static bool take_json(const struct body_schema schema, const struct arguments *arguments,
    struct call *call, struct text *message)
{
	json_t *body CLEANUP(json_decref) = NULL;

	if (!body_make_of(arguments->file, &call->body, arguments->sets, arguments->set_count, schema,
	        &body, message))
		return false;
	char *dumped CLEANUP(free) = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!dumped)
		return false;
	text_finish(&call->body);
	text_puts(&call->body, dumped);
	return true;
}

bool call_take_body(const struct document *document, const struct operation *operation,
    const struct arguments *arguments, struct call *call, struct text *message)
{
	const char *path = arguments->file;

	if (!path && arguments->set_count == 0)
		return true;
	if (operation && !operation->body_type && !operation->takes_csv) {
		text_puts(message, "This command takes no body: neither -f nor --set");
		return false;
	}
	call->request.content_type = operation ? operation->body_type : NULL;
	if (!operation && strcmp(call->request.method, "PATCH") == 0)
		call->request.content_type = "application/merge-patch+json";
	if (path && !body_read_file(path, &call->body, message))
		return false;
	if (operation && operation->takes_csv && path && body_is_sheet(path, &call->body)) {
		if (!take_sheet(arguments, call, message))
			return false;
	} else {
		const struct body_schema schema = {document, operation ? operation->body : NULL};
		if (!take_json(schema, arguments, call, message))
			return false;
	}
	call->request.body = text_string(&call->body);
	call->request.body_length = call->body.length;
	return !call->body.failed;
}

static void add_header(struct call *call, const char *name, const char *value)
{
	call->headers[call->header_count++] = (struct cspr_pair){name, value};
	call->request.headers = call->headers;
	call->request.header_count = call->header_count;
}

bool call_take_headers(const struct arguments *arguments, struct call *call, struct text *message)
{
	size_t starts[ARGUMENTS_MOST];

	for (size_t i = 0; i < arguments->header_count; i++) {
		const char *colon = strchr(arguments->headers[i], ':');
		if (!colon || colon == arguments->headers[i]) {
			text_printf(message, "--header takes name:value, not %s", arguments->headers[i]);
			return false;
		}
		starts[i] = call->header_names.length;
		text_append(
		    &call->header_names, arguments->headers[i], (size_t)(colon - arguments->headers[i]));
		text_append(&call->header_names, "", 1);
	}
	if (call->header_names.failed)
		return false;
	for (size_t i = 0; i < arguments->header_count; i++) {
		const char *value = strchr(arguments->headers[i], ':') + 1;
		value += strspn(value, " ");
		add_header(call, call->header_names.data + starts[i], value);
	}
	if (arguments->accept)
		add_header(call, "Accept", arguments->accept);
	return true;
}

bool call_take_key(const struct arguments *arguments, struct call *call, struct text *message)
{
	if (strcmp(call->request.method, "POST") != 0) {
		if (arguments->idempotency_key)
			text_puts(message, "Only a POST has an idempotency key");
		return !arguments->idempotency_key;
	}
	if (arguments->idempotency_key) {
		call->request.idempotency_key = arguments->idempotency_key;
		return true;
	}
	if (cspr_make_key(call->key) != CSPR_OK) {
		text_puts(message, "No random numbers for an idempotency key");
		return false;
	}
	call->request.idempotency_key = call->key;
	return true;
}

bool call_make(const struct document *document, const struct operation *operation,
    const struct arguments *arguments, struct call *call, struct text *message)
{
	call->path.limit = 8192;
	call->body.limit = BODY_BYTES;
	call->header_names.limit = 16384;
	call->if_match.limit = 1024;
	call->request.method = operation->method;
	if (!check_query(operation, arguments, message) || !put_query(operation, arguments, call) ||
	    !call_put_path(operation, arguments->words, arguments->word_count, &call->path, message))
		return false;
	call->request.path = text_string(&call->path);
	if (!call_take_body(document, operation, arguments, call, message) ||
	    !call_take_headers(arguments, call, message))
		return false;
	if (operation->makes_csv && arguments->output == OUTPUT_CSV && !arguments->accept)
		add_header(call, "Accept", "text/csv");
	return call_take_key(arguments, call, message);
}

/*
 * What the version belongs to: the resource itself, or for a POST below it ("…/transitions") the
 * nearest thing above that can be read.
 */
static bool readable_path(const struct document *document, const struct operation *operation,
    const char *const *words, struct text *path, struct text *message)
{
	char *template CLEANUP(free) = strdup(operation->path);
	bool shorten = strcmp(operation->method, "POST") == 0;

	for (;;) {
		if (!template)
			return false;
		if (shorten) {
			char *slash = strrchr(template, '/');
			if (!slash || slash == template)
				break;
			*slash = '\0';
		}
		shorten = true;
		const struct operation *reads = document_at(document, "GET", template);
		if (reads)
			return call_put_path(reads, words, reads->path_parameter_count, path, message);
	}
	text_puts(message, "Nothing can be read for the version; give --if-match");
	return false;
}

static int read_version(struct session *session, const struct operation *operation,
    const struct arguments *arguments, struct call *call)
{
	struct text path CLEANUP(text_finish) = TEXT_INIT(8192);
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	if (!readable_path(session->document, operation, arguments->words, &path, &message))
		return report_usage("%s", text_string(&message));
	const struct cspr_request request = {.method = "GET", .path = text_string(&path)};
	int code = session_open(session, arguments);
	if (code == EXIT_OK)
		code = session_call(session, &request, &response);
	if (code != EXIT_OK)
		return code;
	const char *version = cspr_header(response, "ETag");
	if (!version) {
		report("%s has no ETag; give --if-match", text_string(&path));
		return EXIT_OTHER;
	}
	text_puts(&call->if_match, version);
	return call->if_match.failed ? EXIT_OTHER : EXIT_OK;
}

int call_take_version(struct session *session, const struct operation *operation,
    const struct arguments *arguments, struct call *call)
{
	if (!arguments->if_match) {
		if (!operation->takes_if_match)
			return EXIT_OK;
		int code = read_version(session, operation, arguments, call);
		if (code != EXIT_OK)
			return code;
	} else {
		/* 3 and "3" both mean the version 3. */
		bool quoted = strchr(arguments->if_match, '"') || strcmp(arguments->if_match, "*") == 0;
		text_printf(&call->if_match, quoted ? "%s" : "\"%s\"", arguments->if_match);
	}
	add_header(call, "If-Match", text_string(&call->if_match));
	return EXIT_OK;
}
