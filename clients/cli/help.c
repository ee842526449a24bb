/* Owns the help texts; what they say comes from the tables and the document. */
#include "cli/help.h"

#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/table.h"

#define HELP_BYTES ((size_t)1024 * 1024)

struct lines {
	struct table table;
	bool failed;
};

static void add(struct lines *lines, const char *left, const char *right)
{
	lines->table.column_count = 3;
	lines->failed = lines->failed || !table_add(&lines->table, "") ||
	                !table_add(&lines->table, left) || !table_add(&lines->table, right);
}

static void put(struct lines *lines, const char *title, struct text *text)
{
	if (lines->table.cell_count) {
		text_printf(text, "\n%s\n", title);
		table_put(&lines->table, 0, false, text);
	}
	text->failed = text->failed || lines->failed;
	table_finish(&lines->table);
}

static bool begins(const char *words, const char *const *beginning, size_t word_count)
{
	for (size_t i = 0; i < word_count; i++) {
		size_t length = strcspn(words, " ");
		if (strlen(beginning[i]) != length || strncmp(words, beginning[i], length) != 0)
			return false;
		words += length;
		words += *words == ' ';
	}
	return true;
}

static void put_usage(const char *words, const struct operation *operation, struct text *usage)
{
	text_puts(usage, words);
	for (size_t i = 0; operation && i < operation->path_parameter_count; i++)
		text_printf(usage, " <%s>", operation->path_parameters[i].name);
}

void help_put_commands(const struct document *document, const char *const *beginning,
    size_t word_count, struct text *text)
{
	struct lines lines = {0};

	for (size_t i = 0; i < document->operation_count; i++) {
		const struct operation *operation = &document->operations[i];
		struct text usage CLEANUP(text_finish) = TEXT_INIT(1024);
		if (!operation->words || !begins(operation->words, beginning, word_count))
			continue;
		put_usage(operation->words, operation, &usage);
		add(&lines, text_string(&usage), operation->summary);
	}
	for (size_t i = 0; i < builtin_count; i++) {
		struct text usage CLEANUP(text_finish) = TEXT_INIT(1024);
		if (!begins(builtins[i].words, beginning, word_count))
			continue;
		text_printf(&usage, "%s %s", builtins[i].words, builtins[i].arguments);
		add(&lines, text_string(&usage), builtins[i].summary);
	}
	put(&lines, "Commands", text);
}

static void put_values(const json_t *values, struct text *text)
{
	if (!json_is_array(values))
		return;
	text_puts(text, text->length ? " (" : "(");
	json_put_plain(text, values);
	text_putc(text, ')');
}

static void put_flags(const struct operation *operation, struct text *text)
{
	struct lines lines = {0};

	for (size_t i = 0; operation && i < operation->flag_count; i++) {
		const struct parameter *parameter = &operation->flags[i];
		struct text left CLEANUP(text_finish) = TEXT_INIT(512);
		struct text right CLEANUP(text_finish) = TEXT_INIT(8192);
		text_printf(&left, "--%s%s%s", parameter->is_negatable ? "[no-]" : "", parameter->flag,
		    parameter->is_switch ? "" : " VALUE");
		text_puts(&right, parameter->description);
		put_values(parameter->values, &right);
		if (parameter->required)
			text_puts(&right, " (needed)");
		add(&lines, text_string(&left), text_string(&right));
	}
	put(&lines, "Options of the command", text);
}

static void put_builtin_options(const struct builtin *builtin, struct text *text)
{
	struct lines lines = {0};

	for (const struct builtin_option *option = builtin->options; option && option->name; option++) {
		struct text left CLEANUP(text_finish) = TEXT_INIT(512);
		text_printf(&left, "--%s%s%s", option->name, option->value ? " " : "",
		    option->value ? option->value : "");
		add(&lines, text_string(&left), option->help);
	}
	put(&lines, "Options of the command", text);
}

static void put_common_options(struct text *text)
{
	struct lines lines = {0};

	for (size_t i = 0; i < common_option_count; i++) {
		const struct common_option *option = &common_options[i];
		struct text left CLEANUP(text_finish) = TEXT_INIT(512);
		if (option->letter)
			text_printf(&left, "-%c, ", option->letter);
		text_printf(&left, "--%s%s%s", option->name, option->value ? " " : "",
		    option->value ? option->value : "");
		add(&lines, text_string(&left), option->help);
	}
	put(&lines, "Options of every command", text);
}

static bool is_required(const json_t *schema, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach (json_object_get(schema, "required"), index, item) {
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

static void put_body(
    const struct document *document, const struct operation *operation, struct text *text)
{
	struct lines lines = {0};
	const char *name;
	json_t *node;

	json_object_foreach (json_object_get(operation->body, "properties"), name, node) {
		const json_t *field = document_resolve(document, node);
		struct text left CLEANUP(text_finish) = TEXT_INIT(512);
		struct text right CLEANUP(text_finish) = TEXT_INIT(8192);
		text_printf(&left, "%s%s", name, is_required(operation->body, name) ? " *" : "");
		text_puts(&right, json_text(field, "description"));
		put_values(json_object_get(field, "enum"), &right);
		add(&lines, text_string(&left), text_string(&right));
	}
	put(&lines, "Fields of the body, for -f and --set (* is needed)", text);
}

void help_put_command(
    const struct document *document, const struct arguments *arguments, struct text *text)
{
	const struct operation *operation = arguments->operation;
	const struct builtin *builtin = arguments->builtin;

	text_puts(text, "Usage: cspr ");
	if (builtin)
		text_printf(text, "%s %s", builtin->words, builtin->arguments);
	else
		put_usage(operation->words, operation, text);
	text_printf(text, " [options]\n\n%s\n", builtin ? builtin->summary : operation->summary);
	if (!builtin && operation->description[0])
		text_printf(text, "\n%s\n", operation->description);
	if (!builtin)
		text_printf(text, "\nCalls %s %s\n", operation->method, operation->path);
	put_flags(operation, text);
	if (builtin)
		put_builtin_options(builtin, text);
	if (!builtin && operation->body)
		put_body(document, operation, text);
	put_common_options(text);
}

static void put_overview(const struct document *document, struct text *text)
{
	text_puts(text,
	    "cspr runs the process after a serious child safeguarding incident, from a shell.\n\n"
	    "Usage: cspr <noun> <verb> [arguments] [options]\n");
	help_put_commands(document, NULL, 0, text);
	put_common_options(text);
	text_puts(text,
	    "\nEnvironment: CSPR_URL, CSPR_TOKEN, CSPR_TOKEN_FILE, CSPR_WEBHOOK_SECRET,\n"
	    "             CSPR_WEBHOOK_SECRET_FILE, NO_COLOR, XDG_CONFIG_HOME\n"
	    "Exit: 0 ok, 1 other, 2 usage, 3 not found, 4 not authenticated, 5 forbidden, 6 invalid,\n"
	    "      7 conflict or stale, 8 rate limited, 9 server, 10 network, 20 a deadline is\n"
	    "      breached, 21 one is at risk\n");
}

static int put_topic(
    const struct document *document, const struct arguments *arguments, struct text *text)
{
	struct arguments topic = {0};
	size_t used = 0;
	size_t own = 0;
	size_t before = text->length;

	topic.operation = document_find(document, arguments->words, arguments->word_count, &used);
	topic.builtin = builtin_find(arguments->words, arguments->word_count, &own);
	if (own >= used && topic.builtin)
		topic.operation = topic.builtin->operation
		                      ? document_operation(document, topic.builtin->operation)
		                      : NULL;
	else
		topic.builtin = NULL;
	if ((own > used ? own : used) == arguments->word_count)
		help_put_command(document, &topic, text);
	else
		help_put_commands(document, arguments->words, arguments->word_count, text);
	if (text->length == before)
		return report_usage("There is no command %s; see cspr help", arguments->words[0]);
	return EXIT_OK;
}

int command_help(struct session *session, const struct arguments *arguments)
{
	struct text text CLEANUP(text_finish) = TEXT_INIT(HELP_BYTES);
	int code = EXIT_OK;

	if (arguments->help && (arguments->operation || arguments->builtin))
		help_put_command(session->document, arguments, &text);
	else if (arguments->word_count)
		code = put_topic(session->document, arguments, &text);
	else
		put_overview(session->document, &text);
	if (code == EXIT_OK && !output_text(stdout, &text))
		code = EXIT_OTHER;
	return code;
}
