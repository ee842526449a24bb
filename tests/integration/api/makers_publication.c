/* Owns what the tests of the document need of publication. */
#include "makers.h"
#include "publication.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

static const char *signed_off(const struct place places[])
{
	return review_in("lcspr", "signed_off");
}

static const char *with_notice(const struct place places[])
{
	return announced();
}

static const char *assured(const struct place places[])
{
	const char *id = published();

	expect_moved(step(id, json_of("{'to': 'assurance', 'interval_months': 6,"
	                              " 'first_check_due_on': '2025-02-21'}")));
	return id;
}

static const char *proceeding(const struct place places[])
{
	return made(post(json_of("{'type': 'coroners_inquest', 'affects_publication': true}"),
	    "/v1/reviews/%s/proceedings", place_value(places, "review_id")));
}

static const char *finding(const struct place places[])
{
	return made(post(json_of("{'kind': 'statistic', 'text': 'Two of three plans were late.'}"),
	    "/v1/reviews/%s/findings", place_value(places, "review_id")));
}

static const char *embargo(const struct place places[])
{
	return made(post(json_of("{'reason': 'An inquest.', 'embargoed_on': '2024-03-01',"
	                         " 'owner': 'chair', 'review_by': '2024-09-02',"
	                         " 'other_reason_until': '2024-12-20'}"),
	    "/v1/reviews/%s/embargoes", place_value(places, "review_id")));
}

static const char *notice(const struct place places[])
{
	return made(post(json_of("{'recipient': 'council_leader', 'channel': 'email',"
	                         " 'sent_on': '2024-08-01'}"),
	    "/v1/reviews/%s/publication-notices", place_value(places, "review_id")));
}

static const char *check(const struct place places[])
{
	return made(post(json_of("{'checked_on': '2025-03-03', 'by_role': 'subgroup',"
	                         " 'finding': 'In use.', 'satisfied': true}"),
	    "/v1/reviews/%s/assurance-checks", place_value(places, "review_id")));
}

static const char *dissemination(const struct place places[])
{
	return made(post(json_of("{'kind': 'webinar', 'held_on': '2024-09-10'}"),
	    "/v1/reviews/%s/dissemination", place_value(places, "review_id")));
}

const struct maker makers_publication[] = {
    {"review_id", "putReviewPublication", signed_off},
    {"review_id", "createReviewPublicationNotice", with_notice},
    {"review_id", "getReviewPublicationNotice", with_notice},
    {"review_id", "patchReviewPublicationNotice", with_notice},
    {"review_id", "createReviewAssuranceCheck", assured},
    {"review_id", "getReviewAssuranceCheck", assured},
    {"proceeding_id", NULL, proceeding},
    {"embargo_id", NULL, embargo},
    {"finding_id", NULL, finding},
    {"notice_id", NULL, notice},
    {"assurance_check_id", NULL, check},
    {"dissemination_id", NULL, dissemination},
    {NULL, NULL, NULL},
};
