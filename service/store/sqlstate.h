/*
 * The one table from what PostgreSQL says to what the caller is told. PostgreSQL's own message and
 * DETAIL go nowhere, since they can hold a whole row; the message of a CS… code is our own text.
 */
#pragma once

#include <libpq-fe.h>

#include "base/problem.h"

struct fault {
	const char *sqlstate;   /* NULL or "": the link was lost */
	const char *constraint; /* or NULL */
	const char *column;     /* or NULL */
	const char *message;    /* PostgreSQL's; only used with our own codes */
	const char *statement;  /* the name of our statement */
};

/* Fills the problem; false, as problem_set(). */
bool sqlstate_problem(const struct fault *fault, struct problem *problem);
/* The fault that a result reports; borrowed from the result. */
struct fault sqlstate_fault(const PGresult *result, const char *statement);
/*
 * Whether the connection is of no more use after this: the server is going, has become read-only,
 * or knows the prepared statements no longer as they were.
 */
bool sqlstate_spoils_connection(const char *sqlstate);
