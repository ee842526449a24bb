/* Owns what the tests of the document need of referrals. */
#include "makers.h"

static const char *referred(const char *members)
{
	json_t *body = json_of("{'summary': 'An infant was brought to hospital.',"
	                       " 'nature': 'serious_harm', 'children': [{'sex': 'F'}]}");

	json_object_update_new(body, json_of("%s", members));
	const struct answer *made = post(body, "/v1/referrals");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *referral(const struct place places[])
{
	return referred("{}");
}

void have_authority(void)
{
	sql_run(&stage()->database,
	    "INSERT INTO agency (partnership_id, id, slug, name, kind)"
	    " SELECT p.id, '5a1d9c4e-0a55-4c1c-8a35-5c0e6f2f6f10', 'authority', 'Authority',"
	    " 'local_authority' FROM partnership AS p ON CONFLICT DO NOTHING",
	    NULL);
}

/* Nothing is known that would make it like another incident. */
static const char *assured_referral(const struct place places[])
{
	have_authority();
	const char *id = referred("{'received_on': '2024-01-09', 'aware_on': '2024-01-08',"
	                          " 'children': [{'role': 'victim'}]}");

	expect_status(
	    move(json_of("{'to': 'quality_assured'}"), "\"1\"", "/v1/referrals/%s/transitions", id),
	    200);
	return id;
}

static const char *decided_referral(const struct place places[])
{
	const char *id = assured_referral(places);

	expect_status(
	    post(json_of("{'outcome': 'not_met', 'decided_on': '2024-01-10', 'rationale': 'x',"
	                 " 'views': [{'agency_id': '5a1d9c4e-0a55-4c1c-8a35-5c0e6f2f6f10',"
	                 " 'view': 'not_met'}], 'referrer_told_on': '2024-01-10',"
	                 " 'chair_told_on': '2024-01-10'}"),
	        "/v1/referrals/%s/decision", id),
	    201);
	return id;
}

static const char *decision(const struct place places[])
{
	return answer_text(
	    get("/v1/referrals/%s/decisions", place_value(places, "referral_id")), "/data/0/id");
}

const struct maker makers_referrals[] = {
    {"referral_id", NULL, referral},
    {"referral_id", "createReferralDecision", assured_referral},
    {"referral_id", "getReferralDecision", decided_referral},
    {"decision_id", NULL, decision},
    {NULL, NULL, NULL},
};
