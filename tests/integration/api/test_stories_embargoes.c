/* Owns the stories of what holds a publication up: proceedings beside a review, and embargoes. */
#include <string.h>

#include "fixture.h"
#include "publication.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(embargo, .timeout = 60);

static const char *inquest(const char *id)
{
	return recorded_at(id, "proceedings",
	    json_of("{'type': 'coroners_inquest', 'body': 'Black Country coroner', 'opened_on':"
	            " '2024-02-01', 'affects_publication': true}"));
}

static const char *embargoed(const char *id, const char *review_by)
{
	return recorded_at(id, "embargoes",
	    json_of("{'reason': 'The inquest is open.', 'owner': 'chair', 'embargoed_on': '2024-07-01',"
	            " 'review_by': '%s', 'other_reason_until': '2025-12-31'}",
	        review_by));
}

static const struct answer *deadline_of(const char *id, const char *query, size_t *ret_index)
{
	const struct answer *list = get("/v1/deadlines?limit=200&%s", query);
	const char *incident = answer_text(get("/v1/reviews/%s", id), "/incident_ids/0");
	size_t index;
	json_t *item;

	expect_status(list, 200);
	*ret_index = SIZE_MAX;
	json_array_foreach (answer_at(list, "/data"), index, item) {
		const char *of = json_string_value(json_object_get(item, "incident_id"));
		if (of && strcmp(of, incident) == 0)
			*ret_index = index;
	}
	return list;
}

Test(embargo, of_every_kind_of_proceeding_is_told_apart)
{
	const char *id = review_in("lcspr", "in_progress");
	json_t *kinds = json_object_get(
	    json_object_get(
	        json_object_get(
	            json_object_get(
	                json_object_get(json_object_get(document(), "components"), "schemas"),
	                "ProceedingCreate"),
	            "properties"),
	        "type"),
	    "enum");
	size_t index;
	json_t *kind;

	cr_assert_geq(json_array_size(kinds), 16);
	json_array_foreach (kinds, index, kind)
		recorded_at(id, "proceedings",
		    json_of("{'type': '%s', 'affects_publication': %s, 'affects_interviews': true}",
		        json_string_value(kind), index % 2 ? "true" : "false"));
	const struct answer *list = get("/v1/reviews/%s/proceedings?limit=200", id);
	cr_assert_eq(json_array_size(answer_at(list, "/data")), json_array_size(kinds));
	expect_value(list, "/data/0/blocks", "['interviews']");
	expect_value(list, "/data/1/blocks", "['publication', 'interviews']");
	const struct answer *read = get("/v1/reviews/%s", id);
	cr_assert_eq(json_array_size(answer_at(read, "/held_by")), json_array_size(kinds) / 2);
}

Test(embargo, s_reason_tells_an_overdue_review_from_one_without)
{
	const char *held = review_in("lcspr", "in_progress");
	const char *late = review_in("lcspr", "in_progress");
	const char *trial = recorded_at(held, "proceedings",
	    json_of("{'type': 'criminal_trial', 'opened_on': '2024-03-01',"
	            " 'affects_publication': true, 'last_checked_on': '2024-08-01'}"));
	size_t index;

	const struct answer *list = deadline_of(held, "kind=lcspr&state=breached", &index);
	expect_value(list, text_of("/data/%zu/held_by", index), "['criminal_trial']");
	list = deadline_of(late, "kind=lcspr&state=breached", &index);
	expect_value(list, text_of("/data/%zu/held_by", index), "null");
	expect_value(get("/v1/reviews/%s", held), "/held_by", "['criminal_trial']");
	expect_value(get("/v1/reviews/%s", late), "/held_by", "null");

	const struct answer *ended = changed_at(
	    held, "proceedings", trial, json_of("{'ended_on': '2024-10-01', 'outcome': 'Convicted.'}"));
	expect_value(ended, "/blocks", "[]");
	expect_value(get("/v1/reviews/%s", held), "/held_by", "null");
	list = deadline_of(held, "kind=lcspr&as_of=2024-09-30", &index);
	expect_value(list, text_of("/data/%zu/held_by", index), "['criminal_trial']");
	list = deadline_of(held, "kind=lcspr&as_of=2024-10-01", &index);
	expect_value(list, text_of("/data/%zu/held_by", index), "null");
}

Test(embargo, needs_a_proceeding_or_a_dated_reason_a_holder_and_a_day)
{
	const char *id = review_in("lcspr", "signed_off");
	const char *bare = "{'reason': 'x', 'owner': 'chair', 'embargoed_on': '2024-07-01',"
	                   " 'review_by': '2028-03-01'}";
	const struct answer *refused = post(json_of("%s", bare), "/v1/reviews/%s/embargoes", id);

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'embargo_has_ground'");
	expect_fault(
	    post(json_of("{'reason': 'x', 'embargoed_on': '2024-07-01', 'review_by': '2028-03-01'}"),
	        "/v1/reviews/%s/embargoes", id),
	    "/owner", "required");
	expect_problem(
	    post(json_of("{'reason': 'x', 'owner': 'chair'}"), "/v1/reviews/%s/embargoes", id), 422,
	    "invalid");
	refused = step(id, json_of("{'to': 'embargoed'}"));
	expect_value(refused, "/missing/0/code", "'embargo_is_open'");

	inquest(id);
	const struct answer *made = post(json_of("%s", bare), "/v1/reviews/%s/embargoes", id);
	expect_status(made, 201);
	expect_value(made, "/is_open", "true");
	expect_value(made, "/embargoed_on", "'2024-07-01'");
	expect_value(step(id, json_of("{'to': 'embargoed'}")), "/publication_status", "'embargoed'");
}

/* Domain: an embargo outlasts staff, and the day of a trial moves again and again. */
Test(embargo, that_outlasts_its_review_day_is_overdue_until_it_is_moved_or_lifted)
{
	const char *id = review_in("lcspr", "signed_off");
	const char *embargo = embargoed(id, "2024-09-02");

	cr_assert_not(has_deadline(id, "kind=embargo_review&state=breached&as_of=2024-09-02"));
	cr_assert(has_deadline(id, "kind=embargo_review&state=breached&as_of=2024-09-03"));
	for (int year = 2025; year <= 2027; year++)
		expect_status(
		    changed_at(id, "embargoes", embargo, json_of("{'review_by': '%d-03-03'}", year)), 200);
	cr_assert_not(has_deadline(id, "kind=embargo_review&state=breached&as_of=2027-03-03"));
	cr_assert(has_deadline(id, "kind=embargo_review&state=breached&as_of=2027-03-04"));
	cr_assert_eq(clocks_of(id, "embargo_review", "superseded_at IS NOT NULL"), 3);

	expect_fault(changed_at(id, "embargoes", embargo, json_of("{'lifted_on': '2024-12-02'}")),
	    "/lift_reason", "required");
	expect_value(
	    changed_at(id, "embargoes", embargo,
	        json_of("{'lifted_on': '2024-12-02', 'lift_reason': 'The inquest concluded.'}")),
	    "/is_open", "false");
	cr_assert_eq(clocks_of(id, "embargo_review", "completed_on = '2024-12-02'"), 1);
	const struct answer *again =
	    changed_at(id, "embargoes", embargo, json_of("{'review_by': '2028-01-04'}"));
	expect_value(again, "/missing/0/code", "'embargo_is_not_lifted'");
}

Test(embargo, is_broken_by_no_step_no_date_and_no_override)
{
	const char *id = announced();
	const char *embargo = embargoed(id, "2028-03-02");
	const char *publish = "{'to': 'published', 'published_on': '2024-09-30',"
	                      " 'override': {'reason': 'The press knows.', 'decided_by': 'chair'}}";

	expect_value(get("/v1/reviews/%s", id), "/publication_status", "'embargoed'");
	const struct answer *refused = step(id, json_of("%s", publish));
	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'no_open_embargo'");
	refused = step(id, json_of("{'to': 'not_published', 'reason': 'x', 'decided_by': 'y',"
	                           " 'panel_told_on': '2024-08-20'}"));
	expect_value(refused, "/missing/0/code", "'no_open_embargo'");

	expect_moved(step(id, json_of("{'to': 'embargoed'}")));
	expect_problem(step(id, json_of("%s", publish)), 409, "conflict");
	expect_value(step(id, json_of("{'to': 'signed_off'}")), "/missing/0/code", "'no_open_embargo'");
	expect_fault(plan(id, json_of("{'form': 'full', 'planned_on': '2024-10-31'}")), "/planned_on",
	    "not_planned");
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'review.published' AND"
	                        " body::jsonb -> 'data' ->> 'review_id' = $1",
	                 id),
	    0);
	cr_assert_str_neq(embargo, "");
}

Test(embargo, that_is_lifted_asks_for_a_new_plan_and_a_new_notice)
{
	const char *id = announced();
	const char *embargo = embargoed(id, "2028-03-02");

	expect_moved(step(id, json_of("{'to': 'embargoed'}")));
	expect_value(get("/v1/reviews/%s/publication", id), "/planned_on", "null");
	expect_status(changed_at(id, "embargoes", embargo,
	                  json_of("{'lifted_on': '2025-01-06', 'lift_reason': 'Concluded.'}")),
	    200);
	expect_moved(step(id, json_of("{'to': 'signed_off'}")));
	expect_value(get("/v1/reviews/%s", id), "/signed_off_on", "'2024-07-05'");
	expect_value(get("/v1/reviews/%s", id), "/publication_status", "'complete_unpublished'");
	const struct answer *refused =
	    step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2025-01-10") "}"));
	expect_value(refused, "/missing/0/code", "'publication_is_planned'");
	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2025-01-21'}")));
	expect_moved(
	    step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2025-01-10") "}")));
	cr_assert_eq(clocks_of(id, "publication_notice", "completed_on IS NOT NULL"), 2);
	expect_moved(step(id, json_of("{'to': 'published', 'published_on': '2025-01-21'}")));
}

/* Nobody is late with a notice that may not be given. */
Test(embargo, of_a_planned_publication_ends_the_clock_of_its_notice)
{
	const char *id = review_in("lcspr", "signed_off");

	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-10-31'}")));
	cr_assert_eq(clocks_of(id, "publication_notice", "cancelled_at IS NULL"), 1);
	embargoed(id, "2028-03-02");
	expect_moved(step(id, json_of("{'to': 'embargoed'}")));
	cr_assert_eq(clocks_of(id, "publication_notice", "cancelled_at IS NULL"), 0);
	cr_assert_eq(clocks_of(id, "publication_notice", "completed_on IS NOT NULL"), 0);
}

Test(embargo, and_publication_at_the_same_moment_never_stand_together)
{
	for (int i = 0; i < 5; i++) {
		const char *id = announced();
		CLEANUP(json_decref)
		json_t *publish = json_of("{'to': 'published', 'published_on': '2024-08-21'}");
		CLEANUP(json_decref)
		json_t *embargo = json_of("{'reason': 'x', 'owner': 'chair', 'embargoed_on': '2024-07-01',"
		                          " 'review_by': '2028-03-02',"
		                          " 'other_reason_until': '2028-04-03'}");
		const struct call calls[] = {
		    {.method = "POST",
		        .path = text_of("/v1/reviews/%s/transitions", id),
		        .if_match = etag_of(get("/v1/reviews/%s", id)),
		        .idempotency_key = new_id(),
		        .json = publish},
		    {.method = "POST",
		        .path = text_of("/v1/reviews/%s/embargoes", id),
		        .idempotency_key = new_id(),
		        .json = embargo},
		};
		const struct answer *answers[2];
		make_at_once(calls, 2, answers);
		cr_assert_eq((answers[0]->status == 200) + (answers[1]->status == 201), 1, "%s, %s",
		    told(answers[0]), told(answers[1]));
	}
}

Test(embargo, is_not_got_around_by_a_day_before_it_was_lifted)
{
	const char *early = review_in("lcspr", "signed_off");
	const char *late = announced();
	const char *reviews[] = {early, late};

	for (size_t i = 0; i < ARRAY_LENGTH(reviews); i++)
		expect_moved(changed_at(reviews[i], "embargoes", embargoed(reviews[i], "2024-10-01"),
		    json_of("{'lifted_on': '2024-09-02', 'lift_reason': 'The inquest has ended.'}")));
	expect_moved(plan(early, json_of("{'form': 'full', 'planned_on': '2024-09-16'}")));
	expect_fault(
	    step(early, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2024-08-12") "}")),
	    "/on", "dates_out_of_order");
	expect_moved(
	    step(early, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2024-09-03") "}")));
	expect_fault(step(late, json_of("{'to': 'published', 'published_on': '2024-08-21'}")),
	    "/published_on", "dates_out_of_order");
	expect_moved(step(late, json_of("{'to': 'published', 'published_on': '2024-09-02'}")));
}

Test(embargo, is_not_all_that_publication_waits_for)
{
	const char *held = announced();
	const char *freed = announced();
	const char *trial = inquest(held);
	const char *other = inquest(freed);
	const struct answer *refused = step(held,
	    json_of("{'to': 'published', 'published_on': '2024-08-21', 'override': {'reason': 'x',"
	            " 'decided_by': 'chair'}}"));

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'no_proceeding_holds_publication'");
	expect_status(
	    changed_at(held, "proceedings", trial, json_of("{'ended_on': '2024-08-26'}")), 200);
	expect_problem(
	    step(held, json_of("{'to': 'published', 'published_on': '2024-08-23'}")), 409, "conflict");
	expect_moved(step(held, json_of("{'to': 'published', 'published_on': '2024-08-26'}")));

	expect_status(
	    changed_at(freed, "proceedings", other, json_of("{'affects_publication': false}")), 200);
	expect_moved(step(freed, json_of("{'to': 'published', 'published_on': '2024-08-21'}")));
}

/* What is recorded late holds no publication that came before it. */
Test(embargo, of_a_later_proceeding_holds_no_publication_of_before)
{
	const char *id = announced();

	recorded_at(id, "proceedings",
	    json_of("{'type': 'civil_claim', 'opened_on': '2024-09-02', 'affects_publication': true}"));
	expect_moved(step(id, json_of("{'to': 'published', 'published_on': '2024-08-21'}")));
}

Test(embargo, is_not_broken_by_a_day_of_publication_in_another_step)
{
	const char *id = review_in("lcspr", "signed_off");

	expect_status(post(json_of("{'reason': 'A trial is listed.', 'embargoed_on': '2024-07-01', "
	                           "'owner': 'business manager', 'review_by': '2027-06-01', "
	                           "'other_reason_until': '2027-06-01'}"),
	                  "/v1/reviews/%s/embargoes", id),
	    201);
	const struct answer *moved =
	    review_moved(id, "{'to': 'embargoed', 'on': '2024-07-01', 'published_on': '2024-07-01'}");
	expect_status(moved, 200);
	expect_value(moved, "/published_on", "null");
}
