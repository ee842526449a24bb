/* Transactions: what a batch keeps, what it does not, and what it says. */
#include "fixture.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

TestSuite(batch, .init = fixture_open, .fini = fixture_close);

static void add_note(struct batch *batch, const char *id, const char *body)
{
	struct bindings bindings = bindings_of("id", id, "body", body, NULL);

	batch_add(batch, &SQL_TEST_NOTE_ADD, &bindings);
}

static int notes(void)
{
	return (int)strtol(fixture_value("SELECT count(*) FROM note"), NULL, 10);
}

Test(batch, commits_all_its_statements_together)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "first");
	add_note(&batch, "2", "second one");
	size_t count = batch_add(&batch, &SQL_TEST_NOTE_COUNT, NULL);
	cr_assert(batch_run(&batch, &problem), "%s", problem.cause);
	cr_expect_eq(rows_number(batch_rows(&batch, 0), 0, "length"), 5);
	cr_expect_eq(rows_number(batch_rows(&batch, 1), 0, "length"), 10);
	cr_expect_eq(rows_number(batch_rows(&batch, count), 0, "notes"), 2);
	cr_expect_eq(notes(), 2);
	cr_expect_str_eq(lease_sqlstate(lease), "");
}

Test(batch, runs_dry_with_its_results_and_keeps_nothing)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(batch_begin(lease, BATCH_ROLLBACK, &batch, &problem));
	add_note(&batch, "1", "dry");
	cr_assert(batch_run(&batch, &problem), "%s", problem.cause);
	cr_expect_eq(rows_number(batch_rows(&batch, 0), 0, "length"), 3);
	cr_expect_eq(notes(), 0);
}

Test(batch, meets_deferred_constraints_when_dry_and_when_not)
{
	static const enum batch_end ends[] = {BATCH_ROLLBACK, BATCH_COMMIT};

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
		CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
		CLEANUP(batch_finish) struct batch batch = {0};
		CLEANUP(problem_finish) struct problem problem = {0};
		struct bindings bindings = bindings_of("id", "1", "note_id", "404", NULL);

		cr_assert(batch_begin(lease, ends[i], &batch, &problem));
		add_note(&batch, "1", "kept only with its reference");
		batch_add(&batch, &SQL_TEST_NOTE_LATER, &bindings);
		cr_assert_not(batch_run(&batch, &problem));
		cr_expect_eq(problem.kind, PROBLEM_INVALID);
		cr_expect_str_eq(lease_sqlstate(lease), "23503");
		cr_expect_eq(notes(), 0);
	}
}

Test(batch, with_an_error_in_the_middle_keeps_nothing_and_tells_the_first)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct batch batch = {0};

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "good");
	add_note(&batch, "1", "twice");
	add_note(&batch, "2", "refused");
	cr_assert_not(batch_run(&batch, &problem));
	batch_finish(&batch);
	cr_expect_eq(problem.kind, PROBLEM_DUPLICATE);
	cr_expect_str_eq(lease_sqlstate(lease), "23505");
	cr_expect_str_eq(problem.cause, "database: test_note_add: 23505 note_pkey");
	cr_expect_eq(notes(), 0);

	/* The same connection goes on at once. */
	struct bindings bindings = bindings_of("id", "3", "body", "after", NULL);
	fixture_batch(lease, BATCH_COMMIT, &SQL_TEST_NOTE_ADD, &bindings, &batch);
	batch_finish(&batch);
	cr_expect_eq(notes(), 1);
	cr_expect_str_eq(lease_sqlstate(lease), "");
}

Test(batch, shows_the_message_of_our_own_codes_and_no_detail_of_postgresql)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	static const struct {
		const char *sqlstate;
		enum problem_kind kind;
		bool shown;
	} expected[] = {
	    {"CS404", PROBLEM_NOT_FOUND, true},
	    {"CS409", PROBLEM_CONFLICT, true},
	    {"CS412", PROBLEM_STALE, true},
	    {"23514", PROBLEM_INVALID, false},
	    {"P0001", PROBLEM_INTERNAL, false},
	    {"40001", PROBLEM_BUSY, false},
	    {"53100", PROBLEM_UNAVAILABLE, false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		CLEANUP(batch_finish) struct batch batch = {0};
		CLEANUP(problem_finish) struct problem problem = {0};
		struct bindings bindings =
		    bindings_of("sqlstate", expected[i].sqlstate, "message", "Our sentence.", NULL);

		cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
		batch_add(&batch, &SQL_TEST_RAISE, &bindings);
		cr_assert_not(batch_run(&batch, &problem));
		cr_expect_eq(problem.kind, expected[i].kind, "%s", expected[i].sqlstate);
		cr_expect_str_eq(lease_sqlstate(lease), expected[i].sqlstate);
		cr_expect_eq(strcmp(problem.detail, "Our sentence.") == 0, expected[i].shown);
		cr_expect_null(strstr(problem.cause, "Our sentence."));
		cr_expect_null(strstr(problem.detail, "Canary"));
		cr_expect_null(strstr(problem.cause, "Canary"));
	}
}

Test(batch, never_repeats_the_row_that_broke_a_constraint)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	static const char *const broken[][2] = {
	    {"1", "refused"}, {"1", NULL}, {"Jane Canary", "x"}, {"99999999999", "Jane Canary"}};

	for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
		CLEANUP(batch_finish) struct batch batch = {0};
		CLEANUP(problem_finish) struct problem problem = {0};

		cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
		add_note(&batch, broken[i][0], broken[i][1]);
		cr_assert_not(batch_run(&batch, &problem));
		cr_expect_eq(problem.kind, PROBLEM_INVALID, "%zu: %s", i, problem.cause);
		cr_expect_null(strstr(problem.detail, "Canary"));
		cr_expect_null(strstr(problem.cause, "Canary"));
		cr_expect_null(strstr(problem.cause, "refused"));
	}
}

Test(batch, that_reads_cannot_write)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	add_note(&batch, "1", "x");
	cr_assert_not(batch_run(&batch, &problem));
	cr_expect_eq(problem.kind, PROBLEM_INTERNAL);
	cr_expect_eq(notes(), 0);
}

Test(batch, takes_values_as_they_are)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	static const char *const values[] = {"'; DROP TABLE note; --", "$1", "\\'; SELECT 1", "",
	    "%s%n", "{{include}}", "Sián £5 ’", "\x01\x02", NULL};

	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		CLEANUP(batch_finish) struct batch batch = {0};
		struct bindings bindings = bindings_of("value", values[i], NULL);

		fixture_batch(lease, BATCH_READ, &SQL_TEST_ECHO, &bindings, &batch);
		const char *echo = rows_text(batch_rows(&batch, 0), 0, "value");
		if (values[i])
			cr_expect_str_eq(echo, values[i]);
		else
			cr_expect_null(echo);
	}
	cr_expect_eq(notes(), 0);
}

Test(batch, refuses_text_that_is_not_utf8)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = bindings_of("value", "\xff\xfe", NULL);

	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	batch_add(&batch, &SQL_TEST_ECHO, &bindings);
	cr_assert_not(batch_run(&batch, &problem));
	cr_expect_eq(problem.kind, PROBLEM_INVALID);
}

Test(batch, keeps_copies_of_what_was_bound)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	char value[] = "before";
	struct bindings bindings = bindings_of("value", value, NULL);

	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	batch_add(&batch, &SQL_TEST_ECHO, &bindings);
	memset(value, 'x', sizeof(value) - 1);
	cr_assert(batch_run(&batch, &problem));
	cr_expect_str_eq(rows_text(batch_rows(&batch, 0), 0, "value"), "before");
}

/* 20 MB each way: with both buffers full, one side that only writes would wait for ever. */
Test(batch, carries_megabytes_both_ways_at_once)
{
	enum { SIZE = 1024 * 1024, COUNT = 20 };
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(free) char *large = malloc(SIZE + 1);

	memset(large, 'x', SIZE);
	large[SIZE] = '\0';
	struct bindings bindings = bindings_of("value", large, NULL);
	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	for (int i = 0; i < COUNT; i++)
		batch_add(&batch, &SQL_TEST_ECHO, &bindings);
	cr_assert(batch_run(&batch, &problem), "%s", problem.cause);
	for (size_t i = 0; i < COUNT; i++)
		cr_expect_str_eq(rows_text(batch_rows(&batch, i), 0, "value"), large);
}

Test(batch, that_is_dropped_before_it_runs_leaves_nothing_open)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *lease = fixture_lease(pool);
	struct batch batch = {0};

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "never");
	batch_finish(&batch);
	pool_return(lease);
	cr_expect_eq(notes(), 0);
	cr_expect_str_eq(fixture_value("SELECT count(*) FROM pg_stat_activity"
	                               " WHERE application_name = 'store test' AND state <> 'idle'"
	                               " AND datname = current_database()"),
	    "0");
}

Test(batch, without_a_binding_for_a_parameter_ends_the_program, .signal = SIGABRT)
{
	struct pool *pool = fixture_pool(1);
	struct lease *lease = fixture_lease(pool);
	struct batch batch = {0};
	struct problem problem = {0};
	struct bindings bindings = bindings_of("id", "1", NULL);

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	batch_add(&batch, &SQL_TEST_NOTE_ADD, &bindings);
}

static void run_stored(struct lease *lease, const char *key_id, struct batch *ret_batch)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = bindings_of("partnership_id", "018f3c5e-0000-7000-8000-00000000000a",
	    "key_id", key_id, "id", "1", "body", "say \"hi\"", "idempotency_operation", "addNote",
	    "idempotency_key", "k-1", "reply_status", "201", "reply_location", "/v1/notes/1", NULL);

	cr_assert(batch_begin(lease, BATCH_COMMIT, ret_batch, &problem));
	batch_add(ret_batch, &SQL_TEST_CALLER, &bindings);
	batch_add(ret_batch, &SQL_TEST_NOTE_ADD, &bindings);
	batch_add(ret_batch, &SQL_TEST_NOTE_REPLY, &bindings);
	batch_add(ret_batch, &SQL_TEST_NOTE_REPLY_STORED, &bindings);
	cr_assert(batch_run(ret_batch, &problem), "%s", problem.cause);
}

#define CALLER "018f3c5e-0000-7000-8000-00000000000b"
#define STRANGER "018f3c5e-0000-7000-8000-00000000000c"

/* The same bytes as the writer's, so that a replay cannot be told from the first reply. */
Test(batch, keeps_the_reply_for_its_key_in_the_same_transaction)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(text_finish) struct text json = TEXT_INIT(1000);

	fixture_run("INSERT INTO idempotency (partnership_id, key_id, operation, key) VALUES"
	            " ('018f3c5e-0000-7000-8000-00000000000a', '" CALLER "', 'addNote', 'k-1')");
	run_stored(lease, CALLER, &batch);
	rows_put_object(batch_rows(&batch, 2), 0, &json);
	cr_expect_str_eq(rows_text(batch_rows(&batch, 3), 0, "body"), text_string(&json));
	cr_expect_str_eq(rows_text(batch_rows(&batch, 3), 0, "etag"), "\"v7\"");
	cr_expect_str_eq(
	    fixture_value("SELECT status || ' ' || location FROM idempotency"), "201 /v1/notes/1");
}

Test(batch, keeps_no_reply_for_the_key_of_another_caller)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};

	fixture_run("INSERT INTO idempotency (partnership_id, key_id, operation, key) VALUES"
	            " ('018f3c5e-0000-7000-8000-00000000000a', '" CALLER "', 'addNote', 'k-1')");
	run_stored(lease, STRANGER, &batch);
	cr_expect_eq(rows_count(batch_rows(&batch, 3)), 0);
	cr_expect_str_eq(fixture_value("SELECT count(*) FROM idempotency WHERE status IS NULL"), "1");
}

/*
 * Takes what comes, whenever the socket says so, as long as the batch is good. Each part has a
 * problem of its own, as the dispatcher's have: the last one alone says why.
 */
static bool take_in_parts(
    struct lease *lease, struct batch *batch, size_t *ret_parts, struct problem *problem)
{
	for (bool done = false;; (*ret_parts)++) {
		problem_finish(problem);
		struct pollfd socket = {.fd = lease_socket(lease),
		    .events = (short)(POLLIN | (lease_is_sending(lease) ? POLLOUT : 0))};
		cr_assert_geq(poll(&socket, 1, 30000), 1);
		bool good = batch_take(batch, &done, problem);
		if (!good || done)
			return good;
	}
}

Test(batch, that_is_taken_in_parts_is_the_same)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text large = TEXT_INIT((size_t)16 << 20);
	size_t parts = 0;

	while (large.length < (size_t)8 << 20)
		text_puts(&large, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	struct bindings bindings = bindings_of("value", text_string(&large), NULL);
	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "first");
	size_t echo = batch_add(&batch, &SQL_TEST_ECHO, &bindings);
	cr_assert(batch_send(&batch, &problem), "%s", problem.cause);
	cr_assert(lease_is_sending(lease));
	cr_assert(take_in_parts(lease, &batch, &parts, &problem), "%s", problem.cause);
	cr_assert_gt(parts, 1);
	cr_assert_not(lease_is_sending(lease));
	cr_assert_str_eq(rows_text(batch_rows(&batch, echo), 0, "value"), text_string(&large));
	cr_expect_eq(notes(), 1);
}

Test(batch, that_is_taken_in_parts_fails_as_a_whole_and_leaves_its_connection_clean)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct batch batch = {0};
	size_t parts = 0;

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "good");
	add_note(&batch, "1", "twice");
	cr_assert(batch_send(&batch, &problem));
	cr_assert_not(take_in_parts(lease, &batch, &parts, &problem));
	batch_finish(&batch);
	cr_expect_eq(problem.kind, PROBLEM_DUPLICATE);
	cr_expect_eq(notes(), 0);
	struct bindings bindings = bindings_of("id", "3", "body", "after", NULL);
	fixture_batch(lease, BATCH_COMMIT, &SQL_TEST_NOTE_ADD, &bindings, &batch);
	batch_finish(&batch);
	cr_expect_eq(notes(), 1);
}

/* Ends the session that sleeps, as soon as there is one. */
static void end_sleeper(void)
{
	while (
	    strcmp(fixture_value("SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity AS a"
	                         " WHERE a.datname = current_database()"
	                         " AND a.query LIKE '%pg_sleep%' AND a.pid <> pg_backend_pid()"),
	        "0") == 0)
		;
}

Test(batch, that_is_taken_in_parts_fails_when_its_connection_is_ended)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	size_t parts = 0;

	struct bindings bindings = bindings_of("seconds", "4", NULL);
	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	add_note(&batch, "1", "good");
	batch_add(&batch, &SQL_TEST_WAIT, &bindings);
	cr_assert(batch_send(&batch, &problem));
	end_sleeper();
	cr_assert_not(take_in_parts(lease, &batch, &parts, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_eq(lease_socket(lease), -1);
	cr_expect_eq(notes(), 0);
}

/* Sent, and waited for after its session was ended. */
static bool wait_after_end(
    struct lease *lease, enum batch_end end, struct batch *ret_batch, struct problem *problem)
{
	struct bindings bindings = bindings_of("seconds", "3", NULL);

	cr_assert(batch_begin(lease, end, ret_batch, problem));
	cr_assert_eq(batch_add(ret_batch, &SQL_TEST_WAIT, &bindings), 0);
	cr_assert(batch_send(ret_batch, problem));
	end_sleeper();
	return batch_wait(ret_batch, problem);
}

Test(batch, that_was_sent_and_only_reads_is_asked_for_again_by_whoever_waits)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(wait_after_end(lease, BATCH_READ, &batch, &problem), "%s", problem.cause);
	cr_expect_eq(rows_count(batch_rows(&batch, 0)), 1);
	cr_expect_not(lease_is_sending(lease));
}

Test(batch, that_was_sent_and_writes_is_not_asked_for_again)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert_not(wait_after_end(lease, BATCH_COMMIT, &batch, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_eq(lease_socket(lease), -1);
}
