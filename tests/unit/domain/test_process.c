/* Owns the tests of how steps are judged, on a process made for it. */
#include <string.h>

#include <criterion/criterion.h>

#include "domain/process.h"

static bool has_key(const struct act *act)
{
	return strcmp(act_text(act, "key"), "gold") == 0;
}

static bool check_day(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "built_on", "on", "A door is not opened before it is built.", problem);
	return problem->kind == PROBLEM_NONE;
}

static const struct need oiled = {.code = "oiled", .sentence = "The hinges are oiled."};
static const struct need reason = {.code = "reason", .sentence = "Say why.", .is_evidence = true};
static const struct need key = {.code = "key",
    .sentence = "It takes the golden key.",
    .is_there = has_key,
    .is_evidence = true};

static const struct step steps[] = {
    {.operation = "buildDoor", .from = "", .to = "closed"},
    {.operation = "moveDoor",
        .from = "closed",
        .to = "open",
        .role = "doors:open",
        .needs = {&oiled, &key},
        .check = check_day},
    {.operation = "moveDoor", .from = "open closed", .to = "locked", .needs = {&reason}},
    {.operation = "knockDoor", .from = "locked", .to = "open", .when = has_key},
    {.operation = "knockDoor", .from = "locked closed"},
    {.operation = "paintDoor", .from = "open closed"},
};

static const struct process door = {
    .resource = "door",
    .noun = "door",
    .states = "closed open locked",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};

#define SCOPES "{doors:write,doors:open}"
#define TODAY date_from_civil(2024, 1, 8)

static bool judge(const char *to, const char *state, const char *facts, const char *body,
    const char *scopes, struct problem *problem)
{
	CLEANUP(json_decref) json_t *known = json_loads(facts, 0, NULL);
	CLEANUP(json_decref) json_t *sent = json_loads(body, 0, NULL);
	const struct act act = {.facts = known, .body = sent, .today = TODAY};
	const struct step *step = NULL;

	return process_find(&door, "moveDoor", to, state, &step, problem) &&
	       process_judge(&door, step, &act, scopes, problem);
}

static const char *missing_code(const struct problem *problem, size_t index)
{
	return json_string_value(json_object_get(json_array_get(problem->missing, index), "code"));
}

Test(process, takes_a_step_when_everything_is_there)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(
	    judge("open", "closed", "{\"oiled\": true}", "{\"key\": \"gold\"}", SCOPES, &problem));
}

Test(process, names_everything_that_is_missing_at_once)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(
	    !judge("open", "closed", "{\"oiled\": false}", "{\"key\": \"iron\"}", SCOPES, &problem));
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
	cr_assert_eq(json_array_size(problem.missing), 2);
	cr_assert_str_eq(missing_code(&problem, 0), "oiled");
	cr_assert_str_eq(missing_code(&problem, 1), "key");
}

Test(process, tells_from_where_a_step_goes)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(!judge("open", "locked", "{}", "{}", SCOPES, &problem));
	cr_assert_eq(problem.kind, PROBLEM_CONFLICT);
	cr_assert_str_eq(missing_code(&problem, 0), "state");
	cr_assert(strstr(problem.detail, "'locked' cannot become 'open'"));
}

Test(process, refuses_whoever_has_not_the_role_before_it_tells_anything_else)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(!judge("open", "closed", "{}", "{}", "{doors:write,doors:opened}", &problem));
	cr_assert_eq(problem.kind, PROBLEM_FORBIDDEN);
	cr_assert_null(problem.missing);
}

Test(process, tells_every_fault_of_the_body_before_what_is_missing)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(!judge("open", "closed", "{\"built_on\": \"2024-02-01\"}", "{\"on\": \"2024-01-09\"}",
	    SCOPES, &problem));
	cr_assert_eq(problem.kind, PROBLEM_INVALID);
	cr_assert_eq(json_array_size(problem.errors), 2);
}

Test(process, does_not_take_a_part_of_a_name_for_the_name)
{
	cr_assert(process_has_word("signed_off not_met met", "met"));
	cr_assert(!process_has_word("not_met metal", "met"));
	cr_assert(!process_has_word("", "met"));
	cr_assert(process_has_word("met", "met"));
}

static json_t *step_to(json_t *next, const char *to)
{
	size_t index;
	json_t *step;

	json_array_foreach (next, index, step)
		if (strcmp(json_string_value(json_object_get(step, "to")), to) == 0)
			return step;
	cr_assert_fail("no step leads to %s", to);
	return NULL;
}

static bool may_call(const void *context, const char *operation)
{
	return !context || strcmp(operation, context) != 0;
}

/* What somebody with those scopes is told, who may not call one operation. A new reference. */
static json_t *next_steps(
    const char *state, const json_t *facts, const char *scopes, const char *forbidden)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(4000);
	const struct onlooker onlooker = {.scopes = scopes, .may_call = may_call, .context = forbidden};

	process_put_next_steps(&door, state, facts, TODAY, &onlooker, &text);
	json_t *next = json_loads(text_string(&text), JSON_REJECT_DUPLICATES, NULL);
	cr_assert(json_is_array(next), "%s", text_string(&text));
	return next;
}

static const char *missing_of(const json_t *step, size_t index, const char *member)
{
	return json_string_value(
	    json_object_get(json_array_get(json_object_get(step, "missing"), index), member));
}

Test(process, shows_the_steps_that_lead_on_and_no_others)
{
	CLEANUP(json_decref) json_t *facts = json_pack("{s:b}", "oiled", 0);
	CLEANUP(json_decref) json_t *next = next_steps("closed", facts, SCOPES, NULL);
	const json_t *open = step_to(next, "open");
	const json_t *locked = step_to(next, "locked");

	cr_assert_eq(json_array_size(next), 2);
	cr_assert(json_is_false(json_object_get(open, "allowed")));
	cr_assert_eq(json_array_size(json_object_get(open, "missing")), 1);
	cr_assert_str_eq(missing_of(open, 0, "code"), "oiled");
	cr_assert_str_eq(missing_of(open, 0, "detail"), "The hinges are oiled.");
	cr_assert_eq(json_array_size(json_object_get(open, "evidence")), 1);
	cr_assert_str_eq(json_string_value(json_object_get(open, "operation")), "moveDoor");
	cr_assert(json_is_true(json_object_get(locked, "allowed")));
	cr_assert_eq(json_array_size(json_object_get(locked, "missing")), 0);
}

Test(process, shows_a_step_without_its_role_as_not_allowed)
{
	CLEANUP(json_decref) json_t *facts = json_pack("{s:b}", "oiled", 1);
	CLEANUP(json_decref) json_t *next = next_steps("closed", facts, "{}", NULL);
	const json_t *open = step_to(next, "open");

	cr_assert(json_is_false(json_object_get(open, "allowed")));
	cr_assert_eq(json_array_size(json_object_get(open, "missing")), 1);
	cr_assert_str_eq(missing_of(open, 0, "code"), "scope");
	cr_assert_str_eq(
	    missing_of(open, 0, "detail"), "The caller's key has not the scope doors:open.");
}

Test(process, shows_everything_that_is_missing_together_with_the_scope_of_the_operation)
{
	CLEANUP(json_decref) json_t *facts = json_pack("{s:b}", "oiled", 0);
	CLEANUP(json_decref) json_t *next = next_steps("closed", facts, "{}", "moveDoor");
	const json_t *open = step_to(next, "open");
	const json_t *locked = step_to(next, "locked");

	cr_assert_eq(json_array_size(json_object_get(open, "missing")), 3);
	cr_assert_str_eq(missing_of(open, 0, "code"), "oiled");
	cr_assert_str_eq(
	    missing_of(open, 2, "detail"), "The caller's key has no scope of the operation moveDoor.");
	cr_assert(json_is_false(json_object_get(locked, "allowed")));
	cr_assert_eq(json_array_size(json_object_get(locked, "missing")), 1);
	cr_assert_str_eq(missing_of(locked, 0, "code"), "scope");
}

Test(process, has_no_next_step_for_what_does_not_exist_yet)
{
	CLEANUP(json_decref) json_t *next = next_steps("", NULL, SCOPES, NULL);

	cr_assert_eq(json_array_size(next), 0);
}

static const char *after_knocking(const char *state, const char *body)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *sent = json_loads(body, 0, NULL);
	const struct act act = {.body = sent, .today = TODAY};
	const struct step *step = NULL;

	cr_assert(process_find(&door, "knockDoor", NULL, state, &step, &problem));
	step = process_choose(&door, step, state, &act);
	return step->to ? step->to : state;
}

Test(process, chooses_among_the_steps_of_an_operation_by_what_is_sent)
{
	cr_assert_str_eq(after_knocking("locked", "{\"key\": \"gold\"}"), "open");
	cr_assert_str_eq(after_knocking("locked", "{}"), "locked");
	cr_assert_str_eq(after_knocking("closed", "{\"key\": \"gold\"}"), "closed");
}
