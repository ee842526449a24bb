/* Owns the meaning of the program's exit status; scripts rely on it. */
#pragma once

#include "lib/cspr.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_UNAUTHENTICATED = 4,
	EXIT_FORBIDDEN = 5,
	EXIT_INVALID = 6,
	EXIT_CONFLICT = 7,
	EXIT_RATE_LIMITED = 8,
	EXIT_SERVER = 9,
	EXIT_NETWORK = 10,
	EXIT_INTERRUPTED = 11, /* of a call; who interrupts the program ends it well */
	EXIT_DEADLINE_BREACHED = 20,
	EXIT_DEADLINE_AT_RISK = 21,
};

/* For an answer of the service. */
enum exit_code exit_code_of_status(int status);
/* For a call without an answer. */
enum exit_code exit_code_of_error(enum cspr_error error);
