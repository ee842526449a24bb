/* Stories of recurrence: a theme that comes back after what was to be done about it was done. */
#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

static const char *new_theme(void)
{
	const struct answer *made =
	    post(json_of("{'label': 'Written agreements', 'kind': 'practice'}"), "/v1/themes");

	expect_status(made, 201);
	return answer_text(made, "/id");
}

/* An incident that happened on that day and was coded with the theme on the next one. */
static const char *incident_on(const char *day, const char *theme)
{
	const char *id = recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s'}", day, day));

	expect_status(change(json_of("{'coded_by': 'subgroup', 'on': '%s', 'themes': [{'theme_id':"
	                             " '%s', 'evidence': 'As the scoping returns say.'}]}",
	                         day, theme),
	                  etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/themes", id),
	    200);
	return id;
}

/* An action that a recommendation on the theme led to, complete since 1 March 2023. */
static const char *completed_action(const char *theme)
{
	const struct answer *advice = post(json_of("{'text': 'Check what was agreed.', 'origin':"
	                                           " 'national', 'addressee': 'partnership',"
	                                           " 'theme_ids': ['%s']}",
	                                       theme),
	    "/v1/recommendations");

	expect_status(advice, 201);
	expect_value(advice, "/theme_ids/0", text_of("'%s'", theme));
	const struct answer *made =
	    post(json_of("{'text': 'A form.', 'agreed_on': '2022-10-01', 'due_on': '2023-03-01',"
	                 " 'recommendation_id': '%s'}",
	             answer_text(advice, "/id")),
	        "/v1/actions");
	expect_status(made, 201);
	const char *id = answer_text(made, "/id");
	expect_status(move(json_of("{'to': 'complete_pending_assurance', 'on': '2023-03-01'}"), "\"1\"",
	                  "/v1/actions/%s/transitions", id),
	    200);
	return id;
}

static void step(const char *action, const char *body)
{
	expect_status(move(json_of("%s", body), etag_of(get("/v1/actions/%s", action)),
	                  "/v1/actions/%s/transitions", action),
	    200);
}

static void assure(const char *action)
{
	expect_status(post(json_of("{'assured_by': 'subgroup', 'outcome': 'assured', 'on':"
	                           " '2023-04-01'}"),
	                  "/v1/actions/%s/assurances", action),
	    201);
	expect_status(
	    post(json_of("{'kind': 'audit', 'shows': 'impact', 'description': '9 of 10.', 'on':"
	                 " '2023-04-01'}"),
	        "/v1/actions/%s/evidence", action),
	    201);
	step(action, "{'to': 'closed_assured', 'on': '2023-04-02'}");
}

static const struct answer *recurrence_of(const char *theme, const char *query)
{
	const struct answer *answer = get("/v1/themes/%s/recurrence%s", theme, query);

	expect_status(answer, 200);
	return answer;
}

Test(recurrence, is_an_incident_after_an_assured_closure_with_the_days_between)
{
	const char *theme = new_theme();

	incident_on("2022-08-01", theme);
	assure(completed_action(theme));
	expect_value(recurrence_of(theme, ""), "/verdict", "'not_recurred_after_closure'");
	const char *later = incident_on("2023-06-01", theme);
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/verdict", "'recurred_after_closure'");
	expect_value(found, "/incidents", "2");
	expect_value(found, "/years",
	    "[{'year': '2022-23', 'reviews': 0, 'incidents': 1}, {'year': '2023-24', 'reviews': 0,"
	    " 'incidents': 1}]");
	expect_value(found, "/recurrences/0/incident_id", text_of("'%s'", later));
	expect_value(found, "/recurrences/0/days_between", "60");
	expect_value(found, "/recurrences/0/closure", "'closed_assured'");
	expect_value(found, "/recurrences/0/days_after_unverified", "null");
	expect_value(found, "/after_assured", "{'recurrences': 1, 'shortest_days': 60}");
	expect_value(found, "/after_unverified", "{'recurrences': 0, 'shortest_days': null}");
	expect_value(found, "/line/0/what", "'incident'");
	expect_value(found, "/line/1/what", "'action_closed'");
	expect_value(found, "/line/2/on", "'2023-06-01'");
	cr_assert_null(answer_at(found, "/line/3"));
}

Test(recurrence, after_a_closure_that_nobody_verified_is_told_apart)
{
	const char *theme = new_theme();
	const char *action = completed_action(theme);

	step(action,
	    "{'to': 'closed_unverified', 'reason': 'The service has closed.', 'on': '2023-05-02'}");
	incident_on("2023-06-01", theme);
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/actions", "{'total': 1, 'closed_assured': 0, 'closed_unverified': 1}");
	expect_value(found, "/recurrences/0/closure", "'closed_unverified'");
	expect_value(found, "/recurrences/0/days_after_assured", "null");
	expect_value(found, "/after_unverified", "{'recurrences': 1, 'shortest_days': 30}");
	/* On the day of the closure itself it is not after it. */
	incident_on("2023-05-02", theme);
	cr_assert_null(answer_at(recurrence_of(theme, ""), "/recurrences/1"));
}

Test(recurrence, is_none_while_an_action_is_open_again)
{
	const char *theme = new_theme();
	const char *action = completed_action(theme);

	step(action, "{'to': 'closed_unverified', 'reason': 'x', 'on': '2023-05-02'}");
	step(action, "{'to': 'in_progress', 'reason': 'It came undone.', 'on': '2023-05-20'}");
	incident_on("2023-06-01", theme);
	expect_value(recurrence_of(theme, ""), "/verdict", "'not_recurred_after_closure'");
	/* One that happened while it was closed stays one, whatever was done since. */
	incident_on("2023-05-10", theme);
	expect_value(recurrence_of(theme, ""), "/recurrences/0/days_between", "8");
	incident_on("2023-05-02", theme);
	cr_assert_null(answer_at(recurrence_of(theme, ""), "/recurrences/1"));
	/* On the day on which it was opened again it had been closed until then. */
	incident_on("2023-05-20", theme);
	expect_value(recurrence_of(theme, ""), "/recurrences/0/days_between", "18");
}

Test(recurrence, is_shown_as_it_was_known_on_a_day)
{
	const char *theme = new_theme();

	incident_on("2022-08-01", theme);
	assure(completed_action(theme));
	incident_on("2023-06-01", theme);
	const struct answer *then = recurrence_of(theme, "?as_of=2022-09-30");
	expect_value(then, "/verdict", "'no_action_closed'");
	expect_value(then, "/actions/total", "0");
	expect_value(then, "/incidents", "1");
	expect_value(
	    recurrence_of(theme, "?as_of=2023-04-02"), "/verdict", "'not_recurred_after_closure'");
	expect_value(recurrence_of(theme, "?as_of=2023-04-02"), "/actions/closed_assured", "1");
	expect_value(recurrence_of(theme, "?as_of=2023-05-31"), "/recurrences", "[]");
}

Test(recurrence, goes_by_the_review_s_themes_where_a_recommendation_names_none)
{
	const char *theme = new_theme();
	const char *review = reviewed("lcspr", "{}");

	expect_status(change(json_of("{'coded_by': 'x', 'on': '2024-03-01', 'themes': [{'theme_id':"
	                             " '%s'}]}",
	                         theme),
	                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review),
	    200);
	const char *advice =
	    answer_text(post(json_of("{'text': 'Check.', 'origin': 'lcspr', 'addressee':"
	                             " 'partnership', 'review_id': '%s', 'made_on':"
	                             " '2024-05-01'}",
	                         review),
	                    "/v1/recommendations"),
	        "/id");
	expect_status(post(json_of("{'text': 'A form.', 'agreed_on': '2024-05-01', 'due_on':"
	                           " '2024-08-01', 'recommendation_id': '%s'}",
	                       advice),
	                  "/v1/actions"),
	    201);
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/actions/total", "1");
	expect_value(found, "/reviews", "1");
	/* The review's incident has it by the review. */
	expect_value(found, "/incidents", "1");
	expect_status(patch(json_of("{'theme_ids': ['%s']}", new_theme()), "\"1\"",
	                  "/v1/recommendations/%s", advice),
	    200);
	expect_value(recurrence_of(theme, ""), "/actions/total", "0");
	expect_fault(patch(json_of("{'theme_ids': ['%s']}", new_id()), "\"2\"",
	                 "/v1/recommendations/%s", advice),
	    "/theme_ids", "unknown_theme");
}

Test(recurrence, is_offered_to_the_next_rapid_review_as_evidence)
{
	const char *theme = new_theme();

	incident_on("2022-08-01", theme);
	assure(completed_action(theme));
	const char *incident = incident_on("2024-01-06", theme);
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", incident),
	    201);
	const char *rapid_review =
	    answer_text(get("/v1/rapid-reviews?incident_id=%s", incident), "/data/0/id");
	const struct answer *offered = get("/v1/rapid-reviews/%s/recurrence", rapid_review);
	expect_status(offered, 200);
	expect_value(offered, "/happened_on", "'2024-01-06'");
	expect_value(offered, "/themes/0/verdict", "'recurred_after_closure'");
	expect_value(offered, "/themes/0/incidents_before", "1");
	expect_value(offered, "/themes/0/last_before_on", "'2022-08-01'");
	expect_value(offered, "/themes/0/closed_assured_before", "1");
	expect_value(offered, "/themes/0/days_between", "279");
	expect_value(offered, "/themes/0/criteria", "['c1_improvements', 'c2_recurrent_themes']");
	expect_status(get("%s", answer_text(offered, "/themes/0/link")), 200);
	expect_status(get("%s", answer_text(offered, "/themes/0/action_link")), 200);
}

Test(recurrence, is_evidence_by_what_was_there_before_the_incident_alone)
{
	const char *theme = new_theme();
	const char *incident = incident_on("2022-08-01", theme);

	completed_action(theme);
	incident_on("2023-06-01", theme);
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2022-08-03'}"),
	                  "/v1/incidents/%s/notifications", incident),
	    201);
	const struct answer *offered = get("/v1/rapid-reviews/%s/recurrence",
	    answer_text(get("/v1/rapid-reviews?incident_id=%s", incident), "/data/0/id"));
	expect_value(offered, "/themes/0/verdict", "'not_found_before'");
	expect_value(offered, "/themes/0/actions_before", "0");
	expect_value(offered, "/themes/0/incidents_before", "0");
	expect_value(offered, "/themes/0/criteria", "[]");
}
