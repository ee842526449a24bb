/* Stories of coding: who found which theme in a review, and whether the children's records agree.
 */
#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

static const char *theme_with(const char *members)
{
	json_t *theme = json_of("{'label': 'Domestic abuse', 'kind': 'factor'}");

	json_object_update_new(theme, json_of("%s", members));
	const struct answer *made = post(theme, "/v1/themes");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *derived_theme(const char *derivation)
{
	return theme_with(text_of("{'kind': 'demographic', 'derivation': '%s'}", derivation));
}

/* The themes of a review or an incident, in place of those that it had. */
static const struct answer *coded(const char *path, json_t *list)
{
	return change(list, etag_of(get("%s", path)), "%s/themes", path);
}

static json_t *list_of(const char *theme, const char *members)
{
	json_t *item = json_of("%s", members);

	json_object_set_new(item, "theme_id", json_string(theme));
	return json_pack("{s:s, s:[o]}", "coded_by", "business manager", "themes", item);
}

static const char *a_review(void)
{
	return text_of("/v1/reviews/%s", reviewed("lcspr", "{}"));
}

/* A review of one incident with these children. */
static const char *review_of(const char *children)
{
	const char *incident =
	    rapidly_reviewed(incident_with("{'children': [%s]}", children), "lcspr_local");
	const struct answer *made = post(json_of("{'type': 'lcspr', 'title': 'Baby B', 'decided_on':"
	                                         " '2024-02-20', 'incident_ids': ['%s']}",
	                                     incident),
	    "/v1/reviews");

	expect_status(made, 201);
	return text_of("/v1/reviews/%s", answer_text(made, "/id"));
}

/* Where the theme stands in what a review shows, or NULL. */
static const json_t *found_in(const struct answer *themes, const char *theme)
{
	size_t index;
	json_t *item;

	json_array_foreach (answer_at(themes, "/themes"), index, item)
		if (strcmp(json_string_value(json_object_get(item, "theme_id")), theme) == 0)
			return item;
	return NULL;
}

static bool is_derived(const char *review, const char *theme)
{
	const json_t *found = found_in(get("%s/themes", review), theme);

	return found && json_is_true(json_object_get(found, "derived"));
}

/* Whether the review stands in the list of those that somebody has to mend. */
static bool disagrees(const char *theme, const char *review)
{
	return count_of(answer_at(get("/v1/themes/%s/consistency?agrees=no&limit=200", theme), "/data"),
	           "link", text_of("%s/themes", review)) > 0;
}

Test(theme_coding, says_who_coded_it_when_and_by_what)
{
	const char *review = a_review();
	const char *theme = theme_with("{}");
	const struct answer *made =
	    coded(review, list_of(theme, "{'evidence': 'Paragraph 4.', 'coded_on': '2024-03-01'}"));

	expect_status(made, 200);
	expect_value(made, "/version", "2");
	expect_value(made, "/themes/0/theme_id", text_of("'%s'", theme));
	expect_value(made, "/themes/0/coded_by", "'business manager'");
	expect_value(made, "/themes/0/coded_on", "'2024-03-01'");
	expect_value(made, "/themes/0/evidence", "'Paragraph 4.'");
	expect_value(made, "/themes/0/derived", "null");
	expect_value(made, "/themes/0/agrees", "null");
	expect_value(get("%s", review), "/version", "2");
	/* What is not said of it stays as it was coded. */
	const struct answer *again = coded(review, list_of(theme, "{}"));
	expect_value(again, "/themes/0/coded_on", "'2024-03-01'");
	expect_value(again, "/themes/0/evidence", "'Paragraph 4.'");
}

Test(theme_coding, removes_with_the_day_and_deletes_nothing)
{
	const char *review = a_review();
	const char *theme = theme_with("{}");

	expect_status(coded(review, list_of(theme, "{'coded_on': '2024-03-01'}")), 200);
	const struct answer *removed = coded(
	    review, json_of("{'coded_by': 'chair of the subgroup', 'on': '2024-04-01', 'themes': []}"));
	expect_value(removed, "/themes", "[]");
	expect_value(removed, "/removed/0/theme_id", text_of("'%s'", theme));
	expect_value(removed, "/removed/0/coded_by", "'business manager'");
	expect_value(removed, "/removed/0/removed_on", "'2024-04-01'");
	expect_value(removed, "/removed/0/removed_by", "'chair of the subgroup'");
	const struct answer *again = coded(review, list_of(theme, "{'coded_on': '2024-05-01'}"));
	expect_value(again, "/themes/0/coded_on", "'2024-05-01'");
	expect_value(again, "/removed/0/coded_on", "'2024-03-01'");
}

Test(theme_coding, refuses_a_retired_theme_and_names_what_stands_in_its_place)
{
	const char *review = a_review();
	const char *new = theme_with("{'label': 'Sporadic engagement'}");
	const char *old = theme_with(text_of(
	    "{'label': 'Hard to reach', 'retired_on': '2024-03-01', 'retired_reason': 'language',"
	    " 'replaced_by': '%s'}",
	    new));
	const struct answer *refused = coded(review, list_of(old, "{}"));

	expect_fault(refused, "/themes/0/theme_id", "theme_retired");
	cr_assert_not_null(strstr(told(refused), "Sporadic engagement"));
	cr_assert_not_null(strstr(told(refused), new));
	/* What was coded before stays, and may stay in the list. */
	expect_status(coded(review, list_of(old, "{'coded_on': '2024-02-29'}")), 200);
	expect_status(coded(review, list_of(old, "{'evidence': 'Paragraph 2.'}")), 200);
}

Test(theme_coding, tells_every_fault_of_the_list_at_once)
{
	const char *review = a_review();
	const char *theme = theme_with("{'used_from': '2024-03-01'}");
	const struct answer *refused = coded(
	    review, json_of("{'coded_by': 'x', 'on': '%s', 'themes': [{'theme_id': '%s', 'coded_on':"
	                    " '2024-02-29'}, {'theme_id': '%s'}, {'theme_id': '%s'}]}",
	                day(1), theme, theme, new_id()));

	expect_fault(refused, "/on", "date_in_future");
	expect_fault(refused, "/themes/0/theme_id", "theme_not_in_use");
	expect_fault(refused, "/themes/1/theme_id", "duplicate");
	expect_fault(refused, "/themes/2/theme_id", "unknown_theme");
	expect_value(get("%s/themes", review), "/themes", "[]");
}

Test(theme_coding, of_an_incident_comes_before_any_review)
{
	const char *incident = text_of("/v1/incidents/%s", recorded(incident_with("{}")));
	const char *theme = theme_with("{}");
	const struct answer *made = coded(incident, list_of(theme, "{'coded_on': '2024-01-20'}"));

	expect_status(made, 200);
	expect_value(made, "/themes/0/theme_id", text_of("'%s'", theme));
	expect_value(coded(incident, json_of("{'coded_by': 'x', 'themes': []}")), "/removed/0/theme_id",
	    text_of("'%s'", theme));
}

Test(theme_coding, takes_a_scope_of_its_own)
{
	const char *review = a_review();
	const char *theme = theme_with("{}");
	const char *etag = etag_of(get("%s", review));

	as(key_with("themes:read themes:write reviews:write"));
	expect_problem(change(list_of(theme, "{}"), etag, "%s/themes", review), 403, "forbidden");
	as(key_with("themes:code"));
	expect_status(change(list_of(theme, "{}"), etag, "%s/themes", review), 200);
}

Test(derived_themes, are_under_one_when_any_child_was_and_was_born)
{
	const char *theme = derived_theme("under_1");

	cr_assert(is_derived(review_of("{'age_years': 0, 'age_days': 96}"), theme));
	cr_assert(
	    is_derived(review_of("{'index_child': true, 'age_years': 7}, {'age_years': 0}"), theme));
	cr_assert(!is_derived(review_of("{'age_years': 1}"), theme));
	cr_assert(!is_derived(review_of("{'unborn': true, 'expected_on': '2024-05-01'}"), theme));
	cr_assert(!is_derived(review_of("{}"), theme));
}

Test(derived_themes, count_other_white_groups_as_the_partnership_decides)
{
	const char *theme = derived_theme("black_and_minoritised");
	const char *irish = review_of("{'ethnicity': 'WIRI'}");
	static const char *const nobody[] = {"WBRI", "REFU", "NOBT", "not_known"};

	cr_assert(is_derived(
	    review_of("{'index_child': true, 'ethnicity': 'WBRI'}, {'ethnicity': 'BCRB'}"), theme));
	cr_assert(is_derived(irish, theme));
	for (size_t i = 0; i < ARRAY_LENGTH(nobody); i++)
		cr_assert(!is_derived(review_of(text_of("{'ethnicity': '%s'}", nobody[i])), theme));
	cr_assert(!is_derived(review_of("{}"), theme));
	expect_status(
	    patch(json_of("{'white_other_counts': false}"), "\"1\"", "/v1/themes/%s", theme), 200);
	cr_assert(!is_derived(irish, theme));
}

Test(derived_themes, are_checked_against_what_was_coded_until_somebody_mends_it)
{
	const char *theme = derived_theme("under_1");
	const char *missed = review_of("{'age_years': 0}");
	const char *wrong = review_of("{'age_years': 5}");

	expect_status(coded(wrong, list_of(theme, "{}")), 200);
	cr_assert(disagrees(theme, missed));
	cr_assert(disagrees(theme, wrong));
	const json_t *shown = found_in(get("%s/themes", missed), theme);
	cr_assert(json_is_false(json_object_get(shown, "coded")));
	cr_assert(json_is_false(json_object_get(shown, "agrees")));
	expect_status(coded(missed, list_of(theme, "{}")), 200);
	expect_status(coded(wrong, json_of("{'coded_by': 'x', 'themes': []}")), 200);
	cr_assert(!disagrees(theme, missed));
	cr_assert(!disagrees(theme, wrong));
	expect_value(get("/v1/themes/%s/consistency?agrees=yes", theme), "/data/0/agrees", "true");
}

Test(theme_coding, is_hidden_with_a_restricted_incident)
{
	const char *review = review_of("{'age_years': 0}");
	const char *incident = answer_text(get("%s", review), "/incident_ids/0");
	const char *theme = derived_theme("under_1");

	expect_status(coded(review, list_of(theme, "{}")), 200);
	expect_status(coded(text_of("/v1/incidents/%s", incident), list_of(theme, "{}")), 200);
	expect_status(post(json_of("{'agency_id': '%s', 'reason': 'A member of staff is concerned.'}",
	                       agency_of("trust")),
	                  "/v1/incidents/%s/restrictions", incident),
	    201);
	as(key_of("north", "trust", ALL_SCOPES));
	expect_problem(get("%s/themes", review), 404, "not-found");
	expect_problem(get("/v1/incidents/%s/themes", incident), 404, "not-found");
	cr_assert_eq(count_of(answer_at(get("/v1/themes/%s/consistency?limit=200", theme), "/data"),
	                 "link", text_of("%s/themes", review)),
	    0);
}
