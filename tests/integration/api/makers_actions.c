/* Owns what the tests of the document need of recommendations and actions. */
#include "makers.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

static const char *recommendation(const struct place places[])
{
	return made(post(json_of("{'text': 'Know who else cares for the child.', 'origin': 'national',"
	                         " 'addressee': 'partnership'}"),
	    "/v1/recommendations"));
}

static const char *action(const struct place places[])
{
	return made(post(json_of("{'text': 'Add it to the form.', 'agreed_on': '2021-10-12',"
	                         " 'due_on': '2022-03-31'}"),
	    "/v1/actions"));
}

static const char *completed(const struct place places[])
{
	const char *id = action(places);

	expect_status(move(json_of("{'to': 'complete_pending_assurance', 'on': '2022-03-28'}"), "\"1\"",
	                  "/v1/actions/%s/transitions", id),
	    200);
	return id;
}

static const char *lead(const struct place places[])
{
	return answer_text(get("/v1/actions/%s", place_value(places, "action_id")), "/leads/0/id");
}

static const char *evidence(const struct place places[])
{
	return made(post(json_of("{'kind': 'minutes', 'shows': 'done', 'description': 'It is done.'}"),
	    "/v1/actions/%s/evidence", place_value(places, "action_id")));
}

static const char *assurance(const struct place places[])
{
	return made(post(json_of("{'assured_by': 'subgroup', 'outcome': 'assured'}"),
	    "/v1/actions/%s/assurances", place_value(places, "action_id")));
}

const struct maker makers_actions[] = {
    {"recommendation_id", NULL, recommendation},
    {"action_id", NULL, action},
    {"action_id", "createActionAssurance", completed},
    {"action_id", "getActionAssurance", completed},
    {"lead_id", NULL, lead},
    {"evidence_id", NULL, evidence},
    {"assurance_id", NULL, assurance},
    {NULL, NULL, NULL},
};
