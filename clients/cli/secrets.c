/* Owns the reading of webhook secrets. */
#include "cli/secrets.h"

#include "cli/profile.h"
#include "lib/cspr.h"

void secrets_finish(struct secrets *secrets)
{
	if (secrets->storage.data)
		explicit_bzero(secrets->storage.data, secrets->storage.length);
	text_finish(&secrets->storage);
	*secrets = (struct secrets){0};
}

static bool is_secret(const char *secret)
{
	const struct cspr_webhook nothing = {.id = "", .timestamp = ""};
	char signature[CSPR_SIGNATURE_SIZE];

	return cspr_sign_webhook(secret, &nothing, signature) == CSPR_WEBHOOK_VALID;
}

bool secrets_read(const char *path, struct secrets *ret_secrets, struct text *message)
{
	struct secrets secrets CLEANUP(secrets_finish) = {.storage = TEXT_INIT(16384)};

	if (!path) {
		text_puts(message, "Give --secret-file; a secret does not belong on the command line");
		return false;
	}
	if (!secret_read_file(path, &secrets.storage, message))
		return false;
	for (char *rest = secrets.storage.data; rest;) {
		char *line = strsep(&rest, "\r\n");
		if (!line[0])
			continue;
		if (secrets.count == SECRETS_MOST || !is_secret(line)) {
			text_printf(message, "%s: %s", path,
			    secrets.count == SECRETS_MOST ? "too many secrets"
			                                  : cspr_verdict_text(CSPR_WEBHOOK_BAD_SECRET));
			return false;
		}
		secrets.list[secrets.count++] = line;
	}
	*ret_secrets = secrets;
	secrets.storage = TEXT_INIT(0);
	return true;
}
