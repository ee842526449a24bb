/* Owns the meaning of each SQLSTATE and of each named constraint. */
#include "store/sqlstate.h"

#include <string.h>

struct meaning {
	const char *sqlstate; /* a code, or the first letters of several; the first match counts */
	enum problem_kind kind;
	int retry_after;
	bool spoils; /* the connection is not to be used again */
	bool ours;   /* raised by our own SQL: the message is safe text of ours */
	const char *detail;
};

#define RETRY_SOON 1
#define OUT_OF_REACH                                                                               \
	"The database cannot answer at the moment; nothing is known to be wrong with the request."

/* clang-format off */
static const struct meaning meanings[] = {
	{"CS001", PROBLEM_IDEMPOTENCY_IN_PROGRESS, RETRY_SOON, false, true, NULL},
	{"CS002", PROBLEM_IDEMPOTENCY_IN_PROGRESS, RETRY_SOON, false, true, NULL},
	{"CS401", PROBLEM_UNAUTHENTICATED, 0, false, true, NULL},
	{"CS403", PROBLEM_FORBIDDEN, 0, false, true, NULL},
	{"CS404", PROBLEM_NOT_FOUND, 0, false, true, NULL},
	{"CS409", PROBLEM_CONFLICT, 0, false, true, NULL},
	{"CS410", PROBLEM_DUPLICATE, 0, false, true, NULL},
	{"CS412", PROBLEM_STALE, 0, false, true, NULL},
	{"CS422", PROBLEM_INVALID, 0, false, true, NULL},
	{"CS900", PROBLEM_BUSY, RETRY_SOON, false, true, NULL},
	{"40001", PROBLEM_BUSY, RETRY_SOON, false, false, "Another change came first; try again."},
	{"40P01", PROBLEM_BUSY, RETRY_SOON, false, false, "Another change came first; try again."},
	{"55P03", PROBLEM_BUSY, RETRY_SOON, false, false,
		"Another change holds what this one needs; try again."},
	{"57014", PROBLEM_UNAVAILABLE, RETRY_SOON, false, false, "The database took too long."},
	{"57", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	{"08", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	{"53", PROBLEM_UNAVAILABLE, RETRY_SOON, false, false, OUT_OF_REACH},
	{"58", PROBLEM_UNAVAILABLE, RETRY_SOON, false, false, OUT_OF_REACH},
	{"25P03", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	/* The server has become a standby: the next connection looks for the new primary. */
	{"25006", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	/* A migration has changed what a prepared statement returns, or it is gone. */
	{"0A000", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	{"26000", PROBLEM_UNAVAILABLE, RETRY_SOON, true, false, OUT_OF_REACH},
	{"23505", PROBLEM_DUPLICATE, 0, false, false, "There is such a resource already."},
	{"23503", PROBLEM_INVALID, 0, false, false,
		"The content refers to something that does not exist, or is still referred to."},
	{"23P01", PROBLEM_CONFLICT, 0, false, false, "It overlaps with what is there already."},
	{"23001", PROBLEM_CONFLICT, 0, false, false, "Something else still refers to it."},
	{"23", PROBLEM_INVALID, 0, false, false, "The content breaks a rule of the record."},
	{"22", PROBLEM_INVALID, 0, false, false, "A value has a form that cannot be stored."},
	{"", PROBLEM_INTERNAL, 0, false, false, NULL},
};
/* clang-format on */

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

static const struct meaning *find_meaning(const char *sqlstate)
{
	const struct meaning *meaning = meanings;

	while (strncmp(sqlstate, meaning->sqlstate, strlen(meaning->sqlstate)) != 0)
		meaning++;
	return meaning;
}

static bool find_constraint(const char *name, size_t *ret_row)
{
	for (size_t i = 0; constraints[i].name; i++)
		if (strcmp(constraints[i].name, name) == 0) {
			*ret_row = i;
			return true;
		}
	return false;
}

/* Names only: of the statement, the code, and the constraint or column. */
static void put_cause(const struct fault *fault, struct problem *problem)
{
	const char *part = fault->constraint ? fault->constraint : fault->column;

	problem_fail(problem, problem->kind, "database: %s: %s%s%s", fault->statement, fault->sqlstate,
	    part ? " " : "", part ? part : "");
}

bool sqlstate_problem(const struct fault *fault, struct problem *problem)
{
	if (!fault->sqlstate || !fault->sqlstate[0]) {
		problem->retry_after = RETRY_SOON;
		problem_fail(problem, PROBLEM_UNAVAILABLE, "database: %s: link lost", fault->statement);
		return problem_set(problem, PROBLEM_UNAVAILABLE, "%s", OUT_OF_REACH);
	}

	size_t row = 0;
	bool is_integrity = strncmp(fault->sqlstate, "23", 2) == 0;
	if (is_integrity && fault->constraint && find_constraint(fault->constraint, &row)) {
		problem->kind = constraints[row].kind;
		if (constraints[row].pointer[0])
			problem_add(problem, constraints[row].kind, constraints[row].pointer,
			    constraints[row].code, "%s", constraints[row].detail);
		else
			problem_set(problem, constraints[row].kind, "%s", constraints[row].detail);
		put_cause(fault, problem);
		return false;
	}

	const struct meaning *meaning = find_meaning(fault->sqlstate);
	problem->kind = meaning->kind;
	problem->retry_after = meaning->retry_after;
	const char *detail = meaning->ours ? fault->message : meaning->detail;
	if (detail)
		problem_set(problem, meaning->kind, "%s", detail);
	put_cause(fault, problem);
	return false;
}

struct fault sqlstate_fault(const PGresult *result, const char *statement)
{
	return (struct fault){
	    .sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE),
	    .constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME),
	    .column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME),
	    .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
	    .statement = statement,
	};
}

bool sqlstate_spoils_connection(const char *sqlstate)
{
	return !sqlstate || !sqlstate[0] || find_meaning(sqlstate)->spoils;
}
