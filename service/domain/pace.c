/* Owns the growth of an endpoint's rate while it catches up. */
#include "domain/pace.h"

#include <assert.h>
#include <limits.h>

/* Of a call a second, for each success: at a rate of r they are r a second, hence the doubling. */
#define GROWTH 0.07

void pace_begin(struct pace *pace, int start, int64_t now)
{
	assert(start >= 1);
	*pace = (struct pace){.rate = start, .tokens = start, .at = now};
	if (start >= PACE_MOST)
		pace->rate = 0;
}

int pace_allows(struct pace *pace, int64_t now)
{
	if (pace->rate <= 0)
		return INT_MAX;
	if (now > pace->at)
		pace->tokens += pace->rate * (double)(now - pace->at) / 1000;
	pace->at = now;
	/* What was not used in a second is gone, or it would come all at once. */
	if (pace->tokens > pace->rate)
		pace->tokens = pace->rate;
	return pace->tokens > 0 ? (int)pace->tokens : 0;
}

void pace_taken(struct pace *pace)
{
	if (pace->rate > 0)
		pace->tokens -= 1;
}

void pace_ended(struct pace *pace, int start, bool delivered)
{
	if (pace->rate <= 0)
		return;
	if (delivered)
		pace->rate += GROWTH;
	else
		pace->rate /= 2;
	if (pace->rate < start)
		pace->rate = start;
	if (pace->rate >= PACE_MOST)
		pace->rate = 0;
}
