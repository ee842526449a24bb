/* Owns the tests of circuits, and of what people are told of endpoints and deliveries. */
#include "fixture.h"

#include <string.h>

#include "outbox/outbox.h"
#include "support/support.h"

#define LEASE 60000

TestSuite(circuits, .init = fixture_open, .fini = fixture_close, .timeout = 120);

static struct outbox *start(void)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct outbox *outbox = NULL;
	struct settings settings = {
	    .database_url = (char *)fixture_url(),
	    .secrets_key = SECRETS_KEY,
	    .target_allow = "127.0.0.1",
	    .delivery_timeout = 5,
	    .retry_scale_percent = 1,
	    .catch_up_rate = 10,
	    .public_url = "https://cspr.example",
	};

	cr_assert(outbox_start(&settings, &outbox, &problem), "%s %s", problem.detail, problem.cause);
	return outbox;
}

static bool holds(void *context)
{
	return strcmp(query("SELECT %s", (const char *)context), "t") == 0;
}

static bool comes_true(const char *condition)
{
	return wait_until(holds, (void *)condition, PATIENCE);
}

/* Somebody who asked for what is told of endpoints and deliveries, and for nothing else. */
static void watcher_add(const char *url)
{
	endpoint_add("watcher", NULL, url);
	query("UPDATE webhook_endpoint SET event_types ="
	      " '{endpoint.failing,endpoint.recovered,delivery.at_risk}' WHERE name = 'watcher'");
}

/* How often each was told to whom, as "type to name, …". */
static const char *told(void)
{
	return query("SELECT string_agg(t.type || ' to ' || t.name, ', ' ORDER BY t.type, t.name) FROM"
	             " (SELECT v.type, e.name FROM event AS v"
	             " LEFT JOIN delivery AS d ON d.event_id = v.id"
	             " LEFT JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	             " WHERE v.type <> 'incident.notified') AS t");
}

/* As a process writes that it has judged so. */
static void circuit_set(const char *endpoint, const char *opened_at, const char *trial_at)
{
	query("SELECT circuit_write(e.partnership_id, e.id, coalesce((SELECT k.revision FROM"
	      " endpoint_circuit AS k WHERE k.endpoint_id = e.id), 0), 5, 0, %s, %s, '')"
	      " FROM webhook_endpoint AS e WHERE e.name = '%s'",
	    opened_at, trial_at, endpoint);
}

Test(circuits, open_and_close_and_are_told_once_each_whoever_dispatches)
{
	CLEANUP(receiver_stop) struct receiver *broken = receiver_start();
	CLEANUP(receiver_stop) struct receiver *watching = receiver_start();
	struct outbox *first = start();
	struct outbox *second = start();

	receiver_answer(broken, 500, NULL, "broken");
	watcher_add(receiver_url(watching));
	endpoint_add("broken", NULL, receiver_url(broken));
	query("UPDATE webhook_endpoint SET event_types ="
	      " '{incident.notified,endpoint.failing}' WHERE name = 'broken'");
	for (int i = 1; i <= 12; i++)
		event_add(i);
	cr_assert(comes_true("EXISTS (SELECT FROM endpoint_circuit WHERE opened_at IS NOT NULL)"));
	receiver_answer(broken, 204, NULL, NULL);
	cr_assert(comes_true("NOT EXISTS (SELECT FROM delivery WHERE state <> 'delivered')"
	                     " AND EXISTS (SELECT FROM endpoint_circuit WHERE opened_at IS NULL"
	                     " AND failures = 0)"));
	outbox_stop(first);
	outbox_stop(second);
	cr_assert_str_eq(told(), "endpoint.failing to watcher, endpoint.recovered to watcher");
	cr_assert_eq(receiver_count(watching), 2);
	cr_assert(
	    strstr(receiver_call(watching, 0)->body, "https://cspr.example/v1/webhook-endpoints/"));
}

Test(circuits, that_are_open_let_one_at_a_time_through_whoever_asks)
{
	struct worker worker;
	struct worker other;

	endpoint_add("dfe", "dfe", "https://a.example/");
	endpoint_add("sound", NULL, "https://b.example/");
	for (int i = 1; i <= 6; i++)
		event_add(i);
	worker_open(&worker);
	worker_open(&other);
	circuit_set("dfe", "now()", "now() + interval '1 hour'");
	cr_assert_eq(worker_claim(&worker, 100, LEASE), ALLOWANCE_START, "of the sound one alone");
	query("UPDATE endpoint_circuit SET trial_at = now()");
	query("UPDATE webhook_endpoint SET state = 'paused' WHERE name = 'sound'");
	cr_assert_eq(worker_claim(&worker, 100, LEASE), 1);
	cr_assert(worker.claimed[0].troubled);
	cr_assert_eq(worker_claim(&other, 100, LEASE), 0, "the trial is under way");
	cr_assert_eq(number("SELECT count(*) FROM delivery AS d JOIN webhook_endpoint AS e"
	                    " ON e.id = d.endpoint_id WHERE e.name = 'dfe' AND d.state = 'pending'"),
	    6, "nothing is lost by it");
	worker_close(&worker);
	worker_close(&other);
}

Test(circuits, leave_the_trial_to_others_while_nothing_is_due)
{
	struct worker worker;

	endpoint_add("dfe", "dfe", "https://a.example/");
	circuit_set("dfe", "now()", "now()");
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 100, LEASE), 0);
	event_add(1);
	cr_assert_eq(worker_claim(&worker, 100, LEASE), 1);
	worker_close(&worker);
}

Test(circuits, are_written_by_who_has_read_them_last)
{
	static const char *const write = "circuit_write(e.partnership_id, e.id, 0, 5, 0, now(), now(),"
	                                 " '')";

	endpoint_add("a", NULL, "https://a.example/");
	cr_assert_str_eq(query("SELECT %s FROM webhook_endpoint AS e", write), "t");
	cr_assert_str_eq(query("SELECT %s FROM webhook_endpoint AS e", write), "f");
	cr_assert_eq(number("SELECT count(*) FROM event WHERE type = 'endpoint.failing'"), 1);
}

Test(circuits, that_close_bring_forward_what_waits_for_a_recipient_in_law_and_nobody_holds)
{
	endpoint_add("dfe", "dfe", "https://a.example/");
	endpoint_add("ordinary", NULL, "https://b.example/");
	for (int i = 1; i <= 3; i++)
		event_add(i);
	/* One was tried and waits, one was tried and is held again, one was not tried. */
	query("UPDATE delivery AS d SET attempts = CASE WHEN i.local_ref < 'N-3' THEN 2 ELSE 0 END,"
	      " due_at = now() + CASE i.local_ref WHEN 'N-2' THEN interval '40 s' ELSE '5 h' END"
	      " FROM incident AS i WHERE i.id = d.incident_id");
	for (int i = 0; i < 2; i++) {
		circuit_set(i ? "dfe" : "ordinary", "now()", "now()");
		circuit_set(i ? "dfe" : "ordinary", "NULL", "NULL");
	}
	cr_assert_str_eq(query("SELECT string_agg(e.name || ' ' || i.local_ref, ', ')"
	                       " FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	                       " JOIN incident AS i ON i.id = d.incident_id WHERE d.due_at <= now()"),
	    "dfe N-1");
}

Test(circuits, leave_it_to_the_next_trial_when_a_process_ends_in_one)
{
	struct worker worker;

	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	event_add(2);
	circuit_set("dfe", "now()", "now()");
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 100, LEASE), 1);
	worker_close(&worker);
	query("UPDATE endpoint_circuit SET trial_at = trial_at - interval '%d ms'", LEASE);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 100, LEASE), 1);
	worker_close(&worker);
}

/* ---- Deliveries at risk ---- */

static int64_t warn(void)
{
	return number("SELECT deliveries_at_risk('', 50)");
}

static void set_days(const char *legal_on, const char *at_risk_on)
{
	query("UPDATE delivery SET legal_on = london_day(now()) + %s,"
	      " at_risk_on = london_day(now()) + %s",
	    legal_on, at_risk_on);
}

Test(risk, is_told_once_when_a_working_day_is_left, .init = fixture_open, .fini = fixture_close)
{
	watcher_add("https://w.example/");
	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	set_days("1", "0");
	cr_assert_eq(warn(), 0, "it was appended just now");
	query("UPDATE delivery SET attempts = 1");
	cr_assert_eq(warn(), 1);
	cr_assert_eq(warn(), 0);
	cr_assert_str_eq(told(), "delivery.at_risk to watcher");
	cr_assert_eq(number("SELECT count(*) FROM event AS v JOIN delivery AS d"
	                    " ON d.id::text = v.body::json -> 'data' ->> 'delivery_id'"
	                    " WHERE v.type = 'delivery.at_risk'"
	                    " AND v.body::json -> 'data' ->> 'due_on' = d.legal_on::text"
	                    " AND v.body::json -> 'data' ->> 'incident_id' = d.incident_id::text"
	                    " AND v.body::json -> 'data' ->> 'local_ref' = 'N-1'"
	                    " AND v.sequence IS NULL"),
	    1, "it stands in no order");
}

Test(risk, is_told_after_an_outage_of_ours_too, .init = fixture_open, .fini = fixture_close)
{
	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	set_days("-1", "-2");
	query("UPDATE delivery SET created_at = now() - interval '3 days'");
	cr_assert_eq(warn(), 1);
}

Test(risk, is_told_when_the_next_attempt_would_come_too_late, .init = fixture_open,
    .fini = fixture_close)
{
	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	set_days("3", "2");
	query("UPDATE delivery SET attempts = 5, due_at = london_day_end(legal_on) - interval '1 s'");
	cr_assert_eq(warn(), 0);
	query("UPDATE delivery SET due_at = due_at + interval '2 s'");
	cr_assert_eq(warn(), 1);
	cr_assert_eq(warn(), 0);
}

Test(risk, is_not_told_of_what_is_made_or_has_no_day_in_law, .init = fixture_open,
    .fini = fixture_close)
{
	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	query("UPDATE delivery SET attempts = 5, due_at = now() + interval '1 year'");
	cr_assert_eq(warn(), 0);
	set_days("1", "0");
	query("UPDATE delivery SET state = 'delivered', due_at = NULL, delivered_at = now()");
	cr_assert_eq(warn(), 0);
}

Test(risk, is_told_by_whichever_process_comes_first, .init = fixture_open, .fini = fixture_close)
{
	CLEANUP(receiver_stop) struct receiver *broken = receiver_start();
	CLEANUP(receiver_stop) struct receiver *watching = receiver_start();
	CLEANUP(text_finish) struct text metrics = TEXT_INIT(16384);

	receiver_answer(broken, 503, NULL, "");
	watcher_add(receiver_url(watching));
	endpoint_add("dfe", "dfe", receiver_url(broken));
	event_add(1);
	set_days("1", "0");
	struct outbox *first = start();
	struct outbox *second = start();
	cr_assert(receiver_wait(watching, 1, PATIENCE));
	while (!strstr(text_string(&metrics), "cspr_deliveries_at_risk 1\n")) {
		text_clear(&metrics);
		outbox_measure(first, &metrics);
	}
	cr_assert(strstr(text_string(&metrics), "cspr_delivery_oldest_seconds{statutory=\"true\"} "));
	cr_assert_null(strstr(text_string(&metrics), "{statutory=\"true\"} 0.000\n"));
	cr_assert(strstr(text_string(&metrics), "cspr_endpoint_circuits_open "));
	receiver_answer(broken, 204, NULL, NULL);
	cr_assert(comes_true("NOT EXISTS (SELECT FROM delivery WHERE state <> 'delivered')"));
	outbox_stop(first);
	outbox_stop(second);
	cr_assert_eq(number("SELECT count(*) FROM event WHERE type = 'delivery.at_risk'"), 1);
}
