/*
 * Owns what the fault suite may do to a running debug build: let memory be short, and move the
 * clock (docs/faults.md). The linker sends our own calls of these functions here, and no library's,
 * except for what libcurl lets be given to it; a release is linked without this file.
 *
 * CSPR_FAULT_BOARD names a file that the suite has made and writes into while csprd runs. All of it
 * is nought at first, which changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define WRAPPED(type, name, ...)                                                                   \
	type __real_##name(__VA_ARGS__);                                                               \
	type __wrap_##name(__VA_ARGS__);                                                               \
	type __wrap_##name(__VA_ARGS__)

/* The layout of the file; tests/faults/board.py has the same. */
struct board {
	atomic_int_least64_t allocations; /* so far */
	atomic_int_least64_t fail_from;   /* the first allocation that fails; 0 is none */
	atomic_int_least64_t fail_until;  /* the first after it that does not */
	atomic_int_least64_t failed;      /* so far */
	atomic_int_least64_t clock_ms;    /* what our clock is ahead of the system's */
};

static struct board idle;
static struct board *board = &idle;

__attribute__((constructor)) static void board_open(void)
{
	const char *path = getenv("CSPR_FAULT_BOARD");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (!path)
		return;
	void *shared = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file < 0 || shared == MAP_FAILED) {
		perror("CSPR_FAULT_BOARD");
		abort();
	}
	close(file);
	board = shared;
}

/* With a sanitizer the log says what has failed. */
__attribute__((weak)) void __sanitizer_print_stack_trace(void);

static bool is_short(void)
{
	int_least64_t number = atomic_fetch_add(&board->allocations, 1) + 1;
	int_least64_t from = atomic_load(&board->fail_from);

	if (from == 0 || number < from || number >= atomic_load(&board->fail_until))
		return false;
	atomic_fetch_add(&board->failed, 1);
	if (number == from && __sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	errno = ENOMEM;
	return true;
}

WRAPPED(void *, malloc, size_t size)
{
	return is_short() ? NULL : __real_malloc(size);
}

WRAPPED(void *, calloc, size_t count, size_t size)
{
	return is_short() ? NULL : __real_calloc(count, size);
}

WRAPPED(void *, realloc, void *memory, size_t size)
{
	return is_short() ? NULL : __real_realloc(memory, size);
}

WRAPPED(void *, reallocarray, void *memory, size_t count, size_t size)
{
	return is_short() ? NULL : __real_reallocarray(memory, count, size);
}

WRAPPED(char *, strdup, const char *string)
{
	return is_short() ? NULL : __real_strdup(string);
}

/* CURLcode, which only the outbox may know. */
int curl_global_init_mem(long flags, void *(*allocate)(size_t), void (*release)(void *),
    void *(*grow)(void *, size_t), char *(*copy)(const char *), void *(*clear)(size_t, size_t));

WRAPPED(int, curl_global_init, long flags)
{
	return curl_global_init_mem(
	    flags, __wrap_malloc, free, __wrap_realloc, __wrap_strdup, __wrap_calloc);
}

WRAPPED(int, clock_gettime, clockid_t clock, struct timespec *ret_time)
{
	int status = __real_clock_gettime(clock, ret_time);

	if (clock == CLOCK_REALTIME) {
		int64_t nanoseconds = (int64_t)ret_time->tv_nsec + atomic_load(&board->clock_ms) * 1000000;
		int64_t seconds = nanoseconds / 1000000000 - (nanoseconds % 1000000000 < 0);
		ret_time->tv_sec += seconds;
		ret_time->tv_nsec = nanoseconds - seconds * 1000000000;
	}
	return status;
}
