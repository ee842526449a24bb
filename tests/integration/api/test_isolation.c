/* Owns the tests of partnerships apart: what is another's looks like what is not there. */
#include <string.h>

#include "fixture.h"

/* Deliveries are there to be looked at, and stay as they are. */
static const struct setting settings[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
static void have_endpoints(void);
TestSuite(caller, .init = have_endpoints, .timeout = 120);
TestSuite(partnership, .init = have_endpoints, .timeout = 120);

static struct documented operations[OPERATIONS_MAX];

/* Has a resource of every kind made in the caller's partnership. */
static void make_world(struct place ret_places[7])
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *notified =
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", id);
	const char *external_id = new_id();
	CLEANUP(free)
	char *delivery = sql_text(&stage()->database,
	    "SELECT id FROM delivery WHERE incident_id = $1::uuid LIMIT 1", id, NULL);

	expect_status(notified, 201);
	expect_status(put(incident_with("{'children': [{'external_id': '1'}]}"),
	                  "/v1/case-systems/mosaic/incidents/%s", external_id),
	    201);
	ret_places[0] = (struct place){"incident_id", id};
	ret_places[1] =
	    (struct place){"child_id", answer_text(get("/v1/incidents/%s", id), "/children/0/id")};
	ret_places[2] = (struct place){"system", "mosaic"};
	ret_places[3] = (struct place){"external_id", external_id};
	ret_places[4] = (struct place){"notification_id", answer_text(notified, "/id")};
	ret_places[5] = (struct place){"delivery_id", text_of("%s", delivery ? delivery : "none")};
	ret_places[6] = (struct place){NULL, NULL};
}

/* The same places, with nothing there. */
static void empty_world(struct place ret_places[7])
{
	static const char *const names[] = {
	    "incident_id", "child_id", "system", "external_id", "notification_id", "delivery_id"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		ret_places[i] = (struct place){names[i], new_id()};
	ret_places[2].value = "mosaic";
	ret_places[6] = (struct place){NULL, NULL};
}

/* So that each partnership's incidents have a delivery. */
static void have_endpoints(void)
{
	if (count_rows("SELECT count(*) FROM webhook_endpoint", NULL) > 0)
		return;
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed)"
	    " SELECT p.id, gen_random_uuid(), 'sink', 'http://127.0.0.1:9/',"
	    " '{incident.created}', '\\x00' FROM partnership AS p",
	    NULL);
}

static void expect_everywhere(const char *token, int status, const char *code)
{
	struct place places[7];
	size_t count = operations_of_document(operations);
	size_t asked = 0;

	as(stage()->council);
	make_world(places);
	const char *kept = everything_kept();
	as(token);
	for (size_t i = 0; i < count; i++) {
		if (operations[i].is_open)
			continue;
		struct call call = call_of(&operations[i], places);
		const struct answer *answer = make(&call);
		cr_assert(is_problem(answer, status, code), "%s: %s", operations[i].id, told(answer));
		asked++;
	}
	cr_assert_geq(asked, 27);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(caller, without_a_key_reaches_no_operation)
{
	expect_everywhere(NULL, 401, "unauthenticated");
}

Test(caller, with_a_wrong_key_reaches_no_operation)
{
	expect_everywhere("cspr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 401, "unauthenticated");
}

Test(caller, with_an_expired_key_reaches_no_operation)
{
	const char *token = key_with(ALL_SCOPES);

	key_expire(token);
	expect_everywhere(token, 401, "unauthenticated");
}

Test(caller, with_a_revoked_key_reaches_no_operation)
{
	const char *token = key_with(ALL_SCOPES);

	key_revoke("north", token);
	expect_everywhere(token, 401, "unauthenticated");
}

/* Two keys, because no scope opens nothing at all: what the one opens the other does not. */
Test(caller, without_the_scope_is_forbidden_each_operation)
{
	const char *const tokens[] = {key_with("webhooks:read"), key_with("audit:read")};
	static const char *const opened[] = {"listWebhookEndpoints", "listAuditEntries"};
	struct place places[7];
	size_t count = operations_of_document(operations);

	make_world(places);
	for (size_t i = 0; i < count; i++) {
		if (operations[i].is_open)
			continue;
		for (size_t k = 0; k < 2; k++) {
			struct call call = call_of(&operations[i], places);
			as(tokens[k]);
			const struct answer *answer = make(&call);
			if (strcmp(operations[i].id, opened[k]) == 0)
				expect_status(answer, 200);
			else
				cr_assert(
				    is_problem(answer, 403, "forbidden"), "%s: %s", operations[i].id, told(answer));
		}
	}
}

/* The answer's body with what must differ blotted out. */
static const char *blotted(const struct answer *answer)
{
	CLEANUP(json_decref) json_t *body = json_deep_copy(answer->json);

	json_object_set_new(body, "instance", json_null());
	json_object_set_new(body, "request_id", json_null());
	CLEANUP(free) char *text = json_dumps(body, 0);
	return text_of("%s", text);
}

static const char *header_names(const struct answer *answer)
{
	CLEANUP(text_finish) struct text names = TEXT_INIT(4000);

	for (size_t i = 0; i < answer->header_count; i++)
		text_printf(&names, "%.*s ", (int)strcspn(answer->headers[i], ":"), answer->headers[i]);
	return text_of("%s", text_string(&names));
}

Test(partnership, finds_another_s_resources_no_more_than_absent_ones)
{
	struct place foreign[7];
	struct place absent[7];
	size_t count = operations_of_document(operations);
	size_t asked = 0;

	as(stage()->south);
	make_world(foreign);
	empty_world(absent);
	cr_assert_str_neq(foreign[5].value, "none");
	const char *kept = everything_kept();
	as(stage()->council);
	for (size_t i = 0; i < count; i++) {
		/* Whoever pushes a message under another's key makes an incident of its own. */
		if (!strchr(operations[i].path, '{') || strcmp(operations[i].method, "PUT") == 0)
			continue;
		struct call of_foreign = call_of(&operations[i], foreign);
		struct call of_absent = call_of(&operations[i], absent);
		const struct answer *there = make(&of_foreign);
		const struct answer *nowhere = make(&of_absent);
		cr_assert(is_problem(there, 404, "not-found"), "%s: %s", operations[i].id, told(there));
		cr_assert_str_eq(blotted(there), blotted(nowhere), "%s", operations[i].id);
		cr_assert_str_eq(header_names(there), header_names(nowhere), "%s", operations[i].id);
		asked++;
	}
	cr_assert_geq(asked, 13);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(partnership, reaches_its_own_resources_in_all_these_places)
{
	struct place places[7];
	size_t count = operations_of_document(operations);

	make_world(places);
	for (size_t i = 0; i < count; i++) {
		if (!strchr(operations[i].path, '{') || strcmp(operations[i].method, "GET") != 0)
			continue;
		struct call call = call_of(&operations[i], places);
		const struct answer *answer = make(&call);
		cr_assert(answer->status == 200, "%s: %s", operations[i].id, told(answer));
	}
}

Test(partnership, mixes_no_child_with_another_s_incident)
{
	struct place foreign[7];
	struct place own[7];

	as(stage()->south);
	make_world(foreign);
	as(stage()->council);
	make_world(own);
	expect_problem(
	    get("/v1/incidents/%s/children/%s", own[0].value, foreign[1].value), 404, "not-found");
	expect_problem(
	    get("/v1/incidents/%s/children/%s", foreign[0].value, own[1].value), 404, "not-found");
}

Test(partnership, lists_and_filters_never_show_another_s)
{
	struct place foreign[7];
	size_t count = operations_of_document(operations);

	as(stage()->south);
	make_world(foreign);
	CLEANUP(free)
	char *south =
	    sql_text(&stage()->database, "SELECT id FROM partnership WHERE slug = 'south'", NULL);
	as(stage()->council);
	for (size_t i = 0; i < count; i++) {
		if (strchr(operations[i].path, '{') || strcmp(operations[i].method, "GET") != 0 ||
		    operations[i].is_open)
			continue;
		struct call call = call_of(&operations[i], foreign);
		const struct answer *answer = make(&call);
		expect_status(answer, 200);
		for (size_t place = 0; place < 6; place++)
			cr_assert(place == 2 || !strstr(text_string(&answer->body), foreign[place].value),
			    "%s shows %s", operations[i].id, foreign[place].name);
		cr_assert_null(strstr(text_string(&answer->body), south));
	}
	const char *const paths[] = {text_of("/v1/deliveries?incident_id=%s", foreign[0].value),
	    text_of("/v1/audit?resource_id=%s", foreign[0].value)};
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		expect_value(get("%s", paths[i]), "/data", "[]");
}

Test(partnership, may_use_the_keys_that_another_uses)
{
	json_t *body = incident_with("{'local_ref': 'BOTH', 'children': [{'external_id': '1'}]}");
	const char *path = "/v1/case-systems/mosaic/incidents/BOTH";

	expect_status(put(json_incref(body), "%s", path), 201);
	as(stage()->south);
	expect_status(put(body, "%s", path), 201);
}
