/* Owns the stories of learning: from a recommendation to an action that somebody has assured. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
static void have_agencies(void);
TestSuite(recommendation, .init = have_agencies, .timeout = 60);
TestSuite(action, .init = have_agencies, .timeout = 60);
TestSuite(lead, .init = have_agencies, .timeout = 60);
TestSuite(assurance, .init = have_agencies, .timeout = 60);

/* The commissioning group became the care board on 1 July 2022. */
static void have_agencies(void)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const succeed[] = {"agencies", "succeed", "--partnership", "north", "--agency",
	    "ccg", "--by", "icb", "--on", "2022-07-01", NULL};

	if (count_rows("SELECT count(*) FROM agency WHERE slug = 'icb'", NULL) > 0)
		return;
	agency_create(&stage()->database, "north", "police", "police", true);
	agency_create(&stage()->database, "north", "ccg", "nhs", true);
	agency_create(&stage()->database, "north", "icb", "nhs", true);
	csprd_run(&stage()->database, succeed, NULL, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
}

static const char *agency(const char *slug)
{
	CLEANUP(free)
	char *id = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = $1",
	    slug, NULL);

	return text_of("%s", id);
}

static const struct answer *recommend(const char *members)
{
	json_t *body = json_of("{'text': 'Know who else cares for the child.', 'origin': 'national',"
	                       " 'addressee': 'partnership', 'made_on': '2021-09-16'}");

	json_object_update_new(body, json_of("%s", members));
	return post(body, "/v1/recommendations");
}

static const char *recommended(const char *members)
{
	const struct answer *made = recommend(members);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

/* Agreed on 12 October 2021, due at the end of the year. */
static const struct answer *agree(const char *members)
{
	json_t *body = json_of("{'text': 'Add it to the form.', 'owner': 'head of safeguarding',"
	                       " 'agreed_on': '2021-10-12', 'due_on': '2021-12-31'}");

	json_object_update_new(body, json_of("%s", members));
	return post(body, "/v1/actions");
}

static const char *agreed(const char *members)
{
	const struct answer *made = agree(members);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const struct answer *action_at(const char *id)
{
	const struct answer *read = get("/v1/actions/%s", id);

	expect_status(read, 200);
	return read;
}

/* A step from what is there now. */
static const struct answer *step(const char *kind, const char *id, const char *body)
{
	const char *tag = etag_of(get("/v1/%s/%s", kind, id));

	return move(json_of("%s", body), tag, "/v1/%s/%s/transitions", kind, id);
}

static void take(const char *kind, const char *id, const char *body)
{
	expect_status(step(kind, id, body), 200);
}

static const char *collective(void)
{
	return agreed(text_of("{'responsibility': 'collective', 'lead_agency_ids': ['%s', '%s']}",
	    agency("police"), agency("trust")));
}

/* The part of the lead of that name, as a pointer. */
static const char *lead_of(const struct answer *action, const char *name, const char *member)
{
	for (size_t i = 0; i < json_array_size(answer_at(action, "/leads")); i++)
		if (strcmp(answer_text(action, text_of("/leads/%zu/agency_name", i)), name) == 0)
			return text_of("/leads/%zu/%s", i, member);
	give_up("%s does not lead it", name);
}

static const struct answer *say(const char *action, const char *name, const char *body)
{
	const char *path = text_of("/v1/actions/%s/leads/%s", action,
	    answer_text(action_at(action), lead_of(action_at(action), name, "id")));

	return patch(json_of("%s", body), etag_of(get("%s", path)), "%s", path);
}

static int64_t clocks_of(const char *id, const char *condition)
{
	return count_rows(
	    text_of("SELECT count(*) FROM clock WHERE subject = 'action' AND subject_id = $1::uuid"
	            " AND %s",
	        condition),
	    id);
}

#define RUNNING "superseded_at IS NULL AND cancelled_at IS NULL AND completed_on IS NULL"

Test(recommendation, to_a_national_body_is_raised_and_has_no_local_action)
{
	const char *id = recommended("{'addressee': 'national_body', 'national_body': 'NHS England'}");
	const struct answer *refused = agree(text_of("{'recommendation_id': '%s'}", id));

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'recommendation_is_local'");
	expect_problem(
	    step("recommendations", id, "{'to': 'accepted', 'accepted': 'yes'}"), 409, "conflict");
	take("recommendations", id,
	    "{'to': 'raised', 'raised_to': 'director of nursing', 'on': '2021-11-02'}");
	take("recommendations", id,
	    "{'to': 'responded', 'response': 'It is in the new guidance.', 'on': '2022-02-01'}");
	take("recommendations", id, "{'to': 'closed', 'on': '2022-02-08'}");
	const struct answer *read = get("/v1/recommendations/%s", id);
	expect_value(read, "/raised_on", "'2021-11-02'");
	expect_value(read, "/raised_to", "'director of nursing'");
	expect_value(read, "/responded_on", "'2022-02-01'");
	expect_value(read, "/closed_on", "'2022-02-08'");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject_id = $1::uuid", id), 0);
}

Test(recommendation, to_several_is_accepted_here_and_raised_there)
{
	const char *id = recommended(text_of("{'addressee': 'several', 'national_body': 'DfE',"
	                                     " 'addressee_agency_ids': ['%s']}",
	    agency("police")));

	take("recommendations", id,
	    "{'to': 'accepted', 'accepted': 'partly', 'reason': 'Not for the over-fives.'}");
	agreed(text_of("{'recommendation_id': '%s'}", id));
	take("recommendations", id, "{'to': 'raised', 'raised_to': 'safeguarding unit'}");
	expect_value(get("/v1/recommendations/%s", id), "/accepted", "'partly'");
	take("recommendations", id, "{'to': 'responded', 'response': 'Noted.'}");
	const struct answer *refused = step("recommendations", id, "{'to': 'closed'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'actions_are_closed'");
}

Test(recommendation, of_a_review_is_found_by_it_and_gives_it_to_its_actions)
{
	const char *review = reviewed("lcspr", "{}");
	const char *id = recommended(text_of("{'origin': 'lcspr', 'review_id': '%s'}", review));
	const char *action = agreed(text_of("{'recommendation_id': '%s'}", id));
	const char *other = reviewed("lcspr", "{}");

	expect_value(
	    get("/v1/recommendations?review_id=%s", review), "/data/0/id", text_of("'%s'", id));
	expect_value(get("/v1/recommendations?review_id=%s&state=closed", review), "/data", "[]");
	expect_value(get("/v1/recommendations?review_id=%s&addressee=agency", review), "/data", "[]");
	expect_value(get("/v1/actions?review_id=%s", review), "/data/0/id", text_of("'%s'", action));
	expect_value(get("/v1/actions?review_id=%s", other), "/data", "[]");
	expect_fault(agree(text_of("{'recommendation_id': '%s', 'review_id': '%s'}", id, other)),
	    "/review_id", "another_review");
	expect_fault(agree(text_of("{'review_id': '%s'}", new_id())), "/review_id", "unknown_review");
}

Test(recommendation, that_is_not_accepted_says_why_and_can_be_taken_up_again)
{
	const char *id = recommended("{}");

	take("recommendations", id, "{'to': 'not_accepted', 'reason': 'It is done already.'}");
	expect_value(get("/v1/recommendations/%s", id), "/accepted", "'no'");
	expect_value(get("/v1/recommendations/%s", id), "/state_reason", "'It is done already.'");
	take("recommendations", id, "{'to': 'proposed', 'reason': 'It was not.'}");
	expect_value(get("/v1/recommendations/%s", id), "/accepted", "null");
}

Test(recommendation, is_seen_by_the_agencies_that_it_is_addressed_to)
{
	const char *theirs = recommended(
	    text_of("{'addressee': 'agency', 'addressee_agency_ids': ['%s']}", agency("ccg")));
	const char *others = recommended("{}");
	const char *tag = etag_of(get("/v1/recommendations/%s", theirs));

	/* The board has followed the group. */
	as(key_of("north", "icb", "recommendations:read_own"));
	expect_status(get("/v1/recommendations/%s", theirs), 200);
	expect_problem(get("/v1/recommendations/%s", others), 404, "not-found");
	as(stage()->council);
	expect_status(patch(json_of("{'addressee_agency_ids': ['%s']}", agency("police")), tag,
	                  "/v1/recommendations/%s", theirs),
	    200);
	as(key_of("north", "icb", "recommendations:read_own"));
	expect_problem(get("/v1/recommendations/%s", theirs), 404, "not-found");
	cr_assert_eq(count_rows("SELECT count(*) FROM recommendation_agency"
	                        " WHERE recommendation_id = $1::uuid",
	                 theirs),
	    2);
}

Test(action, of_an_incident_that_an_agency_is_kept_from_is_not_found_by_it)
{
	const char *review = reviewed("lcspr", "{}");
	const char *incident = answer_text(get("/v1/reviews/%s", review), "/incident_ids/0");
	const char *from = recommended(text_of("{'origin': 'lcspr', 'review_id': '%s'}", review));
	const char *id = agreed(
	    text_of("{'recommendation_id': '%s', 'lead_agency_ids': ['%s']}", from, agency("trust")));
	const char *open = agreed("{}");
	const struct answer *brought =
	    post(json_of("{'kind': 'minutes', 'shows': 'done', 'description': 'x'}"),
	        "/v1/actions/%s/evidence", id);

	expect_status(brought, 201);
	as(key_of("north", "trust", "actions:read recommendations:read deadlines:read"));
	expect_status(get("/v1/actions/%s", id), 200);
	as(stage()->council);
	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'a conflict'}", agency("trust")),
	                  "/v1/incidents/%s/restrictions", incident),
	    201);
	as(key_of("north", "trust", "actions:read actions:write recommendations:read deadlines:read"));
	expect_status(agree("{}"), 201);
	expect_problem(get("/v1/actions/%s", id), 404, "not-found");
	expect_problem(get("/v1/recommendations/%s", from), 404, "not-found");
	expect_problem(
	    get("/v1/actions/%s/evidence/%s", id, answer_text(brought, "/id")), 404, "not-found");
	cr_assert_eq(
	    count_of(answer_at(get("/v1/deadlines?kind=action&limit=200"), "/data"), "subject_id", id),
	    0);
	expect_status(get("/v1/actions/%s", open), 200);
	cr_assert_eq(count_of(answer_at(get("/v1/deadlines?kind=action&limit=200"), "/data"),
	                 "subject_id", open),
	    1);
}

Test(action, runs_a_clock_until_its_due_date_for_its_owner_and_its_lead)
{
	const char *id = agreed(text_of("{'lead_agency_ids': ['%s']}", agency("police")));

	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'action' AND starts_on = '2021-10-12'"
	                                   " AND due_on = '2021-12-31'"
	                                   " AND owner = 'head of safeguarding'"),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock AS c JOIN agency AS a ON a.id = c.agency_id"
	                        " WHERE c.subject_id = $1::uuid AND a.slug = 'police'",
	                 id),
	    1);
	expect_status(
	    patch(json_of("{'owner': 'superintendent', 'lead_agency_ids': ['%s']}", agency("trust")),
	        "\"1\"", "/v1/actions/%s", id),
	    200);
	cr_assert_eq(clocks_of(id, RUNNING " AND owner = 'superintendent'"), 1);
	cr_assert_eq(count_rows("SELECT count(*) FROM clock AS c JOIN agency AS a ON a.id = c.agency_id"
	                        " WHERE c.subject_id = $1::uuid AND a.slug = 'trust'",
	                 id),
	    1);
}

Test(action, keeps_every_due_date_that_it_had)
{
	const char *id = agreed("{}");
	const struct answer *refused =
	    patch(json_of("{'due_on': '2022-03-31'}"), "\"1\"", "/v1/actions/%s", id);

	expect_fault(refused, "/due_revision", "required");
	expect_status(patch(json_of("{'due_on': '2022-03-31', 'due_revision': {'reason': 'The release',"
	                            " 'approved_by': 'subgroup', 'on': '2021-12-07'}}"),
	                  "\"1\"", "/v1/actions/%s", id),
	    200);
	const struct answer *again =
	    patch(json_of("{'due_on': '2022-06-30', 'due_revision': {'reason': 'Again',"
	                  " 'approved_by': 'subgroup'}}"),
	        "\"2\"", "/v1/actions/%s", id);
	expect_status(again, 200);
	expect_value(again, "/original_due_on", "'2021-12-31'");
	expect_value(again, "/due_revisions/0",
	    "{'from': '2021-12-31', 'to': '2022-03-31', 'on': '2021-12-07', 'reason': 'The release',"
	    " 'approved_by': 'subgroup'}");
	expect_value(again, "/due_revisions/1/from", "'2022-03-31'");
	expect_value(again, "/due_revisions/1/on", text_of("'%s'", day(0)));
	cr_assert_eq(clocks_of(id, RUNNING " AND due_on = '2022-06-30'"), 1);
	cr_assert_eq(clocks_of(id, "superseded_at IS NOT NULL"), 2);
}

Test(action, meets_its_clock_late_and_runs_again_when_it_is_reopened)
{
	const char *id = agreed("{}");

	take("actions", id, "{'to': 'complete_pending_assurance', 'on': '2022-01-10'}");
	cr_assert_eq(clocks_of(id, "kind = 'action' AND completed_on = '2022-01-10'"), 1);
	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'assurance' AND due_on = '2022-04-10'"), 1);
	expect_value(action_at(id), "/next_assurance_on", "'2022-04-10'");
	expect_value(action_at(id), "/leads/0/state", "'complete'");
	take("actions", id, "{'to': 'in_progress', 'reason': 'The form is not used.'}");
	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'action' AND due_on = '2021-12-31'"), 1);
	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'assurance'"), 0);
	expect_value(action_at(id), "/leads/0/state", "'in_progress'");
	expect_value(action_at(id), "/completed_on", "null");
}

Test(action, is_complete_today_where_no_day_is_said)
{
	const char *id = agreed("{}");

	take("actions", id, "{'to': 'complete_pending_assurance', 'on': null}");
	expect_value(action_at(id), "/completed_on", text_of("'%s'", day(0)));
	cr_assert_eq(clocks_of(id, text_of("kind = 'action' AND completed_on = '%s'", day(0))), 1);
	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'assurance'"), 1);
	expect_status(post(json_of("{'assured_by': 'subgroup', 'outcome': 'assured'}"),
	                  "/v1/actions/%s/assurances", id),
	    201);
	cr_assert_eq(clocks_of(id, text_of("kind = 'assurance' AND completed_on = '%s'", day(0))), 1);
}

Test(action, that_is_superseded_names_what_took_its_place_and_its_clock_lapses)
{
	const char *id = agreed("{}");
	const char *next = agreed("{'number': '2'}");

	expect_problem(step("actions", id, "{'to': 'superseded'}"), 409, "conflict");
	take("actions", id,
	    text_of("{'to': 'superseded', 'reason': 'One for both.', 'superseded_by': '%s'}", next));
	expect_value(action_at(id), "/superseded_by", text_of("'%s'", next));
	cr_assert_eq(clocks_of(id, RUNNING), 0);
}

Test(action, is_complete_with_several_leads_only_when_all_of_them_are)
{
	const char *id = collective();

	expect_status(say(id, "police", "{'state': 'complete', 'completed_on': '2021-11-30'}"), 200);
	expect_value(action_at(id), "/state", "'in_progress'");
	const struct answer *refused = step("actions", id, "{'to': 'complete_pending_assurance'}");
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'leads_are_complete'");
	expect_status(say(id, "trust", "{'state': 'complete'}"), 200);
	take("actions", id, "{'to': 'complete_pending_assurance'}");
	const struct answer *read = action_at(id);
	expect_value(read, lead_of(read, "police", "completed_on"), "'2021-11-30'");
}

Test(lead, that_is_released_no_longer_holds_the_action_up)
{
	const char *id = collective();

	expect_status(say(id, "police", "{'state': 'complete'}"), 200);
	const char *tag = etag_of(action_at(id));
	expect_status(
	    patch(json_of("{'lead_agency_ids': ['%s']}", agency("police")), tag, "/v1/actions/%s", id),
	    200);
	cr_assert_eq(json_array_size(answer_at(action_at(id), "/leads")), 1);
	expect_value(action_at(id), "/leads/0/state", "'complete'");
	take("actions", id, "{'to': 'complete_pending_assurance'}");
	cr_assert_eq(count_rows("SELECT count(*) FROM action_lead WHERE action_id = $1::uuid", id), 2);
}

Test(lead, changes_its_own_part_and_brings_evidence_and_nothing_else)
{
	const char *id = collective();
	const char *others = agreed("{}");
	const char *trust_part = answer_text(action_at(id), lead_of(action_at(id), "trust", "id"));
	const char *tag = etag_of(action_at(id));

	as(key_of("north", "police", "actions:read_own actions:write_own"));
	const json_t *listed = answer_at(get("/v1/actions?limit=200"), "/data");
	cr_assert_eq(count_of(listed, "id", id), 1);
	cr_assert_eq(count_of(listed, "id", others), 0);
	expect_problem(get("/v1/actions/%s", others), 404, "not-found");
	expect_problem(get("/v1/actions/%s/leads/%s", id, trust_part), 404, "not-found");
	expect_problem(
	    patch(json_of("{'state': 'complete'}"), "\"1\"", "/v1/actions/%s/leads/%s", id, trust_part),
	    404, "not-found");
	expect_status(say(id, "police", "{'state': 'in_progress', 'note': 'Trained half.'}"), 200);
	const struct answer *brought = post(json_of("{'kind': 'training', 'shows': 'done',"
	                                            " 'description': 'Half.', 'agency_id': '%s'}",
	                                        agency("trust")),
	    "/v1/actions/%s/evidence", id);
	expect_status(brought, 201);
	expect_value(brought, "/agency_id", text_of("'%s'", agency("police")));
	expect_problem(post(json_of("{'kind': 'training', 'shows': 'done', 'description': 'x'}"),
	                   "/v1/actions/%s/evidence", others),
	    404, "not-found");
	expect_problem(patch(json_of("{'owner': 'x'}"), tag, "/v1/actions/%s", id), 403, "forbidden");
	expect_problem(
	    move(json_of("{'to': 'superseded', 'reason': 'x'}"), tag, "/v1/actions/%s/transitions", id),
	    403, "forbidden");
}

Test(lead, that_was_renamed_keeps_its_name_on_the_record_s_day)
{
	const char *id = agreed(text_of("{'lead_agency_ids': ['%s']}", agency("ccg")));
	const struct answer *read = action_at(id);

	expect_value(read, "/leads/0/agency_id", text_of("'%s'", agency("ccg")));
	expect_value(read, "/leads/0/agency_name", "'ccg'");
	expect_value(read, "/leads/0/current_agency_id", text_of("'%s'", agency("icb")));
	expect_value(get("/v1/actions/%s/leads/%s", id, answer_text(read, "/leads/0/id")),
	    "/agency_name", "'ccg'");
	/* What was the group's is the board's now. */
	as(key_of("north", "icb", "actions:read_own actions:write_own"));
	expect_status(say(id, "ccg", "{'state': 'in_progress'}"), 200);
}

Test(lead, that_has_ended_does_not_begin)
{
	expect_fault(agree(text_of("{'agreed_on': '2022-07-01', 'due_on': '2022-12-31',"
	                           " 'lead_agency_ids': ['%s']}",
	                 agency("ccg"))),
	    "/lead_agency_ids", "agency_ended");
	expect_fault(agree(text_of("{'lead_agency_ids': ['%s']}", new_id())), "/lead_agency_ids",
	    "unknown_agency");
	const char *id = agreed("{}");
	expect_fault(
	    patch(json_of("{'lead_agency_ids': ['%s']}", agency("ccg")), "\"1\"", "/v1/actions/%s", id),
	    "/lead_agency_ids", "agency_ended");
}

static const struct answer *check(const char *id, const char *outcome, const char *on)
{
	return post(json_of("{'assured_by': 'subgroup', 'outcome': '%s', 'on': '%s'}", outcome, on),
	    "/v1/actions/%s/assurances", id);
}

Test(assurance, closes_an_action_that_has_evidence_and_was_found_assured)
{
	const char *id = agreed("{'assurance_interval_months': 6}");

	expect_problem(check(id, "assured", "2021-12-01"), 409, "conflict");
	take("actions", id, "{'to': 'complete_pending_assurance', 'on': '2021-12-20'}");
	expect_status(check(id, "partly", "2022-06-20"), 201);
	const struct answer *refused = step("actions", id, "{'to': 'closed_assured'}");
	expect_value(refused, "/missing/0/code", "'is_assured'");
	expect_value(refused, "/missing/1/code", "'has_evidence'");
	cr_assert_eq(clocks_of(id, "kind = 'assurance' AND completed_on = '2022-06-20'"), 1);
	cr_assert_eq(clocks_of(id, RUNNING " AND kind = 'assurance' AND due_on = '2022-12-20'"), 1);
	expect_status(check(id, "assured", "2022-12-20"), 201);
	expect_status(post(json_of("{'kind': 'audit', 'shows': 'impact', 'description': '46 of 50.',"
	                           " 'on': '2022-12-01'}"),
	                  "/v1/actions/%s/evidence", id),
	    201);
	take("actions", id, "{'to': 'closed_assured', 'on': '2022-12-21'}");
	const struct answer *read = action_at(id);
	expect_value(read, "/rag", "'blue'");
	expect_value(read, "/closed_on", "'2022-12-21'");
	expect_value(read, "/last_assurance_outcome", "'assured'");
	expect_value(read, "/evidence_count", "1");
	expect_value(read, "/next_assurance_on", "null");
	cr_assert_eq(clocks_of(id, RUNNING), 0);
	cr_assert_eq(json_array_size(answer_at(get("/v1/actions/%s/assurances", id), "/data")), 2);
	expect_value(get("/v1/actions/%s/evidence", id), "/data/0/shows", "'impact'");
}

Test(assurance, of_an_earlier_completion_does_not_close_the_next)
{
	const char *id = agreed("{}");

	take("actions", id, "{'to': 'complete_pending_assurance', 'on': '2021-12-20'}");
	expect_status(check(id, "assured", "2022-01-20"), 201);
	take("actions", id, "{'to': 'in_progress', 'reason': 'It came undone.', 'on': '2022-02-01'}");
	take("actions", id, "{'to': 'complete_pending_assurance', 'on': '2022-03-01'}");
	const struct answer *refused = step("actions", id, "{'to': 'closed_assured'}");
	expect_value(refused, "/missing/0/code", "'is_assured'");
}

Test(assurance, that_is_not_to_be_had_closes_unverified_with_a_reason)
{
	const char *id = agreed("{}");

	take("actions", id, "{'to': 'in_progress', 'on': '2021-11-01'}");
	expect_problem(step("actions", id, "{'to': 'closed_unverified'}"), 409, "conflict");
	take("actions", id, "{'to': 'closed_unverified', 'reason': 'The service has closed.'}");
	expect_value(action_at(id), "/rag", "'grey'");
	cr_assert_eq(clocks_of(id, RUNNING), 0);
}

Test(assurance, is_for_those_who_may)
{
	const char *id = agreed("{}");

	take("actions", id, "{'to': 'complete_pending_assurance'}");
	as(key_with("actions:read actions:write"));
	expect_problem(check(id, "assured", day(0)), 403, "forbidden");
	expect_problem(
	    step("actions", id, "{'to': 'closed_unverified', 'reason': 'x'}"), 403, "forbidden");
	expect_value(
	    action_at(id), step_to(action_at(id), "closed_unverified", "missing/0/code"), "'scope'");
}

/* It was asked for scoping and so finds the rapid review, but not the incident. */
Test(lead, that_may_not_see_the_incident_writes_its_part_too)
{
	const char *incident = notified_incident(incident_with("{}"));
	const char *review =
	    answer_text(get("/v1/rapid-reviews?incident_id=%s", incident), "/data/0/id");
	const char *id = agreed(
	    text_of("{'rapid_review_id': '%s', 'lead_agency_ids': ['%s']}", review, agency("police")));
	const char *lead = answer_text(get("/v1/actions/%s", id), "/leads/0/id");

	expect_status(post(json_of("{'agency_id': '%s', 'sent_on': '2024-01-16'}", agency("police")),
	                  "/v1/rapid-reviews/%s/scoping-returns", review),
	    201);
	as(key_of("north", "police", "actions:read_own actions:write_own"));
	expect_fault(patch(json_of("{'state': 'complete', 'completed_on': '2021-10-11'}"), "\"1\"",
	                 "/v1/actions/%s/leads/%s", id, lead),
	    "/completed_on", "dates_out_of_order");
	expect_status(
	    patch(json_of("{'state': 'complete'}"), "\"1\"", "/v1/actions/%s/leads/%s", id, lead), 200);
	as(stage()->council);
	expect_fault(move(json_of("{'to': 'complete_pending_assurance', 'on': '2021-10-11'}"),
	                 etag_of(get("/v1/actions/%s", id)), "/v1/actions/%s/transitions", id),
	    "/on", "dates_out_of_order");
}
