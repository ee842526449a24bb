/* Owns the tests of a case system's key, which reaches what its own agency brought in. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(own_agency, .timeout = 60);

/* An incident of the council's, notified; the other of the trust's own. */
struct pair {
	const char *foreign;
	const char *foreign_child;
	const char *foreign_notification;
	const char *own;
	const char *own_notification;
};

static const char *notified(const char *incident_id)
{
	const struct answer *answer = post(json_of("{'kind': 'serious_incident',"
	                                           " 'transmission': 'record',"
	                                           " 'notified_on': '2024-01-11'}"),
	    "/v1/incidents/%s/notifications", incident_id);

	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

/* Leaves the trust's own key as the caller. */
static struct pair make_pair(void)
{
	struct pair pair;

	pair.foreign = recorded(incident_with("{}"));
	pair.foreign_child = answer_text(get("/v1/incidents/%s", pair.foreign), "/children/0/id");
	pair.foreign_notification = notified(pair.foreign);
	as(key_of("north", "trust", OWN_SCOPES));
	pair.own = recorded(incident_with("{}"));
	pair.own_notification = notified(pair.own);
	return pair;
}

Test(own_agency, sees_its_own_incident_in_every_way)
{
	struct pair pair = make_pair();

	expect_status(get("/v1/incidents/%s", pair.own), 200);
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/incidents/%s/clocks", pair.own), "/clocks")), 2);
	cr_assert_gt(json_array_size(answer_at(get("/v1/incidents/%s/history", pair.own), "/data")), 1);
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/incidents/%s/children", pair.own), "/data")), 1);
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/incidents/%s/notifications", pair.own), "/data")), 1);
	expect_status(get("/v1/notifications/%s", pair.own_notification), 200);
}

Test(own_agency, does_not_find_what_another_brought_in)
{
	struct pair pair = make_pair();
	const char *const paths[] = {
	    text_of("/v1/incidents/%s", pair.foreign),
	    text_of("/v1/incidents/%s/clocks", pair.foreign),
	    text_of("/v1/incidents/%s/history", pair.foreign),
	    text_of("/v1/incidents/%s/children", pair.foreign),
	    text_of("/v1/incidents/%s/children/%s", pair.foreign, pair.foreign_child),
	    text_of("/v1/incidents/%s/notifications", pair.foreign),
	    text_of("/v1/notifications/%s", pair.foreign_notification),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		expect_problem(get("%s", paths[i]), 404, "not-found");
}

Test(own_agency, does_not_change_what_another_brought_in)
{
	struct pair pair = make_pair();
	const char *kept = everything_kept();

	expect_problem(
	    patch(json_of("{'media_interest': true}"), "\"2\"", "/v1/incidents/%s", pair.foreign), 404,
	    "not-found");
	expect_problem(
	    post(json_of("{}"), "/v1/incidents/%s/children", pair.foreign), 404, "not-found");
	expect_problem(patch(json_of("{'sex': 'M'}"), "\"1\"", "/v1/incidents/%s/children/%s",
	                   pair.foreign, pair.foreign_child),
	    404, "not-found");
	expect_problem(post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications",
	                   pair.foreign),
	    404, "not-found");
	expect_problem(
	    post(json_of("{'recipient': 'dfe', 'acknowledged_on': '2024-01-12', 'channel': 'email'}"),
	        "/v1/notifications/%s/acknowledgements", pair.foreign_notification),
	    404, "not-found");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(own_agency, lists_nothing_but_its_own)
{
	struct pair pair = make_pair();
	static const struct {
		const char *path;
		const char *member;
	} lists[] = {{"/v1/incidents?limit=200", "id"}, {"/v1/incidents?limit=200&sort=aware_on", "id"},
	    {"/v1/incidents?limit=200&sort=-updated_at", "id"},
	    {"/v1/deadlines?limit=200", "incident_id"}, {"/v1/notifications?limit=200", "incident_id"}};

	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		const json_t *data = answer_at(get("%s", lists[i].path), "/data");
		cr_assert_gt(count_of(data, lists[i].member, pair.own), 0, "%s", lists[i].path);
		cr_assert_eq(count_of(data, lists[i].member, pair.foreign), 0, "%s", lists[i].path);
	}
}

Test(own_agency, shares_its_incidents_with_its_colleagues_and_the_business_unit)
{
	struct pair pair = make_pair();

	as(key_of("north", "trust", OWN_SCOPES));
	expect_status(get("/v1/incidents/%s", pair.own), 200);
	as(stage()->council);
	expect_status(get("/v1/incidents/%s", pair.own), 200);
	as(stage()->south);
	expect_problem(get("/v1/incidents/%s", pair.own), 404, "not-found");
}

Test(own_agency, does_not_take_over_another_s_key_in_a_case_system)
{
	json_t *body = incident_with("{'children': [{'external_id': 'P-1'}]}");
	const char *path = "/v1/case-systems/mosaic/incidents/SHARED-1";

	const char *first = answer_text(put(json_incref(body), "%s", path), "/id");
	as(key_of("north", "trust", OWN_SCOPES));
	expect_problem(get("%s", path), 404, "not-found");
	const struct answer *own = put(body, "%s", path);
	expect_status(own, 201);
	cr_assert_str_neq(answer_text(own, "/id"), first);
	cr_assert_str_eq(answer_text(get("%s", path), "/id"), answer_text(own, "/id"));
	as(stage()->council);
	cr_assert_str_eq(answer_text(get("%s", path), "/id"), first, "each has its own");
}

Test(own_agency, pushes_and_reads_its_own_messages)
{
	const char *path = "/v1/case-systems/mosaic/incidents/OWN-1";

	as(key_of("north", "trust", OWN_SCOPES));
	expect_status(put(incident_with("{'children': [{'external_id': 'P-1'}]}"), "%s", path), 201);
	expect_status(get("%s", path), 200);
	expect_status(
	    put(incident_with("{'children': [{'external_id': 'P-1', 'sex': 'F'}]}"), "%s", path), 200);
}

Test(own_agency, reaches_no_list_beyond_its_scopes)
{
	as(key_of("north", "trust", OWN_SCOPES));
	expect_problem(get("/v1/audit"), 403, "forbidden");
	expect_problem(get("/v1/webhook-endpoints"), 403, "forbidden");
	expect_status(get("/v1/deliveries"), 200);
	expect_status(get("/v1/deadlines"), 200);
}
