/* Owns what the tests of the document need of clocks. */
#include "makers.h"

/* An open one: of an incident that nobody has notified. */
static const char *clock(const struct place places[])
{
	const char *id = recorded(incident_with("{}"));

	return answer_text(get("/v1/incidents/%s/clocks", id), "/clocks/0/id");
}

const struct maker makers_clocks[] = {
    {"clock_id", NULL, clock},
    {NULL, NULL, NULL},
};
