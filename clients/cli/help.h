/* What the program says about its commands. */
#pragma once

#include "cli/arguments.h"

/* Everything it can do: one line a command. With `beginning` only commands that begin with it. */
void help_put_commands(const struct document *document, const char *const *beginning,
    size_t word_count, struct text *text);
/* One command: usage, arguments, options, the body's fields. */
void help_put_command(
    const struct document *document, const struct arguments *arguments, struct text *text);
