/* Owns the tests of which notification an incident allows. */
#include <string.h>

#include <criterion/criterion.h>

#include "domain/notification_rules.h"

static json_t *json_of(const char *text)
{
	char json[1000];

	cr_assert(strlen(text) < sizeof(json));
	snprintf(json, sizeof(json), "%s", text);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *made = json_loads(json, 0, NULL);
	cr_assert(made, "%s", text);
	return made;
}

/* The codes of what is missing, parted by spaces; "" when it may be made. */
static const char *missing(const char *kind, const char *incident_text, const char *earlier_text)
{
	static char codes[500];
	size_t length = 0;
	CLEANUP(json_decref) json_t *incident = json_of(incident_text);
	CLEANUP(json_decref) json_t *earlier = json_of(earlier_text);
	CLEANUP(problem_finish) struct problem problem = {0};
	struct duty_decision decision = notifiability_decide(incident);
	size_t index;
	json_t *item;

	codes[0] = '\0';
	if (notification_check(notification_kind(kind), incident, &decision, earlier, &problem))
		return codes;
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
	json_array_foreach (problem.missing, index, item) {
		length += (size_t)snprintf(codes + length, sizeof(codes) - length, "%s%s", index ? " " : "",
		    json_string_value(json_object_get(item, "code")));
		cr_assert_gt(json_string_length(json_object_get(item, "detail")), 40);
	}
	return codes;
}

#define HARM "'nature':'serious_harm','abuse_neglect_status':'known','children':[{'age_years':3}]"
#define DEATH "'nature':'child_death','abuse_neglect_status':'known','children':[{'age_years':3}]"
#define NOTIFIED "[{'kind':'serious_incident','nature_as_notified':'serious_harm'}]"

Test(notification_rules, know_every_kind_and_no_other)
{
	static const char *const names[] = {"serious_incident", "looked_after_child_death",
	    "care_leaver_death", "update", "withdrawal"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		cr_assert_not_null(notification_kind(names[i]));
		cr_assert_eq(notification_follows(notification_kind(names[i])), i > 2);
	}
	cr_assert_null(notification_kind("none"));
	cr_assert_null(notification_kind(NULL));
}

Test(notification_rules, ask_for_what_each_kind_needs)
{
	static const struct {
		const char *kind;
		const char *incident;
		const char *earlier;
		const char *missing;
	} rows[] = {
	    {"serious_incident", "{'state':'recorded'," HARM "}", "[]", ""},
	    {"serious_incident", "{'state':'rapid_review'," HARM "}", "[]", ""},
	    {"serious_incident", "{'state':'withdrawn'," HARM "}", "[]", "incident_is_open"},
	    {"serious_incident", "{'state':'not_notified'," HARM "}", "[]", "incident_is_open"},
	    {"care_leaver_death", "{'state':'recorded'," HARM "}", "[]",
	        "s16c_serious_harm_abuse_known_or_suspected"},
	    {"update", "{'state':'recorded'," HARM "}", "[]", "notification"},
	    {"update", "{'state':'notified'," HARM "}", NOTIFIED, ""},
	    {"update", "{'state':'notified'," DEATH "}", NOTIFIED, "death_date"},
	    {"update", "{'state':'notified','death_date':'2024-01-20'," DEATH "}", NOTIFIED, ""},
	    {"update", "{'state':'closed'," HARM "}", NOTIFIED, ""},
	    {"update", "{'state':'withdrawn'," HARM "}", NOTIFIED, "not_withdrawn"},
	    {"withdrawal", "{'state':'notified'," HARM "}", NOTIFIED, "withdrawn"},
	    {"withdrawal", "{'state':'recorded'," HARM "}", "[]", "withdrawn notification"},
	    {"withdrawal", "{'state':'withdrawn'," HARM "}", "[]", "notification"},
	    {"withdrawal", "{'state':'withdrawn'," HARM "}", NOTIFIED, ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_str_eq(missing(rows[i].kind, rows[i].incident, rows[i].earlier), rows[i].missing,
		    "%s of %s", rows[i].kind, rows[i].incident);
}
