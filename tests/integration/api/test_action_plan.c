/* The plan of a review as a whole: from a sheet and back, with a preview, all of it or nothing. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
static void have_agencies(void);
TestSuite(plan, .init = have_agencies, .timeout = 60);

static void have_agencies(void)
{
	if (count_rows("SELECT count(*) FROM agency WHERE slug = 'police'", NULL) == 0)
		agency_create(&stage()->database, "north", "police", "police", true);
}

#define HEADING                                                                                    \
	"recommendation_number,recommendation,action_number,action,lead_agencies,responsibility,"      \
	"owner,agreed_on,due_on,due_reason,due_approved_by,level\r\n"
#define FIRST                                                                                      \
	HEADING                                                                                        \
	"1,Know who cares.,1.1,Add it to the form.,police,,head of safeguarding,2021-10-12,"           \
	"31/12/2021,,,system\r\n"                                                                      \
	"1,,1.2,Train those who use it.,police; trust,collective,,12/10/2021,2022-03-31,,,\r\n"        \
	",,X1,Tell the board.,,,chair,2021-10-12,2021-11-30,,,\r\n"                                    \
	"2,Ask the department.,,,,,,,,,,\r\n"

static const char *at_plan(const char *review)
{
	return text_of("/v1/reviews/%s/action-plan", review);
}

static const struct answer *put_sheet(const char *review, const char *sheet, const char *query)
{
	const char *tag = etag_of(get("%s", at_plan(review)));
	const struct call call = {
	    .method = "PUT",
	    .path = text_of("%s%s", at_plan(review), query),
	    .if_match = tag,
	    .content_type = "text/csv; charset=utf-8",
	    .body = sheet,
	};

	return make(&call);
}

static const char *sheet_of(const char *review)
{
	static const char *const headers[] = {"Accept: text/csv", NULL};
	const struct answer *read = make(&(struct call){.path = at_plan(review), .headers = headers});

	expect_status(read, 200);
	return text_of("%s", text_string(&read->body));
}

static const char *planned(void)
{
	const char *review = reviewed("lcspr", "{}");

	expect_status(put_sheet(review, FIRST, ""), 200);
	return review;
}

Test(plan, comes_from_a_sheet_whole)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *put = put_sheet(review, FIRST, "");

	expect_status(put, 200);
	expect_value(put, "/dry_run", "false");
	cr_assert_eq(json_array_size(answer_at(put, "/would_create")), 5);
	expect_value(put, "/would_change", "[]");
	expect_value(put, "/faults", "[]");
	const struct answer *read = get("%s", at_plan(review));
	expect_status(read, 200);
	expect_value(read, "/recommendations/0/number", "'1'");
	expect_value(read, "/recommendations/0/origin", "'lcspr'");
	expect_value(read, "/recommendations/0/actions/0/number", "'1.1'");
	expect_value(read, "/recommendations/0/actions/0/due_on", "'2021-12-31'");
	expect_value(read, "/recommendations/0/actions/0/rag", "'red'");
	expect_value(read, "/recommendations/0/actions/0/leads/0/agency_name", "'police'");
	expect_value(read, "/recommendations/0/actions/1/responsibility", "'collective'");
	cr_assert_eq(json_array_size(answer_at(read, "/recommendations/0/actions/1/leads")), 2);
	expect_value(read, "/recommendations/1/actions", "[]");
	expect_value(read, "/actions/0/number", "'X1'");
	expect_value(read, "/actions/0/agreed_on", "'2021-10-12'");
	/* As when each is made by itself. */
	const char *id = answer_text(read, "/actions/0/id");
	cr_assert_eq(count_rows("SELECT count(*) FROM clock WHERE subject = 'action'"
	                        " AND subject_id = $1::uuid AND due_on = '2021-11-30'",
	                 id),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM event WHERE type = 'action.agreed'"
	                        " AND body::jsonb #>> '{data,action_id}' = $1",
	                 id),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry WHERE resource_id = $1"
	                        " AND action = 'putReviewActionPlan' AND resource = 'action'",
	                 id),
	    1);
	cr_assert_eq(count_rows("SELECT count(*) FROM transition WHERE subject_id = $1::uuid", id), 1);
}

Test(plan, moves_no_action_to_another_recommendation)
{
	const char *review = planned();
	const char *action = answer_text(get("%s", at_plan(review)), "/recommendations/0/actions/0/id");
	const struct answer *refused =
	    put_sheet(review, text_of("recommendation_number,action_id\r\n2,%s\r\n", action), "");

	expect_problem(refused, 422, "invalid");
	cr_assert_not_null(strstr(told(refused), "\"another_recommendation\""), "%s", told(refused));
}

Test(plan, changes_each_thing_that_a_sheet_has_a_column_for)
{
	const char *review = planned();
	const struct answer *before = get("%s", at_plan(review));
	const char *recommendation = answer_text(before, "/recommendations/0/id");
	const char *action = answer_text(before, "/recommendations/0/actions/0/id");
	static const char *const expected[][2] = {{"number", "'9.1'"}, {"text", "'On every form.'"},
	    {"responsibility", "'collective'"}, {"owner", "'chair'"}, {"due_on", "'2022-01-31'"},
	    {"level", "'group'"}, {"impact_measure", "'9 of 10'"}, {"assurance_interval_months", "7"}};

	expect_status(
	    put_sheet(review,
	        text_of("recommendation_id,recommendation_number,recommendation,addressee,addressed_to,"
	                "recommended_on,action_id,action_number,action,lead_agencies,responsibility,"
	                "owner,due_on,due_reason,due_approved_by,level,impact_measure,"
	                "assurance_interval_months\r\n"
	                "%s,9,Know it.,agency,police,2021-10-01,%s,9.1,On every form.,police; trust,"
	                "collective,chair,2022-01-31,More time.,board,group,9 of 10,7\r\n",
	            recommendation, action),
	        ""),
	    200);
	const struct answer *advice = get("/v1/recommendations/%s", recommendation);
	expect_value(advice, "/number", "'9'");
	expect_value(advice, "/text", "'Know it.'");
	expect_value(advice, "/addressee", "'agency'");
	expect_value(advice, "/made_on", "'2021-10-01'");
	const struct answer *read = get("/v1/actions/%s", action);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		expect_value(read, text_of("/%s", expected[i][0]), expected[i][1]);
	cr_assert_eq(json_array_size(answer_at(read, "/leads")), 2);
}

Test(plan, that_is_given_back_as_it_came_changes_nothing)
{
	const char *review = planned();
	const char *kept = everything_kept();
	const struct answer *again = put_sheet(review, sheet_of(review), "");

	expect_status(again, 200);
	expect_value(again, "/would_create", "[]");
	expect_value(again, "/would_change", "[]");
	expect_value(again, "/left_alone", "[]");
	cr_assert_eq(json_array_size(answer_at(again, "/unchanged")), 5);
	const struct answer *first = put_sheet(review, FIRST, "");
	expect_value(first, "/would_create", "[]");
	expect_value(first, "/would_change", "[]");
	const struct answer *read = get("%s", at_plan(review));
	const struct answer *as_json =
	    change(json_deep_copy(read->json), etag_of(read), "%s", at_plan(review));
	expect_status(as_json, 200);
	expect_value(as_json, "/would_change", "[]");
	cr_assert_eq(json_array_size(answer_at(as_json, "/unchanged")), 5);
	cr_assert_str_eq(everything_kept(), kept);
}

Test(plan, shows_in_a_preview_what_would_change_and_keeps_nothing)
{
	static const char sheet[] =
	    HEADING "1,Know who else cares.,1.1,Add it to the form.,police,,superintendent,,2022-03-31,"
	            "The release,subgroup,\r\n"
	            "1,,1.3,A new one.,police,,,2021-10-12,2022-01-31,,,\r\n";
	const char *review = planned();
	const char *kept = everything_kept();
	const struct answer *preview = put_sheet(review, sheet, "?dry_run=true");

	expect_status(preview, 200);
	expect_value(preview, "/dry_run", "true");
	cr_assert_str_eq(everything_kept(), kept);
	expect_value(preview, "/would_create",
	    "[{'kind': 'action', 'id': null, 'number': '1.3', 'text': 'A new one.'}]");
	expect_value(preview, "/would_change/0/kind", "'recommendation'");
	expect_value(preview, "/would_change/0/changes",
	    "[{'field': 'recommendation', 'from': 'Know who cares.', 'to': 'Know who else cares.'}]");
	expect_value(preview, "/would_change/1/number", "'1.1'");
	expect_value(preview, "/would_change/1/changes",
	    "[{'field': 'owner', 'from': 'head of safeguarding', 'to': 'superintendent'},"
	    " {'field': 'due_on', 'from': '2021-12-31', 'to': '2022-03-31'},"
	    " {'field': 'level', 'from': 'system', 'to': null}]");
	cr_assert_eq(json_array_size(answer_at(preview, "/left_alone")), 3);
	const struct answer *put = put_sheet(review, sheet, "");
	cr_assert(json_equal(answer_at(put, "/would_change"), answer_at(preview, "/would_change")));
	const struct answer *read = get("%s", at_plan(review));
	expect_value(read, "/recommendations/0/actions/0/due_revisions/0/reason", "'The release'");
	expect_value(read, "/recommendations/0/actions/0/original_due_on", "'2021-12-31'");
	expect_value(read, "/recommendations/0/actions/2/number", "'1.3'");
	/* Nothing was taken away. */
	expect_value(read, "/actions/0/number", "'X1'");
}

Test(plan, tells_every_fault_of_every_line_and_keeps_nothing)
{
	static const char sheet[] =
	    HEADING "1,,1.1,,nobody,,,,2022-03-31,,,\r\n"
	            "1,,1.2,,,individual,,,,,,\r\n"
	            "1,,1.2,,,,,,,,,\r\n"
	            ",,,Without a number.,,,,,2022-03-31,,,\r\n"
	            "\"9\",\"Two\r\nlines\",9.1,No date.,police; trust,,,,,,,\r\n"
	            "1,Something else.,,,,,,,,,,\r\n";
	const char *review = planned();
	const char *kept = everything_kept();
	const struct answer *refused = put_sheet(review, sheet, "");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/2/lead_agencies", "unknown_agency");
	expect_fault(refused, "/2/due_reason", "required");
	expect_fault(refused, "/3/lead_agencies", "one_lead");
	expect_fault(refused, "/4/action_number", "duplicate");
	expect_fault(refused, "/5/action_number", "required");
	expect_fault(refused, "/6/due_on", "required");
	expect_fault(refused, "/6/lead_agencies", "one_lead");
	const struct answer *preview = put_sheet(review, sheet, "?dry_run=true");
	expect_status(preview, 200);
	cr_assert(json_equal(answer_at(preview, "/faults"), answer_at(refused, "/errors")));
	cr_assert_str_eq(everything_kept(), kept);
}

Test(plan, does_not_take_colours_and_states_from_a_sheet)
{
	const char *review = planned();
	const struct answer *coloured =
	    put_sheet(review, "action_number,rag\nX1,green\n", "?dry_run=true");

	expect_status(coloured, 200);
	expect_value(coloured, "/would_change", "[]");
	const struct answer *stated = put_sheet(review, "action_number,state\nX1,closed_assured\n", "");
	expect_fault(stated, "/2/state", "has_steps");
	const struct answer *accepted =
	    put_sheet(review, "recommendation_number,recommendation_state\n1,accepted\n", "");
	expect_fault(accepted, "/2/recommendation_state", "has_steps");
	expect_fault(put_sheet(review, "action_number,agreed_on\nX1,2021-10-13\n", ""), "/2/agreed_on",
	    "settled");
}

Test(plan, that_is_no_sheet_is_refused_with_the_line)
{
	const char *review = planned();

	expect_problem(put_sheet(review, "action_number\n\"X1\n", ""), 400, "malformed-body");
	expect_fault(put_sheet(review, "action_number,colour\nX1,red\n", ""), "/1", "unknown_column");
	expect_fault(put_sheet(review, "action_number,level\nX1,nation\n", ""), "/2/level", "enum");
	const struct call other = {.method = "PUT",
	    .path = at_plan(review),
	    .if_match = etag_of(get("%s", at_plan(review))),
	    .content_type = "text/plain",
	    .body = "x"};
	expect_problem(make(&other), 415, "unsupported-media-type");
}

Test(plan, of_two_that_are_put_at_once_is_stale_for_the_second)
{
	const char *review = planned();
	const char *tag = etag_of(get("%s", at_plan(review)));

	expect_status(change(json_of("{'actions': [{'number': 'X1', 'owner': 'somebody else'}]}"), tag,
	                  "%s", at_plan(review)),
	    200);
	expect_problem(change(json_of("{'actions': [{'number': 'X1', 'owner': 'nobody'}]}"), tag, "%s",
	                   at_plan(review)),
	    412, "stale");
	expect_value(get("%s", at_plan(review)), "/actions/0/owner", "'somebody else'");
}

Test(plan, changes_what_has_been_closed_in_no_way)
{
	const char *review = planned();
	const char *id = answer_text(get("%s", at_plan(review)), "/actions/0/id");

	expect_status(move(json_of("{'to': 'superseded', 'reason': 'x'}"), "\"1\"",
	                  "/v1/actions/%s/transitions", id),
	    200);
	const struct answer *refused = put_sheet(review, "action_number,owner\nX1,somebody\n", "");
	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/2", "state");
}

Test(plan, has_no_local_action_of_a_recommendation_to_a_national_body)
{
	const char *review = reviewed("lcspr", "{}");
	const struct answer *refused = put_sheet(review,
	    "recommendation_number,recommendation,addressee,national_body,action_number,action,due_on\n"
	    "1,Change the law.,national_body,DfE,1.1,Wait.,2022-01-01\n",
	    "");

	expect_fault(refused, "/2", "recommendation_is_local");
}

Test(plan, names_a_lead_as_it_was_called_and_what_it_has_become)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	const char *const succeed[] = {"agencies", "succeed", "--partnership", "north", "--agency",
	    "ccg", "--by", "icb", "--on", "2022-07-01", NULL};
	const char *review = reviewed("lcspr", "{}");

	agency_create(&stage()->database, "north", "ccg", "nhs", true);
	agency_create(&stage()->database, "north", "icb", "nhs", true);
	expect_status(put_sheet(review,
	                  "action_number,action,lead_agencies,agreed_on,due_on\n"
	                  "1,Do it.,ccg,2021-10-12,2021-12-31\n",
	                  ""),
	    200);
	csprd_run(&stage()->database, succeed, NULL, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
	const struct answer *read = get("%s", at_plan(review));
	expect_value(read, "/actions/0/leads/0/agency_name", "'ccg'");
	expect_value(read, "/actions/0/leads/0/current_agency_name", "'icb'");
	const char *sheet = sheet_of(review);
	cr_assert_not_null(strstr(sheet, ",ccg,icb,"), "%s", sheet);
	expect_value(put_sheet(review, sheet, ""), "/would_change", "[]");
}

Test(plan, of_formulas_comes_back_as_it_was)
{
	const char *review = reviewed("lcspr", "{}");

	expect_status(put_sheet(review,
	                  "action_number,action,agreed_on,due_on\n1,'=1+1,2021-10-12,2021-12-31\n", ""),
	    200);
	expect_value(get("%s", at_plan(review)), "/actions/0/text", "'=1+1'");
	cr_assert_not_null(strstr(sheet_of(review), ",'=1+1,"));
	expect_value(put_sheet(review, sheet_of(review), ""), "/would_change", "[]");
}

Test(plan, needs_the_scopes_of_what_it_changes)
{
	const char *review = planned();

	as(key_with("actions:read actions:write reviews:read"));
	expect_status(put_sheet(review, "action_number,owner\nX1,somebody\n", ""), 200);
	expect_problem(put_sheet(review, "recommendation_number,recommendation\n1,Other.\n", ""), 403,
	    "forbidden");
	as(key_with("actions:read"));
	expect_problem(put_sheet(review, "action_number,owner\nX1,nobody\n", ""), 403, "forbidden");
	as(stage()->council);
	expect_problem(get("%s", at_plan(new_id())), 404, "not-found");
}
