/* Owns the scene: its database, its receivers, and the calls that its tests make. */
#include "scene.h"

#include <criterion/hooks.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"

#define MODEL "CSPR_TEST_MODEL"
#define MODEL_TOKEN "CSPR_TEST_MODEL_TOKEN"
#define SKIPPED 77

const char *const recipient_names[RECIPIENTS] = {"dfe", "ofsted", "panel"};
const char *const recipient_secrets[RECIPIENTS] = {
    "whsec_ZGZlIGRmZSBkZmUgZGZlIGRmZSBkZmUgZGZlIGRmZSE=",
    "whsec_b2ZzdGVkIG9mc3RlZCBvZnN0ZWQgb2ZzdGVkIG9mc3RlZA==",
    "whsec_cGFuZWwgcGFuZWwgcGFuZWwgcGFuZWwgcGFuZWwgcGFuZWw=",
};

static const char scopes[] = "incidents:read incidents:write notifications:read "
                             "notifications:write deliveries:read deliveries:resend "
                             "webhooks:read deadlines:read audit:read";

/* ---- The database that all scenes are copies of ---- */

static struct database model;

void recipient_set(const struct database *database, enum recipient recipient, const char *url)
{
	char path[] = "/tmp/cspr-secret-XXXXXX";
	int file = mkstemp(path);
	const char *secret = recipient_secrets[recipient];
	const char *const arguments[] = {"recipients", "set", "--partnership", "north", "--recipient",
	    recipient_names[recipient], "--url", url, "--secret-file", path, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	if (file < 0 || write(file, secret, strlen(secret)) != (ssize_t)strlen(secret))
		give_up("no file for a secret");
	close(file);
	csprd_run(database, arguments, NULL, &outcome);
	unlink(path);
	if (outcome.status != 0)
		give_up("csprd recipients set: %s", text_string(&outcome.errors));
}

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	(void)tests;
	if (!getenv("CSPR_TEST_SERVER")) {
		fputs("scene: no CSPR_TEST_SERVER, so these tests are skipped\n", stderr);
		exit(SKIPPED);
	}
	database_create(&model);
	partnership_create(&model, "north", "North Safeguarding Children Partnership");
	agency_create(&model, "north", "council", "local_authority", true);
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		recipient_set(&model, i, "http://127.0.0.1:9/");
	CLEANUP(free) char *token = key_create(&model, "north", "council", scopes);
	setenv(MODEL, model.name, 1);
	setenv(MODEL_TOKEN, token, 1);
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	(void)stats;
	database_drop(&model);
}

/* database_create_empty() gives a name and URLs of our own; the copy takes its place. */
static void copy_model(struct database *ret_database)
{
	struct database server = {0};
	char sql[300];

	snprintf(
	    server.super_url, sizeof(server.super_url), "%s", environment_value("CSPR_TEST_SERVER"));
	database_create_empty(ret_database);
	database_drop(ret_database);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s OWNER cspr_owner TEMPLATE %s",
	    ret_database->name, environment_value(MODEL));
	sql_run(&server, sql, NULL);
}

void scene_open(struct scene *ret_scene)
{
	copy_model(&ret_scene->database);
	snprintf(ret_scene->token, sizeof(ret_scene->token), "%s", environment_value(MODEL_TOKEN));
	for (enum recipient i = 0; i < RECIPIENTS; i++) {
		ret_scene->receivers[i] = receiver_start();
		scene_set_url(ret_scene, recipient_names[i], receiver_url(ret_scene->receivers[i]));
	}
}

void scene_close(struct scene *scene)
{
	for (enum recipient i = 0; i < RECIPIENTS; i++)
		receiver_stop(scene->receivers[i]);
	database_drop(&scene->database);
}

void scene_set_url(const struct scene *scene, const char *endpoint, const char *url)
{
	sql_run(&scene->database, "UPDATE webhook_endpoint SET url = $1 WHERE name = $2", url, endpoint,
	    NULL);
}

char *scene_add_endpoint(const struct scene *scene, const char *name, const char *url)
{
	return sql_text(&scene->database,
	    "INSERT INTO webhook_endpoint"
	    " (partnership_id, id, name, url, event_types, secret_sealed)"
	    " SELECT partnership_id, gen_random_uuid(), $1, $2,"
	    " '{incident.created,incident.updated,incident.notified,notification.acknowledged}',"
	    " secret_sealed FROM webhook_endpoint WHERE recipient = 'dfe' RETURNING id",
	    name, url, NULL);
}

/* ---- Calls ---- */

static const char *const bodies[] = {
    [SERIOUS_HARM] = "{\"incident_date\":\"2024-01-06\",\"aware_on\":\"2024-01-08\","
                     "\"nature\":\"serious_harm\",\"abuse_neglect_status\":\"suspected\","
                     "\"narrative\":\"Invented: " NARRATIVE_CANARY ".\","
                     "\"children\":[{\"index_child\":true,\"role\":\"victim\","
                     "\"nature\":\"serious_harm\",\"age_years\":0}]}",
    [CARE_LEAVER_DEATH] = "{\"incident_date\":\"2024-01-06\",\"death_date\":\"2024-01-06\","
                          "\"aware_on\":\"2024-01-08\",\"nature\":\"child_death\","
                          "\"notifying_basis\":\"care_leaver_death\","
                          "\"abuse_neglect_status\":\"not_known_or_suspected\","
                          "\"narrative\":\"Invented: " NARRATIVE_CANARY ".\","
                          "\"children\":[{\"index_child\":true,\"role\":\"victim\","
                          "\"nature\":\"child_death\",\"age_years\":20,"
                          "\"csc_status\":\"care_leaver\"}]}",
};

static void must_answer(
    const struct service *service, const struct call *call, int status, struct answer *ret_answer)
{
	http_call(service, call, ret_answer);
	if (ret_answer->status != status)
		give_up("%s %s answered %d: %s", call->method ? call->method : "GET", call->path,
		    ret_answer->status, text_string(&ret_answer->body));
}

static char *post(
    const struct scene *scene, const struct service *service, const char *path, const char *body)
{
	CLEANUP(answer_finish) struct answer answer = {0};
	struct uuid key = uuid_new();

	must_answer(service,
	    &(struct call){.method = "POST",
	        .path = path,
	        .token = scene->token,
	        .idempotency_key = key.text,
	        .body = body},
	    201, &answer);
	return strdup(answer_text(&answer, "/id"));
}

char *incident_create(
    const struct scene *scene, const struct service *service, enum incident_kind kind)
{
	return post(scene, service, "/v1/incidents", bodies[kind]);
}

void incident_touch(const struct scene *scene, const struct service *service, const char *id)
{
	CLEANUP(answer_finish) struct answer now = {0};
	CLEANUP(answer_finish) struct answer changed = {0};
	char path[80];

	snprintf(path, sizeof(path), "/v1/incidents/%s", id);
	must_answer(service, &(struct call){.path = path, .token = scene->token}, 200, &now);
	must_answer(service,
	    &(struct call){.method = "PATCH",
	        .path = path,
	        .token = scene->token,
	        .if_match = answer_header(&now, "ETag"),
	        .body = "{\"media_interest\":true}"},
	    200, &changed);
}

char *incident_notify(const struct scene *scene, const struct service *service,
    const char *incident_id, const char *kind)
{
	char path[120];
	char body[80];

	snprintf(path, sizeof(path), "/v1/incidents/%s/notifications", incident_id);
	snprintf(body, sizeof(body), "{\"kind\":\"%s\"}", kind);
	return post(scene, service, path, body);
}

char *incident_accept(const struct scene *scene, const struct service *service)
{
	CLEANUP(free) char *incident = incident_create(scene, service, SERIOUS_HARM);

	return incident_notify(scene, service, incident, "serious_incident");
}

void get(const struct scene *scene, const struct service *service, struct answer *ret_answer,
    const char *path, ...)
{
	char whole[300];
	va_list arguments;

	va_start(arguments, path);
	vsnprintf(whole, sizeof(whole), path, arguments);
	va_end(arguments);
	must_answer(service, &(struct call){.path = whole, .token = scene->token}, 200, ret_answer);
}

/* ---- Deliveries ---- */

char *delivery_id(const struct scene *scene, const char *notification_id, const char *recipient)
{
	char *id = sql_text(&scene->database,
	    "SELECT d.id FROM notification AS n"
	    " JOIN delivery AS d ON d.event_id = n.event_id"
	    " JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " WHERE n.id = $1::uuid AND e.recipient = $2",
	    notification_id, recipient, NULL);

	if (!id)
		give_up("there is no delivery to %s", recipient);
	return id;
}

void wait_attempts(const struct scene *scene, const char *delivery, int attempts)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", attempts);
	if (!sql_holds_within(&scene->database, PATIENCE,
	        "SELECT attempts >= $2::integer FROM delivery WHERE id = $1::uuid", delivery, number,
	        NULL))
		give_up("the delivery %s has not had %d attempts", delivery, attempts);
}

void hurry(const struct scene *scene, const char *delivery, int attempts)
{
	char number[16];

	wait_attempts(scene, delivery, attempts);
	snprintf(number, sizeof(number), "%d", attempts);
	sql_run(&scene->database,
	    "UPDATE delivery SET due_at = now()"
	    " WHERE id = $1::uuid AND attempts = $2::integer AND state = 'pending'",
	    delivery, number, NULL);
	sql_run(&scene->database, "NOTIFY cspr_delivery", NULL);
}

void wait_all_delivered(const struct scene *scene)
{
	CLEANUP(free) char *open = NULL;

	if (sql_holds_within(&scene->database, PATIENCE,
	        "SELECT count(*) > 0 AND bool_and(state = 'delivered') FROM delivery", NULL))
		return;
	open = sql_text(&scene->database,
	    "SELECT string_agg(concat_ws(' ', e.name, d.state, d.attempts, d.due_at, a.error), '; ')"
	    " FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id"
	    " LEFT JOIN delivery_attempt AS a ON a.delivery_id = d.id AND a.number = d.attempts"
	    " WHERE d.state <> 'delivered'",
	    NULL);
	give_up("not everything was delivered: %s", open ? open : "there is nothing");
}

char *scene_open_delivered(struct scene *ret_scene, struct service *ret_service,
    enum recipient recipient, char **ret_notification)
{
	scene_open(ret_scene);
	service_start(&ret_scene->database, NULL, ret_service);
	CLEANUP(free) char *notification = incident_accept(ret_scene, ret_service);
	char *delivery = delivery_id(ret_scene, notification, recipient_names[recipient]);
	wait_all_delivered(ret_scene);
	if (ret_notification)
		*ret_notification = TAKE(notification);
	return delivery;
}

void end_leases(const struct scene *scene, const char *endpoint)
{
	sql_run(&scene->database,
	    "UPDATE delivery AS d SET due_at = now() FROM webhook_endpoint AS e"
	    " WHERE e.id = d.endpoint_id AND e.name = $1 AND d.state = 'pending'",
	    endpoint, NULL);
}

enum cspr_verdict verdict_of(const struct received *call, const char *secret)
{
	CLEANUP(free) char *id = received_header(call, "webhook-id");
	CLEANUP(free) char *timestamp = received_header(call, "webhook-timestamp");
	CLEANUP(free) char *signature = received_header(call, "webhook-signature");
	const struct cspr_webhook webhook = {
	    .id = id,
	    .timestamp = timestamp,
	    .signature = signature,
	    .body = call->body,
	    .body_length = call->body_length,
	};

	return cspr_verify_webhook(&secret, 1, &webhook, 300, CSPR_NOW);
}

bool has_id(const struct received *call, const char *id)
{
	CLEANUP(free) char *sent = received_header(call, "webhook-id");

	return sent && strcmp(sent, id) == 0;
}

void wait_calls(struct receiver *receiver, size_t count)
{
	if (!receiver_wait(receiver, count, PATIENCE))
		give_up("only %zu of %zu calls have come", receiver_count(receiver), count);
}
