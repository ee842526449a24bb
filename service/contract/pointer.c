/* Owns JSON Pointers: writing one for a place, and following one. */
#include "contract/pointer.h"

#include <ctype.h>
#include <string.h>

#include "base/digest.h"

static void write_key(struct text *text, const char *key)
{
	for (const char *at = key; *at; at++) {
		if (*at == '~')
			text_puts(text, "~0");
		else if (*at == '/')
			text_puts(text, "~1");
		else
			text_putc(text, *at);
	}
}

static void write_steps(struct text *text, const struct place *place)
{
	if (!place)
		return;
	write_steps(text, place->parent);
	if (text->failed)
		return;

	size_t length = text->length;
	text_putc(text, '/');
	if (place->key)
		write_key(text, place->key);
	else
		text_printf(text, "%zu", place->index);
	if (text->failed && text->data) {
		text->length = length;
		text->data[length] = '\0';
	}
}

void pointer_write(struct text *text, const char *base, const struct place *place)
{
	text_puts(text, base);
	write_steps(text, place);
}

/* One step's name without its escapes; false when an escape is malformed. */
static bool read_key(const char *step, size_t length, struct text *ret_key)
{
	for (size_t i = 0; i < length; i++) {
		if (step[i] != '~') {
			text_putc(ret_key, step[i]);
			continue;
		}
		i++;
		if (i == length || (step[i] != '0' && step[i] != '1'))
			return false;
		text_putc(ret_key, step[i] == '0' ? '~' : '/');
	}
	return !ret_key->failed;
}

static const json_t *step_into(const json_t *value, const char *key)
{
	if (json_is_object(value))
		return json_object_get(value, key);
	if (!json_is_array(value) || !isdigit((unsigned char)key[0]) || (key[0] == '0' && key[1]))
		return NULL;
	char *end;
	unsigned long index = strtoul(key, &end, 10);
	return *end ? NULL : json_array_get(value, index);
}

const json_t *pointer_find(const json_t *document, const char *pointer)
{
	const json_t *value = document;

	while (value && *pointer) {
		if (*pointer != '/')
			return NULL;
		pointer++;
		size_t length = strcspn(pointer, "/");
		CLEANUP(text_finish) struct text key = TEXT_INIT(POINTER_MAX);
		if (!read_key(pointer, length, &key))
			return NULL;
		value = step_into(value, text_string(&key));
		pointer += length;
	}
	return value;
}

const json_t *reference_find(const json_t *document, const char *reference)
{
	CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_MAX);

	if (*reference != '#')
		return NULL;
	for (const char *at = reference + 1; *at; at++) {
		if (*at != '%') {
			text_putc(&pointer, *at);
			continue;
		}
		int high = hex_value(at[1]);
		int low = high < 0 ? -1 : hex_value(at[2]);
		if (low < 0 || high + low == 0)
			return NULL;
		text_putc(&pointer, (char)(high * 16 + low));
		at += 2;
	}
	return pointer.failed ? NULL : pointer_find(document, text_string(&pointer));
}
