/* Owns the growth of bounded texts. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_finish(struct text *text)
{
	free(text->data);
	*text = (struct text){.limit = text->limit};
}

static bool reserve(struct text *text, size_t extra)
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

void text_append(struct text *text, const void *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_puts(struct text *text, const char *string)
{
	text_append(text, string, strlen(string));
}

void text_putc(struct text *text, char character)
{
	text_append(text, &character, 1);
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		text->failed = true;
	else if (reserve(text, (size_t)length)) {
		vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

static const char *escape_of(unsigned char character)
{
	switch (character) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

void text_put_json(struct text *text, const char *bytes, size_t length)
{
	text_putc(text, '"');
	size_t start = 0;
	for (size_t i = 0; i < length; i++) {
		unsigned char character = (unsigned char)bytes[i];
		if (character >= 0x20 && character != '"' && character != '\\')
			continue;
		text_append(text, bytes + start, i - start);
		start = i + 1;
		const char *escape = escape_of(character);
		if (escape)
			text_puts(text, escape);
		else
			text_printf(text, "\\u%04x", character);
	}
	text_append(text, bytes + start, length - start);
	text_putc(text, '"');
}

void text_put_url(struct text *text, const char *string)
{
	static const char unreserved[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *string; string++) {
		if (strchr(unreserved, *string))
			text_putc(text, *string);
		else
			text_printf(text, "%%%02X", (unsigned char)*string);
	}
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->data)
		text->data[0] = '\0';
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

char *text_take(struct text *text)
{
	if (text->failed || !reserve(text, 0))
		return NULL;
	text->data[text->length] = '\0';
	char *taken = TAKE(text->data);
	text_finish(text);
	return taken;
}
