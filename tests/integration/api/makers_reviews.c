/* Owns what the tests of the document need of reviews, and what other tests start a review from. */
#include <stdarg.h>
#include <string.h>

#include "makers.h"

/* The agency of the examples. */
#define AGENCY "6f1d0c5e-8f4b-4f6e-9a53-2d0e3b7c9a10"

const char *notified_incident(json_t *incident)
{
	const char *id = recorded(incident);

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	return id;
}

#define NOT "{'answer': 'not_met', 'rationale': 'x'}"

const char *rapidly_reviewed(json_t *incident, const char *outcome)
{
	const char *id = notified_incident(incident);
	const char *rapid_review =
	    answer_text(get("/v1/rapid-reviews?incident_id=%s", id), "/data/0/id");

	expect_status(
	    post(json_of("{'held_on': '2024-01-25'}"), "/v1/rapid-reviews/%s/meetings", rapid_review),
	    201);
	expect_status(
	    post(json_of("{'decided_on': '2024-01-26', 'rationale': 'x', 'outcome': '%s', 'criteria':"
	                 " {'c1_improvements': {'answer': 'met', 'rationale': 'x'},"
	                 " 'c2_recurrent_themes': " NOT ", 'c3_interagency': " NOT
	                 ", 'c4_panel_local': " NOT "}, 'circumstances': {'r1_single_agency': " NOT
	                 ", 'r2_no_agency': " NOT ", 'r3_cross_border': " NOT
	                 ", 'r4_institutional': " NOT "}}",
	             outcome),
	        "/v1/rapid-reviews/%s/decision", rapid_review),
	    201);
	return id;
}

const char *reviewed(const char *type, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	json_t *review = json_of("{'type': '%s', 'title': 'Baby A', 'decided_on': '2024-02-20',"
	                         " 'incident_ids': ['%s']}",
	    type,
	    strcmp(type, "lcspr") == 0 ? rapidly_reviewed(incident_with("{}"), "lcspr_local")
	                               : notified_incident(incident_with("{}")));

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		give_up("no memory");
	va_end(arguments);
	CLEANUP(free) char *members = text;
	json_object_update_new(review, json_of("%s", members));
	const struct answer *made = post(review, "/v1/reviews");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *added(const char *review, const char *records, const char *body)
{
	const struct answer *made = post(json_of("%s", body), "/v1/reviews/%s/%s", review, records);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

/* What the step to that state waits for, but for responses of a panel that nobody sits on. */
static void prepare(const char *review, const char *to)
{
	if (strcmp(to, "terms_agreed") == 0) {
		added(review, "reviewers",
		    "{'appointed_on': '2024-02-27', 'independence_statement': 'Works for none of them.'}");
		added(review, "terms-of-reference", "{'agreed_on': '2024-03-05', 'content': 'Terms.'}");
		expect_status(patch(json_of("{'methodology': 'silp'}"),
		                  etag_of(get("/v1/reviews/%s", review)), "/v1/reviews/%s", review),
		    200);
	} else if (strcmp(to, "drafted") == 0) {
		added(review, "drafts", "{'received_on': '2024-05-20', 'checked_against_terms': true}");
	} else if (strcmp(to, "approved") == 0) {
		added(review, "approvals",
		    "{'kind': 'subgroup', 'decided_on': '2024-06-24',"
		    " 'outcome': 'approved', 'decided_by': 'subgroup'}");
	} else if (strcmp(to, "signed_off") == 0) {
		added(review, "approvals",
		    "{'kind': 'board', 'decided_on': '2024-07-02',"
		    " 'outcome': 'approved', 'decided_by': 'board'}");
	}
}

const struct answer *review_moved(const char *review, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		give_up("no memory");
	va_end(arguments);
	CLEANUP(free) char *body = text;
	return move(json_of("%s", body), etag_of(get("/v1/reviews/%s", review)),
	    "/v1/reviews/%s/transitions", review);
}

const char *review_in(const char *type, const char *state)
{
	static const char *const states[] = {"initiated", "terms_agreed", "in_progress", "drafted",
	    "agency_responses", "approved", "signed_off"};
	const char *id = reviewed(type, "{}");

	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		if (i > 0) {
			prepare(id, states[i]);
			expect_status(review_moved(id, "{'to': '%s', 'on': '2024-07-05'}", states[i]), 200);
		}
		if (strcmp(states[i], state) == 0)
			return id;
	}
	give_up("no review comes to be %s here", state);
}

static void have_agency(void)
{
	sql_run(&stage()->database,
	    "INSERT INTO agency (partnership_id, id, slug, name, kind)"
	    " SELECT p.id, '" AGENCY "', 'hospital', 'Hospital', 'acute_trust'"
	    " FROM partnership AS p ON CONFLICT DO NOTHING",
	    NULL);
}

static const char *review(const struct place places[])
{
	have_agency();
	return reviewed("lcspr", "{}");
}

static const char *national(const struct place places[])
{
	return reviewed("national", "{}");
}

static const char *in_progress(const struct place places[])
{
	return review_in("lcspr", "in_progress");
}

static const char *drafted(const struct place places[])
{
	have_agency();
	return review_in("lcspr", "drafted");
}

static const char *with_agencies(const struct place places[])
{
	return review_in("lcspr", "agency_responses");
}

static const char *reviewer(const struct place places[])
{
	return added(place_value(places, "review_id"), "reviewers", "{'appointed_on': '2024-02-27'}");
}

static const char *panel_member(const struct place places[])
{
	return added(place_value(places, "review_id"), "panel-members",
	    "{'agency_id': '" AGENCY "', 'role': 'named nurse', 'member_from': '2024-02-27'}");
}

static const char *terms(const struct place places[])
{
	return added(place_value(places, "review_id"), "terms-of-reference",
	    "{'agreed_on': '2024-03-05', 'content': 'Terms.'}");
}

static const char *participation(const struct place places[])
{
	return added(place_value(places, "review_id"), "participation",
	    "{'relation': 'father', 'invited_on': '2024-03-12'}");
}

static const char *draft(const struct place places[])
{
	return added(place_value(places, "review_id"), "drafts", "{'received_on': '2024-05-20'}");
}

static const char *agency_response(const struct place places[])
{
	return added(place_value(places, "review_id"), "agency-responses",
	    "{'agency_id': '" AGENCY "', 'shared_on': '2024-06-03'}");
}

static const char *approval(const struct place places[])
{
	return added(place_value(places, "review_id"), "approvals",
	    "{'kind': 'subgroup', 'decided_on': '2024-06-24', 'outcome': 'approved',"
	    " 'decided_by': 'subgroup'}");
}

const struct maker makers_reviews[] = {
    {"review_id", NULL, review},
    {"review_id", "putReviewIncidents", national},
    {"review_id", "createReviewDraft", in_progress},
    {"review_id", "getReviewDraft", in_progress},
    {"review_id", "patchReviewDraft", in_progress},
    {"review_id", "createAgencyResponse", drafted},
    {"review_id", "getAgencyResponse", drafted},
    {"review_id", "patchAgencyResponse", drafted},
    {"review_id", "putAgencyResponseAnswer", drafted},
    {"review_id", "createReviewApproval", with_agencies},
    {"review_id", "getReviewApproval", with_agencies},
    {"reviewer_id", NULL, reviewer},
    {"panel_member_id", NULL, panel_member},
    {"terms_id", NULL, terms},
    {"participation_id", NULL, participation},
    {"draft_id", NULL, draft},
    {"agency_response_id", NULL, agency_response},
    {"approval_id", NULL, approval},
    {NULL, NULL, NULL},
};
