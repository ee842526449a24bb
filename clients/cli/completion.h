/* Shell completions, written from the tables of commands. */
#pragma once

#include "cli/arguments.h"

/* Appends the script for "bash", "zsh" or "fish"; false when it is another shell. */
MUST_CHECK bool completion_put(
    const struct document *document, const char *shell, struct text *text);
