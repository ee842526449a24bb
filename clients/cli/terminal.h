/*
 * What a terminal is and what may be shown on it: whether one is there, how wide a text stands on
 * it, and the removal of everything in other people's text that would command it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/text.h"

/* Width and character classes are UTF-8's, whatever the caller's locale is. Called once. */
void terminal_start(void);
bool terminal_is(FILE *stream);
/* A terminal, and the environment does not say NO_COLOR or TERM=dumb. */
bool terminal_has_colour(FILE *stream);
/* Columns of standard output's terminal; 0 when it is none. */
size_t terminal_columns(void);

/* Cells that the text takes. The text has gone through terminal_put(). */
size_t terminal_width(const char *text);
/*
 * Appends the text with each control character, bidirectional override and broken byte replaced
 * by U+FFFD; line feeds and tabs stay when `lines` is set.
 */
void terminal_put(struct text *text, const char *string, bool lines);
/* Appends the text cut to at most `cells`, the last being "…" when something was cut. */
void terminal_put_cut(struct text *text, const char *string, size_t cells);
