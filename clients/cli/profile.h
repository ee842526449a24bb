/*
 * Where the service's address and the token come from: the environment (CSPR_URL, CSPR_TOKEN,
 * CSPR_TOKEN_FILE) or a profile, a JSON file of mode 0600 in $XDG_CONFIG_HOME/cspr/. A profile
 * that is asked for by name wins over the environment; the one named "default" does not.
 */
#pragma once

#include "cli/arguments.h"

#define PROFILE_DEFAULT "default"
#define URL_DEFAULT "http://127.0.0.1:8080"

struct access {
	char *url;
	char *token; /* NULL when there is none */
};

void access_finish(struct access *access);
DEFINE_VALUE_CLEANUP(struct access, access_finish)

/* A profile's token goes to that profile's address only. False leaves a sentence. */
MUST_CHECK bool access_find(
    const struct arguments *arguments, struct access *ret_access, struct text *message);

/* Letters, digits, "-", "_" and ".", not beginning with a dot. */
bool profile_is_name(const char *name);
/* Writes a profile, replacing what was there in one step. False leaves a sentence. */
MUST_CHECK bool profile_write(const char *name, const char *url, const char *token,
    struct text *ret_path, struct text *message);
/* Reads a token or secret file's content without the white space around it. */
MUST_CHECK bool secret_read_file(const char *path, struct text *secret, struct text *message);
