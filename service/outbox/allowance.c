/* Owns the growth and shrinking of allowances. */
#include "outbox/allowance.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct allowance_entry *find(struct allowances *allowances, const char *endpoint_id)
{
	for (size_t i = 0; i < allowances->count; i++)
		if (strcmp(allowances->entries[i].endpoint_id, endpoint_id) == 0)
			return &allowances->entries[i];
	return NULL;
}

static void forget(struct allowances *allowances, struct allowance_entry *entry)
{
	*entry = allowances->entries[--allowances->count];
}

/* Makes room by forgetting one that has nothing under way; at most SLOTS entries have. */
static void make_room(struct allowances *allowances)
{
	static_assert(ALLOWANCE_ENTRIES > SLOTS, "an idle entry must exist when all are used");
	for (size_t i = 0; i < allowances->count; i++) {
		if (allowances->entries[i].under_way == 0) {
			forget(allowances, &allowances->entries[i]);
			return;
		}
	}
	assert(!"more deliveries under way than slots");
}

static struct allowance_entry *find_or_add(
    struct allowances *allowances, const struct allowance_claim *claim)
{
	struct allowance_entry *entry = find(allowances, claim->endpoint_id);

	if (entry)
		return entry;
	if (allowances->count == ALLOWANCE_ENTRIES)
		make_room(allowances);
	entry = &allowances->entries[allowances->count++];
	*entry = (struct allowance_entry){.most = ALLOWANCE_START};
	snprintf(entry->endpoint_id, sizeof(entry->endpoint_id), "%s", claim->endpoint_id);
	snprintf(entry->partnership_id, sizeof(entry->partnership_id), "%s", claim->partnership_id);
	return entry;
}

static int start_rate(const struct allowances *allowances)
{
	return allowances->catch_up_rate > 0 ? allowances->catch_up_rate : 1;
}

void allowance_taken(
    struct allowances *allowances, const struct allowance_claim *claim, int64_t now)
{
	struct allowance_entry *entry = find_or_add(allowances, claim);

	if (claim->waited_ms >= CATCH_UP_AFTER_MS && !entry->catching_up) {
		entry->catching_up = true;
		pace_begin(&entry->pace, start_rate(allowances), now);
	} else if (claim->waited_ms < CAUGHT_UP_WITHIN_MS && entry->pace.rate <= 0) {
		entry->catching_up = false;
	}
	pace_taken(&entry->pace);
	entry->troubled = entry->troubled || claim->troubled;
	entry->under_way++;
}

void allowance_ended(
    struct allowances *allowances, const char *endpoint_id, bool delivered, int retry_after_seconds)
{
	struct allowance_entry *entry = find(allowances, endpoint_id);

	assert(entry && entry->under_way > 0);
	entry->under_way--;
	entry->failing = !delivered;
	pace_ended(&entry->pace, start_rate(allowances), delivered);
	if (delivered) {
		entry->news = (struct circuit_news){.delivered = true};
	} else {
		entry->news.failures++;
		entry->news.retry_after_seconds = retry_after_seconds;
	}
	if (!delivered)
		entry->most = 1;
	else if (entry->most < ALLOWANCE_MOST)
		entry->most++;
}

bool allowance_has_news(const struct allowance_entry *entry)
{
	return entry->news.failures > 0 || (entry->news.delivered && entry->troubled);
}

/* What one endpoint may still take; a failing one takes it out of what all failing ones share. */
static int claimable(struct allowance_entry *entry, int64_t now, int *shared)
{
	int left = entry->most - entry->under_way;
	int paced = pace_allows(&entry->pace, now);

	if (left > paced)
		left = paced;
	if (left <= 0)
		return 0;
	if (!entry->failing)
		return left;
	if (left > *shared)
		left = *shared;
	*shared -= left;
	return left;
}

void allowance_list(
    struct allowances *allowances, int64_t now, struct text *ret_ids, struct text *ret_numbers)
{
	int shared = SLOTS / 2;

	for (size_t i = 0; i < allowances->count; i++)
		if (allowances->entries[i].failing)
			shared -= allowances->entries[i].under_way;
	if (shared < 0)
		shared = 0;

	/* Another one is first each time, so that none is passed over for ever. */
	allowances->turn++;
	text_putc(ret_ids, '{');
	text_putc(ret_numbers, '{');
	for (size_t i = 0; i < allowances->count; i++) {
		struct allowance_entry *entry =
		    &allowances->entries[(allowances->turn + i) % allowances->count];
		text_printf(ret_ids, "%s%s", i ? "," : "", entry->endpoint_id);
		text_printf(ret_numbers, "%s%d", i ? "," : "", claimable(entry, now, &shared));
	}
	text_putc(ret_ids, '}');
	text_putc(ret_numbers, '}');
}
