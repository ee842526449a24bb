/* A database that was in use is brought up to date with what is in it, by an owner who is no
 * superuser. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "store/migrate.h"

/* The last migration of the first release. */
#define RELEASED 5

TestSuite(upgrade, .init = fixture_open, .fini = fixture_close);

static const char *owner_url(void)
{
	static char url[URL_ROOM + 40];

	snprintf(url, sizeof(url), "%s%suser=cspr_owner", fixture_url(),
	    strchr(fixture_url(), '?') ? "&" : "?");
	return url;
}

/* As an operator makes it: empty, and the owner's. */
static void have_a_database(void)
{
	fixture_run("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION cspr_owner;"
	            "GRANT USAGE ON SCHEMA public TO PUBLIC");
}

static void apply(const struct migration list[])
{
	CLEANUP(problem_finish) struct problem problem = {0};
	int applied = 0;

	cr_assert(migrate_apply(owner_url(), list, &applied, &problem), "%s %s", problem.detail,
	    problem.cause);
	cr_assert_gt(applied, 0);
}

/* An incident that was notified, with its clocks and an endpoint of the Panel. */
static void have_a_case(void)
{
	fixture_run(
	    "INSERT INTO partnership (id, slug, name) VALUES (gen_random_uuid(), 'p', 'P');"
	    "INSERT INTO agency (partnership_id, id, slug, name, kind, statutory_partner)"
	    " SELECT id, gen_random_uuid(), 'a', 'A', 'local_authority', true FROM partnership;"
	    "INSERT INTO incident (partnership_id, id, version, state, local_ref, aware_on, nature,"
	    "  duty, duty_rule, code_list_version, created_by_agency_id, created_at, updated_at)"
	    " SELECT a.partnership_id, gen_random_uuid(), 2, 'notified', 'R', '2024-01-08',"
	    "  'serious_harm', 'serious_incident', 'rule', '2026-1', a.id, now(), now()"
	    "  FROM agency AS a;"
	    "INSERT INTO notification (partnership_id, id, incident_id, kind, transmission,"
	    "  notified_on, rule)"
	    " SELECT partnership_id, gen_random_uuid(), id, 'serious_incident', 'record',"
	    "  '2024-01-11', 'rule' FROM incident;"
	    "INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis,"
	    "  duty, rule, starts_on, start_event, unit, length, due_on, completed_on,"
	    "  calendar_version)"
	    " SELECT i.partnership_id, gen_random_uuid(), i.id, i.created_by_agency_id, c.kind, 'b',"
	    "  'serious_incident', 'rule', c.start, 'e', 'working_day', c.length, c.due, c.done, 1"
	    "  FROM incident AS i, (VALUES"
	    "   ('sin', date '2024-01-08', 5, date '2024-01-15', date '2024-01-11'),"
	    "   ('rapid_review', '2024-01-11', 15, '2024-02-01', NULL))"
	    "   AS c (kind, start, length, due, done);"
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types,"
	    "  secret_sealed)"
	    " SELECT id, gen_random_uuid(), 'panel', 'panel', 'https://panel.example/',"
	    "  '{incident.notified}', '\\x00' FROM partnership;");
}

static void expect_value(const char *sql, const char *wanted)
{
	cr_expect_str_eq(fixture_value(sql), wanted, "%s: %s", sql, fixture_value(sql));
}

Test(upgrade, keeps_what_was_there_and_gives_it_its_place_in_the_process)
{
	struct migration released[RELEASED + 1] = {{.sql = NULL}};

	have_a_database();
	memcpy(released, migrations, RELEASED * sizeof(released[0]));
	apply(released);
	have_a_case();
	apply(migrations);

	expect_value("SELECT count(*) FROM clock", "2");
	expect_value("SELECT count(*) FROM clock WHERE subject_id IS NULL", "0");
	expect_value("SELECT r.state FROM rapid_review AS r JOIN incident AS i ON i.id = r.incident_id",
	    "opened");
	expect_value("SELECT c.subject FROM clock AS c JOIN rapid_review AS r ON r.id = c.subject_id"
	             " WHERE c.kind = 'rapid_review'",
	    "rapid_review");
	expect_value("SELECT count(*) FROM clock_policy WHERE kind IN ('action', 'assurance')", "2");
	expect_value("SELECT count(*) FROM publication_recipient", "9");
	expect_value("SELECT 'rapid_review.submitted' = ANY (event_types) FROM webhook_endpoint", "t");
	expect_value("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'clock'", "t");
}

/* One that the partnership counts in its own way stays its own; and one that is new stays new. */
Test(upgrade, gives_every_kind_of_clock_to_every_partnership)
{
	struct migration released[RELEASED + 1] = {{.sql = NULL}};

	have_a_database();
	memcpy(released, migrations, RELEASED * sizeof(released[0]));
	apply(released);
	fixture_run("INSERT INTO partnership (id, slug, name) VALUES (gen_random_uuid(), 'old', 'Old');"
	            "UPDATE clock_policy SET length = 9 WHERE kind = 'scoping'");
	apply(migrations);
	fixture_run("INSERT INTO partnership (id, slug, name) VALUES (gen_random_uuid(), 'new', 'New');"
	            "SET SESSION AUTHORIZATION cspr_owner;"
	            "INSERT INTO default_clock_policy VALUES ('later', 'b', 'e', 'month', 1, 's');"
	            "RESET SESSION AUTHORIZATION");

	expect_value("SELECT string_agg(n.slug || ':' || n.kinds, ' ' ORDER BY n.slug)"
	             "  FROM (SELECT p.slug, string_agg(c.kind, ',' ORDER BY c.kind) AS kinds"
	             "          FROM clock_policy AS c JOIN partnership AS p ON p.id = c.partnership_id"
	             "         GROUP BY p.slug) AS n",
	    "new:action,agency_response,assurance,embargo_review,later,lcspr,publication_notice,"
	    "rapid_review,scoping,sin "
	    "old:action,agency_response,assurance,embargo_review,later,lcspr,publication_notice,"
	    "rapid_review,scoping,sin");
	expect_value("SELECT string_agg(p.slug || ':' || c.length, ' ' ORDER BY p.slug)"
	             "  FROM clock_policy AS c JOIN partnership AS p ON p.id = c.partnership_id"
	             " WHERE c.kind = 'scoping'",
	    "new:5 old:9");
}

/* Whoever lifts it for a moment puts it back. */
Test(upgrade, leaves_row_level_security_forced_on_every_table_of_a_partnership)
{
	have_a_database();
	apply(migrations);
	expect_value("SELECT coalesce(string_agg(c.relname, ' '), '') FROM pg_class AS c"
	             "  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'partnership_id'"
	             " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
	             "   AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
	    "");
}
