/*
 * Which duty to notify an incident gives rise to, and by which rule. Pure.
 * Sources: Children Act 2004 s16C(1) as inserted by the Children and Social Work Act 2017;
 * Working Together 2023 chapter 5; the DfE's "Report a serious child safeguarding incident".
 */
#pragma once

#include "base/problem.h"
#include "domain/date.h"

enum duty {
	DUTY_NONE,
	DUTY_SERIOUS_INCIDENT,         /* Panel, DfE and Ofsted, 5 working days; a rapid review */
	DUTY_LOOKED_AFTER_CHILD_DEATH, /* DfE and Ofsted; the Panel does not consider these */
	DUTY_CARE_LEAVER_DEATH         /* DfE and Ofsted; no rapid review */
};

struct duty_decision {
	enum duty duty;
	const char *rule;        /* a stable code, such as s16c_death_abuse_known_or_suspected */
	const char *explanation; /* a sentence that names the source */
};

/*
 * Reads the coded fields of an incident with its `children` (an object in the shape of the API;
 * it must have passed the schema). Undecided facts never remove a duty: suspected counts as known.
 */
struct duty_decision notifiability_decide(const json_t *incident);
/* serious_incident, looked_after_child_death, care_leaver_death or none. */
const char *duty_name(enum duty duty);
bool duty_needs_rapid_review(enum duty duty);
/* The recipients in law, NULL-terminated: "panel", "dfe", "ofsted". */
const char *const *duty_recipients(enum duty duty);
