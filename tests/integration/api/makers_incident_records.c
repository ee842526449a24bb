/* Owns what the tests of the document need of the records beside an incident. */
#include "makers.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

static const char *linked_process(const struct place places[])
{
	return made(post(json_of("{'type': 'coroner', 'reference': 'C-1'}"),
	    "/v1/incidents/%s/linked-processes", place_value(places, "incident_id")));
}

static const char *disclosure(const struct place places[])
{
	return made(post(json_of("{'kind': 'police', 'requested_by': 'investigating team',"
	                         " 'decided_on': '2024-01-20', 'outcome': 'disclosed'}"),
	    "/v1/incidents/%s/disclosures", place_value(places, "incident_id")));
}

static const char *restriction(const struct place places[])
{
	have_authority();
	return made(post(json_of("{'agency_id': '5a1d9c4e-0a55-4c1c-8a35-5c0e6f2f6f10',"
	                         " 'reason': 'x', 'from': '2024-01-12'}"),
	    "/v1/incidents/%s/restrictions", place_value(places, "incident_id")));
}

static const char *incident(const struct place places[])
{
	have_authority();
	return made(record(incident_with("{}")));
}

const struct maker makers_incident_records[] = {
    {"incident_id", "createIncidentRestriction", incident},
    {"linked_process_id", NULL, linked_process},
    {"disclosure_id", NULL, disclosure},
    {"restriction_id", NULL, restriction},
    {NULL, NULL, NULL},
};
