/*
 * The keys of webhooks: whsec_, whpk_ or whsk_, one a line, several during a rotation. They come
 * from a file (--secret-file, CSPR_WEBHOOK_SECRET_FILE) or from CSPR_WEBHOOK_SECRET, where spaces
 * divide them too; a public key may also stand on the command line (--public-key).
 */
#pragma once

#include "cli/arguments.h"
#include "lib/text.h"

#define SECRETS_MOST 8

struct secrets {
	struct text storage;
	const char *list[SECRETS_MOST];
	size_t count;
};

void secrets_finish(struct secrets *secrets);
DEFINE_VALUE_CLEANUP(struct secrets, secrets_finish)

/* At least one; each is checked to be a key. False leaves a sentence, in which none is repeated. */
MUST_CHECK bool secrets_read(
    const struct arguments *arguments, struct secrets *ret_secrets, struct text *message);
