/* Owns the tests of a database that is gone: what is said meanwhile, and the way back. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
static void come_back(void);
TestSuite(database_gone, .fini = come_back, .timeout = 120);

/* The same server by way of another database, because ours takes nobody in meanwhile. */
static void run_beside(const char *sql)
{
	struct database beside = {.name = "postgres"};

	snprintf(
	    beside.super_url, sizeof(beside.super_url), "%s", environment_value("CSPR_TEST_SERVER"));
	sql_run(&beside, sql, NULL);
}

/* Of the service alone, so that the tests' own queries go on. */
static const char *ending_connections(void)
{
	return text_of("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
	               " WHERE datname = '%s' AND usename = 'csprd'",
	    stage()->database.name);
}

static void end_connections(void)
{
	run_beside(ending_connections());
}

static void go(void)
{
	run_beside(text_of("ALTER DATABASE %s ALLOW_CONNECTIONS false", stage()->database.name));
	end_connections();
}

static void come_back(void)
{
	run_beside(text_of("ALTER DATABASE %s ALLOW_CONNECTIONS true", stage()->database.name));
}

static bool is_answered(void *context)
{
	return get("%s", (const char *)context)->status == 200;
}

static void expect_unavailable(const struct answer *answer)
{
	expect_problem(answer, 503, "unavailable");
	cr_assert_gt(strtol(answer_header(answer, "Retry-After"), NULL, 10), 0);
}

Test(database_gone, is_said_as_503_to_whoever_asks)
{
	const char *id = recorded(incident_with("{}"));

	go();
	for (int i = 0; i < 6; i++)
		expect_unavailable(get("/v1/incidents/%s", id));
	expect_unavailable(get("/v1/incidents"));
	expect_unavailable(get("/v1/calendar/working-day?from=2024-01-08&add=5"));
	expect_unavailable(post(incident_with("{}"), "/v1/incidents"));
	expect_unavailable(post(json_of("{}"), "/v1/incidents"));
	expect_unavailable(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id));
}

Test(database_gone, makes_the_service_unready_and_leaves_it_alive)
{
	go();
	expect_unavailable(get("/ready"));
	expect_value(get("/live"), "/status", "'live'");
	expect_status(get("/openapi.json"), 200);
}

Test(database_gone, weakens_no_check)
{
	go();
	as("cspr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	expect_unavailable(get("/v1/incidents"));
	as(NULL);
	expect_problem(get("/v1/incidents"), 401, "unauthenticated");
}

Test(database_gone, says_nothing_of_where_it_was)
{
	go();
	const struct answer *refused = get("/v1/incidents");
	CLEANUP(free) char *log = service_log(&stage()->service);

	expect_unavailable(refused);
	cr_assert_null(strstr(text_string(&refused->body), stage()->database.name));
	cr_assert_null(strstr(text_string(&refused->body), "socket"));
	cr_assert_null(strstr(log, stage()->database.url));
}

Test(database_gone, comes_back_by_itself)
{
	const char *id = recorded(incident_with("{}"));
	const char *path = text_of("/v1/incidents/%s", id);

	go();
	expect_unavailable(get("%s", path));
	come_back();
	cr_assert(wait_until(is_answered, (void *)path, 5));
	cr_assert(wait_until(is_answered, (void *)"/ready", 5));
	expect_status(post(incident_with("{}"), "/v1/incidents"), 201);
	CLEANUP(free) char *log = service_log(&stage()->service);
	cr_assert_null(strstr(log, "\"status\":500"));
}

Test(database_gone, for_a_moment_is_hardly_noticed)
{
	const char *id = recorded(incident_with("{}"));

	for (int round = 0; round < 5; round++) {
		end_connections();
		/* Every worker's connection is dead now; a reader is asked again on a new one. */
		for (int i = 0; i < 8; i++)
			expect_status(get("/v1/incidents/%s", id), 200);
		end_connections();
		const struct answer *made = post(incident_with("{}"), "/v1/incidents");
		cr_assert(made->status == 201 || is_problem(made, 503, "unavailable"), "%s", told(made));
	}
}

static atomic_bool is_over;

/* The statement is made beforehand: what text_of() gives is for one thread alone. */
static void *keep_ending_connections(void *sql)
{
	while (!atomic_load(&is_over))
		run_beside(sql);
	return NULL;
}

/* A client comes again, with the same key, until it knows. */
static bool is_made(void *context)
{
	const struct answer *answer = make(context);

	if (answer->status != 201)
		expect_unavailable(answer);
	return answer->status == 201;
}

Test(database_gone, in_the_middle_of_writing_leaves_a_repetition_to_tell)
{
	struct call calls[8];
	const struct answer *answers[8];
	CLEANUP(json_decref) json_t *incident = incident_with("{}");
	CLEANUP(free) char *sql = strdup(ending_connections());
	int64_t before = count_rows("SELECT count(*) FROM incident", NULL);
	size_t unknown = 0;
	pthread_t thread;

	for (size_t i = 0; i < 8; i++)
		calls[i] = (struct call){.method = "POST", .path = "/v1/incidents", .json = incident};
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < 8; i++)
			calls[i].idempotency_key = new_id();
		atomic_store(&is_over, false);
		cr_assert_eq(pthread_create(&thread, NULL, keep_ending_connections, sql), 0);
		make_at_once(calls, 8, answers);
		atomic_store(&is_over, true);
		pthread_join(thread, NULL);
		for (size_t i = 0; i < 8; i++) {
			if (answers[i]->status != 201) {
				expect_unavailable(answers[i]);
				unknown++;
			}
			cr_assert(wait_until(is_made, &calls[i], PATIENCE));
		}
	}
	cr_assert_gt(unknown, 0, "nothing was cut off");
	cr_assert_eq(count_rows("SELECT count(*) FROM incident", NULL), before + 80);
}
