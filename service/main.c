/* Owns the command line of csprd. */
#include <stdio.h>
#include <string.h>

#include "base/problem.h"
#include "base/settings.h"
#include "command.h"

static const char usage[] =
    "usage: csprd COMMAND\n"
    "\n"
    "  serve                                     run the service\n"
    "  migrate                                   bring the database up to date\n"
    "  tidy                                      forget kept answers after 30 days; run it daily\n"
    "  partnerships create --slug S --name N [--area-code GSS]\n"
    "  partnerships list\n"
    "  agencies create --partnership S --slug S --name N --kind K [--statutory-partner]\n"
    "                  [--valid-from DAY]\n"
    "  agencies succeed --partnership S --agency S --by S --on DAY    renamed or merged\n"
    "  keys create --partnership S --agency S --label L --scope S [--scope S …] [--days N]\n"
    "  keys list --partnership S\n"
    "  keys revoke --partnership S --id ID\n"
    "  recipients set --partnership S --recipient dfe|ofsted|panel --url URL --secret-file F\n"
    "  recipients list --partnership S\n"
    "  policies set --partnership S --kind K --basis B   from which day a clock counts\n"
    "  policies list --partnership S\n"
    "  policies disclosure --partnership S --threshold N --rounding 1|5|10   what is told in "
    "public\n"
    "  holidays load FILE [--remove DATE]        add and change bank holidays (date,title,notes)\n"
    "  audit verify [--partnership S]\n"
    "  --help, --version\n"
    "\n"
    "Settings come from the environment:\n";

const char *words_option(const struct words *words, const char *name, int number)
{
	for (int i = 0; i + 1 < words->count; i++) {
		if (strcmp(words->items[i], name) == 0 && number-- == 0)
			return words->items[i + 1];
	}
	return NULL;
}

bool words_flag(const struct words *words, const char *name)
{
	for (int i = 0; i < words->count; i++)
		if (strcmp(words->items[i], name) == 0)
			return true;
	return false;
}

bool words_need(const struct words *words, const char *const names[])
{
	bool complete = true;

	for (; *names; names++) {
		if (words_option(words, *names, 0))
			continue;
		(void)fprintf(stderr, "csprd: %s is needed\n", *names);
		complete = false;
	}
	return complete;
}

int command_failed(const char *what, const struct problem *problem)
{
	size_t index;
	json_t *fault;

	(void)fprintf(stderr, "csprd: %s: %s%s%s\n", what,
	    problem->detail[0] ? problem->detail : problem_title(problem->kind),
	    problem->cause[0] ? ": " : "", problem->cause);
	json_array_foreach (problem->errors, index, fault) {
		(void)fprintf(stderr, "  %s: %s\n", json_string_value(json_object_get(fault, "pointer")),
		    json_string_value(json_object_get(fault, "detail")));
	}
	return EXIT_FAILED;
}

static int print_usage(FILE *file, int code)
{
	CLEANUP(text_finish) struct text settings = TEXT_INIT(16384);

	settings_describe(&settings);
	(void)fprintf(file, "%s%s", usage, text_string(&settings));
	return code;
}

struct command {
	const char *name;
	int (*with_words)(const struct settings *settings, const struct words *words);
	int (*plain)(const struct settings *settings);
	const char *needed[4]; /* settings */
};

static const struct command commands[] = {
    {"serve", NULL, command_serve, {"CSPR_DATABASE_URL", "CSPR_PEPPER", "CSPR_SECRETS_KEY"}},
    {"migrate", NULL, command_migrate, {"CSPR_DATABASE_URL"}},
    {"tidy", NULL, command_tidy, {"CSPR_DATABASE_URL"}},
    {"partnerships", command_partnerships, NULL, {"CSPR_DATABASE_URL"}},
    {"agencies", command_agencies, NULL, {"CSPR_DATABASE_URL"}},
    {"keys", command_keys, NULL, {"CSPR_DATABASE_URL", "CSPR_PEPPER"}},
    {"recipients", command_recipients, NULL, {"CSPR_DATABASE_URL", "CSPR_SECRETS_KEY"}},
    {"policies", command_policies, NULL, {"CSPR_DATABASE_URL"}},
    {"holidays", command_holidays, NULL, {"CSPR_DATABASE_URL"}},
    {"audit", command_audit, NULL, {"CSPR_DATABASE_URL"}},
};

/*
 * Memory that is not there ends the process: what follows from it is nowhere half-done, because
 * nothing depends on a process surviving (docs/adr/0009).
 */
static void *allocate(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		abort();
	return memory;
}

static int run(const struct command *command, const struct words *words)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(16384);

	if (!settings_load(command->needed, &settings, &faults)) {
		(void)fprintf(stderr, "%s", text_string(&faults));
		return EXIT_USAGE;
	}
	return command->plain ? command->plain(&settings) : command->with_words(&settings, words);
}

int main(int count, char *arguments[])
{
	json_set_alloc_funcs(allocate, free);
	if (count < 2)
		return print_usage(stderr, EXIT_USAGE);
	if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "help") == 0)
		return print_usage(stdout, EXIT_DONE);
	if (strcmp(arguments[1], "--version") == 0) {
		printf("csprd %s\n", CSPR_VERSION);
		return EXIT_DONE;
	}
	struct words words = {.count = count - 2, .items = arguments + 2};
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		if (strcmp(arguments[1], commands[i].name) == 0)
			return run(&commands[i], &words);
	(void)fprintf(stderr, "csprd: there is no command '%s'\n", arguments[1]);
	return print_usage(stderr, EXIT_USAGE);
}
