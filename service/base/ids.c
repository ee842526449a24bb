/* Owns ids, random bytes and the reading of the clock. */
#include "base/ids.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

void random_bytes(void *ret_bytes, size_t length)
{
	unsigned char *at = ret_bytes;

	while (length) {
		size_t chunk = length < 256 ? length : 256;
		ssize_t got = getrandom(at, chunk, 0);
		if (got < 0)
			abort();
		at += got;
		length -= (size_t)got;
	}
}

int64_t clock_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct uuid uuid_new(void)
{
	unsigned char bytes[16];
	uint64_t now = (uint64_t)clock_milliseconds();

	random_bytes(bytes + 6, sizeof(bytes) - 6);
	for (int i = 0; i < 6; i++)
		bytes[i] = (unsigned char)(now >> (40 - 8 * i));
	bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0f));
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));

	static const char hex[] = "0123456789abcdef";
	struct uuid id;
	char *at = id.text;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[bytes[i] >> 4];
		*at++ = hex[bytes[i] & 15];
	}
	*at = '\0';
	return id;
}

bool uuid_is_valid(const char *text)
{
	if (!text || strnlen(text, 37) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = text[i];
		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

struct instant_text instant_format(int64_t milliseconds)
{
	struct instant_text result;
	time_t seconds = (time_t)(milliseconds / 1000);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	size_t length = strftime(result.text, sizeof(result.text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(
	    result.text + length, sizeof(result.text) - length, ".%03dZ", (int)(milliseconds % 1000));
	return result;
}
