/*
 * How an address that no webhook may go to can be written: one table for everything that takes an
 * address, and for the calls themselves.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct spelling {
	const char *format; /* of a URL; %u is the port of what must not be reached */
	const char *rule;   /* that it breaks, in the words that the refusal says it in */
	bool no_uri;        /* the interface's own form of a URL is broken before that rule is */
};

extern const struct spelling spellings[];
extern const size_t spelling_count;

#define SPELLING_BYTES 200
void spell(const struct spelling *spelling, unsigned port, char ret_url[SPELLING_BYTES]);
