/*
 * Owns the formats, which are assertions here. What PostgreSQL would refuse is refused, too: the
 * year 0000 and fractions of a second beyond nanoseconds.
 */
#include "contract/schema_model.h"

#include <ctype.h>
#include <string.h>

static bool digits(const char *text, size_t count, int *ret_number)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*ret_number = number;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_date(const char *text, size_t length)
{
	int year, month, day;

	return length == 10 && digits(text, 4, &year) && text[4] == '-' &&
	       digits(text + 5, 2, &month) && text[7] == '-' && digits(text + 8, 2, &day) && year > 0 &&
	       month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

/* The offset at the end of a time, in minutes. */
static bool read_offset(const char *text, size_t length, int *ret_minutes)
{
	int hours, minutes;

	*ret_minutes = 0;
	if (length == 1)
		return *text == 'Z' || *text == 'z';
	if (length != 6 || (*text != '+' && *text != '-') || !digits(text + 1, 2, &hours) ||
	    text[3] != ':' || !digits(text + 4, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_minutes = (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
	return true;
}

/* RFC 3339 full-time. A leap second can only be the last of a day in UTC. */
static bool is_time(const char *text, size_t length)
{
	int hour, minute, second, offset;

	if (length < 9 || !digits(text, 2, &hour) || text[2] != ':' || !digits(text + 3, 2, &minute) ||
	    text[5] != ':' || !digits(text + 6, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;

	size_t at = 8;
	if (text[at] == '.') {
		size_t start = ++at;
		while (at < length && isdigit((unsigned char)text[at]))
			at++;
		if (at == start || at - start > 9)
			return false;
	}
	if (!read_offset(text + at, length - at, &offset))
		return false;
	return second < 60 || (hour * 60 + minute - offset + 2880) % 1440 == 1439;
}

static bool is_date_time(const char *text, size_t length)
{
	return length > 11 && is_date(text, 10) && (text[10] == 'T' || text[10] == 't') &&
	       is_time(text + 11, length - 11);
}

static bool is_uuid(const char *text, size_t length)
{
	if (length != 36)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/* Labels of letters, digits and inner hyphens, with dots between. */
static bool is_host_name(const char *text, size_t length)
{
	size_t label = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.') {
			if (!label || text[i - 1] == '-')
				return false;
			label = 0;
		} else if (isalnum((unsigned char)text[i]) || (text[i] == '-' && label)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return label && text[length - 1] != '-' && length <= 253;
}

/* RFC 5321's dot-string form; quoted local parts and address literals are not accepted. */
static bool is_email(const char *text, size_t length)
{
	const char *at = memchr(text, '@', length);

	if (!at || length > 254)
		return false;
	size_t local = (size_t)(at - text);
	if (!local || local > 64 || text[0] == '.' || text[local - 1] == '.')
		return false;
	for (size_t i = 0; i < local; i++) {
		if (text[i] == '.' && text[i - 1] == '.')
			return false;
		if (!isalnum((unsigned char)text[i]) && !strchr(".!#$%&'*+-/=?^_`{|}~", text[i]))
			return false;
	}
	return is_host_name(at + 1, length - local - 1);
}

/* Characters of RFC 3986 in `text`; `extra` are those that the part allows besides pchar. */
static bool uri_characters(const char *text, size_t length, const char *extra)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%') {
			if (length - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
			    !isxdigit((unsigned char)text[i + 2]))
				return false;
			i += 2;
		} else if (!text[i] || (unsigned char)text[i] >= 0x80 ||
		           (!isalnum((unsigned char)text[i]) && !strchr("-._~!$&'()*+,;=:@", text[i]) &&
		               !strchr(extra, text[i]))) {
			return false;
		}
	}
	return true;
}

/* What follows the scheme, or a whole relative reference. */
static bool is_uri_rest(const char *text, size_t length)
{
	const char *fragment = memchr(text, '#', length);
	if (fragment) {
		size_t before = (size_t)(fragment - text);
		if (!uri_characters(fragment + 1, length - before - 1, "/?"))
			return false;
		length = before;
	}
	const char *query = memchr(text, '?', length);
	if (query) {
		size_t before = (size_t)(query - text);
		if (!uri_characters(query + 1, length - before - 1, "/?"))
			return false;
		length = before;
	}
	size_t authority = 0;
	if (length >= 2 && text[0] == '/' && text[1] == '/') {
		text += 2;
		length -= 2;
		while (authority < length && text[authority] != '/')
			authority++;
		if (!uri_characters(text, authority, "[]"))
			return false;
	}
	return uri_characters(text + authority, length - authority, "/");
}

static size_t scheme_length(const char *text, size_t length)
{
	size_t at = 0;

	if (!length || !isalpha((unsigned char)text[0]))
		return 0;
	while (at < length && (isalnum((unsigned char)text[at]) || strchr("+-.", text[at])))
		at++;
	return at < length && text[at] == ':' ? at : 0;
}

static bool is_uri(const char *text, size_t length)
{
	size_t scheme = scheme_length(text, length);

	return scheme && length > scheme + 1 && is_uri_rest(text + scheme + 1, length - scheme - 1);
}

static bool is_uri_reference(const char *text, size_t length)
{
	if (is_uri(text, length))
		return true;
	/* Without a scheme the first step of the path must not look like one. */
	size_t first = 0;
	while (first < length && !strchr("/?#", text[first]))
		first++;
	return !memchr(text, ':', first) && is_uri_rest(text, length);
}

static const struct format formats[] = {
    {"date", is_date, "Must be a date of the calendar such as 2024-06-30."},
    {"date-time", is_date_time, "Must be an instant with its offset such as 2024-06-30T09:30:00Z."},
    {"time", is_time, "Must be a time with its offset such as 09:30:00Z."},
    {"uuid", is_uuid, "Must be a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91."},
    {"email", is_email, "Must be an e-mail address such as name@example.org."},
    {"uri", is_uri, "Must be an absolute URI such as https://example.org/path."},
    {"uri-reference", is_uri_reference, "Must be a URI or a relative reference."},
};

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
