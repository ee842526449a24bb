/* Owns what the tests of the document need of referrals. */
#include "makers.h"

static const char *referral(const struct place places[])
{
	const struct answer *made = post(json_of("{'summary': 'An infant was brought to hospital.',"
	                                         " 'nature': 'serious_harm', 'children': [{'sex': 'F'}]}"),
	    "/v1/referrals");

	expect_status(made, 201);
	return answer_text(made, "/id");
}

const struct maker makers_referrals[] = {
    {"referral_id", NULL, referral},
    {NULL, NULL, NULL},
};
