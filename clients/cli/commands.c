/* Owns the table of commands that are more than one call. */
#include "cli/arguments.h"
#include "cli/report.h"

#include <stdio.h>

static const struct builtin_option listen_options[] = {
    {"port", "NUMBER", "on 127.0.0.1; 0 lets the system choose"},
    {"secret-file", "FILE", "the endpoint's keys, one a line: whsec_ or whpk_"},
    {"public-key", "KEY", "a whpk_ key, or several divided by commas"},
    {"answer", "STATUS", "instead of 204; 500,500,204 answers in this order"},
    {"acknowledge", NULL, "answers 200 and the acknowledgement with a reference"},
    {"count", "NUMBER", "ends after so many calls"},
    {"name", "NAME", "stands in each line"},
    {"port-file", "FILE", "gets the port when it is open"},
    {"allow-bad", NULL, "answers an invalid signature like a valid one"},
    {0},
};

static const struct builtin_option verify_options[] = {
    {"id", "ID", "the header webhook-id"},
    {"timestamp", "SECONDS", "the header webhook-timestamp"},
    {"signature", "SIGNATURES", "the header webhook-signature"},
    {"headers", "FILE", "the three from a file, each a line \"name: value\""},
    {"secret-file", "FILE", "the endpoint's keys, one a line: whsec_ or whpk_"},
    {"public-key", "KEY", "a whpk_ key, or several divided by commas"},
    {"tolerance", "SECONDS", "how old or new the timestamp may be; 300 unless given"},
    {"any-age", NULL, "for a call that was kept: the timestamp may be of any time"},
    {0},
};

static const struct builtin_option trigger_options[] = {
    {"secret-file", "FILE", "keys, one a line; each whsec_ and whsk_ signs"},
    {"type", "TYPE", "of the event, whose example is sent; incident.notified unless given"},
    {"id", "ID", "the webhook-id; new unless given, the same again is a duplicate"},
    {"age", "SECONDS", "signs as if it were so long ago"},
    {"tamper", NULL, "changes the body after it was signed: it has to be refused"},
    {0},
};

static const struct builtin_option watch_options[] = {
    {"after", "CURSOR", "goes on behind it; else with what happens from now on"},
    {"from-start", NULL, "begins with the oldest event"},
    {"type", "TYPE", "of any of these types, divided by commas"},
    {"incident-id", "ID", "of this incident"},
    {"count", "NUMBER", "ends after so many events"},
    {0},
};

const struct builtin builtins[] = {
    {"api", "METHOD PATH", "Call any path", NULL, NULL, command_api},
    {"completion", "bash|zsh|fish", "Print completions for a shell", NULL, NULL,
        command_completion},
    {"deadlines", "", "Show the statutory and agreed dates", "listDeadlines", NULL,
        command_deadlines},
    {"deadlines check", "", "Exit 20 when a deadline is breached, 21 when one is at risk",
        "listDeadlines", NULL, command_deadlines_check},
    {"help", "[COMMAND]", "Say what a command does and takes", NULL, NULL, command_help},
    {"incident import", "FILE.csv", "Create an incident from each row of a CSV file", NULL, NULL,
        command_import},
    {"login", "", "Store an address and a token as a profile; the token is read from stdin", NULL,
        NULL, command_login},
    {"version", "", "Print the version", NULL, NULL, command_version},
    {"watch", "", "Show events as they come, until interrupted", NULL, watch_options,
        command_watch},
    {"webhook listen", "", "Receive, check and show webhook calls on this machine", NULL,
        listen_options, command_listen},
    {"webhook trigger", "URL", "Send a signed sample of an event to a receiver on this machine",
        NULL, trigger_options, command_trigger},
    {"webhook verify", "", "Check a call that was kept: its body from stdin or -f", NULL,
        verify_options, command_verify},
};
const size_t builtin_count = ARRAY_LENGTH(builtins);

const struct builtin *builtin_find(const char *const *words, size_t word_count, size_t *ret_used)
{
	const struct builtin *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < builtin_count; i++) {
		size_t used = words_match(builtins[i].words, words, word_count);
		if (used > most) {
			most = used;
			best = &builtins[i];
		}
	}
	if (best)
		*ret_used = most;
	return best;
}

const struct builtin_option *builtin_option(const struct builtin *builtin, const char *name)
{
	if (!builtin || !builtin->options)
		return NULL;
	for (const struct builtin_option *option = builtin->options; option->name; option++) {
		if (strcmp(option->name, name) == 0)
			return option;
	}
	return NULL;
}

int command_version(struct session *session, const struct arguments *arguments)
{
	printf("cspr %s\n", cspr_version());
	return EXIT_OK;
}
