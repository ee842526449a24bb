/*
 * What time and calendars do to clocks: each is announced once, by whichever process comes first,
 * and a holiday that is proclaimed later moves what is open and nothing else.
 */
#include "scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct setting quiet[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
static const struct setting often[] = {{"CSPR_SWEEP_SECONDS", "1"}, {NULL, NULL}};
TestSuite(sweep, .timeout = 120);

static void record_many(const struct scene *scene, size_t count)
{
	struct service front;

	service_start(&scene->database, quiet, &front);
	for (size_t i = 0; i < count; i++)
		free(incident_create(scene, &front, SERIOUS_HARM));
	service_stop(&front);
}

static bool announced_within(const struct scene *scene, double seconds, const char *events)
{
	return sql_holds_within(&scene->database, seconds,
	    "SELECT count(*) = $1::integer FROM event WHERE type LIKE 'deadline.%'", events, NULL);
}

/* Each clock once as at risk and once as breached, in this order. */
static void expect_once_each(const struct scene *scene)
{
	cr_assert_eq(sql_number(&scene->database,
	                 "SELECT count(*) FROM (SELECT body::json -> 'data' ->> 'clock_id', type"
	                 " FROM event WHERE type LIKE 'deadline.%'"
	                 " GROUP BY 1, 2 HAVING count(*) > 1) AS twice",
	                 NULL),
	    0);
	cr_assert_eq(sql_number(&scene->database,
	                 "SELECT count(*) FROM event AS b JOIN event AS r USING (incident_id)"
	                 " WHERE b.type = 'deadline.breached' AND r.type = 'deadline.at_risk'"
	                 " AND b.sequence < r.sequence",
	                 NULL),
	    0);
	cr_assert_eq(sql_number(&scene->database, "SELECT count(*) FROM clock_event", NULL),
	    sql_number(&scene->database,
	        "SELECT count(*) FROM event WHERE type IN ('deadline.at_risk', 'deadline.breached')",
	        NULL));
}

/* By one who has read before that each clock was announced so far. */
static void expect_many_are_taken(const struct scene *scene, const char *announced, bool are_taken)
{
	char query[300];

	snprintf(query, sizeof(query),
	    "SELECT count(*) FROM clock AS c WHERE c.announced = 2 AND (sweep_take("
	    "c.partnership_id, c.id, c.incident_id, %s, c.calendar_version)).id IS NOT NULL",
	    announced);
	cr_assert_eq(sql_number(&scene->database, query, NULL) > 0, are_taken, "%s", announced);
}

Test(sweep, announces_each_clock_once_although_two_do_it)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service services[2];

	scene_open(&scene);
	record_many(&scene, 120);
	for (size_t i = 0; i < 2; i++)
		service_start(&scene.database, often, &services[i]);
	cr_assert(announced_within(&scene, PATIENCE, "240"));
	/* Another one, so that each has swept again before this is over. */
	free(incident_create(&scene, &services[0], SERIOUS_HARM));
	cr_assert(announced_within(&scene, PATIENCE, "242"));
	for (size_t i = 0; i < 2; i++)
		service_stop(&services[i]);
	expect_once_each(&scene);
	expect_many_are_taken(&scene, "c.announced", true);
	expect_many_are_taken(&scene, "0::smallint", false);
}

Test(sweep, goes_on_where_a_killed_process_left_it)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	record_many(&scene, 200);
	for (int life = 0; life < 3; life++) {
		service_start(&scene.database, often, &service);
		service_kill(&service);
	}
	service_start(&scene.database, often, &service);
	cr_assert(announced_within(&scene, PATIENCE, "400"));
	service_stop(&service);
	expect_once_each(&scene);
}

Test(sweep, says_nothing_of_a_clock_that_was_met)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;

	scene_open(&scene);
	service_start(&scene.database, quiet, &service);
	free(incident_accept(&scene, &service));
	free(incident_create(&scene, &service, SERIOUS_HARM));
	service_stop(&service);
	service_start(&scene.database, often, &service);
	/* Of the other incident; the review that the first one started is not due yet. */
	cr_assert(announced_within(&scene, PATIENCE, "2"));
	service_stop(&service);
	cr_assert_eq(sql_number(&scene.database,
	                 "SELECT count(*) FROM event AS e JOIN notification AS n USING (incident_id)"
	                 " WHERE e.type LIKE 'deadline.%'",
	                 NULL),
	    0);
}

static void load_holiday(const struct scene *scene, const char *line)
{
	char path[] = "/tmp/cspr-holidays-XXXXXX";
	int file = mkstemp(path);
	const char *const arguments[] = {"holidays", "load", path, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	cr_assert_geq(file, 0);
	dprintf(file, "date,title,notes\n%s\n", line);
	close(file);
	csprd_run(&scene->database, arguments, NULL, &outcome);
	unlink(path);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	cr_assert_not_null(strstr(text_string(&outcome.output), "added 2022-09-19"));
}

/* Edge case 14: the State Funeral of 19 September 2022 was proclaimed on the 10th. */
Test(sweep, moves_what_is_open_after_a_proclamation_and_leaves_what_was_judged)
{
	CLEANUP(scene_close) struct scene scene = {0};
	struct service service;
	const struct database *database = &scene.database;

	scene_open(&scene);
	sql_run(database, "DELETE FROM bank_holiday WHERE date = '2022-09-19'", NULL);
	service_start(database, quiet, &service);
	CLEANUP(free) char *open = incident_create(&scene, &service, SERIOUS_HARM);
	CLEANUP(free) char *judged = incident_create(&scene, &service, SERIOUS_HARM);
	service_stop(&service);
	sql_run(database,
	    "UPDATE clock SET starts_on = '2022-09-14', due_on = '2022-09-21',"
	    " at_risk_on = '2022-09-20',"
	    " completed_on = CASE WHEN incident_id = $1::uuid THEN date '2022-09-22' END",
	    judged, NULL);
	load_holiday(&scene, "2022-09-19,Bank Holiday for the State Funeral of Queen Elizabeth II,");
	/* It moves deadlines, so the audit chain of each partnership tells of it. */
	cr_assert_eq(sql_number(database,
	                 "SELECT count(*) FROM audit_entry WHERE action = 'bank_holiday.add'"
	                 " AND resource_id = '2022-09-19'",
	                 NULL),
	    sql_number(database, "SELECT count(*) FROM partnership", NULL));
	service_start(database, often, &service);
	cr_assert(sql_holds_within(database, PATIENCE,
	    "SELECT due_on = '2022-09-22' AND at_risk_on = '2022-09-21' AND revision = 1"
	    " FROM clock WHERE incident_id = $1::uuid AND superseded_at IS NULL",
	    open, NULL));
	cr_assert(announced_within(&scene, PATIENCE, "3"));
	service_stop(&service);
	cr_assert_eq(sql_number(database,
	                 "SELECT count(*) FROM clock WHERE incident_id = $1::uuid"
	                 " AND due_on = '2022-09-21' AND superseded_at IS NOT NULL",
	                 open, NULL),
	    1);
	cr_assert_eq(sql_number(database,
	                 "SELECT count(*) FROM clock WHERE incident_id = $1::uuid"
	                 " AND due_on = '2022-09-21' AND superseded_at IS NULL",
	                 judged, NULL),
	    1);
	cr_assert_eq(sql_number(database,
	                 "SELECT count(*) FROM event WHERE type = 'deadline.moved'"
	                 " AND body::json -> 'data' ->> 'was_due_on' = '2022-09-21'",
	                 NULL),
	    1);
	cr_assert_eq(sql_number(database,
	                 "SELECT count(*) FROM audit_entry WHERE action = 'clock.recounted'", NULL),
	    1);
	const char *const verify[] = {"audit", "verify", NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	csprd_run(database, verify, NULL, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.output));
}
