/* Owns the look of a report to a scrutiny board, as a page to print and as Markdown. */
#include <string.h>

#include "api/markdown.h"
#include "api/page.h"
#include "api/report_page.h"
#include "api/scrutiny.h"

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static long number_of(const json_t *section)
{
	return (long)json_integer_value(json_object_get(section, "number"));
}

static const char *audience_of(const json_t *scrutiny)
{
	return strcmp(member(scrutiny, "audience"), "public") == 0 ? "the public"
	                                                           : "the partnership only";
}

/* Of a table without rows the sentences say so. */
static bool has_rows(const json_t *report)
{
	return json_array_size(json_object_get(report, "rows")) > 0;
}

/*
 * The table as it is read in a report: a long one without the columns that somebody who works with
 * it needs and a board does not. A new reference.
 */
static json_t *for_reading(const json_t *report)
{
	static const char *const wanted[] = {"review", "number", "action", "lead_agencies", "due_on",
	    "state", "evidence_count", "last_assurance_outcome"};
	json_t *shown = json_copy((json_t *)report);
	json_t *columns = json_array();
	size_t index;
	json_t *column;

	json_array_foreach (json_object_get(report, "columns"), index, column)
		for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
			if (strcmp(member(column, "key"), wanted[i]) == 0)
				json_array_append(columns, column);
	if (strcmp(member(report, "name"), "action-tracker") == 0)
		json_object_set(shown, "columns", columns);
	json_decref(columns);
	return shown;
}

/* ---- HTML ---- */

static void put_notes(const json_t *report, struct text *ret_text)
{
	size_t index;
	json_t *note;

	text_puts(ret_text, "<ul class=\"notes\">\n");
	json_array_foreach (json_object_get(report, "notes"), index, note)
		page_put_element("li", json_string_value(note), ret_text);
	text_puts(ret_text, "</ul>\n");
}

static void put_examples(const json_t *section, struct text *ret_text)
{
	const json_t *examples = json_object_get(section, "examples");
	size_t index;
	json_t *example;

	if (json_array_size(examples) == 0)
		return;
	text_puts(ret_text, "<h3>What was done, and what shows it</h3>\n<dl class=\"examples\">\n");
	json_array_foreach (examples, index, example) {
		page_put_element("dt", member(example, "action"), ret_text);
		page_put_element("dd", member(example, "evidence"), ret_text);
	}
	text_puts(ret_text, "</dl>\n");
}

static void put_section(const json_t *section, struct text *ret_text)
{
	const json_t *report = json_object_get(section, "report");
	size_t index;
	json_t *paragraph;

	text_printf(ret_text, "<section>\n<h2>%ld. ", number_of(section));
	page_put(member(section, "heading"), ret_text);
	text_puts(ret_text, "</h2>\n");
	json_array_foreach (json_object_get(section, "paragraphs"), index, paragraph) {
		text_printf(ret_text, "<p>%ld.%zu ", number_of(section), index + 1);
		page_put(json_string_value(paragraph), ret_text);
		text_puts(ret_text, "</p>\n");
	}
	put_examples(section, ret_text);
	if (has_rows(report)) {
		CLEANUP(json_decref) json_t *shown = for_reading(report);
		report_page_put_table(shown, NULL, ret_text);
		put_notes(report, ret_text);
	}
	text_puts(ret_text, "</section>\n");
}

void scrutiny_page_put(const json_t *scrutiny, const char *by, struct text *ret_text)
{
	CLEANUP(text_finish) struct text day = TEXT_INIT(40);
	size_t index;
	json_t *part;

	page_put_value("date", json_object_get(scrutiny, "as_of"), &day);
	page_open(member(scrutiny, "title"), by, ret_text);
	text_puts(ret_text, "<dl class=\"asked\">\n");
	page_put_element("dt", "As of", ret_text);
	page_put_element("dd", text_string(&day), ret_text);
	page_put_element("dt", "For", ret_text);
	page_put_element("dd", audience_of(scrutiny), ret_text);
	text_puts(ret_text, "</dl>\n");
	json_array_foreach (json_object_get(scrutiny, "sections"), index, part)
		put_section(part, ret_text);
	report_page_put_notes(scrutiny, ret_text);
	page_close(ret_text);
}

/* ---- Markdown ---- */

static void put_markdown_list(const json_t *texts, struct text *ret_text)
{
	size_t index;
	json_t *text;

	json_array_foreach (texts, index, text) {
		text_puts(ret_text, "- ");
		markdown_put(json_string_value(text), ret_text);
		text_putc(ret_text, '\n');
	}
	text_putc(ret_text, '\n');
}

static void put_markdown_examples(const json_t *section, struct text *ret_text)
{
	const json_t *examples = json_object_get(section, "examples");
	size_t index;
	json_t *example;

	if (json_array_size(examples) == 0)
		return;
	text_puts(ret_text, "### What was done, and what shows it\n\n");
	json_array_foreach (examples, index, example) {
		text_puts(ret_text, "- **");
		markdown_put(member(example, "action"), ret_text);
		text_puts(ret_text, "** ");
		markdown_put(member(example, "evidence"), ret_text);
		text_putc(ret_text, '\n');
	}
	text_putc(ret_text, '\n');
}

static void put_markdown_section(const json_t *section, struct text *ret_text)
{
	const json_t *report = json_object_get(section, "report");
	size_t index;
	json_t *paragraph;

	text_printf(ret_text, "## %ld. ", number_of(section));
	markdown_put(member(section, "heading"), ret_text);
	text_puts(ret_text, "\n\n");
	json_array_foreach (json_object_get(section, "paragraphs"), index, paragraph) {
		text_printf(ret_text, "%ld.%zu ", number_of(section), index + 1);
		markdown_put(json_string_value(paragraph), ret_text);
		text_puts(ret_text, "\n\n");
	}
	put_markdown_examples(section, ret_text);
	if (has_rows(report)) {
		CLEANUP(json_decref) json_t *shown = for_reading(report);
		markdown_put_table(shown, ret_text);
		put_markdown_list(json_object_get(report, "notes"), ret_text);
	}
}

void scrutiny_markdown_put(const json_t *scrutiny, const char *by, struct text *ret_text)
{
	size_t index;
	json_t *part;

	text_puts(ret_text, "# ");
	markdown_put(member(scrutiny, "title"), ret_text);
	text_puts(ret_text, "\n\n");
	markdown_put(by, ret_text);
	text_printf(
	    ret_text, "; as of %s; for %s\n\n", member(scrutiny, "as_of"), audience_of(scrutiny));
	json_array_foreach (json_object_get(scrutiny, "sections"), index, part)
		put_markdown_section(part, ret_text);
	put_markdown_list(json_object_get(scrutiny, "notes"), ret_text);
}
