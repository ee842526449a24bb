/* Owns the tests of what is kept of an answer. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/cleanup.h"
#include "outbox/answer.h"

Test(answer, keeps_sound_utf8_and_marks_every_other_byte)
{
	static const struct {
		const char bytes[16];
		size_t length;
		const char *kept;
	} rows[] = {
	    {"", 0, ""},
	    {"plain", 5, "plain"},
	    {"a\nb\tc", 5, "a\nb\tc"},
	    {"a\rb\0c\x1b", 6, "a?b?c?"},
	    {"\x7f\xc2\x85", 3, "???"},
	    {"\xc3\xa9\xe2\x82\xac", 5, "\xc3\xa9\xe2\x82\xac"},
	    {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
	    {"\xc3", 1, "?"},
	    {"\xe2\x82", 2, "??"},
	    {"\xf0\x9f\x98", 3, "???"},
	    {"\xc0\xaf", 2, "??"},
	    {"\xe0\x80\xaf", 3, "???"},
	    {"\xed\xa0\x80", 3, "???"},
	    {"\xf4\x90\x80\x80", 4, "????"},
	    {"\xff\xfe\x80", 3, "???"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char kept[ANSWER_KEPT + 1];
		answer_clean(rows[i].bytes, rows[i].length, kept);
		cr_expect_str_eq(kept, rows[i].kept, "row %zu", i);
	}
}

Test(answer, keeps_the_first_two_kilobytes_whole)
{
	char bytes[ANSWER_KEPT];
	char kept[ANSWER_KEPT + 1];

	memset(bytes, 0xff, sizeof(bytes));
	answer_clean(bytes, sizeof(bytes), kept);
	cr_assert_eq(strlen(kept), ANSWER_KEPT);
}
