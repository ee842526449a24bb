/*
 * Ownership in the open: what a scope owns is released when the scope ends, and what leaves it
 * leaves through TAKE(). The macro is not called "cleanup", because that would break the attribute.
 */
#pragma once

#include <stdlib.h>

#include <jansson.h>

/* Releases the variable with `function` when it goes out of scope. DEFINE_CLEANUP() comes first. */
#define CLEANUP(function) __attribute__((cleanup(cleanup_##function)))

/* Makes CLEANUP(function) usable for a variable of pointer type `type`; NULL is never passed on. */
#define DEFINE_CLEANUP(type, function)                                                             \
	static inline void cleanup_##function(type *owned)                                             \
	{                                                                                              \
		if (*owned)                                                                                \
			function(*owned);                                                                      \
	}

/* Makes CLEANUP(function) usable for a struct kept by value, released through its address. */
#define DEFINE_VALUE_CLEANUP(type, function)                                                       \
	static inline void cleanup_##function(type *owned)                                             \
	{                                                                                              \
		function(owned);                                                                           \
	}

/* Hands the pointer to the caller and leaves NULL behind, so that CLEANUP() does nothing. */
#define TAKE(pointer)                                                                              \
	({                                                                                             \
		__typeof__(pointer) taken_ = (pointer);                                                    \
		(pointer) = NULL;                                                                          \
		taken_;                                                                                    \
	})

/* The result says whether the call worked; dropping it is a bug. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* For memory of any type. */
static inline void cleanup_free(void *owned)
{
	free(*(void **)owned);
}

DEFINE_CLEANUP(json_t *, json_decref)
