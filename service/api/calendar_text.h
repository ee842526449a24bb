/* Lines of iCalendar (RFC 5545): escaped, folded and ended as the format wants them. */
#pragma once

#include "base/text.h"

/*
 * Appends "name:value" as one content line. It ends in CRLF, and beyond 75 octets it goes on in a
 * next line after a space (3.1); no character of UTF-8 is split. `name` may carry parameters. The
 * value stands as it is: for dates, numbers and lists.
 */
void calendar_line(struct text *ret_text, const char *name, const char *value);
/*
 * The same for a value of type TEXT (3.3.11): backslash, semicolon, comma and line feed are
 * escaped, and characters that no line may hold are left out.
 */
void calendar_text_line(struct text *ret_text, const char *name, const char *value);
