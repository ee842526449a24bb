/* Owns the tests of bounded texts: limits, failure that stays, and JSON strings. */
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/text.h"

Test(text, holds_exactly_its_limit)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(5);

	text_puts(&text, "abc");
	text_putc(&text, 'd');
	text_append(&text, "e", 1);
	cr_expect_not(text.failed);
	cr_expect_str_eq(text_string(&text), "abcde");
	text_putc(&text, 'f');
	cr_expect(text.failed);
	cr_expect_str_eq(text_string(&text), "abcde", "a failure keeps what was there");
}

Test(text, does_not_fail_by_what_is_only_expected)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(10);

	text_puts(&text, "abc");
	text_expect(&text, 7);
	text_expect(&text, 8);
	text_expect(&text, SIZE_MAX);
	cr_expect_not(text.failed);
	text_puts(&text, "defghij");
	cr_expect_str_eq(text_string(&text), "abcdefghij");
}

Test(text, stays_failed_even_when_later_pieces_would_fit)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(5);

	text_puts(&text, "abc");
	text_puts(&text, "too long");
	text_putc(&text, 'd');
	cr_expect(text.failed);
	cr_expect_str_eq(text_string(&text), "abc");
	cr_expect_null(text_take(&text));
	text_clear(&text);
	cr_expect_not(text.failed);
	text_puts(&text, "again");
	cr_expect_str_eq(text_string(&text), "again");
}

Test(text, refuses_lengths_that_would_wrap_around)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(100);

	text_puts(&text, "abc");
	text_append(&text, "x", SIZE_MAX);
	cr_expect(text.failed);
	cr_expect_eq(text.length, 3);
}

Test(text, writes_numbers_to_both_ends_of_their_range)
{
	static const int64_t numbers[] = {0, 7, 10, -1, 1234567890, INT64_MAX, INT64_MIN};
	CLEANUP(text_finish) struct text text = TEXT_INIT(200);

	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		text_put_number(&text, numbers[i]);
		text_putc(&text, ' ');
	}
	cr_expect_str_eq(
	    text_string(&text), "0 7 10 -1 1234567890 9223372036854775807 -9223372036854775808 ");
}

Test(text, prints_into_the_last_byte_of_its_room)
{
	/* Every place at which what is printed can meet the end of what was allocated. */
	for (int before = 100; before < 160; before++)
		for (int length = 0; length < 40; length++) {
			CLEANUP(text_finish) struct text text = TEXT_INIT(1000);
			text_printf(&text, "%*s", before, "a");
			text_printf(&text, "%0*d", length, 5);
			cr_assert_eq(text.length, strlen(text_string(&text)));
			cr_assert_eq(text.length, (size_t)before + (length ? (size_t)length : 1));
			cr_assert_eq(text_string(&text)[text.length - 1], '5');
		}
}

Test(text, prints_all_or_nothing)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(10);

	text_printf(&text, "%d-%s", 12, "ab");
	cr_expect_str_eq(text_string(&text), "12-ab");
	text_printf(&text, "%s", "123456");
	cr_expect(text.failed);
	cr_expect_str_eq(text_string(&text), "12-ab");
}

Test(text, grows_past_its_first_allocation)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(100000);

	for (int i = 0; i < 100000; i++)
		text_putc(&text, (char)('a' + i % 26));
	cr_expect_not(text.failed);
	cr_expect_eq(text.length, 100000);
	cr_expect_eq(strlen(text_string(&text)), 100000);
	cr_expect_eq(text.data[99999], 'a' + 99999 % 26);
}

Test(text, that_is_empty_is_a_string_all_the_same)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(10);

	cr_expect_str_empty(text_string(&text));
	CLEANUP(free) char *taken = text_take(&text);
	cr_assert_not_null(taken);
	cr_expect_str_empty(taken);
}

Test(text, gives_its_content_away_once)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(10);

	text_puts(&text, "abc");
	CLEANUP(free) char *taken = text_take(&text);
	cr_expect_str_eq(taken, "abc");
	cr_expect_eq(text.length, 0);
	cr_expect_str_empty(text_string(&text));
	text_puts(&text, "0123456789");
	cr_expect_not(text.failed, "the limit stays what it was");
}

/* How long a JSON string becomes of which all but one byte are plain. */
static size_t length_with(char byte, size_t at, size_t length)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);
	char bytes[48];

	memset(bytes, 'a', sizeof(bytes));
	bytes[at] = byte;
	text_put_json(&text, bytes, length);
	return text.length;
}

/* They are looked at in blocks: neither a block's edges nor what is shorter are left out. */
Test(text, escapes_what_a_json_string_cannot_have_wherever_it_stands)
{
	for (size_t length = 1; length < 40; length++)
		for (size_t at = 0; at < length; at++)
			for (int byte = 0; byte < 256; byte++) {
				bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
				size_t plain = length + 2;
				cr_assert_eq(length_with((char)byte, at, length) > plain, escaped,
				    "%d at %zu of %zu", byte, at, length);
			}
}

Test(text, writes_json_strings_that_a_parser_reads_back)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *json;
	} rows[] = {
	    {"", 0, "\"\""},
	    {"plain", 5, "\"plain\""},
	    {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
	    {"\n\r\t", 3, "\"\\n\\r\\t\""},
	    {"\x01\x1f\x7f", 3, "\"\\u0001\\u001f\x7f\""},
	    {"Zo\xc3\xab \xf0\x9f\x91\xb6", 9, "\"Zo\xc3\xab \xf0\x9f\x91\xb6\""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(text_finish) struct text text = TEXT_INIT(100);
		text_put_json(&text, rows[i].bytes, rows[i].length);
		cr_expect_str_eq(text_string(&text), rows[i].json);
		CLEANUP(json_decref)
		json_t *read = json_loads(text_string(&text), JSON_DECODE_ANY, NULL);
		cr_assert(json_is_string(read), "%s", text_string(&text));
		cr_expect_eq(json_string_length(read), rows[i].length);
		cr_expect_str_eq(json_string_value(read), rows[i].bytes);
	}
}
