/* Owns the tests of the queue's statements: order, fence, release, pausing, and who may do what. */
#include "fixture.h"

#include <string.h>

#define LEASE 60000

TestSuite(queue, .init = fixture_open, .fini = fixture_close, .timeout = 120);

Test(queue, gives_the_later_delivery_of_an_incident_only_when_the_earlier_one_is_settled)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	cr_assert_eq(event_add(1), 1);
	cr_assert_eq(event_add(1), 2);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_eq(delivery_sequence(&worker.claimed[0]), 1);
	cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_eq(delivery_sequence(&worker.claimed[0]), 2);
	worker_close(&worker);
}

Test(queue, lets_other_incidents_and_endpoints_pass_a_failing_one)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	event_add(1);
	event_add(2);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	size_t first = delivery_sequence(&worker.claimed[0]) == 1 ? 0 : 1;
	cr_assert(worker_settle(&worker, first, 500, VERDICT_PENDING, 3600000, false));
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE due_at > now() + interval '59 min'"),
	    2, "what waits behind a failed delivery moves with it");
	endpoint_add("b", NULL, "https://b.example/");
	event_add(1);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_str_eq(worker.claimed[0].url, "https://b.example/");
	worker_close(&worker);
}

Test(queue, brings_the_next_in_line_forward_when_the_failing_one_is_through_or_given_up)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	for (int i = 0; i < 3; i++)
		event_add(1);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert(worker_settle(&worker, 0, 500, VERDICT_PENDING, 3600000, false));
	query("UPDATE delivery SET due_at = now() WHERE sequence = 1");
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_eq(worker.claimed[0].attempts, 1);
	cr_assert(worker_settle(&worker, 0, 200, VERDICT_DELIVERED, 0, false));
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_eq(delivery_sequence(&worker.claimed[0]), 2);
	cr_assert(worker_settle(&worker, 0, 500, VERDICT_FAILED, 0, false));
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_eq(delivery_sequence(&worker.claimed[0]), 3);
	worker_close(&worker);
}

Test(queue, hands_a_delivery_on_when_its_lease_is_over_and_ignores_the_late_settlement)
{
	struct worker slow;
	struct worker quick;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	worker_open(&slow);
	worker_open(&quick);
	cr_assert_eq(worker_claim(&slow, 10, LEASE), 1);
	cr_assert_eq(worker_claim(&quick, 10, LEASE), 0);
	query("UPDATE delivery SET due_at = now()");
	cr_assert_eq(worker_claim(&quick, 10, LEASE), 1);
	cr_assert_str_eq(quick.claimed[0].id, slow.claimed[0].id);
	cr_assert_gt(quick.claimed[0].fence, slow.claimed[0].fence);

	cr_assert_not(worker_settle(&slow, 0, 500, VERDICT_FAILED, 0, false));
	cr_assert_eq(number("SELECT count(*) FROM delivery_attempt"), 0);
	cr_assert_str_eq(query("SELECT state FROM delivery"), "pending");
	cr_assert(worker_settle(&quick, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_assert_not(worker_settle(&quick, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_assert_eq(number("SELECT count(*) FROM delivery_attempt"), 1);
	worker_close(&slow);
	worker_close(&quick);
}

/*
 * A dispatcher whose connection ends before it has the answer cannot know that its settlement was
 * kept, and sends it again. Another one may have the next in line in its hand by then.
 */
Test(queue, takes_a_settlement_that_comes_again_for_the_same_one)
{
	struct worker first;
	struct worker second;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	event_add(1);
	worker_open(&first);
	worker_open(&second);
	cr_assert_eq(worker_claim(&first, 10, LEASE), 1);
	cr_assert(worker_settle(&first, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_assert_eq(worker_claim(&second, 10, LEASE), 1);
	cr_assert_eq(delivery_sequence(&second.claimed[0]), 2);

	cr_expect_not(worker_settle(&first, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_expect_eq(worker_claim(&first, 10, LEASE), 0, "it is in two hands");
	cr_assert(worker_settle(&second, 0, 500, VERDICT_PENDING, 3600000, false));
	cr_expect_not(worker_settle(&second, 0, 500, VERDICT_PENDING, 3600000, false));
	cr_expect_eq(number("SELECT attempts FROM delivery WHERE sequence = 2"), 1);
	cr_expect_eq(number("SELECT count(*) FROM delivery_attempt"), 2);
	worker_close(&first);
	worker_close(&second);
}

Test(queue, keeps_every_attempt_with_what_was_answered)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	worker_open(&worker);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
		cr_assert(worker_settle(&worker, 0, 500, VERDICT_PENDING, 0, false));
	}
	cr_assert_str_eq(query("SELECT string_agg(concat_ws('|', number, status, duration_ms, address,"
	                       " error, answer), ',' ORDER BY number) FROM delivery_attempt"),
	    "1|500|7|192.0.2.1|said \"this\"\n,2|500|7|192.0.2.1|said \"this\"\n,"
	    "3|500|7|192.0.2.1|said \"this\"\n");
	worker_close(&worker);
}

Test(queue, releases_a_claim_for_others_at_once)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct worker worker;
	struct worker other;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	worker_open(&worker);
	worker_open(&other);
	cr_assert(lease_execute(other.lease, "LISTEN cspr_delivery", &problem));
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	const struct delivery *const released[] = {&worker.claimed[0]};
	cr_assert(queue_release(worker.lease, released, 1, &problem), "%s", problem.cause);
	cr_assert_eq(worker_claim(&other, 10, LEASE), 1);
	cr_assert(lease_take_notifications(other.lease));
	cr_assert_not(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	worker_close(&worker);
	worker_close(&other);
}

Test(queue, pauses_an_ordinary_endpoint_and_never_one_of_a_recipient_in_law)
{
	struct worker worker;

	endpoint_add("ordinary", NULL, "https://a.example/");
	endpoint_add("statutory", "dfe", "https://b.example/");
	event_add(1);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	for (size_t i = 0; i < 2; i++)
		cr_assert(worker_settle(&worker, i, 410, VERDICT_PENDING, 0, true));
	cr_assert_str_eq(query("SELECT string_agg(name || ' ' || state, ', ' ORDER BY name)"
	                       " FROM webhook_endpoint"),
	    "ordinary paused, statutory active");
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert(worker.claimed[0].statutory);
	query("UPDATE webhook_endpoint SET state = 'active'");
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1, "what was paused goes on");
	worker_close(&worker);
}

Test(queue, allows_each_endpoint_its_share_and_takes_the_oldest_first)
{
	struct worker worker;
	size_t of_a = 0;

	endpoint_add("a", NULL, "https://a.example/");
	for (int i = 1; i <= 10; i++)
		event_add(i);
	query("UPDATE delivery SET due_at = due_at - interval '1 hour' WHERE id ="
	      " (SELECT d.id FROM delivery AS d ORDER BY d.created_at DESC LIMIT 1)");
	endpoint_add("b", NULL, "https://b.example/");
	event_add(11);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 1, LEASE), 1);
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE id = '%s' AND incident_id ="
	                    " '00000000-0000-7000-8000-100000000010'",
	                 worker.claimed[0].id),
	    1);
	cr_assert_eq(worker_claim(&worker, 100, LEASE), ALLOWANCE_START + 1);
	for (size_t i = 0; i < worker.claimed_count; i++)
		of_a += strcmp(worker.claimed[i].url, "https://a.example/") == 0;
	cr_assert_eq(of_a, ALLOWANCE_START);
	worker_close(&worker);
}

Test(queue, tells_the_recipients_that_are_named_and_the_endpoints_that_asked)
{
	endpoint_add("ordinary", NULL, "https://a.example/");
	endpoint_add("dfe", "dfe", "https://b.example/");
	endpoint_add("panel", "panel", "https://c.example/");
	query("SELECT set_config('app.partnership_id', '" PARTNERSHIP "', false);"
	      "SELECT event_append(gen_random_uuid(), 'incident.notified', NULL, '{dfe}', '{}', now());"
	      "SELECT event_append(gen_random_uuid(), 'incident.other', NULL, NULL, '{}', now())");
	cr_assert_str_eq(query("SELECT string_agg(e.name, ' ' ORDER BY e.name) FROM delivery AS d"
	                       " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"),
	    "dfe ordinary");
	cr_assert_eq(number("SELECT count(*) FROM event"), 2);
	cr_assert_eq(number("SELECT count(*) FROM event WHERE body::json -> 'data' ->> 'event_id'"
	                    " = id::text AND body::json ->> 'type' = type"),
	    2);
}

/* The endpoint is retired while it is called. */
Test(queue, records_what_became_of_a_delivery_that_was_cancelled_under_way)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	event_add(2);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	query("UPDATE delivery SET state = 'cancelled', due_at = NULL, cancelled_because = 'retired'");
	cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	cr_assert(worker_settle(&worker, 1, 500, VERDICT_PENDING, 1000, false));
	cr_assert_eq(
	    number("SELECT count(*) FROM delivery AS d JOIN delivery_attempt AS a"
	           " ON a.delivery_id = d.id AND a.number = d.attempts"
	           " WHERE (d.state, a.status) IN (('delivered', 204), ('cancelled', 500))"
	           " AND d.due_at IS NULL AND (d.state = 'delivered') = (d.delivered_at IS NOT NULL)"),
	    2);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 0);
	worker_close(&worker);
}

Test(queue, leaves_to_recipients_in_law_what_others_may_not_have)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	endpoint_add("b", NULL, "https://b.example/");
	endpoint_add("c", "dfe", "https://c.example/");
	event_add(1);
	event_add(2);
	worker_open(&worker);
	worker.ordinary = 0;
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	for (size_t i = 0; i < 2; i++)
		cr_assert_str_eq(worker.claimed[i].url, "https://c.example/");
	worker.ordinary = 1;
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	worker.ordinary = SLOTS;
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 3);
	worker_close(&worker);
}

/* Whoever proposes one may name any recipient. */
Test(queue, takes_what_is_only_proposed_for_an_ordinary_endpoint)
{
	struct worker worker;

	endpoint_add("a", "dfe", "https://a.example/");
	event_add(1);
	query("UPDATE webhook_endpoint SET state = 'proposed'");
	worker_open(&worker);
	worker.ordinary = 0;
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 0);
	worker.ordinary = 1;
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert_not(worker.claimed[0].statutory);
	worker_close(&worker);
}

Test(queue, keeps_the_dispatcher_and_the_api_to_what_is_theirs)
{
	static const struct {
		const char *role;
		const char *what;
		bool may;
	} rows[] = {
	    {"cspr_dispatch", "has_any_column_privilege(role, 'incident', 'SELECT')", false},
	    {"cspr_dispatch", "has_any_column_privilege(role, 'child', 'SELECT')", false},
	    {"cspr_dispatch", "has_any_column_privilege(role, 'event', 'UPDATE')", false},
	    {"cspr_dispatch", "has_any_column_privilege(role, 'delivery', 'INSERT')", false},
	    {"cspr_dispatch", "has_column_privilege(role, 'webhook_endpoint', 'url', 'UPDATE')", false},
	    {"cspr_dispatch", "has_table_privilege(role, 'delivery', 'DELETE')", false},
	    {"cspr_dispatch", "has_column_privilege(role, 'delivery', 'due_at', 'UPDATE')", true},
	    {"cspr_api", "has_column_privilege(role, 'webhook_endpoint', 'secret_sealed', 'SELECT')",
	        false},
	    {"cspr_api",
	        "has_column_privilege(role, 'webhook_endpoint', 'previous_secret_sealed', 'SELECT')",
	        false},
	    {"cspr_api",
	        "has_column_privilege(role, 'webhook_endpoint', 'signing_key_sealed', 'SELECT')",
	        false},
	    {"cspr_api", "has_column_privilege(role, 'webhook_material', 'sealed', 'SELECT')", false},
	    {"cspr_api", "has_any_column_privilege(role, 'delivery', 'UPDATE')", false},
	    {"cspr_api", "has_table_privilege(role, 'delivery', 'DELETE')", false},
	    {"cspr_api", "has_table_privilege(role, 'event', 'DELETE')", false},
	    {"cspr_api", "has_any_column_privilege(role, 'delivery_attempt', 'INSERT')", false},
	    {"cspr_api", "has_table_privilege(role, 'delivery', 'SELECT')", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(number("SELECT (%s)::integer FROM (SELECT '%s'::name) AS r (role)",
		                 rows[i].what, rows[i].role),
		    rows[i].may, "%s: %s", rows[i].role, rows[i].what);
	cr_assert_eq(number("SELECT count(*) FROM pg_class WHERE relname IN ('webhook_endpoint',"
	                    " 'event', 'delivery', 'delivery_attempt') AND relrowsecurity"
	                    " AND relforcerowsecurity"),
	    4);
}

Test(queue, shows_a_foreign_partnership_nothing)
{
	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	for (int own = 0; own <= 1; own++)
		cr_assert_eq(
		    number(
		        "SELECT set_config('app.partnership_id', '00000000-0000-7000-8000-00000000000%d',"
		        " false); SET ROLE cspr_api;"
		        "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM delivery)"
		        " + (SELECT count(*) FROM webhook_endpoint AS e WHERE e.name = 'a')",
		        own ? 1 : 2),
		    own ? 3 : 0);
}
