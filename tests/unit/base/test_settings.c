/* Owns the tests of settings: defaults, files, and all faults in one go. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/settings.h"

static const char *const nothing[] = {NULL};

/* Nothing that the caller's environment says may reach a test. */
static void forget_environment(void)
{
	static const char *const variables[] = {
#define SETTING(type, name, variable, fallback, least, most, help) variable, variable "_FILE",
#include "base/settings.def"
#undef SETTING
	};

	for (size_t i = 0; i < ARRAY_LENGTH(variables); i++)
		unsetenv(variables[i]);
}

TestSuite(settings, .init = forget_environment);

static void set(const char *variable, const char *value)
{
	cr_assert_eq(setenv(variable, value, 1), 0);
}

static size_t count_lines(const struct text *text)
{
	size_t lines = 0;

	for (const char *at = text_string(text); *at; at++)
		lines += *at == '\n';
	return lines;
}

/* Writes `content` to a new file and points `variable` at it. */
static void set_file(const char *variable, const char *content, char ret_path[40])
{
	snprintf(ret_path, 40, "/tmp/test_settings_XXXXXX");
	int file = mkstemp(ret_path);

	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, content, strlen(content)), (ssize_t)strlen(content));
	cr_assert_eq(close(file), 0);
	set(variable, ret_path);
}

Test(settings, have_their_defaults_when_nothing_is_set)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);

	cr_expect(settings_load(nothing, &settings, &faults), "%s", text_string(&faults));
	cr_expect_str_eq(settings.listen, "127.0.0.1:8080");
	cr_expect_eq(settings.workers, 32);
	cr_expect_eq(settings.database_connections, 2 * sysconf(_SC_NPROCESSORS_ONLN));
	cr_expect(settings.dispatch);
	cr_expect_not(settings.check_responses);
	cr_expect_str_empty(settings.pepper);
}

Test(settings, tell_all_faults_at_once)
{
	static const char *const needed[] = {"CSPR_DATABASE_URL", "CSPR_PEPPER", NULL};
	static const char *const expected[] = {"CSPR_DATABASE_URL", "CSPR_PEPPER must",
	    "CSPR_WORKERS must", "CSPR_IDLE_SECONDS must", "CSPR_DISPATCH must", "CSPR_LISTEN must"};
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);

	set("CSPR_PEPPER", "too short");
	set("CSPR_WORKERS", "257");
	set("CSPR_IDLE_SECONDS", "60s");
	set("CSPR_DISPATCH", "yes");
	set("CSPR_LISTEN", "");
	cr_expect_not(settings_load(needed, &settings, &faults));
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
		cr_expect(
		    strstr(text_string(&faults), expected[i]), "%s: %s", expected[i], text_string(&faults));
	cr_expect_eq(count_lines(&faults), ARRAY_LENGTH(expected), "%s", text_string(&faults));
	cr_expect_null(strstr(text_string(&faults), "too short"), "a fault never shows a secret");
}

Test(settings, accept_numbers_in_their_range_and_in_decimal_only)
{
	static const struct {
		const char *value;
		long number; /* 0: refused */
	} rows[] = {{"10", 10}, {"100000", 100000}, {"9", 0}, {"100001", 0}, {"-1", 0}, {"", 0},
	    {"8 ", 0}, {"0x10", 0}, {"1e1", 0}, {"99999999999999999999", 0}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(settings_finish) struct settings settings = {0};
		CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);
		set("CSPR_CONNECTIONS", rows[i].value);
		bool loaded = settings_load(nothing, &settings, &faults);
		cr_expect_eq(loaded, rows[i].number != 0, "'%s'", rows[i].value);
		if (rows[i].number)
			cr_expect_eq(settings.connections, rows[i].number);
	}
}

Test(settings, read_a_secret_from_a_file_without_its_last_newline)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);
	char path[40];

	set_file("CSPR_PEPPER_FILE", "0123456789012345678901234567890123456789\n", path);
	cr_expect(settings_load(nothing, &settings, &faults), "%s", text_string(&faults));
	cr_expect_str_eq(settings.pepper, "0123456789012345678901234567890123456789");
	unlink(path);
}

Test(settings, refuse_a_secret_that_comes_twice)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);
	char path[40];

	set_file("CSPR_PEPPER_FILE", "0123456789012345678901234567890123456789", path);
	set("CSPR_PEPPER", "0123456789012345678901234567890123456789");
	cr_expect_not(settings_load(nothing, &settings, &faults));
	cr_expect(strstr(text_string(&faults), "both"), "%s", text_string(&faults));
	unlink(path);
}

Test(settings, say_which_file_cannot_be_read)
{
	static const char *const needed[] = {"CSPR_PEPPER", NULL};
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);

	set("CSPR_PEPPER_FILE", "/nowhere/pepper");
	cr_expect_not(settings_load(needed, &settings, &faults));
	cr_expect(strstr(text_string(&faults), "/nowhere/pepper"), "%s", text_string(&faults));
	cr_expect_eq(
	    count_lines(&faults), 1, "once and not again as missing: %s", text_string(&faults));
}

Test(settings, check_the_length_of_a_secret_from_a_file)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);
	char path[40];

	set_file("CSPR_PEPPER_FILE", "too short\n", path);
	cr_expect_not(settings_load(nothing, &settings, &faults));
	cr_expect(strstr(text_string(&faults), "CSPR_PEPPER must"), "%s", text_string(&faults));
	unlink(path);
}

Test(settings, do_not_take_other_settings_from_files)
{
	CLEANUP(settings_finish) struct settings settings = {0};
	CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);

	set("CSPR_LISTEN_FILE", "/nowhere/listen");
	cr_expect(settings_load(nothing, &settings, &faults), "%s", text_string(&faults));
	cr_expect_str_eq(settings.listen, "127.0.0.1:8080");
}

Test(settings, describe_every_variable)
{
	static const char *const variables[] = {
#define SETTING(type, name, variable, fallback, least, most, help) variable, (help),
#include "base/settings.def"
#undef SETTING
	};
	CLEANUP(text_finish) struct text description = TEXT_INIT(100000);

	settings_describe(&description);
	cr_assert_not(description.failed);
	for (size_t i = 0; i < ARRAY_LENGTH(variables); i++)
		cr_expect(strstr(text_string(&description), variables[i]), "%s", variables[i]);
}
