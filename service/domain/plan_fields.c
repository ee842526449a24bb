/* Owns the table of a plan's fields. */
#include "domain/plan_fields.h"

#include <string.h>

#include "base/cleanup.h"

const struct plan_field plan_fields[] = {
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "number", "recommendation_number"},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "text", "recommendation"},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "addressee", "addressee"},
    {PLAN_RECOMMENDATION, PLAN_AGENCIES, "addressee_agency_ids", "addressed_to"},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "national_body", "national_body"},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "made_on", "recommended_on"},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "breadth", NULL},
    {PLAN_RECOMMENDATION, PLAN_CHANGES, "level", NULL},
    {PLAN_RECOMMENDATION, PLAN_STATE, "state", "recommendation_state"},
    {PLAN_ACTION, PLAN_CHANGES, "number", "action_number"},
    {PLAN_ACTION, PLAN_CHANGES, "text", "action"},
    {PLAN_ACTION, PLAN_CHANGES, "responsibility", "responsibility"},
    {PLAN_ACTION, PLAN_AGENCIES, "lead_agency_ids", "lead_agencies"},
    {PLAN_ACTION, PLAN_CHANGES, "owner", "owner"},
    {PLAN_ACTION, PLAN_CHANGES, "due_on", "due_on"},
    {PLAN_ACTION, PLAN_CHANGES, "level", "level"},
    {PLAN_ACTION, PLAN_CHANGES, "impact_measure", "impact_measure"},
    {PLAN_ACTION, PLAN_CHANGES, "assurance_interval_months", "assurance_interval_months"},
    {PLAN_ACTION, PLAN_FIRST, "agreed_on", "agreed_on"},
    {PLAN_ACTION, PLAN_FIRST, "original_due_on", "original_due_on"},
    {PLAN_ACTION, PLAN_STATE, "state", "state"},
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
