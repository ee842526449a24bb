/*
 * Where no webhook may go, however it is written and whatever a name leads to: refused when an
 * endpoint is made, and again when a connection would be opened. What must not be reached listens
 * here and is looked at, so that one packet is enough to fail; each test also shows that it would
 * have been reached.
 *
 * Names are those of a file that libnss-wrapper puts before the system's, under csprd only.
 */
#include "endpoints.h"
#include "spellings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- What must not be reached ---- */

/* Connections wait in its queue; nobody accepts them unless a test does. */
struct trap {
	int socket;
	unsigned port;
};

static void trap_close(struct trap *trap)
{
	if (trap->socket > 0)
		close(trap->socket);
}
DEFINE_VALUE_CLEANUP(struct trap, trap_close)

/* An address of this machine, or NULL for every one of both families. Port 0 is the system's. */
static bool trap_open(const char *address, unsigned port, struct trap *ret_trap)
{
	struct sockaddr_in six_or_four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
	struct sockaddr *bound = address ? (void *)&six_or_four : (void *)&all;
	socklen_t length = address ? sizeof(six_or_four) : sizeof(all);
	int off = 0;
	int handle = socket(bound->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (address)
		inet_pton(AF_INET, address, &six_or_four.sin_addr);
	else
		setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(handle, bound, length) != 0 || listen(handle, 128) != 0 ||
	    getsockname(handle, bound, &length) != 0) {
		close(handle);
		return false;
	}
	*ret_trap = (struct trap){handle, ntohs(address ? six_or_four.sin_port : all.sin6_port)};
	return true;
}

static bool trap_caught_within(const struct trap *trap, int seconds)
{
	struct pollfd watched = {.fd = trap->socket, .events = POLLIN};

	return poll(&watched, 1, seconds * 1000) > 0;
}

/* Takes the connection that waits, reads what it begins with, and hangs up. */
static size_t trap_take(const struct trap *trap, char *bytes, size_t room)
{
	int connection = accept(trap->socket, NULL, NULL);
	ssize_t length = recv(connection, bytes, room, 0);

	close(connection);
	return length > 0 ? (size_t)length : 0;
}

/* ---- Names ---- */

static char hosts_path[] = "/tmp/cspr-hosts-XXXXXX";
static time_t hosts_time;

/* Put in its place as a whole, and always newer than before. */
static void hosts_write(const char *lines)
{
	char fresh[sizeof(hosts_path) + 4];

	if (!hosts_time) {
		int made = mkstemp(hosts_path);
		cr_assert_geq(made, 0);
		close(made);
	}
	snprintf(fresh, sizeof(fresh), "%s.new", hosts_path);
	FILE *file = fopen(fresh, "we");
	cr_assert(file && fputs(lines, file) >= 0 && fclose(file) == 0);
	hosts_time = hosts_time ? hosts_time + 10 : time(NULL);
	const struct timespec times[2] = {{.tv_sec = hosts_time}, {.tv_sec = hosts_time}};
	cr_assert_eq(utimensat(AT_FDCWD, fresh, times, 0), 0);
	cr_assert_eq(rename(fresh, hosts_path), 0);
}

static void hosts_remove(void)
{
	unlink(hosts_path);
}

TestSuite(target, .fini = hosts_remove);

/* A service whose names come from the file, and that may reach what `allow` says. */
static void start_with_names(const struct scene *scene, const char *allow, struct service *service)
{
	const struct setting settings[] = {{"CSPR_TARGET_ALLOW", allow},
	    {"LD_PRELOAD", "libnss_wrapper.so"}, {"NSS_WRAPPER_HOSTS", hosts_path},
	    {"NSS_WRAPPER_DISABLE_DEEPBIND", "1"},
	    {"ASAN_OPTIONS", "abort_on_error=1:detect_leaks=1:verify_asan_link_order=0"}, {NULL, NULL}};

	service_start(&scene->database, settings, service);
}

/* ---- What became of the attempts ---- */

static void add(const struct scene *scene, const char *url)
{
	free(scene_add_endpoint(scene, url, url));
}

static void wait_for_attempts(const struct scene *scene)
{
	cr_assert(sql_holds_within(&scene->database, PATIENCE,
	    "SELECT count(*) > 0 AND bool_and(attempts > 0) FROM delivery", NULL));
}

/* Every attempt so far was refused by a rule of ours, and not by what happened on the way. */
static void expect_refused(const struct scene *scene, const char *error)
{
	CLEANUP(free)
	char *others = sql_text(&scene->database,
	    "SELECT string_agg(concat_ws(' ', e.url, 'answered', a.status, a.error), E'\n')"
	    " FROM delivery_attempt AS a JOIN delivery AS d ON d.id = a.delivery_id"
	    " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " WHERE a.status IS NOT NULL OR coalesce(a.error, '') !~ $1",
	    error, NULL);
	cr_expect_null(others, "%s", others);
	cr_expect_eq(sql_number(&scene->database,
	                 "SELECT count(*) FROM delivery WHERE state <> 'pending'", NULL),
	    0, "what was refused is tried again later");
}

/* ---- Spellings ---- */

static char *all_urls(const struct scene *scene)
{
	return sql_text(
	    &scene->database, "SELECT string_agg(url, ' ' ORDER BY url) FROM webhook_endpoint", NULL);
}

static void expect_urls(const struct scene *scene, const char *before)
{
	CLEANUP(free) char *after = all_urls(scene);

	cr_assert_str_eq(after, before);
}

Test(target, that_leads_inwards_is_refused_in_every_spelling_when_a_recipient_is_set)
{
	CLEANUP(scene_close) struct scene scene = {0};
	char path[] = "/tmp/cspr-secret-XXXXXX";
	int file = mkstemp(path);

	cr_assert(file >= 0 && dprintf(file, "%s", recipient_secrets[DFE]) > 0 && close(file) == 0);
	scene_open(&scene);
	const struct setting settings[] = {{"CSPR_TARGET_ALLOW", ""}, {NULL, NULL}};
	CLEANUP(free) char *before = all_urls(&scene);
	for (size_t i = 0; i < spelling_count; i++) {
		CLEANUP(outcome_finish) struct outcome outcome = {0};
		char url[SPELLING_BYTES];
		spell(&spellings[i], 443, url);
		const char *const arguments[] = {"recipients", "set", "--partnership", "north",
		    "--recipient", "dfe", "--url", url, "--secret-file", path, NULL};
		csprd_run(&scene.database, arguments, settings, &outcome);
		cr_expect_neq(outcome.status, 0, "%s was taken", url);
		cr_expect(strstr(text_string(&outcome.errors), spellings[i].rule), "%s: %s", url,
		    text_string(&outcome.errors));
	}
	unlink(path);
	expect_urls(&scene, before);
}

/* The answer says which rule of ours the address breaks, or that it is no URL at all. */
static void expect_rule(
    const struct answer *answer, const char *how, const char *url, const struct spelling *spelling)
{
	const char *pointer = json_string_value(answer_at(answer, "/errors/0/pointer"));
	const char *code = json_string_value(answer_at(answer, "/errors/0/code"));
	const char *detail = json_string_value(answer_at(answer, "/errors/0/detail"));

	cr_expect_eq(answer->status, 422, "%s of %s: %d", how, url, answer->status);
	cr_expect(pointer && strcmp(pointer, "/url") == 0, "%s of %s: %s", how, url,
	    text_string(&answer->body));
	cr_expect(code && strcmp(code, spelling->no_uri ? "format" : "target_not_allowed") == 0,
	    "%s of %s: %s", how, url, text_string(&answer->body));
	cr_expect(detail && (spelling->no_uri || strcmp(detail, spelling->rule) == 0), "%s of %s: %s",
	    how, url, text_string(&answer->body));
}

static void expect_refused_by_api(const struct administrators *administrators,
    const struct endpoint *endpoint, const char *url, const struct spelling *spelling)
{
	CLEANUP(answer_finish) struct answer made = {0};
	CLEANUP(answer_finish) struct answer changed = {0};
	CLEANUP(json_decref)
	json_t *body = json_pack(
	    "{s:s, s:s, s:[s]}", "name", "case system", "url", url, "event_types", "incident.created");
	CLEANUP(json_decref) json_t *patch = json_pack("{s:s}", "url", url);

	endpoint_ask(administrators,
	    &(struct call){.method = "POST", .path = "/v1/webhook-endpoints", .json = body}, NULL,
	    &made);
	expect_rule(&made, "a proposal", url, spelling);
	endpoint_ask(
	    administrators, &(struct call){.method = "PATCH", .json = patch}, endpoint, &changed);
	expect_rule(&changed, "a change", url, spelling);
}

Test(target, that_leads_inwards_is_refused_in_every_spelling_when_it_is_proposed)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap trap = {0};
	CLEANUP(administrators_finish) struct administrators administrators = {0};
	struct service service;
	struct endpoint endpoint;
	char url[SPELLING_BYTES];

	scene_open(&scene);
	cr_assert(trap_open(NULL, 0, &trap));
	const struct setting nothing[] = {{"CSPR_TARGET_ALLOW", ""}, {NULL, NULL}};
	service_start(&scene.database, nothing, &service);
	administrators_open(&scene, &service, &administrators);
	endpoint_propose(&administrators, "https://hooks.example.org/", json_object(), &endpoint);
	endpoint_approve(&administrators, &endpoint);
	CLEANUP(free) char *before = all_urls(&scene);
	for (size_t i = 0; i < spelling_count; i++) {
		spell(&spellings[i], trap.port, url);
		expect_refused_by_api(&administrators, &endpoint, url, &spellings[i]);
	}
	expect_urls(&scene, before);
	cr_expect_eq(
	    sql_number(&scene.database, "SELECT count(*) FROM webhook_endpoint_change", NULL), 0);
	cr_assert_not(trap_caught_within(&trap, 0), "something was called");
	service_stop(&service);
}

Test(target, that_leads_inwards_is_refused_in_every_spelling_when_it_would_be_called)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap trap = {0};
	struct service service;
	char url[SPELLING_BYTES];

	scene_open(&scene);
	cr_assert(trap_open(NULL, 0, &trap));
	for (size_t i = 0; i < spelling_count; i++) {
		spell(&spellings[i], trap.port, url);
		add(&scene, url);
	}
	const struct setting nothing[] = {{"CSPR_TARGET_ALLOW", ""}, {NULL, NULL}};
	service_start(&scene.database, nothing, &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	wait_for_attempts(&scene);
	expect_refused(&scene, "^The URL");
	cr_assert_not(trap_caught_within(&trap, 0), "something was called");
	service_stop(&service);

	/* The same calls find it when they may. */
	end_leases(&scene, "https://127.0.0.1:1/");
	const struct setting loopback[] = {{"CSPR_TARGET_ALLOW", "127.0.0.0/8"}, {NULL, NULL}};
	service_start(&scene.database, loopback, &service);
	sql_run(&scene.database, "UPDATE delivery SET due_at = now()", NULL);
	cr_assert(trap_caught_within(&trap, PATIENCE));
	service_kill(&service);
}

/* ---- Names that lead inwards ---- */

static const char *const inward[] = {
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
};

Test(target, that_is_a_name_is_refused_when_what_it_leads_to_is_inwards)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap trap = {0};
	CLEANUP(text_finish) struct text hosts = TEXT_INIT(4096);
	struct service service;
	char url[200];

	scene_open(&scene);
	cr_assert(trap_open(NULL, 0, &trap));
	for (size_t i = 0; i < ARRAY_LENGTH(inward); i++) {
		text_printf(&hosts, "%s inward-%zu.example.org\n", inward[i], i);
		snprintf(url, sizeof(url), "https://inward-%zu.example.org:%u/", i, trap.port);
		add(&scene, url);
	}
	/* Several addresses, each of them forbidden; the last name is written as one that is complete.
	 */
	text_puts(&hosts, "127.0.0.1 several.example.org\n::1 several.example.org\n");
	snprintf(url, sizeof(url), "https://several.example.org:%u/", trap.port);
	add(&scene, url);
	hosts_write(text_string(&hosts));
	start_with_names(&scene, "", &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	wait_for_attempts(&scene);
	expect_refused(&scene, "^the address .* is not public: it is ");
	cr_expect(
	    sql_number(&scene.database,
	        "SELECT count(*) FROM delivery_attempt WHERE address = '169.254.169.254'", NULL) > 0,
	    "the attempt tells which address it was");
	cr_assert_not(trap_caught_within(&trap, 0), "something was called");
	service_stop(&service);

	start_with_names(&scene, "127.0.0.1", &service);
	sql_run(&scene.database, "UPDATE delivery SET due_at = now()", NULL);
	cr_assert(trap_caught_within(&trap, PATIENCE));
	service_kill(&service);
}

/* Two addresses of this machine with the same port, of which only the first may be called. */
static void open_pair(struct trap *good, struct trap *bad)
{
	for (int tries = 0; tries < 100; tries++) {
		cr_assert(trap_open("127.0.0.2", 0, good));
		if (trap_open("127.0.0.3", good->port, bad))
			return;
		trap_close(good);
	}
	give_up("no port is free on two addresses");
}

/* What a TLS client begins with; nothing of ours is in the clear. */
static void expect_tls(const struct trap *trap)
{
	char bytes[512] = "";

	cr_assert(trap_caught_within(trap, PATIENCE));
	cr_assert_gt(trap_take(trap, bytes, sizeof(bytes)), 5);
	cr_assert_eq(bytes[0], 0x16);
}

Test(target, with_several_addresses_is_called_at_those_that_are_allowed_only)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap good = {0};
	CLEANUP(trap_close) struct trap bad = {0};
	struct service service;
	char url[200];

	scene_open(&scene);
	open_pair(&good, &bad);
	hosts_write("127.0.0.3 mixed.example.org\n127.0.0.2 mixed.example.org\n");
	snprintf(url, sizeof(url), "https://mixed.example.org:%u/", good.port);
	add(&scene, url);
	start_with_names(&scene, "127.0.0.2/32", &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	expect_tls(&good);
	wait_for_attempts(&scene);
	cr_assert_not(trap_caught_within(&bad, 0), "the forbidden one was called");
	service_stop(&service);
}

Test(target, whose_name_changes_after_the_check_is_refused_at_the_next_connection)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap good = {0};
	CLEANUP(trap_close) struct trap bad = {0};
	struct service service;
	char url[200];

	scene_open(&scene);
	open_pair(&good, &bad);
	hosts_write("127.0.0.2 moving.example.org\n127.0.0.9 other.example.org\n");
	snprintf(url, sizeof(url), "https://moving.example.org:%u/", good.port);
	add(&scene, url);
	snprintf(url, sizeof(url), "https://late.example.org:%u/", good.port);
	add(&scene, url);
	start_with_names(&scene, "127.0.0.2/32", &service);
	free(incident_create(&scene, &service, SERIOUS_HARM));
	expect_tls(&good);
	wait_for_attempts(&scene);

	/* One had an address that was allowed, the other had none yet. */
	hosts_write("127.0.0.3 moving.example.org\n127.0.0.3 late.example.org\n");
	service_stop(&service);
	start_with_names(&scene, "127.0.0.2/32", &service);
	sql_run(&scene.database, "UPDATE delivery SET due_at = now()", NULL);
	cr_assert(sql_holds_within(&scene.database, PATIENCE,
	    "SELECT count(DISTINCT delivery_id) = 2 FROM delivery_attempt WHERE address = '127.0.0.3'"
	    " AND status IS NULL AND error = 'the address 127.0.0.3 is not public: it is loopback'",
	    NULL));
	cr_assert_not(trap_caught_within(&bad, 0), "the forbidden one was called");
	service_stop(&service);
}

/* ---- Detours ---- */

Test(target, is_called_without_the_proxies_of_the_environment)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap proxy = {0};
	CLEANUP(trap_close) struct trap target = {0};
	struct service service;
	char url[64];

	scene_open(&scene);
	cr_assert(trap_open("127.0.0.1", 0, &proxy) && trap_open("127.0.0.1", 0, &target));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", target.port);
	add(&scene, url);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", proxy.port);
	const struct setting settings[] = {{"http_proxy", url}, {"https_proxy", url},
	    {"HTTPS_PROXY", url}, {"ALL_PROXY", url}, {"all_proxy", url}, {"no_proxy", ""},
	    {NULL, NULL}};
	service_start(&scene.database, settings, &service);
	free(incident_accept(&scene, &service));
	wait_calls(scene.receivers[DFE], 1);
	expect_tls(&target);
	cr_assert_not(trap_caught_within(&proxy, 0), "the proxy was called");
	service_stop(&service);
}

Test(target, that_redirects_inwards_is_not_followed_and_is_tried_again)
{
	CLEANUP(scene_close) struct scene scene = {0};
	CLEANUP(trap_close) struct trap trap = {0};
	struct service service;
	char location[100];
	static const int statuses[] = {301, 302, 303, 307, 308};

	scene_open(&scene);
	cr_assert(trap_open("127.0.0.1", 0, &trap));
	snprintf(location, sizeof(location), "Location: http://127.0.0.1:%u/\r\n", trap.port);
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
		receiver_answer_next(scene.receivers[DFE], statuses[i], location, "");
	service_start(&scene.database, NULL, &service);
	CLEANUP(free) char *id = incident_accept(&scene, &service);
	CLEANUP(free) char *delivery = delivery_id(&scene, id, "dfe");
	for (int attempts = 1; attempts <= (int)ARRAY_LENGTH(statuses); attempts++)
		hurry(&scene, delivery, attempts);
	wait_all_delivered(&scene);
	cr_assert_eq(receiver_count(scene.receivers[DFE]), ARRAY_LENGTH(statuses) + 1);
	cr_assert_not(trap_caught_within(&trap, 0), "a redirect was followed");
	service_stop(&service);
}
