/* Owns what the tests of the document need of rapid reviews. */
#include "makers.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

/* The agency that the examples ask and that signs them, in every partnership. */
static void have_partner(void)
{
	sql_run(&stage()->database,
	    "INSERT INTO agency (partnership_id, id, slug, name, kind)"
	    " SELECT p.id, '00000000-0000-4000-8000-000000000001', 'partner', 'Partner', 'icb'"
	    " FROM partnership AS p ON CONFLICT DO NOTHING",
	    NULL);
}

/* Of an incident that was notified; nothing else opens one. */
static const char *opened(const struct place places[])
{
	const char *incident_id = recorded(incident_with("{}"));

	have_partner();
	made(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                  " 'notified_on': '2024-01-11'}"),
	    "/v1/incidents/%s/notifications", incident_id));
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", incident_id), "/data/0/id");
}

static const char *met(const struct place places[])
{
	const char *id = opened(places);

	made(post(json_of("{'held_on': '2024-01-25'}"), "/v1/rapid-reviews/%s/meetings", id));
	return id;
}

#define NOT "{'answer': 'not_met', 'rationale': 'x'}"

static const char *decided(const struct place places[])
{
	const char *id = met(places);

	made(post(json_of("{'decided_on': '2024-01-26', 'rationale': 'x',"
	                  " 'outcome': 'threshold_not_met_no_further_action',"
	                  " 'criteria': {'c1_improvements': " NOT ", 'c2_recurrent_themes': " NOT
	                  ", 'c3_interagency': " NOT ", 'c4_panel_local': " NOT "},"
	                  " 'circumstances': {'r1_single_agency': " NOT ", 'r2_no_agency': " NOT
	                  ", 'r3_cross_border': " NOT ", 'r4_institutional': " NOT "}}"),
	    "/v1/rapid-reviews/%s/decision", id));
	return id;
}

static const char *signed_off(const struct place places[])
{
	const char *id = decided(places);
	const struct answer *decision = get("/v1/rapid-reviews/%s/decision", id);
	size_t index;
	json_t *partner;

	json_array_foreach (answer_at(decision, "/missing_sign_offs"), index, partner)
		made(post(json_of("{'agency_id': '%s', 'agreed': true, 'by_role': 'lead',"
		                  " 'on': '2024-01-29'}",
		              json_string_value(json_object_get(partner, "agency_id"))),
		    "/v1/rapid-reviews/%s/sign-offs", id));
	return id;
}

static const char *submitted(const struct place places[])
{
	const char *id = signed_off(places);

	made(post(json_of("{'complete': true, 'submitted_on': '2024-01-31'}"),
	    "/v1/rapid-reviews/%s/submission", id));
	return id;
}

static const char *scoping_return(const struct place places[])
{
	return made(post(json_of("{'agency_id': '00000000-0000-4000-8000-000000000001',"
	                         " 'sent_on': '2024-01-12'}"),
	    "/v1/rapid-reviews/%s/scoping-returns", place_value(places, "rapid_review_id")));
}

static const char *scoping_chaser(const struct place places[])
{
	return made(post(json_of("{'chased_on': '2024-01-19'}"),
	    "/v1/rapid-reviews/%s/scoping-returns/%s/chasers", place_value(places, "rapid_review_id"),
	    place_value(places, "scoping_return_id")));
}

static const char *meeting(const struct place places[])
{
	return made(post(json_of("{'held_on': '2024-01-25'}"), "/v1/rapid-reviews/%s/meetings",
	    place_value(places, "rapid_review_id")));
}

static const char *immediate_action(const struct place places[])
{
	return made(post(json_of("{'text': 'x'}"), "/v1/rapid-reviews/%s/immediate-actions",
	    place_value(places, "rapid_review_id")));
}

static const char *panel_response(const struct place places[])
{
	return made(post(json_of("{'response': 'agreed', 'received_on': '2024-02-13'}"),
	    "/v1/rapid-reviews/%s/panel-responses", place_value(places, "rapid_review_id")));
}

/* Another area leads, so it asks us and we have no rapid review of it. */
static const char *contributing(const struct place places[])
{
	return recorded(incident_with("{'our_role': 'contributing'}"));
}

static const char *scoping_request(const struct place places[])
{
	return made(post(json_of("{'from_partnership': 'x', 'requested_on': '2024-01-12'}"),
	    "/v1/incidents/%s/scoping-requests", place_value(places, "incident_id")));
}

const struct maker makers_rapid_reviews[] = {
    {"incident_id", "createScopingRequest", contributing},
    {"incident_id", "getScopingRequest", contributing},
    {"incident_id", "patchScopingRequest", contributing},
    {"scoping_request_id", NULL, scoping_request},
    {"rapid_review_id", NULL, opened},
    {"rapid_review_id", "createRapidReviewDecision", met},
    {"rapid_review_id", "getRapidReviewDecision", decided},
    {"rapid_review_id", "createRapidReviewSignOff", decided},
    {"rapid_review_id", "createRapidReviewSubmission", signed_off},
    {"rapid_review_id", "getRapidReviewSubmission", submitted},
    {"rapid_review_id", "createPanelResponse", submitted},
    {"rapid_review_id", "getPanelResponse", submitted},
    {"rapid_review_id", "patchPanelResponse", submitted},
    {"scoping_return_id", NULL, scoping_return},
    {"scoping_chaser_id", NULL, scoping_chaser},
    {"rapid_review_meeting_id", NULL, meeting},
    {"immediate_action_id", NULL, immediate_action},
    {"panel_response_id", NULL, panel_response},
    {NULL, NULL, NULL},
};
