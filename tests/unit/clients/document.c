/* Owns the document that the command line's tests run against. */
#include "document.h"

const char test_document[] =
    "{\"openapi\":\"3.1.0\",\"webhooks\":{\"incident.notified\":{\"post\":{\"requestBody\":{"
    "\"content\":{\"application/json\":{\"example\":{\"data\":{"
    "\"event_id\":\"e\",\"local_ref\":\"SW-1\"}}}}}}}},\"paths\":{"
    "\"/v1/things\":{"
    "\"get\":{\"operationId\":\"listThings\",\"summary\":\"List things\",\"x-cli\":\"thing list\","
    "\"x-columns\":[\"name\",\"part.size\",\"id\"],\"parameters\":["
    "{\"$ref\":\"#/components/parameters/Limit\"},"
    "{\"name\":\"cursor\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
    "{\"name\":\"aware_on[gte]\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
    "{\"name\":\"closed\",\"in\":\"query\",\"schema\":{\"type\":\"boolean\"}}]},"
    "\"post\":{\"operationId\":\"createIncident\",\"x-cli\":\"thing create\",\"parameters\":["
    "{\"name\":\"dry_run\",\"in\":\"query\",\"schema\":{\"type\":\"boolean\"}}],"
    "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":"
    "{\"$ref\":\"#/components/schemas/ThingCreate\"}}}}}},"
    "\"/v1/things/{thing_id}\":{"
    "\"get\":{\"operationId\":\"getThing\",\"x-cli\":\"thing get\"},"
    "\"patch\":{\"operationId\":\"patchThing\",\"x-cli\":\"thing patch\",\"requestBody\":{"
    "\"content\":{\"application/merge-patch+json\":{\"schema\":{\"type\":\"object\"}}}}},"
    "\"delete\":{\"operationId\":\"deleteThing\",\"x-cli\":\"thing delete\"}},"
    "\"/v1/things/{thing_id}/transitions\":{"
    "\"post\":{\"operationId\":\"moveThing\",\"x-cli\":\"thing move\",\"parameters\":["
    "{\"name\":\"If-Match\",\"in\":\"header\",\"required\":true,\"schema\":{\"type\":\"string\"}}],"
    "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\"}}}}}},"
    "\"/v1/things/{thing_id}/parts/{part_id}\":{"
    "\"get\":{\"operationId\":\"getPart\",\"x-cli\":\"thing part get\"}},"
    "\"/v1/deadlines\":{\"get\":{\"operationId\":\"listDeadlines\",\"x-cli\":\"deadlines list\","
    "\"x-columns\":[\"due_on\",\"state\"]}},"
    "\"/v1/events\":{\"get\":{\"operationId\":\"listEvents\",\"x-cli\":\"event list\","
    "\"x-columns\":[\"type\",\"data.local_ref\",\"data.event_id\"]}}},"
    "\"components\":{\"parameters\":{\"Limit\":{\"name\":\"limit\",\"in\":\"query\",\"schema\":"
    "{\"type\":\"integer\"}}},\"schemas\":{\"ThingCreate\":{\"type\":\"object\",\"properties\":{"
    "\"local_ref\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
    "\"note\":{\"type\":[\"string\",\"null\"]},"
    "\"open\":{\"type\":\"boolean\"},\"kinds\":{\"type\":\"array\",\"items\":"
    "{\"type\":\"string\"}},"
    "\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Child\"}}}},"
    "\"Child\":{\"allOf\":[{\"type\":\"object\",\"properties\":{\"sex\":{\"type\":\"string\"},"
    "\"age_years\":{\"type\":[\"integer\",\"null\"]}}}]}}}}";

struct document read_test_document(void)
{
	struct document document;
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);

	cr_assert(document_read(test_document, strlen(test_document), &document, &message), "%s",
	    text_string(&message));
	return document;
}
