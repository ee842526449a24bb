/*
 * Owns `cspr webhook trigger`: sends a sample of an event, signed as the service signs, to a
 * receiver that is being built, and shows what came back. Its body is the document's example.
 */
#include "cli/body.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/secrets.h"
#include "cli/session.h"
#include "cli/terminal.h"

#include <arpa/inet.h>
#include <time.h>

#define TYPE_DEFAULT "incident.notified"
#define SIGNATURES_BYTES 1024
#define TIMEOUT_MS 15000
#define SHOWN_BYTES 2048 /* of the answer, as the service keeps them */

/* What is sent. */
struct sample {
	const char *id;
	const char *type;
	const char *signed_body;
	const char *sent_body; /* the same, unless it was tampered with */
	char timestamp[24];
	struct text signatures;
};

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

static const json_t *document_example(const struct document *document, const char *type)
{
	static const char *const steps[] = {
	    "post", "requestBody", "content", "application/json", "example", "data"};
	const json_t *node = json_object_get(json_object_get(document->root, "webhooks"), type);

	for (size_t i = 0; node && i < ARRAY_LENGTH(steps); i++)
		node = json_object_get(document_resolve(document, node), steps[i]);
	return node;
}

/* The example's data under an id of its own; those of a file and of settings stand over it. */
static json_t *make_data(
    const struct session *session, const struct arguments *arguments, struct text *message)
{
	const char *type = arguments_flag(arguments, "type");
	const json_t *example = document_example(session->document, type ? type : TYPE_DEFAULT);
	json_t *given CLEANUP(json_decref) = NULL;
	char event_id[CSPR_KEY_SIZE];

	if (type && !example && !arguments->file && !arguments->set_count) {
		text_printf(message, "There is no event %s; one of your own needs -f or --set", type);
		return NULL;
	}
	json_t *data CLEANUP(json_decref) = arguments->file ? NULL : json_deep_copy(example);
	if (data && cspr_make_key(event_id) == CSPR_OK)
		json_object_set_new(data, "event_id", json_string(event_id));
	if (!body_make(arguments->file, NULL, 0, (struct body_schema){0}, &given, message))
		return NULL;
	if (!data)
		data = TAKE(given);
	for (size_t i = 0; i < arguments->set_count; i++) {
		if (!body_set(data, arguments->sets[i], (struct body_schema){0}, message))
			return NULL;
	}
	return TAKE(data);
}

static char *make_event(
    const struct session *session, const struct arguments *arguments, struct text *message)
{
	const char *type = arguments_flag(arguments, "type");
	json_t *data CLEANUP(json_decref) = make_data(session, arguments, message);
	time_t now = time(NULL);
	struct tm utc;
	char instant[32];

	if (!data)
		return NULL;
	gmtime_r(&now, &utc);
	strftime(instant, sizeof(instant), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
	json_t *event CLEANUP(json_decref) = json_pack(
	    "{s:s, s:s, s:O}", "type", type ? type : TYPE_DEFAULT, "timestamp", instant, "data", data);
	char *dumped = event ? json_dumps(event, JSON_COMPACT) : NULL;
	if (!dumped)
		text_puts(message, "The event cannot be made: is --type UTF-8?");
	return dumped;
}

/* Every key that can sign does, the shared ones first, as the service does during a rotation. */
static bool sign(const struct secrets *secrets, struct sample *sample, struct text *message)
{
	static const char *const prefixes[] = {"whsec_", "whsk_"};
	const struct cspr_webhook webhook = {
	    .id = sample->id,
	    .timestamp = sample->timestamp,
	    .body = sample->signed_body,
	    .body_length = strlen(sample->signed_body),
	};

	for (size_t kind = 0; kind < ARRAY_LENGTH(prefixes); kind++) {
		for (size_t i = 0; i < secrets->count; i++) {
			char signature[CSPR_SIGNATURE_SIZE];
			if (strncmp(secrets->list[i], prefixes[kind], strlen(prefixes[kind])) != 0)
				continue;
			enum cspr_verdict verdict = cspr_sign_webhook(secrets->list[i], &webhook, signature);
			if (verdict != CSPR_WEBHOOK_VALID) {
				text_puts(message, cspr_verdict_text(verdict));
				return false;
			}
			text_puts(&sample->signatures, sample->signatures.length ? " " : "");
			text_puts(&sample->signatures, signature);
		}
	}
	if (!sample->signatures.length)
		text_puts(message, "A public key cannot sign: give a whsec_ or whsk_ key");
	return sample->signatures.length && !sample->signatures.failed;
}

static long milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void show_lines(
    const struct sample *sample, const struct cspr_response *response, long milliseconds)
{
	struct text raw CLEANUP(text_finish) = TEXT_INIT((size_t)16 * 1024);
	struct text line CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);

	text_printf(&raw, "%s  webhook-id %s  answered %d in %ld ms\n", sample->type, sample->id,
	    cspr_status(response), milliseconds);
	if (cspr_body(response, NULL)[0])
		text_printf(&raw, "%.*s\n", SHOWN_BYTES, cspr_body(response, NULL));
	terminal_put(&line, text_string(&raw), true);
	if (!output_text(stdout, &line))
		report("The output could not be written");
}

static void show_json(
    const struct sample *sample, const struct cspr_response *response, long milliseconds)
{
	size_t length = 0;
	const char *body = cspr_body(response, &length);
	json_t *answer CLEANUP(json_decref) = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	struct text clean CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);
	char kept[SHOWN_BYTES + 1];

	snprintf(kept, sizeof(kept), "%s", body);
	terminal_put(&clean, kept, true);
	json_t *shown CLEANUP(json_decref) = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:O?}",
	    "id", sample->id, "type", sample->type, "timestamp", sample->timestamp, "signature",
	    text_string(&sample->signatures), "status", cspr_status(response), "milliseconds",
	    (json_int_t)milliseconds, "answer", text_string(&clean), "acknowledged",
	    json_object_get(answer, "acknowledged"));
	char *dumped CLEANUP(free) = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
	if (!dumped || puts(dumped) < 0)
		report("The output could not be written");
}

/* Says what the service would do about that answer, and gives the exit status. */
static int conclude(int status)
{
	if (status >= 200 && status <= 299)
		return EXIT_OK;
	if (status == 410)
		report("Not taken: the service would pause the endpoint, unless a recipient's in law");
	else if (status >= 300 && status <= 399)
		report("Not taken: a redirect is not followed, and the service would try it again");
	else
		report("Not taken: the service would try it again");
	return status <= 399 ? EXIT_OTHER : (int)exit_code_of_status(status);
}

static int send_sample(const struct arguments *arguments, const char *base, const char *path,
    const struct sample *sample)
{
	struct cspr *cspr = NULL;
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	const struct cspr_options options = {
	    .url = base, .timeout_ms = TIMEOUT_MS, .retry_ms = -1, .ca_file = arguments->ca_file};
	struct timespec start;

	if (cspr_create(&options, &cspr) != CSPR_OK)
		return report_usage("%s cannot be called", base);
	const struct cspr_pair headers[] = {{"webhook-id", sample->id},
	    {"webhook-timestamp", sample->timestamp},
	    {"webhook-signature", text_string(&sample->signatures)}};
	const struct cspr_request request = {
	    .method = "POST",
	    .path = path,
	    .headers = headers,
	    .header_count = ARRAY_LENGTH(headers),
	    .body = sample->sent_body,
	    .body_length = strlen(sample->sent_body),
	    .idempotency_key = "",
	};
	clock_gettime(CLOCK_MONOTONIC, &start);
	enum cspr_error error = cspr_call(cspr, &request, &response);
	long milliseconds = milliseconds_since(&start);
	int code = error == CSPR_OK ? EXIT_OK : report_failure(cspr, error, NULL);
	cspr_destroy(cspr);
	if (error != CSPR_OK)
		return code;
	if (output_format_for(arguments->output, stdout) == OUTPUT_TABLE)
		show_lines(sample, response, milliseconds);
	else
		show_json(sample, response, milliseconds);
	return conclude(cspr_status(response));
}

int command_trigger(struct session *session, const struct arguments *arguments)
{
	struct secrets secrets CLEANUP(secrets_finish) = {0};
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);
	struct text base CLEANUP(text_finish) = TEXT_INIT(1024);
	struct text path CLEANUP(text_finish) = TEXT_INIT(4096);
	const char *type = arguments_flag(arguments, "type");
	const char *id = arguments_flag(arguments, "id");
	char made[CSPR_KEY_SIZE];
	long age = 0;

	if (arguments->word_count != 1 || !split_address(arguments->words[0], &base, &path))
		return report_usage("Give the receiver: cspr webhook trigger http://127.0.0.1:9000/");
	if (!is_loopback(text_string(&base)))
		return report_usage("A sample is sent to this machine only");
	if (!arguments_number(arguments, "age", -1000000000, 1000000000, 0, &age, &message) ||
	    !secrets_read(arguments, &secrets, &message))
		return report_usage("%s", text_string(&message));
	char *body CLEANUP(free) = make_event(session, arguments, &message);
	if (!body || (!id && cspr_make_key(made) != CSPR_OK))
		return report_usage("%s", text_string(&message));
	struct text tampered CLEANUP(text_finish) = TEXT_INIT(BODY_BYTES);
	text_printf(&tampered, "%s ", body);
	struct sample sample = {
	    .id = id ? id : made,
	    .type = type ? type : TYPE_DEFAULT,
	    .signed_body = body,
	    .sent_body = arguments_flag(arguments, "tamper") ? text_string(&tampered) : body,
	    .signatures = TEXT_INIT(SIGNATURES_BYTES),
	};
	snprintf(sample.timestamp, sizeof(sample.timestamp), "%lld", (long long)time(NULL) - age);
	int code = sign(&secrets, &sample, &message)
	               ? send_sample(arguments, text_string(&base), text_string(&path), &sample)
	               : report_usage("%s", text_string(&message));
	text_finish(&sample.signatures);
	return code;
}
