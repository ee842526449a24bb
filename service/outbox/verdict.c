/* Owns the decision between delivered, again and given up. */
#include "outbox/verdict.h"

#include "domain/retry.h"

struct verdict verdict_of(const struct attempt *attempt, uint32_t random, int scale_percent)
{
	if (attempt->complete && attempt->status >= 200 && attempt->status <= 299)
		return (struct verdict){.state = VERDICT_DELIVERED};

	int64_t delay = retry_delay(
	    attempt->number, attempt->statutory, attempt->retry_after_seconds, random, scale_percent);
	if (delay < 0)
		return (struct verdict){.state = VERDICT_FAILED};
	return (struct verdict){
	    .state = VERDICT_PENDING,
	    .delay_ms = delay,
	    .pause = attempt->status == 410 && !attempt->statutory,
	};
}

const char *verdict_state_name(enum verdict_state state)
{
	static const char *const names[] = {"pending", "delivered", "failed"};

	return names[state];
}
