/* Owns the call by which a recipient acknowledges. It has no API key; its signature is looked at
 * first. */
#include "api/receipts.h"

#include <string.h>

bool receipts_create(struct call *call, struct problem *problem)
{
	const struct request *request = call->request;
	const struct api_receipts *receipts = &call->api->receipts;
	const json_t *said = json_object_get(request->json, "acknowledged");
	const struct receipt receipt = {
	    .id = request_argument(request, "webhook-id"),
	    .timestamp = request_argument(request, "webhook-timestamp"),
	    .signature = request_argument(request, "webhook-signature"),
	    .body = request->body,
	    .length = request->body_length,
	    .reference = json_string_value(json_object_get(said, "reference")),
	    .received_at = json_string_value(json_object_get(said, "received_at")),
	};

	if (!receipts->verify(receipts->context, &receipt, problem))
		return false;
	if (request->fault->kind != PROBLEM_NONE) {
		*problem = *request->fault;
		*request->fault = (struct problem){0};
		return false;
	}
	if (!receipts->take(receipts->context, &receipt, problem))
		return false;
	CLEANUP(json_decref)
	json_t *answer = json_pack("{s:s, s:s, s:s}", "delivery_id", receipt.id, "reference",
	    receipt.reference, "received_at", receipt.received_at);
	CLEANUP(free) char *text = json_dumps(answer, JSON_COMPACT);
	call->reply->status = 200;
	text_puts(&call->reply->body, text ? text : "{}");
	return true;
}
