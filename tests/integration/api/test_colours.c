/* Owns the tests of an action's colour: how it stands today, shown and found. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(colour, .timeout = 60);

/* Agreed on 12 October 2021, due at the end of the year. */
static const struct answer *agree(const char *members)
{
	json_t *body = json_of("{'text': 'Add it to the form.', 'owner': 'head of safeguarding',"
	                       " 'agreed_on': '2021-10-12', 'due_on': '2021-12-31'}");

	json_object_update_new(body, json_of("%s", members));
	return post(body, "/v1/actions");
}

static const char *agreed(const char *members)
{
	const struct answer *made = agree(members);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static void take(const char *id, const char *body)
{
	const char *tag = etag_of(get("/v1/actions/%s", id));

	expect_status(move(json_of("%s", body), tag, "/v1/actions/%s/transitions", id), 200);
}

/* As the list finds it by this colour, and as it is shown. */
static void expect_colour(const char *id, const char *colour)
{
	const json_t *data = answer_at(get("/v1/actions?limit=200&rag=%s", colour), "/data");

	cr_expect_eq(count_of(data, "id", id), 1, "%s", colour);
	cr_expect_str_eq(answer_text(get("/v1/actions/%s", id), "/rag"), colour);
}

Test(colour, of_an_action_turns_amber_four_weeks_before_it_is_due)
{
	static const struct {
		int due;
		const char *colour;
	} borders[] = {
	    {-1, "red"}, {0, "amber"}, {1, "amber"}, {27, "amber"}, {28, "amber"}, {29, "green"}};

	for (size_t i = 0; i < ARRAY_LENGTH(borders); i++)
		expect_colour(agreed(text_of("{'due_on': '%s'}", day(borders[i].due))), borders[i].colour);
	expect_value(agree("{}"), "/rag", "'red'");
	expect_value(agree(text_of("{'due_on': '%s', 'original_due_on': '2021-12-31', 'due_revision':"
	                           " {'reason': 'x', 'approved_by': 'y'}}",
	                 day(29))),
	    "/rag", "'amber'");
}

/* Whatever the state: on 8 January 2024, so that four weeks are over on 5 February. */
Test(colour, follows_from_the_state_the_due_date_and_its_revision)
{
	static const char query[] = "SELECT count(*) FROM (VALUES"
	                            " ('not_started', date '2024-01-07', false, 'red'),"
	                            " ('in_progress', '2024-01-07', true, 'red'),"
	                            " ('in_progress', '2024-01-08', false, 'amber'),"
	                            " ('not_started', '2024-02-04', false, 'amber'),"
	                            " ('not_started', '2024-02-05', false, 'amber'),"
	                            " ('not_started', '2024-02-06', false, 'green'),"
	                            " ('in_progress', '2024-02-06', false, 'green'),"
	                            " ('not_started', '2024-02-06', true, 'amber'),"
	                            " ('complete_pending_assurance', '2024-01-07', false, 'green'),"
	                            " ('complete_pending_assurance', '2024-01-20', false, 'green'),"
	                            " ('complete_pending_assurance', '2024-01-07', true, 'amber'),"
	                            " ('closed_assured', '2019-04-01', true, 'blue'),"
	                            " ('closed_unverified', '2019-04-01', true, 'grey'),"
	                            " ('superseded', '2030-04-01', false, 'grey'),"
	                            " ('not_accepted', '2030-04-01', false, 'red'))"
	                            " AS v (state, due_on, is_revised, colour)"
	                            " WHERE action_rag(v.state, v.due_on, v.is_revised, '2024-01-08')"
	                            "   = v.colour";

	cr_assert_eq(count_rows(query, NULL), 15);
}

Test(colour, is_never_typed)
{
	expect_problem(agree("{'rag': 'green'}"), 422, "invalid");
}

Test(colour, finds_the_actions_that_show_it_and_no_others)
{
	static const char *const colours[] = {"red", "amber", "green", "blue", "grey"};
	size_t found = 0;

	agreed(text_of("{'due_on': '%s'}", day(400)));
	agreed(text_of("{'due_on': '%s'}", day(3)));
	take(agreed("{}"), "{'to': 'not_accepted', 'reason': 'x'}");
	take(agreed("{}"), "{'to': 'superseded', 'reason': 'x'}");
	take(agreed("{}"), "{'to': 'complete_pending_assurance'}");
	for (size_t i = 0; i < ARRAY_LENGTH(colours); i++) {
		const json_t *data = answer_at(get("/v1/actions?limit=200&rag=%s", colours[i]), "/data");
		found += json_array_size(data);
		cr_assert_eq(count_of(data, "rag", colours[i]), json_array_size(data), "%s", colours[i]);
	}
	cr_assert_eq((int64_t)found, count_rows("SELECT count(*) FROM action", NULL));
}

Test(colour, stands_in_the_spreadsheet_too)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};
	const char *id = agreed("{}");
	const struct call call = {.headers = headers, .path = "/v1/actions?due_on[lte]=2021-12-31"};
	const struct answer *sheet = make(&call);

	expect_status(sheet, 200);
	const char *text = text_string(&sheet->body);
	cr_assert(strncmp(text, "id,version,state,rag,", 21) == 0, "%s", text);
	cr_assert_not_null(strstr(text, text_of("%s,1,not_started,red,", id)));
}
