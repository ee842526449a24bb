/* Owns path templates: how they are read, arranged and matched. */
#include "contract/contract_model.h"

#include <stdio.h>
#include <string.h>

static bool read_segment(struct loader *loader, struct segment *segment, const char *text,
    size_t length, const struct place *place)
{
	struct arena *arena = &loader->contract->arena;
	bool named = length > 2 && text[0] == '{' && text[length - 1] == '}';

	if (named) {
		text++;
		length -= 2;
	}
	if (memchr(text, '{', length) || memchr(text, '}', length))
		return loader_refuse(loader, place, "a parameter is a whole segment of the path");
	*segment = (struct segment){arena_copy(arena, text, length), named};
	return true;
}

static bool is_named_twice(const struct route *route)
{
	const struct segment *last = &route->segments[route->segment_count - 1];

	for (const struct segment *at = route->segments; at < last; at++)
		if (at->named && last->named && strcmp(at->text, last->text) == 0)
			return true;
	return false;
}

bool route_read(
    struct loader *loader, struct route *route, const char *path, const struct place *place)
{
	route->path = path;
	if (*path != '/')
		return loader_refuse(loader, place, "a path begins with a slash");
	if (strcmp(path, "/") == 0)
		return true;
	while (*path) {
		path++;
		size_t length = strcspn(path, "/");
		if (!length)
			return loader_refuse(loader, place, "the path has an empty segment");
		if (route->segment_count == SEGMENTS_MAX)
			return loader_refuse(loader, place, "the path has more than %d segments", SEGMENTS_MAX);
		if (!read_segment(loader, &route->segments[route->segment_count++], path, length, place))
			return false;
		if (is_named_twice(route))
			return loader_refuse(loader, place, "a parameter stands twice in the path");
		path += length;
	}
	return true;
}

/* Literal segments come before names, the leftmost decides. 0: no path can tell the two apart. */
static int route_compare(const void *left, const void *right)
{
	const struct route *a = left;
	const struct route *b = right;

	if (a->segment_count != b->segment_count)
		return a->segment_count < b->segment_count ? -1 : 1;
	for (size_t i = 0; i < a->segment_count; i++) {
		if (a->segments[i].named != b->segments[i].named)
			return a->segments[i].named ? 1 : -1;
		int order = a->segments[i].named ? 0 : strcmp(a->segments[i].text, b->segments[i].text);
		if (order != 0)
			return order;
	}
	return 0;
}

bool routes_arrange(struct loader *loader)
{
	struct contract *contract = loader->contract;
	struct place paths = {NULL, "paths", 0};

	qsort(contract->routes, contract->route_count, sizeof(*contract->routes), route_compare);
	for (size_t i = 1; i < contract->route_count; i++) {
		struct place here = {&paths, contract->routes[i].path, 0};
		if (route_compare(&contract->routes[i - 1], &contract->routes[i]) == 0)
			return loader_refuse(loader, &here, "the path cannot be told apart from %.80s",
			    contract->routes[i - 1].path);
	}
	return true;
}

static bool route_matches(const struct route *route, const char *const segments[])
{
	for (size_t i = 0; i < route->segment_count; i++) {
		const struct segment *segment = &route->segments[i];
		if (segment->named ? !*segments[i] : strcmp(segment->text, segments[i]) != 0)
			return false;
	}
	return true;
}

static const struct route *route_find(
    const struct contract *contract, const char *const segments[], size_t segment_count)
{
	for (size_t i = 0; i < contract->route_count; i++) {
		const struct route *route = &contract->routes[i];
		if (route->segment_count > segment_count)
			return NULL;
		if (route->segment_count == segment_count && route_matches(route, segments))
			return route;
	}
	return NULL;
}

static void write_allow(const struct route *route, char ret_allow[64])
{
	size_t length = 0;

	for (size_t i = 0; i < METHODS; i++)
		if (route->entries[i])
			length += (size_t)snprintf(
			    ret_allow + length, 64 - length, "%s%s", length ? ", " : "", method_names[i]);
}

const struct operation *contract_match(const struct contract *contract, const char *method,
    const char *const segments[], size_t segment_count, struct argument ret_arguments[SEGMENTS_MAX],
    size_t *ret_count, char ret_allow[64])
{
	*ret_count = 0;
	ret_allow[0] = '\0';
	const struct route *route = route_find(contract, segments, segment_count);
	if (!route)
		return NULL;

	const struct entry *entry = NULL;
	for (size_t i = 0; i < METHODS; i++)
		if (strcmp(method_names[i], method) == 0)
			entry = route->entries[i];
	if (!entry) {
		write_allow(route, ret_allow);
		return NULL;
	}
	for (size_t i = 0; i < segment_count; i++) {
		if (!route->segments[i].named)
			continue;
		const struct parameter *parameter =
		    operation_parameter(&entry->operation, IN_PATH, route->segments[i].text);
		ret_arguments[(*ret_count)++] = (struct argument){parameter, segments[i]};
	}
	return &entry->operation;
}
