/* Owns the reading of UTF-8 and the list of forbidden characters. */
#include "http/characters.h"

size_t character_read(const char *bytes, size_t length, uint32_t *ret_code)
{
	const unsigned char *at = (const unsigned char *)bytes;

	if (length == 0)
		return 0;
	if (at[0] < 0x80) {
		*ret_code = at[0];
		return 1;
	}

	size_t size;
	uint32_t code, least;
	if ((at[0] & 0xe0) == 0xc0) {
		size = 2;
		code = at[0] & 0x1f;
		least = 0x80;
	} else if ((at[0] & 0xf0) == 0xe0) {
		size = 3;
		code = at[0] & 0x0f;
		least = 0x800;
	} else if ((at[0] & 0xf8) == 0xf0) {
		size = 4;
		code = at[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	if (length < size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return size;
}

bool character_is_forbidden(uint32_t code)
{
	if (code < 0x20)
		return code != '\n' && code != '\r' && code != '\t';
	if (code >= 0x7f && code <= 0x9f)
		return true;
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool text_is_blank(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t size = character_read(bytes + i, length - i, &code);
		bool shows = code > 0x20 && code != 0xa0 && code != 0xad && code != 0x1680 &&
		             code != 0x2028 && code != 0x2029 && code != 0x202f && code != 0x205f &&
		             code != 0x2060 && code != 0x3000 && code != 0xfeff &&
		             !(code >= 0x2000 && code <= 0x200f);
		if (size == 0 || shows)
			return false;
		i += size;
	}
	return length > 0;
}

static bool holds(const char *bytes, size_t length, bool lines)
{
	for (size_t i = 0; i < length;) {
		uint32_t code;
		/* Nearly all of nearly every text. */
		if (bytes[i] >= ' ' && bytes[i] <= '~') {
			i++;
			continue;
		}
		size_t size = character_read(bytes + i, length - i, &code);
		if (size == 0 || character_is_forbidden(code))
			return false;
		if (!lines && code < 0x20)
			return false;
		i += size;
	}
	return true;
}

bool text_is_plain(const char *bytes, size_t length)
{
	return holds(bytes, length, false);
}

bool text_is_clean(const char *bytes, size_t length)
{
	return holds(bytes, length, true);
}
