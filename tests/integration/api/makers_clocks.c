/* Owns what the tests of the document need of clocks. */
#include "makers.h"

/* An open one: of an incident that nobody has notified. */
static const char *clock(const struct place places[])
{
	const char *id = recorded(incident_with("{}"));

	return answer_text(get("/v1/incidents/%s/clocks", id), "/clocks/0/id");
}

static const char *calendar_feed(const struct place places[])
{
	return answer_text(post(json_of("{'label': 'practice lead'}"), "/v1/calendar-feeds"), "/id");
}

const struct maker makers_clocks[] = {
    {"feed_id", NULL, calendar_feed},
    {"clock_id", NULL, clock},
    {NULL, NULL, NULL},
};
