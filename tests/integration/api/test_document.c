/* Owns the tests of what the OpenAPI document promises: its operations and its examples. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(operation, .timeout = 60);
TestSuite(example, .timeout = 60);
TestSuite(document, .timeout = 60);

static struct documented operations[OPERATIONS_MAX];

static const struct documented *operation_named(size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(operations[i].id, id) == 0)
			return &operations[i];
	give_up("the document has no operation %s", id);
}

/* An ordinary endpoint of north's that takes every event, so that there are deliveries. */
static void have_deliveries(void)
{
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed)"
	    " SELECT p.id, gen_random_uuid(), 'sink', 'http://127.0.0.1:9/',"
	    " '{incident.created}', '\\x00' FROM partnership AS p WHERE p.slug = 'north'",
	    NULL);
	recorded(incident_with("{}"));
}

/* The answer to the operation's own example. */
static const struct answer *answer_to(const struct documented *documented)
{
	struct place places[PLACES_MAX];

	make_places(documented, places);
	struct call call = call_of(documented, places);
	return make(&call);
}

/* A step of a process is taken, and answers with what it moved. */
static int status_of_success(const struct documented *documented)
{
	if (documented->is_open)
		return 200;
	if (strcmp(documented->method, "POST") == 0 && !documented->takes_if_match)
		return 201;
	return json_object_get(documented->responses, "201") && strcmp(documented->method, "PUT") == 0
	           ? 201
	           : 200;
}

Test(operation, of_the_document_is_answered_with_a_success_that_it_describes)
{
	size_t count = operations_of_document(operations);

	have_deliveries();
	cr_assert_geq(count, 30);
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = answer_to(&operations[i]);
		const char *status = text_of("%d", answer->status);
		cr_assert(answer->status >= 200 && answer->status < 300, "%s: %s", operations[i].id,
		    told(answer));
		cr_assert_not_null(
		    json_object_get(operations[i].responses, status), "%s: %s", operations[i].id, status);
	}
}

Test(example, of_every_body_is_accepted_as_it_stands)
{
	size_t count = operations_of_document(operations);
	size_t bodies = 0;

	for (size_t i = 0; i < count; i++) {
		if (!operations[i].content_type)
			continue;
		cr_assert_not_null(operations[i].example, "%s has no example", operations[i].id);
		const struct answer *answer = answer_to(&operations[i]);
		cr_assert_eq(answer->status, status_of_success(&operations[i]), "%s: %s", operations[i].id,
		    told(answer));
		bodies++;
	}
	cr_assert_geq(bodies, 7);
}

Test(example, is_kept_as_it_was_sent)
{
	size_t count = operations_of_document(operations);
	const struct documented *creation = operation_named(count, "createIncident");
	const char *id = answer_text(answer_to(creation), "/id");
	const struct answer *read = get("/v1/incidents/%s", id);
	const char *key;
	json_t *value;

	json_object_foreach (creation->example, key, value) {
		if (strcmp(key, "children") != 0)
			cr_assert(json_equal(json_object_get(read->json, key), value), "%s", key);
	}
}

Test(document, is_open_to_everybody)
{
	as(NULL);
	const struct answer *answer = get("/openapi.json");

	expect_status(answer, 200);
	expect_value(answer, "/openapi", "'3.1.0'");
	cr_assert_gt(json_object_size(answer_at(answer, "/webhooks")), 0);
}

/* What `cspr webhook trigger` sends, and what somebody who builds a receiver looks at first. */
Test(document, has_an_example_of_its_own_of_every_webhook)
{
	const struct answer *answer = get("/openapi.json");
	const json_t *known =
	    json_object_get(answer_at(answer, "/components/schemas/WebhookData"), "properties");
	const json_t *types = answer_at(answer, "/components/schemas/EventType/enum");
	const char *type;
	json_t *webhook;
	const char *member;
	json_t *value;

	cr_assert_eq(json_object_size(answer_at(answer, "/webhooks")), json_array_size(types));
	json_object_foreach (answer_at(answer, "/webhooks"), type, webhook) {
		const struct answer one = {.json = webhook};
		const json_t *content = answer_at(&one, "/post/requestBody/content");
		const json_t *example =
		    json_object_get(json_object_get(content, "application/json"), "example");
		cr_assert_not_null(example, "%s has no example; see incident.created", type);
		cr_expect_str_eq(json_string_value(json_object_get(example, "type")), type,
		    "%s has the example of another event: write one of its own beside its schema", type);
		cr_expect(json_is_string(json_object_get(example, "timestamp")), "%s", type);
		const json_t *data = json_object_get(example, "data");
		cr_expect(json_is_string(json_object_get(data, "event_id")), "%s", type);
		cr_expect(json_is_string(json_object_get(data, "link")), "%s", type);
		json_object_foreach ((json_t *)data, member, value)
			cr_expect(json_object_get(known, member), "%s has an unknown %s", type, member);
	}
}

/*
 * And the calendar, because a calendar program sends no key: the secret in its address is one, and
 * without it there is nothing. And the receipts of recipients, whose signature is one.
 */
Test(document, opens_the_service_s_own_operations_and_no_other)
{
	size_t count = operations_of_document(operations);
	size_t open = 0;

	as(NULL);
	for (size_t i = 0; i < count; i++) {
		if (!operations[i].is_open)
			continue;
		open++;
		cr_assert(strncmp(operations[i].path, "/v1/", 4) != 0, "%s", operations[i].path);
		if (strcmp(operations[i].id, "createReceipt") == 0) {
			expect_problem(post(json_of("{}"), "%s", operations[i].path), 401, "unauthenticated");
			continue;
		}
		bool is_calendar = strcmp(operations[i].id, "getCalendar") == 0;
		expect_status(get("%s", operations[i].path), is_calendar ? 404 : 200);
	}
	cr_assert_eq(open, 5);
}

Test(document, names_every_scope_that_a_key_may_have)
{
	CLEANUP(json_decref) json_t *scopes = json_object();
	const char *path;
	const char *method;
	json_t *methods;
	json_t *operation;
	const char *scope;
	json_t *listed;

	json_object_foreach (json_object_get(document(), "paths"), path, methods) {
		json_object_foreach (methods, method, operation) {
			size_t index;
			json_t *requirement;
			json_array_foreach (json_object_get(operation, "security"), index, requirement) {
				json_t *list = json_object_get(requirement, "bearer");
				json_object_set_new(
				    scopes, json_string_value(json_array_get(list, 0)), json_true());
			}
		}
	}
	cr_assert_geq(json_object_size(scopes), 12);
	json_object_foreach (scopes, scope, listed)
		cr_assert(strstr(ALL_SCOPES " " OWN_SCOPES, scope), "the tests know no scope %s", scope);
}
