/* Deadlines as a calendar: text/calendar by RFC 5545, for Outlook and whatever else reads it. */
#pragma once

#include "api/call.h"

/*
 * Appends a whole VCALENDAR with an event for each of the first `count` rows, which are those of
 * deadline_columns. `name` is what the calendar is called, or NULL. Codes, references, dates and
 * roles alone: an extension's reason stays out, because calendars are copied to where nobody looks.
 */
void deadline_events_put(const struct call *call, const char *name, const struct rows *rows,
    size_t count, struct text *ret_text);
