/* Owns the kept rulebooks: a small table, replaced round-robin. */
#include "api/rulebook.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define KEPT_MAX 64

struct rulebook_cache {
	pthread_mutex_t lock;
	struct rulebook *kept[KEPT_MAX];
	size_t next;
};

bool rulebook_cache_create(struct rulebook_cache **ret_cache)
{
	struct rulebook_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return false;
	pthread_mutex_init(&cache->lock, NULL);
	*ret_cache = cache;
	return true;
}

static void unreference(struct rulebook *rulebook)
{
	if (rulebook && --rulebook->references == 0)
		free(rulebook);
}

void rulebook_cache_destroy(struct rulebook_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		unreference(cache->kept[i]);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static size_t place_of(const struct rulebook_cache *cache, const char *key_hash)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (cache->kept[i] && strcmp(cache->kept[i]->key_hash, key_hash) == 0)
			return i;
	return KEPT_MAX;
}

struct rulebook *rulebook_find(struct rulebook_cache *cache, const char *key_hash)
{
	pthread_mutex_lock(&cache->lock);
	size_t place = place_of(cache, key_hash);
	struct rulebook *found = place < KEPT_MAX ? cache->kept[place] : NULL;
	if (found)
		found->references++;
	pthread_mutex_unlock(&cache->lock);
	return found;
}

void rulebook_drop(struct rulebook_cache *cache, const char *key_hash)
{
	pthread_mutex_lock(&cache->lock);
	size_t place = place_of(cache, key_hash);
	if (place < KEPT_MAX) {
		unreference(cache->kept[place]);
		cache->kept[place] = NULL;
	}
	pthread_mutex_unlock(&cache->lock);
}

void rulebook_release(struct rulebook *rulebook)
{
	struct rulebook_cache *cache = rulebook->cache;

	pthread_mutex_lock(&cache->lock);
	unreference(rulebook);
	pthread_mutex_unlock(&cache->lock);
}

static bool read_holidays(const char *text, int version, struct calendar *ret_calendar)
{
	CLEANUP(json_decref) json_t *list = text ? json_loads(text, 0, NULL) : json_array();
	size_t count = json_array_size(list);
	CLEANUP(free) struct date *days = calloc(count + 1, sizeof(*days));
	size_t index;
	json_t *item;

	if (!days)
		abort();
	if (!list)
		return false;
	json_array_foreach (list, index, item) {
		if (!date_parse(json_string_value(item), &days[index]))
			return false;
	}
	calendar_init(ret_calendar, days, count, version);
	return true;
}

static void copy_text(char *target, size_t size, const json_t *object, const char *key)
{
	snprintf(target, size, "%s", json_string_value(json_object_get(object, key)));
}

static bool read_policies(const char *text, struct rulebook *rulebook)
{
	CLEANUP(json_decref) json_t *list = text ? json_loads(text, 0, NULL) : json_array();
	size_t index;
	json_t *item;

	if (!list || json_array_size(list) > POLICIES_MAX)
		return false;
	json_array_foreach (list, index, item) {
		struct clock_policy *policy = &rulebook->policies[rulebook->policy_count++];
		copy_text(policy->kind, sizeof(policy->kind), item, "kind");
		copy_text(policy->basis, sizeof(policy->basis), item, "basis");
		copy_text(policy->start_event, sizeof(policy->start_event), item, "start_event");
		copy_text(policy->source, sizeof(policy->source), item, "source");
		policy->length = (int)json_integer_value(json_object_get(item, "length"));
		if (!clock_unit_parse(json_string_value(json_object_get(item, "unit")), &policy->unit))
			return false;
	}
	return true;
}

bool rulebook_store(struct rulebook_cache *cache, const char *key_hash, const struct rows *rows,
    struct rulebook **ret_rulebook, struct problem *problem)
{
	CLEANUP(free) struct rulebook *made = calloc(1, sizeof(*made));

	if (!made)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a rulebook");
	if (rows_count(rows) != 1)
		return problem_fail(problem, PROBLEM_INTERNAL, "the rulebook could not be read");
	made->cache = cache;
	snprintf(made->key_hash, sizeof(made->key_hash), "%s", key_hash);
	snprintf(made->version, sizeof(made->version), "%s", rows_text(rows, 0, "rulebook_version"));
	const char *area = rows_text(rows, 0, "area_code");
	snprintf(made->area_code, sizeof(made->area_code), "%s", area ? area : "");
	if (!read_holidays(rows_text(rows, 0, "holidays"),
	        (int)rows_number(rows, 0, "calendar_version"), &made->calendar) ||
	    !read_policies(rows_text(rows, 0, "policies"), made))
		return problem_fail(problem, PROBLEM_INTERNAL, "the rulebook is malformed");

	pthread_mutex_lock(&cache->lock);
	size_t place = place_of(cache, key_hash);
	if (place == KEPT_MAX)
		place = cache->next++ % KEPT_MAX;
	unreference(cache->kept[place]);
	made->references = 2; /* the cache's and the caller's */
	cache->kept[place] = made;
	pthread_mutex_unlock(&cache->lock);
	*ret_rulebook = TAKE(made);
	return true;
}

const struct clock_policy *rulebook_policy(const struct rulebook *rulebook, const char *kind)
{
	for (size_t i = 0; i < rulebook->policy_count; i++)
		if (strcmp(rulebook->policies[i].kind, kind) == 0)
			return &rulebook->policies[i];
	return NULL;
}
