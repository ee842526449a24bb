/* Owns the list of problems and their form on the wire. */
#include "base/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define FAULTS_MAX 100

static const struct {
	int status;
	const char *slug;
	const char *title;
} kinds[] = {
    [PROBLEM_NONE] = {500, "internal", "The service met a fault of its own"},
#define PROBLEM(kind, status, slug, title) [PROBLEM_##kind] = {status, slug, title},
#include "base/problems.def"
#undef PROBLEM
};

static_assert(ARRAY_LENGTH(kinds) == PROBLEM_KINDS, "each kind has a row");

void problem_finish(struct problem *problem)
{
	json_decref(problem->errors);
	json_decref(problem->missing);
	*problem = (struct problem){0};
}

bool problem_set(struct problem *problem, enum problem_kind kind, const char *format, ...)
{
	va_list arguments;

	problem->kind = kind;
	va_start(arguments, format);
	vsnprintf(problem->detail, sizeof(problem->detail), format, arguments);
	va_end(arguments);
	return false;
}

bool problem_fail(struct problem *problem, enum problem_kind kind, const char *format, ...)
{
	va_list arguments;

	problem->kind = kind;
	va_start(arguments, format);
	vsnprintf(problem->cause, sizeof(problem->cause), format, arguments);
	va_end(arguments);
	return false;
}

bool problem_add(struct problem *problem, enum problem_kind kind, const char *pointer,
    const char *code, const char *format, ...)
{
	if (problem->kind == PROBLEM_NONE)
		problem->kind = kind;
	if (!problem->errors)
		problem->errors = json_array();

	size_t count = json_array_size(problem->errors);
	if (count > FAULTS_MAX)
		return false;
	if (count == FAULTS_MAX) {
		json_array_append_new(
		    problem->errors, json_pack("{s:s, s:s, s:s}", "pointer", "", "code", "more_faults",
		                         "detail", "There are more faults than are listed here."));
		return false;
	}

	char detail[320];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	json_t *fault =
	    json_pack("{s:s, s:s, s:s}", "pointer", pointer, "code", code, "detail", detail);
	if (!fault)
		fault = json_pack("{s:s, s:s, s:s}", "pointer", "", "code", code, "detail", "");
	json_array_append_new(problem->errors, fault);
	return false;
}

int problem_status(enum problem_kind kind)
{
	assert(kind >= 0 && kind < PROBLEM_KINDS);
	return kinds[kind].status;
}

const char *problem_slug(enum problem_kind kind)
{
	assert(kind >= 0 && kind < PROBLEM_KINDS);
	return kinds[kind].slug;
}

const char *problem_title(enum problem_kind kind)
{
	assert(kind >= 0 && kind < PROBLEM_KINDS);
	return kinds[kind].title;
}

json_t *problem_json(const struct problem *problem, const char *instance, const char *request_id)
{
	char type[80];

	snprintf(type, sizeof(type), "/problems/%s", problem_slug(problem->kind));
	json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:O*, s:O*}", "type", type,
	    "title", problem_title(problem->kind), "status", problem_status(problem->kind), "detail",
	    problem->detail[0] ? problem->detail : problem_title(problem->kind), "instance", instance,
	    "code", problem_slug(problem->kind), "request_id", request_id, "errors", problem->errors,
	    "missing", problem->missing);
	return body;
}
