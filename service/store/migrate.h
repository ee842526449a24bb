/* Forward-only migrations under an advisory lock, each recorded with its SHA-256. */
#pragma once

#include "store/store.h"

struct migration {
	int number;
	const char *name; /* file name without directory */
	const char *sql;
};

/* All of db/migrations in order, ended by a row whose sql is NULL; embedded at build. */
extern const struct migration migrations[];

/*
 * Applies what is missing, each in a transaction of its own. Refuses when a recorded migration has
 * another hash, or when the database is ahead of this program. `ret_applied` counts the new ones.
 */
MUST_CHECK bool migrate_run(const char *url, int *ret_applied, struct problem *problem);
/* The same with another list, which ends like `migrations`. */
MUST_CHECK bool migrate_apply(
    const char *url, const struct migration list[], int *ret_applied, struct problem *problem);
