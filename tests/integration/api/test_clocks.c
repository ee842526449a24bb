/* Owns the tests of an incident's duty and of its clocks. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(duty, .timeout = 60);
TestSuite(clocks, .timeout = 60);
TestSuite(deadlines, .timeout = 60);

static const char death[] = "{'nature': 'child_death', 'death_date': '2024-01-06',"
                            " 'abuse_neglect_status': 'not_known_or_suspected',"
                            " 'notifying_basis': %s, 'children': [{'nature': 'child_death', %s}]}";

static const struct answer *clocks_of(const char *id)
{
	const struct answer *answer = get("/v1/incidents/%s/clocks", id);

	expect_status(answer, 200);
	return answer;
}

static const struct answer *notify(const char *id, const char *notified_on)
{
	return post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                    " 'notified_on': '%s'}",
	                notified_on),
	    "/v1/incidents/%s/notifications", id);
}

Test(duty, is_explained_by_the_rule_that_led_to_it)
{
	const struct {
		const char *incident;
		const char *duty;
		const char *rule;
		const char *recipients;
	} cases[] = {
	    {"{}", "serious_incident", "s16c_serious_harm_abuse_known_or_suspected",
	        "['panel', 'dfe', 'ofsted']"},
	    {"{'nature': 'child_death', 'death_date': '2024-01-07'}", "serious_incident",
	        "s16c_death_abuse_known_or_suspected", "['panel', 'dfe', 'ofsted']"},
	    {text_of(death, "'lac_death'", "'age_years': 12, 'lac_status': 'current'"),
	        "looked_after_child_death", NULL, "['dfe', 'ofsted']"},
	    {text_of(death, "'care_leaver_death'", "'age_years': 19, 'csc_status': 'care_leaver'"),
	        "care_leaver_death", NULL, "['dfe', 'ofsted']"},
	    {text_of(death, "null", "'age_years': 2"), "none", NULL, "[]"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct answer *made = record(incident_with("%s", cases[i].incident));
		const struct answer *clocks = clocks_of(answer_text(made, "/id"));
		expect_value(made, "/duty", text_of("'%s'", cases[i].duty));
		expect_value(clocks, "/duty", text_of("'%s'", cases[i].duty));
		cr_assert_str_eq(answer_text(clocks, "/rule"), answer_text(made, "/duty_rule"));
		cr_assert(!cases[i].rule || strcmp(answer_text(clocks, "/rule"), cases[i].rule) == 0);
		cr_assert_gt(strlen(answer_text(clocks, "/explanation")), 40);
		expect_value(clocks, "/recipients", cases[i].recipients);
		cr_assert_eq(json_array_size(answer_at(clocks, "/clocks")),
		    strcmp(cases[i].duty, "none") == 0 ? 0 : 1);
	}
}

Test(clocks, name_their_start_their_policy_and_their_end)
{
	const struct answer *clocks = clocks_of(recorded(incident_with("{}")));

	expect_value(clocks, "/clocks/0/kind", "'sin'");
	expect_value(clocks, "/clocks/0/basis", "'aware_by_local_authority'");
	expect_value(clocks, "/clocks/0/duty", "'serious_incident'");
	expect_value(clocks, "/clocks/0/starts_on", "'2024-01-08'");
	expect_value(clocks, "/clocks/0/unit", "'working_day'");
	expect_value(clocks, "/clocks/0/length", "5");
	expect_value(clocks, "/clocks/0/due_on", "'2024-01-15'");
	expect_value(clocks, "/clocks/0/state", "'breached'");
	expect_value(clocks, "/clocks/0/completed_on", "null");
	cr_assert_lt(answer_number(clocks, "/clocks/0/remaining"), 0);
}

Test(clocks, run_while_there_is_time)
{
	const struct answer *clocks = clocks_of(
	    recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s'}", day(-1), day(0))));

	expect_value(clocks, "/clocks/0/state", "'running'");
	expect_value(clocks, "/clocks/0/elapsed", "0");
	expect_value(clocks, "/clocks/0/remaining", "5");
}

Test(clocks, start_anew_with_a_corrected_day_and_keep_the_old)
{
	const char *id = recorded(incident_with("{}"));
	const char *old = answer_text(clocks_of(id), "/clocks/0/id");
	const struct answer *changed =
	    patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id);
	const struct answer *clocks = clocks_of(id);

	expect_value(changed, "/sin_due_on", "'2024-01-17'");
	cr_assert_eq(json_array_size(answer_at(clocks, "/clocks")), 2, "%s", told(clocks));
	cr_assert_str_eq(answer_text(clocks, "/clocks/0/id"), old);
	expect_value(clocks, "/clocks/0/due_on", "'2024-01-15'");
	cr_assert_not_null(answer_text(clocks, "/clocks/0/superseded_at"));
	expect_value(clocks, "/clocks/1/due_on", "'2024-01-17'");
	expect_value(clocks, "/clocks/1/superseded_at", "null");
}

Test(clocks, stay_with_a_change_that_does_not_concern_them)
{
	const char *id = recorded(incident_with("{}"));

	patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s", id);
	cr_assert_eq(json_array_size(answer_at(clocks_of(id), "/clocks")), 1);
}

Test(clocks, are_cancelled_when_the_duty_falls_away_and_return_with_it)
{
	const char *id = recorded(incident_with("{'notifying_basis': null}"));

	patch(json_of("{'abuse_neglect_status': 'not_known_or_suspected'}"), "\"1\"",
	    "/v1/incidents/%s", id);
	expect_value(clocks_of(id), "/clocks/0/state", "'cancelled'");
	expect_value(get("/v1/incidents/%s", id), "/sin_due_on", "null");
	patch(json_of("{'abuse_neglect_status': 'suspected'}"), "\"2\"", "/v1/incidents/%s", id);
	expect_value(clocks_of(id), "/clocks/1/state", "'breached'");
	expect_value(get("/v1/incidents/%s", id), "/sin_due_on", "'2024-01-15'");
}

Test(clocks, are_met_by_the_notification_which_starts_the_rapid_review)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, "2024-01-15"), 201);
	const struct answer *clocks = clocks_of(id);
	expect_value(clocks, "/clocks/0/state", "'met'");
	expect_value(clocks, "/clocks/0/completed_on", "'2024-01-15'");
	expect_value(clocks, "/clocks/1/kind", "'rapid_review'");
	expect_value(clocks, "/clocks/1/starts_on", "'2024-01-15'");
	expect_value(clocks, "/clocks/1/due_on", "'2024-02-05'");
}

Test(clocks, are_met_late_by_a_late_notification)
{
	const char *id = recorded(incident_with("{}"));

	expect_status(notify(id, "2024-01-16"), 201);
	expect_value(clocks_of(id), "/clocks/0/state", "'met_late'");
}

Test(clocks, run_for_the_rapid_review_of_what_is_notified_today)
{
	const char *id =
	    recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s'}", day(-1), day(0)));

	expect_status(
	    post(json_of("{'kind': 'serious_incident'}"), "/v1/incidents/%s/notifications", id), 201);
	const struct answer *clocks = clocks_of(id);
	expect_value(clocks, "/clocks/0/state", "'met'");
	expect_value(clocks, "/clocks/1/state", "'running'");
	expect_value(clocks, "/clocks/1/remaining", "15");
}

Test(clocks, that_were_judged_stay_as_they_are)
{
	const char *id = recorded(incident_with("{}"));

	notify(id, "2024-01-15");
	expect_status(
	    patch(json_of("{'aware_on': '2024-01-09'}"), "\"2\"", "/v1/incidents/%s", id), 200);
	const struct answer *clocks = clocks_of(id);
	cr_assert_eq(json_array_size(answer_at(clocks, "/clocks")), 2, "%s", told(clocks));
	expect_value(clocks, "/clocks/0/due_on", "'2024-01-15'");
	expect_value(clocks, "/clocks/0/superseded_at", "null");
}

/* The clock of the kind in the deadlines, by its incident; NULL when it is not among them. */
static const json_t *deadline_of(const char *query, const char *id, const char *kind)
{
	size_t index;
	json_t *item;

	json_array_foreach (answer_at(get("/v1/deadlines?limit=200&%s", query), "/data"), index, item) {
		if (strcmp(json_string_value(json_object_get(item, "incident_id")), id) == 0 &&
		    strcmp(json_string_value(json_object_get(item, "kind")), kind) == 0)
			return item;
	}
	return NULL;
}

static const char *state_on(const char *as_of, const char *id, const char *kind)
{
	const json_t *clock = deadline_of(text_of("as_of=%s", as_of), id, kind);

	return clock ? json_string_value(json_object_get(clock, "state")) : "absent";
}

Test(deadlines, stand_as_they_stood_on_a_day)
{
	const char *id = recorded(incident_with("{}"));

	notify(id, "2024-01-16");
	cr_assert_str_eq(state_on("2024-01-07", id, "sin"), "absent");
	cr_assert_str_eq(state_on("2024-01-08", id, "sin"), "running");
	cr_assert_str_eq(state_on("2024-01-15", id, "sin"), "running");
	cr_assert_str_eq(state_on("2024-01-16", id, "sin"), "met_late");
	cr_assert_str_eq(state_on("2024-01-16", id, "rapid_review"), "running");
	cr_assert_str_eq(state_on("2024-02-06", id, "rapid_review"), "running");
	cr_assert_str_eq(state_on("2024-02-07", id, "rapid_review"), "breached");
}

Test(deadlines, are_found_by_state_kind_and_nearness)
{
	const char *id = recorded(incident_with("{}"));

	cr_assert_not_null(deadline_of("as_of=2024-01-09&state=running", id, "sin"));
	cr_assert_null(deadline_of("as_of=2024-01-09&state=breached,met", id, "sin"));
	cr_assert_not_null(deadline_of("as_of=2024-01-16&state=breached", id, "sin"));
	cr_assert_null(deadline_of("kind=rapid_review", id, "sin"));
	cr_assert_not_null(deadline_of("kind=sin,rapid_review", id, "sin"));
	cr_assert_not_null(deadline_of("as_of=2024-01-10&within=3", id, "sin"));
	cr_assert_null(deadline_of("as_of=2024-01-10&within=2", id, "sin"));
}

Test(deadlines, come_in_the_order_in_which_they_fall_due)
{
	recorded(incident_with("{'aware_on': '2024-03-28'}"));
	recorded(incident_with("{'aware_on': '2024-01-08'}"));
	const json_t *data = answer_at(get("/v1/deadlines?limit=200"), "/data");

	for (size_t i = 1; i < json_array_size(data); i++)
		cr_assert_leq(
		    strcmp(json_string_value(json_object_get(json_array_get(data, i - 1), "due_on")),
		        json_string_value(json_object_get(json_array_get(data, i), "due_on"))),
		    0);
}

Test(deadlines, forget_a_clock_that_a_correction_superseded)
{
	const char *id = recorded(incident_with("{}"));

	patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id);
	const json_t *clock = deadline_of("as_of=2024-01-10", id, "sin");
	cr_assert_str_eq(json_string_value(json_object_get(clock, "due_on")), "2024-01-17");
}
