/* Owns the life of one connection: how it is opened, looked at, waited for and closed. */
#include "store/connection.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "store/sqlstate.h"
#include "store/statements.h"

#define OPTIONS_LIMIT 4096
#define ROLL_BACK_TIMEOUT_MS 2000

#define SESSION "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c jit=off "
#define LIMITS                                                                                     \
	"-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 "
/* Without bitmaps, which forget the order of their index: a claim then sorted all that was due. */
#define INDEXES_ONLY                                                                               \
	"-c enable_seqscan=off -c enable_bitmapscan=off "                                              \
	"-c enable_hashjoin=off -c enable_mergejoin=off "
#define NO_LIMITS                                                                                  \
	"-c statement_timeout=0 -c lock_timeout=60000 -c idle_in_transaction_session_timeout=0 "

DEFINE_CLEANUP(PQconninfoOption *, PQconninfoFree)

int64_t connection_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool connection_check_url(const char *url, struct problem *problem)
{
	CLEANUP(PQconninfoFree) PQconninfoOption *parsed = PQconninfoParse(url, NULL);

	if (!parsed)
		return problem_set(problem, PROBLEM_INVALID, "The database URL cannot be read.");
	return true;
}

/* The URL's own `options` come last, so that an operator can change any of ours. */
static bool session_options(const struct connection_options *options, struct text *ret_text)
{
	text_puts(ret_text, SESSION);
	text_puts(ret_text, options->statements ? LIMITS : NO_LIMITS);
	if (options->indexes_only)
		text_puts(ret_text, INDEXES_ONLY);
	CLEANUP(PQconninfoFree) PQconninfoOption *parsed = PQconninfoParse(options->url, NULL);
	if (!parsed)
		return false;
	for (PQconninfoOption *option = parsed; option->keyword; option++)
		if (strcmp(option->keyword, "options") == 0 && option->val)
			text_puts(ret_text, option->val);
	return !ret_text->failed;
}

/*
 * Why there is no connection, in a word that is safe to log: libpq's own text can hold parts of
 * a mistyped URL, and before a connection stands it has no SQLSTATE.
 */
static const char *connect_fault(const char *message)
{
	static const struct {
		const char *mark;
		const char *word;
	} faults[] = {
	    {"Connection refused", "refused"},
	    {"No such file", "no socket"},
	    {"could not translate host name", "host not found"},
	    {"timeout expired", "timeout"},
	    {"starting up", "starting up"},
	    {"shutting down", "shutting down"},
	    {"recovery", "in recovery"},
	    {"read-only", "read-only server"},
	    {"hot standby", "a standby"},
	    {"too many clients", "too many clients"},
	    {"connection slots", "too many clients"},
	    {"password", "password refused"},
	    {"pg_hba.conf", "not allowed by pg_hba.conf"},
	    {"does not exist", "no such database or role"},
	    {"SSL", "TLS"},
	    {"certificate", "TLS"},
	    {"closed the connection", "closed by the server"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++)
		if (strstr(message, faults[i].mark))
			return faults[i].word;
	return "other";
}

/* Notices are not for stderr; that the server ends the session is worth knowing. */
static void receive_notice(void *argument, const PGresult *notice)
{
	struct connection *connection = argument;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		connection->doomed = true;
}

static bool unavailable(struct problem *problem, const char *part, const char *why)
{
	problem->retry_after = 1;
	return problem_fail(problem, PROBLEM_UNAVAILABLE, "database: %s: %s", part, why);
}

static bool connect_link(const struct connection_options *options, struct connection *connection,
    struct problem *problem)
{
	CLEANUP(text_finish) struct text session = TEXT_INIT(OPTIONS_LIMIT);

	if (!session_options(options, &session))
		return unavailable(problem, "connect", "the URL cannot be used");
	/* What stands before dbname yields to the URL; what stands after it does not. */
	const char *const keywords[] = {"connect_timeout", "tcp_user_timeout", "keepalives",
	    "keepalives_idle", "keepalives_interval", "keepalives_count", "target_session_attrs",
	    "gssencmode", "fallback_application_name", "dbname", "client_encoding", "options",
	    options->application_name ? "application_name" : NULL, NULL};
	const char *const values[] = {"3", "5000", "1", "10", "5", "3", "read-write", "disable", "cspr",
	    options->url, "UTF8", text_string(&session), options->application_name, NULL};
	connection->link = PQconnectdbParams(keywords, values, 1);
	if (!connection->link)
		return unavailable(problem, "connect", "memory");
	if (PQstatus(connection->link) != CONNECTION_OK)
		return unavailable(problem, "connect", connect_fault(PQerrorMessage(connection->link)));
	PQsetNoticeReceiver(connection->link, receive_notice, connection);
	return true;
}

static bool queue_prepare(struct connection *connection, const struct statement *const *statements)
{
	for (size_t i = 0; statements[i]; i++)
		if (!PQsendPrepare(connection->link, statements[i]->name, statements[i]->sql, 0, NULL))
			return false;
	return true;
}

static size_t count_statements(const struct statement *const *statements)
{
	size_t count = 0;

	while (statements[count])
		count++;
	return count;
}

/* Which statement the numbered result of prepare_all() belongs to. */
static const char *step_name(const struct connection_options *options, size_t number)
{
	size_t session = count_statements(statements_session);

	if (number < session)
		return statements_session[number]->name;
	number -= session;
	if (number == 0)
		return SQL_SESSION_READS.name;
	number--;
	if (!options->role)
		return options->statements[number]->name;
	return number == 0 ? SQL_SESSION_ROLE.name : options->statements[number - 1]->name;
}

/* The role first: what is prepared is planned for it. */
static bool prepare_all(const struct connection_options *options, struct connection *connection,
    struct problem *problem)
{
	if (PQsetnonblocking(connection->link, 1) != 0 || !PQenterPipelineMode(connection->link))
		return unavailable(problem, "prepare", "pipeline");
	bool queued = queue_prepare(connection, statements_session) &&
	              connection_queue(connection, &SQL_SESSION_READS, NULL);
	if (options->role)
		queued = queued && connection_queue(
		                       connection, &SQL_SESSION_ROLE, (const char *const[]){options->role});
	queued = queued && queue_prepare(connection, options->statements);
	if (!queued || !connection_queue_sync(connection))
		return unavailable(problem, "prepare", "link lost");

	int64_t deadline = connection_clock() + BATCH_TIMEOUT_MS;
	for (size_t number = 0;; number++) {
		CLEANUP(PQclear) PGresult *result = connection_next(connection, deadline);
		if (!result)
			return unavailable(problem, "prepare", "link lost");
		ExecStatusType status = PQresultStatus(result);
		if (status == PGRES_PIPELINE_SYNC)
			return true;
		if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
			continue;
		/* A schema that is not migrated yet looks like this too. */
		const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		unavailable(problem, step_name(options, number), sqlstate ? sqlstate : "lost");
		return false;
	}
}

bool connection_open(const struct connection_options *options, struct connection *connection,
    struct problem *problem)
{
	*connection = (struct connection){0};
	if (connect_link(options, connection, problem) &&
	    (!options->statements || prepare_all(options, connection, problem)))
		return true;
	connection_close(connection);
	return false;
}

void connection_close(struct connection *connection)
{
	if (connection->link)
		PQfinish(connection->link);
	*connection = (struct connection){0};
}

bool connection_is_alive(struct connection *connection)
{
	if (!connection->link || connection->doomed || PQstatus(connection->link) != CONNECTION_OK)
		return false;
	char byte;
	ssize_t seen = recv(PQsocket(connection->link), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (seen < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	if (seen == 0 || !PQconsumeInput(connection->link))
		return false;
	/* libpq has the farewell now, if it was one; the end of the stream may stand behind it. */
	PQisBusy(connection->link);
	seen = recv(PQsocket(connection->link), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return !connection->doomed && PQstatus(connection->link) == CONNECTION_OK && seen != 0;
}

bool connection_is_clean(const struct connection *connection)
{
	return connection->link && !connection->doomed && !connection->personal &&
	       PQstatus(connection->link) == CONNECTION_OK &&
	       PQpipelineStatus(connection->link) == PQ_PIPELINE_ON &&
	       PQtransactionStatus(connection->link) == PQTRANS_IDLE;
}

bool connection_queue(
    struct connection *connection, const struct statement *statement, const char *const values[])
{
	int count = 0;

	while (statement->parameters[count])
		count++;
	return PQsendQueryPrepared(connection->link, statement->name, count, values, NULL, NULL, 0) ==
	       1;
}

bool connection_queue_sync(struct connection *connection)
{
	return PQpipelineSync(connection->link) == 1;
}

/* Sends and receives until a result is whole; false when the link is lost or time is over. */
static bool wait_for_result(PGconn *link, int64_t deadline)
{
	for (;;) {
		int unsent = PQflush(link);
		if (unsent < 0)
			unsent = 0; /* the server may have said why before it hung up: read on */
		if (!PQisBusy(link))
			return true;
		int64_t left = deadline - connection_clock();
		if (deadline != 0 && left <= 0)
			return false;
		/* Both ways at once: a server that waits for us to read does not read either. */
		struct pollfd socket = {
		    .fd = PQsocket(link),
		    .events = (short)(POLLIN | (unsent ? POLLOUT : 0)),
		};
		if (socket.fd < 0)
			return false;
		int ready = poll(&socket, 1, deadline == 0 ? -1 : (int)left);
		if (ready < 0 && errno != EINTR)
			return false;
		if (ready > 0 && (socket.revents & ~POLLOUT) && !PQconsumeInput(link))
			return !PQisBusy(link);
	}
}

/* An error of libpq's own, which has no SQLSTATE: the link is lost, whatever PQstatus() says. */
static bool tells_of_lost_link(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_FATAL_ERROR &&
	       !PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

PGresult *connection_next(struct connection *connection, int64_t deadline)
{
	/* Each statement's result is followed by a NULL; a sync by none. */
	for (int nulls = 0; connection->link && nulls < 2; nulls++) {
		if (!wait_for_result(connection->link, deadline))
			break;
		CLEANUP(PQclear) PGresult *result = PQgetResult(connection->link);
		/* From then on libpq has such an error for every call, without end. */
		if (result && tells_of_lost_link(result))
			break;
		if (result)
			return TAKE(result);
	}
	connection_close(connection);
	return NULL;
}

bool connection_poll(struct connection *connection, PGresult **ret_result)
{
	PGconn *link = connection->link;

	*ret_result = NULL;
	if (!link)
		return true;
	connection->sending = PQflush(link) > 0;
	/* The server may have said why before it hung up. */
	bool connected = PQconsumeInput(link) == 1;
	for (int nulls = 0; nulls < 2; nulls++) {
		if (PQisBusy(link) && connected)
			return false;
		if (PQisBusy(link))
			break;
		CLEANUP(PQclear) PGresult *result = PQgetResult(link);
		if (result && tells_of_lost_link(result))
			break;
		if (result) {
			*ret_result = TAKE(result);
			return true;
		}
	}
	connection_close(connection);
	return true;
}

void connection_roll_back(struct connection *connection)
{
	if (!connection->link || PQtransactionStatus(connection->link) == PQTRANS_IDLE)
		return;
	int64_t deadline = connection_clock() + ROLL_BACK_TIMEOUT_MS;
	bool clean = connection_queue(connection, &SQL_TRANSACTION_ROLLBACK, NULL) &&
	             connection_queue_sync(connection);
	while (clean) {
		CLEANUP(PQclear) PGresult *result = connection_next(connection, deadline);
		if (!result)
			return;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			break;
		clean = PQresultStatus(result) == PGRES_COMMAND_OK;
	}
	if (!clean || PQtransactionStatus(connection->link) != PQTRANS_IDLE)
		connection_close(connection);
}

/* The first error, or the last result when there is none. */
static bool collect_plain(PGconn *link, int64_t deadline, PGresult **ret_result)
{
	CLEANUP(PQclear) PGresult *kept = NULL;

	for (;;) {
		if (!wait_for_result(link, deadline))
			return false;
		CLEANUP(PQclear) PGresult *result = PQgetResult(link);
		if (!result)
			break;
		ExecStatusType status = PQresultStatus(result);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
			return false;
		if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR)
			continue;
		PQclear(kept);
		kept = TAKE(result);
	}
	*ret_result = TAKE(kept);
	return *ret_result != NULL;
}

bool connection_execute(struct connection *connection, const char *sql, const char *const values[],
    int count, int timeout_ms, PGresult **ret_result)
{
	PGconn *link = connection->link;
	if (!link)
		return false;
	bool pipeline = PQpipelineStatus(link) == PQ_PIPELINE_ON;
	int64_t deadline = timeout_ms ? connection_clock() + timeout_ms : 0;

	bool collected = (!pipeline || PQexitPipelineMode(link)) &&
	                 (values ? PQsendQueryParams(link, sql, count, NULL, values, NULL, NULL, 0)
	                         : PQsendQuery(link, sql)) &&
	                 collect_plain(link, deadline, ret_result);
	if (collected && PQstatus(link) == CONNECTION_OK && (!pipeline || PQenterPipelineMode(link)))
		return true;
	if (!collected || PQstatus(link) != CONNECTION_OK)
		connection_close(connection);
	return collected;
}
