/* Owns the stories of publication: who is told before it, in which form it is, and what follows. */
#include <string.h>

#include "fixture.h"
#include "publication.h"

/* Notices are there to be looked at, and stay as they are. */
static const struct setting settings[] = {{"CSPR_DISPATCH", "off"}, {NULL, NULL}};
STAGE(ALL_SCOPES, settings)
TestSuite(notice, .timeout = 60);
TestSuite(publication, .timeout = 60);
TestSuite(assurance, .timeout = 60);

/* ---- The notice ---- */

Test(notice, is_counted_back_from_the_planned_day_and_again_when_that_moves)
{
	const char *id = review_in("lcspr", "signed_off");

	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-01-08'}")));
	cr_assert_eq(clocks_of(id, "publication_notice", "due_on = '2023-12-27'"), 1);
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-04-05'}")));
	cr_assert_eq(
	    clocks_of(id, "publication_notice", "due_on = '2024-03-25' AND superseded_at IS NULL"), 1);
	cr_assert_eq(clocks_of(id, "publication_notice", "superseded_at IS NOT NULL"), 1);
	expect_moved(plan(id, json_of("{'form': 'full'}")));
	cr_assert_eq(
	    clocks_of(id, "publication_notice", "cancelled_at IS NULL AND superseded_at IS NULL"), 0);
}

static void have_endpoint(const char *recipient)
{
	sql_run(&stage()->database,
	    "INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types,"
	    " secret_sealed) SELECT p.id, gen_random_uuid(), $1, $1, 'http://127.0.0.1:9/',"
	    " '{review.publication_notice}', '\\x00' FROM partnership AS p WHERE p.slug = 'north'"
	    " ON CONFLICT DO NOTHING",
	    recipient, NULL);
}

static const json_t *notice_to(
    const struct answer *list, const char *recipient, const char *channel)
{
	size_t index;
	json_t *notice;

	json_array_foreach (answer_at(list, "/data"), index, notice)
		if (strcmp(json_string_value(json_object_get(notice, "recipient")), recipient) == 0 &&
		    strcmp(json_string_value(json_object_get(notice, "channel")), channel) == 0)
			return notice;
	give_up("no notice to %s by %s: %s", recipient, channel, told(list));
}

Test(notice, that_is_sent_reaches_those_in_law_by_webhook_and_the_others_as_recorded)
{
	const char *id = review_in("lcspr", "signed_off");
	have_endpoint("panel");
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '%s'}", day(30))));
	const struct answer *moved = step(
	    id, json_of("{'to': 'notice_given', " REPORT ", 'notices': ["
	                "{'recipient': 'council_leader', 'channel': 'email'},"
	                " {'recipient': 'cabinet_member', 'channel': 'meeting', 'sent_on': '%s'}]}",
	            day(-1)));

	expect_moved(moved);
	cr_assert_not_null(json_string_value(answer_at(moved, "/earliest_publication_on")));
	const struct answer *list = get("/v1/reviews/%s/publication-notices", id);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 5);
	const json_t *panel = notice_to(list, "panel", "webhook");
	cr_assert_str_eq(json_string_value(json_object_get(panel, "delivery_state")), "pending");
	cr_assert_str_eq(json_string_value(json_object_get(panel, "planned_on")), day(30));
	const json_t *dfe = notice_to(list, "dfe", "webhook");
	cr_assert_str_eq(json_string_value(json_object_get(dfe, "delivery_state")), "no_endpoint");
	notice_to(list, "ofsted", "webhook");
	const json_t *member = notice_to(list, "cabinet_member", "meeting");
	cr_assert_str_eq(json_string_value(json_object_get(member, "sent_on")), day(-1));
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM event WHERE type = 'review.publication_notice' AND"
	               " body::jsonb -> 'data' ->> 'review_id' = $1 AND"
	               " body::jsonb -> 'data' ? 'publication_planned_on'",
	        id),
	    1);
	cr_assert_eq(clocks_of(id, "publication_notice", "completed_on IS NOT NULL"), 1);

	const char *record = json_string_value(json_object_get(panel, "id"));
	expect_value(
	    changed_at(id, "publication-notices", record,
	        json_of("{'acknowledged_on': '%s', 'acknowledged_by': 'secretariat'}", day(0))),
	    "/acknowledged_on", text_of("'%s'", day(0)));
	recorded_at(id, "publication-notices",
	    json_of("{'recipient': 'integrated_care_board', 'channel': 'email'}"));
	expect_fault(post(json_of("{'recipient': 'nobody', 'channel': 'email'}"),
	                 "/v1/reviews/%s/publication-notices", id),
	    "/notices", "unknown_recipient");
}

Test(notice, that_is_only_recorded_is_told_to_nobody)
{
	have_endpoint("panel");
	const char *id = announced();

	cr_assert_eq(
	    count_rows("SELECT count(*) FROM delivery AS d JOIN event AS e ON e.id = d.event_id"
	               " WHERE e.type = 'review.publication_notice' AND"
	               " e.body::jsonb -> 'data' ->> 'review_id' = $1",
	        id),
	    0);
	const struct answer *list = get("/v1/reviews/%s/publication-notices", id);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 3);
	expect_value(list, "/data/0/sent_on", "'2024-08-12'");
	expect_value(list, "/data/0/delivery_state", "null");
}

Test(notice, is_not_dated_before_the_sign_off_or_before_the_last_in_law_was_told)
{
	const char *id = review_in("lcspr", "signed_off");

	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-21'}")));
	expect_fault(step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2024-07-04") "}")),
	    "/on", "dates_out_of_order");
	const struct answer *refused = step(id,
	    json_of("{'to': 'notice_given', " REPORT ", 'transmission': 'record', 'on':"
	            " '2024-08-12', 'notices': [{'recipient': 'panel', 'channel': 'email'},"
	            " {'recipient': 'dfe', 'channel': 'email', 'sent_on': '2024-08-20'},"
	            " {'recipient': 'ofsted', 'channel': 'portal', 'sent_on': '2024-08-09'},"
	            " {'recipient': 'council_leader', 'channel': 'email', 'sent_on': '2024-08-20'}]}"));
	expect_fault(refused, "/notices/1/sent_on", "dates_out_of_order");
	cr_assert_eq(json_array_size(answer_at(refused, "/errors")), 1, "%s", told(refused));
}

Test(notice, needs_everything_that_is_missing_at_once)
{
	const char *id = review_in("lcspr", "signed_off");
	const struct answer *refused =
	    step(id, json_of("{'to': 'notice_given', 'transmission': 'record', 'on': '2024-08-12'}"));

	expect_problem(refused, 409, "conflict");
	cr_assert_eq(json_array_size(answer_at(refused, "/missing")), 6);
	cr_assert_eq(count_of(answer_at(refused, "/missing"), "code", "report_sha256"), 1);
	cr_assert_eq(count_of(answer_at(refused, "/missing"), "code", "ofsted_is_told"), 1);
}

Test(notice, s_recipients_are_the_partnership_s)
{
	const struct answer *list = get("/v1/publication-recipients?limit=4");

	expect_value(list, "/data/0/code", "'panel'");
	expect_value(list, "/data/3/in_law", "false");
	list = get("/v1/publication-recipients?cursor=%s", answer_text(list, "/next_cursor"));
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 5);
}

/* ---- The day ---- */

/* Domain: the day is brought forward below the seven working days. */
Test(publication, that_is_brought_forward_below_the_notice_takes_an_override)
{
	const char *id = announced();

	expect_value(get("/v1/reviews/%s", id), "/earliest_publication_on", "'2024-08-21'");
	expect_fault(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-20'}")), "/planned_on",
	    "notice_too_short");
	const struct answer *refused =
	    step(id, json_of("{'to': 'published', 'published_on': '2024-08-20'}"));
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'notice_has_run'");
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-20', 'override':"
	                              " {'reason': 'A newspaper has it.', 'decided_by': 'chair'}}")));
	expect_value(step(id, json_of("{'to': 'published', 'published_on': '2024-08-20'}")),
	    "/publication_status", "'published_full'");
	expect_value(get("/v1/reviews/%s/publication", id), "/override/decided_by", "'chair'");
}

Test(publication, meets_the_six_months_on_its_day)
{
	const char *id = published();

	cr_assert_eq(
	    clocks_of(id, "lcspr", "completed_on = '2024-08-21' AND due_on = '2024-08-20'"), 1);
	expect_value(get("/v1/reviews/%s", id), "/published_on", "'2024-08-21'");
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'review.published' AND"
	                        " body::jsonb -> 'data' ->> 'review_id' = $1 AND"
	                        " body::jsonb -> 'data' ->> 'published_on' = '2024-08-21'",
	                 id),
	    1);
	expect_value(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-21',"
	                              " 'nspcc_submitted_on': '2024-08-28'}")),
	    "/nspcc_submitted_on", "'2024-08-28'");
	expect_fault(plan(id, json_of("{'form': 'improvements_only', 'reason': 'x', 'decided_by': 'y',"
	                              " 'panel_told_on': '2024-08-28'}")),
	    "/form", "form_is_final");
}

/* Domain: not published, improvements only, anonymously by the NSPCC - and each counts once. */
Test(publication, in_every_form_has_exactly_one_status)
{
	static const char *const forms[][2] = {{"full", "published_full"},
	    {"redacted_or_summary", "published_other_form"},
	    {"improvements_only", "published_other_form"},
	    {"anonymous_via_nspcc", "published_other_form"}};

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		const char *id = review_in("lcspr", "signed_off");
		if (i > 0)
			expect_fault(
			    plan(id, json_of("{'form': '%s'}", forms[i][0])), "/panel_told_on", "required");
		expect_moved(plan(id, json_of("{'form': '%s', 'planned_on': '2024-08-21', 'reason': 'x',"
		                              " 'decided_by': 'partners', 'panel_told_on': '2024-08-01'}",
		                          forms[i][0])));
		expect_moved(
		    step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2024-08-12") "}")));
		expect_value(step(id, json_of("{'to': 'published', 'published_on': '2024-08-21'}")),
		    "/publication_status", text_of("'%s'", forms[i][1]));
	}
}

Test(publication, is_decided_against_with_a_reason_by_somebody_after_the_panel_was_told)
{
	const char *id = review_in("lcspr", "signed_off");
	const struct answer *refused = step(id, json_of("{'to': 'not_published'}"));

	cr_assert_eq(json_array_size(answer_at(refused, "/missing")), 3);
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-21'}")));
	expect_value(
	    step(id, json_of("{'to': 'not_published', 'reason': 'A sibling would be known.',"
	                     " 'decided_by': 'safeguarding partners', 'panel_told_on': '2024-08-01',"
	                     " 'on': '2024-08-05'}")),
	    "/publication_status", "'not_published'");
	const struct answer *read = get("/v1/reviews/%s/publication", id);
	expect_value(read, "/form", "'not_published'");
	expect_value(read, "/not_published_on", "'2024-08-05'");
	expect_value(read, "/planned_on", "null");
	cr_assert_eq(clocks_of(id, "publication_notice", "cancelled_at IS NULL"), 0);
	cr_assert_eq(clocks_of(id, "lcspr", "completed_on = '2024-08-05'"), 1);
}

static const char *embargoed(void)
{
	const char *id = review_in("lcspr", "signed_off");

	recorded_at(id, "embargoes",
	    json_of("{'reason': 'An inquest.', 'owner': 'chair', 'embargoed_on': '2024-07-08',"
	            " 'review_by': '2027-01-04', 'other_reason_until': '2027-03-01'}"));
	expect_moved(step(id, json_of("{'to': 'embargoed'}")));
	return id;
}

static void expect_status_of(const char *id, const char *status)
{
	expect_value(get("/v1/reviews/%s", id), "/publication_status", text_of("'%s'", status));
}

Test(publication, statuses_of_reviews_in_every_state_sum_up)
{
	static const char *const states[] = {
	    "initiated", "terms_agreed", "in_progress", "drafted", "agency_responses", "approved"};
	static const char *const statuses[] = {"in_progress", "embargoed", "complete_unpublished",
	    "published_full", "published_other_form", "not_published", "discontinued", "not_stated"};
	size_t sum = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
		expect_status_of(review_in("lcspr", states[i]), "in_progress");
	expect_status_of(review_in("lcspr", "signed_off"), "complete_unpublished");
	expect_status_of(announced(), "complete_unpublished");
	expect_status_of(embargoed(), "embargoed");
	expect_status_of(published(), "published_full");
	expect_value(step(reviewed("lcspr", "{}"), json_of("{'to': 'not_stated', 'reason': 'x'}")),
	    "/publication_status", "'not_stated'");
	expect_value(step(embargoed(), json_of("{'to': 'discontinued', 'reason': 'x',"
	                                       " 'decided_by': 'partners'}")),
	    "/publication_status", "'discontinued'");
	const char *table_top = review_in("table_top", "signed_off");
	expect_value(step(table_top, json_of("{'to': 'assurance', 'interval_months': 6,"
	                                     " 'first_check_due_on': '2025-02-21'}")),
	    "/publication_status", "'not_published'");
	const struct answer *list = get("/v1/reviews?limit=200");
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
		sum += count_of(answer_at(list, "/data"), "publication_status", statuses[i]);
	expect_value(list, "/has_more", "false");
	cr_assert_eq(sum, json_array_size(answer_at(list, "/data")));
	const struct answer *some = get("/v1/reviews?publication_status=published_full,not_stated");
	cr_assert_eq(count_of(answer_at(some, "/data"), "publication_status", "published_full") +
	                 count_of(answer_at(some, "/data"), "publication_status", "not_stated"),
	    json_array_size(answer_at(some, "/data")));
	cr_assert_geq(json_array_size(answer_at(some, "/data")), 2);
}

Test(publication, takes_its_own_scope)
{
	const char *id = announced();

	as(key_with("reviews:read reviews:write"));
	expect_problem(
	    step(id, json_of("{'to': 'published', 'published_on': '2024-08-21'}")), 403, "forbidden");
	expect_problem(plan(id, json_of("{'form': 'full'}")), 403, "forbidden");
}

/* ---- What follows ---- */

Test(assurance, runs_at_the_agreed_interval_and_closes_the_review_so_that_its_incident_can_be)
{
	const char *id = published();
	const char *incident = answer_text(get("/v1/reviews/%s", id), "/incident_ids/0");

	expect_problem(step(id, json_of("{'to': 'assurance'}")), 409, "conflict");
	expect_moved(step(id, json_of("{'to': 'assurance', 'interval_months': 6,"
	                              " 'first_check_due_on': '2025-02-21'}")));
	cr_assert_eq(clocks_of(id, "assurance", "due_on = '2025-02-21' AND completed_on IS NULL"), 1);
	recorded_at(id, "assurance-checks",
	    json_of("{'checked_on': '2025-02-20', 'by_role': 'performance subgroup', 'finding':"
	            " 'Not in use everywhere.', 'satisfied': false, 'next_due_on': '2025-08-21'}"));
	cr_assert_eq(clocks_of(id, "assurance", "completed_on = '2025-02-20'"), 1);
	cr_assert(has_deadline(id, "kind=assurance&state=breached&as_of=2025-08-22"));
	const struct answer *refused = step(id, json_of("{'to': 'closed'}"));
	expect_value(refused, "/missing/0/code", "'is_assured'");
	recorded_at(id, "assurance-checks",
	    json_of("{'checked_on': '2025-08-20', 'by_role': 'performance subgroup',"
	            " 'finding': 'In use.', 'satisfied': true}"));
	expect_value(step(id, json_of("{'to': 'closed'}")), "/publication_status", "'published_full'");
	const struct answer *left = get("/v1/incidents/%s", incident);
	cr_assert_eq(
	    count_of(answer_at(left, step_to(left, "closed", "missing")), "code", "no_open_review"), 0);
	cr_assert_eq(clocks_of(id, "assurance", "completed_on IS NULL AND cancelled_at IS NULL"), 0);
}

Test(assurance, of_nothing_seen_is_closed_for_a_reason)
{
	const char *id = published();

	expect_moved(step(id, json_of("{'to': 'assurance', 'interval_months': 6,"
	                              " 'first_check_due_on': '2025-02-21'}")));
	expect_moved(step(id, json_of("{'to': 'closed', 'reason': 'The service was dissolved.'}")));
	cr_assert_eq(clocks_of(id, "assurance", "cancelled_at IS NULL"), 0);
}

Test(assurance, and_sharing_are_recorded_also_before_the_report_is_published)
{
	const char *id = embargoed();
	const char *briefing = recorded_at(id, "dissemination",
	    json_of("{'kind': 'seven_minute_briefing', 'held_on': '2024-07-10', 'audience':"
	            " 'all agencies', 'attendance': 140,"
	            " 'learning_and_development_told_on': '2024-07-11'}"));

	expect_value(get("/v1/reviews/%s/dissemination/%s", id, briefing), "/attendance", "140");
	expect_fault(post(json_of("{'kind': 'webinar', 'held_on': '%s'}", day(1)),
	                 "/v1/reviews/%s/dissemination", id),
	    "/held_on", "date_in_future");
	expect_value(
	    get("/v1/reviews/%s/dissemination", id), "/data/0/kind", "'seven_minute_briefing'");
}

/* A partnership brings in what happened since it began. */
Test(publication, of_years_ago_is_recorded_as_it_was)
{
	const char *id = reviewed("lcspr", "{'decided_on': '2019-04-08'}");

	sql_run(
	    &stage()->database, "UPDATE review SET state = 'signed_off' WHERE id = $1::uuid", id, NULL);
	const char *trial = recorded_at(id, "proceedings",
	    json_of("{'type': 'criminal_trial', 'opened_on': '2019-05-01', 'expected_end_on':"
	            " '2019-12-02', 'affects_publication': true, 'last_checked_on': '2019-06-03'}"));
	const char *embargo = recorded_at(id, "embargoes",
	    json_of("{'reason': 'trial', 'embargoed_on': '2019-10-01', 'owner': 'chair',"
	            " 'review_by': '2019-12-09'}"));
	expect_moved(step(id, json_of("{'to': 'embargoed', 'on': '2019-10-01'}")));
	expect_status(changed_at(id, "proceedings", trial, json_of("{'ended_on': '2019-12-06'}")), 200);
	expect_status(changed_at(id, "embargoes", embargo,
	                  json_of("{'lifted_on': '2019-12-09', 'lift_reason': 'The trial ended.'}")),
	    200);
	expect_moved(step(id, json_of("{'to': 'signed_off', 'on': '2019-12-09'}")));
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2020-01-08', 'on_website_until':"
	                              " '2021-01-08', 'cabinet_member_told_on': '2019-12-10'}")));
	expect_moved(
	    step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2019-12-24") "}")));
	cr_assert_eq(clocks_of(id, "publication_notice",
	                 "due_on = '2019-12-27' AND completed_on = '2019-12-24'"),
	    1);
	expect_value(step(id, json_of("{'to': 'published', 'published_on': '2020-01-08'}")),
	    "/publication_status", "'published_full'");
	expect_moved(step(id, json_of("{'to': 'assurance', 'on': '2020-01-13', 'interval_months': 3,"
	                              " 'first_check_due_on': '2020-04-08'}")));
}
