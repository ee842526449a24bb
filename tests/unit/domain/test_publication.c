/* Owns the tests of what publication waits for: every state with every step of review_process.c. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/review_process.h"

#define EVERY_SCOPE "{reviews:write,reviews:approve,reviews:sign_off,reviews:publish}"
#define TRANSITION "createReviewTransition"
#define PUBLICATION "putReviewPublication"

static struct date on(const char *text)
{
	struct date date;

	cr_assert(date_parse(text, &date), "%s", text);
	return date;
}

/* JSON written with ' in place of ". A new reference. */
static json_t *json_of(const char *text)
{
	char quoted[2000];

	snprintf(quoted, sizeof(quoted), "%s", text);
	for (char *at = quoted; (at = strchr(at, '\'')); at++)
		*at = '"';
	json_t *value = json_loads(quoted, 0, NULL);

	cr_assert_not_null(value, "%s", text);
	return value;
}

/* Everything that is ever needed of an lcspr that is announced for 12 May 2023. */
static json_t *all_facts(const char *members)
{
	json_t *facts =
	    json_of("{'type': 'lcspr', 'reviewer_in_office': true, 'terms_agreed': true,"
	            " 'methodology_chosen': true, 'draft_received': true, 'draft_checked': true,"
	            " 'responses_asked': true, 'responses_in': true, 'subgroup_approved': true,"
	            " 'board_approved': true, 'board_referred_back': true,"
	            " 'embargo_is_open': true, 'no_open_embargo': true, 'embargo_has_ground': true,"
	            " 'proceeding_holds_publication': true, 'report_is_hashed': true,"
	            " 'publication_form': 'full', 'form_is_decided': true,"
	            " 'publication_is_planned': true, 'publication_planned_on': '2023-05-12',"
	            " 'notice_given_on': '2023-05-02', 'earliest_publication_on': '2023-05-12',"
	            " 'concluded_on': '2023-05-12', 'is_assured': true}");
	CLEANUP(json_decref) json_t *others = json_of(members);

	json_object_update(facts, others);
	return facts;
}

static json_t *all_evidence(const char *members)
{
	json_t *body = json_of("{'reason': 'why', 'decided_by': 'the partners',"
	                       " 'on': '2023-05-12', 'transmission': 'record', 'notices': ["
	                       "{'recipient': 'panel'}, {'recipient': 'dfe'},"
	                       " {'recipient': 'ofsted'}],"
	                       " 'published_on': '2023-05-12', 'panel_told_on': '2023-05-02',"
	                       " 'interval_months': 6, 'first_check_due_on': '2023-11-13'}");
	CLEANUP(json_decref) json_t *others = json_of(members);

	json_object_update(body, others);
	return body;
}

static void add_codes(const json_t *items, char *codes, size_t size)
{
	size_t index;
	json_t *item;

	json_array_foreach (items, index, item)
		snprintf(codes + strlen(codes), size - strlen(codes), "%s%s", codes[0] ? " " : "",
		    json_string_value(json_object_get(item, "code")));
}

/* The codes of what is missing or at fault; "" when the step may be taken. */
static const char *judged(const char *operation, const char *to, const char *from,
    const json_t *facts, const json_t *body, const json_t *record)
{
	static char codes[600];
	const struct act act = {
	    .facts = facts, .body = body, .record = record, .today = on("2023-06-01")};
	CLEANUP(problem_finish) struct problem problem = {0};
	const struct step *step = NULL;

	codes[0] = '\0';
	if (process_find(&review_process, operation, to, from, &step, &problem) &&
	    process_judge(&review_process, step, &act, EVERY_SCOPE, &problem))
		return codes;
	add_codes(problem.missing, codes, sizeof(codes));
	add_codes(problem.errors, codes, sizeof(codes));
	return codes;
}

/* The same of what differs from everything that is ever needed. */
static const char *moved(const char *to, const char *from, const char *facts, const char *body)
{
	CLEANUP(json_decref) json_t *known = all_facts(facts);
	CLEANUP(json_decref) json_t *sent = all_evidence(body);

	return judged(TRANSITION, to, from, known, sent, NULL);
}

/* A body and a record as they stand, against everything that is ever needed. */
static const char *written(const char *operation, const char *from, const char *facts,
    const char *body, const char *record)
{
	CLEANUP(json_decref) json_t *known = all_facts(facts);
	CLEANUP(json_decref) json_t *sent = json_of(body);
	CLEANUP(json_decref) json_t *stored = record ? json_of(record) : NULL;

	return judged(operation, NULL, from, known, sent, stored);
}

/* Each state, with the states of publication that a transition may lead to from it. */
static const struct {
	const char *from;
	const char *to;
} allowed[] = {
    {"initiated", ""},
    {"terms_agreed", ""},
    {"in_progress", ""},
    {"drafted", ""},
    {"agency_responses", ""},
    {"approved", ""},
    {"signed_off", "embargoed notice_given not_published"},
    {"embargoed", ""},
    {"notice_given", "embargoed published not_published"},
    {"published", "assurance"},
    {"not_published", "assurance"},
    {"assurance", "closed"},
    {"closed", ""},
    {"discontinued", ""},
    {"not_stated", ""},
};
static const char *const targets[] = {
    "embargoed", "notice_given", "published", "not_published", "assurance", "closed"};

Test(publication, takes_the_steps_of_the_flowchart_and_no_others)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		for (size_t k = 0; k < ARRAY_LENGTH(targets); k++) {
			const char *codes = moved(targets[k], allowed[i].from, "{}", "{}");
			cr_expect_eq(codes[0] == '\0', process_has_word(allowed[i].to, targets[k]),
			    "%s to %s: %s", allowed[i].from, targets[k], codes);
		}
	cr_expect_str_eq(moved("signed_off", "embargoed", "{}", "{}"), "");
}

Test(publication, of_a_national_review_is_the_panel_s_and_other_learning_has_none)
{
	cr_expect_str_eq(moved("published", "signed_off", "{}", "{}"), "is_national");
	cr_expect_str_eq(moved("published", "signed_off", "{'type': 'national'}", "{}"), "");
	cr_expect_str_eq(moved("assurance", "signed_off", "{}", "{}"), "is_not_statutory");
	cr_expect_str_eq(moved("assurance", "signed_off", "{'type': 'table_top'}", "{}"), "");
}

Test(embargo, is_broken_by_nothing)
{
	static const char *const steps[][2] = {{"signed_off", "embargoed"},
	    {"notice_given", "signed_off"}, {"published", "notice_given"},
	    {"not_published", "signed_off"}, {"not_published", "notice_given"}};
	const char *override = "{'override': {'reason': 'x', 'decided_by': 'y'}}";

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
		cr_expect_str_eq(moved(steps[i][0], steps[i][1], "{'no_open_embargo': false}", override),
		    "no_open_embargo", "%s from %s", steps[i][0], steps[i][1]);
	cr_expect_str_eq(moved("published", "signed_off",
	                     "{'no_open_embargo': false, 'type': 'national'}", override),
	    "no_open_embargo");
	cr_expect_str_eq(moved("assurance", "signed_off",
	                     "{'no_open_embargo': false, 'type': 'table_top'}", override),
	    "no_open_embargo");
	cr_expect_str_eq(moved("published", "embargoed", "{}", override), "state state");
}

Test(embargo, has_a_ground_a_holder_and_a_day)
{
	const char *none = "{'proceeding_holds_publication': false}";
	const char *held = "{'reason': 'x', 'embargoed_on': '2023-05-01', 'review_by': '2023-09-01',"
	                   " 'owner': 'chair'}";

	cr_expect_str_eq(written("createReviewEmbargo", "approved", "{}", held, NULL), "");
	cr_expect_str_eq(
	    written("createReviewEmbargo", "approved", none, held, NULL), "embargo_has_ground");
	cr_expect_str_eq(
	    written("createReviewEmbargo", "approved", none,
	        "{'review_by': '2023-09-01', 'owner': 'x', 'other_reason_until': '2023-12-01'}", NULL),
	    "");
	cr_expect_str_eq(
	    written("createReviewEmbargo", "approved", "{}", "{'review_by': '2023-09-01'}", NULL),
	    "required");
	cr_expect_str_eq(written("createReviewEmbargo", "published", "{}", held, NULL), "state");
	cr_expect_str_eq(moved("embargoed", "signed_off",
	                     "{'embargo_is_open': false, 'embargo_has_ground': false}", "{}"),
	    "embargo_is_open embargo_has_ground");
}

Test(embargo, is_lifted_once_with_its_day_and_reason)
{
	const char *open = "{'lifted_on': null}";

	cr_expect_str_eq(written("patchReviewEmbargo", "embargoed", "{}",
	                     "{'owner': 'x', 'lifted_on': '2023-05-01'}", open),
	    "required");
	cr_expect_str_eq(written("patchReviewEmbargo", "embargoed", "{}",
	                     "{'owner': 'x', 'lift_reason': 'why'}", open),
	    "required");
	cr_expect_str_eq(written("patchReviewEmbargo", "embargoed", "{}",
	                     "{'owner': 'x', 'embargoed_on': '2023-05-02', 'lifted_on': '2023-05-01',"
	                     " 'lift_reason': 'why'}",
	                     open),
	    "dates_out_of_order");
	cr_expect_str_eq(written("patchReviewEmbargo", "embargoed", "{}",
	                     "{'owner': 'x', 'lifted_on': '2023-06-02', 'lift_reason': 'why'}", open),
	    "date_in_future");
	cr_expect_str_eq(written("patchReviewEmbargo", "embargoed", "{}",
	                     "{'owner': 'x', 'lifted_on': '2023-05-01', 'lift_reason': 'why'}", open),
	    "");
	cr_expect_str_eq(
	    written("patchReviewEmbargo", "embargoed", "{}",
	        "{'owner': 'x', 'review_by': '2024-01-01'}", "{'lifted_on': '2023-05-01'}"),
	    "embargo_is_not_lifted");
}

Test(plan, in_another_form_than_full_says_why_who_and_when_the_panel_was_told)
{
	static const char *const forms[] = {
	    "redacted_or_summary", "improvements_only", "anonymous_via_nspcc", "not_published"};

	cr_expect_str_eq(written(PUBLICATION, "signed_off", "{}", "{'form': 'full'}", NULL), "");
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		char body[300];
		snprintf(body, sizeof(body), "{'form': '%s'}", forms[i]);
		cr_expect_str_eq(written(PUBLICATION, "signed_off", "{}", body, NULL),
		    "required required required", "%s", forms[i]);
		snprintf(body, sizeof(body),
		    "{'form': '%s', 'reason': 'x', 'decided_by': 'y',"
		    " 'panel_told_on': '2023-05-01'}",
		    forms[i]);
		cr_expect_str_eq(written(PUBLICATION, "signed_off", "{}", body, NULL), "", "%s", forms[i]);
	}
}

Test(plan, stays_on_the_website_for_a_year_and_has_no_day_under_an_embargo)
{
	cr_expect_str_eq(written(PUBLICATION, "signed_off", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-12',"
	                     " 'on_website_until': '2024-05-11'}",
	                     NULL),
	    "too_early");
	cr_expect_str_eq(written(PUBLICATION, "signed_off", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-12',"
	                     " 'on_website_until': '2024-05-12'}",
	                     NULL),
	    "");
	cr_expect_str_eq(written(PUBLICATION, "embargoed", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-12'}", NULL),
	    "not_planned");
}

Test(plan, is_not_brought_forward_below_the_notice_without_an_override)
{
	cr_expect_str_eq(written(PUBLICATION, "notice_given", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-11'}", NULL),
	    "notice_too_short");
	cr_expect_str_eq(written(PUBLICATION, "notice_given", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-11',"
	                     " 'override': {'reason': 'x', 'decided_by': 'y'}}",
	                     NULL),
	    "");
	cr_expect_str_eq(written(PUBLICATION, "notice_given", "{}",
	                     "{'form': 'full', 'planned_on': '2023-05-12'}", NULL),
	    "");
}

Test(plan, of_what_was_published_keeps_its_form)
{
	cr_expect_str_eq(written(PUBLICATION, "published", "{}",
	                     "{'form': 'improvements_only', 'reason': 'x', 'decided_by': 'y',"
	                     " 'panel_told_on': '2023-05-01'}",
	                     NULL),
	    "form_is_final");
	cr_expect_str_eq(written(PUBLICATION, "published", "{}",
	                     "{'form': 'full', 'nspcc_submitted_on': '2023-05-15'}", NULL),
	    "");
}

Test(notice, needs_a_form_a_day_a_report_and_everybody_whom_the_law_names)
{
	cr_expect_str_eq(moved("notice_given", "signed_off",
	                     "{'form_is_decided': false, 'publication_is_planned': false,"
	                     " 'publication_planned_on': null, 'report_is_hashed': false}",
	                     "{'notices': []}"),
	    "form_is_decided publication_is_planned report_sha256 panel_is_told dfe_is_told "
	    "ofsted_is_told");
	cr_expect_str_eq(moved("notice_given", "signed_off", "{'report_is_hashed': false}",
	                     "{'report_sha256': 'abc'}"),
	    "");
	cr_expect_str_eq(
	    moved("notice_given", "signed_off", "{'publication_planned_on': '2023-05-11'}", "{}"),
	    "planned_day_is_ahead");
}

Test(notice, that_is_sent_is_of_today_and_one_that_is_recorded_has_its_day)
{
	const char *ahead = "{'publication_planned_on': '2023-06-12'}";

	cr_expect_str_eq(
	    moved("notice_given", "signed_off", ahead, "{'transmission': 'send', 'notices': []}"),
	    "on_not_allowed");
	cr_expect_str_eq(moved("notice_given", "signed_off", ahead,
	                     "{'transmission': 'send', 'on': '2023-06-01', 'notices': []}"),
	    "");
	cr_expect_str_eq(moved("notice_given", "signed_off", ahead, "{'on': null}"), "required");
	cr_expect_str_eq(moved("notice_given", "signed_off", ahead,
	                     "{'notices': [{'recipient': 'panel', 'sent_on': '2023-06-02'}]}"),
	    "date_in_future");
}

Test(publication, before_the_notice_has_run_takes_an_override)
{
	const char *early = "{'published_on': '2023-05-11'}";

	cr_expect_str_eq(moved("published", "notice_given", "{}", early), "notice_has_run");
	cr_expect_str_eq(
	    moved("published", "notice_given", "{'notice_is_overridden': true}", early), "");
	cr_expect_str_eq(moved("published", "notice_given", "{}",
	                     "{'published_on': '2023-05-11',"
	                     " 'override': {'reason': 'x', 'decided_by': 'y'}}"),
	    "");
	cr_expect_str_eq(moved("published", "notice_given", "{}", "{'published_on': '2023-05-01'}"),
	    "dates_out_of_order");
	cr_expect_str_eq(
	    moved("published", "notice_given", "{'form_is_decided': false}", "{}"), "form_is_decided");
}

Test(publication, is_decided_against_with_a_reason_by_somebody_and_the_panel_knows)
{
	const char *nothing = "{'reason': null, 'decided_by': null, 'panel_told_on': null}";

	cr_expect_str_eq(
	    moved("not_published", "signed_off", "{}", nothing), "reason decided_by panel_told_on");
	cr_expect_str_eq(
	    moved("not_published", "signed_off", "{'not_publishing_is_decided': true}", nothing), "");
}

Test(assurance, is_agreed_and_closes_with_a_satisfactory_check_or_a_reason)
{
	cr_expect_str_eq(moved("assurance", "published", "{}",
	                     "{'interval_months': null, 'first_check_due_on': null}"),
	    "interval_months first_check_due_on");
	cr_expect_str_eq(moved("assurance", "published", "{}", "{'first_check_due_on': '2023-05-11'}"),
	    "dates_out_of_order");
	cr_expect_str_eq(
	    moved("closed", "assurance", "{'is_assured': false}", "{'reason': null}"), "is_assured");
	cr_expect_str_eq(moved("closed", "assurance", "{'is_assured': false}", "{}"), "");
}

Test(publication, takes_the_scope_for_it)
{
	static const char *const steps[][2] = {{"signed_off", "embargoed"}, {"embargoed", "signed_off"},
	    {"signed_off", "notice_given"}, {"notice_given", "embargoed"},
	    {"notice_given", "published"}, {"notice_given", "not_published"},
	    {"signed_off", "not_published"}};
	CLEANUP(json_decref) json_t *facts = all_facts("{}");
	CLEANUP(json_decref) json_t *body = all_evidence("{}");
	const struct act act = {.facts = facts, .body = body, .today = on("2023-06-01")};
	const struct step *step = NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		cr_assert(
		    process_find(&review_process, TRANSITION, steps[i][1], steps[i][0], &step, &problem));
		cr_expect_not(process_judge(&review_process, step, &act,
		    "{reviews:write,reviews:approve,reviews:sign_off}", &problem));
		cr_expect_eq(problem.kind, PROBLEM_FORBIDDEN, "%s from %s", steps[i][1], steps[i][0]);
	}
}
