/* Owns `cspr webhook verify` and `cspr webhook trigger`. */
#include "cli/body.h"
#include "cli/report.h"
#include "cli/secrets.h"
#include "cli/session.h"

#include <arpa/inet.h>
#include <time.h>

#define WEBHOOK_BYTES ((size_t)1024 * 1024)

int command_verify(struct session *session, const struct arguments *arguments)
{
	struct secrets secrets CLEANUP(secrets_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct text body CLEANUP(text_finish) = TEXT_INIT(WEBHOOK_BYTES);
	long tolerance = 300;

	if (!secrets_read(arguments_flag(arguments, "secret-file"), &secrets, &message) ||
	    !arguments_number(arguments, "tolerance", 0, 2000000000, 300, &tolerance, &message) ||
	    !body_read_file(arguments->file ? arguments->file : "-", &body, &message))
		return report_usage("%s", text_string(&message));
	const struct cspr_webhook webhook = {
	    .id = arguments_flag(arguments, "id"),
	    .timestamp = arguments_flag(arguments, "timestamp"),
	    .signature = arguments_flag(arguments, "signature"),
	    .body = text_string(&body),
	    .body_length = body.length,
	};
	if (!webhook.id || !webhook.timestamp || !webhook.signature)
		return report_usage("Give --id, --timestamp and --signature as they stood in the headers");
	enum cspr_verdict verdict =
	    cspr_verify_webhook(secrets.list, secrets.count, &webhook, tolerance, CSPR_NOW);
	puts(verdict == CSPR_WEBHOOK_VALID ? "valid" : "INVALID");
	report("%s", cspr_verdict_text(verdict));
	return verdict == CSPR_WEBHOOK_VALID ? EXIT_OK : EXIT_INVALID;
}

/* Divides an address into what a handle is made for and the path that is called. */
static bool split_address(const char *address, struct text *base, struct text *path)
{
	size_t scheme = strncmp(address, "http://", 7) == 0    ? 7
	                : strncmp(address, "https://", 8) == 0 ? 8
	                                                       : 0;

	if (!scheme || strchr(address, '#') || strchr(address, '?'))
		return false;
	size_t host = strcspn(address + scheme, "/");
	text_append(base, address, scheme + host);
	text_puts(path, address[scheme + host] ? address + scheme + host : "/");
	return !base->failed && !path->failed;
}

static bool is_loopback(const char *base)
{
	char host[256];
	struct in_addr address;
	const char *start = strstr(base, "://") + 3;
	size_t length = start[0] == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":");

	if (length >= sizeof(host))
		return false;
	memcpy(host, start, length);
	host[length] = '\0';
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127);
}

static char *make_event(const struct arguments *arguments, struct text *message)
{
	const char *type = arguments_flag(arguments, "type");
	json_t *data CLEANUP(json_decref) = NULL;
	time_t now = time(NULL);
	struct tm utc;
	char instant[32];

	if (!body_make(arguments->file, arguments->sets, arguments->set_count, (struct body_schema){0},
	        &data, message))
		return NULL;
	gmtime_r(&now, &utc);
	strftime(instant, sizeof(instant), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
	json_t *event CLEANUP(json_decref) = json_pack("{s:s, s:s, s:O}", "type",
	    type ? type : "webhook.test", "timestamp", instant, "data", data);
	char *dumped = event ? json_dumps(event, JSON_COMPACT) : NULL;
	if (!dumped)
		text_puts(message, "The event cannot be made: is --type UTF-8?");
	return dumped;
}

static int send_event(const char *base, const char *path, const struct secrets *secrets,
    const char *body, const char *id)
{
	struct cspr *cspr = NULL;
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	char timestamp[24];
	char signature[CSPR_SIGNATURE_SIZE];

	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)time(NULL));
	const struct cspr_webhook webhook = {
	    .id = id, .timestamp = timestamp, .body = body, .body_length = strlen(body)};
	enum cspr_verdict verdict = cspr_sign_webhook(secrets->list[0], &webhook, signature);
	if (verdict != CSPR_WEBHOOK_VALID)
		return report_usage("%s", cspr_verdict_text(verdict));
	const struct cspr_options options = {.url = base, .timeout_ms = 15000, .retry_ms = -1};
	if (cspr_create(&options, &cspr) != CSPR_OK)
		return report_usage("%s cannot be called", base);
	const struct cspr_pair headers[] = {
	    {"webhook-id", id}, {"webhook-timestamp", timestamp}, {"webhook-signature", signature}};
	const struct cspr_request request = {
	    .method = "POST",
	    .path = path,
	    .headers = headers,
	    .header_count = ARRAY_LENGTH(headers),
	    .body = body,
	    .body_length = strlen(body),
	    .idempotency_key = "",
	};
	enum cspr_error error = cspr_call(cspr, &request, &response);
	int code = EXIT_OK;
	if (error == CSPR_OK)
		code = exit_code_of_status(cspr_status(response));
	else
		code = report_failure(cspr, error, NULL);
	cspr_destroy(cspr);
	if (error == CSPR_OK)
		printf("%s %d\n", id, cspr_status(response));
	return code;
}

int command_trigger(struct session *session, const struct arguments *arguments)
{
	struct secrets secrets CLEANUP(secrets_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct text base CLEANUP(text_finish) = TEXT_INIT(1024);
	struct text path CLEANUP(text_finish) = TEXT_INIT(4096);
	char made[CSPR_KEY_SIZE];
	const char *id = arguments_flag(arguments, "id");

	if (arguments->word_count != 1 || !split_address(arguments->words[0], &base, &path))
		return report_usage("Give the receiver: cspr webhook trigger http://127.0.0.1:9000/");
	if (!is_loopback(text_string(&base)))
		return report_usage("A test event is sent to this machine only");
	if (!secrets_read(arguments_flag(arguments, "secret-file"), &secrets, &message))
		return report_usage("%s", text_string(&message));
	char *body CLEANUP(free) = make_event(arguments, &message);
	if (!body || (!id && cspr_make_key(made) != CSPR_OK))
		return report_usage("%s", text_string(&message));
	return send_event(text_string(&base), text_string(&path), &secrets, body, id ? id : made);
}
