/* Owns the frame of pages, and how values stand in them. */
#include "api/page.h"

#include <string.h>

#include "domain/date.h"

extern const char page_css[];

#define VALUE_BYTES ((size_t)64 * 1024)

void page_put(const char *plain, struct text *ret_text)
{
	for (; plain && *plain; plain++) {
		switch (*plain) {
		case '&':
			text_puts(ret_text, "&amp;");
			break;
		case '<':
			text_puts(ret_text, "&lt;");
			break;
		case '>':
			text_puts(ret_text, "&gt;");
			break;
		case '"':
			text_puts(ret_text, "&quot;");
			break;
		case '\'':
			text_puts(ret_text, "&#39;");
			break;
		default:
			text_putc(ret_text, *plain);
		}
	}
}

void page_put_element(const char *element, const char *plain, struct text *ret_text)
{
	text_printf(ret_text, "<%s>", element);
	page_put(plain, ret_text);
	text_printf(ret_text, "</%s>\n", element);
}

void page_open(const char *title, const char *by, struct text *ret_text)
{
	text_puts(ret_text,
	    "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
	page_put_element("title", title, ret_text);
	text_printf(ret_text, "<style>\n%s</style>\n</head>\n<body>\n<main>\n", page_css);
	if (by) {
		text_puts(ret_text, "<p class=\"by\">");
		page_put(by, ret_text);
		text_puts(ret_text, "</p>\n");
	}
	page_put_element("h1", title, ret_text);
}

void page_close(struct text *ret_text)
{
	text_puts(ret_text, "</main>\n</body>\n</html>\n");
}

void page_guard(struct reply *reply)
{
	reply_header(reply, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'");
}

static void put_date(const char *written, struct text *ret_text)
{
	static const char *const months[] = {"January", "February", "March", "April", "May", "June",
	    "July", "August", "September", "October", "November", "December"};
	struct date date;
	int year;
	int month;
	int day;

	if (!date_parse(written, &date)) {
		text_puts(ret_text, written);
		return;
	}
	date_to_civil(date, &year, &month, &day);
	text_printf(ret_text, "%d %s %d", day, months[month - 1], year);
}

/* Codes such as closed_assured are read as words; whatever has another letter is no code. */
static void put_text(const char *written, struct text *ret_text)
{
	bool is_code = strspn(written, "abcdefghijklmnopqrstuvwxyz_") == strlen(written);

	for (const char *at = written; *at; at++)
		text_putc(ret_text, is_code && *at == '_' ? ' ' : *at);
}

static void put_list(const json_t *list, struct text *ret_text)
{
	size_t index;
	json_t *item;

	json_array_foreach (list, index, item) {
		text_puts(ret_text, index ? "; " : "");
		page_put_value("text", item, ret_text);
	}
}

/* The members of an object, one after the other: what a cell has of a record within the row. */
static void put_members(const json_t *object, struct text *ret_text)
{
	const char *key;
	json_t *value;
	const char *between = "";

	json_object_foreach ((json_t *)object, key, value) {
		if (json_is_null(value))
			continue;
		text_puts(ret_text, between);
		page_put_value("text", value, ret_text);
		between = ", ";
	}
}

void page_put_value(const char *type, const json_t *value, struct text *ret_text)
{
	if (!value || json_is_null(value))
		text_puts(ret_text, "\xe2\x80\x93");
	else if (json_is_boolean(value))
		text_puts(ret_text, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		text_printf(ret_text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		text_printf(ret_text, "%.1f", json_real_value(value));
	else if (json_is_array(value))
		put_list(value, ret_text);
	else if (json_is_object(value))
		put_members(value, ret_text);
	else if (strcmp(type, "date") == 0)
		put_date(json_string_value(value), ret_text);
	else
		put_text(json_string_value(value), ret_text);
	if (strcmp(type, "percent") == 0 && json_is_number(value))
		text_puts(ret_text, " %");
}
