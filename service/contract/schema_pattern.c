/*
 * Owns patterns: ECMA 262 expressions on PCRE2. What the two read differently is refused, so that
 * a browser with the same document decides as we do. One difference stays: \s knows ASCII only.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "contract/schema_model.h"

/* A pattern of the document needs a few hundred steps for any field; a hostile value gets these. */
#define MATCH_STEPS_MAX 100000
#define MATCH_DEPTH_MAX 1000
#define MATCH_HEAP_KIB_MAX 1024

struct pattern {
	struct pattern *next;
	const char *source;
	pcre2_code *code;
	pcre2_match_context *limits;
};

static bool group_is_ecma(const char *after)
{
	if (*after == '*')
		return false;
	if (*after != '?')
		return true;
	if (strchr(":=!", after[1]) && after[1])
		return true;
	return after[1] == '<' &&
	       (after[2] == '=' || after[2] == '!' || isalpha((unsigned char)after[2]));
}

/* Why ECMA 262 would read the source differently, or NULL. */
static const char *foreign_syntax(const char *source)
{
	bool in_class = false;
	bool quantified = false;

	for (const char *at = source; *at; at++) {
		bool was_quantified = quantified;
		quantified = false;
		if (*at == '\\') {
			at++;
			if (!*at)
				return "it ends in a backslash";
			if (isalpha((unsigned char)*at) && !strchr("dDsSwWbBfnrtvcuxkpP", *at))
				return "it has an escape that ECMA 262 does not know";
		} else if (in_class) {
			if (at[0] == '[' && at[1] == ':')
				return "it has a POSIX class";
			in_class = *at != ']';
		} else if (*at == '[') {
			in_class = true;
		} else if (*at == '(' && !group_is_ecma(at + 1)) {
			return "it has a group that ECMA 262 does not know";
		} else if (*at == '+' && was_quantified) {
			return "it has a possessive quantifier";
		} else {
			quantified = strchr("*+?}", *at);
		}
	}
	return NULL;
}

static pcre2_code *compile(const char *source, char buffer[128])
{
	int code;
	PCRE2_SIZE offset;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);

	if (!context)
		abort();
	pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)source, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS |
	        PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C,
	    &code, &offset, context);
	pcre2_compile_context_free(context);
	if (!compiled) {
		PCRE2_UCHAR message[96] = "";
		pcre2_get_error_message(code, message, sizeof(message));
		snprintf(buffer, 128, "%s at %zu", (const char *)message, (size_t)offset);
	}
	return compiled;
}

const struct pattern *pattern_compile(
    struct schema_set *set, const char *source, char buffer[128], const char **ret_reason)
{
	const char *foreign = foreign_syntax(source);
	if (foreign) {
		*ret_reason = foreign;
		return NULL;
	}
	pcre2_code *code = compile(source, buffer);
	if (!code) {
		*ret_reason = buffer;
		return NULL;
	}
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	if (!limits)
		abort();
	pcre2_set_match_limit(limits, MATCH_STEPS_MAX);
	pcre2_set_depth_limit(limits, MATCH_DEPTH_MAX);
	pcre2_set_heap_limit(limits, MATCH_HEAP_KIB_MAX);

	struct pattern *pattern = arena_take(&set->arena, 1, sizeof(*pattern));
	*pattern = (struct pattern){set->patterns, source, code, limits};
	set->patterns = pattern;
	return pattern;
}

void pattern_destroy_all(struct pattern *patterns)
{
	for (struct pattern *pattern = patterns; pattern; pattern = pattern->next) {
		pcre2_code_free(pattern->code);
		pcre2_match_context_free(pattern->limits);
	}
}

const char *pattern_source(const struct pattern *pattern)
{
	return pattern->source;
}

/* A text that exhausts the limits does not match: the caller refuses it. */
bool pattern_matches(const struct pattern *pattern, const char *text, size_t length, void **scratch)
{
	if (!*scratch)
		*scratch = pcre2_match_data_create(1, NULL);
	if (!*scratch)
		return false;
	/* Zero means that there were more groups than room, which is a match. */
	return pcre2_match(pattern->code, (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK, *scratch,
	           pattern->limits) >= 0;
}

void pattern_scratch_finish(void **scratch)
{
	pcre2_match_data_free(*scratch);
	*scratch = NULL;
}
