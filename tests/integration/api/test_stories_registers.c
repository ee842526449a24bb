/* Owns the stories of registers: how far reviews have come, what holds them up, who was told, and
 * what is due. */
#include <string.h>

#include "publication.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(review_status, .timeout = 60);
TestSuite(registers, .timeout = 60);

/* The row of the report that has this value. */
static const char *at_row(const struct answer *report, const char *key, const char *value)
{
	size_t index;
	json_t *row;

	expect_status(report, 200);
	json_array_foreach (answer_at(report, "/rows"), index, row) {
		const char *of = json_string_value(json_object_get(row, key));
		if (of && strcmp(of, value) == 0)
			return text_of("/rows/%zu", index);
	}
	give_up("no row has the %s %s: %s", key, value, told(report));
}

#define expect_row(report, key, value, member, wanted)                                             \
	do {                                                                                           \
		const struct answer *given_ = (report);                                                    \
		expect_value(given_, text_of("%s/%s", at_row(given_, key, value), member), wanted);        \
	} while (0)

static const char *reference_of(const char *review)
{
	return answer_text(get("/v1/reviews/%s", review), "/reference");
}

/* ---- How far reviews have come ---- */

static const struct answer *status_of(const char *decided_on, const char *as_of)
{
	return get("/v1/reports/review-status?from=%s&to=%s&as_of=%s", decided_on, decided_on, as_of);
}

Test(review_status, is_one_for_each_review_on_every_day)
{
	const char *id = reviewed("lcspr", "{'decided_on': '2024-03-05'}");

	expect_value(status_of("2024-03-05", "2024-03-04"), "/totals/count", "0");
	const char *before = text_of("%s", told(status_of("2024-03-05", "2024-04-30")));
	expect_row(status_of("2024-03-05", "2024-04-30"), "status", "in_progress", "count", "1");
	expect_status(review_moved(id, "{'to': 'discontinued', 'on': '2024-05-01', 'reason': 'x',"
	                               " 'decided_by': 'the partners'}"),
	    200);
	cr_assert_str_eq(told(status_of("2024-03-05", "2024-04-30")), before);
	const struct answer *after = status_of("2024-03-05", "2024-05-01");
	expect_row(after, "status", "in_progress", "count", "0");
	expect_row(after, "status", "discontinued", "count", "1");
	expect_row(after, "status", "discontinued", "percent", "100.0");
	expect_value(after, "/totals/count", "1");
}

/* Signed off on 5 July, announced on 12 August, published on the 21st of 2024. */
Test(review_status, is_that_of_the_day_and_leads_to_the_reviews_behind_it)
{
	const char *id = published();
	static const struct {
		const char *as_of;
		const char *status;
	} days[] = {
	    {"2024-07-04", "in_progress"},
	    {"2024-07-05", "complete_unpublished"},
	    {"2024-08-20", "complete_unpublished"},
	    {"2024-08-21", "published_full"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		const struct answer *shown = get("/v1/reports/review-status?as_of=%s", days[i].as_of);
		const struct answer *behind =
		    get("%s&row=%s", answer_text(shown, "/links/records"), days[i].status);
		expect_status(behind, 200);
		cr_assert_eq(count_of(answer_at(behind, "/data"), "id", id), 1, "%s: %s", days[i].as_of,
		    told(behind));
	}
}

Test(review_status, sums_up_to_all_reviews_and_leaves_out_what_is_none_of_ours)
{
	const char *others = reviewed("table_top", "{}");
	const struct answer *shown = get("/v1/reports/review-status");
	json_int_t sum = 0;
	size_t index;
	json_t *row;

	expect_status(shown, 200);
	json_array_foreach (answer_at(shown, "/rows"), index, row)
		sum += json_integer_value(json_object_get(row, "count"));
	cr_assert_eq(sum, json_integer_value(answer_at(shown, "/totals/count")), "%s", told(shown));
	const struct answer *behind = get("%s&limit=200", answer_text(shown, "/links/records"));
	cr_assert_eq(json_array_size(answer_at(behind, "/data")), (size_t)sum);
	cr_assert_eq(count_of(answer_at(behind, "/data"), "id", others), 0);
}

Test(review_status, embargoed_is_what_is_complete_until_the_embargo_is_lifted)
{
	const char *id = review_in("lcspr", "signed_off");
	const char *embargo = recorded_at(id, "embargoes",
	    json_of("{'reason': 'The inquest is open.', 'owner': 'chair', 'embargoed_on': '2024-07-10',"
	            " 'review_by': '2024-09-30', 'other_reason_until': '2025-12-31'}"));
	const char *path = "/v1/reports/review-status/records?row=embargoed&limit=200";

	expect_status(
	    changed_at(id, "embargoes", embargo,
	        json_of("{'lifted_on': '2024-10-01', 'lift_reason': 'The inquest has ended.'}")),
	    200);
	cr_assert_eq(count_of(answer_at(get("%s&as_of=2024-07-09", path), "/data"), "id", id), 0);
	cr_assert_eq(count_of(answer_at(get("%s&as_of=2024-09-30", path), "/data"), "id", id), 1);
	cr_assert_eq(count_of(answer_at(get("%s&as_of=2024-10-01", path), "/data"), "id", id), 0);
}

/* ---- What holds them up ---- */

Test(registers, list_proceedings_and_embargoes_that_were_open_on_the_day)
{
	const char *id = review_in("lcspr", "signed_off");
	const char *reference = reference_of(id);
	const char *path = "/v1/reports/proceedings-and-embargoes?limit=1000";
	const char *trial = recorded_at(id, "proceedings",
	    json_of("{'type': 'criminal_trial', 'body': 'Crown court', 'opened_on': '2023-02-01',"
	            " 'expected_end_on': '2023-10-31', 'affects_publication': true}"));

	const char *before = text_of("%s", told(get("%s&as_of=2023-11-30", path)));
	expect_row(get("%s&as_of=2023-11-30", path), "review", reference, "overdue", "true");
	expect_row(get("%s&as_of=2023-10-31", path), "review", reference, "overdue", "false");
	expect_status(changed_at(id, "proceedings", trial, json_of("{'ended_on': '2023-12-01'}")), 200);
	cr_assert_str_eq(told(get("%s&as_of=2023-11-30", path)), before);
	cr_assert_eq(
	    count_of(answer_at(get("%s&as_of=2023-12-01", path), "/rows"), "review", reference), 0);
}

/* ---- Referrals ---- */

static const char *assured_referral(const char *received_on)
{
	const struct answer *made =
	    post(json_of("{'summary': 'A child was hurt.', 'nature': 'serious_harm', 'received_on':"
	                 " '%s', 'children': [{'age_years': 2}]}",
	             received_on),
	        "/v1/referrals");

	expect_status(made, 201);
	const char *id = answer_text(made, "/id");
	expect_status(move(json_of("{'to': 'quality_assured', 'on': '%s'}", received_on),
	                  etag_of(get("/v1/referrals/%s", id)), "/v1/referrals/%s/transitions", id),
	    200);
	return id;
}

Test(registers, list_referrals_with_what_was_decided_and_those_that_were_not_met_too)
{
	const char *id = assured_referral("2023-06-05");
	const char *path = "/v1/reports/referral-log?from=2023-06-05&to=2023-06-05";
	const char *before = text_of("%s", told(get("%s&as_of=2023-06-06", path)));

	expect_status(post(json_of("{'outcome': 'not_met', 'decided_on': '2023-06-07', 'rationale':"
	                           " 'No abuse.', 'referrer_told_on': '2023-06-08', 'chair_told_on':"
	                           " '2023-06-07', 'views': [{'agency_id': '%s', 'view': 'not_met'}]}",
	                       agency_of("council")),
	                  "/v1/referrals/%s/decision", id),
	    201);
	cr_assert_str_eq(told(get("%s&as_of=2023-06-06", path)), before);
	expect_value(get("%s&as_of=2023-06-06", path), "/totals/undecided", "1");
	const struct answer *after = get("%s&as_of=2023-06-07", path);
	expect_value(after, "/rows/0/decision", "'not_met'");
	expect_value(after, "/rows/0/rationale", "'No abuse.'");
	expect_value(after, "/rows/0/chair_told_on", "'2023-06-07'");
	expect_value(after, "/rows/0/referrer_told_on", "null");
	expect_value(after, "/totals/not_met", "1");
	expect_value(after, "/totals/undecided", "0");
}

/* ---- Publication and what follows ---- */

Test(registers, list_publications_with_who_was_told_before)
{
	const char *id = published();
	const char *reference = reference_of(id);
	const struct answer *before =
	    get("/v1/reports/publication-notices?as_of=2024-08-20&limit=1000");
	const struct answer *after = get("/v1/reports/publication-notices?as_of=2024-08-21&limit=1000");

	expect_row(before, "review", reference, "planned_on", "'2024-08-21'");
	expect_row(before, "review", reference, "notice_due_on", "'2024-08-12'");
	expect_row(before, "review", reference, "notice_on_time", "true");
	expect_row(before, "review", reference, "published_on", "null");
	expect_row(before, "review", reference, "recipients/0/sent_on", "'2024-08-12'");
	expect_row(after, "review", reference, "published_on", "'2024-08-21'");
	cr_assert_eq(
	    count_of(
	        answer_at(get("/v1/reports/publication-notices?as_of=2024-08-11&limit=1000"), "/rows"),
	        "review", reference),
	    0);
}

Test(registers, list_how_learning_was_shared)
{
	const char *id = published();
	const char *path = "/v1/reports/dissemination?from=2024-09-12&to=2024-09-12";

	recorded_at(id, "dissemination",
	    json_of("{'kind': 'webinar', 'held_on': '2024-09-12', 'audience': 'schools',"
	            " 'attendance': 41, 'learning_and_development_told_on': '2024-09-20'}"));
	recorded_at(
	    id, "dissemination", json_of("{'kind': 'seven_minute_briefing', 'held_on': '2024-09-12'}"));
	expect_value(get("%s&as_of=2024-09-11", path), "/totals/occasions", "0");
	const struct answer *shown = get("%s&as_of=2024-09-12", path);
	expect_row(shown, "kind", "webinar", "attendance", "41");
	expect_row(shown, "kind", "webinar", "subgroup_told_on", "null");
	expect_value(shown, "/totals/occasions", "2");
	expect_value(shown, "/totals/total_attendance", "41");
	expect_value(shown, "/totals/seven_minute_briefings", "1");
	expect_value(shown, "/totals/reviews", "1");
}

/* ---- What is due ---- */

/* Due on Monday 15 January 2024. */
Test(registers, list_what_was_due_and_overdue_on_the_day)
{
	const char *id = recorded(incident_with("{}"));
	const struct answer *shown =
	    get("/v1/reports/worklist?incident_id=%s&kind=sin&as_of=2024-01-11", id);

	expect_value(shown, "/rows/0/obligation", "'sin'");
	expect_value(shown, "/rows/0/due_on", "'2024-01-15'");
	expect_value(shown, "/rows/0/working_days_remaining", "2");
	expect_value(shown, "/rows/0/state", "'running'");
	expect_value(shown, "/totals/obligations", "1");
	expect_value(shown, "/totals/overdue", "0");
	const struct answer *later =
	    get("/v1/reports/worklist?incident_id=%s&kind=sin&as_of=2024-01-17", id);
	expect_value(later, "/rows/0/working_days_remaining", "-2");
	expect_value(later, "/rows/0/state", "'breached'");
	expect_value(later, "/totals/overdue", "1");
	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-18'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	expect_value(get("/v1/reports/worklist?incident_id=%s&kind=sin&as_of=2024-01-17", id),
	    "/totals/overdue", "1");
	expect_value(get("/v1/reports/worklist?incident_id=%s&kind=sin&as_of=2024-01-18", id),
	    "/totals/obligations", "0");
}
