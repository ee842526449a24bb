/* Owns the names of the dispatcher's metrics. */
#include "outbox/counters.h"

void counters_set_state(struct counters *counters, const struct queue_state *state)
{
	atomic_store(&counters->lag_ms, state->lag_ms);
	atomic_store(&counters->oldest_statutory_ms, state->oldest_statutory_ms);
	atomic_store(&counters->oldest_other_ms, state->oldest_other_ms);
	atomic_store(&counters->at_risk, state->at_risk);
	atomic_store(&counters->circuits_open, state->circuits_open);
}

/* Recipients are told apart by whether they are such in law, and by nothing that names one. */
static void put_state(struct counters *counters, struct text *ret_metrics)
{
	text_printf(ret_metrics,
	    "# HELP cspr_delivery_oldest_seconds The age of the oldest delivery that is not made.\n"
	    "# TYPE cspr_delivery_oldest_seconds gauge\n"
	    "cspr_delivery_oldest_seconds{statutory=\"true\"} %.3f\n"
	    "cspr_delivery_oldest_seconds{statutory=\"false\"} %.3f\n"
	    "# HELP cspr_deliveries_at_risk Deliveries not made that may miss the day in law.\n"
	    "# TYPE cspr_deliveries_at_risk gauge\n"
	    "cspr_deliveries_at_risk %lld\n"
	    "# HELP cspr_endpoint_circuits_open Endpoints that are only tried, because they fail.\n"
	    "# TYPE cspr_endpoint_circuits_open gauge\n"
	    "cspr_endpoint_circuits_open %lld\n",
	    (double)atomic_load(&counters->oldest_statutory_ms) / 1000,
	    (double)atomic_load(&counters->oldest_other_ms) / 1000,
	    (long long)atomic_load(&counters->at_risk),
	    (long long)atomic_load(&counters->circuits_open));
}

void counters_put(struct counters *counters, struct text *ret_metrics)
{
	static const char *const outcomes[VERDICT_STATES] = {"retry", "delivered", "failed"};
	/* In this order: what is claimed meanwhile is counted twice rather than not at all. */
	long long claiming = atomic_load(&counters->claiming);
	long long in_hand = claiming + atomic_load(&counters->held);

	text_puts(ret_metrics, "# HELP cspr_delivery_attempts_total Webhook calls by what followed.\n"
	                       "# TYPE cspr_delivery_attempts_total counter\n");
	for (int state = 0; state < VERDICT_STATES; state++)
		text_printf(ret_metrics, "cspr_delivery_attempts_total{outcome=\"%s\"} %lld\n",
		    outcomes[state], (long long)atomic_load(&counters->attempts[state]));
	text_printf(ret_metrics, "cspr_delivery_attempts_total{outcome=\"stale\"} %lld\n",
	    (long long)atomic_load(&counters->stale));
	text_printf(ret_metrics,
	    "# HELP cspr_deliveries_under_way Webhook calls that wait for their answer.\n"
	    "# TYPE cspr_deliveries_under_way gauge\n"
	    "cspr_deliveries_under_way %lld\n"
	    "# HELP cspr_deliveries_in_hand Deliveries that this process claims, makes or settles.\n"
	    "# TYPE cspr_deliveries_in_hand gauge\n"
	    "cspr_deliveries_in_hand %lld\n"
	    "# HELP cspr_delivery_lag_seconds How long the oldest due delivery has been waiting.\n"
	    "# TYPE cspr_delivery_lag_seconds gauge\n"
	    "cspr_delivery_lag_seconds %.3f\n"
	    "# HELP cspr_dispatcher_connected Whether the dispatcher reaches the database.\n"
	    "# TYPE cspr_dispatcher_connected gauge\n"
	    "cspr_dispatcher_connected %d\n",
	    (long long)atomic_load(&counters->under_way), in_hand,
	    (double)atomic_load(&counters->lag_ms) / 1000, (int)atomic_load(&counters->connected));
	put_state(counters, ret_metrics);
}
