/*
 * Owns the stories of `cspr watch` against a real service, over connections that break. The
 * connection goes through a relay of the test's own, which can cut it, let nobody in, and lead to
 * another service.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/listener.h"
#include "support/program.h"

#define SCOPES ALL_SCOPES " events:read"
/* Deadlines have events too, whenever the service looks after them. */
#define TYPE "incident.created"
STAGE(SCOPES, NULL)
TestSuite(watch, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* Calls on behalf of a partnership that nothing happens in but what the test does. */
static void as_partnership(const char *slug)
{
	partnership_create(&stage()->database, slug, slug);
	agency_create(&stage()->database, slug, "council", "local_authority", true);
	CLEANUP(free) char *token = key_create(&stage()->database, slug, "council", SCOPES);
	as(text_of("%s", token));
}

/* ---- The relay ---- */

struct relay {
	struct listener listener;
	char url[64];
	atomic_uint port; /* that it leads to; 0 lets nobody in */
	atomic_int ends[2];
	atomic_size_t asked; /* requests that it has let through */
};

static int connect_to(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(end, (struct sockaddr *)&address, sizeof(address)) != 0)
		give_up("the relay reaches no service");
	return end;
}

/* What has come from one end goes to the other; false when that end has closed. */
static bool pass(struct relay *relay, int from)
{
	char bytes[65536];
	ssize_t length = recv(relay->ends[from], bytes, sizeof(bytes), 0);

	if (length <= 0)
		return false;
	if (from == 0)
		relay->asked++;
	return send(relay->ends[!from], bytes, (size_t)length, MSG_NOSIGNAL) == length;
}

static void carry(struct relay *relay)
{
	bool open = true;

	while (open) {
		struct pollfd watched[] = {
		    {.fd = relay->ends[0], .events = POLLIN}, {.fd = relay->ends[1], .events = POLLIN}};
		open = poll(watched, 2, -1) > 0;
		for (int from = 0; open && from < 2; from++)
			if (watched[from].revents)
				open = pass(relay, from);
	}
}

static void serve(void *context, int end)
{
	struct relay *relay = context;

	if (relay->port) {
		relay->ends[0] = end;
		relay->ends[1] = connect_to(relay->port);
		carry(relay);
		close(atomic_exchange(&relay->ends[1], -1));
	}
	relay->ends[0] = -1;
}

static void relay_lead_to(struct relay *relay, const struct service *service)
{
	relay->port = service ? (unsigned)strtoul(strrchr(service->url, ':') + 1, NULL, 10) : 0;
}

static void relay_open(struct relay *relay, const struct service *service)
{
	relay->ends[0] = relay->ends[1] = -1;
	relay_lead_to(relay, service);
	listener_open(&relay->listener, serve, relay);
	snprintf(relay->url, sizeof(relay->url), "http://127.0.0.1:%u", relay->listener.port);
}

/* Ends the connection that is open, in the middle of whatever it carries. */
static void relay_cut(struct relay *relay)
{
	int end = relay->ends[0];

	if (end >= 0)
		shutdown(end, SHUT_RDWR);
}

static void relay_close(struct relay *relay)
{
	relay_lead_to(relay, NULL);
	relay_cut(relay);
	listener_close(&relay->listener);
}
DEFINE_VALUE_CLEANUP(struct relay, relay_close)

/* ---- What was shown ---- */

static char *content_of(const char *path)
{
	char buffer[65536];
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(buffer, 1, sizeof(buffer) - 1, file) : 0;

	if (file)
		fclose(file);
	buffer[length] = '\0';
	return strdup(buffer);
}

/* The ids of the events that stand in the output, one a line. */
static const char *ids_shown(const char *path)
{
	CLEANUP(free) char *content = content_of(path);
	const char *ids = "";
	char *rest = content;

	for (char *line; (line = strsep(&rest, "\n"));) {
		CLEANUP(json_decref) json_t *event = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
		json_t *id = json_object_get(json_object_get(event, "data"), "event_id");
		if (id)
			ids = text_of("%s%s\n", ids, json_string_value(id));
	}
	return ids;
}

struct wanted {
	const char *path;
	size_t lines;
};

static bool has_lines(void *context)
{
	const struct wanted *wanted = context;

	return count_lines(ids_shown(wanted->path)) >= wanted->lines;
}

static void wait_for_lines(const char *path, size_t lines)
{
	struct wanted wanted = {path, lines};

	cr_assert(
	    wait_until(has_lines, &wanted, PATIENCE), "%zu lines in: %s", lines, content_of(path));
}

struct asked {
	struct relay *relay;
	size_t before;
};

static bool has_asked(void *context)
{
	const struct asked *asked = context;

	return asked->relay->asked > asked->before;
}

/* Until the watch has asked once more, which the service keeps. */
static void wait_for_question(struct relay *relay, size_t before)
{
	struct asked asked = {relay, before};

	cr_assert(wait_until(has_asked, &asked, PATIENCE));
}

static const char *place_now(void)
{
	const struct ran *end =
	    run("event", "list", "--after", "now", "--type", TYPE, "-o", "json", NULL);

	expect_status(end, 0);
	return text_at(end, "/next");
}

static const char *ids_behind(const char *place)
{
	const struct ran *feed =
	    run("event", "list", "--after", place, "--type", TYPE, "-o", "json", NULL);
	const char *ids = "";
	size_t index;
	json_t *event;

	expect_status(feed, 0);
	json_array_foreach (value_at(feed, "/data"), index, event)
		ids = text_of("%s%s\n", ids,
		    json_string_value(json_object_get(json_object_get(event, "data"), "event_id")));
	return ids;
}

Test(watch, shows_each_event_once_over_connections_that_break_and_services_that_are_killed)
{
	CLEANUP(relay_close) struct relay relay = {0};
	const char *output = scratch_path("watched");
	struct service other;

	as_partnership("watchers");
	const char *place = place_now();

	relay_open(&relay, &stage()->service);
	pid_t child = start(output, "watch", "--url", relay.url, "--after", place, "--type", TYPE,
	    "--count", "4", NULL);
	wait_for_question(&relay, 0);
	size_t asked = relay.asked;
	incident_made();
	wait_for_lines(output, 1);

	/* Away while something happens. */
	wait_for_question(&relay, asked);
	relay_lead_to(&relay, NULL);
	relay_cut(&relay);
	incident_made();
	asked = relay.asked;
	relay_lead_to(&relay, &stage()->service);
	wait_for_lines(output, 2);

	/* On to another service, which is killed while it keeps the request. */
	service_start(&stage()->database, NULL, &other);
	wait_for_question(&relay, asked + 1);
	asked = relay.asked;
	relay_lead_to(&relay, &other);
	relay_cut(&relay);
	wait_for_question(&relay, asked);
	incident_made();
	wait_for_lines(output, 3);
	relay_lead_to(&relay, &stage()->service);
	service_kill(&other);
	incident_made();
	cr_assert_eq(child_wait(child, PATIENCE), 0);
	cr_assert_str_eq(ids_shown(output), ids_behind(place));
	cr_assert_eq(count_lines(ids_shown(output)), 4);
}

Test(watch, ends_well_when_it_is_interrupted_and_says_how_to_go_on)
{
	static const int signals[] = {SIGINT, SIGTERM};

	as_partnership("interrupted");
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		CLEANUP(relay_close) struct relay relay = {0};
		const char *output = scratch_path("watched");
		const char *place = place_now();

		relay_open(&relay, &stage()->service);
		pid_t child =
		    start(output, "watch", "--url", relay.url, "--after", place, "--type", TYPE, NULL);
		wait_for_question(&relay, 0);
		size_t asked = relay.asked;
		incident_made();
		wait_for_lines(output, 1);
		wait_for_question(&relay, asked);
		kill(child, signals[i]);
		/* Long before the service would answer, and with all that it has said. */
		cr_assert_eq(child_wait(child, 15), 0);
		CLEANUP(free) char *said = content_of(output);
		char *goes_on = strstr(said, "--after ");
		cr_assert_not_null(goes_on, "%s", said);
		goes_on += strlen("--after ");
		goes_on[strcspn(goes_on, "\n")] = '\0';
		cr_assert_eq(count_lines(ids_shown(output)), 1);

		incident_made();
		const struct ran *next =
		    run("watch", "--after", goes_on, "--type", TYPE, "--count", "1", NULL);
		expect_status(next, 0);
		cr_assert_eq(count_lines(next->output), 1);
		expect_has(ids_behind(goes_on), text_at(next, "/data/event_id"));
		expect_lacks(ids_shown(output), text_at(next, "/data/event_id"));
	}
}
