/* `cspr webhook listen` as a process of its own, called by `cspr webhook trigger` and by others. */
#include "cli/run.h"
#include "document.h"
#include "lib/cspr.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

DEFINE_CLEANUP(struct cspr *, cspr_destroy)
DEFINE_CLEANUP(struct cspr_response *, cspr_response_destroy)

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_SECRET "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static char secret_file[] = "/tmp/cspr-secret-XXXXXX";
static char port_file[64];

struct listener {
	pid_t process;
	FILE *out;
	FILE *messages;
	char url[64];
};

static void write_secrets(void)
{
	int file = mkstemp(secret_file);

	snprintf(port_file, sizeof(port_file), "%s.port", secret_file);
	cr_assert(dprintf(file, "%s\n%s\n", SECRET, OTHER_SECRET) > 0);
	close(file);
}

static void remove_files(void)
{
	unlink(secret_file);
	unlink(port_file);
}

TestSuite(listen, .init = write_secrets, .fini = remove_files);

static int run_line(const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return run(test_document, strlen(test_document), argc, (char *const *)argv);
}

/* Starts it and waits until it says where it listens. */
static struct listener start(const char *count, const char *answers, const char *more)
{
	const char *const argv[] = {"cspr", "webhook", "listen", "--secret-file", secret_file,
	    "--count", count, "--answer", answers, "--name", "panel", "--port-file", port_file, more,
	    NULL};
	struct listener listener = {0};
	int out[2];
	int messages[2];
	unsigned int port = 0;
	char line[256];

	cr_assert(pipe(out) == 0 && pipe(messages) == 0);
	listener.process = fork();
	cr_assert_geq(listener.process, 0);
	if (listener.process == 0) {
		/* Or a test that fails would leave it waiting for the rest of its calls. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(messages[1], STDERR_FILENO);
		close(out[0]);
		close(messages[0]);
		_exit(run_line(argv));
	}
	close(out[1]);
	close(messages[1]);
	listener.out = fdopen(out[0], "r");
	listener.messages = fdopen(messages[0], "r");
	cr_assert_not_null(fgets(line, sizeof(line), listener.messages));
	static const char said[] = "cspr: Listening on http://127.0.0.1:";
	cr_assert_eq(strncmp(line, said, strlen(said)), 0, "%s", line);
	port = (unsigned)strtoul(line + strlen(said), NULL, 10);
	snprintf(listener.url, sizeof(listener.url), "http://127.0.0.1:%u", port);
	return listener;
}

static void end(struct listener *listener)
{
	int status = -1;

	cr_assert_eq(waitpid(listener->process, &status, 0), listener->process);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fclose(listener->out);
	fclose(listener->messages);
}

static json_t *next_line(struct listener *listener)
{
	char line[8192];

	cr_assert_not_null(fgets(line, sizeof(line), listener->out));
	json_t *call = json_loads(line, 0, NULL);
	cr_assert(json_is_object(call), "%s", line);
	return call;
}

/* Sends a body under a signature made for another, unless they are the same. */
static int post(
    const struct listener *listener, const char *id, const char *signed_body, const char *body)
{
	struct cspr *cspr CLEANUP(cspr_destroy) = NULL;
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	const struct cspr_options options = {.url = listener->url, .retry_ms = -1};
	char timestamp[24];
	char signature[CSPR_SIGNATURE_SIZE];

	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)time(NULL));
	const struct cspr_webhook webhook = {
	    .id = id, .timestamp = timestamp, .body = signed_body, .body_length = strlen(signed_body)};
	cr_assert_eq(cspr_sign_webhook(OTHER_SECRET, &webhook, signature), CSPR_WEBHOOK_VALID);
	cr_assert_eq(cspr_create(&options, &cspr), CSPR_OK);
	const struct cspr_pair headers[] = {
	    {"webhook-id", id}, {"webhook-timestamp", timestamp}, {"webhook-signature", signature}};
	const struct cspr_request request = {.method = "POST",
	    .path = "/hook",
	    .headers = headers,
	    .header_count = 3,
	    .body = body,
	    .body_length = strlen(body),
	    .idempotency_key = ""};
	cr_assert_eq(cspr_call(cspr, &request, &response), CSPR_OK, "%s", cspr_detail(cspr));
	return cspr_status(response);
}

Test(listen, checks_shows_and_answers_each_call)
{
	struct listener listener = start("4", "500,204", NULL);
	const char *const trigger[] = {"cspr", "webhook", "trigger", listener.url, "--secret-file",
	    secret_file, "--id", "m1", "--type", "incident.notified", NULL};
	FILE *port = fopen(port_file, "r");
	char number[16] = "";

	cr_assert(port && fgets(number, sizeof(number), port) && fclose(port) == 0);
	cr_assert(strstr(listener.url, ":") && strtoul(number, NULL, 10) > 0);
	cr_redirect_stdout();
	cr_expect_eq(run_line(trigger), 9);
	cr_expect_eq(run_line(trigger), 0);
	cr_expect_eq(post(&listener, "m2", "{\"type\":\"a\"}", "{\"type\":\"b\"}"), 401);
	cr_expect_eq(post(&listener, "m2", "{\"type\":\"a\"}", "{\"type\":\"a\"}"), 204);

	const struct {
		const char *id;
		bool valid;
		bool duplicate;
		int answered;
	} expected[] = {{"m1", true, false, 500}, {"m1", true, true, 204}, {"m2", false, false, 401},
	    {"m2", true, false, 204}};
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		json_t *call CLEANUP(json_decref) = next_line(&listener);
		cr_expect_str_eq(json_text(call, "name"), "panel");
		cr_expect_str_eq(json_text(call, "id"), expected[i].id);
		cr_expect_str_eq(json_text(call, "signature"), expected[i].valid ? "valid" : "INVALID");
		cr_expect_eq(
		    json_is_true(json_object_get(call, "duplicate")), expected[i].duplicate, "%zu", i);
		cr_expect_eq(json_integer_value(json_object_get(call, "answered")), expected[i].answered);
		cr_expect(json_is_object(json_object_get(call, "body")));
		/* What is triggered is the document's example, under an event id of its own. */
		const json_t *data = json_at(call, "body.data");
		if (i < 2)
			cr_expect_str_eq(json_text(data, "local_ref"), "SW-1");
		cr_expect_str_neq(json_text(data, "event_id"), "e");
	}
	end(&listener);
}

Test(listen, answers_a_bad_signature_as_told)
{
	struct listener listener = start("1", "204", "--allow-bad");

	cr_expect_eq(post(&listener, "m", "a", "not JSON"), 204);
	json_t *call CLEANUP(json_decref) = next_line(&listener);
	cr_expect_str_eq(json_text(call, "signature"), "INVALID");
	cr_expect_str_eq(json_text(call, "body_text"), "not JSON");
	cr_expect(json_is_null(json_object_get(call, "body")));
	end(&listener);
}

Test(trigger, sends_to_this_machine_only)
{
	const char *const away[] = {"http://example.org/", "http://127.0.0.1.example.org/",
	    "http://user@127.0.0.1/", "ftp://127.0.0.1/", "127.0.0.1"};

	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LENGTH(away); i++) {
		const char *const argv[] = {
		    "cspr", "webhook", "trigger", away[i], "--secret-file", "/nonexistent", NULL};
		cr_expect_eq(run_line(argv), 2, "%s", away[i]);
	}
}

Test(trigger, knows_the_events_of_the_document_and_takes_others_with_data_only)
{
	const char *const unknown[] = {"cspr", "webhook", "trigger", "http://127.0.0.1:9/",
	    "--secret-file", secret_file, "--type", "incident.eaten", NULL};

	write_secrets();
	cr_redirect_stderr();
	cr_expect_eq(run_line(unknown), 2);
	cr_assert_stderr_neq_str("");
	remove_files();
}
