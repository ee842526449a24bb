/* Owns what the tests of the document need of rapid reviews. */
#include "makers.h"

/* Of an incident that was notified; nothing else opens one. */
static const char *rapid_review(const struct place places[])
{
	const char *incident_id = recorded(incident_with("{}"));

	expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	                           " 'notified_on': '2024-01-11'}"),
	                  "/v1/incidents/%s/notifications", incident_id),
	    201);
	return answer_text(get("/v1/rapid-reviews?incident_id=%s", incident_id), "/data/0/id");
}

const struct maker makers_rapid_reviews[] = {
    {"rapid_review_id", NULL, rapid_review},
    {NULL, NULL, NULL},
};
