/* Owns the tests of the database's own walls: what the service's roles cannot do even if it erred.
 */
#include <libpq-fe.h>
#include <string.h>

#include "fixture.h"
#include "rapid_courses.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(role, .timeout = 60);
TestSuite(table, .timeout = 60);
TestSuite(tenant, .timeout = 60);

DEFINE_CLEANUP(PGconn *, PQfinish)
DEFINE_CLEANUP(PGresult *, PQclear)

/* As the service connects, and in the role that its requests have. */
static PGconn *connect_as(const char *role)
{
	PGconn *connection = PQconnectdb(stage()->database.url);

	cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
	PQclear(PQexec(connection, text_of("SET ROLE %s", role)));
	return connection;
}

/* The first value; the SQLSTATE where the statement fails. */
static const char *ask(PGconn *connection, const char *sql)
{
	CLEANUP(PQclear) PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		return text_of("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
	return PQntuples(result) ? text_of("%s", PQgetvalue(result, 0, 0)) : "";
}

static const char *partnership_id(const char *slug)
{
	CLEANUP(free)
	char *id =
	    sql_text(&stage()->database, "SELECT id FROM partnership WHERE slug = $1", slug, NULL);

	return text_of("%s", id);
}

Test(role, of_the_service_passes_no_wall)
{
	cr_assert_eq(count_rows("SELECT count(*) FROM pg_roles WHERE rolname IN"
	                        " ('csprd', 'cspr_api', 'cspr_dispatch', 'cspr_admin', 'cspr_owner')"
	                        " AND NOT rolsuper AND NOT rolbypassrls AND NOT rolreplication",
	                 NULL),
	    5);
	cr_assert_eq(count_rows("SELECT count(*) FROM pg_roles WHERE rolname IN"
	                        " ('csprd', 'cspr_api', 'cspr_dispatch')"
	                        " AND (rolcreaterole OR rolcreatedb)",
	                 NULL),
	    0);
}

Test(role, of_the_service_owns_no_table)
{
	cr_assert_eq(count_rows("SELECT count(*) FROM pg_class AS c JOIN pg_roles AS r"
	                        " ON r.oid = c.relowner WHERE c.relnamespace = 'public'::regnamespace"
	                        " AND r.rolname <> 'cspr_owner'",
	                 NULL),
	    0);
}

Test(role, of_requests_cannot_become_another)
{
	static const char *const statements[] = {"SET ROLE cspr_admin", "SET ROLE cspr_owner",
	    "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres",
	    "ALTER TABLE incident DISABLE ROW LEVEL SECURITY", "CREATE TABLE mine (id integer)",
	    "DROP POLICY own_partnership ON incident", "TRUNCATE incident", "DELETE FROM incident",
	    "DELETE FROM audit_entry", "UPDATE audit_entry SET action = ''",
	    "SELECT secret_sealed FROM webhook_endpoint", "SELECT key_hash FROM api_key",
	    "UPDATE partnership SET name = ''", "UPDATE change SET changes = NULL",
	    "UPDATE action_standing SET state = ''"};
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_api");

	for (size_t i = 0; i < ARRAY_LENGTH(statements); i++)
		cr_assert_str_eq(ask(connection, statements[i]), "42501", "%s", statements[i]);
}

Test(role, of_the_dispatcher_reads_deliveries_and_no_case)
{
	static const char *const tables[] = {"incident", "child", "change", "clock", "notification",
	    "acknowledgement", "api_key", "idempotency", "audit_entry", "partnership"};
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_dispatch");

	recorded(incident_with("{}"));
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
		cr_assert_str_eq(ask(connection, text_of("SELECT count(*) FROM %s", tables[i])), "42501",
		    "%s", tables[i]);
	cr_assert_str_neq(ask(connection, "SELECT count(id) FROM event"), "42501");
}

Test(table, of_a_partnership_has_its_wall_forced)
{
	int64_t tables = count_rows(
	    "SELECT count(*) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
	    " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
	    " AND (a.attname = 'partnership_id' OR (c.relname = 'partnership' AND a.attname = 'id'))",
	    NULL);

	cr_assert_gt(tables, 12);
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
	               " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
	               " AND (a.attname = 'partnership_id'"
	               " OR (c.relname = 'partnership' AND a.attname = 'id'))"
	               " AND c.relrowsecurity AND c.relforcerowsecurity AND EXISTS"
	               " (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid)",
	        NULL),
	    tables);
}

/* Else a plan that was made while one partnership asked would be bad for another (0048). */
Test(table, of_a_partnership_is_planned_alike_for_all)
{
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
	               " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
	               " AND a.attname = 'partnership_id' AND a.attstattarget <> 0",
	        NULL),
	    0);
}

Test(table, without_a_partnership_holds_no_case)
{
	CLEANUP(free)
	char *names = sql_text(&stage()->database,
	    "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class AS c"
	    " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
	    " AND NOT c.relrowsecurity",
	    NULL);

	cr_assert_str_eq(names, "bank_holiday calendar_state default_clock_policy default_theme"
	                        " default_theme_crosswalk default_theme_set feed_cluster"
	                        " feed_watch national_benchmark schema_migration");
}

/* The parts of what is found by its whole alone have no wall of their own. */
Test(table, of_a_case_is_closed_to_an_agency_that_is_kept_from_it)
{
	CLEANUP(free)
	char *open = sql_text(&stage()->database,
	    "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class AS c"
	    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relrowsecurity"
	    " AND has_table_privilege('cspr_api', c.oid, 'SELECT') AND NOT EXISTS"
	    " (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND NOT p.polpermissive)",
	    NULL);
	CLEANUP(free)
	char *columns = sql_text(&stage()->database,
	    "SELECT string_agg(c.relname || '.' || a.attname, ' ' ORDER BY c.relname, a.attname)"
	    " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
	    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
	    " AND has_table_privilege('cspr_api', c.oid, 'SELECT') AND a.attname IN"
	    " ('incident_id', 'rapid_review_id', 'review_id', 'action_id') AND NOT EXISTS"
	    " (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND NOT p.polpermissive"
	    " AND pg_get_expr(p.polqual, p.polrelid) ~ ('\\m' || a.attname || '\\M'))",
	    NULL);

	cr_expect_str_eq(open,
	    "acknowledgement agency audit_entry benchmark change clock_event clock_policy"
	    " delivery_attempt delivery_receipt delivery_resend idempotency notification_recipient "
	    "partnership publication_recipient"
	    " recommendation_agency theme theme_crosswalk theme_set transition "
	    "webhook_endpoint_change");
	cr_expect_str_eq(columns, "review_incident.review_id");
	/* The clocks of an incident; and of an action, a review or a rapid review. */
	cr_expect_eq(count_rows("SELECT count(*) FROM pg_policy AS p"
	                        " WHERE p.polrelid = 'clock'::regclass AND NOT p.polpermissive"
	                        " AND pg_get_expr(p.polqual, p.polrelid) ~ '\\mclosed_subjects\\M'"
	                        " AND pg_get_expr(p.polqual, p.polrelid) ~ '\\mincident_id\\M'"
	                        " AND pg_get_expr(p.polqual, p.polrelid) ~ '\\msubject_id\\M'",
	                 NULL),
	    1);
}

Test(table, of_a_partnership_begins_its_keys_with_it)
{
	/* Unique and foreign keys pass row-level security; those of the partnership itself may. */
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM pg_constraint AS k JOIN pg_attribute AS a"
	               " ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
	               " WHERE k.contype IN ('p', 'u', 'f')"
	               " AND k.connamespace = 'public'::regnamespace"
	               " AND k.conrelid IN (SELECT attrelid FROM pg_attribute"
	               " WHERE attname = 'partnership_id')"
	               " AND a.attname <> 'partnership_id' AND k.conname <> 'api_key_hash_key'",
	        NULL),
	    0);
}

/* Every table that the role may read at all, with how many rows it sees. */
static const char *rows_seen(PGconn *connection)
{
	return ask(connection,
	    "SELECT coalesce(string_agg(c.relname || '=' || (xpath('/row/n/text()',"
	    " query_to_xml(format('SELECT count(*) AS n FROM %I', c.relname), false, true, '')))[1],"
	    " ' ' ORDER BY c.relname), '') FROM pg_class AS c"
	    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relrowsecurity"
	    " AND has_table_privilege(c.oid, 'SELECT')");
}

Test(tenant, that_is_not_set_sees_no_row_of_any_table)
{
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_api");
	const char *id = recorded(incident_with("{}"));

	post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	             " 'notified_on': '2024-01-11'}"),
	    "/v1/incidents/%s/notifications", id);
	const char *seen = rows_seen(connection);
	cr_assert_not_null(strstr(seen, "incident=0"), "%s", seen);
	cr_assert_not_null(strstr(seen, "notification=0"), "%s", seen);
	for (const char *sign = strchr(seen, '='); sign; sign = strchr(sign + 1, '='))
		cr_assert(sign[1] == '0', "%s", seen);
	/* And so after a transaction, when the setting is the empty string and no longer null. */
	ask(connection, "BEGIN");
	ask(connection,
	    text_of("SELECT set_config('app.partnership_id', '%s', true)", partnership_id("north")));
	cr_assert_str_neq(ask(connection, "SELECT count(*) FROM incident"), "0");
	ask(connection, "COMMIT");
	cr_assert_str_eq(ask(connection, "SELECT count(*) FROM incident"), "0");
}

/* What authenticate() says of a caller without limits is no more than a shortcut past them. */
Test(tenant, whose_caller_is_one_agency_finds_nothing_of_the_others)
{
	static const char *const tables[] = {"incident", "child", "clock", "notification"};
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_api");
	const char *id = recorded(incident_with("{}"));

	post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	             " 'notified_on': '2024-01-11'}"),
	    "/v1/incidents/%s/notifications", id);
	ask(connection,
	    text_of("SELECT set_config('app.partnership_id', '%s', false)", partnership_id("north")));
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
		cr_assert_str_neq(ask(connection, text_of("SELECT count(*) FROM %s", tables[i])), "0");
	ask(connection, "SELECT set_config('app.own_agency_id', gen_random_uuid()::text, false)");
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
		cr_assert_str_eq(ask(connection, text_of("SELECT count(*) FROM %s", tables[i])), "0");
	ask(connection, "SELECT set_config('app.own_agency_id', '', false)");
	ask(connection, "SELECT set_config('app.hidden_incidents', array_agg(id)::text, false)"
	                " FROM incident");
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
		cr_assert_str_eq(ask(connection, text_of("SELECT count(*) FROM %s", tables[i])), "0");
}

Test(tenant, whose_caller_may_not_see_an_action_does_not_learn_how_it_stood)
{
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_api");
	const struct answer *action = post(json_of("{'text': 'Add it.', 'agreed_on': '2021-10-12',"
	                                           " 'due_on': '2021-12-31', 'review_id': '%s'}",
	                                       reviewed("lcspr", "{}")),
	    "/v1/actions");
	const char *count = text_of(
	    "SELECT count(*) FROM action_standing WHERE action_id = '%s'", answer_text(action, "/id"));

	ask(connection,
	    text_of("SELECT set_config('app.partnership_id', '%s', false)", partnership_id("north")));
	cr_assert_str_eq(ask(connection, count), "1");
	ask(connection, "SELECT set_config('app.own_agency_id', gen_random_uuid()::text, false)");
	cr_assert_str_eq(ask(connection, count), "0");
	ask(connection, "SELECT set_config('app.own_agency_id', '', false)");
	ask(connection, "SELECT set_config('app.hidden_incidents', array_agg(id)::text, false)"
	                " FROM incident");
	cr_assert_str_eq(ask(connection, count), "0");
}

/* Of what rows_seen() says, the words "table=number". */
static const char *seen_of(const char *seen, const char *table)
{
	const char *words = strstr(seen, text_of(" %s=", table));

	cr_assert(words, "%s: %s", table, seen);
	return text_of("%.*s", (int)strcspn(words + 1, " "), words + 1);
}

/* An action of a review or a rapid review that was put off, done and assured. */
static void assured(const char *parent, const char *parent_id)
{
	const char *id =
	    answer_text(post(json_of("{'text': 'Add it.', 'agreed_on': '2024-10-12', 'due_on':"
	                             " '2024-12-31', '%s': '%s'}",
	                         parent, parent_id),
	                    "/v1/actions"),
	        "/id");

	expect_status(patch(json_of("{'due_on': '2025-03-31', 'due_revision': {'reason': 'The release',"
	                            " 'approved_by': 'subgroup', 'on': '2024-12-07'}}"),
	                  "\"1\"", "/v1/actions/%s", id),
	    200);
	expect_status(post(json_of("{'kind': 'minutes', 'shows': 'done', 'description': 'Done.'}"),
	                  "/v1/actions/%s/evidence", id),
	    201);
	expect_status(move(json_of("{'to': 'complete_pending_assurance', 'on': '2025-03-28'}"),
	                  etag_of(get("/v1/actions/%s", id)), "/v1/actions/%s/transitions", id),
	    200);
	expect_status(post(json_of("{'assured_by': 'subgroup', 'outcome': 'assured'}"),
	                  "/v1/actions/%s/assurances", id),
	    201);
}

static void coded(const char *path, const char *theme)
{
	expect_status(change(json_of("{'coded_by': 'subgroup', 'themes': [{'theme_id': '%s'}]}", theme),
	                  etag_of(get("%s", path)), "%s/themes", path),
	    200);
}

/* An incident with its rapid review, to which the Panel has responded, a review that is held up,
 * and what is coded and done of both. */
static const char *with_all_below(const char *theme)
{
	const char *rapid_review = rapid_course("2024-01-08", "2024-01-10", "{}");
	const char *id = incident_of(rapid_review);

	rapid_submitted(rapid_review, "2024-01-24", "2024-01-29");
	panel_says(rapid_review, "agreed", "2024-02-12");
	const char *review = reviewed("lcspr", "{'incident_ids': ['%s']}", id);
	const struct {
		const char *origin, *parent, *id;
	} of[] = {{"rapid_review", "rapid_review_id", rapid_review}, {"lcspr", "review_id", review}};
	expect_status(post(json_of("{'type': 'coroners_inquest', 'affects_publication': true}"),
	                  "/v1/reviews/%s/proceedings", review),
	    201);
	coded(text_of("/v1/incidents/%s", id), theme);
	coded(text_of("/v1/reviews/%s", review), theme);
	for (size_t i = 0; i < ARRAY_LENGTH(of); i++) {
		assured(of[i].parent, of[i].id);
		expect_status(post(json_of("{'text': 'Do it.', 'origin': '%s', 'addressee': 'partnership',"
		                           " '%s': '%s'}",
		                       of[i].origin, of[i].parent, of[i].id),
		                  "/v1/recommendations"),
		    201);
	}
	return id;
}

/* authenticate() finds the closed records once; who asks for each row has to find the same. */
Test(tenant, whose_caller_is_kept_from_an_incident_sees_what_the_rules_of_each_row_say)
{
	static const char *const places[] = {"action", "action_assurance", "action_due_revision",
	    "action_evidence", "action_lead", "action_standing", "child", "clock", "incident",
	    "incident_theme", "notification", "panel_response", "rapid_review",
	    "rapid_review_submission", "recommendation", "review", "review_incident",
	    "review_proceeding", "review_theme"};
	CLEANUP(PQfinish) PGconn *by_row = connect_as("cspr_api");
	CLEANUP(PQfinish) PGconn *at_once = connect_as("cspr_api");
	const char *theme = answer_text(
	    post(json_of("{'label': 'Hidden men', 'kind': 'practice'}"), "/v1/themes"), "/id");
	const char *hidden = with_all_below(theme);

	const char *unlinked = reviewed("lcspr", "{'incident_ids': ['%s']}", hidden);
	sql_run(&stage()->database,
	    "UPDATE review_incident SET removed_at = now() WHERE review_id = $1::uuid", unlinked, NULL);
	with_all_below(theme);
	key_of("north", "trust", ALL_SCOPES);
	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'a conflict'}", agency_of("trust")),
	                  "/v1/incidents/%s/restrictions", hidden),
	    201);
	ask(by_row,
	    text_of("SELECT set_config('app.partnership_id', '%s', false)", partnership_id("north")));
	const char *whole = rows_seen(by_row);
	ask(by_row, text_of("SELECT set_config('app.hidden_incidents', '{%s}', false)", hidden));
	const char *limited = rows_seen(by_row);
	CLEANUP(free)
	char *hash = sql_text(&stage()->database,
	    "SELECT key_hash FROM api_key WHERE agency_id = $1::uuid ORDER BY created_at DESC LIMIT 1",
	    agency_of("trust"), NULL);
	ask(at_once, "BEGIN");
	ask(at_once,
	    text_of(
	        "SELECT authenticate('%s', '{incidents:read}', '{incidents:read}', NULL, NULL)", hash));
	cr_assert_str_eq(
	    ask(at_once, "SELECT current_setting('app.closed_incidents')"), text_of("{%s}", hidden));
	cr_assert_str_eq(rows_seen(at_once), limited);
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
		cr_assert_str_neq(seen_of(whole, places[i]), seen_of(limited, places[i]), "%s", limited);
}

Test(tenant, writes_nothing_for_another)
{
	CLEANUP(PQfinish) PGconn *connection = connect_as("cspr_api");
	const char *id = recorded(incident_with("{}"));

	ask(connection,
	    text_of("SELECT set_config('app.partnership_id', '%s', false)", partnership_id("south")));
	cr_assert_str_eq(ask(connection, text_of("WITH changed AS (UPDATE incident SET narrative = 'x'"
	                                         " WHERE id = '%s' RETURNING 1)"
	                                         " SELECT count(*) FROM changed",
	                                     id)),
	    "0");
	cr_assert_str_eq(
	    ask(connection,
	        text_of("INSERT INTO change (partnership_id, subject_id, resource, resource_id,"
	                " version) VALUES ('%s', '%s', 'incident', '%s', 1)",
	            partnership_id("north"), id, id)),
	    "42501");
}
