/*
 * Owns the check of a value: types, enumerations, numbers and strings, and the limits of a run.
 * Objects and arrays are in schema_members.c, combinations in schema_branches.c.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "contract/schema_checker.h"

#define DEPTH_MAX 400
/* A body of 10,000 nodes takes about 50,000. */
#define STEPS_MAX 300000
#define SENTENCE_MAX 300
/* The problem lists a hundred faults and then that there are more; nobody reads on. */
#define FAULTS_ENOUGH 101

/* The same rule may stand in two branches that both apply; it is told once. */
static bool is_told(const struct checker *checker, const char *pointer, const char *sentence)
{
	json_t *errors = checker->problem->errors;

	for (size_t i = checker->known_faults; i < json_array_size(errors); i++) {
		json_t *error = json_array_get(errors, i);
		const char *where = json_string_value(json_object_get(error, "pointer"));
		const char *detail = json_string_value(json_object_get(error, "detail"));
		if (where && detail && strcmp(where, pointer) == 0 && strcmp(detail, sentence) == 0)
			return true;
	}
	return false;
}

/* A sentence that was cut must not end inside a character. */
static void end_at_character(char *sentence)
{
	size_t length = strlen(sentence);

	if (length < SENTENCE_MAX - 1)
		return;
	while (length && ((unsigned char)sentence[length - 1] & 0xC0) == 0x80)
		length--;
	sentence[length ? length - 1 : 0] = '\0';
}

bool fault_add(
    struct checker *checker, const struct place *place, const char *code, const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list arguments;

	if (!checker->problem || checker->exhausted)
		return false;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	end_at_character(sentence);

	CLEANUP(text_finish) struct text pointer = TEXT_INIT(POINTER_MAX);
	pointer_write(&pointer, checker->base, place);
	if (!is_told(checker, text_string(&pointer), sentence))
		problem_add(checker->problem, checker->kind, text_string(&pointer), code, "%s", sentence);
	if (json_array_size(checker->problem->errors) >= FAULTS_ENOUGH)
		checker->exhausted = true;
	return false;
}

static bool type_fault(struct checker *checker, const struct place *place, unsigned types)
{
	CLEANUP(text_finish) struct text names = TEXT_INIT(SENTENCE_MAX);

	types_write(&names, types);
	return fault_add(checker, place, "type", "Must be %s.", text_string(&names));
}

static bool is_among(const json_t *choices, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(choices); i++)
		if (value_equals(json_array_get(choices, i), value))
			return true;
	return false;
}

static bool constant_fault(
    struct checker *checker, const struct place *place, const json_t *constant)
{
	CLEANUP(free) char *text = json_dumps(constant, JSON_ENCODE_ANY | JSON_COMPACT);

	if (!text || strlen(text) > SENTENCE_MAX / 2)
		return fault_add(
		    checker, place, "const", "Must be the one value that the API's document gives.");
	return fault_add(checker, place, "const", "Must be %s.", text);
}

static bool limit_fault(struct checker *checker, const struct place *place, const char *code,
    const char *words, const json_t *limit)
{
	if (!checker->problem)
		return false;
	if (json_is_integer(limit))
		return fault_add(checker, place, code, "Must be %s %" JSON_INTEGER_FORMAT ".", words,
		    json_integer_value(limit));
	return fault_add(checker, place, code, "Must be %s %.15g.", words, json_number_value(limit));
}

static bool check_number(struct checker *checker, const struct number_rules *rules,
    const json_t *value, const struct place *place)
{
	bool ok = true;

	if (rules->minimum && number_compare(value, rules->minimum) < 0)
		ok = limit_fault(checker, place, "minimum", "at least", rules->minimum);
	if (rules->maximum && number_compare(value, rules->maximum) > 0)
		ok = limit_fault(checker, place, "maximum", "at most", rules->maximum);
	if (rules->exclusive_minimum && number_compare(value, rules->exclusive_minimum) <= 0)
		ok =
		    limit_fault(checker, place, "exclusive_minimum", "more than", rules->exclusive_minimum);
	if (rules->exclusive_maximum && number_compare(value, rules->exclusive_maximum) >= 0)
		ok =
		    limit_fault(checker, place, "exclusive_maximum", "less than", rules->exclusive_maximum);
	if (rules->multiple_of && !number_is_multiple(value, rules->multiple_of))
		ok = limit_fault(checker, place, "multiple_of", "a multiple of", rules->multiple_of);
	return ok;
}

static bool check_length(struct checker *checker, const struct limits *limits, const char *text,
    size_t length, const struct place *place)
{
	/* A code point is one to four bytes: mostly there is nothing to count. */
	if (length <= limits->most && length / 4 >= limits->least)
		return true;
	size_t count = code_points(text, length);
	if (count < limits->least && limits->least == 1)
		return fault_add(checker, place, "min_length", "Must not be empty.");
	if (count < limits->least)
		return fault_add(
		    checker, place, "min_length", "Must have at least %zu characters.", limits->least);
	if (count > limits->most)
		return fault_add(checker, place, "max_length", "Must have at most %zu character%s.",
		    limits->most, limits->most == 1 ? "" : "s");
	return true;
}

static bool check_string(struct checker *checker, const struct string_rules *rules,
    const json_t *value, const struct place *place)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	bool ok = check_length(checker, &rules->length, text, length, place);
	if (rules->format && !rules->format->holds(text, length))
		ok = fault_add(checker, place, "format", "%s", rules->format->sentence);
	/* The length comes first: no pattern is tried on a text that is too long anyway. */
	if (ok && rules->pattern && !pattern_matches(rules->pattern, text, length, &checker->scratch))
		ok = fault_add(
		    checker, place, "pattern", "Must match the pattern %s", pattern_source(rules->pattern));
	return ok;
}

static bool check_by_type(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return check_object(checker, schema, value, place);
	case JSON_ARRAY:
		return check_array(checker, schema, value, place);
	case JSON_STRING:
		return check_string(checker, &schema->string, value, place);
	case JSON_INTEGER:
	case JSON_REAL:
		return check_number(checker, &schema->number, value, place);
	default:
		return true;
	}
}

static bool check_here(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	if (schema->never)
		return fault_add(checker, place, "not_allowed", "Nothing may stand here.");
	/* What follows a wrong type or choice would only repeat it. */
	if (!(schema->types & value_type(value)))
		return type_fault(checker, place, schema->types);
	if (schema->choices && !is_among(schema->choices, value))
		return fault_add(checker, place, "enum", "%s", schema->choices_sentence);
	if (schema->constant && !value_equals(schema->constant, value))
		return constant_fault(checker, place, schema->constant);

	bool ok = true;
	if (schema->reference)
		ok = check_value(checker, schema->reference, value, place);
	if (check_is_over(checker, ok))
		return false;
	ok = check_by_type(checker, schema, value, place) && ok;
	if (check_is_over(checker, ok))
		return false;
	return check_branches(checker, schema, value, place) && ok;
}

bool check_value(struct checker *checker, const struct schema *schema, const json_t *value,
    const struct place *place)
{
	if (checker->depth == DEPTH_MAX || !checker->budget)
		checker->exhausted = true;
	if (checker->exhausted)
		return false;
	checker->budget--;
	checker->depth++;
	bool ok = check_here(checker, schema, value, place);
	checker->depth--;
	return ok;
}

bool check_quietly(struct checker *checker, const struct schema *schema, const json_t *value)
{
	struct problem *problem = TAKE(checker->problem);
	bool ok = check_value(checker, schema, value, NULL);

	checker->problem = problem;
	return ok;
}

bool schema_check_as(const struct schema *schema, const json_t *value, const char *base,
    enum problem_kind kind, struct problem *problem)
{
	struct checker checker = {.base = base,
	    .kind = kind,
	    .problem = problem,
	    .known_faults = problem ? json_array_size(problem->errors) : 0,
	    .budget = STEPS_MAX};

	assert(value);
	bool ok = check_value(&checker, schema, value, NULL);
	if (checker.exhausted) {
		checker.exhausted = false;
		ok = fault_add(&checker, NULL, "too_complex", "Must be less deeply nested, or shorter.");
	}
	pattern_scratch_finish(&checker.scratch);
	return ok;
}

bool schema_check(
    const struct schema *schema, const json_t *value, const char *base, struct problem *problem)
{
	return schema_check_as(schema, value, base, PROBLEM_INVALID, problem);
}
