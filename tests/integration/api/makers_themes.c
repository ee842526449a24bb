/* Owns what the tests of the document need of themes. */
#include "makers.h"

static const char *made(const struct answer *answer)
{
	expect_status(answer, 201);
	return answer_text(answer, "/id");
}

/* The theme of another set that the examples name, in every partnership. */
static void have_theme(void)
{
	sql_run(&stage()->database,
	    "INSERT INTO theme (partnership_id, id, version, set_id, code, label, kind, aliases,"
	    " created_at, updated_at)"
	    " SELECT s.partnership_id, '3b0d6a52-6c1e-4a8e-9c55-2f7e1d9a4b02', 1, s.id, 'example',"
	    " 'Example', 'practice', '{}', now(), now()"
	    " FROM theme_set AS s WHERE s.edition = '2020' ON CONFLICT DO NOTHING",
	    NULL);
}

static const char *set(const struct place places[])
{
	return made(post(json_of("{'code': 'local', 'label': 'Ours'}"), "/v1/theme-sets"));
}

static const char *theme(const struct place places[])
{
	have_theme();
	return made(post(json_of("{'label': 'Neglect', 'kind': 'factor'}"), "/v1/themes"));
}

static const char *crosswalk(const struct place places[])
{
	return made(post(json_of("{'other_theme_id': '3b0d6a52-6c1e-4a8e-9c55-2f7e1d9a4b02',"
	                         " 'relation': 'broader'}"),
	    "/v1/themes/%s/crosswalk", place_value(places, "theme_id")));
}

static const char *review_to_code(const struct place places[])
{
	have_theme();
	return reviewed("lcspr", "{}");
}

static const char *incident_to_code(const struct place places[])
{
	have_theme();
	return recorded(incident_with("{}"));
}

const struct maker makers_themes[] = {
    {"review_id", "putReviewThemes", review_to_code},
    {"incident_id", "putIncidentThemes", incident_to_code},
    {"theme_set_id", NULL, set},
    {"theme_id", NULL, theme},
    {"crosswalk_id", NULL, crosswalk},
    {NULL, NULL, NULL},
};
