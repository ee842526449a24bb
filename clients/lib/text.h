/*
 * The one growing text of the clients. Each has a limit; beyond it, or when memory ends, the text
 * keeps what it had and says so in `failed`, which stays set. Callers append freely and look once.
 * All of it is inline, so that the library brings no name into a program but cspr_. Not installed.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

struct text {
	char *data;      /* NUL-terminated, or NULL while empty */
	size_t length;   /* bytes, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t limit;    /* the most bytes it may hold */
	bool failed;     /* something did not fit */
};

#define TEXT_INIT(most) ((struct text){.limit = (most)})

static inline void text_finish(struct text *text)
{
	free(text->data);
	*text = TEXT_INIT(text->limit);
}
DEFINE_VALUE_CLEANUP(struct text, text_finish)

static inline bool text_reserve(struct text *text, size_t extra)
{
	if (text->failed)
		return false;
	if (extra > text->limit || text->length > text->limit - extra) {
		text->failed = true;
		return false;
	}
	size_t needed = text->length + extra + 1;
	if (needed <= text->capacity)
		return true;

	size_t capacity = text->capacity ? text->capacity : 128;
	while (capacity < needed)
		capacity *= 2;
	char *grown = realloc(text->data, capacity);
	if (!grown) {
		text->failed = true;
		return false;
	}
	text->data = grown;
	text->capacity = capacity;
	return true;
}

static inline void text_append(struct text *text, const void *bytes, size_t length)
{
	if (!text_reserve(text, length))
		return;
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

static inline void text_repeat(struct text *text, const char *string, size_t times)
{
	for (size_t i = 0; i < times; i++)
		text_puts(text, string);
}

__attribute__((format(printf, 2, 3))) static inline void text_printf(
    struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		text->failed = true;
	else if (text_reserve(text, (size_t)length)) {
		vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

/* Percent-encodes everything but RFC 3986's unreserved characters. */
static inline void text_put_escaped(struct text *text, const char *string)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                                 "0123456789-._~";

	for (; *string; string++) {
		if (strchr(unreserved, *string))
			text_putc(text, *string);
		else
			text_printf(text, "%%%02X", (unsigned char)*string);
	}
}

/* The content as a string, never NULL. Valid until the next append. */
static inline const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

/* Gives the content away, to be freed with free(); NULL when the text has failed. */
static inline char *text_take(struct text *text)
{
	if (text->failed || !text_reserve(text, 0))
		return NULL;
	text->data[text->length] = '\0';
	char *taken = TAKE(text->data);
	text_finish(text);
	return taken;
}
