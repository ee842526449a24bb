/* The commands that are more than one call of the service; everything else is the document's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arguments;
struct session;

struct builtin_option {
	const char *name;
	const char *value; /* what to call its value in help; NULL is a switch */
	const char *help;
};

struct builtin {
	const char *words;     /* "webhook listen" */
	const char *arguments; /* what follows them, for help */
	const char *summary;
	const char *operation; /* operationId whose query parameters it takes too, or NULL */
	const struct builtin_option *options; /* ends with a row without a name; or NULL */
	int (*run)(struct session *session, const struct arguments *arguments);
};

extern const struct builtin builtins[];
extern const size_t builtin_count;

/* The built-in whose words are the longest beginning of `words`; NULL when there is none. */
const struct builtin *builtin_find(const char *const *words, size_t word_count, size_t *ret_used);
const struct builtin_option *builtin_option(const struct builtin *builtin, const char *name);

int command_api(struct session *session, const struct arguments *arguments);
int command_completion(struct session *session, const struct arguments *arguments);
int command_deadlines(struct session *session, const struct arguments *arguments);
int command_deadlines_check(struct session *session, const struct arguments *arguments);
int command_help(struct session *session, const struct arguments *arguments);
int command_import(struct session *session, const struct arguments *arguments);
int command_listen(struct session *session, const struct arguments *arguments);
int command_login(struct session *session, const struct arguments *arguments);
int command_trigger(struct session *session, const struct arguments *arguments);
int command_verify(struct session *session, const struct arguments *arguments);
int command_version(struct session *session, const struct arguments *arguments);
int command_watch(struct session *session, const struct arguments *arguments);
