/* Owns the stories of notifications: what happens to incidents that are not the ordinary ones. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(story, .timeout = 60);
TestSuite(policy, .timeout = 60);

static const struct answer *notify(const char *id, const char *kind, const char *notified_on)
{
	return post(
	    json_of("{'kind': '%s', 'transmission': 'record', 'notified_on': '%s'}", kind, notified_on),
	    "/v1/incidents/%s/notifications", id);
}

static void correct(const char *id, const char *changes)
{
	expect_status(
	    patch(json_of("%s", changes), etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s", id),
	    200);
}

/* The one clock of the incident of that kind that was not superseded. */
static const json_t *clock_of(const char *id, const char *kind)
{
	const json_t *clocks = answer_at(get("/v1/incidents/%s/clocks", id), "/clocks");
	const json_t *found = NULL;
	size_t index;
	json_t *clock;

	json_array_foreach (clocks, index, clock) {
		if (strcmp(json_string_value(json_object_get(clock, "kind")), kind) != 0 ||
		    json_is_string(json_object_get(clock, "superseded_at")))
			continue;
		cr_assert_null(found);
		found = clock;
	}
	return found;
}

static const char *clock_text(const char *id, const char *kind, const char *member)
{
	const char *text = json_string_value(json_object_get(clock_of(id, kind), member));

	return text ? text : "";
}

/* Domain: a mixed outcome. */
Test(story, one_child_dies_and_a_sibling_is_harmed_in_one_notification)
{
	const char *id = recorded(incident_with(
	    "{'nature': 'child_death', 'death_date': '2024-01-06', 'children': ["
	    "{'role': 'victim', 'nature': 'child_death', 'age_years': 2, 'index_child': true},"
	    "{'role': 'sibling_also_harmed', 'nature': 'serious_harm', 'age_years': 6}]}"));
	const struct answer *made = notify(id, "serious_incident", "2024-01-11");

	expect_status(made, 201);
	expect_value(made, "/nature_as_notified", "'child_death'");
	expect_value(made, "/as_notified/children/0/nature", "'child_death'");
	expect_value(made, "/as_notified/children/1/nature", "'serious_harm'");
	cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 3);
	expect_problem(notify(id, "serious_incident", "2024-01-11"), 409, "duplicate");
	expect_fault(patch(json_of("{'nature': 'serious_harm'}"), etag_of(get("/v1/incidents/%s", id)),
	                 "/v1/incidents/%s", id),
	    "/nature", "nature_not_most_serious");
}

static const char *care_leaver_of(int age)
{
	return recorded(incident_with(
	    "{'nature': 'child_death', 'death_date': '2024-01-06',"
	    " 'abuse_neglect_status': 'not_known_or_suspected', 'notifying_basis': null,"
	    " 'children': [{'nature': 'child_death', 'age_years': %d, 'csc_status': 'care_leaver'}]}",
	    age));
}

Test(story, the_death_of_a_care_leaver_is_told_to_dfe_and_ofsted_and_starts_no_review)
{
	const char *id = care_leaver_of(24);
	const struct answer *made = notify(id, "care_leaver_death", "2024-01-11");

	expect_status(made, 201);
	cr_assert_eq(json_array_size(answer_at(made, "/recipients")), 2);
	cr_assert_eq(count_of(answer_at(made, "/recipients"), "recipient", "panel"), 0);
	cr_assert_null(clock_of(id, "rapid_review"));
	cr_assert_str_eq(clock_text(id, "sin", "state"), "met");
}

Test(story, a_care_leaver_under_eighteen_comes_under_the_ordinary_criteria)
{
	const char *id = care_leaver_of(17);
	const struct answer *refused = notify(id, "care_leaver_death", "2024-01-11");

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'no_abuse_or_neglect'");
	correct(id, "{'abuse_neglect_status': 'suspected'}");
	expect_status(notify(id, "serious_incident", "2024-01-11"), 201);
	cr_assert_not_null(clock_of(id, "rapid_review"));
}

Test(story, a_child_dies_after_a_serious_harm_was_notified)
{
	const char *id = recorded(incident_with("{'children': [{'age_years': 3, 'sex': 'F'}]}"));
	const struct answer *first = notify(id, "serious_incident", "2024-01-11");
	expect_status(first, 201);
	const char *due_on = clock_text(id, "rapid_review", "due_on");

	correct(id, "{'nature': 'child_death'}");
	json_t *update = json_of("{'kind': 'update', 'changes': 'The child died in hospital.'}");
	const struct answer *refused = post(update, "/v1/incidents/%s/notifications", id);
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'death_date'");
	correct(id, "{'death_date': '2024-01-20'}");
	const struct answer *after =
	    post(json_of("{'kind': 'update', 'changes': 'The child died in hospital.',"
	                 " 'transmission': 'record', 'notified_on': '2024-01-22'}"),
	        "/v1/incidents/%s/notifications", id);
	expect_status(after, 201);
	expect_value(after, "/nature_as_notified", "'child_death'");
	expect_value(after, "/as_notified/death_date", "'2024-01-20'");

	const struct answer *kept = get("/v1/notifications/%s", answer_text(first, "/id"));
	expect_value(kept, "/nature_as_notified", "'serious_harm'");
	expect_value(kept, "/current_nature", "'child_death'");
	expect_value(kept, "/as_notified/death_date", "null");
	expect_value(kept, "/as_notified/children/0/age_years", "3");
	cr_assert_str_eq(clock_text(id, "sin", "completed_on"), "2024-01-11");
	cr_assert_str_eq(clock_text(id, "rapid_review", "due_on"), due_on);
	cr_assert_str_eq(clock_text(id, "rapid_review", "starts_on"), "2024-01-11");
}

Test(story, a_childs_facts_stay_as_they_were_notified)
{
	const char *id = recorded(incident_with("{'children': [{'age_years': 3, 'sex': 'F'}]}"));
	const struct answer *made = notify(id, "serious_incident", "2024-01-11");
	const struct answer *incident = get("/v1/incidents/%s", id);
	const char *child = answer_text(incident, "/children/0/id");

	expect_status(
	    patch(json_of("{'age_years': 4}"), etag_of(get("/v1/incidents/%s/children/%s", id, child)),
	        "/v1/incidents/%s/children/%s", id, child),
	    200);
	const struct answer *kept = get("/v1/notifications/%s", answer_text(made, "/id"));
	expect_value(kept, "/as_notified/children/0/age_years", "3");
	expect_value(kept, "/as_notified/children/0/id", text_of("'%s'", child));
	expect_value(get("/v1/incidents/%s", id), "/children/0/age_years", "4");
}

Test(story, a_notification_on_the_day_of_awareness_is_on_time)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, "serious_incident", "2024-01-08"), 201);
	cr_assert_str_eq(clock_text(id, "sin", "state"), "met");
	cr_assert_str_eq(clock_text(id, "rapid_review", "starts_on"), "2024-01-08");
	cr_assert_str_eq(clock_text(id, "rapid_review", "due_on"), "2024-01-29");
}

Test(story, christmas_lies_between_awareness_and_the_last_day_and_the_form_says_so)
{
	const char *id =
	    recorded(incident_with("{'incident_date': '2023-12-22', 'aware_on': '2023-12-22'}"));
	const struct answer *form = get("/v1/incidents/%s/notification-form", id);

	expect_value(form, "/due_on", "'2024-01-03'");
	expect_value(form, "/time_limit_minutes", "20");
	expect_value(form, "/saves_drafts", "false");
	expect_status(notify(id, "serious_incident", "2024-01-03"), 201);
	const struct answer *proof = get("/v1/incidents/%s/proof", id);
	expect_value(proof, "/data/0/on_time", "true");
	expect_value(proof, "/data/0/working_days", "5");
}

Test(story, a_notified_incident_turns_out_not_to_meet_the_criteria)
{
	const char *id = recorded(incident_with("{}"));
	expect_status(notify(id, "serious_incident", "2024-01-11"), 201);

	expect_status(move(json_of("{'to': 'withdrawn', 'reason': 'A medical cause.',"
	                           " 'agreed_by': 'the safeguarding partners'}"),
	                  etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/transitions", id),
	    200);
	expect_status(notify(id, "withdrawal", "2024-01-18"), 201);
	const struct answer *proof = get("/v1/incidents/%s/proof", id);
	cr_assert_eq(json_array_size(answer_at(proof, "/data")), 6);
	cr_assert_eq(count_of(answer_at(proof, "/data"), "kind", "withdrawal"), 3);
	cr_assert_eq(count_of(answer_at(proof, "/data"), "standing", "outstanding"), 0);
	expect_value(proof, "/data/0/on_time", "true");
	cr_assert_str_eq(clock_text(id, "sin", "state"), "met");

	expect_status(move(json_of("{'to': 'reopened', 'reason': 'New evidence.'}"),
	                  etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/transitions", id),
	    200);
	expect_problem(notify(id, "serious_incident", "2024-02-01"), 409, "duplicate");
	expect_status(post(json_of("{'kind': 'update', 'changes': 'It stands after all.'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
}

Test(story, an_update_that_is_tried_or_repeated_is_told_once)
{
	const char *id = recorded(incident_with("{}"));
	const char *key = new_id();
	expect_status(notify(id, "serious_incident", "2024-01-11"), 201);
	const struct call update = {.method = "POST",
	    .path = text_of("/v1/incidents/%s/notifications", id),
	    .idempotency_key = key,
	    .body = "{\"kind\":\"update\",\"changes\":\"News.\"}"};
	struct call tried = update;
	tried.path = text_of("%s?dry_run=true", update.path);

	expect_status(make(&tried), 200);
	const struct answer *first = make(&update);
	expect_status(first, 201);
	cr_assert(json_equal(make(&update)->json, first->json));
	cr_assert_eq(count_rows("SELECT count(*) FROM notification WHERE incident_id = $1::uuid"
	                        " AND kind = 'update'",
	                 id),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE incident_id = $1::uuid"
	                        " AND type = 'incident.notification_updated'",
	                 id),
	    1);
}

Test(story, an_agency_sees_the_form_and_the_proof_of_its_own_incidents_alone)
{
	const char *id = recorded(incident_with("{}"));
	const char *paths[] = {
	    text_of("/v1/incidents/%s/notification-form", id), text_of("/v1/incidents/%s/proof", id)};

	agency_create(&stage()->database, "north", "hospital", "acute_trust", false);
	as(key_of("north", "hospital", OWN_SCOPES));
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		expect_problem(get("%s", paths[i]), 404, "not-found");
	const char *own = recorded(incident_with("{}"));
	expect_status(get("/v1/incidents/%s/notification-form", own), 200);
	expect_status(get("/v1/incidents/%s/proof", own), 200);
}

/* ---- From which day the rapid review counts ---- */

static const char *own_partnership(const char *slug)
{
	partnership_create(&stage()->database, slug, slug);
	agency_create(&stage()->database, slug, "council", "local_authority", true);
	return key_of(slug, "council", ALL_SCOPES);
}

static int set_policy(const char *partnership, const char *kind, const char *basis)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const arguments[] = {
	    "policies", "set", "--partnership", partnership, "--kind", kind, "--basis", basis, NULL};

	csprd_run(&stage()->database, arguments, NULL, &outcome);
	return outcome.status;
}

static const char *reported(const char *partnership, const char *basis)
{
	as(own_partnership(partnership));
	cr_assert_eq(set_policy(partnership, "rapid_review", basis), 0);
	const char *id =
	    recorded(incident_with("{'aware_on': '2024-01-08', 'referral_received_on': '2024-01-09'}"));
	expect_status(notify(id, "serious_incident", "2024-01-15"), 201);
	cr_assert_str_eq(clock_text(id, "rapid_review", "basis"), basis);
	return id;
}

Test(policy, is_named_by_each_clock_that_it_counts)
{
	static const struct {
		const char *partnership;
		const char *basis;
		const char *starts_on;
		const char *due_on;
	} rows[] = {
	    {"by-notice", "notification_sent", "2024-01-15", "2024-02-05"},
	    {"by-referral", "referral_received", "2024-01-09", "2024-01-30"},
	    {"by-awareness", "aware_of_incident", "2024-01-08", "2024-01-29"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const char *id = reported(rows[i].partnership, rows[i].basis);
		cr_expect_str_eq(clock_text(id, "rapid_review", "starts_on"), rows[i].starts_on);
		cr_expect_str_eq(clock_text(id, "rapid_review", "due_on"), rows[i].due_on);
		cr_expect_gt(strlen(clock_text(id, "rapid_review", "start_event")), 5);
	}
	const struct answer *simulated = get("/v1/clocks/simulate?aware_on=2024-01-08");
	expect_value(simulated, "/clocks/2/basis", "'aware_of_incident'");
	expect_value(simulated, "/clocks/2/due_on", "'2024-01-29'");
}

Test(policy, moves_an_open_clock_with_the_day_that_it_counts_from)
{
	as(own_partnership("corrected"));
	cr_assert_eq(set_policy("corrected", "rapid_review", "aware_of_incident"), 0);
	const char *id = recorded(incident_with("{'aware_on': '2024-01-08'}"));
	expect_status(notify(id, "serious_incident", "2024-01-15"), 201);

	correct(id, "{'aware_on': '2024-01-10'}");
	cr_assert_str_eq(clock_text(id, "rapid_review", "starts_on"), "2024-01-10");
	cr_assert_str_eq(clock_text(id, "rapid_review", "due_on"), "2024-01-31");
	cr_assert_str_eq(clock_text(id, "sin", "starts_on"), "2024-01-08");
	cr_assert_eq(
	    count_of(answer_at(get("/v1/incidents/%s/clocks", id), "/clocks"), "kind", "rapid_review"),
	    2);
}

Test(policy, leaves_a_clock_that_runs_by_the_one_before)
{
	as(own_partnership("changed"));
	const char *id = recorded(incident_with("{'aware_on': '2024-01-08'}"));
	expect_status(notify(id, "serious_incident", "2024-01-15"), 201);

	cr_assert_eq(set_policy("changed", "rapid_review", "aware_of_incident"), 0);
	correct(id, "{'media_interest': true}");
	cr_assert_str_eq(clock_text(id, "rapid_review", "basis"), "notification_sent");
	cr_assert_str_eq(clock_text(id, "rapid_review", "due_on"), "2024-02-05");
}

Test(policy, without_its_day_gives_way_to_the_laws_own)
{
	as(own_partnership("dayless"));
	cr_assert_eq(set_policy("dayless", "rapid_review", "referral_received"), 0);
	const char *id = recorded(incident_with("{'referral_received_on': null}"));

	expect_status(notify(id, "serious_incident", "2024-01-15"), 201);
	cr_assert_str_eq(clock_text(id, "rapid_review", "basis"), "notification_sent");
	cr_assert_str_eq(clock_text(id, "rapid_review", "starts_on"), "2024-01-15");
}

Test(policy, is_one_of_those_that_its_kind_has)
{
	own_partnership("choices");
	cr_assert_eq(set_policy("choices", "lcspr", "panel_concurrence"), 0);
	cr_assert_neq(set_policy("choices", "lcspr", "notification_sent"), 0);
	cr_assert_neq(set_policy("choices", "sin", "date_of_incident"), 0);
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const arguments[] = {"policies", "list", "--partnership", "choices", NULL};
	csprd_run(&stage()->database, arguments, NULL, &outcome);
	cr_assert_eq(outcome.status, 0);
	cr_assert_not_null(strstr(text_string(&outcome.output), "\"basis\":\"panel_concurrence\""),
	    "%s", text_string(&outcome.output));
	cr_assert_not_null(strstr(text_string(&outcome.output), "\"kind\":\"sin\""));
}
