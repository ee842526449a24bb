/* Owns what is known about the terminal, and the width of text on it. */
#include "cli/terminal.h"

#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"

void terminal_start(void)
{
	/* Without C.UTF-8 the width of a character counts as one cell, which is only less pretty. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
}

bool terminal_is(FILE *stream)
{
	return isatty(fileno(stream));
}

bool terminal_has_colour(FILE *stream)
{
	const char *none = getenv("NO_COLOR");
	const char *kind = getenv("TERM");

	return terminal_is(stream) && !(none && none[0]) && !(kind && strcmp(kind, "dumb") == 0);
}

size_t terminal_columns(void)
{
	struct winsize size;

	if (!terminal_is(stdout) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col ? size.ws_col : 80;
}

/* Bytes of the UTF-8 character at `string` and its code; 0 bytes when it is broken. */
static size_t decode(const char *string, unsigned long *ret_code)
{
	const unsigned char *byte = (const unsigned char *)string;
	size_t length = byte[0] < 0x80             ? 1
	                : (byte[0] & 0xe0) == 0xc0 ? 2
	                : (byte[0] & 0xf0) == 0xe0 ? 3
	                : (byte[0] & 0xf8) == 0xf0 ? 4
	                                           : 0;
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned long code = length ? byte[0] & masks[length] : 0;

	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	*ret_code = code;
	return length;
}

static bool is_command(unsigned long code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void terminal_put(struct text *text, const char *string, bool lines)
{
	while (*string) {
		unsigned long code = 0;
		size_t length = decode(string, &code);
		bool kept = length && (!is_command(code) || (lines && (code == '\n' || code == '\t')));
		if (kept)
			text_append(text, string, length);
		else
			text_puts(text, REPLACEMENT);
		string += length ? length : 1;
	}
}

static size_t width_of(unsigned long code)
{
	int width = wcwidth((wchar_t)code);

	return width < 0 ? 1 : (size_t)width;
}

size_t terminal_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		unsigned long code = 0;
		size_t length = decode(text, &code);
		width += length ? width_of(code) : 1;
		text += length ? length : 1;
	}
	return width;
}

void terminal_put_cut(struct text *text, const char *string, size_t cells)
{
	if (terminal_width(string) <= cells) {
		text_puts(text, string);
		return;
	}
	size_t used = 0;
	while (*string) {
		unsigned long code = 0;
		size_t length = decode(string, &code);
		size_t width = length ? width_of(code) : 1;
		if (used + width + 1 > cells)
			break;
		text_append(text, string, length ? length : 1);
		used += width;
		string += length ? length : 1;
	}
	text_puts(text, ELLIPSIS);
}
