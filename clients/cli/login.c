/* Owns `cspr login`: address and token into a profile. The token comes from standard input only. */
#include "cli/profile.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"

#include <termios.h>
#include <unistd.h>

/* Asks without showing what is typed. */
static bool read_hidden(struct text *token, struct text *message)
{
	struct termios shown;
	bool hidden = tcgetattr(STDIN_FILENO, &shown) == 0;
	char line[8192];

	fputs("Token: ", stderr);
	fflush(stderr);
	if (hidden) {
		struct termios quiet = shown;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		hidden = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
	}
	bool ok = fgets(line, sizeof(line), stdin) != NULL;
	if (hidden)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	if (ok)
		text_append(token, line, strcspn(line, " \t\r\n"));
	explicit_bzero(line, sizeof(line));
	if (!token->length)
		text_puts(message, "No token was given");
	return token->length > 0;
}

static int check(const struct arguments *arguments, const char *url, const char *token)
{
	struct cspr *cspr = NULL;
	const struct cspr_options options = {
	    .url = url, .token = token, .plain_http = arguments->allow_http};
	enum cspr_error error = cspr_create(&options, &cspr);

	cspr_destroy(cspr);
	if (error != CSPR_OK)
		return report_usage("The address %s or the token cannot be used", url);
	return EXIT_OK;
}

int command_login(struct session *session, const struct arguments *arguments)
{
	struct text token CLEANUP(text_finish) = TEXT_INIT(8192);
	struct text path CLEANUP(text_finish) = TEXT_INIT(4096);
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	const char *name = arguments->profile ? arguments->profile : PROFILE_DEFAULT;
	const char *url = arguments->url ? arguments->url : getenv("CSPR_URL");

	if (arguments->word_count)
		return report_usage("The token is read from standard input, never from the command line");
	if (!profile_is_name(name))
		return report_usage("%s is not a possible name for a profile", name);
	if (!url || !url[0])
		url = URL_DEFAULT;
	bool read = terminal_is(stdin) ? read_hidden(&token, &message)
	                               : secret_read_file("-", &token, &message);
	if (!read)
		return report_usage("%s", text_string(&message));
	int code = check(arguments, url, text_string(&token));
	if (code == EXIT_OK && !profile_write(name, url, text_string(&token), &path, &message)) {
		report("%s", text_string(&message));
		code = EXIT_OTHER;
	}
	explicit_bzero(token.data, token.length);
	if (code == EXIT_OK)
		report("Stored as the profile %s in %s", name, text_string(&path));
	return code;
}
