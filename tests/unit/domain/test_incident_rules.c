/* Owns the tests of the rules across an incident's fields: a sound incident, changed row by row. */
#include <string.h>

#include <criterion/criterion.h>

#include "base/text.h"
#include "domain/incident_rules.h"

#define TODAY "2024-03-15"

static json_t *read_json(const char *text)
{
	char json[2000];
	json_error_t error;

	cr_assert(strlen(text) < sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *value = json_loads(json, 0, &error);
	cr_assert(value, "%s: %s", text, error.text);
	return value;
}

static json_t *sound_incident(void)
{
	return read_json("{'local_ref':'INC-1','incident_date':'2024-03-01','date_precision':'exact',"
	                 "'aware_on':'2024-03-04','nature':'serious_harm',"
	                 "'abuse_neglect_status':'suspected','notifying_basis':'in_area',"
	                 "'children':[{'index_child':true,'role':'victim','nature':'serious_harm',"
	                 "'age_years':4}]}");
}

/* "pointer code" of each fault, sorted as they came, separated by "; ". */
static void list_faults(const json_t *incident, struct text *ret_faults)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct date today;

	cr_assert(date_parse(TODAY, &today));
	bool sound = incident_rules_check(incident, today, &problem);
	cr_assert_eq(sound, json_array_size(problem.errors) == 0);
	cr_assert_eq(problem.kind, sound ? PROBLEM_NONE : PROBLEM_INVALID);
	for (size_t i = 0; i < json_array_size(problem.errors); i++) {
		const json_t *fault = json_array_get(problem.errors, i);
		const char *detail = json_string_value(json_object_get(fault, "detail"));
		cr_expect_gt(strlen(detail), 20, "a fault without a sentence");
		text_printf(ret_faults, "%s%s %s", i ? "; " : "",
		    json_string_value(json_object_get(fault, "pointer")),
		    json_string_value(json_object_get(fault, "code")));
	}
}

struct row {
	const char *change; /* merged over the sound incident */
	const char *faults;
};

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(text_finish) struct text faults = TEXT_INIT(10000);
		CLEANUP(json_decref) json_t *incident = sound_incident();
		CLEANUP(json_decref) json_t *change = read_json(rows[i].change);
		cr_assert_eq(json_object_update(incident, change), 0);
		list_faults(incident, &faults);
		cr_expect_str_eq(
		    text_string(&faults), rows[i].faults, "%s: %s", rows[i].change, text_string(&faults));
	}
}

Test(incident_rules, find_nothing_in_a_sound_incident)
{
	static const struct row rows[] = {
	    {"{}", ""},
	    {"{'aware_on':'2024-03-15','incident_date':'2024-03-15'}", ""}, /* today is no future */
	    {"{'death_date':null,'death_subtype':null,'incident_time':null,'aware_at':null}", ""},
	    {"{'incident_time':'23:10'}", ""},
	    {"{'incident_date':'1999-07-01'}", ""}, /* discovered late */
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, refuse_what_happened_in_the_future)
{
	static const struct row rows[] = {
	    {"{'incident_date':'2024-03-16'}",
	        "/incident_date date_in_future; /aware_on aware_before_incident"},
	    {"{'date_precision':'range','incident_date_to':'2024-03-16'}",
	        "/incident_date_to date_in_future"},
	    {"{'aware_on':'2024-03-16'}", "/aware_on date_in_future"},
	    {"{'aware_on':null,'aware_at':'2024-03-16T00:00:00Z'}", "/aware_at date_in_future"},
	    {"{'partnership_aware_on':'2024-03-16'}", "/partnership_aware_on date_in_future"},
	    {"{'referral_received_on':'2024-03-16'}", "/referral_received_on date_in_future"},
	    {"{'nature':'child_death','children':[{'index_child':true}],'death_date':'2024-03-16'}",
	        "/death_date date_in_future"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, refuse_dates_that_nobody_can_mean)
{
	static const struct row rows[] = {
	    {"{'incident_date':'0024-03-01'}", "/incident_date date_out_of_range"},
	    {"{'partnership_aware_on':'9999-12-31'}", "/partnership_aware_on date_out_of_range"},
	    {"{'aware_on':null,'aware_at':'0001-01-01T00:00:00Z'}", "/aware_at date_out_of_range"},
	    {"{'children':[{'index_child':true,'unborn':true,'expected_on':'2999-01-01'}]}",
	        "/children/0/expected_on date_out_of_range"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, refuse_awareness_before_the_incident)
{
	static const struct row rows[] = {
	    {"{'aware_on':'2024-02-29'}", "/aware_on aware_before_incident"},
	    {"{'aware_on':'2024-03-01'}", ""},
	    {"{'aware_on':null,'aware_at':'2024-02-29T12:00:00Z'}", "/aware_at aware_before_incident"},
	    {"{'partnership_aware_on':'2024-02-29'}", "/partnership_aware_on aware_before_incident"},
	    {"{'referral_received_on':'2024-02-29'}", "/referral_received_on aware_before_incident"},
	    /* A range counts from its start; a month and a year from their first day. */
	    {"{'date_precision':'range','incident_date_to':'2024-03-10'}", ""},
	    {"{'date_precision':'range','incident_date_to':'2024-03-10','aware_on':'2024-02-29'}",
	        "/aware_on aware_before_incident"},
	    {"{'date_precision':'month','incident_date':'2024-03-12'}", ""},
	    {"{'date_precision':'month','aware_on':'2024-02-29'}", "/aware_on aware_before_incident"},
	    {"{'date_precision':'year','incident_date':'2024-03-12','aware_on':'2024-01-02'}", ""},
	    {"{'date_precision':'year','aware_on':'2023-12-31'}", "/aware_on aware_before_incident"},
	    {"{'date_precision':'unknown','aware_on':'2020-01-01'}", ""},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, take_the_london_date_of_the_instant_of_awareness)
{
	static const struct row rows[] = {
	    {"{'aware_on':null}", "/aware_on aware_on_required"},
	    {"{'aware_on':null,'aware_at':'2024-03-04T18:00:00Z'}", ""},
	    {"{'aware_at':'2024-03-04T23:59:59Z'}", ""},
	    {"{'aware_at':'2024-03-05T00:00:00Z'}", "/aware_on aware_at_disagrees"},
	    /* 23:30 UTC in summer is the next day in London. */
	    {"{'incident_date':'2023-06-01','aware_on':'2023-07-01',"
	     "'aware_at':'2023-06-30T23:30:00Z'}",
	        ""},
	    {"{'incident_date':'2023-06-01','aware_on':'2023-06-30',"
	     "'aware_at':'2023-06-30T23:30:00Z'}",
	        "/aware_on aware_at_disagrees"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, keep_the_incidents_own_dates_in_order)
{
	static const struct row rows[] = {
	    {"{'incident_date':null}", "/incident_date incident_date_required"},
	    {"{'incident_date':null,'date_precision':null}", "/incident_date incident_date_required"},
	    {"{'incident_date':null,'date_precision':'unknown'}", ""},
	    {"{'date_precision':'range'}", "/incident_date_to incident_date_to_required"},
	    {"{'incident_date_to':'2024-03-02'}", "/incident_date_to incident_date_to_without_range"},
	    {"{'date_precision':null,'incident_date_to':'2024-03-02'}", ""},
	    {"{'date_precision':'range','incident_date_to':'2024-03-01'}", ""},
	    {"{'date_precision':'range','incident_date_to':'2024-02-29'}",
	        "/incident_date_to incident_date_to_before_start"},
	    {"{'incident_time':'10:00','date_precision':'unknown','incident_date':null}",
	        "/incident_time incident_time_without_date"},
	    {"{'incident_time':'10:00','date_precision':'month'}",
	        "/incident_time incident_time_without_date"},
	    {"{'incident_time':'10:00','date_precision':null}", ""},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

#define DIED "'nature':'child_death','children':[{'index_child':true,'nature':'child_death'}]"

Test(incident_rules, need_a_death_for_the_facts_of_one)
{
	static const struct row rows[] = {
	    {"{" DIED ",'death_date':'2024-03-01'}", ""},
	    {"{" DIED ",'death_date':'2024-03-12'}", ""}, /* after the first notification */
	    {"{" DIED ",'death_date':'2024-02-29'}", "/death_date death_before_incident"},
	    {"{" DIED ",'death_date':'2024-03-05','date_precision':'month',"
	     "'incident_date':'2024-03-10'}",
	        ""},
	    {"{'death_date':'2024-03-05'}", "/death_date death_facts_without_death"},
	    {"{'death_subtype':'not_applicable'}", ""},
	    {"{'death_subtype':'abuse_neglect'}", "/death_subtype death_facts_without_death"},
	    {"{" DIED ",'death_subtype':'abuse_neglect'}", ""},
	    {"{" DIED ",'death_subtype':'no_abuse_neglect'}",
	        "/death_subtype death_subtype_contradicts"},
	    {"{" DIED ",'abuse_neglect_status':'not_known_or_suspected','notifying_basis':null,"
	     "'death_subtype':'abuse_neglect'}",
	        "/death_subtype death_subtype_contradicts"},
	    {"{" DIED ",'abuse_neglect_status':'not_known_or_suspected','notifying_basis':null,"
	     "'death_subtype':'no_abuse_neglect'}",
	        ""},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

#define NO_ABUSE "'abuse_neglect_status':'not_known_or_suspected'"
#define DIED_AS(facts)                                                                             \
	"'nature':'child_death','children':[{'index_child':true,'nature':'child_death'," facts "}]"

Test(incident_rules, allow_no_abuse_where_the_record_does_not_contradict_it)
{
	static const struct row rows[] = {
	    {"{" NO_ABUSE "}", "/abuse_neglect_status abuse_status_not_allowed"},
	    {"{" NO_ABUSE ",'notifying_basis':'outside_england_normally_resident'}",
	        "/abuse_neglect_status abuse_status_not_allowed"},
	    /* Not notifiable, and recorded all the same. */
	    {"{" NO_ABUSE ",'notifying_basis':null}", ""},
	    {"{" NO_ABUSE "," DIED ",'notifying_basis':null}", ""},
	    {"{" NO_ABUSE "," DIED "}", "/abuse_neglect_status abuse_status_not_allowed"},
	    {"{" NO_ABUSE "," DIED_AS("'lac_status':'current'") "}", ""},
	    {"{" NO_ABUSE "," DIED_AS("'csc_status':'lac'") "}", ""},
	    {"{" NO_ABUSE "," DIED_AS("'care_leaver':true,'age_years':19") "}", ""},
	    {"{" NO_ABUSE "," DIED_AS("'lac_status':'previous'") "}",
	        "/abuse_neglect_status abuse_status_not_allowed"},
	    {"{'abuse_neglect_status':null}", ""},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, hold_the_notifying_basis_against_those_who_died)
{
	static const struct row rows[] = {
	    {"{'notifying_basis':'lac_death'}", "/notifying_basis lac_death_basis_contradicts"},
	    {"{'notifying_basis':'lac_death'," DIED "}", ""}, /* silence denies nothing */
	    {"{'notifying_basis':'lac_death'," DIED_AS("'lac_status':'current'") "}", ""},
	    {"{'notifying_basis':'lac_death'," DIED_AS("'lac_status':'none'") "}",
	        "/notifying_basis lac_death_basis_contradicts"},
	    {"{'notifying_basis':'lac_death'," NO_ABUSE "," DIED "}", ""},
	    {"{'notifying_basis':'care_leaver_death'}",
	        "/notifying_basis care_leaver_basis_contradicts"},
	    {"{'notifying_basis':'care_leaver_death'," DIED "}", ""},
	    {"{'notifying_basis':'care_leaver_death'," DIED_AS("'age_years':24") "}", ""},
	    {"{'notifying_basis':'care_leaver_death'," DIED_AS("'age_years':17") "}",
	        "/notifying_basis care_leaver_basis_contradicts"},
	    {"{'notifying_basis':'care_leaver_death'," DIED_AS("'age_years':25") "}",
	        "/notifying_basis care_leaver_basis_contradicts"},
	    {"{'notifying_basis':'care_leaver_death'," DIED_AS("'care_leaver':false") "}",
	        "/notifying_basis care_leaver_basis_contradicts"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, take_the_most_serious_nature_of_the_children)
{
	static const struct row rows[] = {
	    {"{'children':[{'index_child':true,'nature':'child_death'},{'nature':'serious_harm'}]}",
	        "/nature nature_not_most_serious"},
	    {"{'nature':'child_death','children':[{'index_child':true,'nature':'child_death'},"
	     "{'nature':'serious_harm'}]}",
	        ""},
	    /* A death after the first notification reaches the incident before the child. */
	    {"{'nature':'child_death','children':[{'index_child':true,'nature':'serious_harm'},"
	     "{'nature':'none'}]}",
	        ""},
	    /* A child of whom it was not asked may be the one who died. */
	    {"{'nature':'child_death','children':[{'index_child':true,'nature':'serious_harm'},"
	     "{'role':'other_affected'}]}",
	        ""},
	    {"{'nature':'other','children':[{'index_child':true,'nature':'serious_harm'}]}",
	        "/nature nature_not_most_serious"},
	    {"{'children':[{'index_child':true}]}", ""},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(incident_rules, want_exactly_one_index_child)
{
	static const struct row rows[] = {
	    {"{'children':[]}", "/children children_required"},
	    {"{'children':null}", "/children children_required"},
	    {"{'children':[{'index_child':true},{'index_child':true}]}",
	        "/children/1/index_child index_child"},
	    {"{'children':[{},{'index_child':true},{'index_child':false},{'index_child':true},"
	     "{'index_child':true}]}",
	        "/children/3/index_child index_child; /children/4/index_child index_child"},
	    {"{'children':[{},{'index_child':false}]}", "/children index_child"},
	    {"{'children':[{'index_child':false}]}", "/children index_child"},
	    {"{'children':[{}]}", ""}, /* the only one is the index child */
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(child_rules, hold_a_childs_facts_against_each_other)
{
	static const struct {
		const char *child;
		const char *faults;
	} rows[] = {
	    {"'unborn':true,'expected_on':'2024-06-01'", ""},
	    {"'unborn':true", "/children/0/expected_on expected_on_required"},
	    {"'unborn':true,'expected_on':'2024-06-01','age_years':0",
	        "/children/0/age_years unborn_age"},
	    {"'unborn':true,'expected_on':'2024-06-01','age_days':0",
	        "/children/0/age_days unborn_age"},
	    {"'unborn':false,'expected_on':'2024-06-01'",
	        "/children/0/expected_on expected_on_not_unborn"},
	    {"'age_days':40", ""},
	    {"'age_days':365,'age_years':0", ""},
	    {"'age_days':366", "/children/0/age_days age_days_beyond_first_year"},
	    {"'age_days':40,'age_years':1", "/children/0/age_days age_days_beyond_first_year"},
	    {"'care_leaver':true", ""},
	    {"'care_leaver':true,'age_years':15", "/children/0/age_years care_leaver_age"},
	    {"'care_leaver':true,'age_years':16", ""},
	    {"'csc_status':'care_leaver','age_years':24", ""},
	    {"'csc_status':'care_leaver','age_years':25", "/children/0/age_years care_leaver_age"},
	    {"'lac_status':'current','age_years':17", ""},
	    {"'lac_status':'current','age_years':18", "/children/0/age_years looked_after_age"},
	    {"'csc_status':'lac'", ""},
	    {"'csc_status':'lac','lac_status':'current'", ""},
	    {"'csc_status':'lac','lac_status':'none'", "/children/0/lac_status lac_status_contradicts"},
	    {"'cp_started_on':'2023-01-05','cp_ended_on':'2023-01-05'", ""},
	    {"'cp_started_on':'2023-01-05','cp_ended_on':'2023-01-04'",
	        "/children/0/cp_ended_on cp_ended_before_start"},
	    {"'cp_started_on':'2024-03-16'", "/children/0/cp_started_on date_in_future"},
	    {"'cp_ended_on':'2024-03-16'", "/children/0/cp_ended_on date_in_future"},
	    {"'cp_started_on':'0001-01-01'", "/children/0/cp_started_on date_out_of_range"},
	    {"'csc_status':'cp_plan','cp_plan':'current'", ""},
	    {"'csc_status':'cp_plan','cp_plan':'previous'", "/children/0/cp_plan cp_plan_contradicts"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char change[500];
		snprintf(change, sizeof(change), "{'children':[{'index_child':true,%s}]}", rows[i].child);
		struct row row = {change, rows[i].faults};
		expect_rows(&row, 1);
	}
}

Test(incident_rules, tell_all_faults_at_once)
{
	static const struct row row = {
	    "{'incident_date':'2024-03-16','aware_on':'2024-03-17','death_date':'2024-03-10',"
	    "'children':[{'index_child':true,'unborn':true},{'index_child':true,'age_days':400}]}",
	    "/incident_date date_in_future; /aware_on date_in_future; "
	    "/death_date death_before_incident; /death_date death_facts_without_death; "
	    "/children/0/expected_on expected_on_required; /children/1/index_child index_child; "
	    "/children/1/age_days age_days_beyond_first_year"};

	expect_rows(&row, 1);
}

Test(incident_rules, complete_what_follows_from_other_fields)
{
	static const struct {
		const char *before;
		const char *after;
	} rows[] = {
	    {"{'aware_at':'2024-06-30T23:30:00Z'}",
	        "{'aware_at':'2024-06-30T23:30:00Z','aware_on':'2024-07-01'}"},
	    {"{'aware_at':'2024-06-30T23:30:00Z','aware_on':null}",
	        "{'aware_at':'2024-06-30T23:30:00Z','aware_on':'2024-07-01'}"},
	    {"{'aware_at':'2024-06-30T23:30:00Z','aware_on':'2024-06-29'}",
	        "{'aware_at':'2024-06-30T23:30:00Z','aware_on':'2024-06-29'}"},
	    {"{'incident_date':'2024-06-30'}",
	        "{'incident_date':'2024-06-30','date_precision':'exact'}"},
	    {"{'incident_date':'2024-06-30','incident_date_to':'2024-07-02'}",
	        "{'incident_date':'2024-06-30','incident_date_to':'2024-07-02',"
	        "'date_precision':'range'}"},
	    {"{'incident_date':'2024-06-30','date_precision':'month'}",
	        "{'incident_date':'2024-06-30','date_precision':'month'}"},
	    {"{'children':[{}]}", "{'children':[{'index_child':true}]}"},
	    {"{'children':[{'index_child':false}]}", "{'children':[{'index_child':false}]}"},
	    {"{'children':[{},{}]}", "{'children':[{},{}]}"},
	    {"{}", "{}"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(json_decref) json_t *incident = read_json(rows[i].before);
		CLEANUP(json_decref) json_t *expected = read_json(rows[i].after);
		incident_rules_complete(incident);
		CLEANUP(free) char *got = json_dumps(incident, JSON_SORT_KEYS);
		cr_expect(json_equal(incident, expected), "%s: %s", rows[i].before, got);
	}
}
