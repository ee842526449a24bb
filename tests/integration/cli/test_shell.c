/* What surrounds the calls: curl's lines, completions, profiles, help, and the care of secrets. */
#include "fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

STAGE(ALL_SCOPES, NULL)
TestSuite(curl_line, .init = scratch_make, .fini = scratch_remove);
TestSuite(completion, .init = scratch_make, .fini = scratch_remove);
TestSuite(login, .init = scratch_make, .fini = scratch_remove);
TestSuite(secret, .init = scratch_make, .fini = scratch_remove);
TestSuite(help, .init = scratch_make, .fini = scratch_remove);
TestSuite(api, .init = scratch_make, .fini = scratch_remove);

/* ---- --curl ---- */

/* What bash and curl make of the line that cspr prints. */
static const struct ran *run_curl(const struct ran *line)
{
	expect_status(line, 0);
	return run_program("/bin/bash", scratch_file("line.sh", line->output), NULL);
}

Test(curl_line, makes_the_same_call_when_bash_runs_it)
{
	static const char narrative[] = "it's $HOME, `id` and \"quotes\" \\n \u2014 \u00e9";
	const struct ran *made =
	    run_curl(run("incident", "create", "-f", scratch_file("incident.json", incident_body()),
	        "--set", text_of("narrative=%s", narrative), "--curl", NULL));
	expect_status(made, 0);
	cr_assert_str_eq(text_at(made, "/narrative"), narrative);
	const char *id = text_at(made, "/id");

	const struct ran *read = run_curl(run("incident", "get", id, "--curl", NULL));
	cr_assert_str_eq(text_at(read, "/id"), id);
	const struct ran *changed =
	    run_curl(run("incident", "patch", id, "--set", "media_interest=true", "--curl", NULL));
	cr_assert(json_is_true(value_at(changed, "/media_interest")));
	const struct ran *list = run_curl(run("incident", "list", "--local-ref",
	    text_at(made, "/local_ref"), "--state", "recorded", "--curl", NULL));
	cr_assert_eq(json_array_size(value_at(list, "/data")), 1);
	/* A refusal is one for the shell as well. */
	const struct ran *refused =
	    run_curl(run("incident", "create", "--set", "nature=bogus", "--curl", NULL));
	cr_assert_neq(refused->status, 0);
	expect_has(refused->output, "/nature");
}

Test(curl_line, keeps_the_token_out_of_the_arguments_of_curl)
{
	const char *curl = scratch_file("curl",
	    "#!/bin/bash\n"
	    "here=${0%/*}\nprintf '%s\\n' \"$@\" >\"$here/arguments\"\ncat >\"$here/input\"\n");

	cr_assert_eq(chmod(curl, 0700), 0);
	const struct ran *line = run("incident", "list", "--curl", NULL);
	with("PATH", text_of("%s:/usr/bin:/bin", scratch_path("")));
	expect_status(run_curl(line), 0);
	CLEANUP(outcome_finish) struct outcome arguments = {0};
	CLEANUP(outcome_finish) struct outcome input = {0};
	const char *const show_arguments[] = {"/bin/cat", scratch_path("arguments"), NULL};
	const char *const show_input[] = {"/bin/cat", scratch_path("input"), NULL};
	program_run(show_arguments, NULL, NULL, &arguments);
	program_run(show_input, NULL, NULL, &input);
	expect_has(text_string(&arguments.output), "/v1/incidents");
	expect_lacks(text_string(&arguments.output), stage()->council);
	cr_assert_str_eq(
	    text_string(&input.output), text_of("Authorization: Bearer %s\n", stage()->council));
}

/* ---- Completion ---- */

Test(completion, is_a_script_that_its_shell_accepts)
{
	static const struct {
		const char *shell;
		const char *path;
	} shells[] = {{"bash", "/bin/bash"}, {"zsh", "/usr/bin/zsh"}, {"fish", "/usr/bin/fish"}};

	for (size_t i = 0; i < ARRAY_LENGTH(shells); i++) {
		const struct ran *script = run("completion", shells[i].shell, NULL);
		expect_status(script, 0);
		expect_has(script->output, "incident list");
		if (access(shells[i].path, X_OK) == 0)
			expect_status(
			    run_program(shells[i].path, "-n", scratch_file("script", script->output), NULL), 0);
	}
}

Test(completion, offers_in_bash_what_may_follow)
{
	const char *script = scratch_file("script", run("completion", "bash", NULL)->output);
	const char *asking =
	    text_of("source %s; complete() { :; }\n"
	            "ask() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _cspr; "
	            "printf '%%s\\n' \"${COMPREPLY[@]}\"; }\n"
	            "ask cspr incident p; ask cspr incident list --aware-on-g; ask cspr deadlines c\n",
	        script);
	const struct ran *ran = run_program("/bin/bash", "-c", asking, NULL);

	expect_status(ran, 0);
	cr_assert_str_eq(ran->output, "patch\nproof\n--aware-on-gte\ncheck\n");
}

/* ---- Profiles ---- */

Test(login, keeps_address_and_token_where_only_the_user_can_read_them)
{
	struct stat facts;
	const char *token = stage()->council;

	give(text_of("%s\n", token));
	const struct ran *stored = run("login", NULL);
	expect_status(stored, 0);
	cr_assert_eq(stat(scratch_path("cspr/default"), &facts), 0);
	cr_assert_eq(facts.st_mode & 07777, 0600);
	cr_assert_eq(stat(scratch_path("cspr"), &facts), 0);
	cr_assert_eq(facts.st_mode & 07777, 0700);

	with("CSPR_URL", NULL);
	with("CSPR_TOKEN", NULL);
	expect_status(run("incident", "list", NULL), 0);
	give(text_of("%s\n", stage()->south));
	never_print(stage()->south);
	expect_status(run("login", "--profile", "south", "--url", stage()->service.url, NULL), 0);
	cr_assert_str_eq(
	    text_at(run("partnership", "get", "--profile", "south", NULL), "/slug"), "south");
	cr_assert_str_eq(text_at(run("partnership", "get", NULL), "/slug"), "north");

	cr_assert_eq(chmod(scratch_path("cspr/default"), 0640), 0);
	const struct ran *open = run("incident", "list", NULL);
	expect_status(open, 2);
	expect_has(open->errors, "0600");
}

/* ---- Secrets ---- */

Test(secret, is_not_taken_from_the_command_line_nor_repeated_from_there)
{
	static const char secret[] = "cspr_typed-by-mistake-0123456789";

	never_print(secret);
	expect_status(run("login", secret, NULL), 2);
	expect_status(run("incident", "list", "--token", secret, NULL), 2);
	expect_status(run("incident", "list", text_of("--token=%s", secret), NULL), 2);
	expect_status(
	    run("incident", "list", "-H", text_of("Authorization: Bearer %s", secret), NULL), 2);
	expect_status(run("--token", secret, "incident", "list", NULL), 2);
}

Test(secret, comes_from_a_file_that_the_environment_names)
{
	as(NULL);
	with("CSPR_TOKEN_FILE", scratch_file("token", text_of("%s\n", stage()->council)));
	never_print(stage()->council);
	expect_status(run("incident", "list", NULL), 0);
	with("CSPR_TOKEN_FILE", scratch_path("absent"));
	expect_status(run("incident", "list", NULL), 2);
}

/* A service that repeats what it was sent cannot make cspr print it; its terminal codes neither. */
Test(secret, is_not_sent_over_plain_http_to_another_machine)
{
	const struct ran *ran =
	    run("incident", "list", "--url", "http://192.0.2.1:9/", "--timeout", "1", NULL);

	expect_status(ran, 2);
	expect_has(ran->errors, "--allow-http");
}

/* ---- Help and plain calls ---- */

Test(help, names_every_command_of_the_document)
{
	const struct ran *overview = run("help", NULL);
	const struct ran *document = run("service", "openapi", NULL);
	const char *path;
	const char *method;
	json_t *methods;
	json_t *operation;
	size_t count = 0;

	expect_status(overview, 0);
	json_object_foreach (value_at(document, "/paths"), path, methods) {
		json_object_foreach (methods, method, operation) {
			const char *words = json_string_value(json_object_get(operation, "x-cli"));
			if (!words)
				continue;
			expect_has(overview->output, text_of("\n  %s ", words));
			count++;
		}
	}
	cr_assert_gt(count, 25);
	static const char *const own[] = {"api", "login", "watch", "webhook listen", "webhook verify",
	    "webhook trigger", "completion", "incident import", "deadlines check"};
	for (size_t i = 0; i < ARRAY_LENGTH(own); i++)
		expect_has(overview->output, text_of("\n  %s ", own[i]));
}

Test(help, of_a_command_tells_its_options_and_the_fields_of_its_body)
{
	const struct ran *create = run("help", "incident", "create", NULL);
	expect_status(create, 0);
	expect_has(create->output, "POST /v1/incidents");
	expect_has(create->output, "aware_on");
	expect_has(create->output, "children *");
	const struct ran *same = run("incident", "create", "--help", NULL);
	expect_status(same, 0);
	cr_assert_str_eq(same->output, create->output);
	const struct ran *list = run("incident", "list", "-h", NULL);
	expect_has(list->output, "--aware-on-gte");
	const struct ran *noun = run("help", "incident", NULL);
	expect_status(noun, 0);
	expect_has(noun->output, "incident import");
	expect_lacks(noun->output, "notification list");
	const struct ran *version = run("--version", NULL);
	expect_status(version, 0);
	cr_assert_eq(strncmp(version->output, "cspr ", 5), 0);
}

Test(api, makes_any_call)
{
	const struct ran *list = run("api", "GET", "/v1/incidents?limit=1&sort=-aware_on", NULL);
	expect_status(list, 0);
	give(incident_body());
	const struct ran *made = run("api", "post", "/v1/incidents", "-f", "-", NULL);
	expect_status(made, 0);
	const char *path = text_of("/v1/incidents/%s", text_at(made, "/id"));
	const struct ran *changed =
	    run("api", "PATCH", path, "--if-match", "1", "--set", "media_interest=true", NULL);
	expect_status(changed, 0);
	expect_status(run("api", "PATCH", path, "--set", "media_interest=false", NULL), 6);
	expect_status(run("api", "GET", path, "-H", "If-None-Match: \"2\"", NULL), 0);
	expect_status(run("api", "GET", "/v1/incidents?colour=red", NULL), 6);
}
