/* Owns the tests of notifying the recipients in law, and of their acknowledgements. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(notification, .timeout = 60);
TestSuite(recipient, .timeout = 60);
TestSuite(acknowledgement, .timeout = 60);

static const char recorded_one[] = "{'kind': '%s', 'transmission': 'record',"
                                   " 'notified_on': '2024-01-11'}";

static const char *death_of(const char *basis, const char *child)
{
	return recorded(incident_with("{'nature': 'child_death', 'death_date': '2024-01-06',"
	                              " 'abuse_neglect_status': 'not_known_or_suspected',"
	                              " 'notifying_basis': '%s',"
	                              " 'children': [{'nature': 'child_death', %s}]}",
	    basis, child));
}

static const struct answer *notify(const char *id, json_t *body)
{
	return post(body, "/v1/incidents/%s/notifications", id);
}

static const char *notified(const char *id)
{
	const struct answer *made = notify(id, json_of(recorded_one, "serious_incident"));

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static void withdraw(const char *id)
{
	expect_status(move(json_of("{'to': 'withdrawn', 'reason': 'A medical cause.',"
	                           " 'agreed_by': 'the safeguarding partners'}"),
	                  etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/transitions", id),
	    200);
}

Test(notification, is_kept_with_its_recipients)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *made = notify(id, json_of("{'kind': 'serious_incident'}"));

	expect_status(made, 201);
	cr_assert_str_eq(
	    answer_header(made, "Location"), text_of("/v1/notifications/%s", answer_text(made, "/id")));
	expect_value(made, "/kind", "'serious_incident'");
	expect_value(made, "/incident_id", text_of("'%s'", id));
	expect_value(made, "/transmission", "'send'");
	expect_value(made, "/notified_on", text_of("'%s'", day(0)));
	cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 3);
	expect_value(get("/v1/incidents/%s", id), "/state", "'notified'");
	cr_assert(json_equal(get("%s", answer_header(made, "Location"))->json, made->json));
	cr_assert_eq(
	    count_of(answer_at(get("/v1/incidents/%s/notifications", id), "/data"), "incident_id", id),
	    1);
	cr_assert_eq(
	    count_of(answer_at(get("/v1/notifications?limit=200"), "/data"), "incident_id", id), 1);
}

Test(notification, of_another_kind_than_the_duty_is_refused_with_what_is_missing)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *refused = notify(id, json_of("{'kind': 'care_leaver_death'}"));

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'s16c_serious_harm_abuse_known_or_suspected'");
	cr_assert_gt(strlen(answer_text(refused, "/missing/0/detail")), 40);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(notification, of_an_incident_without_a_duty_is_refused)
{
	const char *id = recorded(incident_with(
	    "{'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': null}"));

	expect_problem(notify(id, json_of("{'kind': 'serious_incident'}")), 409, "conflict");
}

Test(notification, is_made_once)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, json_of("{'kind': 'serious_incident'}")), 201);
	const char *kept = everything_kept();
	expect_problem(notify(id, json_of("{'kind': 'serious_incident'}")), 409, "duplicate");
	expect_problem(notify(id, json_of(recorded_one, "serious_incident")), 409, "duplicate");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(notification, is_made_once_by_all_who_try_at_the_same_moment)
{
	const char *id = recorded(incident_with("{}"));
	struct call calls[8];
	const struct answer *answers[8];
	size_t made = 0;

	for (size_t i = 0; i < 8; i++)
		calls[i] = (struct call){.method = "POST",
		    .path = text_of("/v1/incidents/%s/notifications", id),
		    .idempotency_key = new_id(),
		    .body = "{\"kind\":\"serious_incident\"}"};
	make_at_once(calls, 8, answers);
	for (size_t i = 0; i < 8; i++) {
		made += answers[i]->status == 201;
		cr_assert(answers[i]->status == 201 || is_problem(answers[i], 409, "duplicate"), "%s",
		    told(answers[i]));
	}
	cr_assert_eq(made, 1);
}

Test(notification, that_follows_needs_one_before_it)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *refused = notify(id, json_of("{'kind': 'update', 'changes': 'News.'}"));

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'notification'");
	expect_value(notify(id, json_of("{'kind': 'withdrawal'}")), "/missing/0/code", "'withdrawn'");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(notification, that_updates_says_what_has_changed_and_no_other_does)
{
	const char *id = recorded(incident_with("{}"));

	notified(id);
	expect_fault(notify(id, json_of("{'kind': 'update'}")), "/changes", "required");
	expect_fault(notify(recorded(incident_with("{}")),
	                 json_of("{'kind': 'serious_incident', 'changes': 'Nothing.'}")),
	    "/changes", "type");
	expect_fault(
	    notify(id, json_of("{'kind': 'update', 'changes': 'News.', 'transmission': 'record',"
	                       " 'notified_on': '2024-01-10'}")),
	    "/notified_on", "notified_before_first");
}

Test(notification, may_be_updated_as_often_as_there_is_news)
{
	const char *id = recorded(incident_with("{}"));

	notified(id);
	for (int i = 0; i < 2; i++) {
		const struct answer *made = notify(id, json_of("{'kind': 'update', 'changes': 'News.'}"));
		expect_status(made, 201);
		expect_value(made, "/changes", "'News.'");
		cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 3);
	}
	const struct answer *list = get("/v1/incidents/%s/notifications", id);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 3);
	expect_value(list, "/data/0/kind", "'serious_incident'");
	cr_assert_geq(
	    json_array_size(answer_at(get("/v1/notifications?kind=update&limit=200"), "/data")), 2);
}

Test(notification, of_a_withdrawn_incident_is_a_withdrawal)
{
	const char *id = recorded(incident_with("{}"));

	notified(id);
	withdraw(id);
	const struct answer *refused = notify(id, json_of("{'kind': 'update', 'changes': 'News.'}"));
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'not_withdrawn'");
	const struct answer *made = notify(id, json_of("{'kind': 'withdrawal'}"));
	expect_status(made, 201);
	cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 3);
	expect_value(get("/v1/incidents/%s", id), "/state", "'withdrawn'");
}

Test(notification, made_elsewhere_names_its_day)
{
	const char *id = recorded(incident_with("{}"));
	static const struct {
		const char *body;
		const char *code;
	} faults[] = {
	    {"{'kind': 'serious_incident', 'transmission': 'record', 'notified_on': '2024-01-05'}",
	        "notified_before_aware"},
	    {"{'kind': 'serious_incident', 'transmission': 'record', 'notified_on': '2199-01-01'}",
	        "date_in_future"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		const struct answer *refused = notify(id, json_of("%s", faults[i].body));
		expect_problem(refused, 422, "invalid");
		expect_fault(refused, "/notified_on", faults[i].code);
	}
	expect_problem(notify(id, json_of("{'kind': 'serious_incident', 'transmission': 'record'}")),
	    422, "invalid");
	expect_problem(notify(id, json_of("{'kind': 'serious_incident', 'notified_on': '2024-01-11'}")),
	    422, "invalid");
	expect_value(notify(id, json_of(recorded_one, "serious_incident")), "/state", "'recorded'");
}

Test(notification, leaves_later_events_with_the_clocks_as_they_were_judged)
{
	const char *id = recorded(incident_with("{}"));

	notified(id);
	const char *etag = etag_of(get("/v1/incidents/%s", id));
	expect_status(patch(json_of("{'media_interest': true}"), etag, "/v1/incidents/%s", id), 200);
	CLEANUP(free)
	char *states = sql_text(&stage()->database,
	    "SELECT jsonb_path_query_array(e.body::jsonb, '$.data.clocks[*].kind')::text || "
	    "jsonb_path_query_array(e.body::jsonb, '$.data.clocks[*].state')::text FROM event AS e "
	    "WHERE e.incident_id = $1::uuid AND e.type = 'incident.updated'",
	    id, NULL);
	cr_assert_not_null(strstr(states, "[\"sin\", \"rapid_review\"]"), "%s", states);
	cr_assert_not_null(strstr(states, "\"met\""), "%s", states);
}

Test(notification, that_is_tried_keeps_nothing)
{
	const char *id = recorded(incident_with("{}"));
	const char *kept = everything_kept();
	const struct answer *shown = post(
	    json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications?dry_run=true", id);

	expect_status(shown, 200);
	cr_assert_eq(json_array_size(answer_at(shown, "/recipients")), 3);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(notification, of_a_care_leaver_or_a_looked_after_child_goes_to_dfe_and_ofsted_only)
{
	const struct {
		const char *id;
		const char *kind;
	} deaths[] = {
	    {death_of("lac_death", "'age_years': 12, 'lac_status': 'current'"),
	        "looked_after_child_death"},
	    {death_of("care_leaver_death", "'age_years': 22, 'csc_status': 'care_leaver'"),
	        "care_leaver_death"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(deaths); i++) {
		const struct answer *made = notify(deaths[i].id, json_of(recorded_one, deaths[i].kind));
		expect_status(made, 201);
		cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 2);
		expect_value(made, "/recipients/0/recipient", "'dfe'");
		expect_value(made, "/recipients/1/recipient", "'ofsted'");
		const struct answer *clocks = get("/v1/incidents/%s/clocks", deaths[i].id);
		cr_assert_eq(count_of(answer_at(clocks, "/clocks"), "kind", "rapid_review"), 0);
		cr_assert_eq(count_of(answer_at(clocks, "/clocks"), "state", "met"), 1);
		expect_problem(
		    notify(deaths[i].id, json_of("{'kind': 'serious_incident'}")), 409, "conflict");
	}
}

static const char *secret_file(void)
{
	static char path[] = "/tmp/cspr-secret-XXXXXX";
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
	int file = mkstemp(path);

	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, secret, strlen(secret)), (ssize_t)strlen(secret));
	close(file);
	return path;
}

static void set_recipients(const struct receiver *receiver)
{
	static const char *const names[] = {"dfe", "ofsted", "panel"};
	const char *path = secret_file();

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		CLEANUP(outcome_finish) struct outcome outcome = {0};
		const char *const arguments[] = {"recipients", "set", "--partnership", "south",
		    "--recipient", names[i], "--url", receiver_url(receiver), "--secret-file", path, NULL};
		csprd_run(&stage()->database, arguments, NULL, &outcome);
		cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	}
	unlink(path);
}

/* South alone has recipients, so that the notifications of the other tests reach nobody. */
Test(recipient, in_law_gets_what_concerns_it_and_its_delivery_shows)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();

	as(stage()->south);
	set_recipients(receiver);
	const char *id = death_of("lac_death", "'age_years': 12, 'lac_status': 'current'");
	const struct answer *made = notify(id, json_of("{'kind': 'looked_after_child_death'}"));
	expect_status(made, 201);
	cr_assert(receiver_wait(receiver, 2, PATIENCE));
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT count(*) = 2 FROM delivery WHERE state = 'delivered'", NULL));
	const struct answer *read = get("/v1/notifications/%s", answer_text(made, "/id"));
	expect_value(read, "/state", "'delivered'");
	expect_value(read, "/recipients/0/delivery/state", "'delivered'");
	expect_value(read, "/recipients/1/delivery/last_status", "204");
	const struct answer *deliveries = get("/v1/deliveries?incident_id=%s", id);
	cr_assert_eq(json_array_size(answer_at(deliveries, "/data")), 2);
	cr_assert_eq(count_of(answer_at(deliveries, "/data"), "recipient", "panel"), 0);
	const struct answer *delivery = get("/v1/deliveries/%s", answer_text(deliveries, "/data/0/id"));
	expect_value(delivery, "/attempt_list/0/status", "204");
	cr_assert_str_eq(answer_text(delivery, "/event/data/incident_id"), id);

	const char *quiet = recorded(incident_with("{}"));
	expect_status(notify(quiet, json_of(recorded_one, "serious_incident")), 201);
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM delivery WHERE incident_id = $1::uuid", quiet), 0);
}

Test(recipient, in_law_is_told_of_an_update_and_of_a_withdrawal_as_of_the_first)
{
	CLEANUP(receiver_stop) struct receiver *receiver = receiver_start();

	as(stage()->south);
	set_recipients(receiver);
	const char *id = death_of("lac_death", "'age_years': 12, 'lac_status': 'current'");
	expect_status(notify(id, json_of("{'kind': 'looked_after_child_death'}")), 201);
	expect_status(notify(id, json_of("{'kind': 'update', 'changes': 'An inquest opened.'}")), 201);
	withdraw(id);
	expect_status(notify(id, json_of("{'kind': 'withdrawal'}")), 201);
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT count(*) = 6 FROM delivery WHERE incident_id = $1::uuid AND state = 'delivered'",
	    id, NULL));
	CLEANUP(free)
	char *told = sql_text(&stage()->database,
	    "SELECT string_agg(e.recipient || ' ' || v.type, ', ' ORDER BY v.sequence, e.recipient)"
	    " FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " JOIN event AS v ON v.id = d.event_id WHERE d.incident_id = $1::uuid",
	    id, NULL);
	cr_assert_str_eq(told, "dfe incident.notified, ofsted incident.notified,"
	                       " dfe incident.notification_updated,"
	                       " ofsted incident.notification_updated,"
	                       " dfe incident.notification_withdrawn,"
	                       " ofsted incident.notification_withdrawn");
}

static const struct answer *acknowledge(const char *id, const char *members)
{
	json_t *body = json_of("{'recipient': 'dfe', 'acknowledged_on': '2024-01-12',"
	                       " 'channel': 'dfe_form'}");
	CLEANUP(json_decref) json_t *changes = json_of("%s", members);

	json_object_update(body, changes);
	return post(body, "/v1/notifications/%s/acknowledgements", id);
}

Test(acknowledgement, is_kept_with_its_proof)
{
	const char *id = notified(recorded(incident_with("{}")));
	const struct answer *made = acknowledge(id, "{'reference': 'SIN-1',"
	                                            " 'acknowledged_by': 'service desk'}");

	expect_status(made, 201);
	expect_value(made, "/version", "2");
	expect_value(made, "/recipients/0/acknowledgements/0/reference", "'SIN-1'");
	expect_value(made, "/recipients/0/acknowledgements/0/channel", "'dfe_form'");
	expect_value(made, "/recipients/1/acknowledgements", "[]");
	cr_assert(json_equal(get("/v1/notifications/%s", id)->json, made->json));
}

Test(acknowledgement, by_all_recipients_makes_the_notification_acknowledged)
{
	const char *id = notified(recorded(incident_with("{}")));

	acknowledge(id, "{}");
	expect_value(acknowledge(id, "{'recipient': 'ofsted'}"), "/state", "'recorded'");
	expect_value(
	    acknowledge(id, "{'recipient': 'panel', 'channel': 'email'}"), "/state", "'acknowledged'");
}

Test(acknowledgement, of_the_dfe_gives_the_incident_its_reference)
{
	const char *incident = recorded(incident_with("{}"));
	const char *id = notified(incident);

	acknowledge(id, "{'recipient': 'ofsted', 'reference': 'OFS-9'}");
	expect_value(get("/v1/incidents/%s", incident), "/dfe_sin_ref", "null");
	acknowledge(id, "{'reference': 'SIN-2024-004821'}");
	expect_value(get("/v1/incidents/%s", incident), "/dfe_sin_ref", "'SIN-2024-004821'");
	acknowledge(id, "{}");
	expect_value(get("/v1/incidents/%s", incident), "/dfe_sin_ref", "'SIN-2024-004821'");
	const json_t *changes = answer_at(get("/v1/incidents/%s/history", incident), "/data/3/changes");
	cr_assert_eq(count_of(changes, "field", "dfe_sin_ref"), 1);
}

Test(acknowledgement, obeys_its_rules)
{
	const char *id = notified(recorded(incident_with("{}")));
	const char *lac = death_of("lac_death", "'age_years': 12, 'lac_status': 'current'");
	const char *to_two =
	    answer_text(notify(lac, json_of(recorded_one, "looked_after_child_death")), "/id");
	const char *kept = everything_kept();

	expect_fault(acknowledge(id, "{'acknowledged_on': '2024-01-10'}"), "/acknowledged_on",
	    "acknowledged_before_notified");
	expect_fault(acknowledge(id, text_of("{'acknowledged_on': '%s'}", day(2))), "/acknowledged_on",
	    "date_in_future");
	expect_fault(acknowledge(id, "{'acknowledged_on': '2500-01-01'}"), "/acknowledged_on",
	    "date_out_of_range");
	expect_fault(
	    acknowledge(to_two, "{'recipient': 'panel'}"), "/recipient", "recipient_not_notified");
	expect_fault(acknowledge(id, "{'recipient': 'police'}"), "/recipient", "enum");
	expect_fault(acknowledge(id, "{'document_sha256': 'abc'}"), "/document_sha256", "pattern");
	expect_problem(acknowledge(new_id(), "{}"), 404, "not-found");
	cr_assert_str_eq(everything_kept(), kept);
}
