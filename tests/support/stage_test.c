/* The stage: a service on a database, both found by every test of the executable. */
#include <criterion/criterion.h>
#include <criterion/hooks.h>

#include "support/support.h"

STAGE("incidents:read", NULL)

Test(stage, has_a_ready_service)
{
	CLEANUP(answer_finish) struct answer answer = {0};

	http_call(&stage()->service, &(struct call){.path = "/ready"}, &answer);
	cr_assert_eq(answer.status, 200);
}

Test(stage, has_callers_of_two_partnerships)
{
	CLEANUP(answer_finish) struct answer north = {0};
	CLEANUP(answer_finish) struct answer nobody = {0};

	http_call(&stage()->service, &(struct call){.path = "/v1/incidents", .token = stage()->council},
	    &north);
	http_call(&stage()->service, &(struct call){.path = "/v1/incidents"}, &nobody);
	cr_assert_eq(north.status, 200);
	cr_assert_eq(nobody.status, 401);
	cr_assert_eq(sql_number(&stage()->database, "SELECT count(*) FROM partnership", NULL), 2);
}

Test(service, comes_again_on_the_same_database_after_a_kill)
{
	struct service service;
	CLEANUP(answer_finish) struct answer answer = {0};

	service_start(&stage()->database, NULL, &service);
	service_kill(&service);
	service_start(&stage()->database, NULL, &service);
	http_call(&service, &(struct call){.path = "/live"}, &answer);
	cr_assert_eq(answer.status, 200);
	service_stop(&service);
}

Test(database, is_one_of_its_own)
{
	struct database database;

	database_create(&database);
	cr_assert_eq(sql_number(&database, "SELECT count(*) FROM partnership", NULL), 0);
	cr_assert(sql_holds_within(&database, 1, "SELECT $1::text = 'a'", "a", NULL));
	cr_assert_not(sql_holds_within(&database, 0.05, "SELECT $1::text = 'a'", "b", NULL));
	database_drop(&database);
}
