/* Owns the tests of iCalendar's lines. */
#include "api/calendar_text.h"

#include <stdlib.h>

#include <criterion/criterion.h>

static void expect_text(const char *value, const char *wanted)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);

	calendar_text_line(&text, "SUMMARY", value);
	cr_assert_str_eq(text_string(&text), wanted);
}

Test(calendar_line, ends_in_both_characters)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);

	calendar_line(&text, "DTSTART;VALUE=DATE", "20240115");
	cr_assert_str_eq(text_string(&text), "DTSTART;VALUE=DATE:20240115\r\n");
}

Test(calendar_line, leaves_lists_and_addresses_as_they_are)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);

	calendar_line(&text, "CATEGORIES", "a,b;c\\d");
	cr_assert_str_eq(text_string(&text), "CATEGORIES:a,b;c\\d\r\n");
}

Test(calendar_text_line, escapes_what_would_part_values)
{
	expect_text("a,b;c\\d", "SUMMARY:a\\,b\\;c\\\\d\r\n");
	expect_text("one\ntwo", "SUMMARY:one\\ntwo\r\n");
	expect_text("a:b \"c\"", "SUMMARY:a:b \"c\"\r\n");
	expect_text("", "SUMMARY:\r\n");
}

/* So that no text begins a line of its own, whatever it holds. */
Test(calendar_text_line, lets_no_text_end_its_line)
{
	expect_text("a\r\nEND:VEVENT\r\n", "SUMMARY:a\\nEND:VEVENT\\n\r\n");
	expect_text("a\x01\x1b\x7f\tb", "SUMMARY:a\tb\r\n");
}

/* The value again, after the lines were joined; asserts the length of each on the way. */
static void unfold(const char *folded, char *ret_line)
{
	while (*folded) {
		const char *end = strstr(folded, "\r\n");
		cr_assert_not_null(end);
		cr_assert_leq(end - folded, 75, "%.*s", (int)(end - folded), folded);
		/* The next line begins with a character, not with the rest of one. */
		cr_assert_neq((unsigned char)end[-1] & 0xc0, 0xc0);
		memcpy(ret_line, folded, (size_t)(end - folded));
		ret_line += end - folded;
		folded = end + 2;
		if (*folded == ' ')
			folded++;
		else
			cr_assert_eq(*folded, '\0');
		cr_assert_neq((unsigned char)*folded & 0xc0, 0x80);
	}
	*ret_line = '\0';
}

Test(calendar_line, of_75_octets_is_not_folded)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);
	char value[74];

	memset(value, 'x', 73);
	value[73] = '\0';
	calendar_line(&text, "N", value);
	cr_assert_eq(text.length, 77);
	cr_assert_null(strstr(text_string(&text), "\r\n "));
}

Test(calendar_line, folds_at_75_octets_and_splits_no_character)
{
	static const char *const characters[] = {"x", "é", "–", "\xf0\x9f\x93\x85"};

	for (size_t kind = 0; kind < 4; kind++) {
		for (size_t shift = 0; shift < 5; shift++) {
			CLEANUP(text_finish) struct text value = TEXT_INIT(1000);
			CLEANUP(text_finish) struct text text = TEXT_INIT(2000);
			char line[1000];
			for (size_t i = 0; i < shift; i++)
				text_putc(&value, 'a');
			for (size_t i = 0; i < 100; i++)
				text_puts(&value, characters[kind]);
			calendar_text_line(&text, "DESCRIPTION", text_string(&value));
			unfold(text_string(&text), line);
			cr_assert(strncmp(line, "DESCRIPTION:", 12) == 0);
			cr_assert_str_eq(line + 12, text_string(&value));
			cr_assert_geq(text.length, value.length + 12 + 2 + 3 * ((value.length + 12) / 75 - 1));
		}
	}
}

Test(calendar_line, says_when_the_text_is_full)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(10);

	calendar_line(&text, "SUMMARY", "longer than that");
	cr_assert(text.failed);
}
