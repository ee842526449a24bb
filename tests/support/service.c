/* csprd as the tests run it: its commands to their end, and the service until the test ends it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"
#include "support/program.h"

/* How long a graceful stop may take at most (pitfalls: 15 s), with room for slow machines. */
#define STOP_SECONDS 20

const char *const test_pepper = "a pepper that only the tests know, 32+";
const char *const test_secrets_key = "dGVzdHMgb25seSB0ZXN0cyBvbmx5IHRlc3RzIG9ubHk=";

#define ARGUMENTS_MAX 160

static void complete(const char *const arguments[], const char *ret_arguments[ARGUMENTS_MAX + 2])
{
	size_t count = 0;

	ret_arguments[count++] = environment_value("CSPRD");
	for (; arguments[count - 1]; count++) {
		if (count > ARGUMENTS_MAX)
			give_up("more than %d arguments", ARGUMENTS_MAX);
		ret_arguments[count] = arguments[count - 1];
	}
	ret_arguments[count] = NULL;
}

void csprd_run(const struct database *database, const char *const arguments[],
    const struct setting settings[], struct outcome *ret_outcome)
{
	const char *completed[ARGUMENTS_MAX + 2];
	struct setting merged[32] = {
	    {"CSPR_DATABASE_URL", database->url},
	    {"CSPR_MIGRATION_URL", database->owner_url},
	    {"CSPR_PEPPER", test_pepper},
	    {"CSPR_SECRETS_KEY", test_secrets_key},
	    {"CSPR_TARGET_ALLOW", "127.0.0.1/32"},
	};

	for (size_t i = 0, at = 5; settings && settings[i].name && at < ARRAY_LENGTH(merged) - 1; i++)
		merged[at++] = settings[i];
	complete(arguments, completed);
	program_run(completed, merged, NULL, ret_outcome);
}

static void name_files(struct service *service, char *ret_ready_path, size_t room)
{
	const char *directory = getenv("CSPR_TEST_LOGS");
	struct uuid id = uuid_new();

	if (!directory || !*directory)
		directory = "/tmp";
	snprintf(service->log_path, sizeof(service->log_path), "%s/csprd-%s.log", directory, id.text);
	snprintf(ret_ready_path, room, "%s/csprd-%s.ready", directory, id.text);
}

struct start {
	struct service *service;
	const char *ready_path;
	int status; /* of a service that has ended instead */
};

static void take_line(char **cursor, char *ret_line, size_t room)
{
	size_t length = strcspn(*cursor, "\n");

	snprintf(ret_line, room, "%.*s", (int)length, *cursor);
	*cursor += length + ((*cursor)[length] == '\n');
}

static bool has_started(void *context)
{
	struct start *start = context;
	char content[500] = "";
	char *cursor = content;
	FILE *file = fopen(start->ready_path, "re");

	if (!file) {
		start->status = child_wait(start->service->id, 0);
		return start->status >= 0;
	}
	size_t length = fread(content, 1, sizeof(content) - 1, file);
	fclose(file);
	if (length == 0 || content[length - 1] != '\n')
		return false;
	take_line(&cursor, start->service->url, sizeof(start->service->url));
	take_line(&cursor, start->service->metrics_url, sizeof(start->service->metrics_url));
	return true;
}

static void wait_for_start(struct service *service, const char *ready_path)
{
	struct start start = {service, ready_path, -1};
	bool started = wait_until(has_started, &start, PATIENCE);
	CLEANUP(free) char *log = NULL;

	unlink(ready_path);
	if (started && start.status < 0)
		return;
	log = service_log(service);
	give_up("csprd %s: %s", started ? "ended instead of starting" : "was not ready in time", log);
}

void service_start(
    const struct database *database, const struct setting settings[], struct service *ret_service)
{
	const char *arguments[] = {environment_value("CSPRD"), "serve", NULL};
	char ready_path[500];

	memset(ret_service, 0, sizeof(*ret_service));
	name_files(ret_service, ready_path, sizeof(ready_path));
	const struct setting usual[] = {
	    {"CSPR_DATABASE_URL", database->url},
	    {"CSPR_LISTEN", "127.0.0.1:0"},
	    {"CSPR_METRICS_LISTEN", "127.0.0.1:0"},
	    {"CSPR_READY_FILE", ready_path},
	    {"CSPR_WORKERS", "8"},
	    {"CSPR_DATABASE_CONNECTIONS", "4"},
	    {"CSPR_PEPPER", test_pepper},
	    {"CSPR_SECRETS_KEY", test_secrets_key},
	    {"CSPR_TARGET_ALLOW", "127.0.0.1/32"},
	    {"CSPR_RETRY_SCALE_PERCENT", "1"},
	    {"CSPR_SWEEP_SECONDS", "3600"},
	    {"CSPR_CHECK_RESPONSES", "on"},
	    {NULL, NULL},
	};
	const struct setting *const lists[] = {usual, settings};
	CLEANUP(environment_destroy) char **variables = environment_make(lists, 2);
	int log = open(ret_service->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (log < 0)
		give_up("%s: %s", ret_service->log_path, strerror(errno));
	const int streams[3] = {-1, log, log};
	ret_service->id = child_start(arguments, variables, streams);
	close(log);
	wait_for_start(ret_service, ready_path);
}

char *service_log(const struct service *service)
{
	struct text content = TEXT_INIT(64U << 20);
	char buffer[4096];
	size_t length;
	FILE *file = fopen(service->log_path, "re");

	if (!file)
		give_up("%s: %s", service->log_path, strerror(errno));
	while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_append(&content, buffer, length);
	fclose(file);
	return content.data ? content.data : strdup("");
}

/* What a sanitizer writes, and glibc when it finds its heap broken. */
static bool complains(const char *log)
{
	static const char *const complaints[] = {
	    "Sanitizer", "runtime error:", "Assertion", "malloc():", "free():"};

	for (size_t i = 0; i < ARRAY_LENGTH(complaints); i++)
		if (strstr(log, complaints[i]))
			return true;
	return false;
}

void service_stop(struct service *service)
{
	pid_t id = service->id;

	if (id == 0)
		return;
	service->id = 0;
	kill(id, SIGTERM);
	int status = child_wait(id, STOP_SECONDS);
	if (status < 0) {
		kill(id, SIGKILL);
		give_up("csprd has not ended %d s after SIGTERM: %s", STOP_SECONDS, service->log_path);
	}
	CLEANUP(free) char *log = service_log(service);
	if (status != 0 || complains(log))
		give_up("csprd ended with %d: %s", status, log);
}

void service_kill(struct service *service)
{
	pid_t id = service->id;

	if (id == 0)
		return;
	service->id = 0;
	kill(id, SIGKILL);
	int status = child_wait(id, PATIENCE);
	if (status != 128 + SIGKILL)
		give_up("csprd had ended with %d before it was killed: %s", status, service->log_path);
}

static void must_run(
    const struct database *database, const char *const arguments[], struct outcome *ret_outcome)
{
	csprd_run(database, arguments, NULL, ret_outcome);
	if (ret_outcome->status != 0)
		give_up("csprd %s %s ended with %d: %s", arguments[0], arguments[1], ret_outcome->status,
		    text_string(&ret_outcome->errors));
}

void partnership_create(const struct database *database, const char *slug, const char *name)
{
	const char *const arguments[] = {
	    "partnerships", "create", "--slug", slug, "--name", name, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	must_run(database, arguments, &outcome);
}

void agency_create(const struct database *database, const char *partnership, const char *slug,
    const char *kind, bool statutory_partner)
{
	const char *const arguments[] = {"agencies", "create", "--partnership", partnership, "--slug",
	    slug, "--name", slug, "--kind", kind, statutory_partner ? "--statutory-partner" : NULL,
	    NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	must_run(database, arguments, &outcome);
}

char *key_create(const struct database *database, const char *partnership, const char *agency,
    const char *scopes)
{
	const char *arguments[ARGUMENTS_MAX] = {
	    "keys", "create", "--partnership", partnership, "--agency", agency, "--label", "tests"};
	size_t count = 8;
	CLEANUP(free) char *words = strdup(scopes);
	char *rest = NULL;
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count + 2 >= ARRAY_LENGTH(arguments))
			give_up("too many scopes: %s", scopes);
		arguments[count++] = "--scope";
		arguments[count++] = word;
	}
	must_run(database, arguments, &outcome);
	return strndup(text_string(&outcome.output), strcspn(text_string(&outcome.output), "\n"));
}
