/* Owns the lines of iCalendar: escaping and folding. */
#include "api/calendar_text.h"

#define LINE_OCTETS 75
#define VALUE_BYTES ((size_t)64 * 1024)

/* Where a line of at most so many octets may end: not before a continuing octet of UTF-8. */
static size_t fold_at(const char *line, size_t most)
{
	size_t at = most;

	while (at > 0 && ((unsigned char)line[at] & 0xc0) == 0x80)
		at--;
	return at > 0 ? at : most;
}

static void put_folded(struct text *ret_text, const char *line, size_t length)
{
	size_t room = LINE_OCTETS;

	while (length > room) {
		size_t part = fold_at(line, room);
		text_append(ret_text, line, part);
		text_puts(ret_text, "\r\n ");
		line += part;
		length -= part;
		room = LINE_OCTETS - 1; /* the space counts */
	}
	text_append(ret_text, line, length);
	text_puts(ret_text, "\r\n");
}

void calendar_line(struct text *ret_text, const char *name, const char *value)
{
	CLEANUP(text_finish) struct text line = TEXT_INIT(VALUE_BYTES);

	text_printf(&line, "%s:%s", name, value);
	put_folded(ret_text, text_string(&line), line.length);
	ret_text->failed = ret_text->failed || line.failed;
}

static bool is_control(char character)
{
	return ((unsigned char)character < 0x20 && character != '\t') || character == 0x7f;
}

void calendar_text_line(struct text *ret_text, const char *name, const char *value)
{
	CLEANUP(text_finish) struct text escaped = TEXT_INIT(VALUE_BYTES);

	for (; *value; value++) {
		if (*value == '\n')
			text_puts(&escaped, "\\n");
		else if (*value == '\\' || *value == ';' || *value == ',')
			text_printf(&escaped, "\\%c", *value);
		else if (!is_control(*value))
			text_putc(&escaped, *value);
	}
	calendar_line(ret_text, name, text_string(&escaped));
	ret_text->failed = ret_text->failed || escaped.failed;
}
