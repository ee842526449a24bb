/* Owns the growth of bounded texts. */
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LARGE ((size_t)4096)
#define EXPECTED_MAX ((size_t)1024 * 1024)

typedef unsigned char block __attribute__((vector_size(8)));

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

	/* An answer's few thousand bytes are reached in three steps. */
	size_t capacity = text->capacity ? text->capacity : 128;
	while (capacity < needed)
		capacity *= capacity < LARGE ? 8 : 2;
	char *grown = realloc(text->data, capacity);
	/* Half a text that nobody looked at would be sent as if it were whole (docs/adr/0009). */
	if (!grown)
		abort();
	text->data = grown;
	text->capacity = capacity;
	return true;
}

void text_expect(struct text *text, size_t length)
{
	if (length <= EXPECTED_MAX && length <= text->limit - text->length)
		(void)reserve(text, length);
}

void text_append_slowly(struct text *text, const void *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_put_number(struct text *text, int64_t number)
{
	char digits[24];
	char *at = digits + sizeof(digits);
	/* The least number has no opposite of its own type. */
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		*--at = '-';
	text_append(text, at, (size_t)(digits + sizeof(digits) - at));
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	/* Into the room that is left, which is mostly enough. */
	size_t room = text->failed ? 0 : text->capacity - text->length;
	int length = vsnprintf(room ? text->data + text->length : NULL, room, format, arguments);
	va_end(arguments);
	bool fits = length >= 0 && reserve(text, (size_t)length);
	if (fits && (size_t)length >= room)
		vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
	if (fits)
		text->length += (size_t)length;
	else if (text->data)
		text->data[text->length] = '\0';
	if (length < 0)
		text->failed = true;
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

/* Whether a JSON string cannot have it as it is. */
static inline bool is_escaped(char byte)
{
	return (unsigned char)byte < 0x20 || byte == '"' || byte == '\\';
}

/* The length of what can stand in a JSON string as it is. */
static size_t plain_length(const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length && !is_escaped(bytes[i]))
		i++;
	return i;
}

/* is_escaped() of any byte of a block, all looked at at once. */
static inline bool has_escaped(const char *bytes)
{
	block seen;
	uint64_t found;

	memcpy(&seen, bytes, sizeof(seen));
	seen = (seen < 0x20) | (seen == '"') | (seen == '\\');
	static_assert(sizeof(found) == sizeof(seen), "all of it is looked at");
	memcpy(&found, &seen, sizeof(found));
	return found != 0;
}

/* Whether all of it can stand in a JSON string as it is. A page of a list has 100,000 bytes. */
static bool is_plain(const char *bytes, size_t length)
{
	if (length < sizeof(block))
		return plain_length(bytes, length) == length;
	/* The last block overlaps the one before it. */
	for (size_t i = 0; i + sizeof(block) < length; i += sizeof(block))
		if (has_escaped(bytes + i))
			return false;
	return !has_escaped(bytes + length - sizeof(block));
}

void text_put_json(struct text *text, const char *bytes, size_t length)
{
	/* Almost every text is plain: one look, one room, one copy. */
	if (is_plain(bytes, length) && reserve(text, length + 2)) {
		char *at = text->data + text->length;
		*at++ = '"';
		if (length)
			memcpy(at, bytes, length);
		at[length] = '"';
		text->length += length + 2;
		text->data[text->length] = '\0';
		return;
	}
	text_putc(text, '"');
	while (length) {
		size_t plain = plain_length(bytes, length);
		text_append(text, bytes, plain);
		if (plain == length)
			break;
		const char *escape = escape_of((unsigned char)bytes[plain]);
		if (escape)
			text_puts(text, escape);
		else
			text_printf(text, "\\u%04x", (unsigned char)bytes[plain]);
		bytes += plain + 1;
		length -= plain + 1;
	}
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
