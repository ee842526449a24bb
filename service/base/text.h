/*
 * The one growing text of the program. Each has a limit; beyond it, or when memory ends, the text
 * keeps what it had and says so in `failed`, which stays set. Callers append freely and look once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

struct text {
	char *data;      /* NUL-terminated, or NULL while empty */
	size_t length;   /* bytes, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t limit;    /* the most bytes it may hold */
	bool failed;     /* something did not fit */
};

#define TEXT_INIT(most) ((struct text){.limit = (most)})

void text_finish(struct text *text);
DEFINE_VALUE_CLEANUP(struct text, text_finish)

/* The way of text_append() when there is no room yet. */
void text_append_slowly(struct text *text, const void *bytes, size_t length);

/* In the header, because rows become JSON through hundreds of these a row. */
static inline void text_append(struct text *text, const void *bytes, size_t length)
{
	if (text->failed || length >= text->capacity - text->length ||
	    length > text->limit - text->length) {
		text_append_slowly(text, bytes, length);
		return;
	}
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

static inline void text_puts(struct text *text, const char *string)
{
	text_append(text, string, strlen(string));
}

static inline void text_putc(struct text *text, char character)
{
	text_append(text, &character, 1);
}

/* Appends the number in decimal digits. */
void text_put_number(struct text *text, int64_t number);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes room at once for what will be appended, if the text may hold as much; no promise. */
void text_expect(struct text *text, size_t length);
/* Appends a JSON string with its quotes; the bytes must be UTF-8. */
void text_put_json(struct text *text, const char *bytes, size_t length);
/* Appends what may stand in a URL's query, everything else percent-encoded. */
void text_put_url(struct text *text, const char *string);
/* Empties it and keeps the memory. */
void text_clear(struct text *text);
/* The content as a string, never NULL. Valid until the next append. */
const char *text_string(const struct text *text);
/* Gives the content away, to be freed with free(); NULL when the text has failed. */
char *text_take(struct text *text);
