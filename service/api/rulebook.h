/*
 * What clocks are counted by: the calendar and the policies of a partnership, kept in memory under
 * a version that every transaction compares. Shared by all threads, immutable, counted.
 */
#pragma once

#include "domain/clock.h"
#include "store/store.h"

#define POLICIES_MAX 24

struct rulebook {
	int references; /* guarded by the cache */
	struct rulebook_cache *cache;
	char key_hash[65];
	char version[24];
	char area_code[16];
	struct calendar calendar;
	size_t policy_count;
	struct clock_policy policies[POLICIES_MAX];
};

struct rulebook_cache;

MUST_CHECK bool rulebook_cache_create(struct rulebook_cache **ret_cache);
void rulebook_cache_destroy(struct rulebook_cache *cache);

/* The kept rulebook of a caller, or NULL. */
struct rulebook *rulebook_find(struct rulebook_cache *cache, const char *key_hash);
/* Makes one from the rows of rulebook_get and keeps it in place of the caller's earlier one. */
MUST_CHECK bool rulebook_store(struct rulebook_cache *cache, const char *key_hash,
    const struct rows *rows, struct rulebook **ret_rulebook, struct problem *problem);
/* Forgets what is kept for a caller, because it is out of date. */
void rulebook_drop(struct rulebook_cache *cache, const char *key_hash);
void rulebook_release(struct rulebook *rulebook);
DEFINE_CLEANUP(struct rulebook *, rulebook_release)

/* The policy for a kind of clock, or NULL. */
const struct clock_policy *rulebook_policy(const struct rulebook *rulebook, const char *kind);
