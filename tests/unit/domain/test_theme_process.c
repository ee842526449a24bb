/* Owns the tests of what may be said of themes, and by which is coded on which day. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "domain/theme_process.h"

static json_t *read_json(const char *text)
{
	char json[1000];

	cr_assert_lt(strlen(text), sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *value = json_loads(json, 0, NULL);
	cr_assert(value, "%s", text);
	return value;
}

/* The code of the first fault; "" when there is none. */
static const char *fault_of(bool (*check)(const struct act *act, struct problem *problem),
    const char *facts, const char *body)
{
	static char code[80];
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *known = read_json(facts);
	CLEANUP(json_decref) json_t *sent = read_json(body);
	const struct act act = {.facts = known, .body = sent, .today = date_from_civil(2024, 1, 8)};

	code[0] = '\0';
	if (!check(&act, &problem))
		snprintf(code, sizeof(code), "%s",
		    json_string_value(json_object_get(json_array_get(problem.errors, 0), "code")));
	return code;
}

struct day {
	const char *theme;
	const char *coding;
	const char *fault;
};

Test(theme_coding, goes_by_the_day_on_which_it_was_coded)
{
	static const struct day days[] = {
	    {"", "", ""},
	    {"'used_from': '2024-01-08'", "", ""},
	    {"'used_from': '2024-01-09'", "", "theme_not_in_use"},
	    {"'retired_on': '2024-01-08'", "", "theme_retired"},
	    {"'retired_on': '2024-01-09'", "", ""},
	    {"'retired_on': '2024-01-08'", ", 'coded_on': '2024-01-07'", ""},
	    {"'retired_on': '2024-01-08', 'is_coded': true", "", ""},
	    {"'set_from': '2024-01-01', 'set_to': '2024-01-07'", "", "theme_set_not_valid"},
	    {"'set_from': '2024-01-01', 'set_to': '2024-01-08'", "", ""},
	    {"", ", 'coded_on': '2024-01-09'", "date_in_future"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		char facts[300];
		char body[200];
		snprintf(facts, sizeof(facts), "{'named_themes': {'a': {%s}}}", days[i].theme);
		snprintf(body, sizeof(body), "{'themes': [{'theme_id': 'a'%s}]}", days[i].coding);
		cr_expect_str_eq(
		    fault_of(theme_coding_check, facts, body), days[i].fault, "%s %s", facts, body);
	}
}

Test(theme_coding, names_what_stands_in_the_place_of_a_retired_theme)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref)
	json_t *facts = read_json("{'named_themes': {'a': {'label': 'Hard to reach', 'retired_on':"
	                          " '2024-01-01', 'retired_reason': 'language', 'replaced_by': 'b',"
	                          " 'replaced_by_label': 'Sporadic engagement'}}}");
	CLEANUP(json_decref) json_t *body = read_json("{'themes': [{'theme_id': 'a'}]}");
	const struct act act = {.facts = facts, .body = body, .today = date_from_civil(2024, 1, 8)};

	cr_assert(!theme_coding_check(&act, &problem));
	const char *detail =
	    json_string_value(json_object_get(json_array_get(problem.errors, 0), "detail"));
	cr_assert_not_null(strstr(detail, "Hard to reach"));
	cr_assert_not_null(strstr(detail, "language"));
	cr_assert_not_null(strstr(detail, "'Sporadic engagement' (b)"));
}

Test(themes, of_the_national_sets_are_nobody_s_to_change)
{
	static const char *const operations[] = {"createTheme", "patchTheme"};
	CLEANUP(json_decref) json_t *facts = read_json("{'set_is_there': true, 'set_is_local': false}");
	CLEANUP(json_decref) json_t *body = read_json("{'label': 'x', 'kind': 'factor'}");
	const struct act act = {.facts = facts, .body = body, .today = date_from_civil(2024, 1, 8)};

	for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		const struct step *step = NULL;
		cr_assert(process_find(&theme_process, operations[i], NULL, "", &step, &problem));
		cr_assert(!process_judge(&theme_process, step, &act, "{}", &problem));
		cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
	}
}

Test(themes, say_of_their_derivation_and_retirement_what_belongs_together)
{
	static const struct {
		const char *body;
		const char *fault;
	} bodies[] = {
	    {"{'kind': 'demographic', 'derivation': 'under_1'}", ""},
	    {"{'kind': 'practice', 'derivation': 'under_1'}", "not_demographic"},
	    {"{'kind': 'demographic', 'derivation': 'under_1', 'white_other_counts': true}",
	        "not_derived"},
	    {"{'kind': 'factor', 'retired_on': '2024-01-01'}", "required"},
	    {"{'kind': 'factor', 'retired_reason': 'x'}", "required"},
	    {"{'kind': 'factor', 'replaced_by': 'b'}", "not_retired"},
	    {"{'kind': 'factor', 'used_from': '2024-01-02', 'retired_on': '2024-01-01',"
	     " 'retired_reason': 'x'}",
	        "dates_out_of_order"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		const struct step *step = NULL;
		CLEANUP(problem_finish) struct problem problem = {0};
		cr_assert(process_find(&theme_process, "createTheme", NULL, "", &step, &problem));
		cr_expect_str_eq(fault_of(step->check, "{'set_is_there': true}", bodies[i].body),
		    bodies[i].fault, "%s", bodies[i].body);
	}
}
