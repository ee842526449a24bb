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

/* An incident that happened on that day and was coded with the themes on the next one. */
static const char *incident_coded(const char *day, json_t *themes)
{
	const char *id = recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s'}", day, day));
	json_t *coding = json_of("{'coded_by': 'subgroup', 'on': '%s'}", day);

	json_object_set_new(coding, "themes", themes);
	expect_status(
	    change(coding, etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/themes", id), 200);
	return id;
}

static json_t *coded_as(const char *theme)
{
	return json_of("{'theme_id': '%s', 'evidence': 'As the scoping returns say.'}", theme);
}

static const char *incident_on(const char *day, const char *theme)
{
	json_t *themes = json_array();

	json_array_append_new(themes, coded_as(theme));
	return incident_coded(day, themes);
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

static void reopen(const char *action, const char *day)
{
	step(action, text_of("{'to': 'in_progress', 'reason': 'It came undone.', 'on': '%s'}", day));
}

static void close_unverified(const char *action, const char *day)
{
	step(action, text_of("{'to': 'closed_unverified', 'reason': 'x', 'on': '%s'}", day));
}

static const char *rapid_review_of(const char *incident, const char *notified_on)
{
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '%s'}",
	                       notified_on),
	                  "/v1/incidents/%s/notifications", incident),
	    201);
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", incident), "/data/0/id");
}

/* What an incident on that day with the theme is offered. */
static const struct answer *offered_to_one_on(const char *day, const char *theme)
{
	const struct answer *answer =
	    get("/v1/rapid-reviews/%s/recurrence", rapid_review_of(incident_on(day, theme), day));

	expect_status(answer, 200);
	return answer;
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

	close_unverified(action, "2023-05-02");
	reopen(action, "2023-05-20");
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
	const struct answer *offered = offered_to_one_on("2024-01-06", theme);
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
	const struct answer *offered =
	    get("/v1/rapid-reviews/%s/recurrence", rapid_review_of(incident, "2022-08-03"));
	expect_value(offered, "/themes/0/verdict", "'not_found_before'");
	expect_value(offered, "/themes/0/actions_before", "0");
	expect_value(offered, "/themes/0/incidents_before", "0");
	expect_value(offered, "/themes/0/criteria", "[]");
}

/* An action that was closed on 2 May, opened again on the 20th, and closed again on 10 June. */
static const char *action_closed_twice(const char *theme)
{
	const char *action = completed_action(theme);

	close_unverified(action, "2023-05-02");
	reopen(action, "2023-05-20");
	close_unverified(action, "2023-06-10");
	return action;
}

Test(recurrence, goes_by_the_closure_that_stood_when_an_action_was_closed_twice)
{
	const char *theme = new_theme();

	action_closed_twice(theme);
	/* Between the two it was open, and on the day of the second it is not after that. */
	incident_on("2023-06-01", theme);
	incident_on("2023-06-10", theme);
	expect_value(recurrence_of(theme, ""), "/verdict", "'not_recurred_after_closure'");
	incident_on("2023-05-20", theme);
	incident_on("2023-06-20", theme);
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/actions", "{'total': 1, 'closed_assured': 0, 'closed_unverified': 1}");
	expect_value(found, "/after_unverified", "{'recurrences': 2, 'shortest_days': 10}");
	expect_value(found, "/recurrences/0/closed_on", "'2023-06-10'");
	expect_value(found, "/recurrences/0/days_between", "10");
	expect_value(found, "/recurrences/1/closed_on", "'2023-05-02'");
	expect_value(found, "/recurrences/1/days_between", "18");
	cr_assert_null(answer_at(found, "/recurrences/2"));
	/* In between no closure was known to come. */
	found = recurrence_of(theme, "?as_of=2023-06-09");
	expect_value(found, "/actions", "{'total': 1, 'closed_assured': 0, 'closed_unverified': 0}");
	expect_value(found, "/recurrences/0/closed_on", "'2023-05-02'");
	cr_assert_null(answer_at(found, "/recurrences/1"));
}

Test(recurrence, is_offered_by_the_closure_that_stood_when_an_action_was_closed_twice)
{
	const char *theme = new_theme();
	const char *action = action_closed_twice(theme);
	const struct answer *offered = offered_to_one_on("2023-05-20", theme);

	expect_value(offered, "/themes/0/closed_unverified_before", "1");
	expect_value(offered, "/themes/0/closed_on", "'2023-05-02'");
	expect_value(offered, "/themes/0/days_after_unverified", "18");
	expect_value(offered, "/themes/0/days_after_assured", "null");
	expect_value(offered, "/themes/0/action_link", text_of("'/v1/actions/%s'", action));
	const char *open[] = {"2023-05-02", "2023-05-21", "2023-06-10"};
	for (size_t i = 0; i < ARRAY_LENGTH(open); i++) {
		offered = offered_to_one_on(open[i], theme);
		expect_value(offered, "/themes/0/closed_unverified_before", "0");
		expect_value(offered, "/themes/0/closed_on", "null");
		expect_value(offered, "/themes/0/days_between", "null");
		expect_value(offered, "/themes/0/actions_before", "1");
	}
	offered = offered_to_one_on("2023-06-11", theme);
	expect_value(offered, "/themes/0/closed_unverified_before", "1");
	expect_value(offered, "/themes/0/closed_on", "'2023-06-10'");
	expect_value(offered, "/themes/0/days_between", "1");
	expect_value(offered, "/themes/0/incidents_before", "4");
	expect_value(offered, "/themes/0/last_before_on", "'2023-06-10'");
}

Test(recurrence, tells_the_last_closure_and_how_long_after_either_kind)
{
	const char *theme = new_theme();
	const char *other = completed_action(theme);

	assure(completed_action(theme));
	close_unverified(other, "2023-05-02");
	const struct answer *offered = offered_to_one_on("2023-06-01", theme);
	expect_value(offered, "/themes/0/closure", "'closed_unverified'");
	expect_value(offered, "/themes/0/closed_assured_before", "1");
	expect_value(offered, "/themes/0/closed_unverified_before", "1");
	expect_value(offered, "/themes/0/days_between", "30");
	expect_value(offered, "/themes/0/days_after_assured", "60");
	expect_value(offered, "/themes/0/days_after_unverified", "30");
	expect_value(offered, "/themes/0/action_link", text_of("'/v1/actions/%s'", other));
	/* On the day of a closure, or on which an action was agreed, it is not after that. */
	offered = offered_to_one_on("2023-05-02", theme);
	expect_value(offered, "/themes/0/closure", "'closed_assured'");
	expect_value(offered, "/themes/0/closed_unverified_before", "0");
	expect_value(offered, "/themes/0/days_after_unverified", "null");
	expect_value(offered_to_one_on("2022-10-01", theme), "/themes/0/actions_before", "0");
	expect_value(offered_to_one_on("2022-10-02", theme), "/themes/0/actions_before", "2");
}

Test(recurrence, is_told_of_the_assured_closure_where_both_kinds_fell_on_one_day)
{
	const char *theme = new_theme();
	const char *assured = completed_action(theme);

	close_unverified(completed_action(theme), "2023-04-02");
	assure(assured);
	const struct answer *offered = offered_to_one_on("2023-06-01", theme);
	expect_value(offered, "/themes/0/closure", "'closed_assured'");
	expect_value(offered, "/themes/0/action_link", text_of("'/v1/actions/%s'", assured));
	expect_value(offered, "/themes/0/days_after_unverified", "60");
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/recurrences/0/closure", "'closed_assured'");
	expect_value(found, "/recurrences/0/action_id", text_of("'%s'", assured));
}

Test(recurrence, names_no_action_that_was_open_again_by_then)
{
	const char *theme = new_theme();
	const char *reopened = completed_action(theme);
	const char *closed = completed_action(theme);

	close_unverified(reopened, "2023-05-02");
	close_unverified(closed, "2023-05-02");
	reopen(reopened, "2023-05-20");
	incident_on("2023-05-20", theme);
	const struct answer *offered = offered_to_one_on("2023-06-01", theme);
	expect_value(offered, "/themes/0/action_link", text_of("'/v1/actions/%s'", closed));
	const struct answer *found = recurrence_of(theme, "");
	expect_value(found, "/recurrences/0/action_id", text_of("'%s'", closed));
	/* On the day on which it was opened again it had been closed until then. */
	expect_value(found, "/recurrences/1/action_id", text_of("'%s'", reopened));
}

static const char *advice_of(const char *rapid_review, const char *themes)
{
	const struct answer *made =
	    post(json_of("{'text': 'Check.', 'origin': 'rapid_review', 'addressee': 'partnership',"
	                 " 'rapid_review_id': '%s', 'theme_ids': [%s]}",
	             rapid_review, themes),
	        "/v1/recommendations");

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *action_of(const char *origin, const char *id)
{
	const struct answer *made =
	    post(json_of("{'text': 'A form.', 'agreed_on': '2022-10-01', 'due_on': '2023-03-01',"
	                 " '%s': '%s'}",
	             origin, id),
	        "/v1/actions");

	expect_status(made, 201);
	return answer_text(made, "/id");
}

Test(recurrence, goes_by_the_incident_s_themes_where_a_rapid_review_made_a_recommendation)
{
	const char *theme = new_theme();
	const char *another = new_theme();
	const char *with_it = rapid_review_of(incident_on("2022-08-01", theme), "2022-08-03");
	const char *without = rapid_review_of(incident_on("2022-08-01", another), "2022-08-03");
	const char *action = action_of("recommendation_id", advice_of(with_it, ""));

	action_of("recommendation_id", advice_of(without, ""));
	expect_value(recurrence_of(theme, ""), "/actions/total", "1");
	/* One that names its themes is about those, whoever made it. */
	action_of("recommendation_id", advice_of(with_it, text_of("'%s'", another)));
	expect_value(recurrence_of(theme, ""), "/actions/total", "1");
	action_of("recommendation_id", advice_of(without, text_of("'%s'", theme)));
	expect_value(recurrence_of(theme, ""), "/actions/total", "2");
	/* Without a recommendation it is about what the rapid review itself is about. */
	action_of("rapid_review_id", with_it);
	action_of("rapid_review_id", without);
	expect_value(recurrence_of(theme, ""), "/actions/total", "3");

	step(action, "{'to': 'in_progress', 'on': '2022-11-01'}");
	close_unverified(action, "2023-05-02");
	incident_on("2023-06-01", theme);
	expect_value(recurrence_of(theme, ""), "/recurrences/0/action_id", text_of("'%s'", action));
	const struct answer *offered = offered_to_one_on("2023-07-01", theme);
	expect_value(offered, "/themes/0/actions_before", "3");
	expect_value(offered, "/themes/0/closed_unverified_before", "1");
	expect_value(offered, "/themes/0/incidents_before", "2");
	expect_value(offered, "/themes/0/action_link", text_of("'/v1/actions/%s'", action));
}

Test(recurrence, is_offered_for_more_themes_than_are_looked_at_together)
{
	enum { THEMES = 61 }; /* recurrence_bits and one */
	json_t *before = json_array();
	json_t *now = json_array();

	for (int i = 0; i < THEMES; i++) {
		const char *theme = new_theme();
		json_array_append_new(before, coded_as(theme));
		json_array_append_new(now, coded_as(theme));
	}
	incident_coded("2022-08-01", before);
	const char *review = rapid_review_of(incident_coded("2023-06-01", now), "2023-06-03");
	const struct answer *offered = get("/v1/rapid-reviews/%s/recurrence", review);
	expect_status(offered, 200);
	for (int i = 0; i < THEMES; i++)
		expect_value(offered, text_of("/themes/%d/incidents_before", i), "1");
}
