/* Owns the way from argv to the command that it names. */
#include "cli/run.h"

#include "cli/call.h"
#include "cli/report.h"
#include "cli/terminal.h"

static int run_command(struct session *session, const struct arguments *arguments)
{
	if (arguments->version)
		return command_version(session, arguments);
	if (arguments->help)
		return command_help(session, arguments);
	if (arguments->builtin)
		return arguments->builtin->run(session, arguments);
	if (arguments->operation)
		return command_operation(session, arguments);
	if (!arguments->word_count) {
		command_help(session, arguments);
		return EXIT_USAGE;
	}
	return report_usage("There is no command \"%s%s%s\"; see cspr help", arguments->words[0],
	    arguments->word_count > 1 ? " " : "", arguments->word_count > 1 ? arguments->words[1] : "");
}

int run(const char *document, size_t length, int argc, char *const *argv)
{
	struct document parsed CLEANUP(document_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct arguments arguments = {0};
	struct session session CLEANUP(session_finish) = {.document = &parsed};

	terminal_start();
	if (!document_read(document, length, &parsed, &message)) {
		report("%s", text_string(&message));
		return EXIT_OTHER;
	}
	if (!arguments_parse(&parsed, argc, argv, &arguments, &message))
		return report_usage("%s; see cspr help", text_string(&message));
	return run_command(&session, &arguments);
}
