/* Stories of theme sets and themes: what every partnership has, and what it says in its own words.
 */
#include "fixture.h"

STAGE(ALL_SCOPES, NULL)

static const char *theme_with(const char *members)
{
	json_t *theme = json_of("{'label': 'Hard to reach families', 'kind': 'practice'}");

	json_object_update_new(theme, json_of("%s", members));
	const struct answer *made = post(theme, "/v1/themes");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *national_theme(const char *code)
{
	return answer_text(get("/v1/themes?q=%s", code), "/data/0/id");
}

static const struct answer *changed(const char *theme, const char *body)
{
	return patch(json_of("%s", body), etag_of(get("/v1/themes/%s", theme)), "/v1/themes/%s", theme);
}

Test(themes, of_the_panel_and_an_own_set_come_with_every_partnership)
{
	const struct answer *sets = get("/v1/theme-sets");

	expect_status(sets, 200);
	cr_assert_eq(count_of(answer_at(sets, "/data"), "code", "panel"), 2);
	cr_assert_eq(count_of(answer_at(sets, "/data"), "code", "national_reviews"), 1);
	expect_value(get("/v1/theme-sets?origin=local"), "/data/0/code", "'local'");
	const char *panel = answer_text(get("/v1/theme-sets?code=panel"), "/data/1/id");
	const struct answer *themes = get("/v1/themes?set_id=%s", panel);
	cr_assert_eq(json_array_size(answer_at(themes, "/data")), 6);
	expect_value(themes, "/data/0/set_edition", "'2020'");
	as(stage()->south);
	cr_assert_eq(json_array_size(answer_at(get("/v1/themes?kind=factor"), "/data")), 8);
}

Test(themes, of_a_national_set_stay_as_they_were_published)
{
	const char *theme = national_theme("daily_life");
	const struct answer *refused = changed(theme, "{'label': 'Daily life'}");

	expect_problem(refused, 409, "conflict");
	expect_value(refused, "/missing/0/code", "'set_is_local'");
	const char *set = answer_text(get("/v1/themes/%s", theme), "/set_id");
	expect_problem(
	    post(json_of("{'set_id': '%s', 'label': 'x', 'kind': 'factor'}", set), "/v1/themes"), 409,
	    "conflict");
	expect_fault(
	    post(json_of("{'set_id': '%s', 'label': 'x', 'kind': 'factor'}", new_id()), "/v1/themes"),
	    "/set_id", "unknown_theme_set");
}

Test(themes, keep_what_they_were_called_before)
{
	const char *theme = theme_with("{}");

	expect_status(changed(theme, "{'label': 'Families who are not reached'}"), 200);
	const struct answer *now =
	    changed(theme, "{'label': 'Reluctant engagement', 'aliases': ['hard to reach']}");
	expect_value(now, "/label", "'Reluctant engagement'");
	expect_value(now, "/earlier_labels/0/label", "'Families who are not reached'");
	expect_value(now, "/earlier_labels/1/label", "'Hard to reach families'");
	expect_value(get("/v1/themes?q=HARD%%20to"), "/has_more", "false");
	cr_assert_eq(count_of(answer_at(get("/v1/themes?q=HARD%%20to"), "/data"), "id", theme), 1);
}

Test(themes, are_retired_with_day_and_reason_and_what_stands_in_their_place)
{
	const char *old = theme_with("{}");
	const char *new = theme_with("{'label': 'Sporadic engagement'}");

	expect_fault(changed(old, "{'retired_on': '2024-01-01'}"), "/retired_reason", "required");
	expect_fault(
	    changed(old, text_of("{'replaced_by': '%s'}", new)), "/replaced_by", "not_retired");
	const char *retired =
	    text_of("{'retired_on': '2024-01-01', 'retired_reason': 'It puts the blame "
	            "on families.', 'replaced_by': '%s'}",
	        new);
	expect_fault(changed(new, retired), "/replaced_by", "own_replacement");
	expect_value(changed(old, retired), "/in_use", "false");
	cr_assert_eq(
	    count_of(answer_at(get("/v1/themes?in_use_on=2024-01-01"), "/data"), "id", old), 0);
	cr_assert_eq(
	    count_of(answer_at(get("/v1/themes?in_use_on=2023-12-31"), "/data"), "id", old), 1);
}

Test(themes, that_are_demographic_say_how_they_follow_from_children_s_records)
{
	expect_fault(post(json_of("{'label': 'Under 1s', 'kind': 'factor', 'derivation': 'under_1'}"),
	                 "/v1/themes"),
	    "/derivation", "not_demographic");
	expect_fault(
	    post(json_of("{'label': 'Under 1s', 'kind': 'demographic', 'derivation': 'under_1',"
	                 " 'white_other_counts': false}"),
	        "/v1/themes"),
	    "/white_other_counts", "not_derived");
	const struct answer *made =
	    post(json_of("{'label': 'Black and minoritised', 'kind':"
	                 " 'demographic', 'derivation': 'black_and_minoritised'}"),
	        "/v1/themes");
	expect_value(made, "/white_other_counts", "true");
}

Test(themes, are_told_apart_by_codes_in_a_set)
{
	const char *code = "'code': 'written_agreement'";

	theme_with(text_of("{%s}", code));
	expect_fault(post(json_of("{%s, 'label': 'x', 'kind': 'practice'}", code), "/v1/themes"),
	    "/code", "duplicate");
	theme_with("{'label': 'Pre-birth planning'}");
	const char *again = theme_with("{'label': 'Pre-birth planning'}");
	expect_value(get("/v1/themes/%s", again), "/code", "'pre_birth_planning_2'");
}

Test(theme_crosswalk, reads_from_either_side)
{
	const char *theme = theme_with("{}");
	const char *panel = national_theme("sporadic_engagement");
	json_t *line = json_of("{'other_theme_id': '%s', 'relation': 'broader'}", panel);

	expect_status(post(json_incref(line), "/v1/themes/%s/crosswalk", theme), 201);
	expect_fault(post(line, "/v1/themes/%s/crosswalk", theme), "/other_theme_id", "duplicate");
	const struct answer *here = get("/v1/themes/%s/crosswalk", theme);
	const struct answer *there = get("/v1/themes/%s/crosswalk", panel);
	expect_value(here, "/data/0/relation", "'broader'");
	expect_value(here, "/data/0/other_code", "'sporadic_engagement'");
	expect_value(there, "/data/0/relation", "'narrower'");
	expect_value(there, "/data/0/other_theme_id", text_of("'%s'", theme));
}

Test(theme_crosswalk, leads_from_one_set_to_another_and_loses_nothing)
{
	const char *theme = theme_with("{}");
	const char *line;

	expect_fault(post(json_of("{'other_theme_id': '%s', 'relation': 'related'}", theme_with("{}")),
	                 "/v1/themes/%s/crosswalk", theme),
	    "/other_theme_id", "same_set");
	line = answer_text(post(json_of("{'other_theme_id': '%s', 'relation': 'related'}",
	                            national_theme("home_education")),
	                       "/v1/themes/%s/crosswalk", theme),
	    "/id");
	expect_status(patch(json_of("{'removed_on': '2024-01-01'}"), "\"1\"",
	                  "/v1/themes/%s/crosswalk/%s", theme, line),
	    200);
	expect_value(get("/v1/themes/%s/crosswalk", theme), "/data", "[]");
	expect_value(get("/v1/themes/%s/crosswalk/%s", theme, line), "/removed_on", "'2024-01-01'");
}

Test(theme_sets, have_editions_and_days_from_which_they_are_valid)
{
	const struct answer *second =
	    post(json_of("{'code': 'local', 'label': 'Second'}"), "/v1/theme-sets");

	expect_value(second, "/edition", "'2'");
	expect_fault(
	    post(json_of("{'code': 'local', 'edition': '2', 'label': 'Again'}"), "/v1/theme-sets"),
	    "/edition", "duplicate");
	const char *id = answer_text(second, "/id");
	expect_fault(patch(json_of("{'valid_from': '2024-04-01', 'valid_to': '2024-03-31'}"), "\"1\"",
	                 "/v1/theme-sets/%s", id),
	    "/valid_to", "dates_out_of_order");
	expect_status(
	    patch(json_of("{'valid_to': '2024-03-31'}"), "\"1\"", "/v1/theme-sets/%s", id), 200);
	cr_assert_eq(
	    count_of(answer_at(get("/v1/theme-sets?valid_on=2024-04-01"), "/data"), "id", id), 0);
}
