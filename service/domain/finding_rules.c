/* Owns the rules across the fields of a finding. */
#include "domain/finding_rules.h"

#include <string.h>

static bool has_value(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return value && !json_is_null(value);
}

bool finding_check(const struct act *act, struct problem *problem)
{
	bool is_link = strcmp(act_text(act, "kind"), "resource_link") == 0;

	if (is_link != has_value(act->body, "url"))
		problem_add(problem, PROBLEM_INVALID, "/url", is_link ? "required" : "of_link",
		    "A link to a resource has its address, and nothing else has one.");
	if (has_value(act->body, "embargo_review_by") &&
	    !json_is_true(json_object_get(act->body, "embargoed")))
		problem_add(problem, PROBLEM_INVALID, "/embargo_review_by", "not_embargoed",
		    "Only what is embargoed is looked at again for it.");
	if (has_value(act->body, "withdrawn_on") != has_value(act->body, "withdrawn_reason"))
		problem_add(problem, PROBLEM_INVALID, "/withdrawn_reason", "withdrawn_whole",
		    "What is withdrawn has the day and the reason.");
	act_check_not_future(act, "withdrawn_on", problem);
	return problem->kind == PROBLEM_NONE;
}
