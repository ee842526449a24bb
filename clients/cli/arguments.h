/*
 * The command line, taken apart. Options may stand anywhere after the command's own words;
 * `--name value`, `--name=value` and, for switches, `--name` are the same as everywhere else, and
 * `--` ends them. Everything points into argv.
 */
#pragma once

#include "cli/commands.h"
#include "cli/document.h"

#define ARGUMENTS_MOST 64

enum output_format {
	OUTPUT_DEFAULT = 0, /* a table on a terminal, else JSON */
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_NDJSON,
	OUTPUT_CSV,
	OUTPUT_ID,
};

struct flag_value {
	const char *name; /* the query parameter's, or the built-in option's */
	const char *value;
};

struct arguments {
	const struct operation *operation; /* one of these two, or neither for --help and --version */
	const struct builtin *builtin;
	const char *words[ARGUMENTS_MOST]; /* what follows the command's own words */
	size_t word_count;
	struct flag_value flags[ARGUMENTS_MOST];
	size_t flag_count;
	const char *sets[ARGUMENTS_MOST];
	size_t set_count;
	const char *headers[ARGUMENTS_MOST];
	size_t header_count;

	const char *file;
	const char *if_match;
	const char *idempotency_key;
	const char *accept;
	const char *page; /* the media type of -o html or markdown */
	const char *url;
	const char *profile;
	const char *ca_file;
	const char *timeout;
	const char *output_name;
	enum output_format output;
	bool allow_http;
	bool all;
	bool curl;
	bool dry_run;
	bool help;
	bool version;
	bool yes;
};

/* One row for each option that every command knows; help and completion read it too. */
struct common_option {
	const char *name;
	char letter; /* 0 is none */
	enum { OPTION_TEXT, OPTION_LIST, OPTION_SWITCH } kind;
	size_t offset;       /* of the destination in struct arguments */
	size_t count_offset; /* of the list's length */
	const char *value;   /* what to call its value in help */
	const char *help;
};

extern const struct common_option common_options[];
extern const size_t common_option_count;

/* False leaves a sentence in `message`: the exit status is EXIT_USAGE. */
MUST_CHECK bool arguments_parse(const struct document *document, int argc, char *const *argv,
    struct arguments *ret_arguments, struct text *message);
/* The value of a built-in's option or a query parameter; NULL when it was not given. */
const char *arguments_flag(const struct arguments *arguments, const char *name);
/* Reads a whole number between two limits from an option; false leaves a sentence. */
MUST_CHECK bool arguments_number(const struct arguments *arguments, const char *name, long least,
    long most, long when_absent, long *ret_number, struct text *message);
