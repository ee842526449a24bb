/* Owns the commands that look after partnerships, agencies, keys and recipients. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/ids.h"
#include "command.h"
#include "contract/contract.h"
#include "domain/date.h"
#include "domain/webhook_endpoint_process.h"
#include "outbox/sign.h"
#include "outbox/target.h"
#include "session.h"
#include "store/statements.h"

#define SCOPES_MAX 64
#define DAY_MS 86400000LL

static int called_wrongly(void)
{
	(void)fprintf(stderr, "csprd: see csprd --help\n");
	return EXIT_USAGE;
}

static bool is_verb(const struct words *words, const char *verb)
{
	return words->count > 0 && strcmp(words->items[0], verb) == 0;
}

static bool is_day(const char *option, const char *text)
{
	struct date day;

	if (date_parse(text, &day))
		return true;
	(void)fprintf(stderr, "csprd: %s is a day such as 2022-07-01\n", option);
	return false;
}

static int create_partnership(struct session *session, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};
	struct uuid id = uuid_new();

	if (!words_need(words, (const char *[]){"--slug", "--name", NULL}))
		return EXIT_USAGE;
	bind_text(&bindings, "id", id.text);
	bind_text(&bindings, "slug", words_option(words, "--slug", 0));
	bind_text(&bindings, "name", words_option(words, "--name", 0));
	bind_text(&bindings, "area_code", words_option(words, "--area-code", 0));
	if (!session_run(session, &SQL_PARTNERSHIP_INSERT, &bindings, id.text, "partnership.create",
	        id.text, &problem))
		return command_failed("the partnership was not created", &problem);
	printf("%s\n", id.text);
	return EXIT_DONE;
}

int command_partnerships(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};

	if (!is_verb(words, "create") && !is_verb(words, "list"))
		return called_wrongly();
	if (!session_open(settings, &session))
		return EXIT_FAILED;
	if (is_verb(words, "create"))
		return create_partnership(&session, words);
	struct bindings none = {0};
	return session_print(&session, &SQL_PARTNERSHIP_LIST_ALL, &none);
}

static bool find_agency(
    struct session *session, const char *partnership_id, const char *slug, char ret_id[37])
{
	struct bindings bindings = {0};

	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "slug", slug);
	if (session_find(session, &SQL_AGENCY_BY_SLUG, &bindings, ret_id))
		return true;
	(void)fprintf(stderr, "csprd: the partnership has no agency '%s'\n", slug);
	return false;
}

static int create_agency(
    struct session *session, const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};
	struct uuid id = uuid_new();
	const char *valid_from = words_option(words, "--valid-from", 0);

	if (!words_need(words, (const char *[]){"--slug", "--name", "--kind", NULL}) ||
	    (valid_from && !is_day("--valid-from", valid_from)))
		return EXIT_USAGE;
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "id", id.text);
	bind_text(&bindings, "slug", words_option(words, "--slug", 0));
	bind_text(&bindings, "name", words_option(words, "--name", 0));
	bind_text(&bindings, "kind", words_option(words, "--kind", 0));
	bind_text(&bindings, "statutory_partner",
	    words_flag(words, "--statutory-partner") ? "true" : "false");
	bind_text(&bindings, "valid_from", valid_from);
	if (!session_run(session, &SQL_AGENCY_INSERT, &bindings, partnership_id, "agency.create",
	        id.text, &problem))
		return command_failed("the agency was not created", &problem);
	printf("%s\n", id.text);
	return EXIT_DONE;
}

/* Renamed or merged: the agency ends, and from the day on the other one is in its place. */
static int succeed_agency(
    struct session *session, const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};
	const char *on = words_option(words, "--on", 0);
	char agency_id[37];
	char successor_id[37];

	if (!words_need(words, (const char *[]){"--agency", "--by", "--on", NULL}) ||
	    !is_day("--on", on))
		return EXIT_USAGE;
	if (!find_agency(session, partnership_id, words_option(words, "--agency", 0), agency_id) ||
	    !find_agency(session, partnership_id, words_option(words, "--by", 0), successor_id))
		return EXIT_FAILED;
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "agency_id", agency_id);
	bind_text(&bindings, "successor_id", successor_id);
	bind_text(&bindings, "succeeded_on", on);
	if (!session_run(session, &SQL_AGENCY_SUCCEED, &bindings, partnership_id, "agency.succeed",
	        agency_id, &problem))
		return command_failed("the agency has been succeeded already, begins later than that, or "
		                      "is what the other one has become",
		    &problem);
	return EXIT_DONE;
}

int command_agencies(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};
	char partnership_id[37];

	if ((!is_verb(words, "create") && !is_verb(words, "succeed")) ||
	    !words_need(words, (const char *[]){"--partnership", NULL}))
		return called_wrongly();
	if (!session_open(settings, &session) ||
	    !session_partnership(&session, words_option(words, "--partnership", 0), partnership_id))
		return EXIT_FAILED;
	return is_verb(words, "create") ? create_agency(&session, partnership_id, words)
	                                : succeed_agency(&session, partnership_id, words);
}

/* Scopes are those that the OpenAPI document names, and no others. */
static bool is_scope(const struct contract *contract, const char *scope)
{
	for (size_t i = 0; i < contract_operation_count(contract); i++) {
		const char *const *known = contract_operation(contract, i)->scopes;
		for (; known && *known; known++)
			if (strcmp(*known, scope) == 0)
				return true;
	}
	return false;
}

static bool read_scopes(const struct words *words, struct text *ret_array)
{
	CLEANUP(contract_destroy) struct contract *contract = NULL;
	CLEANUP(problem_finish) struct problem problem = {0};
	bool sound = true;

	if (!contract_load(openapi_json, openapi_json_length, &contract, &problem)) {
		command_failed("the OpenAPI document cannot be used", &problem);
		return false;
	}
	text_putc(ret_array, '{');
	for (int i = 0; i < SCOPES_MAX; i++) {
		const char *scope = words_option(words, "--scope", i);
		if (!scope)
			break;
		if (!is_scope(contract, scope)) {
			(void)fprintf(stderr, "csprd: no operation asks for the scope '%s'\n", scope);
			sound = false;
		}
		text_printf(ret_array, "%s\"%s\"", i ? "," : "", scope);
	}
	text_putc(ret_array, '}');
	return sound;
}

static bool expiry(const struct words *words, struct instant_text *ret_instant)
{
	const char *days = words_option(words, "--days", 0);
	char *end = NULL;

	ret_instant->text[0] = '\0';
	if (!days)
		return true;
	long number = strtol(days, &end, 10);
	if (end == days || *end || number < 1 || number > 3660) {
		(void)fprintf(stderr, "csprd: --days is a number from 1 to 3660\n");
		return false;
	}
	*ret_instant = instant_format(clock_milliseconds() + number * DAY_MS);
	return true;
}

/* 256 random bits, shown once; what is kept is their HMAC under the pepper. */
static void make_token(const struct settings *settings, struct text *ret_token, char ret_hash[65])
{
	unsigned char random[32];
	unsigned char digest[DIGEST_BYTES];

	random_bytes(random, sizeof(random));
	text_puts(ret_token, "cspr_");
	base64url_encode(random, sizeof(random), ret_token);
	digest_hmac_sha256(settings->pepper, strlen(settings->pepper), text_string(ret_token),
	    ret_token->length, digest);
	hex_encode(digest, sizeof(digest), ret_hash);
}

static int create_key(const struct settings *settings, struct session *session,
    const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text scopes = TEXT_INIT(8192);
	CLEANUP(text_finish) struct text token = TEXT_INIT(100);
	struct bindings bindings = {0};
	struct instant_text expires_at;
	struct uuid id = uuid_new();
	char agency_id[37];
	char hash[DIGEST_HEX];

	if (!words_need(words, (const char *[]){"--agency", "--label", "--scope", NULL}) ||
	    !read_scopes(words, &scopes) || !expiry(words, &expires_at))
		return EXIT_USAGE;
	if (!find_agency(session, partnership_id, words_option(words, "--agency", 0), agency_id))
		return EXIT_FAILED;
	make_token(settings, &token, hash);
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "id", id.text);
	bind_text(&bindings, "agency_id", agency_id);
	bind_text(&bindings, "label", words_option(words, "--label", 0));
	bind_text(&bindings, "key_hash", hash);
	bind_text(&bindings, "scopes", text_string(&scopes));
	bind_text(&bindings, "expires_at", expires_at.text[0] ? expires_at.text : NULL);
	if (!session_run(session, &SQL_API_KEY_INSERT, &bindings, partnership_id, "key.create", id.text,
	        &problem))
		return command_failed("the key was not created", &problem);
	printf("%s\n", text_string(&token));
	return EXIT_DONE;
}

static int revoke_key(
    struct session *session, const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};
	const char *id = words_option(words, "--id", 0);

	if (!words_need(words, (const char *[]){"--id", NULL}) || !uuid_is_valid(id))
		return called_wrongly();
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "id", id);
	if (!session_run(
	        session, &SQL_API_KEY_REVOKE, &bindings, partnership_id, "key.revoke", id, &problem))
		return command_failed("the key was not revoked", &problem);
	return EXIT_DONE;
}

int command_keys(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};
	struct bindings bindings = {0};
	char partnership_id[37];

	if (!words_need(words, (const char *[]){"--partnership", NULL}))
		return called_wrongly();
	if (!session_open(settings, &session) ||
	    !session_partnership(&session, words_option(words, "--partnership", 0), partnership_id))
		return EXIT_FAILED;
	if (is_verb(words, "create"))
		return create_key(settings, &session, partnership_id, words);
	if (is_verb(words, "revoke"))
		return revoke_key(&session, partnership_id, words);
	if (!is_verb(words, "list"))
		return called_wrongly();
	bind_text(&bindings, "partnership_id", partnership_id);
	return session_print(&session, &SQL_API_KEY_LIST, &bindings);
}

/* The whsec_ secret in the file, sealed and in hexadecimal. */
static bool seal_secret(const struct settings *settings, const char *path, struct text *ret_hex,
    struct problem *problem)
{
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1024);
	char secret[200] = "";
	char hex[2 * 1024 + 1];

	FILE *file = fopen(path, "re");
	if (!file)
		return problem_set(problem, PROBLEM_INVALID, "The secret file cannot be read.");
	bool read = fgets(secret, sizeof(secret), file) != NULL;
	(void)fclose(file);
	secret[strcspn(secret, "\r\n")] = '\0';
	if (!read || !webhook_secret_seal(secret, settings->secrets_key, &sealed, problem))
		return problem->kind ? false
		                     : problem_set(problem, PROBLEM_INVALID, "The secret file is empty.");
	hex_encode(sealed.data, sealed.length, hex);
	text_puts(ret_hex, hex);
	return true;
}

static int set_recipient(const struct settings *settings, struct session *session,
    const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(4096);
	struct bindings bindings = {0};
	struct uuid id = uuid_new();
	const char *recipient = words_option(words, "--recipient", 0);
	const char *url = words_option(words, "--url", 0);

	if (!words_need(words, (const char *[]){"--recipient", "--url", "--secret-file", NULL}))
		return EXIT_USAGE;
	if (!webhook_target_check(url, settings->target_allow, &problem))
		return command_failed("the address is not allowed", &problem);
	if (!seal_secret(settings, words_option(words, "--secret-file", 0), &sealed, &problem))
		return command_failed("the secret cannot be used", &problem);
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "id", id.text);
	bind_text(&bindings, "recipient", recipient);
	bind_text(&bindings, "name", recipient);
	bind_text(&bindings, "url", url);
	bind_text(&bindings, "secret_sealed", text_string(&sealed));
	bind_text(&bindings, "event_types", webhook_statutory_events);
	if (!session_run(session, &SQL_RECIPIENT_SET, &bindings, partnership_id, "recipient.set",
	        recipient, &problem))
		return command_failed("the recipient was not set", &problem);
	return EXIT_DONE;
}

int command_recipients(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};
	struct bindings bindings = {0};
	char partnership_id[37];

	if (!words_need(words, (const char *[]){"--partnership", NULL}))
		return called_wrongly();
	if (!session_open(settings, &session) ||
	    !session_partnership(&session, words_option(words, "--partnership", 0), partnership_id))
		return EXIT_FAILED;
	if (is_verb(words, "set"))
		return set_recipient(settings, &session, partnership_id, words);
	if (!is_verb(words, "list"))
		return called_wrongly();
	bind_text(&bindings, "partnership_id", partnership_id);
	return session_print(&session, &SQL_RECIPIENT_LIST, &bindings);
}
