/* Owns the reading of a request's arguments by handlers. */
#include <string.h>

#include "http/http.h"

const char *request_argument(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->argument_count; i++)
		if (strcmp(request->arguments[i].parameter->name, name) == 0)
			return request->arguments[i].value;
	return NULL;
}

bool request_flag(const struct request *request, const char *name)
{
	const char *value = request_argument(request, name);

	return value && strcmp(value, "true") == 0;
}

long request_number(const struct request *request, const char *name)
{
	const char *value = request_argument(request, name);

	return value ? strtol(value, NULL, 10) : 0;
}
