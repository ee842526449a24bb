/* Owns the stories of intake: the incidents that are not the ordinary ones, from referral to their
 * end. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(story, .timeout = 60);

static const struct answer *notify(const char *id, const char *kind)
{
	return post(
	    json_of("{'kind': '%s', 'transmission': 'record', 'notified_on': '2024-01-11'}", kind),
	    "/v1/incidents/%s/notifications", id);
}

static const struct answer *moved(const char *id, const char *members)
{
	return move(json_of("%s", members), etag_of(get("/v1/incidents/%s", id)),
	    "/v1/incidents/%s/transitions", id);
}

static const struct answer *corrected(const char *id, const char *members)
{
	return patch(
	    json_of("%s", members), etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s", id);
}

/* How many clocks of that kind and state the incident has, those before a correction too. */
static size_t clocks_of(const char *id, const char *kind, const char *member, const char *value)
{
	const struct answer *clocks = get("/v1/incidents/%s/clocks", id);
	size_t count = 0;
	size_t index;
	json_t *clock;

	json_array_foreach (answer_at(clocks, "/clocks"), index, clock) {
		const char *present = json_string_value(json_object_get(clock, member));
		if (strcmp(json_string_value(json_object_get(clock, "kind")), kind) == 0 && present &&
		    strcmp(present, value) == 0)
			count++;
	}
	return count;
}

Test(story, several_children_are_one_incident_with_one_index_child_and_one_notification)
{
	const char *id = recorded(incident_with("{'children': ["
	                                        "{'role': 'sibling_also_harmed', 'index_child': false,"
	                                        " 'nature': 'serious_harm', 'age_years': 6},"
	                                        "{'role': 'victim', 'index_child': true,"
	                                        " 'nature': 'serious_harm', 'age_years': 2},"
	                                        "{'role': 'other_affected', 'index_child': false,"
	                                        " 'nature': 'none', 'age_years': 9}]}"));
	const struct answer *read = get("/v1/incidents/%s", id);

	cr_assert_eq(json_array_size(answer_at(read, "/children")), 3);
	expect_value(read, "/children/0/age_years", "2");
	expect_value(read, "/children/0/index_child", "true");
	cr_assert_eq(json_array_size(answer_at(
	                 get("/v1/incidents?local_ref=%s", answer_text(read, "/local_ref")), "/data")),
	    1);
	expect_status(notify(id, "serious_incident"), 201);
	expect_problem(notify(id, "serious_incident"), 409, "duplicate");
}

Test(story, another_area_leads_and_we_contribute_until_it_turns_out_to_be_ours)
{
	const char *id =
	    recorded(incident_with("{'our_role': 'contributing', 'la_of_incident': 'E08000025',"
	                           " 'la_of_residence': 'E08000028'}"));
	const struct answer *read = get("/v1/incidents/%s", id);

	expect_value(read, "/counted", "false");
	expect_value(read, "/duty", "'none'");
	const struct answer *refused = notify(id, "serious_incident");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'lead_authority_notifies'");
	const struct answer *ours = corrected(id, "{'our_role': 'lead'}");
	expect_value(ours, "/counted", "true");
	expect_value(ours, "/sin_due_on", "'2024-01-15'");
}

Test(story, a_child_who_lives_here_is_harmed_outside_england_and_we_notify)
{
	const struct answer *made = record(
	    incident_with("{'notifying_basis': 'outside_england_normally_resident', 'our_role': 'lead',"
	                  " 'la_of_incident': 'W06000015', 'la_of_residence': 'E08000028'}"));

	expect_value(made, "/duty", "'serious_incident'");
	expect_value(made, "/sin_due_on", "'2024-01-15'");
	expect_status(notify(answer_text(made, "/id"), "serious_incident"), 201);
}

Test(story, a_looked_after_child_placed_here_dies_and_this_area_notifies_although_another_placed_it)
{
	static const char died[] =
	    "{'nature': 'child_death', 'death_date': '2024-01-06', 'our_role': '%s',"
	    " 'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': 'lac_death',"
	    " 'la_of_incident': '%s', 'la_responsible': '%s', 'children': [{'nature': 'child_death',"
	    " 'age_years': 15, 'csc_status': 'lac', 'lac_status': 'current',"
	    " 'placed_out_of_area': true}]}";
	const struct answer *here =
	    record(incident_with("%s", text_of(died, "lead", "E08000028", "E08000025")));
	const struct answer *elsewhere =
	    record(incident_with("%s", text_of(died, "informed", "E08000025", "E08000028")));

	expect_value(here, "/duty", "'looked_after_child_death'");
	const struct answer *clocks = get("/v1/incidents/%s/clocks", answer_text(here, "/id"));
	expect_value(clocks, "/recipients", "['dfe', 'ofsted']");
	expect_status(notify(answer_text(here, "/id"), "looked_after_child_death"), 201);
	cr_assert_eq(clocks_of(answer_text(here, "/id"), "rapid_review", "state", "running"), 0);
	expect_value(elsewhere, "/duty", "'none'");
	expect_value(elsewhere, "/counted", "false");
}

Test(story, an_unborn_child_has_an_expected_date_and_no_age)
{
	const struct answer *made = record(incident_with(
	    "{'children': [{'role': 'victim', 'unborn': true, 'expected_on': '2024-05-20'}]}"));

	expect_value(made, "/duty", "'serious_incident'");
	expect_value(made, "/children/0/age_years", "null");
	expect_fault(
	    post(incident_with("{'children': [{'unborn': true, 'age_years': 0}]}"), "/v1/incidents"),
	    "/children/0/age_years", "unborn_age");
}

Test(story, a_child_who_did_the_harm_and_was_abused_is_notified_as_other)
{
	static const char child[] = "{'nature': 'other', 'abuse_neglect_status': '%s',"
	                            " 'notifying_basis': null, 'children':"
	                            " [{'role': 'perpetrator_child', 'age_years': 16}]}";
	const struct answer *abused = record(incident_with("%s", text_of(child, "suspected")));

	expect_value(abused, "/duty", "'serious_incident'");
	expect_value(abused, "/duty_rule", "'perpetrator_child_abuse_known_or_suspected'");
	expect_value(
	    record(incident_with("%s", text_of(child, "not_known_or_suspected"))), "/duty", "'none'");
}

Test(story, a_child_whom_nobody_has_identified_is_notified_all_the_same)
{
	const struct answer *made =
	    record(incident_with("{'children': [{'unnamed': true, 'role': 'victim'}]}"));

	expect_value(made, "/children/0/unnamed", "true");
	expect_value(made, "/duty", "'serious_incident'");
	expect_status(notify(answer_text(made, "/id"), "serious_incident"), 201);
}

Test(story, harm_of_years_ago_is_on_time_by_the_day_on_which_it_became_known)
{
	const char *id = recorded(incident_with(
	    "{'incident_date': '2009-01-01', 'date_precision': 'year', 'children':"
	    " [{'role': 'victim', 'nature': 'serious_harm', 'age_years': 4, 'sex': 'F'}]}"));

	expect_value(get("/v1/incidents/%s", id), "/sin_due_on", "'2024-01-15'");
	expect_status(notify(id, "serious_incident"), 201);
	cr_assert_eq(clocks_of(id, "sin", "state", "met"), 1);
}

Test(story, the_out_of_hours_team_knew_on_saturday_and_the_clock_runs_from_then)
{
	const struct answer *made = record(incident_with(
	    "{'incident_date': '2024-01-05', 'incident_time': '18:00', 'aware_on': null,"
	    " 'aware_at': '2024-01-06T21:10:00Z', 'aware_by': 'emergency duty team',"
	    " 'aware_how': 'call from the hospital', 'partnership_aware_on': '2024-01-08'}"));

	expect_value(made, "/aware_on", "'2024-01-06'");
	expect_value(made, "/aware_by", "'emergency duty team'");
	expect_value(made, "/sin_due_on", "'2024-01-12'");
}

Test(story, half_past_midnight_in_summer_is_the_next_day_in_london)
{
	const struct answer *made = record(incident_with(
	    "{'incident_date': '2024-06-30', 'aware_on': null, 'aware_at': '2024-06-30T23:30:00Z'}"));

	expect_value(made, "/aware_on", "'2024-07-01'");
	expect_value(made, "/sin_due_on", "'2024-07-08'");
}

Test(story, a_wrong_day_of_awareness_is_corrected_and_both_clocks_can_be_seen)
{
	const char *id = recorded(incident_with("{'incident_date': '2024-01-04'}"));

	expect_value(corrected(id, "{'aware_on': '2024-01-05'}"), "/sin_due_on", "'2024-01-12'");
	cr_assert_eq(clocks_of(id, "sin", "due_on", "2024-01-15"), 1);
	cr_assert_eq(clocks_of(id, "sin", "due_on", "2024-01-12"), 1);
	const struct answer *history = get("/v1/incidents/%s/history", id);
	cr_assert_not_null(strstr(text_string(&history->body), "\"aware_on\""));
	expect_status(notify(id, "serious_incident"), 201);
	expect_status(corrected(id, "{'aware_on': '2024-01-04'}"), 200);
	cr_assert_eq(clocks_of(id, "sin", "due_on", "2024-01-12"), 1);
	cr_assert_eq(clocks_of(id, "sin", "state", "met"), 1);
}

Test(story, a_notified_incident_is_found_not_to_meet_the_criteria_and_no_review_is_due)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, "serious_incident"), 201);
	const struct answer *missing = moved(id, "{'to': 'withdrawn'}");
	expect_problem(missing, 409, "conflict");
	expect_value(missing, "/missing/0/code", "'reason'");
	expect_value(missing, "/missing/1/code", "'agreed_by'");
	expect_status(moved(id, "{'to': 'withdrawn', 'reason': 'a medical cause was found',"
	                        " 'agreed_by': 'delegated safeguarding partners'}"),
	    200);
	cr_assert_eq(clocks_of(id, "rapid_review", "state", "cancelled"), 1);
	expect_value(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/state", "'lapsed'");
	/* What was submitted stays submitted. */
	expect_value(get("/v1/incidents/%s/notifications", id), "/data/0/kind", "'serious_incident'");
	cr_assert_eq(clocks_of(id, "sin", "state", "met"), 1);
}

Test(story, the_police_dissent_from_the_decision_not_to_notify_and_the_authority_decides)
{
	const char *id = recorded(incident_with("{}"));

	agency_create(&stage()->database, "north", "police", "police", true);
	expect_fault(moved(id, text_of("{'to': 'not_notified', 'reason': 'x', 'views':"
	                               " [{'agency_id': '%s', 'view': 'notify'}]}",
	                           agency_of("council"))),
	    "/views/0/view", "local_authority_decides");
	expect_status(
	    moved(id, text_of("{'to': 'not_notified', 'reason': 'no serious harm', 'views':"
	                      " [{'agency_id': '%s', 'view': 'not_notify'}, {'agency_id': '%s',"
	                      " 'view': 'notify', 'dissent': 'escalated to the chief officers'}]}",
	                  agency_of("council"), agency_of("police"))),
	    200);
	const struct answer *steps = get("/v1/incidents/%s/transitions", id);
	expect_value(steps, "/data/0/views/1/dissent", "'escalated to the chief officers'");
	cr_assert_eq(clocks_of(id, "sin", "state", "cancelled"), 1);
}

Test(story, a_sudden_infant_death_runs_beside_the_child_death_overview_and_is_no_serious_incident)
{
	const char *id = recorded(incident_with(
	    "{'nature': 'child_death', 'death_date': '2024-01-06', 'cause_of_death': 'sudi',"
	    " 'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': null, 'children':"
	    " [{'nature': 'child_death', 'age_years': 0, 'age_days': 60}]}"));

	expect_status(post(json_of("{'type': 'joint_agency_response', 'reference': 'JAR-17'}"),
	                  "/v1/incidents/%s/linked-processes", id),
	    201);
	expect_status(post(json_of("{'type': 'child_death_overview', 'reference': 'CDOP-3'}"),
	                  "/v1/incidents/%s/linked-processes", id),
	    201);
	cr_assert_eq(
	    json_array_size(answer_at(get("/v1/incidents/%s/linked-processes", id), "/data")), 2);
	expect_value(get("/v1/incidents/%s", id), "/duty", "'none'");
	expect_status(moved(id, "{'to': 'closed', 'reason': 'the panel goes on'}"), 200);
	expect_problem(post(json_of("{'type': 'coroner', 'reference': 'C-1'}"),
	                   "/v1/incidents/%s/linked-processes", id),
	    409, "conflict");
}

Test(story, an_agency_whose_worker_is_named_does_not_find_the_case_and_each_disclosure_is_logged)
{
	const char *id = recorded(incident_with("{}"));
	const char *trust = key_of("north", "trust", ALL_SCOPES);

	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'a worker of the team is named'}",
	                       agency_of("trust")),
	                  "/v1/incidents/%s/restrictions", id),
	    201);
	as(trust);
	expect_problem(get("/v1/incidents/%s", id), 404, "not-found");
	expect_problem(corrected(recorded(incident_with("{}")), "{'nature': null}"), 422, "invalid");
	as(stage()->council);
	expect_status(moved(id, "{'to': 'withdrawn', 'reason': 'x', 'agreed_by': 'partners'}"), 200);
	expect_status(post(json_of("{'kind': 'subject_access', 'requested_by': 'a parent',"
	                           " 'decided_on': '2024-01-20', 'outcome': 'partly'}"),
	                  "/v1/incidents/%s/disclosures", id),
	    201);
	expect_value(get("/v1/incidents/%s/disclosures", id), "/data/0/outcome", "'partly'");
	const struct answer *audit = get("/v1/audit");
	cr_assert_not_null(strstr(text_string(&audit->body), "createIncidentDisclosure"));
}
