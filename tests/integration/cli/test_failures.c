/* What a script can rely on when something is wrong: the exit status, and what is said of it. */
#include "fixture.h"

#include <string.h>

STAGE(ALL_SCOPES, NULL)
TestSuite(status, .init = scratch_make, .fini = scratch_remove);

#define NOBODY "00000000-0000-4000-8000-000000000000"

Test(status, is_2_for_what_is_called_wrongly)
{
	const struct ran *const runs[] = {
	    run(NULL, NULL),
	    run("incident", NULL),
	    run("nonsense", NULL),
	    run("incident", "get", NULL),
	    run("incident", "get", NOBODY, NOBODY, NULL),
	    run("incident", "list", "--colour", "red", NULL),
	    run("incident", "list", "--limit", NULL),
	    run("incident", "list", "-o", "xml", NULL),
	    run("incident", "list", "-f", "-", NULL),
	    run("incident", "list", "--dry-run", NULL),
	    run("incident", "create", "--set", "nature", NULL),
	    run("incident", "create", "-f", scratch_path("absent"), NULL),
	    run("incident", "create", "-f", scratch_file("broken", "{"), NULL),
	    run("calendar", "working-day", NULL),
	    run("api", "GET", NULL),
	    run("api", "GET", "v1/incidents", NULL),
	    run("incident", "list", "--timeout", "never", NULL),
	    run("incident", "list", "--profile", "nobody", NULL),
	    run("completion", "powershell", NULL),
	    run("help", "nonsense", NULL),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(runs); i++) {
		cr_assert_eq(runs[i]->status, 2, "run %zu: %d %s%s", i, runs[i]->status, runs[i]->output,
		    runs[i]->errors);
		cr_assert(
		    i == 0 || runs[i]->output[0] == '\0', "messages go to stderr: %s", runs[i]->output);
	}
}

Test(status, is_3_for_what_is_not_found)
{
	const struct ran *ran = run("incident", "get", NOBODY, NULL);
	expect_status(ran, 3);
	cr_assert_str_eq(ran->output, "");
	expect_has(ran->errors, "not-found");
	expect_status(run("api", "GET", "/nothing", NULL), 3);
	/* Another partnership's is as good as absent. */
	const char *id = incident_made();
	as(stage()->south);
	const struct ran *foreign = run("incident", "get", id, NULL);
	expect_status(foreign, 3);
}

Test(status, is_4_without_a_valid_token)
{
	as(NULL);
	expect_status(run("incident", "list", NULL), 4);
	as("cspr_this_is_no_token_that_was_ever_made");
	const struct ran *ran = run("incident", "list", NULL);
	expect_status(ran, 4);
	expect_has(ran->errors, "unauthenticated");
}

Test(status, is_5_without_the_scope)
{
	CLEANUP(free)
	char *reader = key_create(&stage()->database, "north", "council", "incidents:read");

	as(reader);
	expect_status(run("incident", "list", NULL), 0);
	give(incident_body());
	const struct ran *ran = run("incident", "create", "-f", "-", NULL);
	expect_status(ran, 5);
	expect_has(ran->errors, "forbidden");
	as(NULL);
}

Test(status, is_6_for_content_that_is_refused_and_every_fault_is_shown)
{
	const struct ran *ran = run("incident", "create", "--set", "nature=bogus", "--set",
	    "colour=red", "--set", "aware_on=2024-02-31", NULL);

	expect_status(ran, 6);
	cr_assert_str_eq(ran->output, "");
	expect_has(ran->errors, "/nature");
	expect_has(ran->errors, "/colour");
	expect_has(ran->errors, "/aware_on");
	expect_has(ran->errors, "/children");
	expect_has(ran->errors, "--idempotency-key ");
	expect_has(ran->errors, "request ");
	expect_status(run("incident", "list", "--limit", "500", NULL), 6);
}

/* A sentence that the problem's title says already is not said again. */
Test(status, is_told_without_repetition)
{
	const struct ran *ran = run("incident", "create", "--set", "nature=bogus", NULL);
	const char *title = "The content breaks a rule";
	const char *first = strstr(ran->errors, title);

	cr_assert_not_null(first);
	cr_assert_null(strstr(first + 1, title), "%s", ran->errors);
}

Test(status, is_7_for_a_conflict_and_for_a_stale_version)
{
	const char *id = incident_made();
	const struct ran *stale =
	    run("incident", "patch", id, "--if-match", "99", "--set", "media_interest=true", NULL);

	expect_status(stale, 7);
	expect_has(stale->errors, "stale");
	/* The facts lead to another duty. */
	const struct ran *conflict =
	    run("notification", "create", id, "--set", "kind=care_leaver_death", NULL);
	expect_status(conflict, 7);
	expect_has(conflict->errors, "serious_incident");
}

/* A receiver of the tests plays a service that is unwell. */
Test(status, is_8_when_there_were_too_many_calls_and_9_when_the_service_fails)
{
	CLEANUP(receiver_stop) struct receiver *service = receiver_start();

	with("CSPR_URL", receiver_url(service));
	receiver_answer(service, 429, "Retry-After: 3600\r\n", NULL);
	const struct ran *limited = run("incident", "list", NULL);
	expect_status(limited, 8);
	expect_has(limited->errors, "3600 s");
	receiver_answer(service, 500, NULL, "broken");
	expect_status(run("incident", "list", NULL), 9);
}

Test(status, is_10_when_the_service_cannot_be_reached)
{
	CLEANUP(receiver_stop) struct receiver *service = receiver_start();
	const char *url = receiver_url(service);

	receiver_go_down(service);
	give(incident_body());
	const struct ran *refused = run("incident", "create", "-f", "-", "--url", url, NULL);
	expect_status(refused, 10);
	expect_has(refused->errors, "--idempotency-key ");
	receiver_come_up(service);
	receiver_hold(service);
	expect_status(
	    run("api", "DELETE", "/v1/incidents", "--url", url, "--timeout", "0.2", NULL), 10);
}
