/* Migrations: once, in order, whole or not at all. */
#include "fixture.h"

#include <pthread.h>
#include <string.h>

#include "store/migrate.h"

TestSuite(migrate, .init = fixture_open, .fini = fixture_close);

#define FIRST                                                                                      \
	{                                                                                              \
		1, "0001_first.sql", "CREATE TABLE first (id integer);\nSELECT 1;\n"                       \
	}
#define SECOND                                                                                     \
	{                                                                                              \
		2, "0002_second.sql", "CREATE TABLE second (id integer);"                                  \
	}

static const struct migration one[] = {FIRST, {.sql = NULL}};
static const struct migration two[] = {FIRST, SECOND, {.sql = NULL}};

static int apply(const struct migration list[])
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int applied = -1;

	cr_assert(migrate_apply(fixture_url(), list, &applied, &problem), "%s %s", problem.detail,
	    problem.cause);
	return applied;
}

static void expect_refusal(
    const struct migration list[], enum problem_kind kind, const char *detail, const char *cause)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int applied = -1;

	cr_assert_not(migrate_apply(fixture_url(), list, &applied, &problem));
	cr_expect_eq(problem.kind, kind);
	cr_expect_not_null(strstr(problem.detail, detail), "%s", problem.detail);
	cr_expect_str_eq(problem.cause, cause);
	cr_expect_eq(applied, -1);
}

Test(migrate, applies_what_is_missing_and_only_that)
{
	cr_expect_eq(apply(one), 1);
	cr_expect_eq(apply(two), 1);
	cr_expect_eq(apply(two), 0);
	cr_expect_str_eq(fixture_value("SELECT string_agg(name || length(sha256), ' ' ORDER BY number)"
	                               " FROM schema_migration"),
	    "0001_first.sql64 0002_second.sql64");
	fixture_run("INSERT INTO second (id) VALUES (1)");
}

Test(migrate, refuses_one_that_was_changed_after_it_was_applied)
{
	static const struct migration changed[] = {
	    {1, "0001_first.sql", "CREATE TABLE first (id bigint);"}, SECOND, {.sql = NULL}};

	apply(one);
	expect_refusal(changed, PROBLEM_CONFLICT, "0001_first.sql has changed", "");
	cr_expect_str_eq(fixture_value("SELECT to_regclass('second') IS NULL"), "t");
}

Test(migrate, refuses_a_database_that_is_ahead)
{
	apply(two);
	expect_refusal(one, PROBLEM_CONFLICT, "ahead of this program: it has 0002_second.sql", "");
}

Test(migrate, refuses_a_record_with_a_hole)
{
	apply(two);
	fixture_run("DELETE FROM schema_migration WHERE number = 1");
	expect_refusal(two, PROBLEM_CONFLICT, "has 0002_second.sql where the program has 0001", "");
}

Test(migrate, keeps_nothing_of_one_that_fails_and_all_that_came_before)
{
	static const struct migration broken[] = {FIRST,
	    {2, "0002_broken.sql",
	        "CREATE TABLE second (é integer);\n\nSELECT nothing FROM nowhere;\n"},
	    {.sql = NULL}};

	expect_refusal(broken, PROBLEM_INTERNAL, "0002_broken.sql could not be applied",
	    "migration 0002_broken.sql: line 3: 42P01");
	cr_expect_str_eq(fixture_value("SELECT to_regclass('second') IS NULL"), "t");
	cr_expect_str_eq(fixture_value("SELECT count(*) FROM schema_migration"), "1");
	cr_expect_eq(apply(two), 1);
}

Test(migrate, never_repeats_a_row_that_broke_it)
{
	static const struct migration broken[] = {
	    {1, "0001_data.sql", "DO $$ BEGIN PERFORM 'Jane Canary'::integer; END $$;"}, {.sql = NULL}};

	expect_refusal(broken, PROBLEM_INTERNAL, "0001_data.sql could not be applied",
	    "migration 0001_data.sql: 22P02");
}

Test(migrate, refuses_one_that_ends_its_own_transaction)
{
	static const struct migration ending[] = {
	    {1, "0001_ends.sql", "CREATE TABLE first (id integer); COMMIT;"}, {.sql = NULL}};

	expect_refusal(ending, PROBLEM_INTERNAL, "0001_ends.sql",
	    "migration 0001_ends.sql: it ends the transaction it runs in");
}

struct migrator {
	bool good;
	int applied;
};

static void *migrate(void *argument)
{
	struct migrator *migrator = argument;
	CLEANUP(problem_finish) struct problem problem = {0};

	migrator->good = migrate_apply(fixture_url(), two, &migrator->applied, &problem);
	return NULL;
}

Test(migrate, lets_two_programs_start_at_once)
{
	for (int round = 0; round < 10; round++) {
		struct migrator migrators[2] = {{0}};
		pthread_t threads[2];

		for (int i = 0; i < 2; i++)
			cr_assert_eq(pthread_create(&threads[i], NULL, migrate, &migrators[i]), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		cr_expect(migrators[0].good && migrators[1].good);
		cr_expect_eq(migrators[0].applied + migrators[1].applied, 2);
		fixture_run("DROP TABLE schema_migration, first, second");
	}
}

Test(migrate, cannot_reach_a_database_that_is_away)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int applied = -1;

	cr_expect_not(
	    migrate_apply("postgresql://u:hunter2@/x?host=/nonexistent", one, &applied, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_null(strstr(problem.cause, "hunter2"));
}
