/* Owns the database that the tests of the outbox use, and the workers on it. */
#include "fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/hooks.h>
#include <libpq-fe.h>

#include "base/digest.h"
#include "base/ids.h"
#include "outbox/sign.h"
#include "store/statements.h"
#include "support/support.h"

/* The rows alone are wanted here, without agencies, history and the rest around them. */
static const char *const seed =
    "SET session_replication_role = replica;"
    "INSERT INTO partnership (id, slug, name) VALUES ('" PARTNERSHIP "', 'north', 'North');"
    "INSERT INTO incident (partnership_id, id, version, state, local_ref, aware_on, nature, duty,"
    " duty_rule, code_list_version, created_by_agency_id, created_at, updated_at)"
    " SELECT '" PARTNERSHIP "', ('00000000-0000-7000-8000-1' || lpad(i::text, 11, '0'))::uuid, 1,"
    " 'draft', 'N-' || i, '2024-01-01', 'death', 'none', 'none', '1', '" PARTNERSHIP "', now(),"
    " now() FROM generate_series(1, 50) AS i;";

static struct database database;
static char found[8192];

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

const char *query(const char *format, ...)
{
	char sql[4096];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	cr_assert(length > 0 && (size_t)length < sizeof(sql));
	run_on(database.super_url, sql);
	return found;
}

int64_t number(const char *format, ...)
{
	char sql[4096];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	cr_assert(length > 0 && (size_t)length < sizeof(sql));
	run_on(database.super_url, sql);
	return strtoll(found, NULL, 10);
}

/* 77 is what meson shows as skipped. */
ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	(void)tests;
	if (getenv("CSPR_TEST_SERVER"))
		return;
	fprintf(stderr, "SKIPPED: CSPR_TEST_SERVER is not set, no outbox was tested on PostgreSQL\n");
	_exit(77);
}

void fixture_open(void)
{
	database_create(&database);
	run_on(database.super_url, seed);
}

void fixture_close(void)
{
	database_drop(&database);
}

const char *fixture_url(void)
{
	return database.super_url;
}

void endpoint_add(const char *endpoint, const char *recipient, const char *target)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1024);
	char hex[512];

	cr_assert(webhook_secret_seal(SECRET, SECRETS_KEY, &sealed, &problem));
	cr_assert_lt(2 * sealed.length, sizeof(hex));
	hex_encode(sealed.data, sealed.length, hex);
	query("INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types,"
	      " secret_sealed) VALUES ('" PARTNERSHIP "', gen_random_uuid(), '%s', nullif('%s', ''),"
	      " '%s', '{incident.notified}', '\\x%s')",
	    endpoint, recipient ? recipient : "", target, hex);
}

int64_t event_add(int incident)
{
	/* As the API does it: the role, the tenant and the lock of the incident's row. */
	return number(
	    "BEGIN; SELECT set_config('app.partnership_id', '" PARTNERSHIP "', true);"
	    "SET LOCAL ROLE cspr_api;"
	    "SELECT FROM incident WHERE partnership_id = tenant() AND local_ref = 'N-%d' FOR UPDATE;"
	    "CREATE TEMPORARY TABLE made ON COMMIT DROP AS"
	    " SELECT event_append(gen_random_uuid(), 'incident.notified', i.id, NULL,"
	    " '{\"reference\": \"N\"}', now()) AS sequence FROM incident AS i"
	    " WHERE i.local_ref = 'N-%d'; RESET ROLE; COMMIT;"
	    "SELECT max(sequence) FROM event AS e JOIN incident AS i ON i.id = e.incident_id"
	    " WHERE i.local_ref = 'N-%d'",
	    incident, incident, incident);
}

void worker_open(struct worker *worker)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct pool_options options = {
	    .url = database.super_url,
	    .role = "cspr_dispatch",
	    .application_name = "cspr-dispatch",
	    .size = 1,
	    .statements = statements_dispatch,
	    .indexes_only = true,
	};

	*worker = (struct worker){.ordinary = SLOTS};
	cr_assert(pool_create(&options, &worker->pool, &problem));
	cr_assert(pool_lease(worker->pool, &worker->lease, &problem), "%s", problem.cause);
}

static void forget_claimed(struct worker *worker)
{
	for (size_t i = 0; i < worker->claimed_count; i++)
		delivery_finish(&worker->claimed[i]);
	worker->claimed_count = 0;
}

void worker_close(struct worker *worker)
{
	forget_claimed(worker);
	pool_return(worker->lease);
	pool_destroy(worker->pool);
}

size_t worker_claim(struct worker *worker, size_t wanted, int64_t lease_ms)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct exchange exchange = {
	    .wanted = wanted,
	    .ordinary = worker->ordinary,
	    .lease_ms = lease_ms,
	    .allowances = &worker->allowances,
	    .claimed = worker->claimed,
	};

	forget_claimed(worker);
	cr_assert(queue_exchange(worker->lease, &exchange, &problem), "%s", problem.cause);
	worker->claimed_count = exchange.claimed_count;
	return exchange.claimed_count;
}

void worker_set_aside(struct worker *worker, int64_t lease_ms)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(queue_set_aside(worker->lease, lease_ms, &problem), "%s", problem.cause);
}

bool worker_settle(struct worker *worker, size_t which, int status, enum verdict_state state,
    int64_t delay_ms, bool pause)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct sent sent = {
	    .status = status,
	    .complete = status != 0,
	    .started_at = clock_milliseconds(),
	    .duration_ms = 7,
	    .address = "192.0.2.1",
	    .answer = "said \"this\"\n",
	};
	struct settlement outcome = {
	    .delivery = &worker->claimed[which],
	    .sent = &sent,
	    .verdict = {.state = state, .delay_ms = delay_ms, .pause = pause},
	};
	struct exchange exchange = {.outcomes = &outcome, .outcome_count = 1};

	cr_assert_lt(which, worker->claimed_count);
	cr_assert(queue_exchange(worker->lease, &exchange, &problem), "%s", problem.cause);
	return outcome.settled;
}

int64_t delivery_sequence(const struct delivery *delivery)
{
	const char *at = strstr(delivery->body, "\"sequence\"");

	cr_assert_not_null(at);
	return strtoll(strchr(at, ':') + 1, NULL, 10);
}
