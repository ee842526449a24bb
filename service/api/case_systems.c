/* Owns what a case management system pushes: created or updated under the system's own keys. */
#include "api/case_systems.h"

#include <stdio.h>
#include <string.h>

#include "api/incident_write.h"
#include "store/statements.h"

#define CHILDREN "/children/"

/* The stored child that has the case system's key, or NULL. */
static const json_t *known_child(const json_t *incident, const char *external_id)
{
	size_t index;
	json_t *child;

	json_array_foreach (json_object_get(incident, "children"), index, child) {
		const char *known = json_string_value(json_object_get(child, "external_id"));
		if (known && strcmp(known, external_id) == 0)
			return child;
	}
	return NULL;
}

/* Sorts the message's children into those to add and those to change. */
static void sort_children(
    const json_t *current, json_t *children, json_t *ret_new, json_t *ret_patches)
{
	size_t index;
	json_t *child;

	json_array_foreach (children, index, child) {
		const json_t *known =
		    known_child(current, json_string_value(json_object_get(child, "external_id")));
		if (!known) {
			json_array_append(ret_new, child);
		} else if (!incident_has(known, child)) {
			json_object_set(child, "id", json_object_get(known, "id"));
			json_array_append(ret_patches, child);
		}
	}
}

/* What only the message as a whole shows: a key twice, and two index children. */
static bool check_message(const json_t *children, struct problem *problem)
{
	size_t index;
	json_t *child;
	bool marked = false;

	json_array_foreach (children, index, child) {
		const char *key = json_string_value(json_object_get(child, "external_id"));
		bool is_index = json_is_true(json_object_get(child, "index_child"));
		char pointer[64];
		for (size_t earlier = 0; earlier < index; earlier++) {
			const char *other = json_string_value(
			    json_object_get(json_array_get(children, earlier), "external_id"));
			if (!key || !other || strcmp(key, other) != 0)
				continue;
			snprintf(pointer, sizeof(pointer), "/children/%zu/external_id", index);
			problem_add(problem, PROBLEM_INVALID, pointer, "duplicate",
			    "Each child of a message has a key of its own.");
			break;
		}
		if (is_index && marked) {
			snprintf(pointer, sizeof(pointer), "/children/%zu/index_child", index);
			problem_add(problem, PROBLEM_INVALID, pointer, "index_child",
			    "Exactly one child is the index child; another child of the message is marked "
			    "already.");
		}
		marked = marked || is_index;
	}
	return problem->kind == PROBLEM_NONE;
}

/* The place in the message of the child at a place of the changed incident, or -1. */
static int place_in_message(
    const json_t *message, const json_t *current, const json_t *added, size_t place)
{
	const json_t *known = json_object_get(current, "children");
	size_t count = json_array_size(known);
	const json_t *wanted =
	    place < count ? json_array_get(known, place) : json_array_get(added, place - count);
	const json_t *key = json_object_get(wanted, "external_id");
	size_t index;
	json_t *child;

	json_array_foreach (message, index, child) {
		if (key && json_equal(json_object_get(child, "external_id"), key))
			return (int)index;
	}
	return -1;
}

/* Children may stand in another order in the message than in the incident that was checked. */
static void point_into_message(
    struct problem *problem, const json_t *message, const json_t *current, const json_t *added)
{
	size_t index;
	json_t *fault;

	json_array_foreach (problem->errors, index, fault) {
		const char *pointer = json_string_value(json_object_get(fault, "pointer"));
		char *rest = NULL;
		char moved[128];
		if (!pointer || strncmp(pointer, CHILDREN, strlen(CHILDREN)) != 0)
			continue;
		size_t place = strtoul(pointer + strlen(CHILDREN), &rest, 10);
		if (rest == pointer + strlen(CHILDREN))
			continue;
		int found = place_in_message(message, current, added, place);
		if (found < 0)
			continue;
		snprintf(moved, sizeof(moved), CHILDREN "%d%s", found, rest);
		json_object_set_new(fault, "pointer", json_string(moved));
	}
}

static bool update_known(struct call *call, const json_t *current, struct problem *problem)
{
	CLEANUP(json_decref) json_t *patch = json_copy(call->request->json);
	CLEANUP(json_decref) json_t *children = json_deep_copy(json_object_get(patch, "children"));
	CLEANUP(json_decref) json_t *added = json_array();
	CLEANUP(json_decref) json_t *patches = json_array();

	if (request_argument(call->request, "If-Match") && !call_check_version(call, current, problem))
		return false;
	json_object_del(patch, "children");
	sort_children(current, children, added, patches);
	struct incident_change change = {
	    .current = current,
	    .patch = patch,
	    .new_children = added,
	    .child_patches = patches,
	    .answer = &SQL_INCIDENT_GET,
	    .id_name = "incident_id",
	    .id = json_string_value(json_object_get(current, "id")),
	    .status = 200,
	};
	if (incident_apply(call, &change, problem))
		return true;
	point_into_message(problem, children, current, added);
	return false;
}

static bool create_unknown(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *incident = json_deep_copy(call->request->json);

	if (request_argument(call->request, "If-Match"))
		return problem_set(
		    problem, PROBLEM_STALE, "There is no such incident yet, so it has no version.");
	json_object_set_new(
	    incident, "case_system", json_string(request_argument(call->request, "system")));
	json_object_set_new(
	    incident, "external_id", json_string(request_argument(call->request, "external_id")));
	return incident_create(call, incident, problem);
}

bool case_systems_put(struct call *call, struct problem *problem)
{
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	if (!check_message(json_object_get(call->request->json, "children"), problem))
		return call_refuse(call, NULL, problem);
	call_bind(call, &arguments);
	for (int tries = 0, created = 0;;) {
		CLEANUP(json_decref) json_t *current = NULL;
		bool raced = false;
		bool known = incident_read(
		    call, &SQL_INCIDENT_BY_EXTERNAL_ID, &arguments.bindings, &current, problem);
		if (!known && problem->kind != PROBLEM_NOT_FOUND)
			return false;
		problem_finish(problem);
		if (known ? update_known(call, current, problem) : create_unknown(call, problem))
			return true;
		/* Of two first messages at once the loser finds the incident on its next look. */
		if (!known)
			raced = problem->kind == PROBLEM_DUPLICATE && created++ == 0;
		else
			raced = call_was_overtaken(call) && !request_argument(call->request, "If-Match");
		if (!call_try_again(raced, &tries, problem))
			return false;
	}
}
