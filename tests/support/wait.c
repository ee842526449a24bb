/* Waiting for a condition, giving up with a message, and reading the environment. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/support.h"

void give_up(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("support: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	abort();
}

const char *environment_value(const char *name)
{
	const char *value = getenv(name);
	if (!value || !*value)
		give_up("%s is not set; ./dev test sets it", name);
	return value;
}

static int64_t monotonic_milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool wait_until(bool (*holds)(void *context), void *context, double seconds)
{
	int64_t deadline = monotonic_milliseconds() + (int64_t)(seconds * 1000);

	while (!holds(context)) {
		if (monotonic_milliseconds() > deadline)
			return false;
		poll(NULL, 0, 20);
	}
	return true;
}
