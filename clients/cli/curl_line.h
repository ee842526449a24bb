/* The same call for curl, to be pasted into a shell. */
#pragma once

#include "lib/cspr.h"
#include "lib/text.h"

/*
 * Appends a command for POSIX shells. The token is the shell's variable $CSPR_TOKEN and reaches
 * curl through standard input, so that neither this text nor curl's arguments contain it.
 */
void curl_line_put(
    const char *url, bool with_token, const struct cspr_request *request, struct text *text);
