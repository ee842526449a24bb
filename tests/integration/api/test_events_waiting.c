/* Owns the tests of who waits for events: answered in time, in nobody's way, and gone without
 * trace. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

/* Two workers, so that who would hold one would be found out. */
static const struct setting settings[] = {{"CSPR_WORKERS", "2"}, {"CSPR_DATABASE_CONNECTIONS", "2"},
    {"CSPR_WAITING", "1010"}, {"CSPR_WAITING_PER_KEY", "1000"}, {"CSPR_SWEEP_SECONDS", "0"},
    {NULL, NULL}};

STAGE(ALL_SCOPES, settings)
TestSuite(wait, .timeout = 120);
TestSuite(waiters, .timeout = 180);

DEFINE_CLEANUP(PGconn *, PQfinish)

#define MANY 1000
#define READ_MAX ((size_t)1 << 20)

/* Where the feed ends, once everything that is written can be seen. */
static const char *end_of_feed(void)
{
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT NOT EXISTS (SELECT FROM event WHERE epoch = feed_epoch()"
	    " AND transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))",
	    NULL));
	return answer_text(get("/v1/events?after=now"), "/next");
}

/* A request that waits behind that place; its connection. */
static int wait_at(const struct service *service, const char *token, const char *place, int seconds)
{
	const char *request = text_of("GET /v1/events?after=%s&wait=%d HTTP/1.1\r\nHost: x\r\n"
	                              "Authorization: Bearer %s\r\nConnection: close\r\n\r\n",
	    place, seconds, token);
	int connection = raw_connect(service);

	cr_assert(raw_send(connection, request, strlen(request)));
	return connection;
}

static bool wait_as_many(void *context)
{
	return measured("cspr_http_waiting") == *(const long *)context;
}

static void expect_waiting(long count)
{
	/* A thousand take a while to come where others are at work too. */
	cr_assert(wait_until(wait_as_many, &count, 55), "%ld wait, and not %ld",
	    measured("cspr_http_waiting"), count);
}

/* All that comes until the service closes. */
static const char *answer_at_end(int connection)
{
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(READ_MAX);

	cr_assert(raw_receive(connection, PATIENCE, &bytes), "%s", text_string(&bytes));
	close(connection);
	return text_of("%s", text_string(&bytes));
}

/* Whole to the last chunk. */
static bool is_whole(const char *answer)
{
	size_t length = strlen(answer);

	return strncmp(answer, "HTTP/1.1 200", 12) == 0 && length > 5 &&
	       strcmp(answer + length - 5, "0\r\n\r\n") == 0;
}

Test(wait, is_over_at_once_where_there_is_something)
{
	const char *from = end_of_feed();
	const char *id = recorded(incident_with("{}"));

	expect_value(
	    get("/v1/events?wait=60&after=%s", from), "/data/0/data/incident_id", text_of("'%s'", id));
}

Test(wait, ends_with_the_event)
{
	int connection = wait_at(&stage()->service, stage()->council, end_of_feed(), 60);

	expect_waiting(1);
	const char *id = recorded(incident_with("{}"));
	const char *answer = answer_at_end(connection);
	cr_assert(is_whole(answer) && strstr(answer, id), "%s", answer);
	cr_assert(strstr(answer, "Content-Type: application/json"), "%s", answer);
	expect_waiting(0);
}

Test(wait, ends_empty_and_says_where_to_go_on)
{
	const struct answer *nothing = get("/v1/events?wait=1&after=%s", end_of_feed());

	expect_value(nothing, "/data", "[]");
	recorded(incident_with("{}"));
	(void)end_of_feed();
	const struct answer *page = get("/v1/events?after=%s", answer_text(nothing, "/next"));
	cr_assert_eq(json_array_size(answer_at(page, "/data")), 1, "%s", told(page));
}

Test(wait, is_for_what_was_asked_for)
{
	const char *id = recorded(incident_with("{}"));
	(void)end_of_feed();
	const char *place = answer_text(get("/v1/events?incident_id=%s", id), "/next");
	int connection =
	    wait_at(&stage()->service, stage()->council, text_of("%s&incident_id=%s", place, id), 60);

	expect_waiting(1);
	recorded(incident_with("{}"));
	expect_status(patch(json_of("{'local_ref': 'W-1'}"), "\"1\"", "/v1/incidents/%s", id), 200);
	const char *answer = answer_at_end(connection);
	cr_assert(strstr(answer, "incident.updated") && strstr(answer, id), "%s", answer);
	cr_assert_null(strstr(answer, "incident.created"), "%s", answer);
}

/* Nothing tells of the end of a transaction that has written no event. */
Test(wait, ends_when_nothing_can_come_before_the_event_any_more)
{
	CLEANUP(PQfinish) PGconn *older = PQconnectdb(stage()->database.super_url);

	PQclear(PQexec(older, "BEGIN"));
	PQclear(PQexec(older, "SELECT pg_current_xact_id()"));
	int connection = wait_at(&stage()->service, stage()->council, end_of_feed(), 60);
	expect_waiting(1);
	const char *id = recorded(incident_with("{}"));
	CLEANUP(text_finish) struct text head = TEXT_INIT(READ_MAX);
	(void)raw_receive(connection, 0.5, &head);
	cr_assert_null(strstr(text_string(&head), "data"), "%s", text_string(&head));
	PQclear(PQexec(older, "COMMIT"));
	const char *answer = answer_at_end(connection);
	cr_assert_not_null(strstr(answer, id), "%s", answer);
}

Test(wait, outlives_the_watch_s_connection)
{
	int connection = wait_at(&stage()->service, stage()->council, end_of_feed(), 60);

	expect_waiting(1);
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity"
	    " WHERE application_name = 'cspr-watch' AND datname = current_database()",
	    NULL));
	const char *id = recorded(incident_with("{}"));
	cr_assert_not_null(strstr(answer_at_end(connection), id));
}

Test(wait, tells_nothing_to_a_key_that_has_ended)
{
	const char *token = key_with("events:read");
	int connection = wait_at(&stage()->service, token, end_of_feed(), 60);

	expect_waiting(1);
	key_revoke("north", token);
	recorded(incident_with("{}"));
	const char *answer = answer_at_end(connection);
	cr_assert(is_whole(answer) && strstr(answer, "\"data\":[]"), "%s", answer);
}

Test(wait, has_a_limit)
{
	expect_problem(get("/v1/events?wait=61"), 400, "bad-parameter");
	expect_problem(get("/v1/events?wait=-1"), 400, "bad-parameter");
}

Test(waiters, who_leave_free_their_place)
{
	int connections[5];

	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++)
		connections[i] = wait_at(&stage()->service, stage()->council, end_of_feed(), 60);
	expect_waiting(ARRAY_LENGTH(connections));
	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++)
		close(connections[i]);
	expect_waiting(0);
}

/* Neither a worker nor a connection to the database is theirs, and one event answers all. */
Test(waiters, are_in_nobody_s_way)
{
	static int connections[MANY];
	const char *from = end_of_feed();

	for (size_t i = 0; i < MANY; i++)
		connections[i] = wait_at(&stage()->service, stage()->council, from, 60);
	expect_waiting(MANY);
	for (int i = 0; i < 20; i++)
		expect_status(get("/v1/incidents?limit=1"), 200);
	/* Two workers, the dispatcher, the watch and who reads receipts. */
	cr_assert_leq(count_rows("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
	                         " 'cspr-%' AND datname = current_database()",
	                  NULL),
	    5);
	/* One key may have no more of them, and another one may. */
	const struct answer *refused = get("/v1/events?wait=5&after=%s", from);
	expect_problem(refused, 429, "too-many-requests");
	cr_assert_not_null(answer_header(refused, "Retry-After"));
	expect_status(get("/v1/events?after=%s", from), 200);
	int other = wait_at(&stage()->service, key_with("events:read"), from, 60);
	expect_waiting(MANY + 1);

	const char *id = recorded(incident_with("{}"));
	/* While all of them are being answered, others are too. */
	for (int i = 0; i < 10; i++)
		expect_status(get("/v1/incidents?limit=1"), 200);
	for (size_t i = 0; i < MANY; i++)
		cr_assert_not_null(strstr(answer_at_end(connections[i]), id), "%zu", i);
	cr_assert_not_null(strstr(answer_at_end(other), id));
	expect_waiting(0);
}

Test(waiters, are_answered_at_the_end_of_the_service)
{
	struct service service;
	int connections[10];

	service_start(&stage()->database, settings, &service);
	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++)
		connections[i] = wait_at(&service, stage()->council, end_of_feed(), 60);
	/* Its headers say that it waits. */
	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++) {
		struct pollfd readable = {.fd = connections[i], .events = POLLIN};
		cr_assert_eq(poll(&readable, 1, PATIENCE * 1000), 1);
	}
	service_stop(&service);
	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++) {
		const char *answer = answer_at_end(connections[i]);
		cr_assert(is_whole(answer) && strstr(answer, "\"next\":\""), "%s", answer);
	}
}
