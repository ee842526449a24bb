/* Owns the reading of Accept. */
#include "http/accept.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct range {
	const char *type;
	size_t type_length;
	const char *subtype;
	size_t subtype_length;
	int quality; /* thousandths */
};

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t");
}

/* "0.5" is 500; what is no qvalue counts as 0, so that it permits nothing. */
static int read_quality(const char *at, size_t length)
{
	if (length == 0 || length > 5 || (at[0] != '0' && at[0] != '1'))
		return 0;
	if (length > 1 && at[1] != '.')
		return 0;
	int quality = (at[0] - '0') * 1000;
	int weight = 100;
	for (size_t i = 2; i < length; i++, weight /= 10) {
		if (at[i] < '0' || at[i] > '9')
			return 0;
		quality += (at[i] - '0') * weight;
	}
	return quality > 1000 ? 0 : quality;
}

/* Parameters other than q are passed over: our types have none that matter. */
static int read_parameters(const char *at, const char *end)
{
	int quality = 1000;

	while (at < end && *at == ';') {
		at = skip_spaces(at + 1);
		size_t length = strcspn(at, ";,");
		if (at + length > end)
			length = (size_t)(end - at);
		size_t shown = length;
		while (shown > 0 && (at[shown - 1] == ' ' || at[shown - 1] == '\t'))
			shown--;
		if (shown >= 2 && (at[0] == 'q' || at[0] == 'Q') && at[1] == '=')
			quality = read_quality(at + 2, shown - 2);
		at += length;
	}
	return quality;
}

/* Reads one range and returns where the next begins, or NULL at the end. */
static const char *read_range(const char *at, struct range *ret_range, bool *ret_sound)
{
	at = skip_spaces(at);
	const char *end = at + strcspn(at, ",");
	size_t type = strcspn(at, "/,; \t");

	*ret_sound = false;
	if (type > 0 && at[type] == '/') {
		const char *subtype = at + type + 1;
		size_t length = strcspn(subtype, "/,; \t");
		const char *rest = skip_spaces(subtype + length);
		*ret_sound = length > 0 && (rest >= end || *rest == ';');
		*ret_range = (struct range){at, type, subtype, length, read_parameters(rest, end)};
	}
	return *end == ',' ? end + 1 : NULL;
}

static bool is_star(const char *text, size_t length)
{
	return length == 1 && *text == '*';
}

/* How exactly the range names the type: 0 not at all, 1 any, 2 the family, 3 this one. */
static int precision(const struct range *range, const char *type)
{
	size_t family = strcspn(type, "/");
	size_t whole = strcspn(type, "; ");

	if (is_star(range->type, range->type_length))
		return is_star(range->subtype, range->subtype_length) ? 1 : 0;
	if (range->type_length != family || strncasecmp(range->type, type, family) != 0)
		return 0;
	if (is_star(range->subtype, range->subtype_length))
		return 2;
	size_t rest = whole - family - 1;
	if (range->subtype_length != rest || strncasecmp(range->subtype, type + family + 1, rest) != 0)
		return 0;
	return 3;
}

static int quality_of(const char *accept, const char *type)
{
	int best = 0, quality = 0;

	while (accept) {
		struct range range;
		bool sound;
		accept = read_range(accept, &range, &sound);
		if (!sound)
			continue;
		int exact = precision(&range, type);
		if (exact > best) {
			best = exact;
			quality = range.quality;
		}
	}
	return quality;
}

const char *accept_choose(const char *accept, const char *const types[])
{
	if (!accept || *skip_spaces(accept) == '\0')
		return types[0];

	const char *chosen = NULL;
	int best = 0;
	for (size_t i = 0; types[i]; i++) {
		int quality = quality_of(accept, types[i]);
		if (quality > best) {
			best = quality;
			chosen = types[i];
		}
	}
	return chosen;
}
