/* What the caller is told for each SQLSTATE, and what is kept from everybody. */
#include <criterion/criterion.h>

#include "store/sqlstate.h"

#define SECRET "Failing row contains (Jane Canary)"

static const struct {
	const char *sqlstate;
	enum problem_kind kind;
	int retry_after;
	bool spoils;
} expected[] = {
    {"CS001", PROBLEM_IDEMPOTENCY_IN_PROGRESS, 1, false},
    {"CS002", PROBLEM_IDEMPOTENCY_IN_PROGRESS, 1, false},
    {"CS401", PROBLEM_UNAUTHENTICATED, 0, false},
    {"CS403", PROBLEM_FORBIDDEN, 0, false},
    {"CS404", PROBLEM_NOT_FOUND, 0, false},
    {"CS409", PROBLEM_CONFLICT, 0, false},
    {"CS410", PROBLEM_DUPLICATE, 0, false},
    {"CS412", PROBLEM_STALE, 0, false},
    {"CS422", PROBLEM_INVALID, 0, false},
    {"CS900", PROBLEM_BUSY, 1, false},
    {"CS999", PROBLEM_INTERNAL, 0, false},
    {"40001", PROBLEM_BUSY, 1, false},
    {"40P01", PROBLEM_BUSY, 1, false},
    {"55P03", PROBLEM_BUSY, 1, false},
    {"57P01", PROBLEM_UNAVAILABLE, 1, true},
    {"57P02", PROBLEM_UNAVAILABLE, 1, true},
    {"57P03", PROBLEM_UNAVAILABLE, 1, true},
    {"57014", PROBLEM_UNAVAILABLE, 1, false},
    {"08006", PROBLEM_UNAVAILABLE, 1, true},
    {"53100", PROBLEM_UNAVAILABLE, 1, false},
    {"53300", PROBLEM_UNAVAILABLE, 1, false},
    {"25006", PROBLEM_UNAVAILABLE, 1, true},
    {"25P03", PROBLEM_UNAVAILABLE, 1, true},
    {"0A000", PROBLEM_UNAVAILABLE, 1, true},
    {"26000", PROBLEM_UNAVAILABLE, 1, true},
    {"22P02", PROBLEM_INVALID, 0, false},
    {"22001", PROBLEM_INVALID, 0, false},
    {"23505", PROBLEM_DUPLICATE, 0, false},
    {"23503", PROBLEM_INVALID, 0, false},
    {"23514", PROBLEM_INVALID, 0, false},
    {"23502", PROBLEM_INVALID, 0, false},
    {"23P01", PROBLEM_CONFLICT, 0, false},
    {"42501", PROBLEM_INTERNAL, 0, false},
    {"42P01", PROBLEM_INTERNAL, 0, false},
    {"XX000", PROBLEM_INTERNAL, 0, false},
    {"", PROBLEM_UNAVAILABLE, 1, true},
    {NULL, PROBLEM_UNAVAILABLE, 1, true},
};

Test(sqlstate, becomes_the_problem_of_the_table)
{
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		const struct fault fault = {
		    .sqlstate = expected[i].sqlstate, .message = SECRET, .statement = "note_add"};
		const char *shown = expected[i].sqlstate ? expected[i].sqlstate : "NULL";

		cr_expect_not(sqlstate_problem(&fault, &problem));
		cr_expect_eq(problem.kind, expected[i].kind, "%s: kind %d", shown, problem.kind);
		cr_expect_eq(problem.retry_after, expected[i].retry_after, "%s", shown);
		cr_expect_eq(
		    sqlstate_spoils_connection(expected[i].sqlstate), expected[i].spoils, "%s", shown);
		cr_expect_not_null(strstr(problem.cause, "note_add"), "%s", shown);
	}
}

Test(sqlstate, shows_only_the_messages_of_our_own_codes)
{
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		const char *sqlstate = expected[i].sqlstate;
		const struct fault fault = {.sqlstate = sqlstate, .message = SECRET, .statement = "x"};
		bool ours = sqlstate && strncmp(sqlstate, "CS", 2) == 0 && strcmp(sqlstate, "CS999") != 0;

		sqlstate_problem(&fault, &problem);
		cr_expect_eq(
		    strstr(problem.detail, "Canary") != NULL, ours, "%s", sqlstate ? sqlstate : "NULL");
		cr_expect_null(strstr(problem.cause, "Canary"));
	}
}

Test(sqlstate, names_the_constraint_or_the_column_in_the_cause_only)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct fault fault = {.sqlstate = "23514", .constraint = "note_body_check", .statement = "x"};

	sqlstate_problem(&fault, &problem);
	cr_expect_str_eq(problem.cause, "database: x: 23514 note_body_check");
	cr_expect_null(strstr(problem.detail, "note_body_check"));
	fault = (struct fault){.sqlstate = "23502", .column = "body", .statement = "x"};
	sqlstate_problem(&fault, &problem);
	cr_expect_str_eq(problem.cause, "database: x: 23502 body");
}

/* The table itself: whatever is appended to it answers as its row says. */
static const struct {
	const char *name;
	enum problem_kind kind;
	const char *pointer;
	const char *code;
	const char *detail;
} constraints[] = {
#define CONSTRAINT(name, kind, pointer, code, detail) {name, PROBLEM_##kind, pointer, code, detail},
#include "store/constraints.def"
#undef CONSTRAINT
    {.name = NULL},
};

Test(sqlstate, of_a_listed_constraint_becomes_the_problem_of_its_row)
{
	for (size_t i = 0; constraints[i].name; i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		const struct fault fault = {
		    .sqlstate = "23505", .constraint = constraints[i].name, .statement = "x"};

		sqlstate_problem(&fault, &problem);
		cr_expect_eq(problem.kind, constraints[i].kind, "%s", constraints[i].name);
		if (!constraints[i].pointer[0]) {
			cr_expect_str_eq(problem.detail, constraints[i].detail);
			continue;
		}
		json_t *fault_row = json_array_get(problem.errors, 0);
		cr_expect_str_eq(
		    json_string_value(json_object_get(fault_row, "pointer")), constraints[i].pointer);
		cr_expect_str_eq(
		    json_string_value(json_object_get(fault_row, "code")), constraints[i].code);
	}
}
