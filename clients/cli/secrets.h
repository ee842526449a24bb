/* Webhook secrets from a file: one a line, several during a rotation. */
#pragma once

#include "lib/text.h"

#define SECRETS_MOST 8

struct secrets {
	struct text storage;
	const char *list[SECRETS_MOST];
	size_t count;
};

void secrets_finish(struct secrets *secrets);
DEFINE_VALUE_CLEANUP(struct secrets, secrets_finish)

/* False leaves a sentence; each line is checked to be a secret. */
MUST_CHECK bool secrets_read(const char *path, struct secrets *ret_secrets, struct text *message);
