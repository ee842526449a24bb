/* Notifications, deliveries and deadlines, and the receiver that the command line has itself. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "support/program.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(notification, .init = scratch_make, .fini = scratch_remove);
TestSuite(deadlines, .init = scratch_make, .fini = scratch_remove);
TestSuite(webhook, .init = scratch_make, .fini = scratch_remove);

static const char *const secrets[] = {
    "whsec_Y2xpIGRmZSBjbGkgZGZlIGNsaSBkZmUgY2xpIGRmZSE=",
    "whsec_Y2xpIG90aGVyIGNsaSBvdGhlciBjbGkgb3RoZXIgY2xp",
};

/* A partnership of a test's own, whose lists hold nothing of other tests; its token. */
static const char *own_partnership(const char *slug)
{
	partnership_create(&stage()->database, slug, slug);
	agency_create(&stage()->database, slug, "council", "local_authority", true);
	CLEANUP(free) char *token = key_create(&stage()->database, slug, "council", ALL_SCOPES);

	return text_of("%s", token);
}

static const char *write_secret(const char *name, const char *secret)
{
	never_print(secret);
	never_print(secret + strlen("whsec_"));
	return scratch_file(name, text_of("%s\n", secret));
}

static void set_recipients(const char *partnership, const char *url, const char *secret_file)
{
	static const char *const names[] = {"dfe", "ofsted", "panel"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *const arguments[] = {"recipients", "set", "--partnership", partnership,
		    "--recipient", names[i], "--url", url, "--secret-file", secret_file, NULL};
		CLEANUP(outcome_finish) struct outcome outcome = {0};
		csprd_run(&stage()->database, arguments, NULL, &outcome);
		cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	}
}

/* ---- A receiver in the background ---- */

struct listener {
	pid_t id;
	const char *output;
	const char *port_file;
	const char *url;
};

static bool has_port(void *context)
{
	struct listener *listener = context;
	char port[16] = "";
	FILE *file = fopen(listener->port_file, "re");

	if (!file)
		return false;
	bool read = fgets(port, sizeof(port), file) != NULL;
	fclose(file);
	port[strcspn(port, "\n")] = '\0';
	if (read)
		listener->url = text_of("http://127.0.0.1:%s/", port);
	return read;
}

static struct listener listen_for(const char *secret_file, const char *count, const char *answers)
{
	struct listener listener = {.output = scratch_path("heard"), .port_file = scratch_path("port")};

	listener.id = start(listener.output, "webhook", "listen", "--port", "0", "--port-file",
	    listener.port_file, "--secret-file", secret_file, "--count", count, "--answer", answers,
	    "--name", "here", NULL);
	cr_assert(wait_until(has_port, &listener, PATIENCE));
	return listener;
}

/* The calls that it heard of, after it has ended by itself. */
static json_t *heard(const struct listener *listener)
{
	json_t *calls = json_array();
	char line[65536];

	cr_assert_eq(child_wait(listener->id, PATIENCE), 0);
	FILE *file = fopen(listener->output, "re");
	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file)) {
		for (size_t i = 0; i < ARRAY_LENGTH(secrets); i++)
			cr_assert_null(strstr(line, secrets[i] + strlen("whsec_")), "%s", line);
		json_t *call = json_loads(line, 0, NULL);
		if (call)
			json_array_append_new(calls, call);
	}
	fclose(file);
	return calls;
}

static const char *call_text(const json_t *calls, size_t index, const char *name)
{
	const char *text = json_string_value(json_object_get(json_array_get(calls, index), name));

	return text ? text : "";
}

/* ---- Notifications ---- */

Test(notification, is_sent_heard_by_the_listener_acknowledged_and_shown)
{
	const char *token = own_partnership("listeners");
	const char *secret = write_secret("secret", secrets[0]);
	struct listener listener = listen_for(secret, "3", "204");

	as(token);
	set_recipients("listeners", listener.url, secret);
	const char *incident = incident_made();
	const struct ran *dry = run(
	    "notification", "create", incident, "--set", "kind=serious_incident", "--dry-run", NULL);
	expect_status(dry, 0);
	const struct ran *made =
	    run("notification", "create", incident, "--set", "kind=serious_incident", NULL);
	expect_status(made, 0);
	const char *id = text_at(made, "/id");
	CLEANUP(json_decref) json_t *calls = heard(&listener);
	cr_assert_eq(json_array_size(calls), 3, "the dry run must have sent nothing");
	for (size_t i = 0; i < 3; i++) {
		cr_assert_str_eq(call_text(calls, i, "signature"), "valid");
		cr_assert_str_eq(call_text(calls, i, "type"), "incident.notified");
		cr_assert_str_eq(call_text(calls, i, "name"), "here");
	}
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT bool_and(d.state = 'delivered') FROM delivery AS d"
	    " JOIN notification AS n ON n.event_id = d.event_id WHERE n.id = $1::uuid",
	    id, NULL));
	const struct ran *delivered = run("notification", "get", id, NULL);
	cr_assert_str_eq(text_at(delivered, "/state"), "delivered");
	const struct ran *deliveries = run("delivery", "list", "--incident-id", incident, "--recipient",
	    "dfe", "--state", "delivered", "-o", "id", NULL);
	expect_status(deliveries, 0);
	cr_assert_eq(count_lines(deliveries->output), 1);
	const char *delivery = text_of("%.36s", deliveries->output);
	const struct ran *attempts = run("delivery", "get", delivery, NULL);
	expect_status(attempts, 0);
	cr_assert_eq(json_integer_value(value_at(attempts, "/attempt_list/0/status")), 204);
	const struct ran *endpoints = run("webhook-endpoint", "list", "-o", "csv", NULL);
	expect_status(endpoints, 0);
	cr_assert_eq(count_lines(endpoints->output), 4);

	const struct ran *acknowledged =
	    run("notification", "acknowledge", id, "--set", "recipient=dfe", "--set", "reference=SIN-1",
	        "--set", text_of("acknowledged_on=%s", day(0)), "--set", "channel=dfe_form", NULL);
	expect_status(acknowledged, 0);
	cr_assert_str_eq(text_at(acknowledged, "/recipients/0/acknowledgements/0/reference"), "SIN-1");
	cr_assert_str_eq(text_at(run("incident", "get", incident, NULL), "/dfe_sin_ref"), "SIN-1");
	cr_assert_str_eq(run("notification", "list", "-o", "id", NULL)->output, text_of("%s\n", id));
	cr_assert_str_eq(
	    run("incident", "notifications", incident, "-o", "id", NULL)->output, text_of("%s\n", id));
	/* Twice is a conflict. */
	expect_status(
	    run("notification", "create", incident, "--set", "kind=serious_incident", NULL), 7);
}

/* ---- Deadlines ---- */

/* The day of awareness whose notification is due today, or on the next working day. */
static const char *aware_day_at_risk(void)
{
	for (int offset = 0; offset > -21; offset--) {
		const struct ran *simulated = run("clocks", "simulate", "--aware-on", day(offset), NULL);
		expect_status(simulated, 0);
		const char *due = text_at(simulated, "/clocks/0/due_on");
		cr_assert_str_eq(text_at(simulated, "/clocks/0/kind"), "sin");
		if (strcmp(due, day(0)) <= 0)
			return strcmp(due, day(0)) == 0 ? day(offset) : day(offset + 1);
	}
	give_up("no day of awareness leads to today");
}

static void record_awareness(const char *aware_on)
{
	give(incident_body());
	expect_status(run("incident", "create", "-f", "-", "--set", text_of("aware_on=%s", aware_on),
	                  "--set", text_of("incident_date=%s", aware_on), NULL),
	    0);
}

Test(notification, form_and_proof_are_shown_as_lines)
{
	const char *incident = incident_made();
	const struct ran *form = run("incident", "notification-form", incident, "-o", "csv", NULL);

	expect_status(form, 0);
	expect_has(form->output, "section,answers.question,answers.value,answers.state");
	expect_has(form->output, "notifier,Email address of the person who notifies,,not_held");
	expect_has(form->output, "incident,Nature of the incident,serious_harm,answered");
	const struct ran *whole = run("incident", "notification-form", incident, NULL);
	cr_assert_str_eq(text_at(whole, "/sections/0/section"), "notifier");
	const struct ran *proof = run("incident", "proof", incident, "-o", "table", NULL);
	expect_status(proof, 0);
	cr_assert_eq(count_lines(proof->output), 4);
	expect_has(proof->output, "outstanding");
	const struct ran *form_table =
	    run("incident", "notification-form", incident, "-o", "table", NULL);
	expect_status(form_table, 0);
	cr_assert_gt(count_lines(form_table->output), 40);
}

Test(deadlines, check_tells_calm_from_at_risk_from_breached_by_its_status)
{
	as(own_partnership("clockwatchers"));
	const struct ran *empty = run("deadlines", "check", "-o", "id", NULL);
	expect_status(empty, 0);
	cr_assert_str_eq(empty->output, "");

	record_awareness(day(0));
	const struct ran *calm = run("deadlines", "check", "-o", "csv", NULL);
	expect_status(calm, 0);
	record_awareness(aware_day_at_risk());
	const struct ran *at_risk = run("deadlines", "check", "-o", "ndjson", NULL);
	expect_status(at_risk, 21);
	cr_assert_eq(count_lines(at_risk->output), 1, "the calm one is not shown: %s", at_risk->output);
	record_awareness("2024-01-08");
	const struct ran *breached = run("deadlines", "check", "-o", "csv", NULL);
	expect_status(breached, 20);
	cr_assert_eq(count_lines(breached->output), 3, "%s", breached->output);
	expect_has(breached->output, "2024-01-15,breached,sin,");

	const struct ran *all = run("deadlines", "-o", "id", NULL);
	expect_status(all, 0);
	cr_assert_eq(count_lines(all->output), 3);
	const struct ran *running = run("deadlines", "--state", "running", "-o", "csv", NULL);
	expect_status(running, 0);
	expect_lacks(running->output, "breached");
	/* A number is one in CSV too, although it begins with a sign. */
	expect_lacks(breached->output, "'-");
	const struct ran *listed = run("deadlines", "list", "-o", "id", NULL);
	cr_assert_str_eq(listed->output, all->output);
}

/* ---- Webhooks on this machine ---- */

Test(webhook, trigger_is_heard_by_listen_and_its_answers_decide_the_status)
{
	const char *good = write_secret("secret", secrets[0]);
	const char *bad = write_secret("other", secrets[1]);
	struct listener listener = listen_for(good, "4", "500,204");

	expect_status(run("webhook", "trigger", listener.url, "--secret-file", good, NULL), 9);
	expect_status(run("webhook", "trigger", listener.url, "--secret-file", good, "--type", "a.b",
	                  "--id", "msg_1", "--set", "n=1", NULL),
	    0);
	expect_status(
	    run("webhook", "trigger", listener.url, "--secret-file", good, "--id", "msg_1", NULL), 0);
	expect_status(run("webhook", "trigger", listener.url, "--secret-file", bad, NULL), 4);
	CLEANUP(json_decref) json_t *calls = heard(&listener);
	cr_assert_eq(json_array_size(calls), 4);
	cr_assert_str_eq(call_text(calls, 1, "type"), "a.b");
	cr_assert_str_eq(call_text(calls, 1, "id"), "msg_1");
	cr_assert(json_is_true(json_object_get(json_array_get(calls, 2), "duplicate")));
	cr_assert_str_eq(call_text(calls, 3, "signature"), "INVALID");
	expect_status(
	    run("webhook", "trigger", "https://example.org/", "--secret-file", good, NULL), 2);
}

/* The vector of the Standard Webhooks specification's own libraries. */
Test(webhook, verify_judges_a_call_that_was_kept)
{
	const char *secret = scratch_file("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	static const char signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

	never_print("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	give("{\"test\": 2432232314}");
	const struct ran *good = run("webhook", "verify", "--secret-file", secret, "--id",
	    "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330", "--signature", signature,
	    "--tolerance", "2000000000", NULL);
	expect_status(good, 0);
	cr_assert_str_eq(good->output, "valid\n");
	give("{\"test\": 2432232315}");
	expect_status(run("webhook", "verify", "--secret-file", secret, "--id",
	                  "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330", "--signature",
	                  signature, "--tolerance", "2000000000", NULL),
	    6);
	give("{\"test\": 2432232314}");
	const struct ran *old =
	    run("webhook", "verify", "--secret-file", secret, "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
	        "--timestamp", "1614265330", "--signature", signature, NULL);
	expect_status(old, 6);
	expect_has(old->output, "INVALID");
}

/* The pair of the server that the specification's authors made. */
#define PUBLIC_KEY "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
#define PRIVATE_KEY                                                                                \
	"whsk_6Xb/dCcHpPea21PS1N9VY/"                                                                  \
	"NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define ED25519_SIGNATURE                                                                          \
	"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

Test(webhook, verify_reads_the_headers_from_a_file_and_takes_public_keys)
{
	const char *headers = scratch_file("headers",
	    "POST /hook HTTP/1.1\r\nWebhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\n"
	    "WEBHOOK-TIMESTAMP:1614265330\r\nwebhook-signature: v1,AAAA " ED25519_SIGNATURE " \r\n"
	    "\r\nwebhook-id: of the body\r\n");
	const char *body = scratch_file("body", "{\"test\": 2432232314}");
	const char *without = scratch_file("without", "webhook-id: a\n");

	const struct ran *good = run("webhook", "verify", "--public-key", PUBLIC_KEY, "--headers",
	    headers, "-f", body, "--any-age", "-o", "json", NULL);
	expect_status(good, 0);
	cr_assert(json_is_true(value_at(good, "/valid")));
	expect_status(run("webhook", "verify", "--public-key", PUBLIC_KEY, "--headers", headers, "-f",
	                  body, NULL),
	    6);
	expect_status(run("webhook", "verify", "--public-key", PUBLIC_KEY, "--headers", without, "-f",
	                  body, "--any-age", NULL),
	    6);
	expect_status(run("webhook", "verify", "--public-key", PUBLIC_KEY, "-f", body, NULL), 2);
	never_print(strchr(PRIVATE_KEY, '_'));
	expect_status(run("webhook", "verify", "--public-key", PRIVATE_KEY, "-f", body, NULL), 2);
	expect_status(run("webhook", "verify", "--headers", headers, "-f", body, NULL), 2);
}

Test(webhook, secrets_come_from_the_environment_or_from_a_file_that_it_names)
{
	const char *headers = scratch_file("headers",
	    "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nwebhook-timestamp: 1614265330\n"
	    "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n");
	static const char both[] = PUBLIC_KEY " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
	const char *body = scratch_file("body", "{\"test\": 2432232314}");

	never_print("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	with("CSPR_WEBHOOK_SECRET_FILE", scratch_file("secret", both));
	expect_status(run("webhook", "verify", "--headers", headers, "-f", body, "--any-age", NULL), 0);
	with("CSPR_WEBHOOK_SECRET", both);
	with("CSPR_WEBHOOK_SECRET_FILE", NULL);
	expect_status(run("webhook", "verify", "--headers", headers, "-f", body, "--any-age", NULL), 0);
	with("CSPR_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw oops");
	expect_status(run("webhook", "verify", "--headers", headers, "-f", body, "--any-age", NULL), 2);
}

Test(webhook, listen_acknowledges_with_the_same_reference_for_a_duplicate)
{
	const char *keys = write_secret("keys", PRIVATE_KEY);
	struct listener listener = {.output = scratch_path("heard"), .port_file = scratch_path("port")};

	never_print(strchr(PRIVATE_KEY, '_'));
	listener.id = start(listener.output, "webhook", "listen", "--port", "0", "--port-file",
	    listener.port_file, "--public-key", PUBLIC_KEY, "--count", "3", "--acknowledge", "--name",
	    "dfe", NULL);
	cr_assert(wait_until(has_port, &listener, PATIENCE));
	const struct ran *first = run("webhook", "trigger", listener.url, "--secret-file", keys, "--id",
	    "0190a1b2-0000-7000-8000-000000000001", NULL);
	expect_status(first, 0);
	cr_assert_str_eq(text_at(first, "/acknowledged/reference"), "dfe-0190a1b2");
	const struct ran *again = run("webhook", "trigger", listener.url, "--secret-file", keys, "--id",
	    "0190a1b2-0000-7000-8000-000000000001", NULL);
	expect_status(again, 0);
	cr_assert_str_eq(
	    text_at(again, "/acknowledged/received_at"), text_at(first, "/acknowledged/received_at"));
	const struct ran *bad =
	    run("webhook", "trigger", listener.url, "--secret-file", keys, "--tamper", NULL);
	expect_status(bad, 4);
	cr_assert(json_is_null(value_at(bad, "/acknowledged")));
	CLEANUP(json_decref) json_t *calls = heard(&listener);
	cr_assert_eq(json_array_size(calls), 3);
	expect_status(run("webhook", "listen", "--public-key", PUBLIC_KEY, "--acknowledge", "--answer",
	                  "500,204", NULL),
	    2);
}

Test(webhook, trigger_signs_as_the_service_does_during_a_rotation)
{
	const char *keys =
	    write_secret("keys", text_of("%s\n%s\n%s", PRIVATE_KEY, secrets[0], secrets[1]));
	struct listener listener = listen_for(write_secret("old", secrets[1]), "2", "204");

	never_print(strchr(PRIVATE_KEY, '_'));
	const struct ran *sent = run("webhook", "trigger", listener.url, "--secret-file", keys, NULL);
	expect_status(sent, 0);
	const char *signature = text_at(sent, "/signature");
	cr_assert_eq(strncmp(signature, "v1,", 3), 0);
	const char *second = strchr(signature, ' ');
	cr_assert(second && strncmp(second, " v1,", 4) == 0);
	cr_assert(strstr(second + 1, " v1a,"));
	expect_status(
	    run("webhook", "trigger", listener.url, "--secret-file", keys, "--age", "301", NULL), 4);
	CLEANUP(json_decref) json_t *calls = heard(&listener);
	cr_assert_str_eq(call_text(calls, 0, "type"), "incident.notified");
	const char *public_file = write_secret("public", PUBLIC_KEY);
	expect_status(run("webhook", "trigger", listener.url, "--secret-file", public_file, NULL), 2);
}
