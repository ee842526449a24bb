/*
 * Receivers that answer without end: each attempt ends in a recorded error and another attempt, and
 * nobody else waits. What the sender makes of one such call stands in tests/unit/outbox.
 */
#include "scene.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "outbox/allowance.h"
#include "support/listener.h"

struct hostile {
	const char *name;
	void (*behave)(int connection);
	const char *error; /* what the attempt says, as a regular expression */
	struct listener listener;
};

static bool say(int connection, const char *text)
{
	return send(connection, text, strlen(text), MSG_NOSIGNAL) >= 0;
}

/* Says it again and again, with pauses, until the other side has enough. */
static void repeat(int connection, const char *text, int pause)
{
	struct pollfd watched = {.fd = connection, .events = POLLRDHUP};

	while (poll(&watched, 1, pause) == 0 && say(connection, text))
		;
}

static void endless_headers(int connection)
{
	say(connection, "HTTP/1.1 200 OK\r\n");
	repeat(connection, "X-Filler: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\r\n", 0);
}

static void one_endless_header(int connection)
{
	say(connection, "HTTP/1.1 200 OK\r\nX-Filler: ");
	repeat(connection, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 0);
}

static void interim_flood(int connection)
{
	repeat(connection, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0);
}

static void dripping_status(int connection)
{
	say(connection, "HTTP/1.1 2");
	repeat(connection, "0", 100);
}

static void dripping_headers(int connection)
{
	say(connection, "HTTP/1.1 200 OK\r\n");
	repeat(connection, "X-Drip: .\r\n", 100);
}

static void dripping_body(int connection)
{
	say(connection, "HTTP/1.1 200 OK\r\n\r\n");
	repeat(connection, ".", 100);
}

static void silence(int connection)
{
	repeat(connection, "", 100);
}

static void not_http(int connection)
{
	say(connection, "220 mail.example.org ESMTP\r\n");
}

static struct hostile hostile[] = {
    {"endless headers", endless_headers, "headers are longer", {0}},
    {"one endless header", one_endless_header, "headers is too long", {0}},
    {"interim answers", interim_flood, "headers are longer", {0}},
    {"dripping status", dripping_status, ".", {0}},
    {"dripping headers", dripping_headers, "timed out", {0}},
    {"dripping body", dripping_body, "timed out", {0}},
    {"silence", silence, "timed out", {0}},
    {"no HTTP", not_http, ".", {0}},
};

static void serve(void *context, int connection)
{
	const struct hostile *receiver = context;
	char request[4096];

	(void)recv(connection, request, sizeof(request), 0);
	receiver->behave(connection);
}

static void open_hostile(const struct scene *scene, struct hostile *receiver)
{
	char url[64];

	listener_open(&receiver->listener, serve, receiver);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", receiver->listener.port);
	free(scene_add_endpoint(scene, receiver->name, url));
}

static void close_hostile(struct hostile *receiver)
{
	listener_close(&receiver->listener);
}

Test(receiver, that_answers_without_end_is_cut_off_recorded_and_tried_again)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++)
		open_hostile(&scene, &hostile[i]);
	const struct setting settings[] = {{"CSPR_DELIVERY_TIMEOUT", "1"}, {NULL, NULL}};
	service_start(&scene.database, settings, &service);
	free(incident_accept(&scene, &service));
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		wait_calls(scene.receivers[i], 1);
	cr_assert(sql_holds_within(&scene.database, PATIENCE,
	    "SELECT bool_and(attempts >= 2 OR sequence > 1) FROM delivery AS d"
	    " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id WHERE e.recipient IS NULL",
	    NULL));
	for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++) {
		CLEANUP(free)
		char *others = sql_text(&scene.database,
		    "SELECT string_agg(concat_ws(' ', d.state, a.status, a.error, a.duration_ms), '; ')"
		    " FROM delivery_attempt AS a JOIN delivery AS d ON d.id = a.delivery_id"
		    " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id WHERE e.name = $1"
		    " AND (d.state <> 'pending' OR coalesce(a.error, '') !~* $2 OR a.duration_ms > 5000)",
		    hostile[i].name, hostile[i].error, NULL);
		cr_expect_null(others, "%s: %s", hostile[i].name, others);
	}
	service_stop(&service);
	for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++)
		close_hostile(&hostile[i]);
}

static void endless_body(int connection)
{
	char chunk[1008];

	snprintf(chunk, sizeof(chunk), "3e8\r\n%01000d\r\n", 0);
	say(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	repeat(connection, chunk, 0);
}

/* Whoever reads the delivery sees that there was more than is kept. */
static void expect_cut(const struct scene *scene, const struct service *service)
{
	CLEANUP(answer_finish) struct answer proof = {0};
	CLEANUP(free) char *id = sql_text(&scene->database, "SELECT id FROM delivery", NULL);

	get(scene, service, &proof, "/v1/deliveries/%s", id);
	cr_expect_str_eq(answer_text(&proof, "/state"), "delivered");
	cr_expect_eq(answer_number(&proof, "/attempt_list/0/status"), 200);
	cr_expect_eq(strlen(answer_text(&proof, "/attempt_list/0/answer")), 2048);
	cr_expect(json_is_true(answer_at(&proof, "/attempt_list/0/answer_cut")));
	cr_expect(strstr(answer_text(&proof, "/story/1"), ", with more than the 2 kB that are kept."),
	    "%s", answer_text(&proof, "/story/1"));
}

/* It has said 200: what it goes on to say is not read, and 2 kB of it are kept. */
Test(receiver, that_takes_the_call_and_then_talks_without_end_has_taken_it)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct hostile talker = {.name = "talker", .behave = endless_body};
	struct service service;

	scene_open(&scene);
	open_hostile(&scene, &talker);
	service_start(&scene.database, NULL, &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	wait_all_delivered(&scene);
	expect_cut(&scene, &service);
	service_stop(&service);
	close_hostile(&talker);
}

/* How many calls of endpoints of this name are under way or have been. */
#define CLAIMED                                                                                    \
	"count(*) FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"               \
	" WHERE e.name = 'silent' AND d.fence > 0"

/* Each of them has no more than a new endpoint may have under way, and together they would have
 * all. */
Test(receiver, of_what_the_law_has_told_does_not_wait_for_any_number_of_others)
{
	enum { SILENT = 3 };
	CLEANUP(scene_close) struct scene scene = {0};
	struct receiver *silent[SILENT];
	const struct setting settings[] = {{"CSPR_DELIVERY_TIMEOUT", "60"}, {NULL, NULL}};
	struct service service;
	char ordinary[24];

	snprintf(ordinary, sizeof(ordinary), "%d", SLOTS_ORDINARY);
	scene_open(&scene);
	for (int i = 0; i < SILENT; i++) {
		silent[i] = receiver_start();
		receiver_hold(silent[i]);
		sql_run(&scene.database,
		    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types,"
		    " secret_sealed) SELECT e.partnership_id, gen_random_uuid(), 'silent', $1,"
		    " '{incident.created}', e.secret_sealed FROM webhook_endpoint AS e,"
		    " generate_series(1, 100) WHERE e.recipient = 'dfe'",
		    receiver_url(silent[i]), NULL);
	}
	service_start(&scene.database, settings, &service);
	for (int i = 0; i < 2; i++)
		free(incident_create(&scene, &service, SERIOUS_HARM));
	cr_assert(sql_holds_within(
	    &scene.database, PATIENCE, "SELECT $1::integer <= " CLAIMED, ordinary, NULL));
	free(incident_accept(&scene, &service));
	wait_calls(scene.receivers[DFE], 1);
	cr_assert_eq(sql_number(&scene.database, "SELECT " CLAIMED, NULL), SLOTS_ORDINARY);
	for (int i = 0; i < SILENT; i++)
		receiver_stop(silent[i]);
	service_stop(&service);
}
