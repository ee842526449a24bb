/*
 * The answers that the DfE's form for a serious incident notification asks for, taken from an
 * incident. The form ends after 20 minutes and keeps no drafts, so that everything is laid out
 * before anybody begins. Pure.
 * Sources: DfE, Report a serious child safeguarding incident, and its serious incident
 * notification statistics. The DfE does not publish the list of questions: these are what both
 * name.
 */
#pragma once

#include "base/problem.h"

#define FORM_MINUTES 20
/* Further children are told as free text. */
#define FORM_CHILDREN_MAX 4

/*
 * `incident` is in the shape of the API, with its children. A new object {sections: [{section,
 * answers: [{question, field, value, state, note}]}], complete, missing: [{code, detail}]}. `field`
 * is a JSON Pointer into the incident, null for what is not held here.
 */
json_t *notification_form(const json_t *incident);
