/* The request target, split first and decoded afterwards. */
#include "http/target.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/text.h"

static enum problem_kind kind_of(const char *raw)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_finish) struct target target = {0};

	return target_parse(raw, &target, &problem) ? PROBLEM_NONE : problem.kind;
}

static struct target parse(const char *raw)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct target target = {0};

	cr_assert(target_parse(raw, &target, &problem), "%s: %s", raw, problem.detail);
	return target;
}

Test(target, splits_a_path_into_decoded_segments)
{
	CLEANUP(target_finish) struct target target = parse("/v1/caf%C3%A9/a%20b");

	cr_assert_eq(target.segment_count, 3);
	cr_assert_str_eq(target.segments[0], "v1");
	cr_assert_str_eq(target.segments[1], "caf\xc3\xa9");
	cr_assert_str_eq(target.segments[2], "a b");
}

Test(target, keeps_the_path_as_it_was_sent_without_the_query)
{
	CLEANUP(target_finish) struct target target = parse("/v1/a%20b?name=value");

	cr_assert_str_eq(target.path, "/v1/a%20b");
}

Test(target, has_no_segments_at_the_root)
{
	CLEANUP(target_finish) struct target target = parse("/");

	cr_assert_eq(target.segment_count, 0);
}

Test(target, reads_brackets_raw_and_escaped_alike)
{
	static const char *const forms[] = {
	    "/v1/items?aware_on[gte]=2024-01-01", "/v1/items?aware_on%5Bgte%5D=2024-01-01"};

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		CLEANUP(target_finish) struct target target = parse(forms[i]);
		cr_assert_eq(target.pair_count, 1);
		cr_assert_str_eq(target.pairs[0].name, "aware_on[gte]");
		cr_assert_str_eq(target.pairs[0].value, "2024-01-01");
	}
}

Test(target, splits_the_query_before_it_decodes)
{
	CLEANUP(target_finish) struct target target = parse("/a?q=x%26y%3Dz&empty=&bare&&plus=a+b");

	cr_assert_eq(target.pair_count, 4);
	cr_assert_str_eq(target.pairs[0].value, "x&y=z");
	cr_assert_str_eq(target.pairs[1].value, "");
	cr_assert_str_eq(target.pairs[2].name, "bare");
	cr_assert_str_eq(target.pairs[2].value, "");
	cr_assert_str_eq(target.pairs[3].value, "a b");
}

Test(target, drops_scheme_and_authority_of_the_absolute_form)
{
	CLEANUP(target_finish) struct target target = parse("http://example.org:80/v1/items?q=1");

	cr_assert_str_eq(target.path, "/v1/items");
	cr_assert_eq(target.pair_count, 1);
}

Test(target, refuses_what_means_two_things_to_two_readers)
{
	static const char *const bad[] = {"", "*", "v1/items", "example.org:443",
	    "http://example.org",                                        /* no path */
	    "/v1//items", "//v1/items", "/v1/items/",                    /* empty segments */
	    "/v1/../admin", "/v1/./items", "/v1/%2e%2e/admin",           /* dot segments */
	    "/v1/a%2Fb", "/v1/a%2fb",                                    /* escaped slash */
	    "/v1/a%00b", "/v1/items?q=a%00b", "/v1/items?q%00=a",        /* NUL */
	    "/v1/a%0d%0ab", "/v1/items?q=%0a", "/v1/a\001b",             /* controls */
	    "/v1/%7f", "/v1/%C2%85",                                     /* DEL, C1 */
	    "/v1/%E2%80%AE", "/v1/items?q=%E2%81%A6",                    /* direction */
	    "/v1/%", "/v1/%4", "/v1/%zz", "/v1/items?q=%", "/v1/%%41",   /* bad escapes */
	    "/v1/%ff", "/v1/%c0%af", "/v1/%ed%a0%80", "/v1/items?q=%c3", /* not UTF-8 */
	    "/v1/\xff", "/v1/\xc3", "/v1/a b", "/v1/a#b"};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		cr_expect_eq(kind_of(bad[i]), PROBLEM_MALFORMED_REQUEST, "%zu: %s", i, bad[i]);
}

Test(target, takes_8192_bytes_and_no_more)
{
	char raw[TARGET_BYTES + 2];

	memset(raw, 'a', sizeof(raw));
	raw[0] = '/';
	raw[TARGET_BYTES] = '\0';
	cr_expect_eq(kind_of(raw), PROBLEM_NONE);
	raw[TARGET_BYTES] = 'a';
	raw[TARGET_BYTES + 1] = '\0';
	cr_expect_eq(kind_of(raw), PROBLEM_URI_TOO_LONG);
}

Test(target, counts_segments_beyond_its_room_without_keeping_them)
{
	CLEANUP(target_finish) struct target target = parse("/1/2/3/4/5/6/7/8/9/10/11/12/13/14");

	cr_assert_eq(target.segment_count, 14);
	cr_assert_str_eq(target.segments[SEGMENTS_MAX - 1], "12");
}

Test(target, takes_64_query_parameters_and_no_more)
{
	CLEANUP(text_finish) struct text raw = TEXT_INIT(4096);

	text_puts(&raw, "/a?");
	for (int i = 0; i < QUERY_PAIRS_MAX; i++)
		text_printf(&raw, "p%d=1&", i);
	cr_expect_eq(kind_of(text_string(&raw)), PROBLEM_NONE);
	text_puts(&raw, "more=1");
	cr_expect_eq(kind_of(text_string(&raw)), PROBLEM_MALFORMED_REQUEST);
}
