/* Owns the two tables that lead to an exit status. */
#include "cli/exit_codes.h"

enum exit_code exit_code_of_status(int status)
{
	if ((status >= 200 && status < 300) || status == 304)
		return EXIT_OK;
	switch (status) {
	case 401:
		return EXIT_UNAUTHENTICATED;
	case 403:
		return EXIT_FORBIDDEN;
	case 404:
	case 410:
		return EXIT_NOT_FOUND;
	case 409:
	case 412:
		return EXIT_CONFLICT;
	case 429:
		return EXIT_RATE_LIMITED;
	default:
		break;
	}
	if (status >= 400 && status < 500)
		return EXIT_INVALID;
	return status >= 500 ? EXIT_SERVER : EXIT_OTHER;
}

enum exit_code exit_code_of_error(enum cspr_error error)
{
	switch (error) {
	case CSPR_OK:
		return EXIT_OK;
	case CSPR_USAGE:
		return EXIT_USAGE;
	case CSPR_NETWORK:
	case CSPR_TIMEOUT:
		return EXIT_NETWORK;
	case CSPR_INTERRUPTED:
		return EXIT_INTERRUPTED;
	case CSPR_MEMORY:
	case CSPR_PROTOCOL:
		return EXIT_OTHER;
	}
	return EXIT_OTHER;
}
