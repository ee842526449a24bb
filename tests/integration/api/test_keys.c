/* Owns the tests of API keys: their end takes effect at once, and their scopes are their bounds. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(key, .timeout = 60);
TestSuite(command, .timeout = 60);
TestSuite(scope, .timeout = 60);

/* Reads of every kind: by a statement, by the rulebook that the service keeps, and of both. */
static const char *const reads[] = {
    "/v1/incidents",
    "/v1/partnership",
    "/v1/calendar/working-day?from=2024-01-08&add=5",
    "/v1/clocks/simulate?aware_on=2024-01-08",
    "/v1/deadlines?as_of=2024-01-08&within=5",
    "/v1/deadlines?as_of=2028-12-29&within=250",
    "/v1/calendar/bank-holidays",
};

static void expect_all_refused(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
		const struct answer *refused = get("%s", reads[i]);
		cr_assert(is_problem(refused, 401, "unauthenticated"), "%s: %s", reads[i], told(refused));
		cr_assert_not_null(answer_header(refused, "WWW-Authenticate"));
	}
	expect_problem(post(incident_with("{}"), "/v1/incidents"), 401, "unauthenticated");
	expect_problem(
	    post(incident_with("{'aware_on': '2024-01-01'}"), "/v1/incidents"), 401, "unauthenticated");
}

static void use(const char *token)
{
	as(token);
	for (size_t i = 0; i < ARRAY_LENGTH(reads); i++)
		cr_assert_neq(get("%s", reads[i])->status, 401, "%s", reads[i]);
	expect_status(post(incident_with("{}"), "/v1/incidents"), 201);
}

static int status_of(const char *const arguments[], const struct setting settings[])
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	csprd_run(&stage()->database, arguments, settings, &outcome);
	cr_assert_neq(text_string(&outcome.errors)[0], '\0', "it says why");
	return outcome.status;
}

Test(command, that_is_called_wrongly_says_so)
{
	static const struct setting elsewhere[] = {
	    {"CSPR_MIGRATION_URL", "postgresql://nobody@/nowhere?host=/nowhere"}, {NULL, NULL}};

	cr_assert_eq(status_of((const char *[]){"nonsense", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"partnerships", "nonsense", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"agencies", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"keys", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"recipients", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"audit", NULL}, NULL), 2);
	cr_assert_eq(status_of((const char *[]){"audit", "verify", NULL}, elsewhere), 1);
	cr_assert_eq(status_of((const char *[]){"migrate", NULL}, elsewhere), 1);
}

Test(key, that_is_revoked_ends_at_once)
{
	const char *token = key_with(ALL_SCOPES);

	use(token);
	key_revoke("north", token);
	expect_all_refused();
}

Test(key, that_expires_ends_at_once)
{
	const char *token = key_with(ALL_SCOPES);

	use(token);
	key_expire(token);
	expect_all_refused();
}

Test(key, that_is_unknown_or_missing_opens_nothing)
{
	as("cspr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	expect_all_refused();
	as(NULL);
	expect_all_refused();
	as("");
	expect_all_refused();
}

Test(key, leaves_others_of_its_agency_alone)
{
	const char *first = key_with(ALL_SCOPES);
	const char *second = key_with(ALL_SCOPES);

	key_revoke("north", first);
	use(second);
}

Test(key, stands_nowhere_in_the_database_nor_in_the_log)
{
	const char *token = key_with("incidents:read");
	CLEANUP(free) char *log = NULL;

	as(token);
	expect_status(get("/v1/incidents"), 200);
	cr_assert_eq(count_rows("SELECT count(*) FROM api_key AS k"
	                        " WHERE position(substr($1, 6) IN to_jsonb(k)::text) > 0",
	                 token),
	    0);
	log = service_log(&stage()->service);
	cr_assert_null(strstr(log, token + 5));
}

Test(scope, is_not_widened_by_what_the_service_remembers_of_the_key)
{
	as(key_with("deadlines:read"));
	expect_status(get("/v1/deadlines"), 200);
	expect_problem(get("/v1/calendar/working-day?from=2024-01-08&add=5"), 403, "forbidden");
	expect_problem(get("/v1/clocks/simulate?aware_on=2024-01-08"), 403, "forbidden");
	expect_problem(post(incident_with("{}"), "/v1/incidents"), 403, "forbidden");
}

Test(scope, is_asked_for_before_any_fault_is_told)
{
	json_t *message = incident_with("{'children': [{'external_id': 'a'}, {'external_id': 'a'}]}");

	as(key_with("deadlines:read"));
	expect_status(get("/v1/deadlines"), 200);
	expect_problem(
	    post(incident_with("{'aware_on': '2024-01-01'}"), "/v1/incidents"), 403, "forbidden");
	expect_problem(post(json_of("{'nature': 1}"), "/v1/incidents"), 403, "forbidden");
	expect_problem(put(message, "/v1/case-systems/mosaic/incidents/1"), 403, "forbidden");
	expect_problem(get("/v1/incidents?cursor=bad"), 403, "forbidden");
	expect_problem(get("/v1/incidents?unknown=1"), 403, "forbidden");
	expect_problem(
	    patch(json_of("{'x': 1}"), NULL, "/v1/incidents/%s", new_id()), 403, "forbidden");
}

Test(scope, of_reading_does_not_write_and_the_reverse)
{
	const char *id = recorded(incident_with("{}"));

	as(key_with("incidents:read"));
	expect_status(get("/v1/incidents/%s", id), 200);
	expect_problem(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id), 403,
	    "forbidden");
	as(key_with("incidents:write"));
	expect_status(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id), 200);
	expect_problem(get("/v1/incidents/%s", id), 403, "forbidden");
	expect_problem(get("/v1/incidents/%s/notifications", id), 403, "forbidden");
}

Test(scope, of_reading_own_incidents_does_not_write_all)
{
	const char *id = recorded(incident_with("{}"));

	/* Reads all, but writes only what its own agency brought in. */
	as(key_of("north", "trust", "incidents:read incidents:write_own"));
	expect_status(get("/v1/incidents/%s", id), 200);
	expect_problem(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id), 404,
	    "not-found");
	expect_status(post(incident_with("{}"), "/v1/incidents"), 201);
}
