/* Owns what the tests of the document need of webhook endpoints. */
#include "makers.h"

static const char *proposed(const struct place places[])
{
	return answer_text(post(json_of("{'name': 'case system', 'event_types': [],"
	                                " 'url': 'https://hooks.example.org/'}"),
	                       "/v1/webhook-endpoints"),
	    "/id");
}

/* By somebody else, so that whoever calls may approve it. */
static void make_anothers(const char *table, const char *column, const char *id)
{
	sql_run(&stage()->database,
	    text_of(
	        "UPDATE %s SET proposed_by_key_id = gen_random_uuid() WHERE %s = $1", table, column),
	    id, NULL);
}

static const char *active(const struct place places[])
{
	const char *id = proposed(places);

	make_anothers("webhook_endpoint", "id", id);
	expect_status(move(json_of("{'to': 'active'}"), etag_of(get("/v1/webhook-endpoints/%s", id)),
	                  "/v1/webhook-endpoints/%s/transitions", id),
	    200);
	return id;
}

static const char *changed(const struct place places[])
{
	const char *id = active(places);

	expect_status(patch(json_of("{'payload': 'summary'}"),
	                  etag_of(get("/v1/webhook-endpoints/%s", id)), "/v1/webhook-endpoints/%s", id),
	    200);
	make_anothers("webhook_endpoint_change", "endpoint_id", id);
	return id;
}

const struct maker makers_webhook_endpoints[] = {
    {"webhook_endpoint_id", NULL, proposed},
    {"webhook_endpoint_id", "createWebhookEndpointTransition", active},
    {"webhook_endpoint_id", "createWebhookEndpointDecision", changed},
    {NULL, NULL, NULL},
};
