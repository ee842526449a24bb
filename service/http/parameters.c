/* Owns the matching of values with parameters. */
#include "http/parameters.h"

#include <string.h>
#include <strings.h>

#include "http/characters.h"

#define SHOWN_NAME_BYTES 128

static bool has(const struct arguments *arguments, const struct parameter *parameter)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (arguments->list[i].parameter == parameter)
			return true;
	return false;
}

static void keep(struct arguments *arguments, const struct parameter *parameter, const char *value)
{
	if (arguments->count < PARAMETERS_MAX)
		arguments->list[arguments->count++] = (struct argument){parameter, value};
}

static void take_query(const struct operation *operation, const struct query_pair *pair,
    struct arguments *arguments, struct problem *problem)
{
	const struct parameter *parameter = operation_parameter(operation, IN_QUERY, pair->name);

	if (!parameter) {
		/* The name is shown to its sender and never logged. */
		const char *shown = strlen(pair->name) <= SHOWN_NAME_BYTES ? pair->name : "";
		problem_add(problem, PROBLEM_BAD_PARAMETER, shown, "unknown_parameter",
		    "This operation has no such query parameter.");
		return;
	}
	if (has(arguments, parameter)) {
		problem_add(problem, PROBLEM_BAD_PARAMETER, parameter->name, "duplicate",
		    "The parameter may stand once.");
		return;
	}
	parameter_check(parameter, pair->value, problem);
	keep(arguments, parameter, pair->value);
}

static void take_header(const struct parameter *parameter, const struct headers *headers,
    struct arguments *arguments, struct problem *problem)
{
	const char *value = headers_get(headers, parameter->name);

	if (!value)
		return;
	if (headers_count(headers, parameter->name) > 1)
		problem_add(problem, PROBLEM_BAD_PARAMETER, parameter->name, "duplicate",
		    "The header may stand once.");
	else if (!text_is_plain(value, strlen(value)))
		problem_add(problem, PROBLEM_BAD_PARAMETER, parameter->name, "forbidden_character",
		    "The header must be UTF-8 without control characters.");
	else
		parameter_check(parameter, value, problem);
	keep(arguments, parameter, value);
}

void parameters_check(const struct operation *operation, const struct target *target,
    const struct headers *headers, struct arguments *arguments, struct problem *problem)
{
	bool lacks_version = false;

	for (size_t i = 0; i < arguments->count; i++)
		parameter_check(arguments->list[i].parameter, arguments->list[i].value, problem);
	for (size_t i = 0; i < target->pair_count; i++)
		take_query(operation, &target->pairs[i], arguments, problem);
	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct parameter *parameter = &operation->parameters[i];
		if (parameter->place == IN_HEADER)
			take_header(parameter, headers, arguments, problem);
		if (has(arguments, parameter))
			continue;
		if (parameter->fallback)
			keep(arguments, parameter, parameter->fallback);
		else if (parameter->required && strcasecmp(parameter->name, "If-Match") == 0)
			lacks_version = true;
		else if (parameter->required)
			problem_add(problem, PROBLEM_BAD_PARAMETER, parameter->name, "required",
			    "The parameter is required.");
	}
	if (!lacks_version)
		return;
	problem_add(problem, PROBLEM_PRECONDITION_REQUIRED, "If-Match", "required",
	    "Send the ETag of the version that you mean to change.");
}
