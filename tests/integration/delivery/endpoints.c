/* Owns the calls of administrators, and openssl as a judge of Ed25519. */
#include "endpoints.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/ids.h"

#define PATH_BYTES 200
#define ENDPOINTS "/v1/webhook-endpoints"

/* ---- Calls ---- */

void administrators_open(
    const struct scene *scene, const struct service *service, struct administrators *ret)
{
	static const char scopes[] =
	    "webhooks:read webhooks:write webhooks:approve deliveries:read incidents:read";

	*ret = (struct administrators){
	    .service = service,
	    .first = key_create(&scene->database, "north", "council", scopes),
	    .second = key_create(&scene->database, "north", "council", scopes),
	};
}

void administrators_finish(struct administrators *administrators)
{
	free(administrators->first);
	free(administrators->second);
}

json_t *json_of(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		give_up("no memory");
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *json = json_loads(text, 0, NULL);
	if (!json)
		give_up("no JSON: %s", text);
	free(text);
	return json;
}

static void ask_as(const struct administrators *administrators, const char *token,
    const struct call *call, const struct endpoint *endpoint, struct answer *ret_answer)
{
	CLEANUP(answer_finish) struct answer now = {0};
	struct uuid key = uuid_new();
	struct call whole = *call;
	char path[PATH_BYTES];

	whole.token = token;
	if (endpoint) {
		snprintf(path, sizeof(path), ENDPOINTS "/%s", endpoint->id);
		http_call(administrators->service, &(struct call){.path = path, .token = token}, &now);
		whole.if_match = answer_header(&now, "ETag");
		snprintf(path, sizeof(path), ENDPOINTS "/%s%s", endpoint->id, call->path ? call->path : "");
		whole.path = path;
	} else {
		whole.idempotency_key = key.text;
	}
	http_call(administrators->service, &whole, ret_answer);
}

void endpoint_ask(const struct administrators *administrators, const struct call *call,
    const struct endpoint *endpoint, struct answer *ret_answer)
{
	ask_as(administrators, administrators->first, call, endpoint, ret_answer);
}

static void expect_status(const struct call *call, int status, const struct answer *answer)
{
	if (answer->status != status)
		give_up("%s %s: %d %s", call->method, call->path ? call->path : "", answer->status,
		    text_string(&answer->body));
}

/* Takes `body` over; gives up at another status. */
static void ask(const struct administrators *administrators, const struct call *call, json_t *body,
    int status, struct answer *ret_answer)
{
	CLEANUP(json_decref) json_t *owned = body;
	struct call whole = *call;

	whole.json = owned;
	endpoint_ask(administrators, &whole, NULL, ret_answer);
	expect_status(&whole, status, ret_answer);
}

static void copy_member(const struct answer *answer, const char *pointer, char *ret, size_t size)
{
	const char *value = json_string_value(answer_at(answer, pointer));

	snprintf(ret, size, "%s", value ? value : "");
}

static void fill(const struct answer *answer, struct endpoint *ret)
{
	copy_member(answer, "/id", ret->id, sizeof(ret->id));
	copy_member(answer, "/secret", ret->secret, sizeof(ret->secret));
	copy_member(answer, "/public_key", ret->public_key, sizeof(ret->public_key));
	copy_member(
	    answer, "/previous_public_key", ret->previous_public_key, sizeof(ret->previous_public_key));
}

void endpoint_propose(const struct administrators *administrators, const char *url, json_t *members,
    struct endpoint *ret_endpoint)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	json_t *body = json_pack("{s:s, s:s, s:[]}", "name", "case system", "url", url, "event_types");
	CLEANUP(json_decref) json_t *owned = members;

	json_object_update(body, owned);
	ask(administrators, &(struct call){.method = "POST", .path = ENDPOINTS}, body, 201, &answer);
	fill(&answer, ret_endpoint);
}

/* Takes `body` over. */
static void step(const struct administrators *administrators, const struct endpoint *endpoint,
    const char *token, const char *method, const char *below, json_t *body)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	CLEANUP(json_decref) json_t *owned = body;
	const struct call call = {.method = method, .path = below, .json = owned};

	ask_as(administrators, token, &call, endpoint, &answer);
	expect_status(&call, 200, &answer);
}

void endpoint_approve(const struct administrators *administrators, const struct endpoint *endpoint)
{
	step(administrators, endpoint, administrators->second, "POST", "/transitions",
	    json_of("{'to': 'active'}"));
}

void endpoint_change(
    const struct administrators *administrators, const struct endpoint *endpoint, json_t *patch)
{
	step(administrators, endpoint, administrators->first, "PATCH", "", patch);
	step(administrators, endpoint, administrators->second, "POST", "/decision",
	    json_of("{'decision': 'approve'}"));
}

void endpoint_rotate(
    const struct administrators *administrators, int grace_hours, struct endpoint *endpoint)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), ENDPOINTS "/%s/secret/rotate", endpoint->id);
	ask(administrators, &(struct call){.method = "POST", .path = path},
	    json_of("{'grace_hours': %d}", grace_hours), 201, &answer);
	fill(&answer, endpoint);
}

char *endpoint_ping(const struct administrators *administrators, const struct endpoint *endpoint)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), ENDPOINTS "/%s/ping", endpoint->id);
	ask(administrators, &(struct call){.method = "POST", .path = path}, NULL, 201, &answer);
	return strdup(answer_text(&answer, "/id"));
}

/* ---- Signatures ---- */

/* Calls `see` with each signature of that version, after its comma; how many it has. */
static size_t each_signature(const struct received *call, const char *version,
    bool (*see)(const struct received *call, const char *signature, const char *key),
    const char *key)
{
	CLEANUP(free) char *header = received_header(call, "webhook-signature");
	size_t length = strlen(version);
	size_t count = 0;
	char *rest = header;

	for (char *one; rest && (one = strsep(&rest, " "));)
		if (strncmp(one, version, length) == 0 && one[length] == ',')
			count += see ? see(call, one + length + 1, key) : true;
	return count;
}

size_t signatures_of(const struct received *call, const char *version)
{
	return each_signature(call, version, NULL, NULL);
}

static void write_file(const char *folder, const char *name, const struct text *content)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	if (!file || fwrite(content->data, 1, content->length, file) != content->length ||
	    fclose(file) != 0)
		give_up("%s cannot be written", path);
}

static void remove_files(const char *folder, const char *const names[], size_t count)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

/* The key as openssl reads it: 12 bytes that say Ed25519, and the key's own 32 (RFC 8410). */
static void put_public_key(const char *key, struct text *ret_der)
{
	static const unsigned char head[] = {
	    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

	text_append(ret_der, head, sizeof(head));
	if (strncmp(key, "whpk_", 5) != 0 || !base64_decode(key + 5, strlen(key + 5), ret_der) ||
	    ret_der->length != sizeof(head) + 32)
		give_up("no public key: %s", key);
}

static bool verify(const struct received *call, const char *signature, const char *key)
{
	static const char *const names[] = {"key", "material", "signature"};
	CLEANUP(text_finish) struct text der = TEXT_INIT(100);
	CLEANUP(text_finish) struct text material = TEXT_INIT(100000);
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(100);
	CLEANUP(free) char *id = received_header(call, "webhook-id");
	CLEANUP(free) char *timestamp = received_header(call, "webhook-timestamp");
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	char folder[] = "/tmp/cspr-openssl-XXXXXX";
	char paths[3][PATH_BYTES];

	if (!mkdtemp(folder))
		give_up("no folder for openssl");
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
	put_public_key(key, &der);
	text_printf(&material, "%s.%s.", id, timestamp);
	text_append(&material, call->body, call->body_length);
	if (!base64_decode(signature, strlen(signature), &bytes))
		give_up("no base64: %s", signature);
	write_file(folder, names[0], &der);
	write_file(folder, names[1], &material);
	write_file(folder, names[2], &bytes);
	const char *const arguments[] = {"/usr/bin/openssl", "pkeyutl", "-verify", "-rawin", "-pubin",
	    "-keyform", "DER", "-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2], NULL};
	program_run(arguments, NULL, NULL, &outcome);
	remove_files(folder, names, ARRAY_LENGTH(names));
	return outcome.status == 0 && strstr(text_string(&outcome.output), "Verified Successfully");
}

size_t openssl_verifies(const struct received *call, const char *public_key)
{
	return each_signature(call, "v1a", verify, public_key);
}
