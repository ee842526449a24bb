/* Owns `cspr api METHOD PATH`: any call, with the token, the retries and the output of the rest. */
#include "cli/body.h"
#include "cli/call.h"
#include "cli/report.h"

#include <ctype.h>

/* Percent-decodes in place; what is not a pair of hexadecimal digits stays. */
static void decode(char *string)
{
	char *out = string;

	for (char *at = string; *at; at++) {
		if (at[0] == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
			const char digits[] = {at[1], at[2], '\0'};
			*out++ = (char)strtoul(digits, NULL, 16);
			at += 2;
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
}

/* Takes "?a=b&c=d" off the path; the library encodes it again. */
static bool split_query(char *path, struct call *call)
{
	char *rest = strchr(path, '?');
	size_t count = 0;

	if (rest)
		*rest++ = '\0';
	while (rest && *rest) {
		char *name = strsep(&rest, "&");
		char *value = strchr(name, '=');
		if (count == ARGUMENTS_MOST)
			return false;
		if (value)
			*value++ = '\0';
		decode(name);
		if (value)
			decode(value);
		call->query[count++] = (struct cspr_pair){name, value ? value : ""};
	}
	call->request.path = path;
	call->request.query = call->query;
	call->request.query_count = count;
	return true;
}

static void start(struct call *call, char *method)
{
	for (char *at = method; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	call->body.limit = BODY_BYTES;
	call->header_names.limit = 16384;
	call->if_match.limit = 1024;
	call->request.method = method;
}

int command_api(struct session *session, const struct arguments *arguments)
{
	static const struct operation plain = {.path = ""};
	struct call call CLEANUP(call_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);

	if (arguments->word_count != 2 || arguments->words[1][0] != '/')
		return report_usage("Give a method and a path: cspr api GET /v1/incidents");
	char *method CLEANUP(free) = strdup(arguments->words[0]);
	char *path CLEANUP(free) = strdup(arguments->words[1]);
	if (!method || !path)
		return EXIT_OTHER;
	start(&call, method);
	if (!split_query(path, &call))
		return report_usage("The path has too many query parameters");
	if (arguments->dry_run)
		call.query[call.request.query_count++] = (struct cspr_pair){"dry_run", "true"};
	if (!call_take_body(session->document, NULL, arguments, &call, &message) ||
	    !call_take_headers(arguments, &call, &message) ||
	    !call_take_key(arguments, &call, &message))
		return report_usage("%s", text_string(&message));
	int code = call_take_version(session, &plain, arguments, &call);
	return code == EXIT_OK ? call_run(session, NULL, arguments, &call) : code;
}
