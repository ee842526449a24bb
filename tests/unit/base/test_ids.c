/* Owns the tests of identifiers, random bytes and the writing of instants. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "base/ids.h"

static int64_t milliseconds_of(const struct uuid *id)
{
	char hex[13];

	memcpy(hex, id->text, 8);
	memcpy(hex + 8, id->text + 9, 4);
	hex[12] = '\0';
	return (int64_t)strtoll(hex, NULL, 16);
}

Test(uuid, is_version_7_of_the_present_millisecond)
{
	for (int i = 0; i < 1000; i++) {
		int64_t before = clock_milliseconds();
		struct uuid id = uuid_new();
		int64_t after = clock_milliseconds();
		cr_assert(uuid_is_valid(id.text), "%s", id.text);
		cr_assert_eq(id.text[14], '7', "%s", id.text);
		cr_assert(strchr("89ab", id.text[19]), "%s", id.text);
		cr_assert(milliseconds_of(&id) >= before && milliseconds_of(&id) <= after, "%s", id.text);
	}
}

Test(uuid, of_a_later_millisecond_sorts_after_an_earlier_one)
{
	struct uuid earlier = uuid_new();
	int64_t then = clock_milliseconds();

	while (clock_milliseconds() <= then)
		;
	struct uuid later = uuid_new();
	cr_expect_lt(strcmp(earlier.text, later.text), 0, "%s %s", earlier.text, later.text);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct uuid *)a)->text, ((const struct uuid *)b)->text);
}

Test(uuid, is_never_given_twice)
{
	static struct uuid ids[20000];

	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
		ids[i] = uuid_new();
	qsort(ids, ARRAY_LENGTH(ids), sizeof(ids[0]), compare);
	for (size_t i = 1; i < ARRAY_LENGTH(ids); i++)
		cr_assert_str_neq(ids[i - 1].text, ids[i].text);
}

Test(uuid, is_valid_in_its_canonical_form_only)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
	    {"0190163d-8694-739b-aea5-966c26f8ad91", true},
	    {"00000000-0000-0000-0000-000000000000", true},
	    {"0190163D-8694-739B-AEA5-966C26F8AD91", false},
	    {"0190163d8694739baea5966c26f8ad91", false},
	    {"{0190163d-8694-739b-aea5-966c26f8ad91}", false},
	    {"0190163d-8694-739b-aea5-966c26f8ad9", false},
	    {"0190163d-8694-739b-aea5-966c26f8ad911", false},
	    {"0190163d-8694-739b-aea5-966c26f8ad9g", false},
	    {"0190163d-8694-739b-aea5_966c26f8ad91", false},
	    {"0190163d-8694-739b-aea-5966c26f8ad91", false},
	    {"0190163d-8694-739b-aea5-966c26f8ad91 ", false},
	    {"", false},
	    {NULL, false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(
		    uuid_is_valid(rows[i].text), rows[i].valid, "%s", rows[i].text ? rows[i].text : "NULL");
}

Test(random_bytes, fill_all_of_a_long_buffer)
{
	static unsigned char bytes[5000];
	int zeros = 0;

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		zeros += bytes[i] == 0;
	/* About 20 are expected; 100 would be beyond any chance. */
	cr_expect_lt(zeros, 100, "%d zeros", zeros);
}

Test(instant, is_written_in_utc_with_milliseconds)
{
	static const struct {
		int64_t milliseconds;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {INT64_C(1719790200000), "2024-06-30T23:30:00.000Z"},
	    {INT64_C(1719790200007), "2024-06-30T23:30:00.007Z"},
	    {INT64_C(951782400999), "2000-02-29T00:00:00.999Z"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_str_eq(instant_format(rows[i].milliseconds).text, rows[i].text);
}
