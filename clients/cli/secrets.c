/* Owns the reading of webhook keys. */
#include "cli/secrets.h"

#include "cli/profile.h"
#include "lib/cspr.h"

#define SECRETS_BYTES 16384

void secrets_finish(struct secrets *secrets)
{
	if (secrets->storage.data)
		explicit_bzero(secrets->storage.data, secrets->storage.length);
	text_finish(&secrets->storage);
	*secrets = (struct secrets){0};
}

static bool is_key(const char *key)
{
	const struct cspr_webhook nothing = {.id = "-", .timestamp = "0", .signature = "-"};

	return cspr_verify_webhook(&key, 1, &nothing, 0, 0) == CSPR_WEBHOOK_UNSIGNED;
}

/* Everything but a secret that stands on the command line. */
static bool gather(const struct arguments *arguments, struct text *keys, struct text *message)
{
	const char *file = arguments_flag(arguments, "secret-file");
	const char *public_keys = arguments_flag(arguments, "public-key");
	const char *variable = getenv("CSPR_WEBHOOK_SECRET");

	if (public_keys) {
		if (strstr(public_keys, "whsec_") || strstr(public_keys, "whsk_")) {
			text_puts(message, "--public-key takes whpk_ keys; a secret does not belong on the "
			                   "command line");
			return false;
		}
		text_puts(keys, public_keys);
		text_putc(keys, '\n');
	}
	if (!file && !public_keys && !variable)
		file = getenv("CSPR_WEBHOOK_SECRET_FILE");
	if (file)
		return secret_read_file(file, keys, message);
	if (!public_keys && !variable) {
		text_puts(message,
		    "Give --secret-file, or CSPR_WEBHOOK_SECRET in the environment; a secret "
		    "does not belong on the command line");
		return false;
	}
	if (!public_keys)
		text_puts(keys, variable);
	return true;
}

bool secrets_read(
    const struct arguments *arguments, struct secrets *ret_secrets, struct text *message)
{
	struct secrets secrets CLEANUP(secrets_finish) = {.storage = TEXT_INIT(SECRETS_BYTES)};

	if (!gather(arguments, &secrets.storage, message))
		return false;
	for (char *rest = secrets.storage.data; rest;) {
		char *key = strsep(&rest, "\r\n ,");
		if (!key[0])
			continue;
		if (secrets.count == SECRETS_MOST || !is_key(key)) {
			text_printf(message, "Key %zu: %s", secrets.count + 1,
			    secrets.count == SECRETS_MOST ? "that is one too many"
			                                  : cspr_verdict_text(CSPR_WEBHOOK_BAD_SECRET));
			return false;
		}
		secrets.list[secrets.count++] = key;
	}
	if (!secrets.count || secrets.storage.failed) {
		text_puts(message, secrets.count ? "The keys are too long" : "There is no key");
		return false;
	}
	*ret_secrets = secrets;
	secrets.storage = TEXT_INIT(0);
	return true;
}
