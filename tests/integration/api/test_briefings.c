/* Owns the tests of findings and of the 7-minute briefing: what is told of a review, and what is
 * not. */
#include <string.h>

#include "fixture.h"
#include "publication.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(finding, .timeout = 60);
TestSuite(briefing, .timeout = 60);

static const char *found(const char *review, const char *members)
{
	return recorded_at(review, "findings", json_of("{%s}", members));
}

static const struct answer *briefing(const char *review, const char *audience)
{
	return get("/v1/reviews/%s/briefing?audience=%s", review, audience);
}

/* Whether the box has a fact of these words. */
static bool tells(const struct answer *answer, int box, const char *text)
{
	return count_of(answer_at(answer, text_of("/boxes/%d/items", box - 1)), "text", text) == 1;
}

/* How many facts the rule has left out. */
static json_int_t left_out(const struct answer *answer, const char *rule)
{
	size_t index;
	json_t *entry;

	expect_status(answer, 200);
	json_array_foreach (answer_at(answer, "/left_out"), index, entry)
		if (strcmp(json_string_value(json_object_get(entry, "rule")), rule) == 0)
			return json_integer_value(json_object_get(entry, "count"));
	return 0;
}

/* ---- Findings ---- */

Test(finding, that_is_withdrawn_stays_in_the_record)
{
	const char *review = reviewed("lcspr", "{}");
	const char *id = found(review, "'kind': 'learning', 'text': 'Plans were late.'");

	expect_value(get("/v1/reviews/%s/findings/%s", review, id), "/position", "1");
	expect_fault(changed_at(review, "findings", id, json_of("{'withdrawn_on': '2024-03-01'}")),
	    "/withdrawn_reason", "withdrawn_whole");
	expect_fault(changed_at(review, "findings", id,
	                 json_of("{'withdrawn_on': '2099-03-01', 'withdrawn_reason': 'x'}")),
	    "/withdrawn_on", "date_in_future");
	expect_fault(changed_at(review, "findings", id, json_of("{'embargo_review_by': '2027-03-01'}")),
	    "/embargo_review_by", "not_embargoed");
	expect_moved(changed_at(review, "findings", id,
	    json_of("{'withdrawn_on': '2024-03-01', 'withdrawn_reason': 'It was another year.'}")));
	expect_value(get("/v1/reviews/%s/findings", review), "/data/0/withdrawn_on", "'2024-03-01'");
	cr_assert(!tells(briefing(review, "partnership"), 3, "Plans were late."));
}

Test(finding, that_is_a_link_has_an_address_and_no_other_has)
{
	const char *review = reviewed("lcspr", "{}");

	expect_fault(post(json_of("{'kind': 'resource_link', 'text': 'Toolkit'}"),
	                 "/v1/reviews/%s/findings", review),
	    "/url", "required");
	expect_fault(post(json_of("{'kind': 'learning', 'text': 'x', 'url': 'https://a.example/'}"),
	                 "/v1/reviews/%s/findings", review),
	    "/url", "of_link");
	expect_problem(post(json_of("{'kind': 'learning', 'text': 'x', 'agency_id': '%s'}", new_id()),
	                   "/v1/reviews/%s/findings", review),
	    422, "invalid");
}

Test(finding, moves_its_review_to_the_next_version)
{
	const char *review = reviewed("lcspr", "{}");
	const char *before = etag_of(get("/v1/reviews/%s", review));

	found(review, "'kind': 'learning', 'text': 'Plans were late.'");
	cr_assert_str_neq(etag_of(get("/v1/reviews/%s", review)), before);
	expect_value(get("/v1/reviews/%s/history", review), "/data/0/entry", "'change'");
}

/* ---- What is told ---- */

Test(briefing, has_each_kind_of_finding_in_its_box)
{
	static const struct {
		int box;
		const char *kind;
	} boxes[] = {{1, "background"}, {2, "what_happened"}, {3, "learning"}, {4, "key_theme"},
	    {6, "good_practice"}, {6, "statistic"}, {7, "question_for_practice"}, {7, "local_action"}};
	const char *review = reviewed("lcspr", "{}");

	for (size_t i = 0; i < ARRAY_LENGTH(boxes); i++)
		found(review, text_of("'kind': '%s', 'text': 'About %s.'", boxes[i].kind, boxes[i].kind));
	const struct answer *answer = briefing(review, "partnership");
	expect_status(answer, 200);
	for (size_t i = 0; i < ARRAY_LENGTH(boxes); i++)
		cr_assert(tells(answer, boxes[i].box, text_of("About %s.", boxes[i].kind)), "%s: %s",
		    boxes[i].kind, told(answer));
	expect_value(answer, "/left_out", "[]");
	expect_value(answer, "/boxes/0/items/0/text",
	    "'A local child safeguarding practice review that was decided on in 2024.'");
}

Test(briefing, has_what_is_recommended_and_what_is_still_to_be_done)
{
	const char *review = reviewed("lcspr", "{}");

	expect_status(post(json_of("{'text': 'Share changes in a household.', 'origin': 'lcspr',"
	                           " 'review_id': '%s', 'addressee': 'partnership'}",
	                       review),
	                  "/v1/recommendations"),
	    201);
	expect_status(post(json_of("{'text': 'A form for it.', 'review_id': '%s',"
	                           " 'due_on': '2027-06-01', 'responsibility': 'collective'}",
	                       review),
	                  "/v1/actions"),
	    201);
	const struct answer *answer = briefing(review, "partnership");
	cr_assert(tells(answer, 5, "Share changes in a household."), "%s", told(answer));
	cr_assert(tells(answer, 7, "A form for it."), "%s", told(answer));
	cr_assert(tells(answer, 6,
	              "Actions that follow from the review: 1; done and checked to have worked: 0."),
	    "%s", told(answer));
}

Test(briefing, keeps_the_order_that_its_authors_gave)
{
	const char *review = reviewed("lcspr", "{}");

	found(review, "'kind': 'learning', 'text': 'Second.', 'position': 2");
	found(review, "'kind': 'learning', 'text': 'First.', 'position': 1");
	expect_value(briefing(review, "partnership"), "/boxes/2/items/0/text", "'First.'");
}

/* ---- What is left out ---- */

Test(briefing, leaves_out_what_is_marked_and_says_so)
{
	const char *review = reviewed("lcspr", "{}");
	const char *link = text_of("'/v1/reviews/%s/findings/%s'", review,
	    found(review, "'kind': 'learning', 'text': 'The only twins.', 'identifying': true"));

	found(review, "'kind': 'learning', 'text': 'The trial.', 'embargoed': true");
	const struct answer *answer = briefing(review, "partnership");
	cr_assert_eq(left_out(answer, "identifying"), 1);
	cr_assert_eq(left_out(answer, "embargoed"), 1);
	expect_value(answer, "/boxes/2/items", "[]");
	expect_value(answer, "/left_out/0/records/0", link);
}

/* What stands in a text is found, whoever wrote it, and each rule alone. */
Test(briefing, leaves_out_what_a_text_should_not_have_told)
{
	static const struct {
		const char *rule;
		const char *text;
	} texts[] = {
	    {"exact_date", "He was taken in on 12 March 2024."},
	    {"exact_date", "He was taken in on the 3rd of May."},
	    {"exact_date", "On March 3, nobody came."},
	    {"exact_date", "Seen on 2024-03-12."},
	    {"exact_date", "Seen on 12/03/24 and later."},
	    {"exact_date", "Seen on 12 MARCH, and on no other day."},
	    {"exact_date", "Seen on 12\u00a0March; the space does not break."},
	    {"exact_date", "Seen on 12\u201303\u201324, with dashes."},
	    {"exact_date", "It was\\n3\\nMay."},
	    {"age_in_days", "A 47-day-old baby."},
	    {"age_in_days", "A 47\u2011day\u2011old baby."},
	    {"age_in_days", "He was forty-seven days old."},
	    {"age_in_days", "He was aged 47 days."},
	    {"reference", "NHS number 943 476 5919."},
	    {"reference", "NHS number 943-476-5919."},
	    {"reference", "The pupil A943476591901."},
	    {"reference", "Call 07700 900123."},
	    {"reference", "As in MI-2024-31."},
	    {"person", "Dr Jones wrote to nobody."},
	    {"person", "Ask a.jones@north.example for it."},
	    {"person", "Mr O\\u2019Neill opened the door."},
	    {"person", "mrs jones did not."},
	    {"person", "Sgt Jones came."},
	    {"place", "The flat was in B70 8AA."},
	    {"place", "The flat was in b70 8aa."},
	    {"", "In March 2024 there were 12 may-be cases, 3 of 10 in 2023-24."},
	    {"", "A child of 7 weeks; age and day of the week were known. 47 days passed."},
	    {"", "The police, the council and the GP."},
	};
	const char *review = reviewed("lcspr", "{}");

	recorded_at(review, "proceedings",
	    json_of("{'type': 'criminal_investigation', 'reference': 'MI-2024-31',"
	            " 'affects_publication': false}"));
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		const char *id = found(
		    review, text_of("'kind': 'what_happened', 'text': '%s', 'position': 5", texts[i].text));
		const struct answer *answer = briefing(review, "partnership");
		if (*texts[i].rule)
			cr_assert_eq(left_out(answer, texts[i].rule), 1, "%s: %s", texts[i].text, told(answer));
		else
			expect_value(answer, "/left_out", "[]");
		expect_moved(changed_at(review, "findings", id,
		    json_of("{'withdrawn_on': '2024-03-01', 'withdrawn_reason': 'For the test.'}")));
	}
}

Test(briefing, never_has_the_reference_of_an_incident)
{
	const char *review = reviewed("lcspr", "{}");
	const char *incident = answer_text(get("/v1/reviews/%s", review), "/incident_ids/0");
	const char *reference = answer_text(get("/v1/incidents/%s", incident), "/local_ref");

	found(review, text_of("'kind': 'learning', 'text': 'See %s.'", reference));
	const struct answer *answer = briefing(review, "partnership");
	cr_assert_eq(left_out(answer, "reference"), 1);
	cr_assert_null(strstr(text_string(&answer->body), reference));
}

Test(briefing, names_no_agency_where_a_fact_is_about_it_alone)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *agencies = get("/v1/agencies");
	const char *name = answer_text(agencies, "/data/0/name");
	const char *id = answer_text(agencies, "/data/0/id");

	found(review, text_of("'kind': 'learning', 'text': '%s and others met.'", name));
	expect_value(briefing(review, "partnership"), "/left_out", "[]");
	found(
	    review, text_of("'kind': 'learning', 'text': '%s did not.', 'agency_id': '%s'", name, id));
	found(review, text_of("'kind': 'learning', 'text': 'One did not.', 'agency_id': '%s'", id));
	const struct answer *answer = briefing(review, "partnership");
	cr_assert_eq(left_out(answer, "agency_named"), 1);
	cr_assert(tells(answer, 3, "One did not."));
}

Test(briefing, of_an_embargoed_review_tells_what_was_learnt_and_not_what_happened)
{
	const char *review = review_in("lcspr", "in_progress");

	found(review, "'kind': 'what_happened', 'text': 'A fall.'");
	found(review, "'kind': 'learning', 'text': 'Plans were late.'");
	recorded_at(review, "embargoes",
	    json_of("{'reason': 'A trial.', 'embargoed_on': '2024-07-01', 'owner': 'chair',"
	            " 'review_by': '2024-09-02', 'other_reason_until': '2025-12-31'}"));
	const struct answer *answer = briefing(review, "partnership");
	cr_assert_eq(left_out(answer, "review_embargoed"), 1);
	expect_value(answer, "/boxes/1/items", "[]");
	cr_assert(tells(answer, 3, "Plans were late."));
}

/* ---- Whom ---- */

Test(briefing, names_the_themes_of_its_review_and_tells_the_public_none_that_says_who_the_child_is)
{
	const char *review = published();
	const struct answer *answer =
	    post(json_of("{'label': 'Neglect', 'kind': 'factor'}"), "/v1/themes");
	const char *neglect = answer_text(answer, "/id");
	const char *infants = answer_text(
	    post(json_of("{'label': 'Under 1s', 'kind': 'demographic'}"), "/v1/themes"), "/id");

	expect_moved(change(json_of("{'coded_by': 'manager', 'themes': [{'theme_id': '%s'},"
	                            " {'theme_id': '%s'}]}",
	                        neglect, infants),
	    etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s/themes", review));
	answer = briefing(review, "partnership");
	cr_assert(tells(answer, 4, "Neglect") && tells(answer, 4, "Under 1s"), "%s", told(answer));
	answer = briefing(review, "public");
	cr_assert(tells(answer, 4, "Neglect") && !tells(answer, 4, "Under 1s"), "%s", told(answer));
	cr_assert_eq(left_out(answer, "demographic"), 1);
}

Test(briefing, of_what_was_published_as_improvements_alone_tells_the_public_no_more)
{
	const char *review = published();

	found(review, "'kind': 'learning', 'text': 'Plans were late.'");
	sql_run(&stage()->database,
	    "UPDATE review_publication SET form = 'improvements_only' WHERE id = $1::uuid", review,
	    NULL);
	const struct answer *answer = briefing(review, "public");
	cr_assert_eq(left_out(answer, "improvements_only"), 1);
	cr_assert(tells(briefing(review, "partnership"), 3, "Plans were late."));
	sql_run(&stage()->database,
	    "UPDATE review_publication SET form = 'anonymous_via_nspcc' WHERE id = $1::uuid", review,
	    NULL);
	expect_value(briefing(review, "public"), "/missing/0/code", "'published_under_its_name'");
}

Test(briefing, is_not_for_the_public_before_the_review_is)
{
	const char *review = review_in("lcspr", "signed_off");
	const struct answer *refused = briefing(review, "public");

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'published'");
	recorded_at(review, "embargoes",
	    json_of("{'reason': 'A trial.', 'embargoed_on': '2024-07-01', 'owner': 'chair',"
	            " 'review_by': '2024-09-02', 'other_reason_until': '2025-12-31'}"));
	expect_value(briefing(review, "public"), "/missing/0/code", "'no_open_embargo'");
}

Test(briefing, of_a_published_review_tells_the_public_how_much_is_left_out_and_not_what)
{
	const char *review = published();

	found(review, "'kind': 'learning', 'text': 'The only twins.', 'identifying': true");
	found(review, "'kind': 'learning', 'text': 'Plans were late.'");
	const struct answer *answer = briefing(review, "public");
	cr_assert_eq(left_out(answer, "identifying"), 1);
	expect_value(answer, "/left_out/0/records", "[]");
	cr_assert(tells(answer, 3, "Plans were late."));
	cr_assert_null(strstr(text_string(&answer->body), "twins"));
}

/* ---- What fits ---- */

Test(briefing, has_room_for_five_facts_in_a_box_and_says_what_was_cut)
{
	const char *review = reviewed("lcspr", "{}");

	for (int i = 1; i <= 6; i++)
		found(review, text_of("'kind': 'learning', 'text': 'Fact %d.', 'position': %d", i, i));
	const struct answer *answer = briefing(review, "partnership");
	expect_value(answer, "/boxes/2/items/4/text", "'Fact 5.'");
	expect_value(answer, "/boxes/2/cut", "1");
	expect_value(answer, "/cut", "1");
}

Test(briefing, shortens_what_alone_is_too_long_for_its_box)
{
	CLEANUP(text_finish) struct text longer = TEXT_INIT(4000);
	const char *review = reviewed("lcspr", "{}");

	for (int i = 0; i < 300; i++)
		text_puts(&longer, "word ");
	expect_status(post(json_of("{'text': '%s', 'origin': 'lcspr', 'review_id': '%s',"
	                           " 'addressee': 'partnership'}",
	                       text_string(&longer), review),
	                  "/v1/recommendations"),
	    201);
	const char *shown = answer_text(briefing(review, "partnership"), "/boxes/4/items/0/text");
	cr_assert_lt(strlen(shown), 490);
	cr_assert_str_eq(shown + strlen(shown) - strlen("word …"), "word …");
}

/* ---- As text ---- */

static const char *page_of(const char *review, const char *format)
{
	const char *const headers[] = {text_of("Accept: %s", format), NULL};
	const struct answer *answer = make(
	    &(struct call){.path = text_of("/v1/reviews/%s/briefing", review), .headers = headers});

	expect_status(answer, 200);
	return text_string(&answer->body);
}

Test(briefing, is_a_page_and_markdown_in_which_no_text_is_markup)
{
	const char *review = reviewed("lcspr", "{}");

	found(review, "'kind': 'learning', 'text': '<b>Plans</b> *late*.'");
	const char *page = page_of(review, "text/html");
	cr_assert_not_null(strstr(page, "<h2>3. What was found</h2>"), "%s", page);
	cr_assert_not_null(strstr(page, "&lt;b&gt;Plans"));
	cr_assert_null(strstr(page, "<script"));
	page = page_of(review, "text/markdown");
	cr_assert_not_null(
	    strstr(page, "## 3. What was found\n\n- \\<b\\>Plans\\</b\\> \\*late\\*."), "%s", page);
}
