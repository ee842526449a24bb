/* Owns `cspr webhook verify`: judges a call that was kept. */
#include "cli/body.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/secrets.h"
#include "cli/session.h"

#define WEBHOOK_BYTES ((size_t)1024 * 1024)
#define HEADERS_BYTES 65536
#define AGE_MOST 4000000000L

static bool take_line(char *line, const char **values[3], struct text *message)
{
	static const char *const names[3] = {"webhook-id", "webhook-timestamp", "webhook-signature"};
	char *colon = strchr(line, ':');

	if (!colon)
		return true;
	*colon = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcasecmp(line, names[i]) != 0)
			continue;
		if (*values[i]) {
			text_printf(message, "%s is given twice", names[i]);
			return false;
		}
		char *value = colon + 1 + strspn(colon + 1, " \t");
		for (size_t end = strlen(value); end && strchr(" \t\r", value[end - 1]); end--)
			value[end - 1] = '\0';
		*values[i] = value;
	}
	return true;
}

/* Lines of the names and values, among others, up to an empty one; `bytes` keeps what they say. */
static bool read_headers(
    const char *path, struct text *bytes, struct cspr_webhook *webhook, struct text *message)
{
	const char **values[3] = {&webhook->id, &webhook->timestamp, &webhook->signature};

	if (!path)
		return true;
	if (!body_read_file(path, bytes, message))
		return false;
	for (char *rest = bytes->data; rest;) {
		char *line = strsep(&rest, "\n");
		if (line[strspn(line, " \t\r")] == '\0')
			break;
		if (!take_line(line, values, message))
			return false;
	}
	return true;
}

static bool show(const struct arguments *arguments, enum cspr_verdict verdict)
{
	bool valid = verdict == CSPR_WEBHOOK_VALID;

	if (arguments->output != OUTPUT_JSON && arguments->output != OUTPUT_NDJSON) {
		report("%s", cspr_verdict_text(verdict));
		return puts(valid ? "valid" : "INVALID") >= 0;
	}
	json_t *shown CLEANUP(json_decref) =
	    json_pack("{s:b, s:s}", "valid", valid, "reason", cspr_verdict_text(verdict));
	const struct output output = {.format = arguments->output, .stream = stdout};
	return shown && output_value(&output, shown);
}

int command_verify(struct session *session, const struct arguments *arguments)
{
	struct secrets secrets CLEANUP(secrets_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct text headers CLEANUP(text_finish) = TEXT_INIT(HEADERS_BYTES);
	struct text body CLEANUP(text_finish) = TEXT_INIT(WEBHOOK_BYTES);
	const char *header_file = arguments_flag(arguments, "headers");
	const char *file = arguments->file ? arguments->file : "-";
	long tolerance = 300;
	struct cspr_webhook webhook = {
	    .id = arguments_flag(arguments, "id"),
	    .timestamp = arguments_flag(arguments, "timestamp"),
	    .signature = arguments_flag(arguments, "signature"),
	};

	if (header_file && strcmp(header_file, "-") == 0 && strcmp(file, "-") == 0)
		return report_usage("Standard input is the headers or the body, not both");
	if (!secrets_read(arguments, &secrets, &message) ||
	    !arguments_number(arguments, "tolerance", 0, AGE_MOST, 300, &tolerance, &message) ||
	    !read_headers(header_file, &headers, &webhook, &message) ||
	    !body_read_file(file, &body, &message))
		return report_usage("%s", text_string(&message));
	/* What a file has not was not sent; what was not given was forgotten. */
	if (!header_file && (!webhook.id || !webhook.timestamp || !webhook.signature))
		return report_usage(
		    "Give --headers FILE, or --id, --timestamp and --signature as they stood there");
	if (arguments_flag(arguments, "any-age"))
		tolerance = AGE_MOST;
	webhook.body = text_string(&body);
	webhook.body_length = body.length;
	enum cspr_verdict verdict =
	    cspr_verify_webhook(secrets.list, secrets.count, &webhook, tolerance, CSPR_NOW);
	if (!show(arguments, verdict))
		return EXIT_OTHER;
	return verdict == CSPR_WEBHOOK_VALID ? EXIT_OK : EXIT_INVALID;
}
