/* Owns the tables of the steps of theme sets and themes, and the rules of coding by them. */
#include "domain/theme_process.h"

#include <stdio.h>
#include <string.h>

static const struct need set_is_local = {
    .code = "set_is_local",
    .sentence =
        "The national sets stay as they were published; a set of the partnership's own says "
        "it in its own words, and the crosswalk says what is meant.",
};

static bool has(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);

	return value && !json_is_null(value);
}

static void refuse(struct problem *problem, const char *pointer, const char *code, const char *why)
{
	problem_add(problem, PROBLEM_INVALID, pointer, code, "%s", why);
}

/* ---- Sets and themes ---- */

static bool check_set(const struct act *act, struct problem *problem)
{
	return act_check_order(
	    act, "valid_from", "valid_to", "A set does not end before it begins.", problem);
}

static void check_derivation(const struct act *act, struct problem *problem)
{
	const char *derivation = act_text(act, "derivation");

	if (derivation[0] && strcmp(act_text(act, "kind"), "demographic") != 0)
		refuse(problem, "/derivation", "not_demographic",
		    "Only a demographic theme follows from the records of children.");
	if (has(act, "white_other_counts") && strcmp(derivation, "black_and_minoritised") != 0)
		refuse(problem, "/white_other_counts", "not_derived",
		    "It says how the theme black_and_minoritised is derived.");
}

static void check_retirement(const struct act *act, struct problem *problem)
{
	bool is_retired = has(act, "retired_on");

	if (is_retired != has(act, "retired_reason"))
		refuse(problem, is_retired ? "/retired_reason" : "/retired_on", "required",
		    "What is retired has both its day and its reason.");
	if (!is_retired && has(act, "replaced_by"))
		refuse(problem, "/replaced_by", "not_retired", "What is replaced is retired.");
	act_check_order(
	    act, "used_from", "retired_on", "A theme is not retired before it is used.", problem);
}

static bool check_theme(const struct act *act, struct problem *problem)
{
	if (!act_fact(act, "set_is_there"))
		return problem_add(problem, PROBLEM_INVALID, "/set_id", "unknown_theme_set",
		    "The partnership has no such theme set.");
	check_derivation(act, problem);
	check_retirement(act, problem);
	return problem->kind == PROBLEM_NONE;
}

static bool check_crosswalk(const struct act *act, struct problem *problem)
{
	return act_check_not_future(act, "removed_on", problem);
}

static const struct step set_steps[] = {
    {.operation = "createThemeSet", .from = "", .check = check_set},
    {.operation = "patchThemeSet", .from = "", .needs = {&set_is_local}, .check = check_set},
};

const struct process theme_set_process = {
    .resource = "theme_set",
    .noun = "theme set",
    .states = "",
    .steps = set_steps,
    .step_count = ARRAY_LENGTH(set_steps),
};

static const struct step theme_steps[] = {
    {.operation = "createTheme", .from = "", .needs = {&set_is_local}, .check = check_theme},
    {.operation = "patchTheme", .from = "", .needs = {&set_is_local}, .check = check_theme},
    {.operation = "createThemeCrosswalk", .from = ""},
    {.operation = "patchThemeCrosswalk", .from = "", .check = check_crosswalk},
};

const struct process theme_process = {
    .resource = "theme",
    .noun = "theme",
    .states = "",
    .steps = theme_steps,
    .step_count = ARRAY_LENGTH(theme_steps),
};

/* ---- Coding ---- */

#define POINTER_BYTES 60

static struct date date_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	struct date date;

	return text && date_parse(text, &date) ? date : DATE_NONE;
}

static void refuse_retired(const json_t *theme, const char *pointer, struct problem *problem)
{
	const char *label = json_string_value(json_object_get(theme, "label"));
	const char *retired_on = json_string_value(json_object_get(theme, "retired_on"));
	const char *reason = json_string_value(json_object_get(theme, "retired_reason"));
	const char *other = json_string_value(json_object_get(theme, "replaced_by_label"));
	const char *other_id = json_string_value(json_object_get(theme, "replaced_by"));

	if (other && other_id)
		problem_add(problem, PROBLEM_INVALID, pointer, "theme_retired",
		    "'%s' was retired on %s (%s) and is not newly coded; in its place stands '%s' (%s).",
		    label, retired_on, reason, other, other_id);
	else
		problem_add(problem, PROBLEM_INVALID, pointer, "theme_retired",
		    "'%s' was retired on %s (%s) and is not newly coded; nothing stands in its place.",
		    label, retired_on, reason);
}

/* Whether the day lies outside of what these two bound; either may be missing. */
static bool is_outside(struct date day, struct date first, struct date last)
{
	return (date_is_set(first) && day.days < first.days) ||
	       (date_is_set(last) && day.days > last.days);
}

static void check_in_use(
    const json_t *theme, struct date day, const char *pointer, struct problem *problem)
{
	struct date retired_on = date_of(theme, "retired_on");

	if (date_is_set(retired_on) && day.days >= retired_on.days)
		refuse_retired(theme, pointer, problem);
	else if (is_outside(day, date_of(theme, "used_from"), DATE_NONE))
		refuse(problem, pointer, "theme_not_in_use", "The theme is not in use yet on that day.");
	else if (is_outside(day, date_of(theme, "set_from"), date_of(theme, "set_to")))
		refuse(problem, pointer, "theme_set_not_valid", "Its set is not valid on that day.");
}

static bool is_repeated(const json_t *codings, size_t place, const char *id)
{
	for (size_t i = 0; i < place; i++) {
		const json_t *earlier = json_object_get(json_array_get(codings, i), "theme_id");
		if (strcmp(json_string_value(earlier), id) == 0)
			return true;
	}
	return false;
}

static void check_day(
    const json_t *coding, size_t place, struct date today, struct date day, struct problem *problem)
{
	char pointer[POINTER_BYTES];

	if (day.days <= today.days)
		return;
	snprintf(pointer, sizeof(pointer), "/themes/%zu/coded_on", place);
	if (date_is_set(date_of(coding, "coded_on")))
		refuse(problem, pointer, "date_in_future", "What has happened cannot lie in the future.");
}

static void check_coding(
    const struct act *act, const json_t *codings, size_t place, struct problem *problem)
{
	const json_t *coding = json_array_get(codings, place);
	const char *id = json_string_value(json_object_get(coding, "theme_id"));
	const json_t *theme = json_object_get(json_object_get(act->facts, "named_themes"), id);
	struct date day = date_of(coding, "coded_on");
	char pointer[POINTER_BYTES];

	snprintf(pointer, sizeof(pointer), "/themes/%zu/theme_id", place);
	if (!date_is_set(day))
		day = date_is_set(act_date(act, "on")) ? act_date(act, "on") : act->today;
	check_day(coding, place, act->today, day, problem);
	if (!theme)
		refuse(problem, pointer, "unknown_theme", "The partnership has no such theme.");
	else if (is_repeated(codings, place, id))
		refuse(problem, pointer, "duplicate", "The theme stands in the list already.");
	else if (!json_is_true(json_object_get(theme, "is_coded")))
		check_in_use(theme, day, pointer, problem);
}

bool theme_coding_check(const struct act *act, struct problem *problem)
{
	const json_t *codings = json_object_get(act->body, "themes");

	act_check_not_future(act, "on", problem);
	for (size_t i = 0; i < json_array_size(codings); i++)
		check_coding(act, codings, i, problem);
	return problem->kind == PROBLEM_NONE;
}
