/* Owns the tests of the feed's order: what is committed in whichever order is told once and wholly.
 */
#include <libpq-fe.h>
#include <string.h>

#include "fixture.h"

/* No clock adds events of its own. */
static const struct setting settings[] = {{"CSPR_SWEEP_SECONDS", "0"}, {NULL, NULL}};

STAGE(ALL_SCOPES, settings)
TestSuite(feed, .timeout = 60);
TestSuite(feed_order, .timeout = 60);
TestSuite(feed_restored, .timeout = 60);

DEFINE_CLEANUP(PGconn *, PQfinish)

static const char *next_of(const struct answer *answer)
{
	expect_status(answer, 200);
	return answer_text(answer, "/next");
}

/*
 * Everything that is written can be seen: the end of the feed moves on with the oldest transaction
 * of the whole cluster, in which other tests run.
 */
static void settle(void)
{
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT NOT EXISTS (SELECT FROM event WHERE epoch = feed_epoch()"
	    " AND transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))",
	    NULL));
}

/* Where the feed ends now. */
static const char *end_of_feed(void)
{
	settle();
	return next_of(get("/v1/events?after=now"));
}

/* Whatever can be seen of what follows, and everything. */
static const struct answer *seen_after(const char *place)
{
	const struct answer *answer = get("/v1/events?limit=200&after=%s", place);

	expect_status(answer, 200);
	return answer;
}

static const struct answer *after(const char *place)
{
	settle();
	return seen_after(place);
}

static size_t size_of(const struct answer *answer)
{
	return json_array_size(json_object_get(answer->json, "data"));
}

/* ---- What it tells ---- */

Test(feed, has_the_bodies_of_the_webhooks)
{
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed)"
	    " SELECT p.id, gen_random_uuid(), 'bodies', 'http://127.0.0.1:9/',"
	    " '{incident.created}', '\\x00' FROM partnership AS p WHERE p.slug = 'north'",
	    NULL);
	const char *from = end_of_feed();
	const char *id = recorded(incident_with("{}"));
	const struct answer *page = after(from);

	cr_assert_eq(size_of(page), 1, "%s", told(page));
	CLEANUP(free)
	char *delivery = sql_text(&stage()->database,
	    "SELECT id FROM delivery WHERE incident_id = $1::uuid LIMIT 1", id, NULL);
	const struct answer *sent = get("/v1/deliveries/%s", delivery);
	cr_assert(json_equal(answer_at(sent, "/event"), answer_at(page, "/data/0")), "%s", told(page));
	sql_run(&stage()->database, "UPDATE webhook_endpoint SET state = 'paused'", NULL);
}

Test(feed, always_says_where_to_go_on)
{
	const char *from = end_of_feed();
	const struct answer *empty = after(from);

	cr_assert_eq(size_of(empty), 0);
	expect_value(empty, "/has_more", "false");
	recorded(incident_with("{}"));
	cr_assert_eq(size_of(after(next_of(empty))), 1);
	cr_assert_eq(size_of(after(next_of(after(next_of(empty))))), 0);
}

Test(feed, is_read_in_pages)
{
	const char *from = end_of_feed();
	size_t shown = 0;

	for (int i = 0; i < 5; i++)
		recorded(incident_with("{}"));
	settle();
	for (int pages = 0; pages < 3; pages++) {
		const struct answer *page = get("/v1/events?limit=2&after=%s", from);
		shown += size_of(page);
		expect_value(page, "/has_more", pages < 2 ? "true" : "false");
		/* A page of another size goes on from the same place. */
		from = next_of(page);
	}
	cr_assert_eq(shown, 5);
	cr_assert_eq(size_of(after(from)), 0);
}

Test(feed, begins_with_the_oldest)
{
	recorded(incident_with("{}"));
	settle();
	CLEANUP(free)
	char *oldest = sql_text(&stage()->database,
	    "SELECT e.id FROM event AS e JOIN partnership AS p ON p.id = e.partnership_id"
	    " WHERE p.slug = 'north' ORDER BY e.position LIMIT 1",
	    NULL);

	expect_value(get("/v1/events?limit=1"), "/data/0/data/event_id", text_of("'%s'", oldest));
}

Test(feed, is_filtered_by_type_and_incident)
{
	const char *end = end_of_feed();
	const char *id = recorded(incident_with("{}"));
	const char *other = recorded(incident_with("{}"));

	patch(json_of("{'local_ref': 'F-1'}"), "\"1\"", "/v1/incidents/%s", id);
	settle();
	const struct answer *of_incident = get("/v1/events?incident_id=%s", id);
	cr_assert_eq(size_of(of_incident), 2, "%s", told(of_incident));
	expect_value(of_incident, "/data/1/data/sequence", "2");
	const struct answer *updates =
	    get("/v1/events?type=incident.updated,incident.closed&incident_id=%s", id);
	cr_assert_eq(size_of(updates), 1);
	cr_assert_eq(size_of(get("/v1/events?incident_id=%s&after=%s", id, next_of(of_incident))), 0);
	cr_assert_eq(size_of(get("/v1/events?type=incident.updated&incident_id=%s", other)), 0);
	/* A place belongs to its filters. */
	expect_problem(get("/v1/events?type=incident.updated&after=%s", end), 400, "bad-parameter");
}

Test(feed, takes_no_place_that_it_did_not_give)
{
	static const char *const forged[] = {
	    "WyJ4IiwiMS4yLjMiLCIiXQ", "x", "%20", "now2", "eyJhIjoxfQ", "WyIiLCItMS4wLjAiLCIiXQ"};

	for (size_t i = 0; i < ARRAY_LENGTH(forged); i++)
		expect_problem(get("/v1/events?after=%s", forged[i]), 400, "bad-parameter");
}

Test(feed, needs_its_scope_and_stays_in_the_partnership)
{
	const char *from = end_of_feed();
	const char *id = recorded(incident_with("{}"));

	as(key_with("deliveries:read"));
	expect_problem(get("/v1/events"), 403, "forbidden");
	as(stage()->south);
	cr_assert_eq(size_of(get("/v1/events?incident_id=%s", id)), 0);
	cr_assert_eq(size_of(after(from)), 0);
}

Test(feed, shows_an_agency_with_its_own_scope_its_own_incidents_alone)
{
	recorded(incident_with("{}"));
	as(key_of("north", "trust", "events:read_own incidents:write_own incidents:read_own"));
	const char *own = recorded(incident_with("{}"));
	settle();
	const struct answer *page = get("/v1/events");
	cr_assert_eq(size_of(page), 1, "%s", told(page));
	expect_value(page, "/data/0/data/incident_id", text_of("'%s'", own));
}

Test(feed, hides_what_an_agency_is_kept_from)
{
	const char *from = end_of_feed();
	const char *id = recorded(incident_with("{}"));
	const char *trust = key_of("north", "trust", "events:read");

	as(trust);
	settle();
	cr_assert_eq(size_of(get("/v1/events?incident_id=%s", id)), 1);
	as(stage()->council);
	expect_status(
	    post(json_of("{'agency_id': '%s', 'reason': 'conflict_of_interest'}", agency_of("trust")),
	        "/v1/incidents/%s/restrictions", id),
	    201);
	as(trust);
	cr_assert_eq(size_of(get("/v1/events?incident_id=%s", id)), 0);
	const struct answer *page = after(from);
	cr_assert_eq(size_of(page), 0, "%s", told(page));
}

/* ---- Its order, while others write ---- */

/* A transaction of its own that has its number, and writes when it is told to. */
static PGconn *begin(void)
{
	PGconn *connection = PQconnectdb(stage()->database.super_url);

	cr_assert_eq(PQstatus(connection), CONNECTION_OK);
	PQclear(PQexec(connection, "BEGIN"));
	PQclear(PQexec(connection, "SELECT pg_current_xact_id()"));
	return connection;
}

static void run(PGconn *connection, const char *sql)
{
	PGresult *result = PQexec(connection, sql);
	bool done =
	    PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;

	cr_assert(done, "%s", PQresultErrorMessage(result));
	PQclear(result);
}

/* An event of no incident. */
static void write_event(PGconn *connection, const char *name)
{
	run(connection,
	    text_of("INSERT INTO event (partnership_id, id, type, body) SELECT p.id,"
	            " gen_random_uuid(), 'theme.updated', json_build_object('type', 'theme.updated',"
	            " 'timestamp', '2024-01-01T00:00:00.000Z', 'data', json_build_object('event_id',"
	            " gen_random_uuid(), 'link', '%s'))::text"
	            " FROM partnership AS p WHERE p.slug = 'north'",
	        name));
}

static const char *names_in(const struct answer *page)
{
	const char *names = "";
	size_t index;
	json_t *event;

	json_array_foreach (json_object_get(page->json, "data"), index, event)
		names = text_of("%s%s%s", names, index ? " " : "",
		    json_string_value(json_object_get(json_object_get(event, "data"), "link")));
	return names;
}

/* The later transaction has the earlier position, and the other way round; both commit late once.
 */
Test(feed_order, never_skips_who_commits_late)
{
	for (int order = 0; order < 4; order++) {
		const char *from = end_of_feed();
		CLEANUP(PQfinish) PGconn *first = begin();
		CLEANUP(PQfinish) PGconn *second = begin();
		write_event(order & 1 ? second : first, "one");
		write_event(order & 1 ? first : second, "two");

		run(order & 2 ? second : first, "COMMIT");
		const struct answer *between = seen_after(from);
		run(order & 2 ? first : second, "COMMIT");
		const struct answer *rest = after(next_of(between));
		const char *both = text_of("%s %s", names_in(between), names_in(rest));
		cr_assert(strstr(both, "one") && strstr(both, "two"), "%d: %s", order, both);
		cr_assert_eq(size_of(between) + size_of(rest), 2, "%d: %s", order, both);
		/* And read at once it is the same order. */
		const struct answer *whole = after(from);
		cr_assert_eq(size_of(whole), 2);
		const char *apart = *names_in(between) ? both : names_in(rest);
		cr_assert_str_eq(names_in(whole), apart, "%d", order);
	}
}

Test(feed_order, waits_for_who_is_under_way_and_then_tells_all)
{
	const char *from = end_of_feed();
	CLEANUP(PQfinish) PGconn *early = begin();

	recorded(incident_with("{}"));
	cr_assert_eq(size_of(seen_after(from)), 0);
	write_event(early, "early");
	run(early, "COMMIT");
	const struct answer *page = after(from);
	cr_assert_eq(size_of(page), 2, "%s", told(page));
	expect_value(page, "/data/0/data/link", "'early'");
}

Test(feed_order, loses_nothing_by_who_gives_up)
{
	const char *from = end_of_feed();
	CLEANUP(PQfinish) PGconn *early = begin();

	write_event(early, "early");
	recorded(incident_with("{}"));
	run(early, "ROLLBACK");
	cr_assert_eq(size_of(after(from)), 1);
}

/* Who has begun first may come to the incident second. */
Test(feed_order, of_an_incident_is_its_sequence)
{
	const char *id = recorded(incident_with("{}"));
	const char *from = end_of_feed();
	CLEANUP(PQfinish) PGconn *early = begin();

	expect_status(patch(json_of("{'local_ref': 'F-2'}"), "\"1\"", "/v1/incidents/%s", id), 200);
	run(early, text_of("SELECT set_config('app.partnership_id', partnership_id::text, true),"
	                   " event_append(gen_random_uuid(), 'incident.updated', id, '{}',"
	                   " '{\"link\": \"early\"}', now()) FROM incident WHERE id = '%s'",
	               id));
	run(early, "COMMIT");
	const struct answer *page = after(from);
	cr_assert_eq(size_of(page), 2, "%s", told(page));
	expect_value(page, "/data/0/data/sequence", "2");
	expect_value(page, "/data/1/data/sequence", "3");
	expect_value(page, "/data/1/data/link", "'early'");
}

/* Writers and a reader at the same time: each event once, each incident's in its sequence. */
Test(feed_order, holds_while_many_write)
{
	enum { ROUNDS = 6, AT_ONCE = 16 };
	const char *from = end_of_feed();
	CLEANUP(json_decref) json_t *known = json_object();
	size_t count = 0;

	for (int round = 0; round <= ROUNDS; round++) {
		struct call calls[AT_ONCE] = {0};
		const struct answer *answers[AT_ONCE];
		CLEANUP(json_decref) json_t *body = incident_with("{}");
		char keys[AT_ONCE][40];
		char path[700];
		for (int i = 0; i < AT_ONCE; i++) {
			snprintf(keys[i], sizeof(keys[i]), "%s", new_id());
			calls[i] = (struct call){.method = "POST",
			    .path = "/v1/incidents",
			    .idempotency_key = keys[i],
			    .json = body};
		}
		/* One of them reads. */
		snprintf(path, sizeof(path), "/v1/events?limit=200&after=%s", from);
		calls[AT_ONCE / 2] = (struct call){.path = path};
		make_at_once(calls, round < ROUNDS ? AT_ONCE : 0, answers);
		const struct answer *page = round < ROUNDS ? answers[AT_ONCE / 2] : after(from);
		size_t index;
		json_t *event;
		json_array_foreach (json_object_get(page->json, "data"), index, event) {
			const char *id =
			    json_string_value(json_object_get(json_object_get(event, "data"), "event_id"));
			cr_assert_null(json_object_get(known, id), "%s came twice", id);
			json_object_set_new(known, id, json_true());
			count++;
		}
		from = next_of(page);
	}
	cr_assert_eq(count, (size_t)ROUNDS * (AT_ONCE - 1));
}

/* ---- A restore ---- */

/*
 * As a dump leaves it: numbers of transactions that the new cluster has not reached by far, and the
 * old cluster's identity.
 */
static void come_from_elsewhere(void)
{
	sql_run(&stage()->database,
	    "UPDATE event SET transaction_id = (transaction_id::text::bigint + 900000000)::text::xid8"
	    " WHERE transaction_id::text::bigint < 900000000",
	    NULL);
	sql_run(&stage()->database, "UPDATE feed_cluster SET system_identifier = -7 - number", NULL);
}

Test(feed_restored, shows_what_was_there_and_what_follows_in_order)
{
	recorded(incident_with("{}"));
	const char *from = end_of_feed();
	const char *first = recorded(incident_with("{}"));

	come_from_elsewhere();
	const struct answer *before = get("/v1/events?incident_id=%s", first);
	cr_assert_eq(size_of(before), 1, "%s", told(before));
	/* A place that was given before the restore is behind nothing that is written after it. */
	const char *end = next_of(get("/v1/events?after=%s&limit=200", from));
	const char *second = recorded(incident_with("{}"));
	const struct answer *page = after(end);
	cr_assert_eq(size_of(page), 1, "%s", told(page));
	expect_value(page, "/data/0/data/incident_id", text_of("'%s'", second));
	/* The restored ones go on too, in their sequence. */
	expect_status(patch(json_of("{'local_ref': 'F-3'}"), "\"1\"", "/v1/incidents/%s", first), 200);
	settle();
	const struct answer *all = get("/v1/events?incident_id=%s", first);
	cr_assert_eq(size_of(all), 2, "%s", told(all));
	expect_value(all, "/data/1/data/sequence", "2");
	cr_assert_eq(size_of(after(end)), 2);
}

/* Who was first to write in a new cluster may give up, and others write at the same time. */
Test(feed_restored, has_one_epoch_for_all_who_write_first)
{
	come_from_elsewhere();
	const char *from = end_of_feed();
	CLEANUP(PQfinish) PGconn *first = begin();

	write_event(first, "gone");
	run(first, "ROLLBACK");
	CLEANUP(PQfinish) PGconn *second = begin();
	write_event(second, "kept");
	run(second, "COMMIT");
	recorded(incident_with("{}"));
	cr_assert_eq(size_of(after(from)), 2);
	cr_assert_eq(count_rows("SELECT count(DISTINCT epoch) FROM event WHERE epoch ="
	                        " (SELECT max(epoch) FROM event)",
	                 NULL),
	    1);
}

/* ---- What it costs ---- */

Test(feed, is_served_by_an_index)
{
	CLEANUP(free)
	char *plan = sql_text(&stage()->database,
	    "SELECT string_agg(indexdef, ' ') FROM pg_indexes WHERE tablename = 'event'", NULL);

	cr_assert(strstr(plan, "(partnership_id, epoch, transaction_id, \"position\")"), "%s", plan);
}
