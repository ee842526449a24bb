/* Owns the table of a plan's fields. */
#include "domain/plan_fields.h"

#include <string.h>

#include "base/cleanup.h"

const struct plan_field plan_fields[] = {
    {PLAN_RECOMMENDATION, "number", "recommendation_number", PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "text", "recommendation", PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "addressee", "addressee", PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "addressee_agency_ids", "addressed_to", PLAN_AGENCIES},
    {PLAN_RECOMMENDATION, "national_body", "national_body", PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "made_on", "recommended_on", PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "breadth", NULL, PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "level", NULL, PLAN_CHANGES},
    {PLAN_RECOMMENDATION, "state", "recommendation_state", PLAN_STATE},
    {PLAN_ACTION, "number", "action_number", PLAN_CHANGES},
    {PLAN_ACTION, "text", "action", PLAN_CHANGES},
    {PLAN_ACTION, "responsibility", "responsibility", PLAN_CHANGES},
    {PLAN_ACTION, "lead_agency_ids", "lead_agencies", PLAN_AGENCIES},
    {PLAN_ACTION, "owner", "owner", PLAN_CHANGES},
    {PLAN_ACTION, "due_on", "due_on", PLAN_CHANGES},
    {PLAN_ACTION, "level", "level", PLAN_CHANGES},
    {PLAN_ACTION, "impact_measure", "impact_measure", PLAN_CHANGES},
    {PLAN_ACTION, "assurance_interval_months", "assurance_interval_months", PLAN_CHANGES},
    {PLAN_ACTION, "agreed_on", "agreed_on", PLAN_FIRST},
    {PLAN_ACTION, "original_due_on", "original_due_on", PLAN_FIRST},
    {PLAN_ACTION, "state", "state", PLAN_STATE},
};
const size_t plan_field_count = ARRAY_LENGTH(plan_fields);

const char *plan_kind_name(enum plan_kind kind)
{
	return kind == PLAN_ACTION ? "action" : "recommendation";
}

const char *plan_column(enum plan_kind kind, const char *member)
{
	if (strcmp(member, "due_revision") == 0 || strcmp(member, "due_revision/on") == 0)
		return "due_reason";
	for (size_t i = 0; i < plan_field_count; i++) {
		const struct plan_field *field = &plan_fields[i];
		if (field->kind == kind && field->column && strcmp(field->member, member) == 0)
			return field->column;
	}
	return member;
}
