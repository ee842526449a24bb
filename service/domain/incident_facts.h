/*
 * Reads facts from an incident in the shape of the API (it has passed the schema). A member that
 * is null or absent was not asked, which is not the same as "no": the readers below keep the two
 * apart. Used by the rules of this layer only.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "domain/date.h"

#define AGE_NOT_KNOWN (-1)

/* Orders natures by how serious they are; an incident has the most serious of its children's. */
enum severity { SEVERITY_NOT_ASKED, SEVERITY_NONE, SEVERITY_OTHER, SEVERITY_HARM, SEVERITY_DEATH };

/* A coded or free text; the empty string when it was not asked. Borrowed. */
const char *fact_text(const json_t *object, const char *field);
bool fact_is(const json_t *object, const char *field, const char *code);
bool fact_is_asked(const json_t *object, const char *field);
/* False also when it was not asked. */
bool fact_is_true(const json_t *object, const char *field);
/* DATE_NONE when it was not asked or is no usable date. */
struct date fact_date(const json_t *object, const char *field);

/* What the incident says of its own nature, without its children. */
enum severity incident_severity(const json_t *incident);
/*
 * What happened to child `index`: its own nature, or the incident's for the index child (or the
 * only child) whose own was not asked.
 */
enum severity child_severity(const json_t *incident, size_t index);
/* The most serious of what happened to the children. */
enum severity children_severity(const json_t *incident);
/* True when the incident or any child of it has the nature child_death. */
bool incident_has_death(const json_t *incident);

/* Whole years at the incident, or AGE_NOT_KNOWN. An unborn child has no age. */
int child_age(const json_t *child);
/* Looked after at the incident, by either of the two fields that say so. */
bool child_is_looked_after(const json_t *child);
/* A care leaver, by either of the two fields that say so. */
bool child_is_care_leaver(const json_t *child);
/* The record says that the child is not looked after; silence does not say so. */
bool child_is_not_looked_after(const json_t *child);
/* The record says that the person is no care leaver aged 18 to 24; silence does not say so. */
bool child_is_not_adult_care_leaver(const json_t *child);
