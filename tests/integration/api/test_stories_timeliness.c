/* Owns the stories of reports about rapid reviews: what was in time, and what the Panel said. Each
 * has a day of notification of its own, which is the period that it asks for. */
#include <string.h>

#include "rapid_courses.h"

static const struct setting settings[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
TestSuite(timeliness, .timeout = 60);
TestSuite(concurrence, .timeout = 60);

/* The report of what was notified on that day, as it stood on the other. */
static const struct answer *report(const char *name, const char *notified_on, const char *as_of)
{
	const struct answer *shown =
	    get("/v1/reports/%s?from=%s&to=%s&as_of=%s", name, notified_on, notified_on, as_of);

	expect_status(shown, 200);
	return shown;
}

static const struct answer *withdraw(const char *rapid_review, const char *on)
{
	const char *id = incident_of(rapid_review);

	return move(json_of("{'to': 'withdrawn', 'reason': 'a medical cause',"
	                    " 'agreed_by': 'the partners', 'on': '%s'}",
	                on),
	    etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/transitions", id);
}

/* ---- What was in time ---- */

/* Due on Monday 13 March and Wednesday 5 April 2023; Good Friday is the 7th. */
Test(timeliness, counts_working_days_and_judges_by_the_clocks_of_the_day)
{
	const char *id = rapid_course("2023-03-06", "2023-03-15", "{}");

	rapid_submitted(id, "2023-04-03", "2023-04-12");
	const struct answer *after = report("timeliness", "2023-03-15", "2023-04-12");
	expect_value(after, "/rows/0/notification_due_on", "'2023-03-13'");
	expect_value(after, "/rows/0/notification_working_days", "7");
	expect_value(after, "/rows/0/notification_on_time", "false");
	expect_value(after, "/rows/0/rapid_review_due_on", "'2023-04-05'");
	expect_value(after, "/rows/0/rapid_review_submitted_on", "'2023-04-12'");
	expect_value(after, "/rows/0/rapid_review_working_days_late", "3");
	expect_value(after, "/totals/rapid_reviews_on_time", "0");
	expect_value(after, "/totals/rapid_reviews_mean_working_days_late", "3.0");
	expect_value(after, "/totals/national_rapid_reviews_percent", "51.0");

	const char *records = answer_text(after, "/links/records");
	const struct answer *behind = get("%s&figure=rapid_reviews", records);
	expect_value(behind, "/data/0/id", text_of("'%s'", id));
	expect_status(get("%s", answer_text(behind, "/data/0/link")), 200);
	expect_value(get("%s&figure=rapid_reviews_on_time", records), "/data", "[]");
	expect_value(
	    get("%s&figure=notifications", records), "/data/0/id", text_of("'%s'", incident_of(id)));

	const struct answer *before = report("timeliness", "2023-03-15", "2023-04-11");
	expect_value(before, "/rows/0/rapid_review_submitted_on", "null");
	expect_value(before, "/rows/0/rapid_review_working_days_late", "2");
	expect_value(before, "/totals/rapid_reviews", "1");
	const struct answer *not_due = report("timeliness", "2023-03-15", "2023-04-05");
	expect_value(not_due, "/rows/0/rapid_review_on_time", "null");
	expect_value(not_due, "/totals/rapid_reviews", "0");
}

Test(timeliness, judges_the_first_complete_submission)
{
	const char *id = rapid_course("2022-05-09", "2022-05-10", "{}");

	rapid_submitted(id, "2022-05-23", "2022-05-30");
	panel_says(id, "more_information", "2022-06-20");
	expect_status(post(json_of("{'complete': true, 'submitted_on': '2022-07-20',"
	                           " 'transmission': 'record'}"),
	                  "/v1/rapid-reviews/%s/submission", id),
	    201);
	const struct answer *shown = report("timeliness", "2022-05-10", "2022-12-01");
	expect_value(shown, "/rows/0/rapid_review_submitted_on", "'2022-05-30'");
	expect_value(shown, "/rows/0/rapid_review_on_time", "true");
	expect_value(shown, "/totals/rapid_reviews_percent", "100.0");
}

Test(timeliness, shows_when_each_agency_returned_its_scoping)
{
	const char *id = rapid_course("2022-09-05", "2022-09-06", "{}");
	const struct answer *made =
	    post(json_of("{'agency_id': '%s', 'sent_on': '2022-09-07'}", agency_of("council")),
	        "/v1/rapid-reviews/%s/scoping-returns", id);

	expect_status(made, 201);
	const char *of = answer_text(made, "/id");
	expect_status(patch(json_of("{'received_on': '2022-09-16', 'known': 'yes'}"),
	                  etag_of(get("/v1/rapid-reviews/%s/scoping-returns/%s", id, of)),
	                  "/v1/rapid-reviews/%s/scoping-returns/%s", id, of),
	    200);
	const struct answer *after = report("timeliness", "2022-09-06", "2022-09-16");
	expect_value(after, "/rows/0/scoping_returns/0/due_on", "'2022-09-14'");
	expect_value(after, "/rows/0/scoping_returns/0/returned_on", "'2022-09-16'");
	expect_value(report("timeliness", "2022-09-06", "2022-09-15"),
	    "/rows/0/scoping_returns/0/returned_on", "null");
	expect_value(report("timeliness", "2022-09-06", "2022-09-06"), "/rows/0/scoping_returns", "[]");
}

Test(timeliness, leaves_out_what_others_lead)
{
	const char *id = incident_of(rapid_course("2022-10-03", "2022-10-04", "{}"));

	expect_value(report("timeliness", "2022-10-04", "2022-12-01"), "/totals/notifications", "1");
	expect_status(patch(json_of("{'our_role': 'contributing'}"),
	                  etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s", id),
	    200);
	const struct answer *shown = report("timeliness", "2022-10-04", "2022-12-01");
	expect_value(shown, "/rows", "[]");
	expect_value(shown, "/totals/notifications", "0");
}

Test(timeliness, lists_what_was_never_notified_until_it_was_decided_not_to)
{
	const char *id = recorded(incident_with("{'incident_date': '2022-11-07',"
	                                        " 'aware_on': '2022-11-07'}"));
	const char *path = "/v1/reports/timeliness?from=2022-11-07&to=2022-11-07&as_of=2022-11-20";
	const char *before = text_of("%s", told(get("%s", path)));

	expect_value(get("%s", path), "/rows/0/notification_on_time", "false");
	expect_status(
	    move(json_of("{'to': 'not_notified', 'reason': 'no abuse', 'on': '2022-11-21', 'views':"
	                 " [{'agency_id': '%s', 'view': 'not_notify'}]}",
	             agency_of("council")),
	        etag_of(get("/v1/incidents/%s", id)), "/v1/incidents/%s/transitions", id),
	    200);
	cr_assert_str_eq(told(get("%s", path)), before);
	expect_value(get("/v1/reports/timeliness?from=2022-11-07&to=2022-11-07&as_of=2022-11-21"),
	    "/rows", "[]");
}

Test(timeliness, keeps_the_notification_of_what_was_withdrawn_and_its_rapid_review_of_before)
{
	const char *id = rapid_course("2022-12-05", "2022-12-06", "{}");
	const char *path = "/v1/reports/timeliness?from=2022-12-06&to=2022-12-06&as_of=2022-12-12";
	const char *before = text_of("%s", told(get("%s", path)));

	expect_status(withdraw(id, "2022-12-13"), 200);
	cr_assert_str_eq(told(get("%s", path)), before);
	const struct answer *after = report("timeliness", "2022-12-06", "2022-12-13");
	expect_value(after, "/rows/0/notification_on_time", "true");
	expect_value(after, "/rows/0/rapid_review_due_on", "null");
	expect_value(after, "/totals/rapid_reviews", "0");
}

/* Decided on 26 January 2024, so due on 26 July. */
Test(timeliness, tells_a_review_that_is_overdue_for_a_reason_from_one_without)
{
	const char *review = reviewed("lcspr", "{'decided_on': '2024-01-26'}");
	const char *row = "/v1/reports/timeliness?from=2024-01-11&to=2024-01-11&as_of=2024-08-05";

	expect_value(get("%s", row), "/rows/0/lcspr_due_on", "'2024-07-26'");
	expect_value(get("%s", row), "/rows/0/lcspr_days_over", "10");
	expect_value(get("%s", row), "/totals/lcsprs_overdue_with_proceedings", "0");
	expect_status(post(json_of("{'type': 'criminal_trial', 'affects_publication': true,"
	                           " 'opened_on': '2024-06-01'}"),
	                  "/v1/reviews/%s/proceedings", review),
	    201);
	expect_value(get("%s", row), "/rows/0/lcspr_proceedings", "['criminal_trial']");
	const struct answer *overdue = get("%s", row);
	expect_value(overdue, "/totals/lcsprs_overdue_with_proceedings", "1");
	expect_value(
	    get("%s&figure=lcsprs_overdue_with_proceedings", answer_text(overdue, "/links/records")),
	    "/data/0/id", text_of("'%s'", review));
}

/* Due on 10 June 2023; an extension that is agreed later is not that of the day. */
Test(timeliness, tells_an_agreed_extension_with_its_reason)
{
	const char *id = rapid_course("2022-11-28", "2022-11-29", "{}");
	const char *path = "/v1/reports/timeliness?from=2022-11-29&to=2022-11-29";

	rapid_submitted(id, "2022-12-10", "2022-12-10");
	expect_status(post(json_of("{'type': 'lcspr', 'title': 'Baby B', 'decided_on': '2022-12-10',"
	                           " 'incident_ids': ['%s']}",
	                       incident_of(id)),
	                  "/v1/reviews"),
	    201);
	const struct answer *clocks = get("/v1/deadlines?kind=lcspr&incident_id=%s", incident_of(id));
	expect_status(post(json_of("{'until': '2023-09-30', 'reason': 'The trial is in July.', 'by':"
	                           " 'lead safeguarding partners', 'agreed_on': '2023-06-12'}"),
	                  "/v1/deadlines/%s/extensions", answer_text(clocks, "/data/0/id")),
	    201);
	const struct answer *before = get("%s&as_of=2023-06-11", path);
	expect_value(before, "/rows/0/lcspr_days_over", "1");
	expect_value(before, "/rows/0/lcspr_extension_reason", "null");
	expect_value(before, "/totals/lcsprs_overdue_within_extension", "0");
	const struct answer *after = get("%s&as_of=2023-09-30", path);
	expect_value(after, "/rows/0/lcspr_extension_reason", "'The trial is in July.'");
	expect_value(after, "/rows/0/lcspr_within_extension", "true");
	expect_value(after, "/totals/lcsprs_overdue_within_extension", "1");
	expect_value(get("%s&as_of=2023-10-01", path), "/rows/0/lcspr_within_extension", "false");
}

/* ---- What the Panel said ---- */

Test(concurrence, counts_the_last_response_of_the_panel_by_the_day)
{
	const char *id = rapid_course("2021-05-03", "2021-05-04", "{}");

	rapid_submitted(id, "2021-05-18", "2021-05-20");
	expect_value(report("panel-concurrence", "2021-05-04", "2021-05-19"), "/totals/total", "0");
	panel_says(id, "not_agreed", "2021-06-01");
	expect_value(report("panel-concurrence", "2021-05-04", "2021-05-31"), "/rows/0/response",
	    "'no_response_yet'");
	const char *before =
	    text_of("%s", told(report("panel-concurrence", "2021-05-04", "2021-06-10")));
	panel_says(id, "agreed", "2021-07-01");
	cr_assert_str_eq(told(report("panel-concurrence", "2021-05-04", "2021-06-10")), before);
	const struct answer *after = report("panel-concurrence", "2021-05-04", "2021-07-01");
	expect_value(after, "/rows/0/decision", "'lcspr_local'");
	expect_value(after, "/rows/0/sent_on", "'2021-05-20'");
	expect_value(after, "/totals/agreed", "1");
	expect_value(after, "/totals/total", "1");
	expect_value(after, "/totals/percent", "100.0");
	const char *records = answer_text(after, "/links/records");
	expect_value(get("%s&figure=agreed", records), "/data/0/id", text_of("'%s'", id));
	expect_value(get("%s&figure=not_agreed", records), "/data", "[]");
}

Test(concurrence, leaves_out_what_lapsed_from_the_day_on_which_it_did)
{
	const char *id = rapid_course("2021-08-02", "2021-08-03", "{}");

	rapid_submitted(id, "2021-08-10", "2021-08-11");
	expect_status(
	    move(json_of("{'to': 'lapsed', 'reason': 'x', 'on': '2021-09-01'}"),
	        etag_of(get("/v1/rapid-reviews/%s", id)), "/v1/rapid-reviews/%s/transitions", id),
	    409);
	expect_status(withdraw(id, "2021-09-01"), 200);
	expect_status(
	    move(json_of("{'to': 'lapsed', 'reason': 'x', 'on': '2021-09-01'}"),
	        etag_of(get("/v1/rapid-reviews/%s", id)), "/v1/rapid-reviews/%s/transitions", id),
	    200);
	expect_value(report("panel-concurrence", "2021-08-03", "2021-08-31"), "/totals/total", "1");
	expect_value(report("panel-concurrence", "2021-08-03", "2021-09-01"), "/totals/total", "0");
}

static void take(const char *rapid_review, const char *to, const char *on)
{
	expect_status(move(json_of("{'to': '%s', 'reason': 'new evidence', 'on': '%s'}", to, on),
	                  etag_of(get("/v1/rapid-reviews/%s", rapid_review)),
	                  "/v1/rapid-reviews/%s/transitions", rapid_review),
	    200);
}

Test(concurrence, of_a_case_that_was_taken_up_again_is_what_the_panel_said_last)
{
	const char *id = rapid_course("2021-10-04", "2021-10-05", "{}");

	rapid_submitted(id, "2021-10-20", "2021-10-21");
	panel_says(id, "not_agreed", "2021-11-02");
	take(id, "closed", "2021-11-05");
	const char *before =
	    text_of("%s", told(report("panel-concurrence", "2021-10-05", "2021-12-01")));
	take(id, "met", "2022-01-10");
	rapid_submitted(id, "2022-01-17", "2022-01-18");
	panel_says(id, "agreed", "2022-02-01");
	cr_assert_str_eq(told(report("panel-concurrence", "2021-10-05", "2021-12-01")), before);
	const struct answer *after = report("panel-concurrence", "2021-10-05", "2022-03-01");
	expect_value(after, "/totals/total", "1");
	expect_value(after, "/totals/agreed", "1");
	expect_value(after, "/rows/0/sent_on", "'2021-10-21'");
	expect_value(after, "/rows/0/decided_on", "'2022-01-17'");
	expect_value(report("timeliness", "2021-10-05", "2022-03-01"),
	    "/rows/0/rapid_review_submitted_on", "'2021-10-21'");
}

/* ---- Pages ---- */

static void have_three(void)
{
	static const char *const references[] = {"P-3", "P-1", "P-2"};

	for (size_t i = 0; i < ARRAY_LENGTH(references); i++) {
		const char *id =
		    rapid_course("2020-06-01", "2020-06-02", text_of("{'local_ref': '%s'}", references[i]));
		rapid_submitted(id, "2020-06-09", "2020-06-10");
	}
}

Test(concurrence, is_paged_with_the_totals_of_all_pages)
{
	have_three();
	const struct answer *page =
	    get("/v1/reports/panel-concurrence?from=2020-06-02&to=2020-06-02&limit=1");

	for (int i = 1; i <= 3; i++) {
		expect_status(page, 200);
		expect_value(page, "/rows/0/reference", text_of("'P-%d'", i));
		cr_assert_eq(json_array_size(answer_at(page, "/rows")), 1);
		expect_value(page, "/totals/total", "3");
		if (i < 3) {
			cr_assert_not_null(answer_header(page, "Link"));
			page = get("%s", answer_text(page, "/links/next"));
		}
	}
	expect_value(page, "/links/next", "null");
	cr_assert_null(answer_header(page, "Link"));
	expect_problem(get("/v1/reports/panel-concurrence?after=x"), 400, "bad-parameter");
}

Test(concurrence, as_a_page_to_print_leads_to_the_rows_that_follow)
{
	static const char *const headers[] = {"Accept: text/html", NULL};
	rapid_submitted(rapid_course("2020-08-03", "2020-08-04", "{}"), "2020-08-11", "2020-08-12");
	rapid_submitted(rapid_course("2020-08-03", "2020-08-04", "{}"), "2020-08-11", "2020-08-12");
	const struct answer *page = make(&(struct call){
	    .path = "/v1/reports/panel-concurrence?from=2020-08-04&to=2020-08-04&limit=1",
	    .headers = headers});
	const struct answer *whole = make(&(struct call){
	    .path = "/v1/reports/panel-concurrence?from=2020-08-04&to=2020-08-04", .headers = headers});

	expect_status(page, 200);
	cr_assert_not_null(strstr(text_string(&page->body), "<a rel=\"next\" href=\""));
	cr_assert_null(strstr(text_string(&whole->body), "rel=\"next\""));
}
