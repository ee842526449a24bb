/* Owns the tests of reads that come while the database is asked for others: each gets its own
 * answer. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

/* One of the two connections asks; nobody else does here. */
static const struct setting settings[] = {
    {"CSPR_WORKERS", "16"}, {"CSPR_DATABASE_CONNECTIONS", "2"}, {NULL, NULL}};

STAGE(ALL_SCOPES, settings)
TestSuite(reads, .timeout = 120);

DEFINE_CLEANUP(PGconn *, PQfinish)

#define MANY 8
#define READ_MAX ((size_t)1 << 20)

static PGconn *ask_to_hold(const char *table)
{
	PGconn *holder = PQconnectdb(stage()->database.super_url);

	PQclear(PQexec(holder, "BEGIN"));
	cr_assert(PQsendQuery(holder, text_of("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table)));
	return holder;
}

/* From now on whoever reads of the table waits. */
static PGconn *hold(const char *table)
{
	PGconn *holder = ask_to_hold(table);

	PQclear(PQgetResult(holder));
	cr_assert_null(PQgetResult(holder));
	return holder;
}

static bool are_held(long count)
{
	return sql_number(&stage()->database,
	           "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cspr-api'"
	           " AND wait_event_type = 'Lock' AND datname = current_database()",
	           NULL) >= count;
}

static bool is_held(void *context)
{
	(void)context;
	return are_held(1);
}

static bool both_are_held(void *context)
{
	(void)context;
	return are_held(2);
}

static bool one_waits_for_a_connection(void *context)
{
	(void)context;
	return measured("cspr_database_waiting") == 1;
}

static bool wait_as_many(void *context)
{
	return measured("cspr_reads_waiting") == *(const long *)context;
}

static int ask(const char *token, const char *path)
{
	const char *request = text_of("GET %s HTTP/1.1\r\nHost: x\r\n"
	                              "Authorization: Bearer %s\r\nConnection: close\r\n\r\n",
	    path, token);
	int connection = raw_connect(&stage()->service);

	cr_assert(raw_send(connection, request, strlen(request)));
	return connection;
}

static int ask_incident(const char *token, const char *id)
{
	return ask(token, text_of("/v1/incidents/%s", id));
}

static const char *answer_of(int connection)
{
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(READ_MAX);

	cr_assert(raw_receive(connection, PATIENCE, &bytes), "%s", text_string(&bytes));
	close(connection);
	return text_of("%s", text_string(&bytes));
}

static void expect_line(const char *answer, const char *line)
{
	cr_assert_eq(strncmp(answer, line, strlen(line)), 0, "%s", answer);
}

/* One that asks and is held, and behind it those with the tokens and ids. */
static PGconn *hold_behind_one(
    const char *first, const char *const tokens[], const char *const ids[], int ret_connections[])
{
	/* Whoever reads an incident reads its children. */
	PGconn *holder = hold("child");

	ret_connections[0] = ask_incident(stage()->council, first);
	cr_assert(wait_until(is_held, NULL, PATIENCE));
	for (long i = 0; i < MANY; i++) {
		long waiting = i + 1;
		ret_connections[i + 1] = ask_incident(tokens[i], ids[i]);
		cr_assert(wait_until(wait_as_many, &waiting, PATIENCE), "%ld wait, and not %ld",
		    measured("cspr_reads_waiting"), waiting);
	}
	return holder;
}

static const char *upper_case(const char *id)
{
	char *upper = (char *)text_of("%s", id);

	for (char *at = upper; *at; at++)
		if (*at >= 'a' && *at <= 'f')
			*at = (char)(*at - 'a' + 'A');
	return upper;
}

Test(reads, that_come_while_one_is_read_are_asked_for_together_and_told_apart)
{
	const char *tokens[MANY];
	const char *ids[MANY];
	int connections[MANY + 1];

	for (size_t i = 0; i < MANY; i++) {
		tokens[i] = stage()->council;
		ids[i] = recorded(incident_with("{'local_ref': 'G-%zu'}", i));
	}
	/* The same one twice, in capitals, and one that is not there. */
	ids[1] = ids[0];
	ids[2] = upper_case(ids[2]);
	ids[3] = "01234567-89ab-7def-8123-456789abcdef";
	const char *first = recorded(incident_with("{'local_ref': 'G-first'}"));
	long questions = measured("cspr_reads_questions_total");
	long answers = measured("cspr_reads_answered_total");
	long ahead = measured("cspr_reads_asked_ahead_total");
	CLEANUP(PQfinish) PGconn *holder = hold_behind_one(first, tokens, ids, connections);
	PQclear(PQexec(holder, "COMMIT"));

	cr_assert_not_null(strstr(answer_of(connections[0]), "\"local_ref\":\"G-first\""));
	for (size_t i = 0; i < MANY; i++) {
		const char *answer = answer_of(connections[i + 1]);
		if (i == 3) {
			expect_line(answer, "HTTP/1.1 404");
			continue;
		}
		expect_line(answer, "HTTP/1.1 200");
		cr_assert(strstr(answer, text_of("\"local_ref\":\"G-%zu\"", i == 1 ? 0 : i)), "%s", answer);
		const char *children = strstr(answer, "\"children\":[");
		cr_assert(children && strstr(children,
		                          text_of("\"incident_id\":\"%s\"",
		                              i == 2 ? answer_text(get("/v1/incidents/%s", ids[2]), "/id")
		                                     : ids[i])),
		    "%s", answer);
		cr_assert(strstr(answer, "ETag: \"1\""), "%s", answer);
	}
	cr_expect_eq(measured("cspr_reads_waiting"), 0);
	/* One for the first, one for all the others, and one for each read of this test itself. */
	cr_expect_eq(measured("cspr_reads_questions_total") - questions, 2 + 1);
	cr_expect_eq(measured("cspr_reads_answered_total") - answers, 1 + MANY + 1);
	cr_expect_eq(measured("cspr_reads_asked_ahead_total") - ahead, 1);
}

Test(reads, are_asked_for_by_each_key_for_itself_and_show_what_it_may_see)
{
	const char *tokens[MANY];
	const char *ids[MANY];
	int connections[MANY + 1];
	const char *id = recorded(incident_with("{}"));
	long questions = measured("cspr_reads_questions_total");

	for (size_t i = 0; i < MANY; i++) {
		tokens[i] = i % 2 ? stage()->south : stage()->council;
		ids[i] = id;
	}
	CLEANUP(PQfinish) PGconn *holder = hold_behind_one(id, tokens, ids, connections);
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(connections[0]), "HTTP/1.1 200");
	for (size_t i = 0; i < MANY; i++)
		expect_line(answer_of(connections[i + 1]), i % 2 ? "HTTP/1.1 404" : "HTTP/1.1 200");
	cr_expect_eq(measured("cspr_reads_questions_total") - questions, 3);
}

Test(reads, of_a_key_that_is_revoked_while_they_wait_are_refused)
{
	const char *tokens[MANY];
	const char *ids[MANY];
	int connections[MANY + 1];
	const char *id = recorded(incident_with("{}"));
	CLEANUP(free)
	char *token =
	    key_create(&stage()->database, "north", "council", "incidents:read incidents:write");

	for (size_t i = 0; i < MANY; i++) {
		tokens[i] = token;
		ids[i] = id;
	}
	CLEANUP(PQfinish) PGconn *holder = hold_behind_one(id, tokens, ids, connections);
	key_revoke("north", token);
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(connections[0]), "HTTP/1.1 200");
	for (size_t i = 0; i < MANY; i++)
		expect_line(answer_of(connections[i + 1]), "HTTP/1.1 401");
}

/* Ends what the one that asks does, by that function of PostgreSQL's. */
static void end_asking(const char *how)
{
	sql_run(&stage()->database,
	    text_of("SELECT %s(pid) FROM pg_stat_activity WHERE application_name = 'cspr-api'"
	            " AND wait_event_type = 'Lock' AND datname = current_database()",
	        how),
	    NULL);
}

/* MANY reads of the same incident, by the same caller, behind one that is held. */
static PGconn *hold_same(const char *id, int connections[MANY + 1])
{
	const char *tokens[MANY];
	const char *ids[MANY];

	for (size_t i = 0; i < MANY; i++) {
		tokens[i] = stage()->council;
		ids[i] = id;
	}
	return hold_behind_one(id, tokens, ids, connections);
}

/* The first, then those behind it, after the one that asked for it was ended. */
static void expect_after_end(const char *how, const char *first, const char *others)
{
	int connections[MANY + 1];
	const char *id = recorded(incident_with("{}"));

	CLEANUP(PQfinish) PGconn *holder = hold_same(id, connections);
	end_asking(how);
	/* Who asks next is held as well. */
	cr_assert(wait_until(is_held, NULL, PATIENCE));
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(connections[0]), first);
	for (size_t i = 0; i < MANY; i++)
		expect_line(answer_of(connections[i + 1]), others);
}

Test(reads, of_a_session_that_ends_are_asked_for_again)
{
	expect_after_end("pg_terminate_backend", "HTTP/1.1 200", "HTTP/1.1 200");
}

/* They were not asked for with it, and are not refused with it. */
Test(reads, that_wait_behind_one_that_fails_get_their_answers)
{
	expect_after_end("pg_cancel_backend", "HTTP/1.1 503", "HTTP/1.1 200");
}

static bool is_asked_for_together(void *context)
{
	(void)context;
	return measured("cspr_reads_waiting") == 0 && is_held(NULL);
}

/* Each of them would else wait as long again. */
Test(reads, that_are_asked_for_in_vain_are_told_so_together)
{
	int connections[MANY + 1];
	const char *id = recorded(incident_with("{}"));

	CLEANUP(PQfinish) PGconn *holder = hold_same(id, connections);
	end_asking("pg_cancel_backend");
	cr_assert(wait_until(is_asked_for_together, NULL, PATIENCE));
	long questions = measured("cspr_reads_questions_total");
	end_asking("pg_cancel_backend");
	for (size_t i = 0; i < MANY; i++) {
		const char *answer = answer_of(connections[i + 1]);
		expect_line(answer, "HTTP/1.1 503");
		cr_assert(strstr(answer, "Retry-After: "), "%s", answer);
	}
	cr_expect_eq(measured("cspr_reads_questions_total"), questions + 1);
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(connections[0]), "HTTP/1.1 503");
	expect_status(get("/v1/incidents/%s", id), 200);
}

static bool is_holder_waiting(void *context)
{
	(void)context;
	return sql_number(&stage()->database,
	           "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE child%'"
	           " AND wait_event_type = 'Lock' AND datname = current_database()",
	           NULL) == 1;
}

/*
 * The first has its answer, and what was asked for the others with the same hand is held: whoever
 * of them waits for it has only been told so.
 */
static PGconn *hold_what_was_asked_ahead(int connections[MANY + 1])
{
	const char *id = recorded(incident_with("{}"));
	CLEANUP(PQfinish) PGconn *first = hold_same(id, connections);
	PGconn *second = ask_to_hold("child");

	cr_assert(wait_until(is_holder_waiting, NULL, PATIENCE));
	PQclear(PQexec(first, "COMMIT"));
	expect_line(answer_of(connections[0]), "HTTP/1.1 200");
	PQclear(PQgetResult(second));
	cr_assert_null(PQgetResult(second));
	cr_assert(wait_until(is_asked_for_together, NULL, PATIENCE));
	return second;
}

Test(reads, that_were_asked_for_ahead_are_asked_for_again_when_the_session_ends)
{
	int connections[MANY + 1];
	long questions = measured("cspr_reads_questions_total");

	CLEANUP(PQfinish) PGconn *holder = hold_what_was_asked_ahead(connections);
	end_asking("pg_terminate_backend");
	cr_assert(wait_until(is_held, NULL, PATIENCE));
	PQclear(PQexec(holder, "COMMIT"));
	for (size_t i = 0; i < MANY; i++)
		expect_line(answer_of(connections[i + 1]), "HTTP/1.1 200");
	cr_expect_eq(measured("cspr_reads_questions_total") - questions, 2);
}

/* Who connects has its statements prepared, for which it needs every table: so both do it first. */
static void connect_both(const char *id)
{
	CLEANUP(PQfinish) PGconn *holder = hold("child");
	int incident = ask_incident(stage()->council, id);

	cr_assert(wait_until(is_held, NULL, PATIENCE));
	int themes = ask(stage()->council, "/v1/themes");
	cr_assert(wait_until(both_are_held, NULL, PATIENCE));
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(incident), "HTTP/1.1 200");
	expect_line(answer_of(themes), "HTTP/1.1 200");
}

/*
 * A list waits for the connection that reads are asked for on, because the other one is held. How
 * many were asked for ahead meanwhile; false when the other one was held in vain, which has an end.
 */
static bool ask_ahead_of_a_list(const char *id, long *ret_ahead)
{
	int connections[MANY + 1];
	long ahead = measured("cspr_reads_asked_ahead_total");
	CLEANUP(PQfinish) PGconn *referrals_holder = hold("referral");
	int referrals = ask(stage()->council, "/v1/referrals");

	cr_assert(wait_until(is_held, NULL, PATIENCE));
	CLEANUP(PQfinish) PGconn *holder = hold_same(id, connections);
	cr_assert(wait_until(both_are_held, NULL, PATIENCE));
	int themes = ask(stage()->council, "/v1/themes");
	cr_assert(wait_until(one_waits_for_a_connection, NULL, PATIENCE));
	PQclear(PQexec(holder, "COMMIT"));
	expect_line(answer_of(themes), "HTTP/1.1 200");
	for (size_t i = 0; i <= MANY; i++)
		expect_line(answer_of(connections[i]), "HTTP/1.1 200");
	*ret_ahead = measured("cspr_reads_asked_ahead_total") - ahead;
	PQclear(PQexec(referrals_holder, "COMMIT"));
	return strncmp(answer_of(referrals), "HTTP/1.1 200", strlen("HTTP/1.1 200")) == 0;
}

Test(reads, are_not_asked_for_ahead_of_those_who_wait_for_a_connection)
{
	const char *id = recorded(incident_with("{}"));
	long ahead = 0;
	size_t times = 1;

	connect_both(id);
	while (!ask_ahead_of_a_list(id, &ahead))
		cr_assert_lt(times++, 10);
	cr_expect_eq(ahead, 0);
}

Test(reads, that_were_asked_for_ahead_in_vain_are_told_so)
{
	int connections[MANY + 1];

	CLEANUP(PQfinish) PGconn *holder = hold_what_was_asked_ahead(connections);
	end_asking("pg_cancel_backend");
	for (size_t i = 0; i < MANY; i++)
		expect_line(answer_of(connections[i + 1]), "HTTP/1.1 503");
	PQclear(PQexec(holder, "COMMIT"));
	expect_status(get("/v1/incidents/%s", recorded(incident_with("{}"))), 200);
}
