/* Owns what the tests of the document make for the places of its paths; one table for each group.
 */
#include <string.h>

#include "fixture.h"
#include "makers.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

static const char *incident(const struct place places[])
{
	return made(record(incident_with("{}")));
}

static const char *child(const struct place places[])
{
	return answer_text(
	    get("/v1/incidents/%s", place_value(places, "incident_id")), "/children/0/id");
}

static const char *case_system(const struct place places[])
{
	return "mosaic";
}

/* The operation that reads by an external id comes after one that wrote it. */
static const char *external_id(const struct place places[])
{
	const char *id = new_id();

	made(put(incident_with("{'children': [{'external_id': '1'}]}"),
	    "/v1/case-systems/mosaic/incidents/%s", id));
	return id;
}

static const char *new_external_id(const struct place places[])
{
	return new_id();
}

static const char *notification(const struct place places[])
{
	return made(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                         " 'notified_on': '2024-01-11'}"),
	    "/v1/incidents/%s/notifications", recorded(incident_with("{}"))));
}

static const char *delivery(const struct place places[])
{
	CLEANUP(free)
	char *id =
	    sql_text(&stage()->database, "SELECT id FROM delivery WHERE incident_id = $1::uuid LIMIT 1",
	        recorded(incident_with("{}")), NULL);

	return text_of("%s", id);
}

static const char *given_up_delivery(const struct place places[])
{
	const char *id = delivery(places);

	sql_run(&stage()->database,
	    "UPDATE delivery SET state = 'failed', due_at = NULL WHERE id = $1::uuid", id, NULL);
	return id;
}

/* Of the caller's partnership. */
static const char *active_endpoint(const struct place places[])
{
	const char *id = new_id();

	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed)"
	    " SELECT i.partnership_id, $1::uuid, 'late', 'http://127.0.0.1:9/', '{incident.closed}',"
	    " '\\x00' FROM incident AS i WHERE i.id = $2::uuid",
	    id, recorded(incident_with("{}")), NULL);
	return id;
}

static const struct maker incidents[] = {
    {"incident_id", NULL, incident},
    {"child_id", NULL, child},
    {"system", NULL, case_system},
    {"external_id", NULL, external_id},
    {"external_id", "putCaseSystemIncident", new_external_id},
    {"notification_id", NULL, notification},
    {"delivery_id", NULL, delivery},
    {"delivery_id", "createDeliveryResend", given_up_delivery},
    {"webhook_endpoint_id", "createWebhookEndpointRecovery", active_endpoint},
    {NULL, NULL, NULL},
};

const struct maker *const maker_tables[] = {
    incidents,
    makers_clocks,
    makers_rapid_reviews,
    makers_actions,
    makers_referrals,
    makers_incident_records,
    makers_reviews,
    makers_publication,
    makers_reports,
    makers_themes,
    makers_webhook_endpoints,
    NULL,
};
