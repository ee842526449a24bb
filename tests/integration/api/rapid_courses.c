/* Owns the course of a rapid review from its notification to the Panel. */
#include "rapid_courses.h"

const char *rapid_course(const char *aware_on, const char *notified_on, const char *members)
{
	json_t *incident = incident_with(
	    "{'incident_date': '%s', 'aware_on': '%s', 'our_role': 'lead'}", aware_on, aware_on);

	json_object_update_new(incident, json_of("%s", members));
	const char *id = recorded(incident);
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '%s'}",
	                       notified_on),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/id");
}

static json_t *all_answered(const char *const names[4], const char *first)
{
	json_t *group = json_object();

	for (size_t i = 0; i < 4; i++)
		json_object_set_new(group, names[i],
		    json_of("{'answer': '%s', 'rationale': 'x'}", i == 0 ? first : "not_met"));
	return group;
}

static json_t *decision_on(const char *day)
{
	static const char *const criteria[] = {
	    "c1_improvements", "c2_recurrent_themes", "c3_interagency", "c4_panel_local"};
	static const char *const circumstances[] = {
	    "r1_single_agency", "r2_no_agency", "r3_cross_border", "r4_institutional"};

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "decided_on", day, "rationale", "x",
	    "outcome", "lcspr_local", "criteria", all_answered(criteria, "met"), "circumstances",
	    all_answered(circumstances, "not_met"), "sign_offs",
	    json_of("[{'agency_id': '%s', 'agreed': true, 'by_role': 'lead', 'on': '%s'}]",
	        agency_of("council"), day));
}

void rapid_submitted(const char *rapid_review, const char *decided_on, const char *submitted_on)
{
	expect_status(post(json_of("{'held_on': '%s', 'chair_role': 'scrutineer'}", decided_on),
	                  "/v1/rapid-reviews/%s/meetings", rapid_review),
	    201);
	expect_status(
	    post(decision_on(decided_on), "/v1/rapid-reviews/%s/decision", rapid_review), 201);
	expect_status(post(json_of("{'complete': true, 'submitted_on': '%s', 'transmission': 'record'}",
	                       submitted_on),
	                  "/v1/rapid-reviews/%s/submission", rapid_review),
	    201);
}

void panel_says(const char *rapid_review, const char *response, const char *received_on)
{
	expect_status(post(json_of("{'response': '%s', 'received_on': '%s'}", response, received_on),
	                  "/v1/rapid-reviews/%s/panel-responses", rapid_review),
	    201);
}

const char *incident_of(const char *rapid_review)
{
	return answer_text(get("/v1/rapid-reviews/%s", rapid_review), "/incident_id");
}
