/* Owns the stories of webhook endpoints that one administrator makes and a second one approves. */
#include <libpq-fe.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

/* What is due stays due: nothing is sent here. */
static const struct setting settings[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
TestSuite(endpoint, .timeout = 60);
TestSuite(change_of_endpoint, .timeout = 60);

DEFINE_CLEANUP(PGconn *, PQfinish)

#define ENDPOINTS "/v1/webhook-endpoints"
#define STATUTORY                                                                                  \
	"['incident.notified', 'incident.notification_updated', 'incident.notification_withdrawn',"    \
	" 'rapid_review.submitted', 'review.publication_notice']"
#define PANEL_ENDPOINT "{'recipient': 'panel', 'event_types': " STATUTORY "}"

/* The key that approves what north's council has proposed. */
static void as_second(void)
{
	as(stage()->trust);
}

static void as_first(void)
{
	as(stage()->council);
}

static const struct answer *propose(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One that asks for incident.created, and these members in place of its own. */
static const struct answer *propose(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char buffer[60000];
	vsnprintf(buffer, sizeof(buffer), format, arguments);
	va_end(arguments);
	json_t *body = json_of("{'name': 'case system', 'url': 'https://hooks.example.org/a',"
	                       " 'event_types': ['incident.created']}");
	CLEANUP(json_decref) json_t *more = json_of("%s", buffer);
	json_object_update(body, more);
	return post(body, ENDPOINTS);
}

static const char *id_of(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

static const struct answer *shown(const char *id)
{
	return get(ENDPOINTS "/%s", id);
}

static const struct answer *moved(const char *id, const char *body)
{
	return move(json_of("%s", body), etag_of(shown(id)), ENDPOINTS "/%s/transitions", id);
}

/* Proposed with these members by the one key and approved by the other; the one goes on calling. */
static const char *approved_by(const char *members, const char *first, const char *second)
{
	as(first);
	const char *id = id_of(propose("%s", members));

	as(second);
	expect_status(moved(id, "{'to': 'active'}"), 200);
	as(first);
	return id;
}

static const char *approved(const char *members)
{
	return approved_by(members, stage()->council, stage()->trust);
}

static const struct answer *changed(const char *id, const char *body)
{
	return patch(json_of("%s", body), etag_of(shown(id)), ENDPOINTS "/%s", id);
}

static const struct answer *decided(const char *id, const char *body)
{
	return move(json_of("%s", body), etag_of(shown(id)), ENDPOINTS "/%s/decision", id);
}

static int64_t deliveries_of(const char *id)
{
	return count_rows("SELECT count(*) FROM delivery WHERE endpoint_id = $1::uuid", id);
}

Test(endpoint, is_proposed_with_a_secret_that_is_shown_once)
{
	const struct answer *made = propose("{}");
	const char *id = id_of(made);

	expect_value(made, "/state", "'proposed'");
	cr_assert(strncmp(answer_text(made, "/secret"), "whsec_", 6) == 0);
	const struct answer *read = shown(id);
	cr_assert_null(answer_at(read, "/secret"));
	cr_assert_null(strstr(text_string(&read->body), answer_text(made, "/secret") + 6));
	expect_value(read, "/signatures", "['v1']");
	expect_value(read, "/payload", "'thin'");
	expect_value(read, "/approved_by", "null");
}

Test(endpoint, answers_a_repeated_request_without_its_secret)
{
	CLEANUP(json_decref)
	json_t *body = json_of("{'name': 'a', 'url': 'https://hooks.example.org/', 'event_types': []}");
	const struct call call = {
	    .method = "POST", .path = ENDPOINTS, .idempotency_key = new_id(), .json = body};
	const struct answer *first = make(&call);
	const struct answer *again = make(&call);

	expect_status(first, 201);
	expect_status(again, 201);
	cr_assert_str_eq(answer_text(first, "/id"), answer_text(again, "/id"));
	expect_value(again, "/secret", "null");
}

Test(endpoint, keeps_no_secret_in_the_clear)
{
	const char *own = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4";
	const struct answer *made =
	    propose("{'secret': '%s', 'signatures': ['v1', 'v1a'],"
	            " 'headers': [{'name': 'X-Key', 'value': 'heron lantern'}]}",
	        own);
	const char *id = id_of(made);

	cr_assert_str_eq(answer_text(made, "/secret"), own);
	expect_value(made, "/header_names", "['X-Key']");
	cr_assert(strncmp(answer_text(made, "/public_key"), "whpk_", 5) == 0);
	cr_assert_null(strstr(text_string(&made->body), "heron"));
	static const char *const tables[] = {
	    "webhook_endpoint", "webhook_material", "change", "transition", "idempotency", "event"};
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
		const char *sql = text_of("SELECT count(*) FROM %s AS t WHERE t::text LIKE '%%heron%%' OR"
		                          " t::text LIKE '%%YWJjZGVmZ2hpamts%%' OR"
		                          " t::text LIKE '%%whsk_%%' OR t::text LIKE '%%_sealed\": \"%%'",
		    tables[i]);
		cr_assert_eq(count_rows(sql, NULL), 0, "%s", tables[i]);
	}
	expect_status(shown(id), 200);
	CLEANUP(free) char *log = service_log(&stage()->service);
	cr_assert_null(strstr(log, "heron"));
	cr_assert_null(strstr(log, "YWJjZGVmZ2hpamts"));
}

Test(endpoint, is_not_approved_by_whoever_proposed_it)
{
	as_first();
	const char *id = id_of(propose("{}"));
	const struct answer *own = moved(id, "{'to': 'active'}");

	expect_problem(own, 409, "conflict");
	expect_value(own, "/missing/0/code", "'is_anothers'");
	expect_value(shown(id), step_to(shown(id), "active", "allowed"), "false");
	as_second();
	expect_value(shown(id), step_to(shown(id), "active", "allowed"), "true");
	const struct answer *other = moved(id, "{'to': 'active'}");
	expect_status(other, 200);
	expect_value(other, "/state", "'active'");
	cr_assert_str_neq(
	    answer_text(other, "/proposed_by/key_id"), answer_text(other, "/approved_by/key_id"));
	cr_assert_str_eq(answer_text(other, "/approved_by/agency_id"), agency_of("trust"));
	as_first();
}

/* The second key adds something of no weight, and the first would approve its own address. */
Test(endpoint, is_changed_before_its_approval_by_its_proposer_alone)
{
	as_first();
	const char *id = id_of(propose("{}"));

	as_second();
	const struct answer *others = changed(id, "{'payload': 'summary'}");
	expect_problem(others, 409, "conflict");
	expect_value(others, "/missing/0/code", "'proposal_is_own'");
	as_first();
	expect_value(changed(id, "{'url': 'https://hooks.example.org/b'}"), "/url",
	    "'https://hooks.example.org/b'");
	expect_problem(moved(id, "{'to': 'active'}"), 409, "conflict");
	as_second();
	expect_status(moved(id, "{'to': 'active'}"), 200);
	as_first();
}

Test(endpoint, takes_the_scopes_that_its_steps_name)
{
	as_first();
	const char *id = id_of(propose("{}"));
	const char *writes = key_with("webhooks:read webhooks:write");
	const char *approves = key_with("webhooks:read webhooks:approve");

	as(writes);
	expect_problem(moved(id, "{'to': 'active'}"), 403, "forbidden");
	as(approves);
	expect_problem(propose("{}"), 403, "forbidden");
	expect_status(moved(id, "{'to': 'active'}"), 200);
	expect_problem(moved(id, "{'to': 'paused', 'reason': 'x'}"), 403, "forbidden");
	as_first();
}

Test(endpoint, gets_nothing_before_it_is_approved_and_what_it_asked_for_after)
{
	as_first();
	const char *id = id_of(propose("{}"));

	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(id), 0);
	as_second();
	expect_status(moved(id, "{'to': 'active'}"), 200);
	as_first();
	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(id), 1);
	const char *none = approved("{'event_types': []}");
	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(none), 0);
}

Test(endpoint, of_an_address_that_may_not_be_called_is_refused)
{
	static const char *const urls[] = {"http://hooks.example.org/", "https://10.0.0.1/",
	    "https://169.254.169.254/latest", "https://[::1]/", "https://0x7f.1/",
	    "https://2130706433/", "https://user:word@hooks.example.org/",
	    "https://hooks.example.org/#a"};

	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		const struct answer *answer = propose("{'url': '%s'}", urls[i]);
		/* The stage allows 127.0.0.1, and no other private address. */
		if (strstr(urls[i], "0x7f") || strstr(urls[i], "2130706433"))
			continue;
		expect_problem(answer, 422, "invalid");
		expect_fault(answer, "/url", "target_not_allowed");
	}
}

Test(endpoint, has_no_headers_that_the_message_consists_of)
{
	static const char *const names[] = {"Webhook-Id", "host", "Content-Length", "content-type",
	    "Transfer-Encoding", "Connection", "X Y", "X:Y"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		cr_assert(propose("{'headers': [{'name': '%s', 'value': 'a'}]}", names[i])->status == 422,
		    "%s", names[i]);
	expect_fault(propose("{'headers': [{'name': 'X-A', 'value': 'a\\r\\nHost: b'}]}"),
	    "/headers/0/value", "header_value");
	expect_fault(propose("{'headers': [{'name': 'X-A', 'value': 'a'},"
	                     " {'name': 'x-a', 'value': 'b'}]}"),
	    "/headers/1/name", "header_twice");
}

Test(endpoint, names_only_events_that_there_are)
{
	expect_problem(propose("{'event_types': ['incident.*']}"), 422, "invalid");
	expect_problem(propose("{'signatures': ['v1a']}"), 422, "invalid");
	expect_fault(propose("{'recipient': 'panel'}"), "/event_types", "statutory_events");
	expect_fault(propose("{'secret': 'whsec_AAAA'}"), "/secret", "webhook_secret");
}

Test(change_of_endpoint, stands_beside_what_is_in_force_until_another_key_decides)
{
	const char *id = approved("{}");
	const struct answer *proposed = changed(id, "{'url': 'https://hooks.example.org/new',"
	                                            " 'event_types': [], 'name': 'renamed'}");

	expect_status(proposed, 200);
	expect_value(proposed, "/url", "'https://hooks.example.org/a'");
	expect_value(proposed, "/name", "'renamed'");
	expect_value(proposed, "/proposed_change/changes",
	    "{'url': 'https://hooks.example.org/new', 'event_types': []}");
	expect_value(proposed, "/state", "'active'");
	const struct answer *own = decided(id, "{'decision': 'approve'}");
	expect_problem(own, 409, "conflict");
	expect_value(own, "/missing/0/code", "'change_is_anothers'");
	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(id), 1);
	as_second();
	const struct answer *in_force = decided(id, "{'decision': 'approve'}");
	expect_status(in_force, 200);
	expect_value(in_force, "/url", "'https://hooks.example.org/new'");
	expect_value(in_force, "/event_types", "[]");
	expect_value(in_force, "/proposed_change", "null");
	expect_problem(decided(id, "{'decision': 'approve'}"), 409, "conflict");
	as_first();
	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(id), 1);
}

Test(change_of_endpoint, is_dropped_when_it_is_refused)
{
	const char *id = approved("{}");

	changed(id, "{'url': 'https://hooks.example.org/new'}");
	as_second();
	const struct answer *refused = decided(id, "{'decision': 'refuse', 'reason': 'Not ours.'}");
	expect_value(refused, "/url", "'https://hooks.example.org/a'");
	expect_value(refused, "/proposed_change", "null");
	as_first();
	changed(id, "{'payload': 'summary'}");
	expect_status(decided(id, "{'decision': 'refuse'}"), 200);
}

Test(change_of_endpoint, adds_up_to_one_of_one_key_and_is_decided_before_another_proposes)
{
	const char *id = approved("{}");

	changed(id, "{'url': 'https://hooks.example.org/new'}");
	as_second();
	const struct answer *others = changed(id, "{'payload': 'summary'}");
	expect_problem(others, 409, "conflict");
	expect_value(others, "/missing/0/code", "'proposal_is_own'");
	as_first();
	const struct answer *both = changed(id, "{'payload': 'summary'}");
	expect_value(both, "/proposed_change/changes",
	    "{'url': 'https://hooks.example.org/new', 'payload': 'summary'}");
	expect_problem(decided(id, "{'decision': 'approve'}"), 409, "conflict");
	as_second();
	expect_value(decided(id, "{'decision': 'approve'}"), "/payload", "'summary'");
	expect_value(changed(id, "{'payload': 'thin'}"), "/proposed_change/changes/payload", "'thin'");
	as_first();
}

Test(endpoint, is_paused_and_resumed_and_retired)
{
	const char *id = approved("{}");

	expect_problem(moved(id, "{'to': 'paused'}"), 409, "conflict");
	expect_value(moved(id, "{'to': 'paused', 'reason': 'Moved.'}"), "/state", "'paused'");
	recorded(incident_with("{}"));
	expect_value(moved(id, "{'to': 'active'}"), "/state", "'active'");
	cr_assert_eq(deliveries_of(id), 1);
	const struct call deletion = {
	    .method = "DELETE", .path = text_of(ENDPOINTS "/%s", id), .if_match = etag_of(shown(id))};
	expect_status(make(&deletion), 204);
	expect_value(shown(id), "/state", "'retired'");
	const struct answer *list = get("/v1/deliveries?endpoint_id=%s", id);
	expect_value(list, "/data/0/state", "'cancelled'");
	expect_value(list, "/data/0/cancelled_because", "'The endpoint was retired'");
	recorded(incident_with("{}"));
	cr_assert_eq(deliveries_of(id), 1);
	expect_problem(changed(id, "{'payload': 'summary'}"), 409, "conflict");
}

static void expect_needed(const char *id, const char *to)
{
	const struct answer *refused = moved(id, text_of("{'to': '%s', 'reason': 'x'}", to));

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'recipient_has_another'");
}

/* A serious harm that was notified; its incident. */
static const char *notified(void)
{
	const char *incident = recorded(incident_with("{}"));

	expect_status(
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", incident),
	    201);
	return incident;
}

Test(endpoint, of_a_recipient_in_law_is_not_retired_while_it_is_the_only_one)
{
	const char *only = approved(PANEL_ENDPOINT);

	expect_needed(only, "retired");
	const char *incident = notified();
	cr_assert_eq(deliveries_of(only), 1);
	const char *next = approved(PANEL_ENDPOINT);
	cr_assert_eq(deliveries_of(next), 0);
	expect_status(get("/v1/incidents/%s/notifications", incident), 200);
	expect_status(moved(only, "{'to': 'retired', 'reason': 'Replaced.'}"), 200);
	cr_assert_eq(deliveries_of(next), 1);
	expect_status(get("/v1/incidents/%s/notifications", incident), 200);
	expect_needed(next, "retired");
}

/* One key silences nobody: what it holds back goes out by the other endpoint. In a partnership of
 * its own, where nobody else is told of anything. */
Test(endpoint, of_a_recipient_in_law_is_not_paused_while_it_is_the_only_one)
{
	partnership_create(&stage()->database, "heard", "heard");
	agency_create(&stage()->database, "heard", "council", "local_authority", true);
	const char *first = key_of("heard", "council", ALL_SCOPES);
	const char *second = key_of("heard", "council", ALL_SCOPES);
	const char *only = approved_by(PANEL_ENDPOINT, first, second);

	expect_needed(only, "paused");
	notified();
	const char *next = approved_by(PANEL_ENDPOINT, first, second);
	cr_assert_eq(deliveries_of(next), 0);
	expect_status(moved(only, "{'to': 'paused', 'reason': 'Moving.'}"), 200);
	cr_assert_eq(deliveries_of(only), 1);
	cr_assert_eq(deliveries_of(next), 1);
	const struct answer *kept = get("/v1/deliveries?endpoint_id=%s", only);
	expect_value(kept, "/data/0/state", "'pending'");
	expect_needed(next, "paused");
	expect_needed(next, "retired");
	expect_status(moved(only, "{'to': 'active'}"), 200);
	expect_status(moved(next, "{'to': 'paused', 'reason': 'x'}"), 200);
}

/* Each of the two sees the other one while it is judged. */
Test(endpoint, of_a_recipient_in_law_stays_when_all_are_retired_at_once)
{
	enum { ROUNDS = 8, BOTH = 2 };

	for (int round = 0; round < ROUNDS; round++) {
		struct call calls[BOTH];
		const struct answer *answers[BOTH];
		for (int i = 0; i < BOTH; i++) {
			const char *id = approved("{'recipient': 'ofsted', 'event_types': " STATUTORY "}");
			calls[i] = (struct call){.method = "DELETE",
			    .path = text_of(ENDPOINTS "/%s", id),
			    .if_match = etag_of(shown(id))};
		}
		/* What is left of the round before may go. */
		sql_run(&stage()->database,
		    "UPDATE webhook_endpoint SET state = 'retired' WHERE recipient = 'ofsted'"
		    " AND state = 'active' AND NOT id = ANY (string_to_array($1, ',')::uuid[])",
		    text_of("%s,%s", strrchr(calls[0].path, '/') + 1, strrchr(calls[1].path, '/') + 1),
		    NULL);
		make_at_once(calls, BOTH, answers);
		int retired = (answers[0]->status == 204) + (answers[1]->status == 204);
		cr_assert_eq(retired, 1, "%s %s", told(answers[0]), told(answers[1]));
		expect_problem(answers[answers[0]->status == 204], 409, "conflict");
	}
}

/* The notification is under way and has seen the one endpoint; the other one takes its place. */
Test(endpoint, that_takes_the_place_of_another_gets_what_is_notified_meanwhile)
{
	const char *old = approved(PANEL_ENDPOINT);
	const char *incident = recorded(incident_with("{}"));
	const char *next = id_of(propose(PANEL_ENDPOINT));
	const char *etag = etag_of(shown(next));
	CLEANUP(PQfinish) PGconn *notifier = PQconnectdb(stage()->database.super_url);
	CLEANUP(text_finish) struct text answer = TEXT_INIT(100000);
	const char *request =
	    text_of("POST " ENDPOINTS "/%s/transitions HTTP/1.1\r\nHost: cspr\r\nConnection: close\r\n"
	            "Authorization: Bearer %s\r\nIf-Match: %s\r\nContent-Type: application/json\r\n"
	            "Content-Length: 15\r\n\r\n{\"to\":\"active\"}",
	        next, stage()->trust, etag);

	PQclear(PQexec(notifier, "BEGIN"));
	PQclear(PQexec(notifier,
	    text_of("SELECT set_config('app.partnership_id', partnership_id::text, true),"
	            " event_append(gen_random_uuid(), 'incident.notified', id, '{panel}', '{}', now())"
	            " FROM incident WHERE id = '%s'",
	        incident)));
	int connection = raw_connect(&stage()->service);
	cr_assert(raw_send(connection, request, strlen(request)));
	cr_assert(sql_holds_within(&stage()->database, PATIENCE,
	    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
	    " OR EXISTS (SELECT FROM webhook_endpoint WHERE id = $1::uuid AND state = 'active')",
	    next, NULL));
	bool waits = strcmp(answer_text(shown(next), "/state"), "active") != 0;
	if (!waits)
		expect_status(moved(old, "{'to': 'retired', 'reason': 'Replaced.'}"), 200);
	PQclear(PQexec(notifier, "COMMIT"));
	cr_assert(raw_receive(connection, PATIENCE, &answer));
	close(connection);
	if (waits)
		expect_status(moved(old, "{'to': 'retired', 'reason': 'Replaced.'}"), 200);
	cr_assert_eq(deliveries_of(next), 1, "%s", text_string(&answer));
}

Test(endpoint, can_be_pinged_before_it_is_approved_and_gets_nothing_else)
{
	const char *id = id_of(propose("{}"));
	const struct answer *sent = post(NULL, ENDPOINTS "/%s/ping", id);

	expect_status(sent, 201);
	expect_value(sent, "/event_type", "'ping'");
	expect_value(sent, "/incident_id", "null");
	cr_assert_eq(deliveries_of(id), 1);
	expect_status(get("%s", answer_header(sent, "Location")), 200);
	as_second();
	expect_status(moved(id, "{'to': 'refused', 'reason': 'Unknown receiver.'}"), 200);
	expect_value(get("%s", answer_header(sent, "Location")), "/state", "'cancelled'");
	expect_problem(post(NULL, ENDPOINTS "/%s/ping", id), 409, "conflict");
	as_first();
}

/* Each is looked at whenever the queue is, and nobody has approved them. */
Test(endpoint, is_not_proposed_by_the_thousand)
{
	int most = 0;

	json_unpack(document(), "{s:{s:{s:{s:i}}}}", "paths", ENDPOINTS, "post", "x-most", &most);
	cr_assert_gt(most, 2);
	as(key_of("south", "council", ALL_SCOPES));
	id_of(propose("{}"));
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed,"
	    " state) SELECT e.partnership_id, gen_random_uuid(), 'many', e.url, '{}', '\\x00',"
	    " CASE WHEN n < $1::integer - 1 THEN 'paused' ELSE 'retired' END FROM webhook_endpoint AS e"
	    " JOIN partnership AS p ON p.id = e.partnership_id AND p.slug = 'south',"
	    " generate_series(1, $1::integer + 50) AS n",
	    text_of("%d", most), NULL);
	id_of(propose("{}"));
	const struct answer *one_more = propose("{}");
	expect_problem(one_more, 409, "conflict");
	expect_value(one_more, "/missing/0/code", "'has_room'");
	as_first();
	id_of(propose("{}"));
}

Test(endpoint, is_announced_to_whoever_asks)
{
	const char *listener = approved("{'event_types': ['webhook_endpoint.updated']}");

	id_of(propose("{}"));
	cr_assert_geq(deliveries_of(listener), 1);
}

Test(endpoint, has_a_new_secret_after_a_rotation)
{
	const struct answer *made = propose("{'signatures': ['v1', 'v1a']}");
	const char *id = id_of(made);
	const struct answer *rotated = post(json_of("{}"), ENDPOINTS "/%s/secret/rotate", id);

	expect_status(rotated, 201);
	cr_assert_str_neq(answer_text(rotated, "/secret"), answer_text(made, "/secret"));
	cr_assert_str_eq(
	    answer_text(rotated, "/previous_public_key"), answer_text(made, "/public_key"));
	cr_assert_str_neq(answer_text(rotated, "/public_key"), answer_text(made, "/public_key"));
	/* Until when is the document's default. */
	cr_assert_eq(count_rows("SELECT count(*) FROM webhook_endpoint WHERE id = $1::uuid AND"
	                        " previous_secret_until - now() BETWEEN '23 hours' AND '24 hours'",
	                 id),
	    1);
	/* Whoever has only the first secret would be without a signature within the grace. */
	const struct answer *again =
	    post(json_of("{'grace_hours': 24}"), ENDPOINTS "/%s/secret/rotate", id);
	expect_problem(again, 409, "conflict");
	cr_assert_str_eq(answer_text(again, "/missing/0/code"), "no_grace_lasts");
	const struct answer *at_once =
	    post(json_of("{'grace_hours': 0}"), ENDPOINTS "/%s/secret/rotate", id);
	expect_value(at_once, "/previous_secret_until", "null");
	expect_value(at_once, "/previous_public_key", "null");
	expect_problem(
	    post(json_of("{'grace_hours': 169}"), ENDPOINTS "/%s/secret/rotate", id), 422, "invalid");
	expect_status(post(json_of("{'grace_hours': 1}"), ENDPOINTS "/%s/secret/rotate", id), 201);
}
