/* The fields of recommendations and actions that a plan has, and their columns in a sheet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum plan_kind { PLAN_RECOMMENDATION, PLAN_ACTION };

enum plan_treatment {
	PLAN_CHANGES,  /* is changed where it differs */
	PLAN_AGENCIES, /* the same; ids in JSON, names or slugs in a sheet */
	PLAN_FIRST,    /* is said of what is new, and settled afterwards */
	PLAN_STATE     /* has steps of its own */
};

struct plan_field {
	enum plan_kind kind;
	enum plan_treatment treatment;
	const char *member;
	const char *column;
};
extern const struct plan_field plan_fields[];
extern const size_t plan_field_count;

const char *plan_kind_name(enum plan_kind kind);
/* The column of a member, for a fault; the member itself where it has none. */
const char *plan_column(enum plan_kind kind, const char *member);
