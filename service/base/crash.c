/* Owns the sudden death of a debug build; in a release this file is empty. */
#include "base/crash.h"

#ifdef CSPR_CRASH_POINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crash_point(const char *name)
{
	static atomic_long passed;
	const char *wanted = getenv("CSPR_CRASH_AT");
	size_t length = strlen(name);

	if (!wanted || strncmp(wanted, name, length) != 0)
		return;
	if (wanted[length] != '\0' && wanted[length] != ':')
		return;
	long number = wanted[length] == ':' ? strtol(wanted + length + 1, NULL, 10) : 1;
	/* As by a power failure: nothing is closed, flushed or told. */
	if (atomic_fetch_add(&passed, 1) + 1 == number)
		kill(getpid(), SIGKILL);
}
#endif
