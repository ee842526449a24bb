/* Owns the handlers that write incidents and children. */
#include "api/incidents.h"

#include <stdio.h>
#include <string.h>

#include "api/incident_write.h"
#include "store/statements.h"

bool incidents_create(struct call *call, struct problem *problem)
{
	return incident_create(call, call->request->json, problem);
}

bool incidents_patch(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *current = NULL;

	if (!incident_read_by_path(call, &current, problem) ||
	    !call_check_version(call, current, problem))
		return false;
	struct incident_change change = {
	    .current = current,
	    .patch = call->request->json,
	    .answer = &SQL_INCIDENT_GET,
	    .id_name = "incident_id",
	    .id = request_argument(call->request, "incident_id"),
	    .status = 200,
	};
	return incident_apply(call, &change, problem);
}

static bool add_child(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *current = NULL;
	char base[32];

	if (!incident_read_by_path(call, &current, problem))
		return false;
	CLEANUP(json_decref) json_t *children = json_pack("[O]", call->request->json);
	snprintf(
	    base, sizeof(base), "/children/%zu", json_array_size(json_object_get(current, "children")));
	struct incident_change change = {
	    .current = current,
	    .new_children = children,
	    .fault_base = base,
	    .answer = &SQL_CHILD_GET,
	    .answer_stored = &SQL_CHILD_GET_STORED,
	    .id_name = "child_id",
	    .collection = "children",
	    .status = 201,
	};
	return incident_apply(call, &change, problem);
}

bool children_create(struct call *call, struct problem *problem)
{
	bool replayed;

	if (!call_replay_first(call, &replayed, problem))
		return false;
	if (replayed)
		return true;
	for (int tries = 0;;) {
		if (add_child(call, problem))
			return true;
		if (!call_try_again(call_was_overtaken(call), &tries, problem))
			return false;
	}
}

/* The place of a child in the incident, or -1. */
static int place_of(const json_t *incident, const char *id)
{
	size_t index;
	json_t *child;

	json_array_foreach (json_object_get(incident, "children"), index, child) {
		if (strcmp(json_string_value(json_object_get(child, "id")), id) == 0)
			return (int)index;
	}
	return -1;
}

static bool change_child(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *current = NULL;
	const char *child_id = request_argument(call->request, "child_id");
	char base[32];

	if (!incident_read_by_path(call, &current, problem))
		return false;
	int place = place_of(current, child_id);
	if (place < 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "The incident has no such child.");
	const json_t *child = json_array_get(json_object_get(current, "children"), (size_t)place);
	if (!call_check_version(call, child, problem))
		return false;

	CLEANUP(json_decref) json_t *patches = json_array();
	json_object_set_new(call->request->json, "id", json_string(child_id));
	if (!incident_has(child, call->request->json))
		json_array_append(patches, call->request->json);
	snprintf(base, sizeof(base), "/children/%d", place);
	struct incident_change change = {
	    .current = current,
	    .child_patches = patches,
	    .fault_base = base,
	    .answer = &SQL_CHILD_GET,
	    .id_name = "child_id",
	    .id = child_id,
	    .status = 200,
	};
	return incident_apply(call, &change, problem);
}

/* The version that counts is the child's: a change of the rest of the incident is no matter. */
bool children_patch(struct call *call, struct problem *problem)
{
	for (int tries = 0;;) {
		if (change_child(call, problem))
			return true;
		if (!call_try_again(call_was_overtaken(call), &tries, problem))
			return false;
	}
}
