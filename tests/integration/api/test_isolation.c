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

/* An operation's example, at places that the caller of the moment made for it. */
struct prepared {
	const struct documented *documented;
	struct place places[PLACES_MAX];
	struct call call;
};
static struct prepared prepared[OPERATIONS_MAX];

static size_t prepare_all(void)
{
	size_t count = operations_of_document(operations);
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (operations[i].is_open)
			continue;
		struct prepared *one = &prepared[used++];
		one->documented = &operations[i];
		make_places(&operations[i], one->places);
		one->call = call_of(&operations[i], one->places);
	}
	return used;
}

/* The same call with ids that nothing has. */
static struct call absent(const struct prepared *one)
{
	struct place places[PLACES_MAX];
	size_t i = 0;

	for (; one->places[i].name; i++)
		places[i] = (struct place){
		    one->places[i].name, strcmp(one->places[i].name, "system") == 0 ? "mosaic" : new_id()};
	places[i] = (struct place){NULL, NULL};
	return call_elsewhere(one->call, one->documented, places);
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
	as(stage()->council);
	size_t count = prepare_all();
	const char *kept = everything_kept();
	as(token);
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = make(&prepared[i].call);
		cr_assert(
		    is_problem(answer, status, code), "%s: %s", prepared[i].documented->id, told(answer));
	}
	cr_assert_geq(count, 27);
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
	static const char *const opened[][2] = {
	    {"listWebhookEndpoints", "getWebhookEndpoint"}, {"listAuditEntries", ""}};
	size_t count = prepare_all();

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < 2; k++) {
			const char *id = prepared[i].documented->id;
			as(tokens[k]);
			const struct answer *answer = make(&prepared[i].call);
			if (strcmp(id, opened[k][0]) == 0 || strcmp(id, opened[k][1]) == 0)
				expect_status(answer, 200);
			else
				cr_assert(is_problem(answer, 403, "forbidden"), "%s: %s", id, told(answer));
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
	size_t asked = 0;

	as(stage()->south);
	size_t count = prepare_all();
	const char *kept = everything_kept();
	as(stage()->council);
	for (size_t i = 0; i < count; i++) {
		const struct documented *documented = prepared[i].documented;
		/*
		 * Whoever pushes a message under another's key makes an incident of its own; the name of a
		 * report is everybody's.
		 */
		if (!strchr(documented->path, '{') ||
		    strcmp(documented->id, "putCaseSystemIncident") == 0 ||
		    strcmp(documented->id, "listReportRecords") == 0)
			continue;
		struct call of_absent = absent(&prepared[i]);
		const struct answer *there = make(&prepared[i].call);
		const struct answer *nowhere = make(&of_absent);
		cr_assert(is_problem(there, 404, "not-found"), "%s: %s", documented->id, told(there));
		cr_assert_str_eq(blotted(there), blotted(nowhere), "%s", documented->id);
		cr_assert_str_eq(header_names(there), header_names(nowhere), "%s", documented->id);
		asked++;
	}
	cr_assert_geq(asked, 13);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(partnership, reaches_its_own_resources_in_all_these_places)
{
	size_t count = prepare_all();

	for (size_t i = 0; i < count; i++) {
		if (strcmp(prepared[i].documented->method, "GET") != 0)
			continue;
		const struct answer *answer = make(&prepared[i].call);
		cr_assert(answer->status == 200, "%s: %s", prepared[i].documented->id, told(answer));
	}
}

Test(partnership, mixes_no_child_with_another_s_incident)
{
	as(stage()->south);
	const char *foreign = recorded(incident_with("{}"));
	const char *foreign_child = answer_text(get("/v1/incidents/%s", foreign), "/children/0/id");
	as(stage()->council);
	const char *own = recorded(incident_with("{}"));
	const char *own_child = answer_text(get("/v1/incidents/%s", own), "/children/0/id");

	expect_problem(get("/v1/incidents/%s/children/%s", own, foreign_child), 404, "not-found");
	expect_problem(get("/v1/incidents/%s/children/%s", foreign, own_child), 404, "not-found");
}

/* Whether the text holds the value of a place that tells whose it is. */
static void expect_nothing_of(const struct prepared *one, const char *id, const char *text)
{
	for (const struct place *place = one->places; place->name; place++)
		cr_assert(strcmp(place->name, "system") == 0 || strcmp(place->name, "report_name") == 0 ||
		              !strstr(text, place->value),
		    "%s shows %s", id, place->name);
}

Test(partnership, lists_and_filters_never_show_another_s)
{
	as(stage()->south);
	size_t count = prepare_all();
	CLEANUP(free)
	char *south =
	    sql_text(&stage()->database, "SELECT id FROM partnership WHERE slug = 'south'", NULL);
	as(stage()->council);
	for (size_t i = 0; i < count; i++) {
		const struct documented *documented = prepared[i].documented;
		if (strchr(documented->path, '{') || strcmp(documented->method, "GET") != 0)
			continue;
		const struct answer *answer = make(&prepared[i].call);
		expect_status(answer, 200);
		for (size_t k = 0; k < count; k++)
			expect_nothing_of(&prepared[k], documented->id, text_string(&answer->body));
		cr_assert_null(strstr(text_string(&answer->body), south));
	}
	as(stage()->south);
	const char *incident = recorded(incident_with("{}"));
	as(stage()->council);
	const char *const paths[] = {text_of("/v1/deliveries?incident_id=%s", incident),
	    text_of("/v1/audit?resource_id=%s", incident)};
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
