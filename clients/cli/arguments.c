/* Owns the parsing of argv against the options that all commands share and those of one. */
#include "cli/arguments.h"

#include <errno.h>

#define TEXT_ROW(name, letter, member, value, help)                                                \
	{                                                                                              \
		name, letter, OPTION_TEXT, offsetof(struct arguments, member), 0, value, help              \
	}
#define LIST_ROW(name, letter, member, count, value, help)                                         \
	{                                                                                              \
		name, letter, OPTION_LIST, offsetof(struct arguments, member),                             \
		    offsetof(struct arguments, count), value, help                                         \
	}
#define SWITCH_ROW(name, letter, member, help)                                                     \
	{                                                                                              \
		name, letter, OPTION_SWITCH, offsetof(struct arguments, member), 0, NULL, help             \
	}

const struct common_option common_options[] = {
    TEXT_ROW("file", 'f', file, "FILE",
        "the body: JSON, or CSV where it may be; - reads standard input"),
    LIST_ROW("set", 0, sets, set_count, "KEY=VALUE", "a member of the body; a.b=1 nests"),
    TEXT_ROW("output", 'o', output_name, "FORMAT",
        "table, json, ndjson, csv, id; of pages html or markdown"),
    SWITCH_ROW("all", 0, all, "every page of a list"),
    SWITCH_ROW("dry-run", 0, dry_run, "all checks and the result, nothing kept"),
    SWITCH_ROW("yes", 'y', yes, "no question before something is deleted"),
    TEXT_ROW("if-match", 0, if_match, "ETAG", "the version to change; else the present one"),
    TEXT_ROW("idempotency-key", 0, idempotency_key, "KEY", "repeats an earlier POST"),
    TEXT_ROW("accept", 0, accept, "TYPE", "another format, such as text/calendar"),
    LIST_ROW("header", 'H', headers, header_count, "NAME:VALUE", "one more request header"),
    SWITCH_ROW("curl", 0, curl, "prints the call for curl and does not make it"),
    TEXT_ROW("url", 0, url, "URL", "the service, instead of CSPR_URL"),
    TEXT_ROW("profile", 0, profile, "NAME", "what `cspr login` stored under this name"),
    TEXT_ROW("ca-file", 0, ca_file, "FILE", "the authorities to trust, in PEM"),
    TEXT_ROW("timeout", 0, timeout, "SECONDS", "for one attempt; 30 unless given"),
    SWITCH_ROW("allow-http", 0, allow_http, "lets the token go over plain http"),
    SWITCH_ROW("help", 'h', help, "what the command does and takes"),
    SWITCH_ROW("version", 0, version, "the program's version"),
};
const size_t common_option_count = ARRAY_LENGTH(common_options);

struct parse {
	const struct document *document;
	struct arguments *arguments;
	struct text *message;
	const char *words[ARGUMENTS_MOST]; /* the command's own included */
	size_t word_count;
	size_t used; /* of them are the command's own */
};

static bool refuse(struct parse *parse, const char *format, const char *what)
{
	text_printf(parse->message, format, what);
	return false;
}

/* The document's command and a built-in may share words; the one with more of them is meant. */
static void find_command(struct parse *parse)
{
	size_t builtin_used = 0;
	size_t operation_used = 0;
	struct arguments *arguments = parse->arguments;

	arguments->builtin = builtin_find(parse->words, parse->word_count, &builtin_used);
	arguments->operation =
	    document_find(parse->document, parse->words, parse->word_count, &operation_used);
	if (operation_used > builtin_used)
		arguments->builtin = NULL;
	else if (arguments->builtin)
		arguments->operation = arguments->builtin->operation ? document_operation(parse->document,
		                                                           arguments->builtin->operation)
		                                                     : NULL;
	parse->used = operation_used > builtin_used ? operation_used : builtin_used;
}

static const struct common_option *find_common(const char *name, size_t length)
{
	for (size_t i = 0; i < common_option_count; i++) {
		const struct common_option *option = &common_options[i];
		if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
			return option;
	}
	return NULL;
}

static bool store(struct parse *parse, const struct common_option *option, const char *value)
{
	char *base = (char *)parse->arguments;

	if (option->kind == OPTION_SWITCH) {
		*(bool *)(base + option->offset) = true;
		return true;
	}
	const char **destination = (const char **)(base + option->offset);
	if (option->kind == OPTION_TEXT) {
		if (*destination)
			return refuse(parse, "--%s is given twice", option->name);
		*destination = value;
		return true;
	}
	size_t *count = (size_t *)(base + option->count_offset);
	if (*count == ARGUMENTS_MOST)
		return refuse(parse, "--%s is given too often", option->name);
	destination[(*count)++] = value;
	return true;
}

static bool store_flag(struct parse *parse, const char *name, const char *value)
{
	struct arguments *arguments = parse->arguments;

	if (arguments_flag(arguments, name))
		return refuse(parse, "%s is given twice", name);
	if (arguments->flag_count == ARGUMENTS_MOST)
		return refuse(parse, "%s is one option too many", name);
	arguments->flags[arguments->flag_count++] = (struct flag_value){name, value};
	return true;
}

/* Gives the option's value, from behind "=" or from the next argument. */
static bool take_value(struct parse *parse, const char *option, char *const **at, char *const *end,
    const char **ret_value)
{
	const char *equals = strchr(option, '=');

	if (equals) {
		*ret_value = equals + 1;
		return true;
	}
	if (*at + 1 >= end)
		return refuse(parse, "%s needs a value", option);
	*ret_value = *++*at;
	return true;
}

/* "--no-" and a switch's name is its false. */
static const struct parameter *find_parameter(
    const struct operation *operation, const char *name, bool *ret_negated)
{
	const struct parameter *parameter = operation ? operation_flag(operation, name) : NULL;

	if (parameter || !operation || strncmp(name, "no-", 3) != 0)
		return parameter;
	parameter = operation_flag(operation, name + 3);
	*ret_negated = true;
	return parameter && parameter->is_switch ? parameter : NULL;
}

static bool parse_own_option(
    struct parse *parse, const char *option, size_t length, char *const **at, char *const *end)
{
	char name[128] = "";
	const char *value = "true";

	if (length < sizeof(name))
		memcpy(name, option + 2, length);
	find_command(parse);

	const struct builtin_option *own = builtin_option(parse->arguments->builtin, name);
	if (own) {
		if ((own->value || strchr(option, '=')) && !take_value(parse, option, at, end, &value))
			return false;
		return store_flag(parse, own->name, value);
	}
	bool negated = false;
	const struct parameter *parameter = find_parameter(parse->arguments->operation, name, &negated);
	if (!parameter)
		/* Without what stands behind "=", which may be a token. */
		return refuse(parse,
		    parse->used ? "This command has no option --%s"
		                : "The option --%s stands before a command that would know it",
		    name);
	if (negated)
		return strchr(option, '=') ? refuse(parse, "--%s takes no value", name)
		                           : store_flag(parse, parameter->name, "false");
	if ((!parameter->is_switch || strchr(option, '=')) &&
	    !take_value(parse, option, at, end, &value))
		return false;
	return store_flag(parse, parameter->name, value);
}

static bool parse_long(struct parse *parse, char *const **at, char *const *end)
{
	const char *option = **at;
	size_t length = strcspn(option + 2, "=");
	const struct common_option *common = find_common(option + 2, length);
	const char *value = NULL;

	/* A built-in's option comes first, so that it may use a name that the others share. */
	if (!common)
		return parse_own_option(parse, option, length, at, end);
	if (common->kind == OPTION_SWITCH) {
		if (option[2 + length])
			return refuse(parse, "--%s takes no value", common->name);
	} else if (!take_value(parse, option, at, end, &value))
		return false;
	return store(parse, common, value);
}

static bool parse_short(struct parse *parse, char *const **at, char *const *end)
{
	const char *option = **at;
	const char letter[] = {option[1], '\0'};

	for (size_t i = 0; i < common_option_count; i++) {
		const struct common_option *common = &common_options[i];
		if (!common->letter || common->letter != option[1])
			continue;
		if (common->kind == OPTION_SWITCH)
			return option[2] ? refuse(parse, "-%s takes no value", letter)
			                 : store(parse, common, NULL);
		if (option[2])
			return store(parse, common, option + 2);
		if (*at + 1 >= end)
			return refuse(parse, "%s needs a value", option);
		return store(parse, common, *++*at);
	}
	return refuse(parse, "There is no option -%s", letter);
}

static bool add_word(struct parse *parse, const char *word)
{
	if (parse->word_count == ARGUMENTS_MOST)
		return refuse(parse, "%s is one argument too many", word);
	parse->words[parse->word_count++] = word;
	return true;
}

static bool parse_one(struct parse *parse, char *const **at, char *const *end, bool *ended)
{
	const char *argument = **at;

	if (*ended || argument[0] != '-' || argument[1] == '\0')
		return add_word(parse, argument);
	if (strcmp(argument, "--") == 0) {
		*ended = true;
		return true;
	}
	return argument[1] == '-' ? parse_long(parse, at, end) : parse_short(parse, at, end);
}

static bool choose_output(struct parse *parse)
{
	static const char *const names[] = {
	    [OUTPUT_TABLE] = "table",
	    [OUTPUT_JSON] = "json",
	    [OUTPUT_NDJSON] = "ndjson",
	    [OUTPUT_CSV] = "csv",
	    [OUTPUT_ID] = "id",
	};
	static const struct {
		const char *name;
		const char *type;
	} pages[] = {{"html", "text/html"}, {"markdown", "text/markdown"}};
	const char *wanted = parse->arguments->output_name;

	if (!wanted)
		return true;
	for (size_t i = OUTPUT_TABLE; i < ARRAY_LENGTH(names); i++) {
		if (strcmp(names[i], wanted) == 0) {
			parse->arguments->output = (enum output_format)i;
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		if (strcmp(pages[i].name, wanted) == 0) {
			parse->arguments->page = pages[i].type;
			return true;
		}
	}
	return refuse(parse, "-o is table, json, ndjson, csv, id, html or markdown, not %s", wanted);
}

/* A page is a format of the service's own, and some commands have one where none is asked for. */
static bool choose_page(struct parse *parse)
{
	struct arguments *arguments = parse->arguments;
	const struct operation *operation = arguments->operation;

	if (arguments->page && !json_object_get(operation ? operation->answers : NULL, arguments->page))
		return refuse(parse, "The command has no %s", arguments->page);
	if (arguments->page && arguments->accept)
		return refuse(parse, "--accept says another format than %s", arguments->page);
	if (!arguments->page && !arguments->output_name && operation)
		arguments->page = operation->accept;
	if (!arguments->accept)
		arguments->accept = arguments->page;
	return true;
}

bool arguments_parse(const struct document *document, int argc, char *const *argv,
    struct arguments *ret_arguments, struct text *message)
{
	struct arguments arguments = {0};
	struct parse parse = {.document = document, .arguments = &arguments, .message = message};
	char *const *end = argv + argc;
	bool ended = false;

	for (char *const *at = argv + 1; at < end; at++) {
		if (!parse_one(&parse, &at, end, &ended))
			return false;
	}
	if (!choose_output(&parse))
		return false;
	find_command(&parse);
	if (!choose_page(&parse))
		return false;
	arguments.word_count = parse.word_count - parse.used;
	memcpy(arguments.words, parse.words + parse.used,
	    arguments.word_count * sizeof(arguments.words[0]));
	*ret_arguments = arguments;
	return true;
}

const char *arguments_flag(const struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->flag_count; i++) {
		if (strcmp(arguments->flags[i].name, name) == 0)
			return arguments->flags[i].value;
	}
	return NULL;
}

bool arguments_number(const struct arguments *arguments, const char *name, long least, long most,
    long when_absent, long *ret_number, struct text *message)
{
	const char *value = arguments_flag(arguments, name);
	char *end = NULL;

	if (!value) {
		*ret_number = when_absent;
		return true;
	}
	errno = 0;
	long number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end || number < least || number > most) {
		text_printf(message, "--%s is a whole number from %ld to %ld", name, least, most);
		return false;
	}
	*ret_number = number;
	return true;
}
