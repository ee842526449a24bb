/* Owns the tests of agencies that are renamed or merged: they end on a day and name who follows. */
#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
static void have_groups(void);
TestSuite(agency, .init = have_groups, .timeout = 60);

static int succeed(const char *agency, const char *by, const char *on)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const arguments[] = {"agencies", "succeed", "--partnership", "north", "--agency",
	    agency, "--by", by, "--on", on, NULL};

	csprd_run(&stage()->database, arguments, NULL, &outcome);
	cr_assert(outcome.status == 0 || text_string(&outcome.errors)[0], "it says why");
	return outcome.status;
}

static const char *agency_id(const char *slug)
{
	CLEANUP(free)
	char *id = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = $1",
	    slug, NULL);

	return text_of("%s", id);
}

static const json_t *listed(const char *query, const char *slug)
{
	size_t index;
	json_t *item;

	json_array_foreach (answer_at(get("/v1/agencies?%s", query), "/data"), index, item)
		if (strcmp(json_string_value(json_object_get(item, "slug")), slug) == 0)
			return item;
	return NULL;
}

static const char *member_of(const json_t *item, const char *name)
{
	const char *value = json_string_value(json_object_get(item, name));

	return value ? value : "";
}

/* The groups became a board on 1 July 2022. */
static void have_groups(void)
{
	if (count_rows("SELECT count(*) FROM agency WHERE slug = 'icb'", NULL) > 0)
		return;
	agency_create(&stage()->database, "north", "ccg", "nhs", true);
	agency_create(&stage()->database, "north", "icb", "nhs", true);
	cr_assert_eq(succeed("ccg", "icb", "2022-07-01"), 0);
}

Test(agency, that_was_succeeded_ends_the_day_before_and_names_who_follows)
{
	const json_t *ended = listed("", "ccg");

	cr_assert_str_eq(member_of(ended, "valid_to"), "2022-06-30");
	cr_assert_str_eq(member_of(ended, "succeeded_on"), "2022-07-01");
	cr_assert_str_eq(member_of(ended, "succeeded_by"), agency_id("icb"));
	cr_assert_str_eq(member_of(listed("", "icb"), "succeeded_by"), "");
}

Test(agency, is_a_partner_in_law_on_its_days_alone)
{
	cr_assert_not_null(listed("statutory_partner=true&valid_on=2022-06-30", "ccg"));
	cr_assert_null(listed("statutory_partner=true&valid_on=2022-07-01", "ccg"));
	cr_assert_not_null(listed("statutory_partner=true&valid_on=2022-07-01", "icb"));
	cr_assert_null(listed("statutory_partner=true", "trust"));
	cr_assert_not_null(listed("statutory_partner=false", "trust"));
}

Test(agency, is_succeeded_once_and_never_by_what_it_became_itself)
{
	cr_assert_eq(succeed("ccg", "trust", "2023-01-01"), 1);
	cr_assert_eq(succeed("icb", "ccg", "2023-01-01"), 1);
	cr_assert_eq(succeed("icb", "icb", "2023-01-01"), 1);
	cr_assert_eq(succeed("icb", "nobody", "2023-01-01"), 1);
	cr_assert_eq(succeed("icb", "trust", "2023-02-30"), 2);
	cr_assert_str_eq(member_of(listed("", "icb"), "succeeded_by"), "");
}

Test(agency, has_on_each_day_the_name_that_was_valid)
{
	static const struct {
		const char *day;
		const char *name;
	} days[] = {{"2019-04-01", "ccg"}, {"2022-06-30", "ccg"}, {"2022-07-01", "icb"}};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		CLEANUP(free)
		char *name = sql_text(&stage()->database,
		    "SELECT agency_name_on($1::uuid, $2::date) FROM (SELECT set_config("
		    "'app.partnership_id', (SELECT id::text FROM partnership WHERE slug = 'north'), true))"
		    " AS tenant (id) WHERE tenant.id <> ''",
		    agency_id("ccg"), days[i].day, NULL);
		cr_assert_str_eq(name, days[i].name, "%s", days[i].day);
	}
}
