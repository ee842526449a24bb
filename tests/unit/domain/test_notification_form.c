/* Owns the tests of the answers that the DfE's form asks for. */
#include <string.h>

#include <criterion/criterion.h>

#include "domain/notification_form.h"

static json_t *form_of(const char *text)
{
	char json[3000];

	cr_assert(strlen(text) < sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	CLEANUP(json_decref) json_t *incident = json_loads(json, 0, NULL);
	cr_assert(incident, "%s", text);
	return notification_form(incident);
}

static const json_t *section_of(const json_t *form, const char *name)
{
	size_t index;
	json_t *section;

	json_array_foreach (json_object_get(form, "sections"), index, section) {
		if (strcmp(json_string_value(json_object_get(section, "section")), name) == 0)
			return section;
	}
	return NULL;
}

/* The state of the answer that points to the field; "" when nothing asks for it. */
static const char *state_of(const json_t *form, const char *section, const char *field)
{
	const json_t *answers = json_object_get(section_of(form, section), "answers");
	size_t index;
	json_t *answer;

	json_array_foreach (answers, index, answer) {
		const char *pointer = json_string_value(json_object_get(answer, "field"));
		if (pointer && strcmp(pointer, field) == 0)
			return json_string_value(json_object_get(answer, "state"));
	}
	return "";
}

static bool is_missing(const json_t *form, const char *code)
{
	size_t index;
	json_t *gap;

	json_array_foreach (json_object_get(form, "missing"), index, gap) {
		if (strcmp(json_string_value(json_object_get(gap, "code")), code) == 0)
			return true;
	}
	return false;
}

#define WHOLE                                                                                      \
	"'duty':'serious_incident','local_ref':'A','notifying_basis':'in_area',"                       \
	"'abuse_neglect_status':'known','aware_on':'2024-01-08','incident_date':'2024-01-06',"         \
	"'location_type':'home','la_of_incident':'E08000028','la_of_residence':'E08000028',"           \
	"'narrative':'x','immediate_actions':'y','other_children_at_risk_considered':false,"           \
	"'harm_types':['neglect']"
#define CHILD                                                                                      \
	"{'role':'victim','age_years':3,'sex':'F','ethnicity':'WBRI','disabilities':['NONE'],"         \
	"'mental_health_condition':'no','known_to_any_agency':'not_known','csc_status':'cin_plan',"    \
	"'cp_plan':'none','lac_status':'none','education_status':'early_years'}"

Test(notification_form, is_complete_when_everything_that_it_needs_was_asked)
{
	CLEANUP(json_decref)
	json_t *form = form_of("{'nature':'serious_harm'," WHOLE ",'children':[" CHILD "]}");
	CLEANUP(free) char *missing = json_dumps(json_object_get(form, "missing"), 0);

	cr_assert(json_is_true(json_object_get(form, "complete")), "%s", missing);
	cr_expect_str_eq(state_of(form, "incident", "/other_children_at_risk_considered"), "answered");
	cr_expect_str_eq(state_of(form, "incident", "/death_date"), "not_needed");
	cr_expect_str_eq(state_of(form, "child_1", "/children/0/known_to_any_agency"), "answered");
	cr_expect_str_eq(state_of(form, "child_1", "/children/0/legal_status"), "not_needed");
	cr_expect_str_eq(state_of(form, "further_children", "/children"), "not_needed");
}

Test(notification_form, tells_every_gap_by_its_field)
{
	CLEANUP(json_decref)
	json_t *form = form_of("{'nature':'child_death'," WHOLE ",'children':["
	                       "{'nature':'child_death','lac_status':'current'}]}");

	cr_assert(json_is_false(json_object_get(form, "complete")));
	static const char *const gaps[] = {"death_date", "cause_of_death", "death_subtype",
	    "la_responsible", "child_1_role", "child_1_sex", "child_1_age_years",
	    "child_1_legal_status", "child_1_placement_type"};
	for (size_t i = 0; i < ARRAY_LENGTH(gaps); i++)
		cr_expect(is_missing(form, gaps[i]), "%s", gaps[i]);
	cr_expect_not(is_missing(form, "child_1_host_la"));
	cr_expect_str_eq(state_of(form, "incident", "/death_date"), "missing");
}

Test(notification_form, asks_an_unborn_child_for_the_expected_day_and_not_for_an_age)
{
	CLEANUP(json_decref)
	json_t *form = form_of("{'nature':'serious_harm'," WHOLE ",'children':[{'unborn':true}]}");

	cr_expect(is_missing(form, "child_1_expected_on"));
	cr_expect_not(is_missing(form, "child_1_age_years"));
	cr_expect_not(is_missing(form, "child_1_education_status"));
}

Test(notification_form, tells_further_children_as_text)
{
	CLEANUP(json_decref)
	json_t *form =
	    form_of("{'nature':'serious_harm'," WHOLE ",'children':[" CHILD "," CHILD "," CHILD
	            "," CHILD ",{'role':'sibling_also_harmed','age_years':9},{}]}");
	const json_t *answers = json_object_get(section_of(form, "further_children"), "answers");
	const json_t *answer = json_array_get(answers, 0);

	cr_assert_not_null(section_of(form, "child_4"));
	cr_assert_null(section_of(form, "child_5"));
	cr_assert_str_eq(json_string_value(json_object_get(answer, "value")),
	    "Child 5: role sibling_also_harmed, age_years 9\nChild 6");
}

Test(notification_form, holds_nobodys_name)
{
	CLEANUP(json_decref)
	json_t *form = form_of("{'nature':'serious_harm'," WHOLE ",'children':[" CHILD "]}");
	static const struct {
		const char *section;
		size_t count;
	} rows[] = {{"notifier", 3}, {"child_1", 4}, {"documents", 1}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const json_t *answers = json_object_get(section_of(form, rows[i].section), "answers");
		size_t index;
		size_t count = 0;
		json_t *answer;
		json_array_foreach (answers, index, answer) {
			if (strcmp(json_string_value(json_object_get(answer, "state")), "not_held") != 0)
				continue;
			count++;
			cr_expect(json_is_null(json_object_get(answer, "value")));
			cr_expect(json_is_null(json_object_get(answer, "field")));
		}
		cr_expect_eq(count, rows[i].count, "%s: %zu", rows[i].section, count);
	}
}

Test(notification_form, of_an_incident_without_a_duty_says_why_there_is_none)
{
	CLEANUP(json_decref)
	json_t *form =
	    form_of("{'nature':'serious_harm','abuse_neglect_status':'not_known_or_suspected',"
	            "'children':[" CHILD "]}");

	cr_expect(is_missing(form, "no_abuse_or_neglect"));
	cr_expect(json_is_false(json_object_get(form, "complete")));
}
