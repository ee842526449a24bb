/* Owns the rules of partners' views, and whose is the last word. */
#include "domain/partner_views.h"

#include <stdio.h>
#include <string.h>

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The agency's kind; "" when the partnership has no such agency. */
static const char *kind_of(const struct act *act, const char *agency_id)
{
	size_t index;
	json_t *agency;

	json_array_foreach (json_object_get(act->facts, "agencies"), index, agency) {
		if (strcmp(member(agency, "id"), agency_id) == 0)
			return member(agency, "kind");
	}
	return "";
}

static bool is_authority(const char *kind)
{
	return strcmp(kind, "local_authority") == 0 || strcmp(kind, "childrens_trust") == 0;
}

static bool stands_before(const json_t *views, size_t place, const char *agency_id)
{
	for (size_t i = 0; i < place; i++)
		if (strcmp(member(json_array_get(views, i), "agency_id"), agency_id) == 0)
			return true;
	return false;
}

static void check_view(const struct act *act, const json_t *views, size_t place,
    const char *decided, struct problem *problem)
{
	const json_t *view = json_array_get(views, place);
	const char *agency_id = member(view, "agency_id");
	const char *kind = kind_of(act, agency_id);
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/views/%zu/agency_id", place);
	if (!kind[0])
		problem_add(problem, PROBLEM_INVALID, pointer, "unknown_agency",
		    "The partnership has no such agency.");
	if (stands_before(views, place, agency_id))
		problem_add(problem, PROBLEM_INVALID, pointer, "duplicate",
		    "Each agency has one view of a decision.");
	snprintf(pointer, sizeof(pointer), "/views/%zu/view", place);
	if (is_authority(kind) && strcmp(member(view, "view"), decided) != 0)
		problem_add(problem, PROBLEM_INVALID, pointer, "local_authority_decides",
		    "The local authority has the last word, so a decision cannot go against its view "
		    "(Children Act 2004 s16C(1)).");
}

bool partner_views_check(const struct act *act, const char *decided, struct problem *problem)
{
	const json_t *views = json_object_get(act->body, "views");

	for (size_t i = 0; i < json_array_size(views); i++)
		check_view(act, views, i, decided, problem);
	return problem->kind == PROBLEM_NONE;
}

static bool have_authority(const struct act *act)
{
	bool has_authority = false;
	size_t index;
	json_t *item;

	json_array_foreach (json_object_get(act->facts, "agencies"), index, item) {
		has_authority = has_authority || is_authority(member(item, "kind"));
	}
	json_array_foreach (json_object_get(act->body, "views"), index, item) {
		if (is_authority(kind_of(act, member(item, "agency_id"))))
			return true;
	}
	return !has_authority;
}

const struct need partner_views_authority = {
    .code = "local_authority_view",
    .sentence = "The view of the local authority stands among the partners' views, because it has "
                "the last word (Children Act 2004 s16C(1)).",
    .is_there = have_authority,
    .is_evidence = true,
};
