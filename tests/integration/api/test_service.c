/* Owns the tests of what every answer has in common, and of the service's own operations. */
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(problem, .timeout = 60);
TestSuite(answer, .timeout = 60);
TestSuite(health, .timeout = 60);
TestSuite(process, .timeout = 60);

DEFINE_CLEANUP(DIR *, closedir)

static const struct answer *with_header(const char *method, const char *path, const char *header)
{
	const char *const headers[] = {header, NULL};

	return make(&(struct call){.method = method, .path = path, .headers = headers});
}

Test(problem, of_a_path_that_is_not_there_has_the_one_shape)
{
	static const char *const paths[] = {"/v1/nothing", "/", "/v1", "/V1/incidents",
	    "/v1/incidents/x/y/z/a/b/c/d/e/f", "/openapi.yaml", "/metrics"};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const struct answer *refused = get("%s", paths[i]);
		cr_assert(is_problem(refused, 404, "not-found"), "%s: %s", paths[i], told(refused));
		expect_value(refused, "/instance", text_of("'%s'", paths[i]));
	}
}

Test(problem, of_a_resource_that_is_not_there_has_the_one_shape)
{
	expect_problem(get("/v1/incidents/%s", new_id()), 404, "not-found");
	expect_problem(get("/v1/notifications/%s", new_id()), 404, "not-found");
	expect_problem(get("/v1/deliveries/%s", new_id()), 404, "not-found");
	expect_problem(get("/v1/incidents/%s/history", new_id()), 404, "not-found");
	expect_problem(get("/v1/case-systems/mosaic/incidents/none"), 404, "not-found");
}

Test(problem, of_a_method_names_those_that_there_are)
{
	static const struct {
		const char *method;
		const char *path;
		const char *allow;
	} cases[] = {{"DELETE", "/v1/incidents", "GET, POST, HEAD"}, {"POST", "/live", "GET, HEAD"},
	    {"PUT", "/v1/notifications", "GET, HEAD"}, {"OPTIONS", "/v1/agencies", "GET, HEAD"},
	    {"TRACE", "/v1/agencies", "GET, HEAD"}, {"get", "/v1/agencies", "GET, HEAD"}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct answer *refused =
		    make(&(struct call){.method = cases[i].method, .path = cases[i].path});
		cr_assert(is_problem(refused, 405, "method-not-allowed"), "%s: %s", cases[i].method,
		    told(refused));
		cr_assert_str_eq(answer_header(refused, "Allow"), cases[i].allow);
	}
}

Test(problem, of_a_format_that_cannot_be_made)
{
	expect_problem(with_header("GET", "/v1/incidents", "Accept: text/html"), 406, "not-acceptable");
	expect_problem(
	    with_header("GET", "/v1/partnership", "Accept: text/csv"), 406, "not-acceptable");
	expect_status(with_header("GET", "/v1/incidents", "Accept: text/csv;q=0.5, */*;q=0.1"), 200);
	expect_status(
	    with_header("GET", "/v1/partnership", "Accept: text/html, application/json;q=0.2"), 200);
}

Test(problem, of_a_caller_says_how_to_authenticate)
{
	static const char *const headers[] = {"Authorization: Basic eDp5", "Authorization: Bearer",
	    "Authorization: Bearer a b", "Authorization: cspr_x", "X-Api-Key: cspr_x"};

	as(NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		const struct answer *refused = with_header("GET", "/v1/incidents", headers[i]);
		cr_assert(is_problem(refused, 401, "unauthenticated"), "%s: %s", headers[i], told(refused));
		cr_assert_eq(strncmp(answer_header(refused, "WWW-Authenticate"), "Bearer", 6), 0);
	}
}

Test(problem, never_repeats_what_was_sent)
{
	const struct answer *refused =
	    post(incident_with("{'narrative': 7, 'nature': 'canary-value', 'aware_by': 'canary-text'}"),
	        "/v1/incidents");

	expect_problem(refused, 422, "invalid");
	cr_assert_null(strstr(text_string(&refused->body), "canary"));
}

Test(answer, carries_the_request_s_id_or_one_of_its_own)
{
	static const char *const unsound[] = {
	    "X-Request-ID: a b", "X-Request-ID: <script>", "X-Request-ID: \xc3\xa9"};
	const struct answer *echoed = with_header("GET", "/v1/incidents", "X-Request-ID: trace.1_A-z");

	cr_assert_str_eq(answer_header(echoed, "X-Request-ID"), "trace.1_A-z");
	echoed = with_header("GET", "/v1/nothing", "X-Request-ID: trace.2");
	expect_value(echoed, "/request_id", "'trace.2'");
	cr_assert_str_neq(
	    answer_header(get("/live"), "X-Request-ID"), answer_header(get("/live"), "X-Request-ID"));
	for (size_t i = 0; i < ARRAY_LENGTH(unsound); i++) {
		const char *id = answer_header(with_header("GET", "/live", unsound[i]), "X-Request-ID");
		cr_assert_eq(strlen(id), 36, "%s", id);
	}
}

Test(answer, to_head_is_that_to_get_without_its_body)
{
	const char *id = recorded(incident_with("{}"));
	const char *const paths[] = {text_of("/v1/incidents/%s", id), "/v1/incidents?limit=1", "/live",
	    "/ready", text_of("/v1/incidents/%s", new_id())};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const struct answer *get_answer = get("%s", paths[i]);
		const struct answer *head = make(&(struct call){.method = "HEAD", .path = paths[i]});
		cr_assert_eq(head->status, get_answer->status, "%s", paths[i]);
		cr_assert_eq(head->body.length, 0);
		cr_assert_str_eq(
		    answer_header(head, "Content-Type"), answer_header(get_answer, "Content-Type"));
		cr_assert_str_eq(
		    answer_header(head, "Content-Length"), answer_header(get_answer, "Content-Length"));
		const char *etag = answer_header(get_answer, "ETag");
		cr_assert(!etag || strcmp(answer_header(head, "ETag"), etag) == 0);
	}
}

Test(answer, is_never_stored_on_its_way)
{
	const struct answer *const answers[] = {get("/v1/incidents"), get("/live"), get("/nothing"),
	    post(incident_with("{}"), "/v1/incidents")};

	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
		cr_assert_str_eq(answer_header(answers[i], "Cache-Control"), "no-store");
		cr_assert_str_eq(answer_header(answers[i], "X-Content-Type-Options"), "nosniff");
	}
}

Test(health, needs_no_key_and_no_format)
{
	as(NULL);
	expect_value(get("/live"), "/status", "'live'");
	expect_value(get("/ready"), "/status", "'ready'");
	expect_status(get("/openapi.json"), 200);
	as("no such key");
	expect_status(get("/live"), 200);
}

/* Why so: let_database_finish() in service/app.c. */
Test(process, leaves_the_processor_to_the_database)
{
	const char *path = text_of("/proc/%ld/task", (long)stage()->service.id);
	const struct dirent *thread;
	size_t threads = 0;

	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}) != 0)
		cr_skip("this machine does not let a process be a batch's");
	CLEANUP(closedir) DIR *tasks = opendir(path);
	cr_assert_not_null(tasks, "%s", path);
	while ((thread = readdir(tasks))) {
		if (thread->d_name[0] == '.')
			continue;
		int policy = sched_getscheduler((pid_t)strtol(thread->d_name, NULL, 10));
		/* One may have ended meanwhile, as whoever makes the first connection does. */
		if (policy < 0)
			continue;
		cr_expect_eq(policy, SCHED_BATCH, "thread %s", thread->d_name);
		threads++;
	}
	cr_expect_gt(threads, 1);
}
