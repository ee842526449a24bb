/* Whole command lines against a server on this machine: what is sent, printed and returned. */
#include "cli/run.h"
#include "document.h"
#include "server.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

DEFINE_VALUE_CLEANUP(struct server, server_stop)

#define START(...)                                                                                 \
	struct server server CLEANUP(server_stop);                                                     \
	const struct answer script[] = {__VA_ARGS__};                                                  \
	start(&server, script, ARRAY_LENGTH(script))

#define RUN(...) run_line((const char *[]){"cspr", __VA_ARGS__, NULL})

#define PROBLEM_BODY                                                                               \
	"{\"title\":\"Broken rule\",\"errors\":[{\"pointer\":\"/a\",\"detail\":\"No.\"}]}"

static char directory[] = "/tmp/cspr-test-XXXXXX";

/* Nothing of the caller's own environment or profiles may decide. */
static void isolate(void)
{
	cr_assert_not_null(mkdtemp(directory));
	setenv("XDG_CONFIG_HOME", directory, 1);
	unsetenv("CSPR_URL");
	unsetenv("CSPR_TOKEN_FILE");
	setenv("CSPR_TOKEN", "very-secret", 1);
	cr_redirect_stdout();
	cr_redirect_stderr();
}

static void remove_directory(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cspr/work", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/cspr", directory);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/file", directory);
	unlink(path);
	rmdir(directory);
}

TestSuite(run, .init = isolate, .fini = remove_directory);

static void start(struct server *server, const struct answer *script, size_t length)
{
	server_start(server, script, length);
	setenv("CSPR_URL", server->url, 1);
}

static int run_line(const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return run(test_document, strlen(test_document), argc, (char *const *)argv);
}

static const char *write_file(const char *content)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/file", directory);
	FILE *file = fopen(path, "w");
	cr_assert(file && fputs(content, file) >= 0 && fclose(file) == 0);
	return path;
}

static void read_stream(FILE *stream, char *buffer, size_t size)
{
	fflush(stdout);
	fflush(stderr);
	size_t length = fread(buffer, 1, size - 1, stream);
	buffer[length] = '\0';
}

Test(run, prints_json_where_there_is_no_terminal)
{
	char out[4096];
	START({200, "application/json", "{\"data\":[{\"id\":\"1\"}],\"has_more\":false}", NULL, 0});

	cr_assert_eq(RUN("thing", "list", "--aware-on-gte", "2024-01-01"), 0);
	cr_assert_str_eq(server.requests[0].query, "aware_on[gte]=2024-01-01");
	cr_assert_str_eq(server.requests[0].authorization, "Bearer very-secret");
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert(strstr(out, "\"has_more\": false"));
}

Test(run, follows_cursors_for_all)
{
	char out[4096];
	START({200, "application/json",
	          "{\"data\":[{\"id\":\"1\"}],\"has_more\":true,"
	          "\"next_cursor\":\"n\"}",
	          NULL, 0},
	    {200, "application/json", "{\"data\":[{\"id\":\"2\"}],\"has_more\":false}", NULL, 0});

	cr_assert_eq(RUN("thing", "list", "--all", "-o", "id"), 0);
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert_str_eq(out, "1\n2\n");
}

Test(run, says_where_a_long_report_goes_on)
{
	char messages[4096];
	START({200, "application/json",
	    "{\"rows\":[],\"links\":{\"next\":\"/v1/reports/x?as_of=2024-01-08&limit=1&after=n\"}}",
	    NULL, 0});

	cr_assert_eq(RUN("thing", "list"), 0);
	read_stream(cr_get_redirected_stderr(), messages, sizeof(messages));
	cr_assert(strstr(messages, "--after n shows it"));
}

Test(run, creates_from_settings_and_explains_a_refusal_with_the_key)
{
	char messages[4096];
	START({422, "application/problem+json", PROBLEM_BODY, NULL, 0});

	cr_assert_eq(RUN("thing", "create", "--set", "local_ref=12", "--set", "count=3", "--dry-run",
	                 "--idempotency-key", "again"),
	    6);
	cr_assert_str_eq(server.requests[0].body, "{\"local_ref\":\"12\",\"count\":3}");
	cr_assert_str_eq(server.requests[0].key, "again");
	cr_assert_str_eq(server.requests[0].query, "dry_run=true");
	read_stream(cr_get_redirected_stderr(), messages, sizeof(messages));
	cr_assert(strstr(messages, "Broken rule"));
	cr_assert(strstr(messages, "/a: No."));
	cr_assert(strstr(messages, "--idempotency-key again"));
}

Test(run, changes_the_version_that_it_read)
{
	START({200, "application/json", "{}", "ETag: \"7\"", 0},
	    {200, "application/json", "{}", NULL, 0});

	cr_assert_eq(RUN("thing", "patch", "a b/c", "--set", "x=null"), 0);
	cr_assert_str_eq(server.requests[0].method, "GET");
	cr_assert_str_eq(server.requests[0].url, "/v1/things/a b/c");
	cr_assert_str_eq(server.requests[1].method, "PATCH");
	cr_assert_str_eq(server.requests[1].if_match, "\"7\"");
}

Test(run, reads_the_version_of_the_thing_above_for_a_transition)
{
	START({200, "application/json", "{}", "ETag: \"7\"", 0},
	    {200, "application/json", "{}", NULL, 0});

	cr_assert_eq(RUN("thing", "move", "a", "--set", "to=x"), 0);
	cr_assert_str_eq(server.requests[0].url, "/v1/things/a");
	cr_assert_str_eq(server.requests[1].url, "/v1/things/a/transitions");
	cr_assert_str_eq(server.requests[1].if_match, "\"7\"");
}

Test(run, takes_a_given_version_without_asking)
{
	START({412, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("thing", "patch", "a", "--set", "x=1", "--if-match", "3"), 7);
	cr_assert_eq(server.request_count, 1);
	cr_assert_str_eq(server.requests[0].if_match, "\"3\"");
}

Test(run, deletes_only_with_consent)
{
	START({204, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("thing", "delete", "a"), 2);
	cr_assert_eq(server.request_count, 0);
	cr_assert_eq(RUN("thing", "delete", "a", "--yes"), 0);
	cr_assert_str_eq(server.requests[0].method, "DELETE");
}

Test(run, gives_each_refusal_its_exit_status)
{
	const int expected[][2] = {{401, 4}, {403, 5}, {404, 3}, {409, 7}, {422, 6}, {500, 9}};

	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		START({expected[i][0], NULL, NULL, NULL, 0});
		cr_expect_eq(RUN("thing", "get", "a"), expected[i][1], "%d", expected[i][0]);
	}
}

Test(run, says_10_when_nobody_answers)
{
	cr_assert_eq(RUN("thing", "get", "a", "--url", "http://127.0.0.1:1"), 10);
}

Test(run, calls_any_path)
{
	START({200, "text/plain", "plain", NULL, 0});
	char out[64];

	cr_assert_eq(RUN("api", "post", "/v1/x?a=%5B1%5D&b", "--set", "c=1", "-H", "X-A: b"), 0);
	cr_assert_str_eq(server.requests[0].method, "POST");
	cr_assert_str_eq(server.requests[0].query, "a=[1]&b=");
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert_str_eq(out, "plain");
}

Test(run, prints_the_call_for_curl_without_the_token)
{
	char out[4096];
	START({200, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("thing", "create", "--set", "a=1", "--curl"), 0);
	cr_assert_eq(server.request_count, 0);
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert(strstr(out, "$CSPR_TOKEN"));
	cr_assert_null(strstr(out, "very-secret"));
}

Test(run, exits_20_and_21_for_deadlines)
{
	START({200, "application/json", "{\"data\":[{\"state\":\"met\"}],\"has_more\":false}", NULL, 0},
	    {200, "application/json",
	        "{\"data\":[{\"state\":\"running\",\"due_on\":\"2999-01-01\",\"remaining\":1}],"
	        "\"has_more\":false}",
	        NULL, 0},
	    {200, "application/json",
	        "{\"data\":[{\"state\":\"running\",\"remaining\":0},{\"state\":\"breached\"}],"
	        "\"has_more\":false}",
	        NULL, 0});

	cr_expect_eq(RUN("deadlines", "check"), 0);
	cr_expect_eq(RUN("deadlines", "check"), 21);
	cr_expect_eq(RUN("deadlines", "check"), 20);
}

Test(run, imports_each_row_and_counts_the_refused)
{
	char out[4096];
	START({201, "application/json", "{\"id\":\"i1\"}", NULL, 0},
	    {422, "application/problem+json", PROBLEM_BODY, NULL, 0},
	    {201, "application/json", "{\"id\":\"i3\"}", "Idempotency-Replayed: true", 0});
	const char *path = write_file("local_ref,children.0.sex\nA,M\nB,F\nC,M\nD\n");

	cr_assert_eq(RUN("incident", "import", path, "-o", "ndjson"), 6);
	cr_assert_eq(server.request_count, 3);
	cr_assert_str_eq(
	    server.requests[0].body, "{\"local_ref\":\"A\",\"children\":[{\"sex\":\"M\"}]}");
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert(strstr(out, "{\"line\":2,\"result\":\"created\",\"id\":\"i1\"}\n"));
	cr_assert(
	    strstr(out, "{\"line\":3,\"result\":\"refused\",\"detail\":\"Broken rule; /a: No.\"}"));
	cr_assert(strstr(out, "{\"line\":4,\"result\":\"already_there\",\"id\":\"i3\"}"));
	cr_assert(strstr(out, "{\"line\":5,\"result\":\"refused\""));
}

Test(run, stops_an_import_that_may_not_write)
{
	START({403, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("incident", "import", write_file("local_ref\nA\nB\n")), 5);
	cr_assert_eq(server.request_count, 1);
}

Test(run, imports_nothing_under_an_unknown_heading)
{
	START({201, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("incident", "import", write_file("local_ref,shoe\nA,B\n")), 2);
	cr_assert_eq(server.request_count, 0);
}

#define EVENT(id) "{\"type\":\"a.b\",\"data\":{\"event_id\":\"" id "\"}}"
#define PAGE(events, next)                                                                         \
	{                                                                                              \
		200, "application/json",                                                                   \
		    "{\"data\":[" events "],\"has_more\":false,\"next\":\"" next "\"}", NULL, 0            \
	}

/* Whatever is between: the next request goes on behind what was shown. */
Test(run, watches_events_and_shows_each_once_whatever_happens_to_the_connection)
{
	char out[4096];
	char said[4096];
	static const char *const queries[] = {
	    "limit=4&wait=0&after=now&type=a.b",
	    "limit=4&wait=20&after=p0&type=a.b",
	    "limit=2&wait=20&after=p1&type=a.b",
	    "limit=2&wait=20&after=p1&type=a.b",
	    "limit=2&wait=20&after=p1&type=a.b",
	    "limit=1&wait=20&after=p2&type=a.b",
	    "limit=1&wait=20&after=p2&type=a.b",
	    "limit=1&wait=20&after=p3&type=a.b",
	};
	START(PAGE("", "p0"), PAGE(EVENT("1") "," EVENT("2"), "p1"), {0},
	    {503, NULL, NULL, "Retry-After: 0", 0}, PAGE(EVENT("3"), "p2"), {429}, PAGE("", "p3"),
	    PAGE(EVENT("4"), "p4"));

	cr_assert_eq(RUN("watch", "--count", "4", "--type", "a.b"), 0);
	cr_assert_eq(server.request_count, ARRAY_LENGTH(queries));
	for (size_t i = 0; i < ARRAY_LENGTH(queries); i++)
		cr_expect_str_eq(
		    server.requests[i].query, queries[i], "%zu: %s", i, server.requests[i].query);
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert_str_eq(out, EVENT("1") "\n" EVENT("2") "\n" EVENT("3") "\n" EVENT("4") "\n");
	read_stream(cr_get_redirected_stderr(), said, sizeof(said));
	cr_assert_not_null(strstr(said, "--after p4"), "%s", said);
}

Test(run, watch_ends_where_the_service_refuses_it_and_says_how_to_go_on)
{
	char said[4096];
	START(PAGE("", "p0"), {403, NULL, NULL, NULL, 0});

	cr_assert_eq(RUN("watch"), 5);
	cr_assert_eq(server.request_count, 2);
	read_stream(cr_get_redirected_stderr(), said, sizeof(said));
	cr_assert_not_null(strstr(said, "--after p0"), "%s", said);
	cr_assert_eq(RUN("watch", "--after", "p0", "--from-start"), 2);
}

Test(run, watch_from_the_start_is_a_table_where_one_is_wanted)
{
	char out[4096];
	START(PAGE(EVENT("1"), "p1"));

	cr_assert_eq(RUN("watch", "--from-start", "--count", "1", "-o", "table"), 0);
	cr_assert_str_eq(server.requests[0].query, "limit=1&wait=20");
	read_stream(cr_get_redirected_stdout(), out, sizeof(out));
	cr_assert_str_eq(out, "a.b    1\n", "%s", out);
}

Test(run, stores_a_profile_that_only_its_owner_reads_and_uses_it)
{
	char path[128];
	struct stat facts;
	START({200, "application/json", "{}", NULL, 0});

	cr_assert_not_null(freopen(write_file("from-the-file\n"), "r", stdin));
	cr_assert_eq(RUN("login", "--profile", "work"), 0);
	snprintf(path, sizeof(path), "%s/cspr/work", directory);
	cr_assert_eq(stat(path, &facts), 0);
	cr_assert_eq(facts.st_mode & 0777, 0600);
	cr_assert_eq(RUN("thing", "get", "a", "--profile", "work"), 0);
	cr_assert_str_eq(server.requests[0].authorization, "Bearer from-the-file");
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert_eq(RUN("thing", "get", "a", "--profile", "work"), 2);
}

Test(run, keeps_a_profiles_token_from_other_addresses)
{
	START({200, "application/json", "{}", NULL, 0});

	cr_assert_not_null(freopen(write_file("from-the-file\n"), "r", stdin));
	cr_assert_eq(RUN("login", "--profile", "work", "--url", "http://127.0.0.1:1"), 0);
	unsetenv("CSPR_TOKEN");
	cr_assert_eq(RUN("thing", "get", "a", "--profile", "work", "--url", server.url), 0);
	cr_assert_str_eq(server.requests[0].authorization, "");
}

Test(run, refuses_a_token_on_the_command_line)
{
	cr_assert_eq(RUN("login", "my-token"), 2);
	cr_assert_eq(RUN("thing", "list", "--token", "my-token"), 2);
}

Test(run, says_2_for_what_it_does_not_know)
{
	cr_expect_eq(RUN("nothing", "here"), 2);
	cr_expect_eq(RUN("thing", "get"), 2);
	cr_expect_eq(RUN("thing", "get", "a", "b"), 2);
	cr_expect_eq(RUN("thing", "get", ".."), 2);
	cr_expect_eq(RUN("thing", "list", "--dry-run"), 2);
	cr_expect_eq(RUN("thing", "get", "a", "--set", "b=c"), 2);
	cr_expect_eq(RUN("thing", "get", "a", "--profile", "../x"), 2);
}
