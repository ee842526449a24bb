/*
 * Databases for tests. The first one of a cluster is migrated by `csprd migrate` and becomes the
 * template of all others; an advisory lock lets one process make it while the others wait.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/ids.h"
#include "support/support.h"

#define TEMPLATE "cspr_template"
#define PARAMETERS_MAX 16

DEFINE_CLEANUP(PGconn *, PQfinish)
DEFINE_CLEANUP(PGresult *, PQclear)

static void drop_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static PGconn *open_connection(const char *url)
{
	PGconn *connection = PQconnectdb(url);

	if (PQstatus(connection) != CONNECTION_OK)
		give_up("no connection to the test server: %s", PQerrorMessage(connection));
	PQsetNoticeProcessor(connection, drop_notice, NULL);
	return connection;
}

static PGresult *run(PGconn *connection, const char *sql, int count, const char *const values[])
{
	PGresult *result = PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		give_up("%s: %s", sql, PQresultErrorMessage(result));
	return result;
}

static char *first_value(const PGresult *result)
{
	if (PQntuples(result) == 0 || PQnfields(result) == 0 || PQgetisnull(result, 0, 0))
		return NULL;
	return strdup(PQgetvalue(result, 0, 0));
}

static char *value_of(const char *url, const char *sql, int count, const char *const values[])
{
	CLEANUP(PQfinish) PGconn *connection = open_connection(url);
	CLEANUP(PQclear) PGresult *result = run(connection, sql, count, values);

	return first_value(result);
}

/* The same server and options with another user and database. */
static void make_url(const char *user, const char *database, char *ret_url, size_t room)
{
	const char *server = environment_value("CSPR_TEST_SERVER");
	const char *question = strchr(server, '?');
	int length =
	    snprintf(ret_url, room, "postgresql://%s@/%s%s", user, database, question ? question : "");

	if (length < 0 || (size_t)length >= room)
		give_up("CSPR_TEST_SERVER is too long");
}

static void fill_urls(struct database *database)
{
	make_url("csprd", database->name, database->url, sizeof(database->url));
	make_url("cspr_owner", database->name, database->owner_url, sizeof(database->owner_url));
	make_url("postgres", database->name, database->super_url, sizeof(database->super_url));
}

static void create_database(PGconn *server, const char *name, const char *origin)
{
	char sql[256];
	PGresult *result;

	snprintf(sql, sizeof(sql), "CREATE DATABASE %s OWNER cspr_owner TEMPLATE %s", name, origin);
	result = run(server, sql, 0, NULL);
	PQclear(result);
}

static void execute(PGconn *server, const char *sql)
{
	PQclear(run(server, sql, 0, NULL));
}

static void migrate(const struct database *database)
{
	static const char *const arguments[] = {"migrate", NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	csprd_run(database, arguments, NULL, &outcome);
	if (outcome.status != 0)
		give_up("csprd migrate ended with %d: %s", outcome.status, text_string(&outcome.errors));
}

/* A template that was left half made is not marked as one, and is made again. */
static void make_template(PGconn *server)
{
	CLEANUP(free) char *finished = NULL;
	CLEANUP(PQclear)
	PGresult *result = run(server,
	    "SELECT 1 FROM pg_database WHERE datname = '" TEMPLATE "' AND datistemplate", 0, NULL);
	struct database database = {.name = TEMPLATE};

	finished = first_value(result);
	if (finished)
		return;
	execute(server, "DROP DATABASE IF EXISTS " TEMPLATE " WITH (FORCE)");
	create_database(server, TEMPLATE, "template0");
	fill_urls(&database);
	migrate(&database);
	execute(server, "ALTER DATABASE " TEMPLATE " IS_TEMPLATE true");
}

static void new_name(struct database *database)
{
	struct uuid id = uuid_new();
	size_t length = 0;

	length = (size_t)snprintf(database->name, sizeof(database->name), "test_");
	for (const char *from = id.text; *from; from++)
		if (*from != '-')
			database->name[length++] = *from;
	database->name[length] = '\0';
	fill_urls(database);
}

void database_create(struct database *ret_database)
{
	CLEANUP(PQfinish) PGconn *server = open_connection(environment_value("CSPR_TEST_SERVER"));

	execute(server, "SELECT pg_advisory_lock(hashtext('" TEMPLATE "'))");
	make_template(server);
	execute(server, "SELECT pg_advisory_unlock(hashtext('" TEMPLATE "'))");
	new_name(ret_database);
	create_database(server, ret_database->name, TEMPLATE);
}

void database_create_empty(struct database *ret_database)
{
	CLEANUP(PQfinish) PGconn *server = open_connection(environment_value("CSPR_TEST_SERVER"));

	new_name(ret_database);
	create_database(server, ret_database->name, "template0");
}

void database_drop(const struct database *database)
{
	CLEANUP(PQfinish) PGconn *server = open_connection(environment_value("CSPR_TEST_SERVER"));
	char sql[160];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", database->name);
	execute(server, sql);
}

static int collect(va_list arguments, const char *ret_values[PARAMETERS_MAX])
{
	int count = 0;
	const char *value;

	while ((value = va_arg(arguments, const char *))) {
		if (count == PARAMETERS_MAX)
			give_up("more than %d parameters", PARAMETERS_MAX);
		ret_values[count++] = value;
	}
	return count;
}

static char *value_of_list(const struct database *database, const char *sql, va_list arguments)
{
	const char *values[PARAMETERS_MAX];
	int count = collect(arguments, values);

	return value_of(database->super_url, sql, count, values);
}

char *sql_text(const struct database *database, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	char *text = value_of_list(database, sql, arguments);
	va_end(arguments);
	return text;
}

int64_t sql_number(const struct database *database, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	CLEANUP(free) char *text = value_of_list(database, sql, arguments);
	va_end(arguments);
	char *end = NULL;
	int64_t number = text ? strtoll(text, &end, 10) : 0;

	if (!text || end == text || *end)
		give_up("no number but %s: %s", text ? text : "NULL", sql);
	return number;
}

void sql_run(const struct database *database, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	free(value_of_list(database, sql, arguments));
	va_end(arguments);
}

struct condition {
	PGconn *connection;
	const char *sql;
	int count;
	const char *values[PARAMETERS_MAX];
};

static bool condition_holds(void *context)
{
	const struct condition *condition = context;
	CLEANUP(PQclear)
	PGresult *result =
	    run(condition->connection, condition->sql, condition->count, condition->values);
	CLEANUP(free) char *value = first_value(result);

	return value && strcmp(value, "t") == 0;
}

bool sql_holds_within(const struct database *database, double seconds, const char *sql, ...)
{
	CLEANUP(PQfinish) PGconn *connection = open_connection(database->super_url);
	struct condition condition = {.connection = connection, .sql = sql};
	va_list arguments;
	va_start(arguments, sql);
	condition.count = collect(arguments, condition.values);
	va_end(arguments);
	return wait_until(condition_holds, &condition, seconds);
}
