/* Owns the test's database and the tables that the store's own tests use. */
#include "fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/hooks.h>
#include <libpq-fe.h>

#include "base/ids.h"

static const char *const schema =
    "CREATE TABLE note (id integer PRIMARY KEY, body text NOT NULL CHECK (body <> 'refused'));"
    "CREATE TABLE later (id integer PRIMARY KEY,"
    " note_id integer REFERENCES note DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TYPE mood AS ENUM ('sad', 'glad');"
    "CREATE DOMAIN small_domain AS integer CHECK (VALUE < 10);"
    "CREATE FUNCTION raise_code(code text, message text) RETURNS text LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message,"
    " DETAIL = 'Jane Canary'; END $$;"
    "CREATE FUNCTION tenant() RETURNS uuid LANGUAGE sql STABLE AS"
    " $$ SELECT nullif(current_setting('app.partnership_id', true), '')::uuid $$;"
    "CREATE TABLE idempotency (partnership_id uuid, key_id uuid, operation text, key text,"
    " status integer, body text, location text, etag text);";

static char name[64];
static char url[URL_ROOM];
static char found[8192];

void fixture_url_of(const char *database, char ret_url[URL_ROOM])
{
	const char *server = getenv("CSPR_TEST_SERVER");
	cr_assert_not_null(server);
	const char *question = strchr(server, '?');
	const char *authority = strstr(server, "://");
	cr_assert_not_null(authority, "CSPR_TEST_SERVER must be a URL");
	const char *path = strchr(authority + 3, '/');
	size_t before =
	    path ? (size_t)(path - server) : (question ? (size_t)(question - server) : strlen(server));
	int length = snprintf(
	    ret_url, URL_ROOM, "%.*s/%s%s", (int)before, server, database, question ? question : "");
	cr_assert(length > 0 && length < URL_ROOM);
}

static void run_on(const char *where, const char *sql)
{
	PGconn *link = PQconnectdb(where);
	cr_assert_eq(PQstatus(link), CONNECTION_OK, "%s", PQerrorMessage(link));
	PGresult *result = PQexec(link, sql);
	ExecStatusType status = PQresultStatus(result);
	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
	    PQerrorMessage(link));
	found[0] = '\0';
	if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
		snprintf(found, sizeof(found), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(link);
}

static void run_on_server(const char *format)
{
	char sql[400];
	char server[URL_ROOM];

	snprintf(sql, sizeof(sql), format, name);
	fixture_url_of("postgres", server);
	run_on(server, sql);
}

/* 77 is what meson shows as skipped; a test that expects a signal could not be skipped by itself.
 */
ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	(void)tests;
	if (getenv("CSPR_TEST_SERVER"))
		return;
	fprintf(stderr, "SKIPPED: CSPR_TEST_SERVER is not set, no store was tested on PostgreSQL\n");
	_exit(77);
}

void fixture_open(void)
{
	snprintf(name, sizeof(name), "store_%s", uuid_new().text);
	fixture_url_of(name, url);
	run_on_server("CREATE DATABASE \"%s\" TEMPLATE template0");
	run_on(url, schema);
}

void fixture_close(void)
{
	if (name[0])
		run_on_server("DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)");
}

const char *fixture_url(void)
{
	return url;
}

void fixture_run(const char *sql)
{
	run_on(url, sql);
}

const char *fixture_value(const char *sql)
{
	run_on(url, sql);
	return found;
}

void fixture_shut_database(void)
{
	run_on_server("ALTER DATABASE \"%s\" WITH ALLOW_CONNECTIONS false");
	run_on_server("SELECT pg_terminate_backend(a.pid, 5000) FROM pg_stat_activity AS a"
	              " WHERE a.datname = '%s'");
}

void fixture_open_database(void)
{
	run_on_server("ALTER DATABASE \"%s\" WITH ALLOW_CONNECTIONS true");
}

struct pool *fixture_pool(size_t size)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct pool_options options = {
	    .url = url,
	    .application_name = "store test",
	    .size = size,
	    .statements = test_statements_api,
	};
	struct pool *pool = NULL;

	cr_assert(pool_create(&options, &pool, &problem), "%s", problem.cause);
	return pool;
}

struct lease *fixture_lease(struct pool *pool)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct lease *lease = NULL;

	cr_assert(pool_lease(pool, &lease, &problem), "%s", problem.cause);
	return lease;
}

void fixture_batch(struct lease *lease, enum batch_end end, const struct statement *statement,
    const struct bindings *bindings, struct batch *ret_batch)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(batch_begin(lease, end, ret_batch, &problem), "%s", problem.cause);
	batch_add(ret_batch, statement, bindings);
	cr_assert(batch_run(ret_batch, &problem), "%s", problem.cause);
}

struct bindings bindings_of(const char *first, ...)
{
	struct bindings bindings = {0};
	va_list arguments;

	va_start(arguments, first);
	for (const char *key = first; key; key = va_arg(arguments, const char *))
		bind_text(&bindings, key, va_arg(arguments, const char *));
	va_end(arguments);
	return bindings;
}
