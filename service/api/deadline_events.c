/* Owns how a clock becomes an event of a calendar. */
#include "api/deadline_events.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/calendar_text.h"

#define TEXT_BYTES ((size_t)16 * 1024)
#define HOUR_OF_REMINDER 9
/* How often a calendar is asked for again; PUBLISHED-TTL is what Outlook reads. */
#define REFRESH "PT1H"

static const char *value_of(const struct rows *rows, size_t row, const char *column)
{
	const char *value = rows_text(rows, row, column);

	return value ? value : "";
}

/* "met_late" as "met late". */
static void put_words(const char *code, struct text *ret_text)
{
	for (; *code; code++)
		text_putc(ret_text, *code == '_' ? ' ' : *code);
}

/* What the code does not say to somebody who sees nothing but a calendar. */
static void put_kind(const char *kind, struct text *ret_text)
{
	static const struct {
		const char *kind;
		const char *words;
	} kinds[] = {
	    {"sin", "Serious incident notification"},
	    {"scoping", "Scoping return"},
	    {"panel_response", "Response to the Panel"},
	    {"lcspr", "Local child safeguarding practice review"},
	    {"publication_notice", "Notice of publication"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0) {
			text_puts(ret_text, kinds[i].words);
			return;
		}
	if (kind[0])
		text_putc(ret_text, (char)toupper(kind[0]));
	put_words(kind[0] ? kind + 1 : kind, ret_text);
}

/* "2024-01-15" as 20240115, so many days later. */
static void put_day(struct text *text, const char *name, const char *day, int later)
{
	struct date date;
	int year;
	int month;
	int day_of_month;
	char written[16] = "";

	if (date_parse(day, &date)) {
		date_to_civil((struct date){date.days + later}, &year, &month, &day_of_month);
		snprintf(written, sizeof(written), "%04d%02d%02d", year % 10000, month % 100,
		    day_of_month % 100);
	}
	calendar_line(text, name, written);
}

/* "2024-06-30T23:30:00.123Z" as 20240630T233000Z. */
static void put_instant(struct text *text, const char *name, const char *instant)
{
	char written[32] = "";
	size_t length = 0;

	for (; *instant && *instant != '.' && length + 2 < sizeof(written); instant++)
		if (*instant != '-' && *instant != ':' && *instant != 'Z')
			written[length++] = *instant;
	written[length] = 'Z';
	calendar_line(text, name, written);
}

static void put_part(struct text *text, const char *label, const char *value)
{
	if (value[0])
		text_printf(text, "%s%s: %s", text->length ? "\n" : "", label, value);
}

/* In the words of codes, without what belongs to the case. */
static void put_description(
    const struct rows *rows, size_t row, const char *link, struct text *text)
{
	CLEANUP(text_finish) struct text description = TEXT_INIT(TEXT_BYTES);

	put_part(&description, "Basis", value_of(rows, row, "basis"));
	put_part(&description, "Subject", value_of(rows, row, "subject"));
	put_part(&description, "Agency", value_of(rows, row, "agency"));
	put_part(&description, "Owner", value_of(rows, row, "owner"));
	put_part(&description, "Agreed until", value_of(rows, row, "extended_until"));
	put_part(&description, "Link", link);
	calendar_text_line(text, "DESCRIPTION", text_string(&description));
}

/*
 * At nine on the last working day before, told from the midnight that the event begins with: so it
 * is nine where the reader is, in winter and in summer.
 */
static void put_alarm(const struct rows *rows, size_t row, const char *summary, struct text *text)
{
	struct date due_on;
	struct date risk_on;
	char trigger[32] = "-P1D";

	if (strcmp(value_of(rows, row, "_state"), "running") != 0)
		return;
	if (date_parse(value_of(rows, row, "due_on"), &due_on) &&
	    date_parse(value_of(rows, row, "at_risk_on"), &risk_on) && risk_on.days < due_on.days) {
		int days = due_on.days - risk_on.days - 1;
		if (days > 0)
			snprintf(trigger, sizeof(trigger), "-P%dDT%dH", days, 24 - HOUR_OF_REMINDER);
		else
			snprintf(trigger, sizeof(trigger), "-PT%dH", 24 - HOUR_OF_REMINDER);
	}
	calendar_line(text, "BEGIN", "VALARM");
	calendar_line(text, "ACTION", "DISPLAY");
	calendar_text_line(text, "DESCRIPTION", summary);
	calendar_line(text, "TRIGGER", trigger);
	calendar_line(text, "END", "VALARM");
}

static const char *status_of(const char *state)
{
	if (strcmp(state, "cancelled") == 0)
		return "CANCELLED";
	return strcmp(state, "paused") == 0 ? "TENTATIVE" : "CONFIRMED";
}

static void put_event(
    const struct call *call, const struct rows *rows, size_t row, struct text *text)
{
	CLEANUP(text_finish) struct text summary = TEXT_INIT(TEXT_BYTES);
	CLEANUP(text_finish) struct text link = TEXT_INIT(TEXT_BYTES);
	CLEANUP(text_finish) struct text categories = TEXT_INIT(TEXT_BYTES);
	const char *due_on = value_of(rows, row, "due_on");
	const char *reference = value_of(rows, row, "reference");
	const char *state = value_of(rows, row, "_state");

	put_kind(value_of(rows, row, "kind"), &summary);
	text_printf(&summary, "%s%s: ", reference[0] ? ", " : "", reference);
	put_words(state, &summary);
	call_link(call, "/v1/deadlines/", &link);
	text_puts(&link, value_of(rows, row, "id"));
	text_printf(&categories, "%s,%s", value_of(rows, row, "kind"), state);

	calendar_line(text, "BEGIN", "VEVENT");
	calendar_line(text, "UID", value_of(rows, row, "_origin_id"));
	calendar_line(text, "SEQUENCE", value_of(rows, row, "_revision"));
	put_instant(text, "DTSTAMP", value_of(rows, row, "_updated_at"));
	put_instant(text, "LAST-MODIFIED", value_of(rows, row, "_updated_at"));
	put_day(text, "DTSTART;VALUE=DATE", due_on, 0);
	put_day(text, "DTEND;VALUE=DATE", due_on, 1);
	calendar_text_line(text, "SUMMARY", text_string(&summary));
	put_description(rows, row, text_string(&link), text);
	calendar_line(text, "URL", text_string(&link));
	calendar_line(text, "STATUS", status_of(state));
	calendar_line(text, "TRANSP", "TRANSPARENT");
	calendar_line(text, "CATEGORIES", text_string(&categories));
	put_alarm(rows, row, text_string(&summary), text);
	calendar_line(text, "END", "VEVENT");
}

/* A calendar holds one component at least (RFC 5545, 3.6); this one means nothing where none is. */
static void put_zone(struct text *text)
{
	calendar_line(text, "BEGIN", "VTIMEZONE");
	calendar_line(text, "TZID", "Europe/London");
	calendar_line(text, "BEGIN", "DAYLIGHT");
	calendar_line(text, "DTSTART", "19960331T010000");
	calendar_line(text, "RRULE", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU");
	calendar_line(text, "TZOFFSETFROM", "+0000");
	calendar_line(text, "TZOFFSETTO", "+0100");
	calendar_line(text, "END", "DAYLIGHT");
	calendar_line(text, "BEGIN", "STANDARD");
	calendar_line(text, "DTSTART", "19961027T020000");
	calendar_line(text, "RRULE", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU");
	calendar_line(text, "TZOFFSETFROM", "+0100");
	calendar_line(text, "TZOFFSETTO", "+0000");
	calendar_line(text, "END", "STANDARD");
	calendar_line(text, "END", "VTIMEZONE");
}

void deadline_events_put(const struct call *call, const char *name, const struct rows *rows,
    size_t count, struct text *ret_text)
{
	calendar_line(ret_text, "BEGIN", "VCALENDAR");
	calendar_line(ret_text, "PRODID", "-//cspr//csprd//EN");
	calendar_line(ret_text, "VERSION", "2.0");
	calendar_line(ret_text, "METHOD", "PUBLISH");
	if (name)
		calendar_text_line(ret_text, "X-WR-CALNAME", name);
	calendar_line(ret_text, "REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
	calendar_line(ret_text, "X-PUBLISHED-TTL", REFRESH);
	if (count == 0)
		put_zone(ret_text);
	for (size_t row = 0; row < count; row++)
		put_event(call, rows, row, ret_text);
	calendar_line(ret_text, "END", "VCALENDAR");
}
