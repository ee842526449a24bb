/* The commands of csprd on the server, beside `serve`. Each prints to stdout and returns the exit.
 */
#pragma once

#include "base/settings.h"

/* Exit codes of csprd: 0 done, 1 failed, 2 called wrongly. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* The words after the command; options are --name value. */
struct words {
	int count;
	char **items;
};

/* The value of an option, or NULL; `number` 0 is the first time it is given, 1 the second … */
const char *words_option(const struct words *words, const char *name, int number);
bool words_flag(const struct words *words, const char *name);
/* The options that must be there; says which are not. */
bool words_need(const struct words *words, const char *const names[]);

int command_serve(const struct settings *settings);
int command_migrate(const struct settings *settings);
int command_tidy(const struct settings *settings);
int command_partnerships(const struct settings *settings, const struct words *words);
int command_agencies(const struct settings *settings, const struct words *words);
int command_keys(const struct settings *settings, const struct words *words);
int command_recipients(const struct settings *settings, const struct words *words);
int command_policies(const struct settings *settings, const struct words *words);
int command_holidays(const struct settings *settings, const struct words *words);
int command_audit(const struct settings *settings, const struct words *words);

/* Says on stderr what went wrong, for a person; returns EXIT_FAILED. */
struct problem;
int command_failed(const char *what, const struct problem *problem);
