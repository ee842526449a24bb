/* Owns what a report to a scrutiny board says in sentences. A figure that the public is not told is
 * in none. */
#include "api/scrutiny.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_BYTES 1000
#define THEMES_NAMED 3

static void say(json_t *paragraphs, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(json_t *paragraphs, const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	json_array_append_new(paragraphs, json_string(sentence));
}

static const json_t *total(const json_t *report, const char *key)
{
	return json_object_get(json_object_get(report, "totals"), key);
}

/* Whether there are both, and the second is not nothing. */
static bool count_of(
    const json_t *report, const char *part, const char *whole, long *ret_part, long *ret_whole)
{
	const json_t *counts[] = {total(report, part), total(report, whole)};

	*ret_part = (long)json_integer_value(counts[0]);
	*ret_whole = (long)json_integer_value(counts[1]);
	return json_is_integer(counts[0]) && json_is_integer(counts[1]) && *ret_whole > 0;
}

/* As the report counted it. */
static double percent(const json_t *report, const char *key)
{
	return json_number_value(total(report, key));
}

static void say_untold(json_t *paragraphs)
{
	say(paragraphs, "These figures are too small for the public to be told of them.");
}

json_t *scrutiny_recommendations(const json_t *report)
{
	json_t *said = json_array();

	say(said, "That the board considers and comments on how the partnership meets its duties after "
	          "serious child safeguarding incidents.");
	say(said, "That the board notes the themes that its reviews have found, and the actions that "
	          "follow from them with the evidence for each.");
	return said;
}

json_t *scrutiny_process(const json_t *report)
{
	json_t *said = json_array();

	say(said,
	    "A serious child safeguarding case is one in which abuse or neglect of a child is known "
	    "or suspected and the child has died or been seriously harmed (Children Act 2004, "
	    "section 16C).");
	say(said,
	    "Within 5 working days of becoming aware the local authority notifies the Child "
	    "Safeguarding Practice Review Panel; the safeguarding partners then review the case "
	    "rapidly, and tell the Panel within 15 working days what they have found and decided.");
	say(said,
	    "Where more can be learnt the partners commission a local child safeguarding practice "
	    "review (LCSPR), which is to be published within six months, in full unless there are "
	    "compelling reasons not to (Working Together to Safeguard Children 2023, chapter 5). "
	    "Criminal and coroners' proceedings can make it later.");
	return said;
}

json_t *scrutiny_timeliness(const json_t *report)
{
	json_t *said = json_array();
	long on_time;
	long due;

	if (count_of(report, "notifications_on_time", "notifications", &on_time, &due))
		say(said, "%ld of %ld notifications were sent within 5 working days (%.1f %%).", on_time,
		    due, percent(report, "notifications_percent"));
	if (!count_of(report, "rapid_reviews_on_time", "rapid_reviews", &on_time, &due))
		return said;
	if (on_time == due && due > 1)
		say(said, "All %ld rapid reviews were submitted to the Panel within 15 working days.", due);
	else
		say(said,
		    "%ld of %ld rapid reviews were submitted to the Panel within 15 working days "
		    "(%.1f %%).",
		    on_time, due, percent(report, "rapid_reviews_percent"));
	return said;
}

json_t *scrutiny_concurrence(const json_t *report)
{
	json_t *said = json_array();
	long agreed;
	long all;

	if (count_of(report, "agreed", "total", &agreed, &all))
		say(said, "The Panel agreed with the partnership's decision in %ld of %ld cases (%.1f %%).",
		    agreed, all, percent(report, "percent"));
	return said;
}

json_t *scrutiny_table_1(const json_t *report)
{
	json_t *said = json_array();
	const json_t *rows = json_object_get(report, "rows");
	const json_t *last = json_array_get(rows, json_array_size(rows) - (json_array_size(rows) > 0));
	const char *year = json_string_value(json_object_get(last, "year"));
	long lcsprs;
	long reviews;

	if (count_of(report, "lcsprs", "rapid_reviews", &lcsprs, &reviews))
		say(said,
		    "Of %ld serious incidents that went to a rapid review, %ld (%.1f %%) led to a local "
		    "child safeguarding practice review. Table 1 shows them by year.",
		    reviews, lcsprs, percent(report, "percent"));
	else if (json_array_size(rows))
		say_untold(said);
	else
		say(said, "There was no rapid review.");
	if (year && json_is_true(json_object_get(last, "part_year")))
		say(said, "The year %s had not ended; its figures are those so far.", year);
	return said;
}

static const char *words_for(const char *status)
{
	static const struct {
		const char *status;
		const char *words;
	} known[] = {
	    {"published_full", "published in full"},
	    {"published_other_form", "published in another form"},
	    {"embargoed", "embargoed until other proceedings have ended"},
	    {"complete_unpublished", "complete and not yet published"},
	    {"in_progress", "in progress"},
	    {"not_published", "not to be published"},
	    {"discontinued", "discontinued"},
	    {"not_stated", "not stated to have come any further"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		if (strcmp(known[i].status, status) == 0)
			return known[i].words;
	return status;
}

json_t *scrutiny_outcomes(const json_t *report)
{
	json_t *said = json_array();
	CLEANUP(text_finish) struct text parts = TEXT_INIT(SENTENCE_BYTES);
	long all = (long)json_integer_value(total(report, "count"));
	size_t index;
	json_t *row;

	json_array_foreach (json_object_get(report, "rows"), index, row) {
		long count = (long)json_integer_value(json_object_get(row, "count"));
		const char *status = json_string_value(json_object_get(row, "status"));
		if (count > 0 && status)
			text_printf(&parts, "%s%ld %s %s", parts.length ? ", " : "", count,
			    count == 1 ? "is" : "are", words_for(status));
	}
	if (all > 0)
		say(said, "Of %ld local child safeguarding practice reviews %s.", all, text_string(&parts));
	else if (json_is_integer(total(report, "count")))
		say(said, "No local child safeguarding practice review was decided on.");
	else if (report)
		say_untold(said);
	return said;
}

/* The row that has the next largest count after those that are named already. */
static const json_t *next_theme(const json_t *rows, const json_t *named)
{
	const json_t *best = NULL;
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		bool is_named = false;
		size_t place;
		json_t *other;
		json_array_foreach (named, place, other)
			is_named = is_named || other == row;
		json_int_t count = json_integer_value(json_object_get(row, "count"));
		if (!is_named && count > 0 &&
		    (!best || count > json_integer_value(json_object_get(best, "count"))))
			best = row;
	}
	return best;
}

json_t *scrutiny_themes(const json_t *report)
{
	json_t *said = json_array();
	CLEANUP(json_decref) json_t *named = json_array();
	CLEANUP(text_finish) struct text parts = TEXT_INIT(SENTENCE_BYTES);
	const json_t *rows = json_object_get(report, "rows");

	for (const json_t *row;
	     json_array_size(named) < THEMES_NAMED && (row = next_theme(rows, named));) {
		text_printf(&parts, "%s%s (%ld", parts.length ? "; " : "",
		    json_string_value(json_object_get(row, "theme")),
		    (long)json_integer_value(json_object_get(row, "count")));
		if (json_is_integer(json_object_get(row, "denominator")))
			text_printf(
			    &parts, " of %ld", (long)json_integer_value(json_object_get(row, "denominator")));
		text_putc(&parts, ')');
		json_array_append(named, (json_t *)row);
	}
	if (json_array_size(named))
		say(said,
		    "The themes that were found most often in local child safeguarding practice reviews "
		    "are: "
		    "%s. A review has several themes.",
		    text_string(&parts));
	return said;
}

json_t *scrutiny_actions(const json_t *report)
{
	static const struct {
		const char *state;
		const char *words;
	} states[] = {
	    {"closed_assured", "closed with assurance"},
	    {"complete_pending_assurance", "complete and not yet assured"},
	    {"in_progress", "in progress"},
	    {"not_started", "not begun"},
	    {"closed_unverified", "closed without being verified"},
	    {"not_accepted", "not accepted"},
	    {"superseded", "superseded by others"},
	};
	json_t *said = json_array();
	CLEANUP(text_finish) struct text parts = TEXT_INIT(SENTENCE_BYTES);
	long all = (long)json_integer_value(total(report, "actions"));
	long red = (long)json_integer_value(total(report, "red"));

	say(said,
	    "For each review the partnership keeps a plan that says what is required of it and of "
	    "agencies, collectively and individually, and by when.");
	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		long count = (long)json_integer_value(total(report, states[i].state));
		if (count > 0)
			text_printf(&parts, "%s%ld %s %s", parts.length ? ", " : "", count,
			    count == 1 ? "is" : "are", states[i].words);
	}
	if (all > 0)
		say(said, "Of %ld action%s %s.", all, all == 1 ? "" : "s", text_string(&parts));
	else if (report)
		say(said, "No action was recorded.");
	if (red > 0)
		say(said, "%ld %s red: past the due day, or not accepted.", red, red == 1 ? "is" : "are");
	return said;
}
