/* Owns the tests of which delivery goes first, and of what waits behind others. */
#include "fixture.h"

#include <string.h>

#define LEASE 60000
#define LINE 20

TestSuite(order, .init = fixture_open, .fini = fixture_close, .timeout = 120);

/* A clock of incident 1 … INCIDENTS that is due so many days from today. */
static void clock_add(int incident, const char *kind, int due_in)
{
	query("SET session_replication_role = replica;"
	      "INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis,"
	      " duty, rule, starts_on, start_event, unit, length, due_on, at_risk_on, calendar_version,"
	      " subject_id)"
	      " SELECT i.partnership_id, gen_random_uuid(), i.id, i.created_by_agency_id, '%s', 'b',"
	      " 'none', 'none', current_date, 'e', 'working_day', 5, london_day(now()) + %d,"
	      " london_day(now()) + %d - 1, 1, i.id FROM incident AS i WHERE i.local_ref = 'N-%d'",
	    kind, due_in, due_in, incident);
}

static const char *reference(const struct worker *worker, size_t which)
{
	return query("SELECT i.local_ref FROM delivery AS d JOIN incident AS i ON i.id = d.incident_id"
	             " WHERE d.id = '%s'",
	    worker->claimed[which].id);
}

Test(order, gives_a_delivery_the_day_of_the_clock_that_its_notification_serves)
{
	endpoint_add("dfe", "dfe", "https://a.example/");
	endpoint_add("ordinary", NULL, "https://b.example/");
	clock_add(1, "rapid_review", 3);
	clock_add(1, "sin", 5);
	event_add(1);
	event_add(2);
	cr_assert_str_eq(query("SELECT string_agg(concat_ws(' ', e.name, i.local_ref,"
	                       " d.legal_on - london_day(now()), d.at_risk_on - london_day(now())),"
	                       " ', ' ORDER BY e.name, i.local_ref)"
	                       " FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	                       " JOIN incident AS i ON i.id = d.incident_id"),
	    "dfe N-1 5 4, dfe N-2, ordinary N-1, ordinary N-2");
}

Test(order, sends_what_is_nearest_its_legal_day_first_and_then_the_oldest)
{
	static const char *const wanted[] = {"N-4", "N-3", "N-1", "N-2"};
	struct worker worker;

	endpoint_add("dfe", "dfe", "https://a.example/");
	clock_add(3, "sin", 5);
	clock_add(4, "sin", 2);
	for (int i = 1; i <= 4; i++)
		event_add(i);
	worker_open(&worker);
	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		cr_assert_eq(worker_claim(&worker, 1, LEASE), 1);
		cr_expect_str_eq(reference(&worker, 0), wanted[i]);
		cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	}
	worker_close(&worker);
}

Test(order, lends_the_day_to_what_has_to_go_before)
{
	struct worker worker;

	endpoint_add("dfe", "dfe", "https://a.example/");
	event_add(1);
	event_add(2);
	clock_add(2, "sin", 2);
	event_add(2);
	worker_open(&worker);
	worker_set_aside(&worker, LEASE);
	for (int64_t sequence = 1; sequence <= 2; sequence++) {
		cr_assert_eq(worker_claim(&worker, 1, LEASE), 1);
		cr_assert_str_eq(reference(&worker, 0), "N-2");
		cr_assert_eq(delivery_sequence(&worker.claimed[0]), sequence);
		cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	}
	worker_close(&worker);
}

Test(order, lets_no_endpoint_with_much_to_do_pass_over_another)
{
	struct worker worker;
	int of_b = 0;

	endpoint_add("a", NULL, "https://a.example/");
	for (int i = 1; i <= 10; i++)
		event_add(i);
	endpoint_add("b", NULL, "https://b.example/");
	event_add(11);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 2, LEASE), 2);
	for (size_t i = 0; i < 2; i++)
		of_b += strcmp(worker.claimed[i].url, "https://b.example/") == 0;
	cr_assert_eq(of_b, 1);
	worker_close(&worker);
}

Test(order, sets_aside_what_comes_behind_a_failing_one_until_that_is_through)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	worker_open(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
	cr_assert(worker_settle(&worker, 0, 500, VERDICT_PENDING, 1800000, false));
	event_add(1);
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE due_at <= now()"), 1);
	worker_set_aside(&worker, LEASE);
	cr_assert_eq(number("SELECT count(*) FROM delivery WHERE due_at <= now()"), 0);
	query("UPDATE delivery SET due_at = now() WHERE sequence = 1");
	for (int64_t sequence = 1; sequence <= 2; sequence++) {
		cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
		cr_assert_eq(delivery_sequence(&worker.claimed[0]), sequence);
		cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	}
	worker_close(&worker);
}

/* The first event of an incident has come and is made due again by request; the second is new. */
static void open_repeat(struct worker *worker)
{
	endpoint_add("a", NULL, "https://a.example/");
	event_add(1);
	worker_open(worker);
	cr_assert_eq(worker_claim(worker, 10, LEASE), 1);
	cr_assert(worker_settle(worker, 0, 204, VERDICT_DELIVERED, 0, false));
	query("UPDATE delivery SET state = 'pending', due_at = now(), fence = fence + 1,"
	      " first_delivered_at = delivered_at, delivered_at = NULL");
	event_add(1);
}

static size_t claimed_place(const struct worker *worker, int64_t sequence)
{
	return delivery_sequence(&worker->claimed[0]) == sequence ? 0 : 1;
}

Test(order, lets_nobody_wait_for_what_is_sent_again)
{
	struct worker worker;

	open_repeat(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	/* Each is tried again at its own time, whatever becomes of the other. */
	cr_assert(worker_settle(&worker, claimed_place(&worker, 2), 500, VERDICT_PENDING, 5000, false));
	cr_assert(
	    worker_settle(&worker, claimed_place(&worker, 1), 409, VERDICT_PENDING, 1800000, false));
	cr_expect_eq(number("SELECT count(*) FROM delivery WHERE sequence = 2"
	                    " AND due_at < now() + interval '1 minute'"),
	    1);
	query("UPDATE delivery SET due_at = now() WHERE sequence = 2");
	worker_set_aside(&worker, LEASE);
	cr_expect_eq(number("SELECT count(*) FROM delivery WHERE due_at <= now()"), 1);
	worker_close(&worker);
}

Test(order, hurries_nobody_when_what_was_sent_again_is_through)
{
	struct worker worker;

	open_repeat(&worker);
	cr_assert_eq(worker_claim(&worker, 10, LEASE), 2);
	cr_assert(
	    worker_settle(&worker, claimed_place(&worker, 2), 500, VERDICT_PENDING, 1800000, false));
	cr_assert(worker_settle(&worker, claimed_place(&worker, 1), 204, VERDICT_DELIVERED, 0, false));
	cr_expect_eq(
	    number("SELECT count(*) FROM delivery WHERE state = 'pending' AND due_at <= now()"), 0);
	worker_close(&worker);
}

Test(order, keeps_a_long_line_out_of_sight_and_delivers_it_in_order_without_a_pause)
{
	struct worker worker;

	endpoint_add("a", NULL, "https://a.example/");
	for (int i = 0; i < LINE; i++)
		event_add(1);
	worker_open(&worker);
	worker_set_aside(&worker, LEASE);
	cr_assert_lt(number("SELECT count(*) FROM delivery WHERE due_at <= now()"), LINE);
	for (int64_t sequence = 1; sequence <= LINE; sequence++) {
		cr_assert_eq(worker_claim(&worker, 10, LEASE), 1);
		cr_assert_eq(delivery_sequence(&worker.claimed[0]), sequence);
		cr_assert(worker_settle(&worker, 0, 204, VERDICT_DELIVERED, 0, false));
	}
	worker_close(&worker);
}
