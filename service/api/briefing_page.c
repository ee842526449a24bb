/* Owns the look of a 7-minute briefing: one page of A4 in seven boxes, and Markdown. */
#include <string.h>

#include "api/briefing.h"
#include "api/markdown.h"
#include "api/page.h"

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void put_title(const json_t *briefing, struct text *ret_plain)
{
	text_printf(ret_plain, "7-minute briefing: %s", member(briefing, "title"));
}

/* "3 facts were left out by rule: 2 embargoed, 1 exact date." and what there was no room for. */
static void put_account(const json_t *briefing, struct text *ret_plain)
{
	const json_t *left_out = json_object_get(briefing, "left_out");
	long cut = (long)json_integer_value(json_object_get(briefing, "cut"));
	size_t index;
	json_t *entry;

	json_array_foreach (left_out, index, entry) {
		text_puts(ret_plain, index ? ", " : "Left out by rule: ");
		for (const char *at = member(entry, "rule"); *at; at++)
			text_putc(ret_plain, *at == '_' ? ' ' : *at);
		text_printf(ret_plain, " %" JSON_INTEGER_FORMAT,
		    json_integer_value(json_object_get(entry, "count")));
	}
	if (json_array_size(left_out))
		text_puts(ret_plain, ". ");
	if (cut)
		text_printf(ret_plain, "For %ld more there is no room on the page. ", cut);
}

static const char *audience_of(const json_t *briefing)
{
	return strcmp(member(briefing, "audience"), "public") == 0 ? "the public"
	                                                           : "the partnership only";
}

/* ---- HTML ---- */

static void put_item(const json_t *item, struct text *ret_text)
{
	const char *url = member(item, "url");

	text_puts(ret_text, "<li>");
	page_put(member(item, "text"), ret_text);
	if (*url) {
		text_puts(ret_text, " <a href=\"");
		page_put(url, ret_text);
		text_puts(ret_text, "\">");
		page_put(url, ret_text);
		text_puts(ret_text, "</a>");
	}
	text_puts(ret_text, "</li>\n");
}

static void put_box(const json_t *box, struct text *ret_text)
{
	const json_t *items = json_object_get(box, "items");
	size_t index;
	json_t *item;

	text_puts(ret_text, "<section>\n<h2>");
	text_printf(
	    ret_text, "%" JSON_INTEGER_FORMAT ". ", json_integer_value(json_object_get(box, "number")));
	page_put(member(box, "heading"), ret_text);
	text_puts(ret_text, "</h2>\n");
	if (json_array_size(items) == 0)
		text_puts(ret_text, "<p>Nothing is told of this.</p>\n");
	else
		text_puts(ret_text, "<ul>\n");
	json_array_foreach (items, index, item)
		put_item(item, ret_text);
	text_puts(ret_text, json_array_size(items) ? "</ul>\n</section>\n" : "</section>\n");
}

void briefing_page_put(const json_t *briefing, const char *by, struct text *ret_text)
{
	CLEANUP(text_finish) struct text title = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text day = TEXT_INIT(40);
	CLEANUP(text_finish) struct text account = TEXT_INIT(1000);
	size_t index;
	json_t *part;

	put_title(briefing, &title);
	page_put_value("date", json_object_get(briefing, "as_of"), &day);
	put_account(briefing, &account);
	page_open(text_string(&title), by, ret_text);
	text_puts(ret_text, "<div class=\"boxes\">\n");
	json_array_foreach (json_object_get(briefing, "boxes"), index, part)
		put_box(part, ret_text);
	text_puts(ret_text, "</div>\n<p class=\"account\">");
	text_printf(ret_text, "As of %s, for %s. ", text_string(&day), audience_of(briefing));
	json_array_foreach (json_object_get(briefing, "notes"), index, part) {
		page_put(json_string_value(part), ret_text);
		text_putc(ret_text, ' ');
	}
	page_put(text_string(&account), ret_text);
	text_puts(ret_text, "</p>\n");
	page_close(ret_text);
}

/* ---- Markdown ---- */

static void put_markdown_box(const json_t *box, struct text *ret_text)
{
	const json_t *items = json_object_get(box, "items");
	size_t index;
	json_t *item;

	text_printf(ret_text, "## %" JSON_INTEGER_FORMAT ". ",
	    json_integer_value(json_object_get(box, "number")));
	markdown_put(member(box, "heading"), ret_text);
	text_puts(ret_text, "\n\n");
	if (json_array_size(items) == 0)
		text_puts(ret_text, "Nothing is told of this.\n");
	json_array_foreach (items, index, item) {
		text_puts(ret_text, "- ");
		markdown_put(member(item, "text"), ret_text);
		if (*member(item, "url"))
			text_printf(ret_text, " <%s>", member(item, "url"));
		text_putc(ret_text, '\n');
	}
	text_putc(ret_text, '\n');
}

void briefing_markdown_put(const json_t *briefing, const char *by, struct text *ret_text)
{
	CLEANUP(text_finish) struct text title = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text account = TEXT_INIT(1000);
	size_t index;
	json_t *part;

	put_title(briefing, &title);
	put_account(briefing, &account);
	text_puts(ret_text, "# ");
	markdown_put(text_string(&title), ret_text);
	text_puts(ret_text, "\n\n");
	markdown_put(by, ret_text);
	text_printf(
	    ret_text, "; as of %s; for %s\n\n", member(briefing, "as_of"), audience_of(briefing));
	json_array_foreach (json_object_get(briefing, "boxes"), index, part)
		put_markdown_box(part, ret_text);
	json_array_foreach (json_object_get(briefing, "notes"), index, part) {
		markdown_put(json_string_value(part), ret_text);
		text_putc(ret_text, ' ');
	}
	markdown_put(text_string(&account), ret_text);
	text_putc(ret_text, '\n');
}
