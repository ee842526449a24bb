/* Owns the order in which the schema changes, and the record of what has been applied. */
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "store/connection.h"
#include "store/sqlstate.h"
#include "store/statements.h"

struct digest_text {
	char hex[DIGEST_HEX];
};

static struct digest_text digest_of(const struct migration *migration)
{
	unsigned char digest[DIGEST_BYTES];
	struct digest_text text;

	digest_sha256(migration->sql, strlen(migration->sql), digest);
	hex_encode(digest, sizeof(digest), text.hex);
	return text;
}

/* Runs one of our own statements; `part` goes into the cause. */
static bool query(struct connection *connection, const struct statement *statement,
    const char *const values[], const char *part, PGresult **ret_result, struct problem *problem)
{
	static const char *const none[] = {NULL};
	CLEANUP(PQclear) PGresult *result = NULL;
	int count = 0;

	while (statement->parameters[count])
		count++;
	if (!connection_execute(connection, statement->sql, values ? values : none, count, 0, &result))
		return sqlstate_problem(&(struct fault){.statement = part}, problem);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		struct fault fault = sqlstate_fault(result, part);
		return sqlstate_problem(&fault, problem);
	}
	if (ret_result)
		*ret_result = TAKE(result);
	return true;
}

static bool run(struct connection *connection, const struct statement *statement, const char *part,
    struct problem *problem)
{
	return query(connection, statement, NULL, part, NULL, problem);
}

/* What is recorded must be the beginning of what the program brings, hash by hash. */
static bool check_record(
    const PGresult *record, const struct migration *wanted, struct problem *problem)
{
	for (int row = 0; row < PQntuples(record); row++, wanted++) {
		const char *name = PQgetvalue(record, row, 1);
		if (!wanted->sql)
			return problem_set(problem, PROBLEM_CONFLICT,
			    "The database is ahead of this program: it has %s, which the program does not "
			    "know.",
			    name);
		if (strtol(PQgetvalue(record, row, 0), NULL, 10) != wanted->number)
			return problem_set(problem, PROBLEM_CONFLICT,
			    "The database has %s where the program has %s.", name, wanted->name);
		if (strcmp(PQgetvalue(record, row, 2), digest_of(wanted).hex) != 0)
			return problem_set(problem, PROBLEM_CONFLICT,
			    "%s has changed since it was applied; a change of the schema is a new migration.",
			    wanted->name);
	}
	return true;
}

static int line_of(const char *sql, const char *position)
{
	long count = position ? strtol(position, NULL, 10) : 0;
	int line = count > 0 ? 1 : 0;

	/* The position counts characters from 1; continuation bytes of UTF-8 are none. */
	for (; *sql && count > 1; sql++) {
		if (*sql == '\n')
			line++;
		if (((unsigned char)sql[1] & 0xC0) != 0x80)
			count--;
	}
	return line;
}

static bool refuse(const struct migration *migration, const char *why, struct problem *problem)
{
	problem_fail(problem, PROBLEM_INTERNAL, "migration %s: %s", migration->name, why);
	return problem_set(problem, PROBLEM_INTERNAL,
	    "Migration %s could not be applied; nothing of it was kept.", migration->name);
}

static bool run_text(
    struct connection *connection, const struct migration *migration, struct problem *problem)
{
	CLEANUP(PQclear) PGresult *result = NULL;

	if (!connection_execute(connection, migration->sql, NULL, 0, 0, &result))
		return refuse(migration, "link lost", problem);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
		char why[64];
		const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		int line = line_of(migration->sql, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
		if (line > 0)
			snprintf(why, sizeof(why), "line %d: %s", line, sqlstate ? sqlstate : "link lost");
		else
			snprintf(why, sizeof(why), "%s", sqlstate ? sqlstate : "link lost");
		return refuse(migration, why, problem);
	}
	if (PQtransactionStatus(connection->link) != PQTRANS_INTRANS)
		return refuse(migration, "it ends the transaction it runs in", problem);
	return true;
}

static bool apply(
    struct connection *connection, const struct migration *migration, struct problem *problem)
{
	char number[16];
	struct digest_text digest = digest_of(migration);

	snprintf(number, sizeof(number), "%d", migration->number);
	const char *const values[] = {number, migration->name, digest.hex};
	/* What fails leaves the transaction open, and it ends with the connection. */
	return run(connection, &SQL_TRANSACTION_BEGIN_WRITE, migration->name, problem) &&
	       run(connection, &SQL_MIGRATION_PATIENCE, migration->name, problem) &&
	       run_text(connection, migration, problem) &&
	       query(connection, &SQL_MIGRATION_RECORD, values, migration->name, NULL, problem) &&
	       run(connection, &SQL_TRANSACTION_COMMIT, migration->name, problem);
}

bool migrate_apply(
    const char *url, const struct migration list[], int *ret_applied, struct problem *problem)
{
	CLEANUP(connection_close) struct connection connection = {0};
	CLEANUP(PQclear) PGresult *record = NULL;
	const struct connection_options options = {.url = url, .application_name = "cspr migrate"};
	int applied = 0;

	if (!connection_check_url(url, problem) || !connection_open(&options, &connection, problem))
		return false;
	if (!run(&connection, &SQL_MIGRATION_LOCK, "migration lock", problem) ||
	    !run(&connection, &SQL_MIGRATION_TABLE, "migration table", problem) ||
	    !query(&connection, &SQL_MIGRATION_LIST, NULL, "migration list", &record, problem) ||
	    !check_record(record, list, problem))
		return false;
	for (const struct migration *migration = list + PQntuples(record); migration->sql;
	     migration++) {
		if (!apply(&connection, migration, problem))
			return false;
		applied++;
	}
	*ret_applied = applied;
	return true;
}

bool migrate_run(const char *url, int *ret_applied, struct problem *problem)
{
	return migrate_apply(url, migrations, ret_applied, problem);
}
