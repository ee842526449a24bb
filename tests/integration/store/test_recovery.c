/* Connections that are lost, servers that are away or hang, and threads that share a pool. */
#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

TestSuite(pool, .init = fixture_open, .fini = fixture_close);

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *const kill_all = "SELECT pg_terminate_backend(a.pid, 5000)"
                                    " FROM pg_stat_activity AS a"
                                    " WHERE a.application_name = 'store test'"
                                    " AND a.datname = current_database()";

static const char *const count_all = "SELECT count(*)"
                                     " FROM pg_stat_activity AS a"
                                     " WHERE a.application_name = 'store test'"
                                     " AND a.datname = current_database()";

static long backend_of(struct lease *lease)
{
	CLEANUP(batch_finish) struct batch batch = {0};

	fixture_batch(lease, BATCH_READ, &SQL_TEST_BACKEND, NULL, &batch);
	return (long)rows_number(batch_rows(&batch, 0), 0, "id");
}

Test(pool, sets_the_session_up)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct pool_options options = {
	    .url = fixture_url(),
	    .role = "pg_monitor",
	    .application_name = "store test",
	    .size = 1,
	    .statements = test_statements_api,
	};
	CLEANUP(pool_destroy) struct pool *pool = NULL;
	cr_assert(pool_create(&options, &pool, &problem));
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};

	fixture_batch(lease, BATCH_READ, &SQL_TEST_SESSION, NULL, &batch);
	const struct rows *rows = batch_rows(&batch, 0);
	cr_expect_str_eq(rows_text(rows, 0, "role"), "pg_monitor");
	cr_expect_str_eq(rows_text(rows, 0, "time_zone"), "UTC");
	cr_expect_str_eq(rows_text(rows, 0, "date_style"), "ISO, MDY");
	cr_expect_str_eq(rows_text(rows, 0, "statement_timeout"), "5s");
	cr_expect_str_eq(rows_text(rows, 0, "lock_timeout"), "2s");
	cr_expect_str_eq(rows_text(rows, 0, "idle_timeout"), "10s");
	cr_expect_str_eq(rows_text(rows, 0, "application_name"), "store test");
	cr_expect(rows_flag(rows, 0, "reads_only"));
}

Test(pool, prepares_every_statement_and_keeps_the_connection)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(2);
	struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};

	fixture_batch(lease, BATCH_READ, &SQL_TEST_BACKEND, NULL, &batch);
	long first = (long)rows_number(batch_rows(&batch, 0), 0, "id");
	size_t count = 0;
	while (test_statements_api[count])
		count++;
	cr_expect_eq((size_t)rows_number(batch_rows(&batch, 0), 0, "prepared"), count);
	pool_return(lease);
	lease = fixture_lease(pool);
	cr_expect_eq(backend_of(lease), first);
	pool_return(lease);
}

Test(pool, leases_a_new_connection_after_the_old_one_was_killed)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	struct lease *lease = fixture_lease(pool);
	long first = backend_of(lease);

	pool_return(lease);
	fixture_run(kill_all);
	lease = fixture_lease(pool);
	cr_expect_neq(backend_of(lease), first);
	pool_return(lease);
}

Test(pool, asks_again_what_only_reads_when_the_link_dies)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	long first = backend_of(lease);

	fixture_run(kill_all);
	cr_expect_neq(backend_of(lease), first);
}

Test(pool, tells_of_a_write_whose_link_has_died_and_keeps_nothing)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = bindings_of("id", "1", "body", "lost", NULL);

	cr_assert(batch_begin(lease, BATCH_COMMIT, &batch, &problem));
	batch_add(&batch, &SQL_TEST_NOTE_ADD, &bindings);
	fixture_run(kill_all);
	cr_assert_not(batch_run(&batch, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_geq(problem.retry_after, 1);
	cr_expect_eq(lease_socket(lease), -1);
	pool_return(lease);

	cr_expect_str_eq(fixture_value("SELECT count(*) FROM note"), "0");
	lease = fixture_lease(pool);
	cr_expect_gt(lease_socket(lease), -1);
	pool_return(lease);
}

Test(pool, answers_at_once_while_the_database_is_away_and_recovers_within_a_second)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(2);
	struct lease *lease = fixture_lease(pool);

	pool_return(lease);
	fixture_shut_database();
	double began = seconds_now();
	int failures = 0;
	/* Long enough for the pause between tries to have grown to its most. */
	while (seconds_now() - began < 2.5) {
		CLEANUP(problem_finish) struct problem problem = {0};
		double asked = seconds_now();
		cr_assert_not(pool_lease(pool, &lease, &problem));
		cr_assert_lt(seconds_now() - asked, 0.5);
		cr_assert_eq(problem.kind, PROBLEM_UNAVAILABLE);
		cr_assert_geq(problem.retry_after, 1);
		cr_assert_null(strstr(problem.cause, "postgres"));
		failures++;
	}
	cr_expect_gt(failures, 100);

	fixture_open_database();
	double opened = seconds_now();
	bool back = false;
	while (!back && seconds_now() - opened < 5) {
		CLEANUP(problem_finish) struct problem problem = {0};
		back = pool_lease(pool, &lease, &problem);
	}
	cr_assert(back);
	cr_expect_lt(seconds_now() - opened, 1.0, "%f", seconds_now() - opened);
	backend_of(lease);
	pool_return(lease);
}

Test(pool, starts_although_nobody_listens_and_says_no_word_of_the_url)
{
	CLEANUP(pool_destroy) struct pool *pool = NULL;
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *lease = NULL;
	const struct pool_options options = {
	    .url = "postgresql://someone:hunter2@/db?host=/nonexistent-hunter2",
	    .size = 1,
	    .statements = test_statements_api,
	};

	cr_assert(pool_create(&options, &pool, &problem));
	cr_assert_not(pool_lease(pool, &lease, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_str_eq(problem.cause, "database: connect: no socket");
	cr_expect_null(strstr(problem.detail, "hunter2"));
}

Test(pool, waits_for_the_first_connection_rather_than_making_another)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(2);

	pool_warm(pool);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	cr_expect_str_eq(fixture_value(count_all), "1");
	CLEANUP(pool_return) struct lease *other = fixture_lease(pool);
	cr_expect_neq(backend_of(lease), backend_of(other));
	cr_expect_str_eq(fixture_value(count_all), "2");
}

Test(pool, warms_itself_in_vain_while_nobody_listens)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct pool_options options = {
	    .url = "postgresql://127.0.0.1:1/cspr",
	    .size = 1,
	    .statements = test_statements_api,
	};
	CLEANUP(pool_destroy) struct pool *pool = NULL;
	struct lease *lease;

	cr_assert(pool_create(&options, &pool, &problem));
	pool_warm(pool);
	cr_expect_not(pool_lease(pool, &lease, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
}

Test(pool, refuses_a_url_that_cannot_be_read_without_repeating_it)
{
	struct pool *pool = NULL;
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct pool_options options = {
	    .url = "postgresql://someone:hunter2%zz@host/db",
	    .size = 1,
	    .statements = test_statements_api,
	};

	cr_assert_not(pool_create(&options, &pool, &problem));
	cr_expect_null(strstr(problem.detail, "hunter2"));
	cr_expect_null(strstr(problem.cause, "hunter2"));
}

Test(pool, names_the_statement_that_the_schema_does_not_know)
{
	static const char *const none[] = {NULL};
	static const struct statement unknown = {
	    .name = "of_tomorrow",
	    .sql = "SELECT t.id FROM tomorrow AS t",
	    .parameters = none,
	};
	static const struct statement *const list[] = {&unknown, NULL};
	CLEANUP(pool_destroy) struct pool *pool = NULL;
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *lease = NULL;
	const struct pool_options options = {.url = fixture_url(), .size = 1, .statements = list};

	cr_assert(pool_create(&options, &pool, &problem));
	cr_assert_not(pool_lease(pool, &lease, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_str_eq(problem.cause, "database: of_tomorrow: 42P01");
}

/* The backend is stopped: its socket stays open and says nothing. */
Test(pool, does_not_wait_for_ever_for_a_server_that_hangs, .timeout = 60)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	long backend = backend_of(lease);

	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	batch_add(&batch, &SQL_TEST_NOTE_COUNT, NULL);
	cr_assert_eq(kill((pid_t)backend, SIGSTOP), 0);
	double began = seconds_now();
	bool good = batch_run(&batch, &problem);
	kill((pid_t)backend, SIGCONT);
	cr_expect_not(good);
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_lt(seconds_now() - began, 10);
}

Test(pool, ends_a_statement_that_takes_too_long, .timeout = 60)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = bindings_of("seconds", "30", NULL);

	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	batch_add(&batch, &SQL_TEST_WAIT, &bindings);
	cr_expect_not(batch_run(&batch, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_str_eq(lease_sqlstate(lease), "57014");
}

Test(pool, says_so_when_every_connection_is_in_use)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *second = NULL;

	cr_expect_not(pool_lease(pool, &second, &problem));
	cr_expect_eq(problem.kind, PROBLEM_UNAVAILABLE);
	cr_expect_geq(problem.retry_after, 1);
	backend_of(lease);
}

Test(pool, hears_notifications_and_does_not_pass_a_listening_session_on)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *lease = fixture_lease(pool);

	cr_assert(lease_execute(lease, "LISTEN store_test", &problem), "%s", problem.cause);
	cr_expect_not(lease_take_notifications(lease));
	fixture_run("NOTIFY store_test");
	double began = seconds_now();
	bool heard = false;
	while (!heard && seconds_now() - began < 10)
		heard = lease_take_notifications(lease);
	cr_expect(heard);
	cr_expect_not(lease_take_notifications(lease));
	long first = backend_of(lease);
	pool_return(lease);
	lease = fixture_lease(pool);
	cr_expect_neq(backend_of(lease), first);
	pool_return(lease);
}

Test(pool, leaves_a_listening_session_that_died_to_its_owner)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(lease_execute(lease, "LISTEN store_test", &problem));
	fixture_run(kill_all);
	cr_assert(batch_begin(lease, BATCH_READ, &batch, &problem));
	batch_add(&batch, &SQL_TEST_NOTE_COUNT, NULL);
	cr_expect_not(batch_run(&batch, &problem));
	cr_expect_eq(lease_socket(lease), -1);
}

Test(pool, gives_a_problem_for_text_that_cannot_be_executed)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_expect_not(lease_execute(lease, "LISTEN", &problem));
	cr_expect_str_eq(problem.cause, "database: execute: 42601");
	backend_of(lease);
}

#define ROUNDS 200

struct worker {
	struct pool *pool;
	int first;
	int good;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (int i = 0; i < ROUNDS; i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		CLEANUP(batch_finish) struct batch batch = {0};
		CLEANUP(pool_return) struct lease *lease = NULL;
		char id[16];
		snprintf(id, sizeof(id), "%d", worker->first + i);
		struct bindings bindings = bindings_of("id", id, "body", id, NULL);
		if (!pool_lease(worker->pool, &lease, &problem) ||
		    !batch_begin(lease, BATCH_COMMIT, &batch, &problem))
			continue;
		batch_add(&batch, &SQL_TEST_NOTE_ADD, &bindings);
		batch_add(&batch, &SQL_TEST_NOTE_GET, &bindings);
		if (batch_run(&batch, &problem) &&
		    strcmp(rows_text(batch_rows(&batch, 1), 0, "body"), id) == 0)
			worker->good++;
	}
	return NULL;
}

Test(pool, serves_threads_that_outnumber_its_connections)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(2);
	struct worker workers[3];
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		workers[i] = (struct worker){.pool = pool, .first = i * ROUNDS};
		cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_eq(workers[i].good, ROUNDS);
	}
	cr_expect_str_eq(fixture_value("SELECT count(*) FROM note"), "600");
}

struct queue {
	struct pool *pool;
	pthread_mutex_t lock;
	int served[3];
	size_t count;
};

struct person {
	struct queue *queue;
	int number;
};

static void be_served(struct person *person)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(pool_return) struct lease *lease = NULL;
	struct queue *queue = person->queue;

	if (!pool_lease(queue->pool, &lease, &problem))
		return;
	pthread_mutex_lock(&queue->lock);
	queue->served[queue->count++] = person->number;
	pthread_mutex_unlock(&queue->lock);
}

static void *queue_up(void *context)
{
	be_served(context);
	return NULL;
}

Test(pool, serves_threads_in_their_order_and_not_again_who_returns)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	struct queue queue = {.pool = pool, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct person people[3];
	pthread_t threads[2];
	struct lease *held = fixture_lease(pool);

	for (int i = 0; i < 3; i++)
		people[i] = (struct person){&queue, i};
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(pthread_create(&threads[i], NULL, queue_up, &people[i]), 0);
		while (pool_waiting(pool) != (size_t)i + 1)
			sched_yield();
	}
	pool_return(held);
	be_served(&people[2]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(queue.count, 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(queue.served[i], i, "%d was served as number %d", queue.served[i], i);
	cr_expect_eq(pool_waiting(pool), 0);
}

/* A migration may change what a prepared statement returns while the service runs. */
Test(pool, prepares_again_when_a_migration_has_changed_a_result)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch before = {0};
	CLEANUP(batch_finish) struct batch after = {0};
	struct bindings bindings = bindings_of("id", "1", NULL);

	fixture_run("INSERT INTO note (id, body) VALUES (1, 'x')");
	fixture_batch(lease, BATCH_READ, &SQL_TEST_NOTE_GET, &bindings, &before);
	fixture_run("ALTER TABLE note ALTER COLUMN body TYPE varchar(20)");
	fixture_batch(lease, BATCH_READ, &SQL_TEST_NOTE_GET, &bindings, &after);
	cr_expect_str_eq(rows_text(batch_rows(&after, 0), 0, "body"), "x");
}
