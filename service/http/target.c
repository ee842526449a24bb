/* Owns the parsing of request targets. */
#include "http/target.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "http/characters.h"

void target_finish(struct target *target)
{
	free(target->memory);
	target->memory = NULL;
}

static bool refuse(struct problem *problem, const char *why)
{
	return problem_set(problem, PROBLEM_MALFORMED_REQUEST, "%s", why);
}

/* Decodes in place; the text only becomes shorter. */
static bool decode(char *text, bool query, struct problem *problem)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (query && *from == '+') {
			*to++ = ' ';
			continue;
		}
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		int high = hex_value(from[1]);
		int low = high < 0 ? -1 : hex_value(from[2]);
		if (low < 0)
			return refuse(problem, "The target has a percent sign without two hex digits.");
		char byte = (char)(high << 4 | low);
		if (byte == '\0')
			return refuse(problem, "The target has an escaped NUL.");
		if (!query && byte == '/')
			return refuse(problem, "A path segment has an escaped slash.");
		*to++ = byte;
		from += 2;
	}
	*to = '\0';
	if (!text_is_plain(text, (size_t)(to - text)))
		return refuse(problem, "The target is not UTF-8 or has control characters.");
	return true;
}

static bool split_path(char *path, struct target *target, struct problem *problem)
{
	char *rest = path + 1;

	if (*rest == '\0')
		return true;
	while (rest) {
		char *segment = rest;
		rest = strchr(rest, '/');
		if (rest)
			*rest++ = '\0';
		if (!decode(segment, false, problem))
			return false;
		if (*segment == '\0')
			return refuse(problem, "The path has an empty segment.");
		if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
			return refuse(problem, "The path has a dot segment.");
		if (target->segment_count < SEGMENTS_MAX)
			target->segments[target->segment_count] = segment;
		target->segment_count++;
	}
	return true;
}

static bool split_query(char *query, struct target *target, struct problem *problem)
{
	while (query) {
		char *name = query;
		query = strchr(query, '&');
		if (query)
			*query++ = '\0';
		if (*name == '\0')
			continue;
		if (target->pair_count == QUERY_PAIRS_MAX)
			return refuse(problem, "The query has too many parameters.");
		char *value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		if (!decode(name, true, problem) || (value && !decode(value, true, problem)))
			return false;
		target->pairs[target->pair_count++] =
		    (struct query_pair){.name = name, .value = value ? value : ""};
	}
	return true;
}

/* Leaves the path and query of "http://host/path?query"; other forms are returned as they are. */
static const char *strip_authority(const char *raw)
{
	const char *rest = raw;

	if (strncasecmp(raw, "http://", 7) == 0)
		rest = raw + 7;
	else if (strncasecmp(raw, "https://", 8) == 0)
		rest = raw + 8;
	return rest == raw ? raw : rest + strcspn(rest, "/?#");
}

bool target_parse(const char *raw, struct target *ret_target, struct problem *problem)
{
	CLEANUP(target_finish) struct target target = {0};

	raw = strip_authority(raw);
	size_t length = strlen(raw);
	if (length > TARGET_BYTES)
		return problem_set(problem, PROBLEM_URI_TOO_LONG,
		    "The request target may have %d bytes at the most.", TARGET_BYTES);
	if (raw[0] != '/')
		return refuse(problem, "The request target must be a path.");
	if (!text_is_plain(raw, length) || strpbrk(raw, " #"))
		return refuse(problem, "The target is not UTF-8 or has characters that must be escaped.");

	target.memory = malloc(2 * (length + 1));
	if (!target.memory)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a request target");
	char *path = memcpy(target.memory, raw, length + 1);
	char *copy = memcpy(target.memory + length + 1, raw, length + 1);
	path[strcspn(path, "?")] = '\0';
	target.path = path;

	char *query = strchr(copy, '?');
	if (query)
		*query++ = '\0';
	if (!split_path(copy, &target, problem) || !split_query(query, &target, problem))
		return false;
	*ret_target = target;
	target.memory = NULL;
	return true;
}
