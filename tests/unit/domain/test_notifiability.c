/* Owns the tests of the duty to notify: one row an incident, the duty and the rule that decides. */
#include <string.h>

#include <criterion/criterion.h>

#include "domain/notifiability.h"

struct row {
	const char *incident; /* JSON with single quotes */
	enum duty duty;
	const char *rule;
};

static json_t *read_incident(const char *text)
{
	char json[2000];
	json_error_t error;

	cr_assert(strlen(text) < sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *incident = json_loads(json, 0, &error);
	cr_assert(incident, "%s: %s", text, error.text);
	return incident;
}

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(json_decref) json_t *incident = read_incident(rows[i].incident);
		struct duty_decision decision = notifiability_decide(incident);
		cr_expect_eq(
		    decision.duty, rows[i].duty, "%s: %s", rows[i].incident, duty_name(decision.duty));
		cr_expect_str_eq(decision.rule, rows[i].rule, "%s: %s", rows[i].incident, decision.rule);
		cr_expect_gt(strlen(decision.explanation), 40);
	}
}

#define DEATH "s16c_death_abuse_known_or_suspected"
#define HARM "s16c_serious_harm_abuse_known_or_suspected"
#define PERPETRATOR "perpetrator_child_abuse_known_or_suspected"
#define UNDECIDED "s16c_abuse_not_decided"
#define LOOKED_AFTER "looked_after_child_death"
#define CARE_LEAVER "care_leaver_death_18_to_24"

Test(duty, follows_death_or_serious_harm_with_abuse_known_or_suspected)
{
	static const struct row rows[] = {
	    {"{'nature':'child_death','abuse_neglect_status':'known','children':[{'age_years':3}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'child_death','abuse_neglect_status':'suspected',"
	     "'children':[{'age_years':17}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'serious_harm','abuse_neglect_status':'suspected','children':[{}]}",
	        DUTY_SERIOUS_INCIDENT, HARM},
	    {"{'nature':'serious_harm','abuse_neglect_status':'known',"
	     "'notifying_basis':'outside_england_normally_resident','children':[{'age_years':9}]}",
	        DUTY_SERIOUS_INCIDENT, HARM},
	    {"{'nature':'child_death','abuse_neglect_status':'known','children':["
	     "{'index_child':true,'nature':'child_death'},{'nature':'serious_harm'}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    /* The incident's nature counts although no child's record carries it. */
	    {"{'nature':'serious_harm','abuse_neglect_status':'known',"
	     "'children':[{'nature':'none'},{'nature':'none'}]}",
	        DUTY_SERIOUS_INCIDENT, HARM},
	    /* A child's nature counts although the incident's was not asked. */
	    {"{'abuse_neglect_status':'known','children':[{'nature':'child_death'}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    /* Unnamed and unborn children are children. */
	    {"{'nature':'serious_harm','abuse_neglect_status':'known',"
	     "'children':[{'unborn':true,'expected_on':'2024-06-01'}]}",
	        DUTY_SERIOUS_INCIDENT, HARM},
	    {"{'nature':'child_death','abuse_neglect_status':'known','children':[]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'child_death','death_subtype':'abuse_neglect','children':[{'age_years':3}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(duty, stands_while_abuse_is_undecided)
{
	static const struct row rows[] = {
	    {"{'nature':'child_death','children':[{'age_years':3}]}", DUTY_SERIOUS_INCIDENT, UNDECIDED},
	    {"{'nature':'serious_harm','abuse_neglect_status':null,'children':[{}]}",
	        DUTY_SERIOUS_INCIDENT, UNDECIDED},
	    {"{'nature':'other','children':[{'role':'perpetrator_child','age_years':15}]}",
	        DUTY_SERIOUS_INCIDENT, UNDECIDED},
	    /* A looked-after child died and another child was harmed: the wider duty. */
	    {"{'nature':'child_death','children':[{'nature':'child_death','lac_status':'current'},"
	     "{'nature':'serious_harm'}]}",
	        DUTY_SERIOUS_INCIDENT, UNDECIDED},
	    {"{'nature':'other','children':[{'role':'victim'}]}", DUTY_NONE,
	        "no_death_or_serious_harm"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(duty, covers_a_child_who_did_the_harm_and_was_abused)
{
	static const struct row rows[] = {
	    {"{'nature':'other','abuse_neglect_status':'suspected',"
	     "'children':[{'role':'perpetrator_child','nature':'other','age_years':15}]}",
	        DUTY_SERIOUS_INCIDENT, PERPETRATOR},
	    {"{'nature':'other','abuse_neglect_status':'known',"
	     "'children':[{'role':'perpetrator_child','nature':'none'},{'role':'victim'}]}",
	        DUTY_SERIOUS_INCIDENT, PERPETRATOR},
	    {"{'nature':'other','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'role':'perpetrator_child','nature':'other'}]}",
	        DUTY_NONE, "no_death_or_serious_harm"},
	    {"{'nature':'other','abuse_neglect_status':'known','children':[{'role':'victim'}]}",
	        DUTY_NONE, "no_death_or_serious_harm"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(duty, covers_a_looked_after_childs_death_regardless_of_abuse)
{
	static const struct row rows[] = {
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'lac_status':'current','age_years':12}]}",
	        DUTY_LOOKED_AFTER_CHILD_DEATH, LOOKED_AFTER},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'csc_status':'lac'}]}",
	        DUTY_LOOKED_AFTER_CHILD_DEATH, LOOKED_AFTER},
	    {"{'nature':'child_death','children':[{'csc_status':'lac'}]}",
	        DUTY_LOOKED_AFTER_CHILD_DEATH, LOOKED_AFTER},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'notifying_basis':'lac_death','children':[{'age_years':12}]}",
	        DUTY_LOOKED_AFTER_CHILD_DEATH, LOOKED_AFTER},
	    {"{'nature':'child_death','death_subtype':'no_abuse_neglect',"
	     "'notifying_basis':'lac_death','children':[]}",
	        DUTY_LOOKED_AFTER_CHILD_DEATH, LOOKED_AFTER},
	    {"{'nature':'child_death','abuse_neglect_status':'suspected',"
	     "'notifying_basis':'lac_death','children':[{'lac_status':'current'}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'lac_status':'previous','age_years':12}]}",
	        DUTY_NONE, "no_abuse_or_neglect"},
	    /* A looked-after child who was harmed but lives is not this duty. */
	    {"{'nature':'serious_harm','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'lac_status':'current'}]}",
	        DUTY_NONE, "no_abuse_or_neglect"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(duty, covers_a_care_leavers_death_from_18_to_24)
{
	static const struct row rows[] = {
	    {"{'nature':'child_death','abuse_neglect_status':'known',"
	     "'children':[{'care_leaver':true,'age_years':18}]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'csc_status':'care_leaver','age_years':24}]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    {"{'nature':'child_death','children':[{'care_leaver':true,'age_years':20}]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    {"{'nature':'child_death','abuse_neglect_status':'known',"
	     "'notifying_basis':'care_leaver_death','children':[{}]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    {"{'nature':'child_death','notifying_basis':'care_leaver_death','children':[]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'care_leaver':true,'age_years':25}]}",
	        DUTY_NONE, "not_a_child"},
	    /* Below 18 the ordinary criteria apply. */
	    {"{'nature':'child_death','abuse_neglect_status':'known',"
	     "'children':[{'care_leaver':true,'age_years':17}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'care_leaver':true,'age_years':17}]}",
	        DUTY_NONE, "no_abuse_or_neglect"},
	    {"{'nature':'child_death','abuse_neglect_status':'suspected',"
	     "'notifying_basis':'care_leaver_death','children':[{'age_years':17}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    /* An age that is not known removes neither duty: the wider one that the facts allow. */
	    {"{'nature':'child_death','abuse_neglect_status':'suspected',"
	     "'children':[{'care_leaver':true}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'care_leaver':true}]}",
	        DUTY_CARE_LEAVER_DEATH, CARE_LEAVER},
	    /* Her child was seriously harmed: the wider duty. */
	    {"{'nature':'child_death','abuse_neglect_status':'known','children':["
	     "{'care_leaver':true,'age_years':19,'nature':'child_death'},"
	     "{'age_years':1,'nature':'serious_harm'}]}",
	        DUTY_SERIOUS_INCIDENT, HARM},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

Test(duty, is_none_and_says_why)
{
	static const struct row rows[] = {
	    {"{'nature':'child_death','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'age_years':3}]}",
	        DUTY_NONE, "no_abuse_or_neglect"},
	    {"{'nature':'serious_harm','abuse_neglect_status':'not_known_or_suspected',"
	     "'children':[{'age_years':3}]}",
	        DUTY_NONE, "no_abuse_or_neglect"},
	    {"{'nature':'serious_harm','abuse_neglect_status':'known',"
	     "'children':[{'age_years':18}]}",
	        DUTY_NONE, "not_a_child"},
	    {"{'abuse_neglect_status':'known','children':[{}]}", DUTY_NONE, "no_death_or_serious_harm"},
	    {"{}", DUTY_NONE, "no_death_or_serious_harm"},
	};

	expect_rows(rows, ARRAY_LENGTH(rows));
}

/*
 * The law in one line each, over every combination of the coded facts of a single child, written
 * down a second time without the table.
 */
static enum duty duty_by_the_book(
    const char *status, const char *nature, bool looked_after, bool care_leaver, int age)
{
	bool abuse = strcmp(status, "not_known_or_suspected") != 0;
	bool died = strcmp(nature, "child_death") == 0;
	bool harmed = strcmp(nature, "serious_harm") == 0;

	if (age < 18 && abuse && (died || harmed))
		return DUTY_SERIOUS_INCIDENT;
	if (age < 18 && died && looked_after)
		return DUTY_LOOKED_AFTER_CHILD_DEATH;
	if (age >= 18 && age <= 24 && died && care_leaver)
		return DUTY_CARE_LEAVER_DEATH;
	return DUTY_NONE;
}

Test(duty, agrees_with_the_law_for_every_combination_of_one_victims_facts)
{
	static const char *const statuses[] = {"known", "suspected", "not_known_or_suspected"};
	static const char *const natures[] = {"child_death", "serious_harm", "other"};
	int seen[4] = {0};

	for (int i = 0; i < 3 * 3 * 2 * 2 * 27; i++) {
		const char *status = statuses[i % 3];
		const char *nature = natures[i / 3 % 3];
		bool looked_after = i / 9 % 2;
		bool care_leaver = i / 18 % 2;
		int age = i / 36;
		CLEANUP(json_decref)
		json_t *incident = json_pack("{s:s, s:s, s:[{s:s, s:s, s:b, s:i}]}", "abuse_neglect_status",
		    status, "nature", nature, "children", "role", "victim", "lac_status",
		    looked_after ? "current" : "none", "care_leaver", care_leaver, "age_years", age);
		enum duty expected = duty_by_the_book(status, nature, looked_after, care_leaver, age);
		struct duty_decision decision = notifiability_decide(incident);
		seen[expected]++;
		cr_assert_eq(decision.duty, expected, "%s %s, looked after %d, care leaver %d, %d years",
		    status, nature, looked_after, care_leaver, age);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(seen); i++)
		cr_expect_gt(seen[i], 0, "%s was never expected", duty_name((enum duty)i));
}

Test(duty, names_its_recipients_and_whether_a_rapid_review_follows)
{
	static const struct {
		enum duty duty;
		bool rapid_review;
		const char *name;
		const char *recipients;
	} rows[] = {
	    {DUTY_NONE, false, "none", ""},
	    {DUTY_SERIOUS_INCIDENT, true, "serious_incident", "panel dfe ofsted "},
	    {DUTY_LOOKED_AFTER_CHILD_DEATH, false, "looked_after_child_death", "dfe ofsted "},
	    {DUTY_CARE_LEAVER_DEATH, false, "care_leaver_death", "dfe ofsted "},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char recipients[80] = "";
		size_t length = 0;
		for (const char *const *each = duty_recipients(rows[i].duty); *each; each++)
			length +=
			    (size_t)snprintf(recipients + length, sizeof(recipients) - length, "%s ", *each);
		cr_expect_str_eq(recipients, rows[i].recipients);
		cr_expect_str_eq(duty_name(rows[i].duty), rows[i].name);
		cr_expect_eq(duty_needs_rapid_review(rows[i].duty), rows[i].rapid_review);
	}
}

Test(duty, lies_with_the_area_that_leads)
{
	static const struct row rows[] = {
	    {"{'our_role':'contributing','nature':'child_death','abuse_neglect_status':'known',"
	     "'children':[{'age_years':3}]}",
	        DUTY_NONE, "lead_authority_notifies"},
	    {"{'our_role':'informed','nature':'child_death','abuse_neglect_status':'known',"
	     "'children':[{'age_years':3,'lac_status':'looked_after'}]}",
	        DUTY_NONE, "lead_authority_notifies"},
	    {"{'our_role':'lead','nature':'child_death','abuse_neglect_status':'known',"
	     "'children':[{'age_years':3}]}",
	        DUTY_SERIOUS_INCIDENT, DEATH},
	};

	expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}
