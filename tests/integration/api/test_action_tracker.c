/* The tracker of actions: as they stood on a day, by their leads, page by page. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(tracker, .timeout = 60);

static const char *agreed(const char *review, const char *members)
{
	json_t *body = json_of("{'text': 'Add it to the form.', 'agreed_on': '2021-10-12',"
	                       " 'due_on': '2021-12-31', 'level': 'system', 'number': '1.1'}");

	json_object_set_new(body, "review_id", json_string(review));
	json_object_update_new(body, json_of("%s", members));
	const struct answer *made = post(body, "/v1/actions");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static void take(const char *id, const char *body)
{
	const char *tag = etag_of(get("/v1/actions/%s", id));

	expect_status(move(json_of("%s", body), tag, "/v1/actions/%s/transitions", id), 200);
}

static const struct answer *tracker(const char *review, const char *on)
{
	const struct answer *report =
	    get("/v1/reports/action-tracker?review_id=%s&as_of=%s", review, on);

	expect_status(report, 200);
	return report;
}

/* Begun on 1 November, due on 31 March from 7 December, complete on 10 January, assured in July. */
static const char *followed_up(const char *review)
{
	const char *id = agreed(review, "{}");

	take(id, "{'to': 'in_progress', 'on': '2021-11-01'}");
	expect_status(patch(json_of("{'due_on': '2022-03-31', 'due_revision': {'reason': 'The release',"
	                            " 'approved_by': 'subgroup', 'on': '2021-12-07'}}"),
	                  etag_of(get("/v1/actions/%s", id)), "/v1/actions/%s", id),
	    200);
	take(id, "{'to': 'complete_pending_assurance', 'on': '2022-01-10'}");
	expect_status(post(json_of("{'kind': 'audit', 'shows': 'impact', 'description': '46 of 50.',"
	                           " 'on': '2022-06-01'}"),
	                  "/v1/actions/%s/evidence", id),
	    201);
	expect_status(post(json_of("{'assured_by': 'subgroup', 'outcome': 'assured', 'on':"
	                           " '2022-07-10', 'next_due_on': '2023-01-10'}"),
	                  "/v1/actions/%s/assurances", id),
	    201);
	take(id, "{'to': 'closed_assured', 'on': '2022-07-11'}");
	return id;
}

Test(tracker, shows_an_action_as_it_stood_on_each_day)
{
	static const struct {
		const char *on;
		const char *state;
		const char *rag;
		const char *due_on;
		const char *next_check;
	} days[] = {
	    {"2021-10-12", "'not_started'", "'green'", "'2021-12-31'", "null"},
	    {"2021-11-01", "'in_progress'", "'green'", "'2021-12-31'", "null"},
	    {"2021-12-06", "'in_progress'", "'amber'", "'2021-12-31'", "null"},
	    {"2021-12-07", "'in_progress'", "'amber'", "'2022-03-31'", "null"},
	    {"2022-01-10", "'complete_pending_assurance'", "'amber'", "'2022-03-31'", "'2022-04-10'"},
	    {"2022-07-10", "'complete_pending_assurance'", "'amber'", "'2022-03-31'", "'2023-01-10'"},
	    {"2022-07-11", "'closed_assured'", "'blue'", "'2022-03-31'", "null"},
	};
	const char *review = reviewed("lcspr", "{}");
	const char *id = followed_up(review);

	expect_value(tracker(review, "2021-10-11"), "/rows", "[]");
	expect_value(tracker(review, "2021-10-11"), "/totals/actions", "0");
	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		const struct answer *report = tracker(review, days[i].on);
		expect_value(report, "/rows/0/link", text_of("'/v1/actions/%s'", id));
		expect_value(report, "/rows/0/state", days[i].state);
		expect_value(report, "/rows/0/rag", days[i].rag);
		expect_value(report, "/rows/0/due_on", days[i].due_on);
		expect_value(report, "/rows/0/original_due_on", "'2021-12-31'");
		expect_value(report, "/rows/0/next_assurance_on", days[i].next_check);
		expect_value(report,
		    text_of("/totals/%s", json_string_value(answer_at(report, "/rows/0/rag"))), "1");
	}
	expect_value(tracker(review, "2022-05-31"), "/rows/0/evidence_count", "0");
	expect_value(tracker(review, "2022-06-01"), "/rows/0/evidence_count", "1");
	expect_value(tracker(review, "2022-07-09"), "/rows/0/last_assurance_on", "null");
	/* What stands as it did is counted in another way than what has moved since, to the same end.
	 */
	const struct answer *today = tracker(review, day(0));
	expect_value(today, "/rows/0/last_assurance_on", "'2022-07-10'");
	cr_assert(json_equal(answer_at(today, "/rows"), answer_at(tracker(review, day(-1)), "/rows")));
	cr_assert(
	    json_equal(answer_at(today, "/totals"), answer_at(tracker(review, day(-1)), "/totals")));
}

Test(tracker, of_a_day_is_not_changed_by_what_comes_after_it)
{
	const char *review = reviewed("lcspr", "{}");
	const char *id = agreed(review, "{}");
	json_t *before = json_deep_copy(answer_at(tracker(review, "2021-11-15"), "/rows"));

	take(id, "{'to': 'complete_pending_assurance', 'on': '2021-11-16'}");
	take(id, "{'to': 'in_progress', 'on': '2021-11-20', 'reason': 'It came undone.'}");
	expect_status(patch(json_of("{'due_on': '2022-03-31', 'due_revision': {'reason': 'x',"
	                            " 'approved_by': 'y', 'on': '2021-11-16'},"
	                            " 'responsibility': 'collective',"
	                            " 'lead_agency_ids': ['%s', '%s']}",
	                        agency_of("council"), agency_of("trust")),
	                  etag_of(get("/v1/actions/%s", id)), "/v1/actions/%s", id),
	    200);
	const json_t *after = answer_at(tracker(review, "2021-11-15"), "/rows");
	/* Who leads now leads from today, and whether alone is as it is now. */
	json_object_set_new(json_array_get(before, 0), "responsibility", json_string("collective"));
	cr_assert(json_equal(before, after));
	json_decref(before);
}

/* Each action, from the day on which it was agreed, in one row for each day, and none before. */
static int64_t days_that_stand_otherwise(void)
{
	static const char query[] =
	    "SELECT count(*) FROM (SELECT a.id, a.agreed_on, d.day, a.original_due_on,"
	    " coalesce((SELECT t.to_state FROM transition AS t WHERE t.subject_id = a.id"
	    "   AND t.happened_on <= d.day ORDER BY t.id DESC LIMIT 1), 'not_started') AS state,"
	    " coalesce((SELECT v.due_to FROM action_due_revision AS v WHERE v.action_id = a.id"
	    "   AND v.revised_on <= d.day ORDER BY v.id DESC LIMIT 1), a.original_due_on) AS due_on"
	    " FROM action AS a CROSS JOIN (SELECT DISTINCT k.day + n AS day FROM"
	    "   (SELECT happened_on AS day FROM transition UNION SELECT agreed_on FROM action"
	    "     UNION SELECT revised_on FROM action_due_revision) AS k"
	    "   CROSS JOIN generate_series(-1, 1) AS n) AS d) AS told"
	    " LEFT JOIN LATERAL (SELECT count(*) AS rows, min(s.state) AS state,"
	    "   min(s.due_on) AS due_on, bool_or(s.is_revised) AS is_revised"
	    "   FROM action_standing AS s WHERE s.action_id = told.id AND s.from_on <= told.day"
	    "   AND (s.until_on IS NULL OR s.until_on > told.day)) AS kept"
	    " ON true WHERE CASE WHEN told.day < told.agreed_on THEN kept.rows <> 0"
	    " ELSE (kept.rows, kept.state, kept.due_on, kept.is_revised) IS DISTINCT FROM"
	    "   (1, told.state, told.due_on, told.due_on <> told.original_due_on) END";

	return count_rows(query, NULL);
}

Test(tracker, keeps_how_actions_stood_as_the_log_has_it)
{
	const char *review = reviewed("lcspr", "{}");
	const char *again = agreed(review, "{}");

	followed_up(review);
	cr_assert_eq(days_that_stand_otherwise(), 0);
	/* Entered late, and of a day before the step before it. */
	take(again, "{'to': 'complete_pending_assurance', 'on': '2022-03-16'}");
	take(again, "{'to': 'in_progress', 'on': '2022-01-20', 'reason': 'It came undone.'}");
	take(again, "{'to': 'complete_pending_assurance', 'on': '2022-02-16'}");
	cr_assert_eq(days_that_stand_otherwise(), 0);
	expect_value(tracker(review, "2022-02-15"), "/totals/in_progress", "1");
	/* A day that is put right in the log itself. */
	sql_run(&stage()->database,
	    "UPDATE transition SET happened_on = '2022-04-01' WHERE happened_on = '2022-02-16'", NULL);
	cr_assert_eq(days_that_stand_otherwise(), 0);
	expect_value(tracker(review, "2022-03-31"), "/totals/in_progress", "1");
}

Test(tracker, counts_all_pages_and_leads_through_them)
{
	const char *review = reviewed("lcspr", "{}");

	agreed(review, "{'due_on': '2021-12-30'}");
	agreed(review, "{'due_on': '2021-12-30'}");
	take(agreed(review, "{'due_on': '2022-01-30'}"), "{'to': 'superseded', 'reason': 'x'}");
	const struct answer *page =
	    get("/v1/reports/action-tracker?review_id=%s&limit=2&as_of=%s", review, day(0));
	expect_value(page, "/totals/actions", "3");
	expect_value(page, "/totals/red", "2");
	expect_value(page, "/totals/grey", "1");
	expect_value(page, "/totals/superseded", "1");
	cr_assert_eq(json_array_size(answer_at(page, "/rows")), 2);
	const struct answer *last = get("%s", answer_text(page, "/links/next"));
	expect_value(last, "/totals/actions", "3");
	expect_value(last, "/rows/0/rag", "'grey'");
	expect_value(last, "/links/next", "null");
	const struct answer *red =
	    get("/v1/reports/action-tracker?review_id=%s&rag=red,amber&state=not_started", review);
	expect_value(red, "/totals/actions", "2");
	expect_value(get("/v1/reports/action-tracker?review_id=%s&from=2022-01-01", review),
	    "/totals/actions", "1");
}

Test(tracker, calls_a_lead_by_its_name_of_then_and_says_what_it_has_become)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const succeed[] = {"agencies", "succeed", "--partnership", "north", "--agency",
	    "ccg", "--by", "icb", "--on", "2022-07-01", NULL};
	const char *review = reviewed("lcspr", "{}");

	agency_create(&stage()->database, "north", "ccg", "nhs", true);
	agency_create(&stage()->database, "north", "icb", "nhs", true);
	agreed(review, text_of("{'lead_agency_ids': ['%s']}", agency_of("ccg")));
	csprd_run(&stage()->database, succeed, NULL, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	expect_value(tracker(review, "2022-06-30"), "/rows/0/lead_agencies", "['ccg']");
	expect_value(tracker(review, "2022-07-01"), "/rows/0/lead_agencies", "['ccg (now icb)']");
	expect_value(get("/v1/reports/action-tracker?agency_id=%s&as_of=2022-07-01", agency_of("icb")),
	    "/totals/actions", "1");
	expect_value(get("/v1/reports/action-tracker?agency_id=%s&as_of=2022-06-30", agency_of("icb")),
	    "/totals/actions", "0");
}

Test(tracker, tells_what_is_raised_with_national_bodies)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *made =
	    post(json_of("{'text': 'x', 'origin': 'lcspr', 'review_id': '%s', 'addressee':"
	                 " 'national_body', 'national_body': 'DfE', 'made_on': '2024-03-01'}",
	             review),
	        "/v1/recommendations");

	expect_status(made, 201);
	const char *id = answer_text(made, "/id");
	expect_status(move(json_of("{'to': 'raised', 'raised_to': 'unit', 'on': '2024-03-05'}"),
	                  "\"1\"", "/v1/recommendations/%s/transitions", id),
	    200);
	const json_t *notes = answer_at(tracker(review, "2024-03-05"), "/notes");
	const char *last = json_string_value(json_array_get(notes, json_array_size(notes) - 1));
	cr_assert_not_null(strstr(last, "national bodies: 1, answered: 0"), "%s", last);
}
