/* Owns the comparison of a plan that is put with the one that is there. */
#include "domain/action_plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "domain/plan_entries.h"
#include "domain/plan_fields.h"

void plan_outcome_finish(struct plan_outcome *outcome)
{
	json_decref(outcome->steps);
	json_decref(outcome->would_create);
	json_decref(outcome->would_change);
	json_decref(outcome->unchanged);
	json_decref(outcome->left_alone);
	*outcome = (struct plan_outcome){0};
}

struct comparison {
	const struct known_plan *known;
	bool is_sheet;
	struct plan_outcome *outcome;
	json_t *seen;        /* ids of what was put, as keys */
	json_t *found;       /* by the entry's place: the recommendation that it is, or null */
	json_t *new_actions; /* recommendation and number of those that are made, as keys */
	struct problem *problem;
};

static const char *text_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool is_said(const json_t *value)
{
	return value && !json_is_null(value);
}

static void fault(const struct comparison *comparison, const json_t *entry, const char *member,
    const char *code, const char *why)
{
	plan_entry_fault(entry, comparison->is_sheet, member, code, why, comparison->problem);
}

/* ---- What is there ---- */

static const json_t *by_id(const json_t *list, const char *id)
{
	size_t index;
	json_t *item;

	json_array_foreach (list, index, item)
		if (strcmp(text_at(item, "id"), id) == 0)
			return item;
	return NULL;
}

/* How many have the number, of those that `of` is the recommendation of where it counts. */
static size_t by_number(const json_t *list, const char *number, bool is_action, const char *of,
    const json_t **ret_found)
{
	size_t count = 0;
	size_t index;
	json_t *item;

	json_array_foreach (list, index, item) {
		const char *known = text_at(item, "number");
		const char *known_of = text_at(item, "recommendation_id");
		bool is_of = !is_action || (of ? known_of && strcmp(known_of, of) == 0 : !known_of);
		if (!known || strcmp(known, number) != 0 || !is_of)
			continue;
		*ret_found = item;
		count++;
	}
	return count;
}

/* The one that the entry means; NULL with a fault, or where it is a new one. */
static bool find_stored(const struct comparison *comparison, const json_t *entry,
    enum plan_kind kind, const char *of, const json_t **ret_stored)
{
	const json_t *list =
	    kind == PLAN_ACTION ? comparison->known->actions : comparison->known->recommendations;
	const char *id = text_at(entry, "id");
	const char *number = text_at(json_object_get(entry, "says"), "number");
	size_t count;

	*ret_stored = NULL;
	if (id) {
		*ret_stored = by_id(list, id);
		if (!*ret_stored)
			fault(comparison, entry, "id", "unknown", "The plan has nothing of this id.");
		return *ret_stored;
	}
	if (!number) {
		fault(comparison, entry, "number", "required",
		    "What is new has a number, so that the plan can be put again.");
		return false;
	}
	count = by_number(list, number, kind == PLAN_ACTION, of, ret_stored);
	if (count > 1)
		fault(comparison, entry, "number", "ambiguous",
		    "Several of the plan have this number; say which by the id.");
	return count <= 1;
}

static bool is_first_time(struct comparison *comparison, const json_t *entry, const char *key)
{
	if (json_object_get(comparison->seen, key)) {
		fault(comparison, entry, "number", "duplicate", "It stands in the plan twice.");
		return false;
	}
	json_object_set_new(comparison->seen, key, json_true());
	return true;
}

/* ---- Agencies ---- */

static const char *agency_by_name(const struct comparison *comparison, const char *name)
{
	const char *found = NULL;
	size_t index;
	json_t *agency;

	/* Its slug is its own; of several of a name the one that has not ended is meant. */
	json_array_foreach (comparison->known->agencies, index, agency)
		if (strcasecmp(text_at(agency, "slug"), name) == 0)
			return text_at(agency, "id");
	json_array_foreach (comparison->known->agencies, index, agency) {
		bool has_ended = text_at(agency, "valid_to");
		if (strcasecmp(text_at(agency, "name"), name) == 0 && (!found || !has_ended))
			found = text_at(agency, "id");
	}
	return found;
}

/* Those that lead it already are known by the name that the plan shows. */
static const char *lead_by_name(const json_t *stored, const char *name)
{
	size_t index;
	json_t *lead;

	json_array_foreach (json_object_get(stored, "leads"), index, lead) {
		const char *known = text_at(lead, "agency_name");
		if (known && strcasecmp(known, name) == 0)
			return text_at(lead, "agency_id");
	}
	return NULL;
}

static json_t *ids_of(const struct comparison *comparison, const json_t *entry,
    const json_t *stored, const char *member, const json_t *said)
{
	json_t *ids = json_array();
	size_t index;
	json_t *item;

	json_array_foreach (said, index, item) {
		const char *name = json_string_value(item);
		const char *id = comparison->is_sheet ? lead_by_name(stored, name) : name;
		if (!id)
			id = agency_by_name(comparison, name);
		if (!id || !by_id(comparison->known->agencies, id))
			fault(
			    comparison, entry, member, "unknown_agency", "The partnership has no such agency.");
		else
			json_array_append_new(ids, json_string(id));
	}
	return ids;
}

static bool has_id(const json_t *ids, const json_t *id)
{
	size_t index;
	json_t *item;

	json_array_foreach (ids, index, item)
		if (json_equal(item, id))
			return true;
	return false;
}

static bool are_same_ids(const json_t *some, const json_t *others)
{
	size_t index;
	json_t *id;

	json_array_foreach (some, index, id)
		if (!has_id(others, id))
			return false;
	json_array_foreach (others, index, id)
		if (!has_id(some, id))
			return false;
	return true;
}

static json_t *stored_ids(const json_t *stored, const char *member)
{
	json_t *ids = json_array();
	size_t index;
	json_t *lead;

	if (strcmp(member, "lead_agency_ids") != 0) {
		json_array_extend(ids, json_object_get(stored, member));
		return ids;
	}
	json_array_foreach (json_object_get(stored, "leads"), index, lead)
		json_array_append(ids, json_object_get(lead, "agency_id"));
	return ids;
}

/* ---- Fields ---- */

static bool is_same_text(const char *stored, const char *said)
{
	if (!stored || !said)
		return false;
	size_t length = strlen(stored);
	while (length && isspace((unsigned char)stored[0])) {
		stored++;
		length--;
	}
	while (length && isspace((unsigned char)stored[length - 1]))
		length--;
	return length == strlen(said) && memcmp(stored, said, length) == 0;
}

static bool is_same(const struct comparison *comparison, const json_t *stored, const json_t *said)
{
	if (!is_said(stored) && !is_said(said))
		return true;
	/* A cell has lost the spaces around its text. */
	if (comparison->is_sheet && json_is_string(stored) && json_is_string(said))
		return is_same_text(json_string_value(stored), json_string_value(said));
	return stored && json_equal(stored, said);
}

static void put_change(const struct comparison *comparison, const struct plan_field *field,
    const json_t *from, const json_t *to, json_t *changes)
{
	bool by_column = comparison->is_sheet && field->column;

	json_array_append_new(
	    changes, json_pack("{s:s, s:O?, s:O?}", "field", by_column ? field->column : field->member,
	                 "from", from, "to", to));
	json_t *change = json_array_get(changes, json_array_size(changes) - 1);
	if (!from)
		json_object_set_new(change, "from", json_null());
}

/* What differs goes into `said`, by the API's names, and into the list of changes. */
static void compare_field(const struct comparison *comparison, const json_t *entry,
    const json_t *stored, const struct plan_field *field, json_t *said, json_t *changes)
{
	json_t *wanted = json_object_get(json_object_get(entry, "says"), field->member);
	json_t *known = json_object_get(stored, field->member);

	if (!wanted)
		return;
	if (field->treatment == PLAN_AGENCIES) {
		CLEANUP(json_decref)
		json_t *ids = ids_of(comparison, entry, stored, field->member, wanted);
		CLEANUP(json_decref) json_t *before = stored_ids(stored, field->member);
		if (are_same_ids(before, ids))
			return;
		json_object_set(said, field->member, ids);
		put_change(comparison, field, before, ids, changes);
		return;
	}
	if (is_same(comparison, known, wanted))
		return;
	if (field->treatment == PLAN_STATE) {
		fault(comparison, entry, field->member, "has_steps",
		    "A state is not changed by a plan: it has steps, with what each of them needs.");
		return;
	}
	if (field->treatment == PLAN_FIRST) {
		fault(comparison, entry, field->member, "settled", "This was settled when it was agreed.");
		return;
	}
	json_object_set(said, field->member, wanted);
	put_change(comparison, field, known, wanted, changes);
}

/* A moved due date has its reason and who approved it; without a move they are of the last one. */
static void put_revision(const struct comparison *comparison, const json_t *entry, json_t *said)
{
	json_t *revision = json_object_get(entry, "due_revision");

	if (!revision)
		return;
	if (!json_object_get(revision, "reason"))
		fault(comparison, entry, "due_revision", "required", "Say why the due date was moved.");
	if (!json_object_get(revision, "approved_by"))
		fault(comparison, entry, "due_approved_by", "required", "Say who approved the due date.");
	json_object_set(said, "due_revision", revision);
}

static json_t *part_of(enum plan_kind kind, const json_t *stored)
{
	return json_pack("{s:s, s:O, s:O}", "kind", plan_kind_name(kind), "id",
	    json_object_get(stored, "id"), "number", json_object_get(stored, "number"));
}

static json_t *step_of(const struct comparison *comparison, const json_t *entry,
    enum plan_kind kind, const char *operation, const json_t *said)
{
	return json_pack("{s:s, s:s, s:O, s:b, s:O}", "kind", plan_kind_name(kind), "operation",
	    operation, "pointer", json_object_get(entry, "pointer"), "is_sheet", comparison->is_sheet,
	    "said", said);
}

static void compare_stored(const struct comparison *comparison, const json_t *entry,
    enum plan_kind kind, const json_t *stored)
{
	CLEANUP(json_decref) json_t *said = json_object();
	CLEANUP(json_decref) json_t *changes = json_array();

	for (size_t i = 0; i < plan_field_count; i++)
		if (plan_fields[i].kind == kind)
			compare_field(comparison, entry, stored, &plan_fields[i], said, changes);
	if (json_array_size(changes) == 0) {
		json_array_append_new(comparison->outcome->unchanged, part_of(kind, stored));
		return;
	}
	if (json_object_get(said, "due_on"))
		put_revision(comparison, entry, said);
	json_t *change = part_of(kind, stored);
	json_object_set(change, "changes", changes);
	json_array_append_new(comparison->outcome->would_change, change);
	json_t *step = step_of(
	    comparison, entry, kind, kind == PLAN_ACTION ? "patchAction" : "patchRecommendation", said);
	json_t *body = json_deep_copy(stored);
	json_object_update(body, said);
	json_object_set(step, "stored", (json_t *)stored);
	json_object_set(step, "facts", json_object_get(stored, "_facts"));
	json_object_set_new(step, "body", body);
	json_array_append_new(comparison->outcome->steps, step);
}

/* ---- What is new ---- */

static json_t *said_of_new(
    const struct comparison *comparison, const json_t *entry, enum plan_kind kind)
{
	json_t *said = json_object();
	const json_t *says = json_object_get(entry, "says");

	for (size_t i = 0; i < plan_field_count; i++) {
		const struct plan_field *field = &plan_fields[i];
		json_t *value = json_object_get(says, field->member);
		if (field->kind != kind || !is_said(value))
			continue;
		if (field->treatment == PLAN_AGENCIES)
			json_object_set_new(
			    said, field->member, ids_of(comparison, entry, NULL, field->member, value));
		else if (field->treatment != PLAN_STATE)
			json_object_set(said, field->member, value);
		else if (strcmp(json_string_value(value),
		             kind == PLAN_ACTION ? "not_started" : "proposed") != 0)
			fault(comparison, entry, field->member, "has_steps",
			    "What is new begins at the beginning: its state follows by steps.");
	}
	return said;
}

static void require(const struct comparison *comparison, const json_t *entry, const json_t *said,
    const char *member)
{
	if (!json_object_get(said, member))
		fault(comparison, entry, member, "required", "What is new has this.");
}

static void put_new(const struct comparison *comparison, const json_t *entry, enum plan_kind kind,
    json_t *said, json_t *facts, json_t *ref)
{
	json_t *step = step_of(comparison, entry, kind,
	    kind == PLAN_ACTION ? "createAction" : "createRecommendation", said);
	json_t *number = json_object_get(said, "number");
	json_t *text = json_object_get(said, "text");

	json_object_set(step, "body", said);
	json_object_set_new(step, "facts", facts);
	if (ref)
		json_object_set(step, kind == PLAN_ACTION ? "of" : "ref", ref);
	json_array_append_new(comparison->outcome->steps, step);
	if (number && text)
		json_array_append_new(comparison->outcome->would_create,
		    json_pack("{s:s, s:n, s:O, s:O}", "kind", plan_kind_name(kind), "id", "number", number,
		        "text", text));
}

/* What made it, by the type of the review. */
static const char *origin_of(const struct comparison *comparison)
{
	const char *type = text_at(comparison->known->review, "type");

	return strcmp(type, "lcspr") == 0 || strcmp(type, "national") == 0 ? type : "other_learning";
}

static void make_recommendation(
    const struct comparison *comparison, const json_t *entry, json_t *place)
{
	CLEANUP(json_decref) json_t *said = said_of_new(comparison, entry, PLAN_RECOMMENDATION);

	require(comparison, entry, said, "text");
	if (!json_object_get(said, "addressee"))
		json_object_set_new(said, "addressee", json_string("partnership"));
	json_object_set_new(said, "origin", json_string(origin_of(comparison)));
	json_object_set(said, "review_id", json_object_get(comparison->known->review, "id"));
	put_new(comparison, entry, PLAN_RECOMMENDATION, said, json_object(), place);
}

/* As action_agreed_on() in the database has it: today, or before it was due. */
static void complete_agreed_on(const struct comparison *comparison, json_t *said)
{
	static const char *const days[] = {"original_due_on", "due_on"};
	struct date earliest = comparison->known->today;
	struct date day;

	if (json_object_get(said, "agreed_on"))
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		const char *text = text_at(said, days[i]);
		if (text && date_parse(text, &day) && day.days < earliest.days)
			earliest = day;
	}
	json_object_set_new(said, "agreed_on", json_string(date_format(earliest).text));
}

/* `of` is the recommendation that is there, `place` that of a new one; both may be NULL. */
static void make_action(
    const struct comparison *comparison, const json_t *entry, const json_t *of, json_t *place)
{
	CLEANUP(json_decref) json_t *said = said_of_new(comparison, entry, PLAN_ACTION);
	const json_t *addressee = of ? json_object_get(of, "addressee") : NULL;
	json_t *facts;

	require(comparison, entry, said, "text");
	require(comparison, entry, said, "due_on");
	if (json_object_get(said, "original_due_on") &&
	    !json_equal(json_object_get(said, "original_due_on"), json_object_get(said, "due_on")))
		put_revision(comparison, entry, said);
	complete_agreed_on(comparison, said);
	json_object_set(said, "review_id", json_object_get(comparison->known->review, "id"));
	if (of)
		json_object_set(said, "recommendation_id", json_object_get(of, "id"));
	if (!of && place)
		addressee = json_object_get(
		    json_object_get(json_array_get(comparison->found, json_integer_value(place)), "says"),
		    "addressee");
	const char *whom = json_string_value(addressee);
	facts = json_pack("{s:O, s:i, s:b}", "agreed_on", json_object_get(said, "agreed_on"),
	    "lead_count", 1, "recommendation_is_local", !whom || strcmp(whom, "national_body") != 0);
	put_new(comparison, entry, PLAN_ACTION, said, facts, of ? NULL : place);
}

/* ---- The whole ---- */

static void compare_recommendation(struct comparison *comparison, json_t *entry, size_t index)
{
	const json_t *stored;
	CLEANUP(json_decref) json_t *place = json_integer((json_int_t)index);

	json_array_append(comparison->found, entry);
	if (!find_stored(comparison, entry, PLAN_RECOMMENDATION, NULL, &stored)) {
		json_object_set_new(entry, "is_broken", json_true());
		return;
	}
	if (!stored) {
		make_recommendation(comparison, entry, place);
		return;
	}
	json_object_set(entry, "stored", (json_t *)stored);
	if (is_first_time(comparison, entry, text_at(stored, "id")))
		compare_stored(comparison, entry, PLAN_RECOMMENDATION, stored);
}

static void compare_action(struct comparison *comparison, const json_t *entry)
{
	json_t *place = json_object_get(entry, "of");
	const json_t *recommendation = json_is_integer(place) ? json_array_get(comparison->found,
	                                                            (size_t)json_integer_value(place))
	                                                      : NULL;
	const json_t *of = json_object_get(recommendation, "stored");
	const char *of_id = of ? text_at(of, "id") : NULL;
	bool is_of_new = recommendation && !of;
	const json_t *stored;
	char key[80];

	if (json_object_get(recommendation, "is_broken"))
		return;
	/* Nothing that is there follows from a recommendation that is new. */
	if (!find_stored(comparison, entry, PLAN_ACTION, is_of_new ? "" : of_id, &stored))
		return;
	if (stored) {
		const char *known_of = text_at(stored, "recommendation_id");
		if (recommendation && (!of_id || !known_of || strcmp(of_id, known_of) != 0))
			fault(comparison, entry, "id", "another_recommendation",
			    "The action follows from another recommendation.");
		else if (is_first_time(comparison, entry, text_at(stored, "id")))
			compare_stored(comparison, entry, PLAN_ACTION, stored);
		return;
	}
	snprintf(key, sizeof(key), "%lld %s",
	    json_is_integer(place) ? (long long)json_integer_value(place) : -1,
	    text_at(json_object_get(entry, "says"), "number"));
	if (is_first_time(comparison, entry, key))
		make_action(comparison, entry, of, place);
}

static void list_left_alone(
    const struct comparison *comparison, const json_t *list, enum plan_kind kind)
{
	size_t index;
	json_t *item;

	json_array_foreach (list, index, item)
		if (!json_object_get(comparison->seen, text_at(item, "id")))
			json_array_append_new(comparison->outcome->left_alone, part_of(kind, item));
}

void action_plan_compare(const struct known_plan *known, const json_t *body, bool is_sheet,
    struct plan_outcome *ret_outcome, struct problem *problem)
{
	CLEANUP(json_decref) json_t *recommendations = json_array();
	CLEANUP(json_decref) json_t *actions = json_array();
	CLEANUP(json_decref) json_t *seen = json_object();
	CLEANUP(json_decref) json_t *found = json_array();
	struct comparison comparison = {
	    .known = known,
	    .is_sheet = is_sheet,
	    .outcome = ret_outcome,
	    .seen = seen,
	    .found = found,
	    .problem = problem,
	};
	size_t index;
	json_t *entry;

	*ret_outcome = (struct plan_outcome){
	    .steps = json_array(),
	    .would_create = json_array(),
	    .would_change = json_array(),
	    .unchanged = json_array(),
	    .left_alone = json_array(),
	};
	plan_entries_read(body, is_sheet, recommendations, actions, problem);
	json_array_foreach (recommendations, index, entry)
		compare_recommendation(&comparison, entry, index);
	json_array_foreach (actions, index, entry)
		compare_action(&comparison, entry);
	list_left_alone(&comparison, known->recommendations, PLAN_RECOMMENDATION);
	list_left_alone(&comparison, known->actions, PLAN_ACTION);
}
