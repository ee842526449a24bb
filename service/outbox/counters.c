/* Owns the names of the dispatcher's metrics. */
#include "outbox/counters.h"

void counters_put(struct counters *counters, struct text *ret_metrics)
{
	static const char *const outcomes[VERDICT_STATES] = {"retry", "delivered", "failed"};

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
	    "# HELP cspr_delivery_lag_seconds How long the oldest due delivery has been waiting.\n"
	    "# TYPE cspr_delivery_lag_seconds gauge\n"
	    "cspr_delivery_lag_seconds %.3f\n"
	    "# HELP cspr_dispatcher_connected Whether the dispatcher reaches the database.\n"
	    "# TYPE cspr_dispatcher_connected gauge\n"
	    "cspr_dispatcher_connected %d\n",
	    (long long)atomic_load(&counters->under_way), (double)atomic_load(&counters->lag_ms) / 1000,
	    (int)atomic_load(&counters->connected));
}
