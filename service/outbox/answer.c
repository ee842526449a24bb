/* Owns what is kept of what receivers answer. */
#include "outbox/answer.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

/* The length of the UTF-8 sequence that begins here and is sound and whole, or 0. */
static size_t sequence_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} forms[] = {
	    {0x80, 0x00, 0x20}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t extra = 0; extra < ARRAY_LENGTH(forms); extra++) {
		if ((at[0] & forms[extra].mask) != forms[extra].lead)
			continue;
		if (extra >= left)
			return 0;
		unsigned code = at[0] & (unsigned char)~forms[extra].mask;
		for (size_t i = 1; i <= extra; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (at[i] & 0x3f);
		}
		bool surrogate = code >= 0xd800 && code <= 0xdfff;
		bool control = code >= 0x7f && code <= 0x9f;
		bool sound = code >= forms[extra].least && code <= 0x10ffff && !surrogate && !control;
		return sound ? extra + 1 : 0;
	}
	return 0;
}

void answer_clean(const char *bytes, size_t length, char ret_text[ANSWER_KEPT + 1])
{
	size_t used = 0;

	assert(length <= ANSWER_KEPT);
	while (used < length) {
		const unsigned char *at = (const unsigned char *)bytes + used;
		size_t sequence = *at == '\n' || *at == '\t' ? 1 : sequence_length(at, length - used);
		if (sequence)
			memcpy(ret_text + used, at, sequence);
		else
			ret_text[used] = '?';
		used += sequence ? sequence : 1;
	}
	ret_text[used] = '\0';
}
